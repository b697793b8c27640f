"""Errors in the rows of an import, and its failure dump."""

import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from anaplan_emulator.engine.action_results import Detail
from anaplan_emulator.engine.spool import Spool

WARNING: Literal["W"] = "W"
ERROR: Literal["E"] = "E"


@dataclass(frozen=True, slots=True)
class RowError:
    """An error in a row.

    Attributes:
        type: Anaplan's data code (docs/anaplan-behaviour.md#result-codes).
        description: The kind of error, which is the same in all rows that have it.
        value: The invalid value, if there is one.
    """

    type: str
    description: str
    value: str | None = None

    @property
    def message(self) -> str:
        """The message in the failure dump."""
        return self.description if self.value is None else f"{self.description}: {self.value}"


MALFORMED = RowError("columnSeparatorExpected", "Column separator expected")


class RowErrorLog:
    """The rows of an import that have errors, in a temporary table until the dump is written."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._kinds: Counter[tuple[str, str]] = Counter()
        self._max_errors = 0
        self.rows = 0
        """Number of rows with errors."""
        db.execute("DROP TABLE IF EXISTS temp.rows_with_errors")
        db.execute("CREATE TEMP TABLE rows_with_errors (status, line, fields, messages)")

    def add(
        self, status: Literal["W", "E"], line: int, fields: list[str], errors: Sequence[RowError]
    ) -> None:
        """Add a row and its errors."""
        self.rows += 1
        self._max_errors = max(self._max_errors, len(errors))
        self._kinds.update({(error.type, error.description) for error in errors})
        self._db.execute(
            "INSERT INTO temp.rows_with_errors VALUES (?, ?, ?, ?)",
            (
                status,
                line,
                json.dumps(fields),
                json.dumps([error.message for error in errors]),
            ),
        )

    def details(self) -> list[Detail]:
        """Return the number of rows for each kind of error, most frequent first."""
        return [
            Detail(
                code,
                f"{description}: {count} rows" if count > 1 else f"{description}: 1 row",
                count,
            )
            for (code, description), count in self._kinds.most_common()
        ]

    def dump(self, header: Sequence[str], spool: Spool, *, with_status: bool) -> None:
        """Write the failure dump (docs/anaplan-behaviour.md#failure-dumps)."""
        width = len(header)
        columns = [f"_Error_{number + 1}_" for number in range(self._max_errors)]
        spool.row([*(["_Status_"] if with_status else []), *header, "_Line_", *columns])
        for status, line, fields, messages in self._db.execute(
            "SELECT * FROM temp.rows_with_errors ORDER BY line"
        ):
            values = json.loads(fields)[:width]
            values += [""] * (width - len(values))
            errors = json.loads(messages)
            errors += [""] * (self._max_errors - len(errors))
            spool.row([*([status] if with_status else []), *values, line, *errors])
