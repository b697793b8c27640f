"""The periods of versions that can be edited: those in the edit range, after the switchover."""

import sqlite3
from dataclasses import dataclass
from datetime import date

from anaplan_emulator.engine.cells import item_labels
from anaplan_emulator.engine.model_calendar import read_calendar
from anaplan_emulator.engine.structure import ModuleStructure


@dataclass(frozen=True, slots=True)
class _Version:
    name: str
    first: str
    last: str
    switchover: str

    def reason_against(self, begins: date, ends: date) -> str | None:
        """Return why a period cannot be edited, or None."""
        if self.switchover and ends.isoformat() < self.switchover:
            return f"{self.name} holds actual data before its switchover"
        before = bool(self.first) and ends.isoformat() < self.first
        after = bool(self.last) and begins.isoformat() > self.last
        return f"{self.name} cannot be edited in this period" if before or after else None


class EditLimits:
    """The limits that a model's versions set for editing a module.

    Args:
        db: A transaction.
        model: Key of the model.
        module: The module. Without both Time and Versions it has no limits.
    """

    def __init__(self, db: sqlite3.Connection, model: int, module: ModuleStructure) -> None:
        self._positions: tuple[int, int] | None = None
        kinds = [dimension.kind for dimension in module.dimensions]
        rows = db.execute(
            "SELECT versions.*, list_items.name FROM versions"
            " JOIN list_items ON list_items.key = item JOIN lists ON lists.key = list"
            " WHERE lists.model = ?",
            (model,),
        )
        self._versions = {
            row["item"]: _Version(
                row["name"],
                row["edit_from"] or "",
                row["edit_to"] or "",
                row["switchover"] or "",
            )
            for row in rows
        }
        if "TIME" not in kinds or "VERSIONS" not in kinds:
            return
        self._positions = kinds.index("TIME"), kinds.index("VERSIONS")
        periods = {period.text: period for period in read_calendar(db, model).timescale.periods()}
        time = module.dimensions[self._positions[0]]
        self._periods = {
            key: periods[label] for label, key in item_labels(db, time) if label in periods
        }

    def reason_against(self, items: tuple[int, ...]) -> str | None:
        """Return why a cell cannot be edited, or None.

        Args:
            items: Keys of its items, in the order of the module's dimensions.
        """
        if self._positions is None:
            return None
        period = self._periods.get(items[self._positions[0]])
        version = self._versions.get(items[self._positions[1]])
        if period is None or version is None:
            return None
        return version.reason_against(period.first, period.last)
