"""The scenarios of tables: this SDK's calls, beside what people do without them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

ROWS = 1_000_000
# The columns, with Anaplan's names of their types.
COLUMNS = {
    "Code": "TEXT",
    "Product": "ENTITY",
    "Region": "ENTITY",
    "Account": "TEXT",
    "Ordered": "DATE",
    "Due": "DATE",
    "Units": "NUMBER",
    "Number": "NUMBER",
    "Price": "NUMBER",
    "Rate": "NUMBER",
    "Active": "BOOLEAN",
    "Comment": "TEXT",
}


@dataclass(frozen=True)
class Comparison:
    """Two ways of doing the same with this SDK, measured in turn.

    Attributes:
        title: Title in the table.
        other: The arguments of a `Job` without tables, except the folder of its files.
        job: The arguments of the one with tables.
        target: How many times as fast as the other one it should be.
    """

    title: str
    other: dict[str, Any]
    job: dict[str, Any]
    target: float | None = None


@dataclass(frozen=True)
class Footprint:
    """A table of which only a part is in memory at a time.

    Attributes:
        title: Title in the table.
        job: The arguments of a `Job`.
        rows: The number of rows.
        limit: Greatest allowed memory in MiB, over that of the process after its imports.
    """

    title: str
    job: dict[str, Any]
    rows: int
    limit: int


def table_rows(scale: float) -> list[int]:
    """Return the lengths of the tables, the shorter one first."""
    rows = max(1000, int(ROWS * scale))
    return [rows, 5 * rows]


def comparisons(scale: float) -> list[Comparison]:
    """Return the scenarios whose speed is compared."""
    rows = table_rows(scale)[0]
    up = {"size": rows, "server": {"imports": 1, "columns": COLUMNS}}
    down = {"size": rows, "server": {"content": f"table-{rows}.csv", "columns": COLUMNS}}
    encrypted = {"tls": True, "sign_in": "token"}
    return [
        Comparison(
            f"{title} of a table, {library}{note}",
            {"program": f"{program}_{library}_csv", **job, **options},
            {"program": f"{program}_{library}", **job, **options},
            None if note else target,
        )
        for note, options in (("", {}), (", TLS", encrypted))
        for title, program, job, targets in (
            ("upload", "upload_table", up, {"pandas": 5, "polars": 1}),
            ("export", "export_table", down, {"pandas": 2, "polars": None}),
        )
        for library, target in targets.items()
    ]


def footprints(scale: float) -> list[Footprint]:
    """Return the scenarios whose memory must not grow with the table."""
    return [
        Footprint(
            f"{title} of a table of {rows:,} rows, {kind}",
            {
                "program": f"{program}{suffix}",
                "size": rows,
                "server": {"columns": COLUMNS, **server, **_content(program, rows)},
            },
            rows,
            limit,
        )
        for kind, suffix in (("sync", ""), ("async", "_async"))
        for title, program, server, limit in (
            ("upload", "upload_table_file", {"imports": 1}, 120),
            ("export", "export_table_batches", {}, 100),
        )
        for rows in table_rows(scale)
    ]


def _content(program: str, rows: int) -> dict[str, str]:
    return {"content": f"table-{rows}.csv"} if program.startswith("export") else {}
