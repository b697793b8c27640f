"""The rows that Anaplan refused in a run, and how many they are."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from anaplan_sdk.cli.tables.row_files import write_rows

if TYPE_CHECKING:
    from anaplan_sdk import Client
    from anaplan_sdk.cli.destination import Destination
    from anaplan_sdk.cli.output import Output
    from anaplan_sdk.cli.tables.table_upload import TableUpload
    from anaplan_sdk.models import Task, TaskResult

# What Anaplan adds after the columns of the source.
_ADDED_COLUMN = re.compile(r"_(?:Line|Error_\d+)_")
# The counters of a result that count refused rows, and rows that were written only in part.
_REFUSED = ("failedCount", "failureCount")
_INCOMPLETE = "warningsRowCount"


class RefusedRows:
    """The rows of a run's failure dumps: counted, and kept in a temporary file.

    They are read once, since the steps of a process have different columns, and a CSV needs all of
    them before its first row.

    Args:
        client: The client.
        task: The run, which has ended; one that was cancelled has no rows.
        table: The table that was uploaded for the run, if there is one: rows then have their index
            in it, the reasons in one column, and the table's own names of columns.

    Attributes:
        counts: Numbers of rows by the name of the step, of the steps that were read.
    """

    def __init__(self, client: Client, task: Task, table: TableUpload | None = None) -> None:
        import tempfile

        self.counts: Counter[str] = Counter()
        self._client = client
        self._task = task
        self._table = table
        self._columns: dict[str, None] = {}
        # Nobody else can read it: it has no name, or is the user's own.
        self._file = tempfile.TemporaryFile(  # noqa: SIM115 - closed by __exit__
            "w+", encoding="utf-8", newline="\n"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()

    def read(self) -> None:
        """Read the rows.

        Raises:
            FileContentMissingException: Anaplan has removed a dump; `counts` has the steps before.
            AnaplanException: A dump could not be read.
        """
        from anaplan_sdk.models import CompletedTask

        task = self._task
        if not isinstance(task, CompletedTask) or not task.dumps:
            return
        dump, is_process = task.dumps[0], bool(task.result.nested_results)
        if is_process:
            rows = self._client.get_process_dump_rows(dump.action_id, dump.task_id)
        else:
            rows = self._client.get_dump_rows(*dump)
        name = name_of(task.result)
        for dump_row in rows:
            self.counts[dump_row["_Action_"] if is_process else name] += 1
            row = self._table.refused_row(dump_row) if self._table else dump_row
            self._columns.update(dict.fromkeys(row))
            self._file.write(json.dumps(row) + "\n")

    @property
    def columns(self) -> list[str]:
        """The columns of all steps: those of the sources, then the line and the errors."""
        if self._table is not None:
            return list(self._columns)
        return sorted(self._columns, key=lambda name: bool(_ADDED_COLUMN.fullmatch(name)))

    def __iter__(self) -> Iterator[dict[str, Any]]:
        self._file.seek(0)
        for line in self._file:
            yield json.loads(line)

    def write(self, destination: Destination, output: Output) -> None:
        """Write the rows in the format that the destination's name shows; CSV on stdout.

        CSV and JSON Lines are empty if there are no rows, so that nobody takes the rows of an
        earlier run for those of this one.

        Args:
            destination: Where they are written.
            output: The output of the command.

        Raises:
            OSError: They cannot be written.
        """
        form = destination.form
        columns = self.columns
        if not columns and form in ("parquet", "arrow"):
            columns = self._table.refused_columns if self._table else ["_Line_"]
        write_rows(self, columns, form, destination, output, integers=("row",))


def name_of(result: TaskResult) -> str:
    """Return the name of the action, or of the step, that a result is about.

    Args:
        result: The result.

    Returns:
        The name, or the id where Anaplan does not report the name.
    """
    return result.object_name or str(result.object_id or "")


def refused_count(result: TaskResult) -> int | None:
    """Return how many rows were refused, by the counters of a result.

    Args:
        result: The result of an action that is not a process, or of a step.

    Returns:
        The number; None if there are refused rows, and no counters.
    """
    total = 0
    for detail in result.details:
        numbers = {
            name: int(value)
            for name, value in detail.counters.items()
            if value and value.isdecimal()
        }
        total += max(numbers.get(name, 0) for name in _REFUSED) + numbers.get(_INCOMPLETE, 0)
    return total or (None if result.failure_dump_available else 0)
