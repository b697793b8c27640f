"""Tables in: data frames and files of tables, to files and imports."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Literal, TypeAlias

from anaplan_sdk import _loggers, _telemetry, models
from anaplan_sdk._async.api.outgoing_tables import FileOfImport, OpenedTable, check_header
from anaplan_sdk._async.api.table_checks import TableChecks
from anaplan_sdk._async.transport.traced import traced
from anaplan_sdk._formats.tables.arguments import ISO_DATE, ColumnsArgument, TableLike, Timestamps
from anaplan_sdk._formats.tables.results import TableImport
from anaplan_sdk._ranges import NOT_NEGATIVE, check_timeout
from anaplan_sdk._telemetry import names
from anaplan_sdk.config import RunStore
from anaplan_sdk.exceptions import (
    AnaplanException,
    InvalidArgumentException,
    InvalidTableException,
    RowsRefusedException,
    TableCheckException,
)
from anaplan_sdk.progress import ProgressCallback

if TYPE_CHECKING:
    from anaplan_sdk._formats.tables.table_encoder import TableEncoder

Check: TypeAlias = Literal["columns", "members", "none"]
_CHECKS = ("columns", "members", "none")


class TableImports(TableChecks):
    """Tables in: data frames, other Arrow data, and CSV, Parquet, Arrow and JSON Lines files."""

    @traced(names.TABLE_UPLOAD)
    async def upload_table(
        self,
        file_id: int | str,
        table: TableLike,
        *,
        columns: ColumnsArgument | None = None,
        date_format: str = ISO_DATE,
        timestamps: Timestamps = "date",
        journal: str | os.PathLike[str] | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> int:
        """Upload a table to a file, in place of the user's former content.

        The table is written in the format of the file: its separator, quotes, encoding, header and
        decimal separator. Its columns are compared by name with those of the imports that read the
        file. Memory is bounded by a few chunks, whatever the length of the table.

        A value that can't be written is an error. It is found when its row is reached: the upload
        is incomplete then, so that no import reads it, and the former content is gone.

        Args:
            file_id: The file's id (113…).
            table: A polars, pandas or pyarrow table, a duckdb relation or another object with the
                Arrow PyCapsule interface; a path to a CSV, Parquet, Arrow IPC or JSON Lines file
                (also `.csv.gz`); or an iterable of record batches or tables of the same columns. An
                index of pandas is a column after the others if it has a name. The values
                of a CSV file are sent as they stand there.
            columns: A mapping from names in the table to names in the file, which renames columns;
                or a sequence of names, which sends these columns in this order. By default all
                columns are sent under their own names.
            date_format: How dates are written, as `datetime.strftime` takes it; ISO 8601 by
                default. Anaplan does not report which format an import expects.
            timestamps: "date" (the default) writes timestamps as dates, and refuses one with a time
                of day; "text" writes them in ISO 8601.
            journal: Path of a file in which the acknowledged chunks are recorded. The same call,
                made again after a crash with the same table, then sends only the missing chunks.
            on_progress: Called with a Progress for every acknowledged chunk, in bytes of the file.

        Returns:
            The number of rows.

        Raises:
            ColumnMismatchException: The table's columns are not those of the imports that read the
                file; nothing was sent.
            InvalidTableException: A column has a type that Anaplan has no values of, and nothing
                was sent; or a value can't be written: the error has its row and column.
            ArgumentTypeException: `table` is no table.
            ImportError: The extra `tables` is not installed.
            InvalidIdentifierException: The model has no such file.
            OSError: A file cannot be read, or the journal cannot be written.
            UploadIncompleteException: Some chunks did not arrive, or Anaplan did not complete the
                upload.
            AnaplanException: A request failed; see the subclasses.

        Source: Anaplan help, "Upload a file in chunks"; Arrow specification, "The Arrow PyCapsule
        Interface".
        """
        _telemetry.current().set(self._traced(names.FILE_ID, file_id))
        sources = await self._sources_of_file(file_id)
        opened = await self._open_table(
            file_id, table, columns, sources, date_format=date_format, timestamps=timestamps
        )
        check_header(opened, sources)
        encoder = opened.encoder()
        await self._send_table(file_id, opened, encoder, journal, on_progress)
        return encoder.rows

    @traced(names.TABLE_IMPORT)
    async def import_table(
        self,
        import_id: int | str,
        table: TableLike,
        *,
        columns: ColumnsArgument | None = None,
        mapping_parameters: Iterable[models.MappingParameter | Mapping[str, str]] = (),
        locale: str = "en_US",
        check: Check = "columns",
        target: int | str | None = None,
        lists: Mapping[str, int | str] | None = None,
        date_format: str = ISO_DATE,
        timestamps: Timestamps = "date",
        max_refused: int | None = None,
        journal: str | os.PathLike[str] | None = None,
        timeout: float | None = None,
        on_progress: ProgressCallback | None = None,
        run_store: RunStore | str | os.PathLike[str] | None = None,
    ) -> TableImport:
        """Upload a table to the file of an import, run the import, and read the refused rows.

        The table is written in the format that the import reads: its separator, quotes, encoding,
        header and decimal separator. The import is run only when all of the table has arrived, and
        it is not started twice.

        Args:
            import_id: The import (112…), which reads a file.
            table: A polars, pandas or pyarrow table, a duckdb relation or another object with the
                Arrow PyCapsule interface; a path to a CSV, Parquet, Arrow IPC or JSON Lines file
                (also `.csv.gz`); or an iterable of record batches or tables of the same columns. An
                index of pandas is a column after the others if it has a name. The values
                of a CSV file are sent as they stand there.
            columns: A mapping from names in the table to names in the file, which renames columns;
                or a sequence of names, which sends these columns in this order. By default all
                columns are sent under their own names.
            mapping_parameters: Values for the mappings that the import asks for each time it runs.
            locale: The locale in which Anaplan reads numbers and dates.
            check: "columns" (the default) compares the names of the columns with those of the
                import before anything is sent. "members" also checks all values as `check_table`
                does, and sends nothing if there are problems other than inferred ones; the table is
                read twice then, so it must not be an iterator or a reader. "none" checks neither.
            target: For check="members": the module (102…) or list (101…) that the import writes to,
                whose line items, properties and dimensions have the names of the columns; None (the
                default) infers it from the import's name.
            lists: For check="members": the list (101…) or list subset (109…) whose items the values
                of a column are, by the table's name of the column.
            date_format: How dates are written, as `datetime.strftime` takes it; ISO 8601 by
                default. Anaplan does not report which format an import expects.
            timestamps: "date" (the default) writes timestamps as dates, and refuses one with a time
                of day; "text" writes them in ISO 8601.
            max_refused: The most rows that Anaplan may refuse, or import without an invalid value;
                None (the default) for any number.
            journal: Path of a file in which the acknowledged chunks are recorded. The same call,
                made again after a crash with the same table, then sends only the missing chunks.
            timeout: Seconds to wait for the end of the import; None (the default) waits without
                limit. The work at Anaplan continues after a timeout.
            on_progress: Called with a Progress for every acknowledged chunk, in bytes of the file,
                and for every status of the task.
            run_store: Where the run is recorded, as in `run_action`; None (the default) records
                nothing. The same call, made again after a crash with the same table, sends nothing
                if the import was started and has not failed, and resumes its task.

        Returns:
            The task, the number of rows, and the refused rows as a table in memory, each with its
            reason and its index in `table`. If the failure dump can't be read, the result has
            `refused=None`, and the reason as `dump_error`: the import was successful.

        Raises:
            ColumnMismatchException: The table's columns are not those of the import; nothing was
                sent.
            TableCheckException: With check="members": values would be refused; nothing was sent,
                and the error has the report.
            InvalidTableException: A column has a type that Anaplan has no values of, and nothing
                was sent; or a value can't be written: the error has its row and column. The import
                was not run.
            InvalidArgumentException: The import does not read a text file, `check` is not one of
                "columns", "members" and "none", `lists` names a column that is not sent, `timeout`
                or `max_refused` is negative, or the client has no model.
            ArgumentTypeException: `table` is no table, or can be read only once and check="members"
                reads it twice.
            ImportError: The extra `tables` is not installed.
            InvalidIdentifierException: The model has no such import, or no list or module that
                `lists` or `target` names.
            OSError: A file cannot be read, or the journal cannot be written.
            UploadIncompleteException: Some chunks did not arrive, or Anaplan did not complete the
                upload. The import was not run.
            RowsRefusedException: Anaplan refused more rows than `max_refused`, or it is unknown how
                many, as the failure dump can't be read; the others were imported.
            AnaplanActionError: The import failed; the error has the task and its dumps.
            OutcomeUnknownException: It is unknown whether the import was started, or how it ended.
            AnaplanTimeoutException: The import did not end within `timeout`.
            AnaplanException: A request failed; see the subclasses. If the import was started, the
                error has its `task_id`.

        Source: Anaplan Integration API V2 guide, "Import Actions"; Arrow specification, "The Arrow
        PyCapsule Interface".
        """
        check_timeout(timeout)
        if check not in _CHECKS:
            raise InvalidArgumentException(
                f"check must be one of {', '.join(map(repr, _CHECKS))}, not {check!r}."
            )
        if check != "members" and (target is not None or lists):
            raise InvalidArgumentException("target and lists are for check='members'.")
        if max_refused is not None:
            NOT_NEGATIVE.check("max_refused", max_refused, int)
        if check == "members":
            from anaplan_sdk._formats.tables.table_source import refuse_one_shot

            refuse_one_shot(table)
        _telemetry.current().set(self._traced(names.ACTION_ID, import_id))
        found = await self._find_import(import_id)
        is_started = (
            run_store is not None and await self.get_recorded_task(import_id, run_store) is not None
        )

        async def open_table() -> OpenedTable:
            return await self._open_table(
                found.file_id,
                table,
                columns,
                found.sources,
                date_format=date_format,
                timestamps=timestamps,
            )

        opened = await open_table()
        if check != "none":
            check_header(opened, found.sources)
        checked_rows = None
        if check == "members" and not is_started:
            checked_rows = await self._check_rows(found, opened, target, lists)
            opened = await open_table()
        encoder = opened.encoder()
        if is_started:
            await self._read_table(opened, encoder)
        else:
            await self._send_table(found.file_id, opened, encoder, journal, on_progress)
        if checked_rows not in (None, encoder.rows):
            raise InvalidTableException(
                f"The table had {checked_rows:,} rows when it was checked, and {encoder.rows:,} "
                "when it was sent, so the import was not run: pass a table that can be read twice."
            )
        task = await self.run_action(
            import_id,
            locale=locale,
            mapping_parameters=mapping_parameters,
            timeout=timeout,
            on_progress=on_progress,
            run_store=run_store,
        )
        result = await self._result(import_id, task, opened, encoder)
        _check_refused(import_id, result, max_refused)
        return result

    async def _check_rows(
        self,
        found: FileOfImport,
        table: OpenedTable,
        target: int | str | None,
        lists: Mapping[str, int | str] | None,
    ) -> int:
        """Check all values of a table, and return the number of its rows.

        Raises:
            TableCheckException: There are problems that do not rest on what is inferred.
        """
        report = await self._check(found, table, members=True, target=target, lists=lists)
        if report.certain:
            raise TableCheckException(f"Nothing was sent. {report}", report=report)
        for problem in report.problems:
            _loggers.tasks.warning("Import %s: %s", found.action.id, problem)
        return report.rows

    async def _result(
        self,
        import_id: int | str,
        task: models.CompletedTask,
        table: OpenedTable,
        encoder: TableEncoder,
    ) -> TableImport:
        """Read the refused rows. The import was successful, whether or not they can be read."""
        from anaplan_sdk._formats.tables.refused_rows import RefusedRows

        refused = RefusedRows(table.library, encoder, table.own_names, table.header)
        try:
            for dump in task.dumps:
                async with aclosing(self.get_dump_rows(*dump)) as rows:
                    async for row in rows:
                        refused.add(row)
        except AnaplanException as error:
            error.task_id = task.id
            _loggers.tasks.warning(
                "The rows that import %s refused in task %s can't be read: %s",
                import_id,
                task.id,
                error.message,
            )
            return TableImport(task, encoder.rows, None, error)
        result = TableImport(task, encoder.rows, refused.table())
        refused_count = 0 if result.refused is None else len(result.refused)
        _telemetry.count_refused_rows(refused_count)
        _telemetry.current().set({names.REFUSED_ROWS: refused_count})
        return result


def _check_refused(import_id: int | str, result: TableImport, max_refused: int | None) -> None:
    if max_refused is None:
        return
    refused, task = result.refused, result.task
    if refused is None:
        raise RowsRefusedException(
            f"Import {import_id} refused some of {result.rows:,} rows, and it is unknown whether "
            f"max_refused, {max_refused:,}, allows as many: their dump can't be read. The others "
            "were imported.",
            task_id=task.id,
            task=task,
        ) from result.dump_error
    if len(refused) > max_refused:
        raise RowsRefusedException(
            f"Import {import_id} refused {len(refused):,} of {result.rows:,} rows, and "
            f"max_refused allows {max_refused:,}. The others were imported.",
            task_id=task.id,
            task=task,
            refused=refused,
        )
