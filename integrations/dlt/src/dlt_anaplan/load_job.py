"""The job that loads all files of a table into Anaplan."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from dlt.common import logger
from dlt.common.destination.client import HasFollowupJobs, RunnableLoadJob
from dlt.common.destination.exceptions import (
    DestinationTerminalException,
    DestinationTransientException,
)
from dlt.common.metrics import LoadJobMetrics
from dlt.destinations.job_impl import ReferenceFollowupJobRequest

from anaplan_sdk import Client
from anaplan_sdk.exceptions import AnaplanException
from anaplan_sdk.models import CompletedTask
from dlt_anaplan.results import TableLoad, record_path, save_result
from dlt_anaplan.table_files import TableFiles

if TYPE_CHECKING:
    from dlt_anaplan.configuration import Target
    from dlt_anaplan.destination import AnaplanClient


class FileJob(RunnableLoadJob, HasFollowupJobs):
    """A file of a table, which waits for the table's other files.

    It is a job that dlt runs, because dlt waits a second after each job that it does not run.
    """

    def run(self) -> None:
        """Do nothing: `TableLoadJob` loads all files of the table."""


class TableLoadJob(RunnableLoadJob):
    """Uploads the files of a table as one file, and runs the import once for a load.

    The run is recorded in the folder of the load package. So the job, when dlt runs it again after
    a crash or an error, resumes a task that it has started before.

    Args:
        file_path: A file with the paths of the table's files.
    """

    def __init__(self, file_path: str) -> None:
        super().__init__(file_path)
        self._result: TableLoad | None = None

    def run(self) -> None:
        """Load the table.

        Raises:
            DestinationTerminalException: It can't be loaded, for example since the import failed.
            DestinationTransientException: It may be loaded later, for example after a network
                failure.
        """
        job_client = cast("AnaplanClient", self._job_client)
        config = job_client.config
        table = self.load_table_name
        target = job_client.target(table)
        folder = Path(self._file_path).resolve().parent.parent
        with _dlt_errors(table), config.credentials.client(config.model_id) as anaplan:
            file_id, header = _file_and_header(anaplan, target)
            files = TableFiles(
                table,
                ReferenceFollowupJobRequest.resolve_references(self._file_path),
                job_client.is_internal,
            )
            action = target.import_id or target.process_id
            run_store = record_path(folder, table, "run.json")
            if action is None or anaplan.get_recorded_task(action, run_store) is None:
                anaplan.upload_table(
                    file_id,
                    files.batches(
                        header, target.columns, job_client.schema.naming.normalize_identifier
                    ),
                    date_format=config.date_format,
                    timestamps=config.written_timestamps,
                )
            result = TableLoad(table, files.rows, file_id)
            if action is not None:
                task = anaplan.run_action(
                    action, locale=config.locale, timeout=config.timeout, run_store=run_store
                )
                refused_path = record_path(folder, table, "refused.jsonl")
                refused = _save_refused(anaplan, task, refused_path)
                result = TableLoad(
                    table,
                    files.rows,
                    file_id,
                    action,
                    task.id,
                    refused,
                    str(refused_path) if refused else None,
                )
        self._result = result
        save_result(folder, result)
        _report(result, config.max_refused)

    def metrics(self) -> LoadJobMetrics | None:
        """Return dlt's metrics of the job; `remote_url` names the action and its task.

        Returns:
            The metrics.
        """
        metrics = super().metrics()
        result = self._result
        if metrics is None or result is None:
            return metrics
        where = f"files/{result.file_id}"
        if result.action_id is not None:
            where = f"actions/{result.action_id}/tasks/{result.task_id}"
        return metrics._replace(remote_url=f"anaplan:{where}")


def _file_and_header(anaplan: Client, target: Target) -> tuple[str, list[str]]:
    """Return the file of a target, and the columns of an import that reads it."""
    if target.process_id is not None and all(
        str(each.id) != target.process_id for each in anaplan.get_processes()
    ):
        raise DestinationTerminalException(f"The model has no process {target.process_id}.")
    imports = anaplan.get_imports()
    if target.import_id is not None:
        readers = [each for each in imports if str(each.id) == target.import_id]
        if not readers:
            raise DestinationTerminalException(f"The model has no import {target.import_id}.")
        if readers[0].file_id is None:
            raise DestinationTerminalException(
                f"Import {target.import_id} reads no file, so no table can be loaded with it."
            )
        file_id = str(readers[0].file_id)
    else:
        file_id = str(target.file_id)
        readers = [each for each in imports if str(each.file_id or "") == file_id]
    if not readers:
        return file_id, []
    source = anaplan.get_import(readers[0].id).source
    return file_id, [] if source is None else source.header_names


def _save_refused(anaplan: Client, task: CompletedTask, path: Path) -> int | None:
    """Save the refused rows as JSON Lines, and return their number; None if it is unknown."""
    count = 0
    try:
        with path.open("w", encoding="utf-8") as file:
            for dump in task.dumps:
                with closing(anaplan.get_dump_rows(*dump)) as rows:
                    for row in rows:
                        file.write(json.dumps(row, ensure_ascii=False) + "\n")
                        count += 1
    except AnaplanException as error:
        logger.warning(
            "The rows that Anaplan refused in task %s can't be read: %s", task.id, error.message
        )
        return None
    if not count:
        path.unlink()
    return count


def _report(result: TableLoad, max_refused: int | None) -> None:
    if result.refused:
        logger.warning(
            "Anaplan refused %s of %s rows of table %s, or imported them without an invalid value: "
            "see %s",
            result.refused,
            result.rows,
            result.table,
            result.refused_path,
        )
    if max_refused is None or (result.refused is not None and result.refused <= max_refused):
        return
    count = "an unknown number of rows" if result.refused is None else f"{result.refused:,} rows"
    if result.refused == 1:
        count = "1 row"
    raise DestinationTerminalException(
        f"Anaplan refused {count} of table {result.table}, and max_refused allows "
        f"{max_refused:,}. The others were imported in task {result.task_id}, which is not "
        "started again for this load."
    )


@contextmanager
def _dlt_errors(table: str) -> Iterator[None]:
    """Raise errors of the SDK as those of dlt, which decides by them whether to try again."""
    try:
        yield
    except AnaplanException as error:
        kind = DestinationTransientException if error.retryable else DestinationTerminalException
        raise kind(f"Table {table} was not loaded: {error}") from error
