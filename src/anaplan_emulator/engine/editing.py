"""Which periods of a version can be written: those between its limits, from its switchover on."""

import sqlite3
from dataclasses import dataclass
from datetime import date

from anaplan_emulator.engine.cells import item_labels
from anaplan_emulator.engine.structure import ModuleStructure
from anaplan_emulator.engine.time_store import read_time


@dataclass(frozen=True, slots=True)
class _Version:
    name: str
    first: str
    last: str
    switchover: str

    def forbids(self, begins: date, ends: date) -> str | None:
        """Say why a period can't be written, if it can't."""
        if self.switchover and ends.isoformat() < self.switchover:
            return f"{self.name} holds actual data before its switchover"
        before = bool(self.first) and ends.isoformat() < self.first
        after = bool(self.last) and begins.isoformat() > self.last
        return f"{self.name} can't be edited in this period" if before or after else None


class EditLimits:
    """What the versions of a model forbid in a module.

    Args:
        db: Where they are.
        model: The model.
        module: The module; only one with both Time and Versions has limits.
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
        periods = {period.text: period for period in read_time(db, model).timescale.periods()}
        time = module.dimensions[self._positions[0]]
        self._periods = {
            key: periods[label] for label, key in item_labels(db, time) if label in periods
        }

    def forbid(self, place: tuple[int, ...]) -> str | None:
        """Say why a place can't be written, if it can't.

        Args:
            place: Keys of items, in the order of the module's dimensions.
        """
        if self._positions is None:
            return None
        period = self._periods.get(place[self._positions[0]])
        version = self._versions.get(place[self._positions[1]])
        if period is None or version is None:
            return None
        return version.forbids(period.first, period.last)
