"""Rows that an import refuses, or takes only in part."""

import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from anaplan_emulator.engine.outcomes import Detail
from anaplan_emulator.engine.source import SourceRow
from anaplan_emulator.engine.spool import Spool

WARNING: Literal["W"] = "W"
ERROR: Literal["E"] = "E"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one text of a row.

    Attributes:
        type: Anaplan's data code (facts 4.15).
        what: The kind of fault, the same for all rows that share it.
        text: The text at fault, if there is one.
    """

    type: str
    what: str
    text: str | None = None

    @property
    def message(self) -> str:
        """What the dump says in the row."""
        return self.what if self.text is None else f"{self.what}: {self.text}"


MALFORMED = Fault("columnSeparatorExpected", "Column separator expected")


class FaultLog:
    """The faulty rows of one import, kept in a temporary table until the dump is written."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._kinds: Counter[tuple[str, str]] = Counter()
        self._most_faults = 0
        self.rows = 0
        """How many rows are at fault."""
        db.execute("DROP TABLE IF EXISTS temp.faulty_rows")
        db.execute("CREATE TEMP TABLE faulty_rows (status, line, fields, messages)")

    def add(self, status: Literal["W", "E"], row: SourceRow, faults: Sequence[Fault]) -> None:
        """Take note of a row."""
        self.rows += 1
        self._most_faults = max(self._most_faults, len(faults))
        self._kinds.update({(fault.type, fault.what) for fault in faults})
        self._db.execute(
            "INSERT INTO temp.faulty_rows VALUES (?, ?, ?, ?)",
            (
                status,
                row.line,
                json.dumps(row.fields),
                json.dumps([fault.message for fault in faults]),
            ),
        )

    def details(self) -> list[Detail]:
        """Count the rows by kind of fault, the most frequent first."""
        return [
            Detail(code, f"{what}: {count} rows" if count > 1 else f"{what}: 1 row", count)
            for (code, what), count in self._kinds.most_common()
        ]

    def dump(self, header: Sequence[str], spool: Spool, *, with_status: bool) -> None:
        """Write the failure dump (facts 4.16)."""
        width = len(header)
        errors = [f"_Error_{number + 1}_" for number in range(self._most_faults)]
        spool.row([*(["_Status_"] if with_status else []), *header, "_Line_", *errors])
        for status, line, fields, messages in self._db.execute(
            "SELECT * FROM temp.faulty_rows ORDER BY line"
        ):
            texts = json.loads(fields)[:width]
            texts += [""] * (width - len(texts))
            errors = json.loads(messages)
            errors += [""] * (self._most_faults - len(errors))
            spool.row([*([status] if with_status else []), *texts, line, *errors])
