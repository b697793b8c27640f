"""What became of each table of a load."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from dlt.common.pipeline import LoadInfo

_PREFIX = "anaplan-"


@dataclass(frozen=True)
class TableLoad:
    """A table that was loaded into Anaplan.

    Attributes:
        table: The table's name in dlt.
        rows: The number of rows that were sent.
        file_id: The file at Anaplan that the rows were uploaded to.
        action_id: The import or process that was run; None if the table was only uploaded.
        task_id: Its task; None if the table was only uploaded.
        refused: The number of rows that Anaplan refused, or imported without an invalid value; None
            if it is unknown, since the failure dump could not be read.
        refused_path: A file with these rows, as JSON Lines; None if there are none.
    """

    table: str
    rows: int
    file_id: str
    action_id: str | None = None
    task_id: str | None = None
    refused: int | None = 0
    refused_path: str | None = None

    def refused_rows(self) -> Iterator[dict[str, str]]:
        """Read the refused rows, as Anaplan's failure dump has them.

        Yields:
            Dicts of texts: the columns of the import, `_Line_` (the header is line 1), and
            `_Error_1_`, `_Error_2_` and so on.

        Raises:
            OSError: The file can't be read, for example after dlt's folder was deleted.
        """
        if self.refused_path is None:
            return
        with Path(self.refused_path).open(encoding="utf-8") as file:
            for line in file:
                row: dict[str, str] = json.loads(line)
                yield row


def table_loads(load_info: LoadInfo | None) -> list[TableLoad]:
    """Return what became of each table that a pipeline has loaded into Anaplan.

    Args:
        load_info: What `pipeline.run` or `pipeline.load` returned; None without data.

    Returns:
        The tables, by name, of each load package. None of an empty load.
    """
    found: list[TableLoad] = []
    for package in () if load_info is None else load_info.load_packages:
        folder = Path(package.package_path)
        for path in sorted(folder.glob(f"{_PREFIX}*.result.json")):
            fields = json.loads(path.read_text("utf-8"))
            if fields["refused_path"] is not None:  # dlt has moved the folder since.
                fields["refused_path"] = str(folder / Path(fields["refused_path"]).name)
            found.append(TableLoad(**fields))
    return found


def record_path(folder: Path, table: str, kind: str) -> Path:
    """Return where something about a table is kept in the folder of a load package.

    Args:
        folder: The folder.
        table: The table's name.
        kind: What is kept: "run.json", "result.json" or "refused.jsonl".

    Returns:
        The path.
    """
    return folder / f"{_PREFIX}{table}.{kind}"


def save_result(folder: Path, result: TableLoad) -> None:
    """Save what became of a table in the folder of a load package.

    Args:
        folder: The folder.
        result: What became of the table.
    """
    path = record_path(folder, result.table, "result.json")
    path.write_text(json.dumps(asdict(result)), "utf-8")
