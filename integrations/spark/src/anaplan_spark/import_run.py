"""One run of an import or a process: upload the rows, start it at most once, read refused rows."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import pyarrow as pa

from anaplan_sdk.exceptions import (
    AnaplanException,
    ColumnMismatchException,
    InvalidArgumentException,
    InvalidIdentifierException,
    RowsRefusedException,
)
from anaplan_spark.staging import StagedRun, file_system
from anaplan_spark.write_options import WriteOptions

if TYPE_CHECKING:  # Tasks that stage rows need no client, which takes long to import.
    from anaplan_sdk import Client
    from anaplan_sdk.models import CompletedTask

logger = logging.getLogger("anaplan_spark")


def check_import(client: Client, options: WriteOptions, columns: list[str]) -> None:
    """Check before anything is staged that there is the import, and that it has the columns.

    A process is not checked, since Anaplan does not report what each of its steps reads.

    Args:
        client: The client.
        options: The options of the write.
        columns: The names of the data frame's columns.

    Raises:
        ColumnMismatchException: The import has other columns, or the data frame does not have a
            column that the option `columns` names.
        InvalidArgumentException: The import reads no file.
        InvalidIdentifierException: There is no such import.
        AnaplanException: A request failed; see the subclasses.
    """
    if unknown := [name for name in options.columns or () if name not in columns]:
        raise ColumnMismatchException(
            f"columns: the data frame has no column {_quoted(unknown)}.", missing=unknown
        )
    if options.file_id is not None:
        return
    _file_of_import(client, options.action_id)
    source = client.get_import(options.action_id).source
    expected = [name.strip() for name in source.header_names] if source is not None else []
    if isinstance(options.columns, list):
        sent = options.columns
    else:
        sent = [(options.columns or {}).get(name, name) for name in columns]
    if expected and [name.strip() for name in sent] != expected:
        raise ColumnMismatchException(
            f"Import {options.action_id} has the columns {_quoted(expected)}, in this order, and "
            f"{_quoted(sent)} would be sent. Rename, select or order them with the option columns.",
            missing=[name for name in expected if name not in sent],
            unexpected=[name for name in sent if name not in expected],
            expected=expected,
        )


def upload(
    client: Client, options: WriteOptions, columns: list[str], batches: Iterable[pa.RecordBatch]
) -> int:
    """Upload rows to the file of the import or process.

    Args:
        client: The client.
        options: The options of the write.
        columns: The names of the columns, for a table without rows.
        batches: The rows.

    Returns:
        The number of rows.

    Raises:
        AnaplanException: The upload failed or the columns are not those of the imports; see the
            SDK's `upload_table`.
        OSError: A staged piece can't be read.
    """
    failure: list[OSError] = []

    def rows() -> Iterator[pa.RecordBatch]:
        is_empty = True
        try:
            for batch in batches:
                is_empty = False
                yield batch
        except OSError as error:
            failure.append(error)
            raise
        if is_empty:
            yield pa.table({name: pa.array([], pa.string()) for name in columns})

    try:
        return client.upload_table(
            options.file_id or _file_of_import(client, options.action_id),
            rows(),
            columns=options.columns,
            date_format=options.date_format,
            timestamps=options.timestamps,
        )
    except AnaplanException:
        if failure:
            raise failure[0] from None
        raise


def run(client: Client, options: WriteOptions, store: StagedRun | None) -> CompletedTask:
    """Run the import or process with what was uploaded.

    Args:
        client: The client.
        options: The options of the write.
        store: Where the run is recorded; None records nothing.

    Returns:
        The successful task.

    Raises:
        AnaplanException: The action failed, or it is unknown whether it was started; see the SDK's
            `run_action`. If it was started, the message has the task's id.
    """
    try:
        return client.run_action(
            options.action_id, locale=options.locale, timeout=options.timeout, run_store=store
        )
    except AnaplanException as error:
        raise _with_task(error) from None


def resume(client: Client, options: WriteOptions, store: StagedRun) -> CompletedTask | None:
    """Go on with what an earlier write of the same run has started. Nothing is started.

    Args:
        client: The client.
        options: The options of the write.
        store: Where the run is recorded.

    Returns:
        The successful task; None if nothing was started, or it has failed.

    Raises:
        AnaplanException: The task fails now, or it is unknown whether there is one.
    """
    from anaplan_sdk.models import CompletedTask

    try:
        task = client.get_recorded_task(options.action_id, store)
        if task is None:
            return None
        if not isinstance(task, CompletedTask) or not task.result.successful:
            task = client.wait_for_task(
                options.action_id, task.id, timeout=options.timeout, run_store=store
            )
    except AnaplanException as error:
        raise _with_task(error) from None
    logger.warning(
        "Run %s was started by an earlier write, as task %s: the data of this write was not sent",
        store.run,
        task.id,
    )
    return task


def check_refused(
    client: Client, options: WriteOptions, task: CompletedTask, refused_path: str | None
) -> None:
    """Read the rows that Anaplan refused, write them to a file, and compare their number.

    Args:
        client: The client.
        options: The options of the write.
        task: The successful task.
        refused_path: The Parquet file to write; None writes none.

    Raises:
        RowsRefusedException: More rows were refused than allowed, or it is unknown how many.
        OSError: The file can't be written.
    """
    if options.max_refused is None and refused_path is None:
        if task.dumps:
            logger.warning(
                "Task %s refused some rows: the options refused_path and max_refused show them",
                task.id,
            )
        return
    try:
        rows = _refused_rows(client, options, task)
    except AnaplanException as error:
        raise RowsRefusedException(
            f"Task {task.id} of {options.action_id} was successful but for some rows, which can't "
            f"be read: {error.message}",
            task_id=task.id,
            task=task,
        ) from None
    if refused_path is not None:
        _write_parquet(refused_path, rows)
    if options.max_refused is not None and len(rows) > options.max_refused:
        where = f" They are in {refused_path}." if refused_path is not None else ""
        raise RowsRefusedException(
            f"Task {task.id} of {options.action_id} refused {len(rows):,} "
            f"{'row, or values of it' if len(rows) == 1 else 'rows, or values of them'}, and "
            f"max_refused allows {options.max_refused:,}. The others were imported.{where}",
            task_id=task.id,
            task=task,
        )


def _refused_rows(
    client: Client, options: WriteOptions, task: CompletedTask
) -> list[dict[str, str]]:
    if not task.dumps:
        return []
    if options.action_id.startswith("118"):
        found = client.get_process_dump_rows(options.action_id, task.id)
    else:
        found = client.get_dump_rows(options.action_id, task.id)
    with closing(found) as rows:
        return list(rows)


def _write_parquet(path: str, rows: list[dict[str, str]]) -> None:
    from pyarrow import parquet

    # Steps of a process have different columns.
    names = list(dict.fromkeys(["_Line_", "_Error_1_", *(name for row in rows for name in row)]))
    table = pa.table(
        {name: pa.array([row.get(name) for row in rows], pa.string()) for name in names}
    )
    files, place = file_system(path)
    if folder := place.rpartition("/")[0]:
        files.makedirs(folder, exist_ok=True)
    with files.open(place, "wb") as file:
        parquet.write_table(table, file)


def _file_of_import(client: Client, import_id: str) -> str:
    for each in client.get_imports():
        if str(each.id) == import_id:
            if each.file_id is None:
                raise InvalidArgumentException(
                    f"Import {import_id} reads no file, so no rows can be uploaded for it."
                )
            return str(each.file_id)
    raise InvalidIdentifierException(f"The model has no import {import_id}.")


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))


def _with_task(error: AnaplanException) -> AnaplanException:
    """Add the task's id to the message, the only part of an error that reaches Spark's user."""
    if error.task_id and error.task_id not in error.message:
        error.replace_message(f"{error.message} (task {error.task_id})")
    return error
