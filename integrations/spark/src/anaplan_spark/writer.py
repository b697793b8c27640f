"""The writers that Spark calls: tasks stage or upload rows, and one commit runs the import."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import uuid4

import pyarrow as pa
from pyspark import TaskContext
from pyspark.sql.datasource import (
    DataSourceArrowWriter,
    DataSourceStreamArrowWriter,
    WriterCommitMessage,
)
from pyspark.sql.types import StructType

from anaplan_sdk.exceptions import AnaplanException, InvalidArgumentException
from anaplan_spark.columns import check_types
from anaplan_spark.import_run import check_import, check_refused, logger, resume, run, upload
from anaplan_spark.staging import StagedPiece, StagedRun, check_location
from anaplan_spark.write_options import WriteOptions

# As many as Spark keeps in a checkpoint by default, so none that it may still repeat is removed.
_KEPT_BATCHES = 100
_ABORTED = (
    "A write to Anaplan was aborted. If its commit has failed, the import or process may "
    "nevertheless have run: the commit's error says so."
)
_COALESCE = (
    "Without the option staging one task uploads all rows, and this write has several: call "
    "coalesce(1) on the data frame, or give a folder as staging. The import was not run."
)


@dataclass(frozen=True)
class UploadedRows(WriterCommitMessage):
    """What the only task of a write has uploaded.

    Attributes:
        rows: The number of rows.
    """

    rows: int


class AnaplanArrowWriter(DataSourceArrowWriter):
    """Writes a data frame to an import or a process, which is run once."""

    def __init__(self, options: Mapping[str, str], schema: StructType, overwrite: bool) -> None:
        """Check the options, the columns, the credentials, and what the model says of the import.

        Spark creates the writer when it writes, once, and not to explain a plan.

        Args:
            options: Spark's options.
            schema: The columns of the data frame.
            overwrite: Whether Spark's mode is "overwrite".

        Raises:
            ColumnMismatchException: The import has other columns.
            InvalidArgumentException: An option is unknown, missing or not valid, the mode is not
                "append", a column has a type that Anaplan does not have, the package for the file
                system of `staging` or `refused_path` is not installed, or the import reads no file.
            InvalidIdentifierException: There is no such import.
            AnaplanException: No usable credentials were found, or a request failed.
        """
        self._options = WriteOptions.from_options(options, overwrite=overwrite)
        self._columns = schema.fieldNames()
        _check(self._options, schema)
        with self._options.connection.client() as client:
            check_import(client, self._options, self._columns)
        self._write = uuid4().hex
        self._run = self._options.run_id or self._write

    def write(self, iterator: Iterator[pa.RecordBatch]) -> WriterCommitMessage:
        """Stage the rows of a partition or, without staging, upload them. It runs in an executor.

        Args:
            iterator: The rows.

        Returns:
            What was staged or uploaded.

        Raises:
            InvalidArgumentException: Without staging: there are several partitions, or Spark may
                start the task twice.
            AnaplanException: The upload failed.
            OSError: The piece can't be written.
        """
        context = _context()
        if self._options.staging is not None:
            staged = StagedRun(self._options.staging, self._run)
            return staged.write(
                self._write, context.partitionId(), context.taskAttemptId(), iterator
            )
        # Spark does not tell a task how many there are.
        if context.partitionId() > 0:
            raise InvalidArgumentException(_COALESCE)
        if context.getLocalProperty("spark.speculation") == "true":
            raise InvalidArgumentException(
                "With spark.speculation two attempts may upload at the same time: give a folder "
                "as staging, or turn it off. Nothing was sent."
            )
        with self._options.connection.client() as client:
            return UploadedRows(upload(client, self._options, self._columns, iterator))

    def commit(self, messages: list[WriterCommitMessage | None]) -> None:
        """Upload the staged rows, run the import once, and check the refused rows.

        Args:
            messages: What each partition has staged or uploaded.

        Raises:
            AnaplanException: The upload or the import failed, or too many rows were refused.
            OSError: A staged piece can't be read, or the refused rows can't be written.
        """
        options = self._options
        if options.staging is None:
            if len(messages) > 1:
                raise InvalidArgumentException(_COALESCE)
            with options.connection.client() as client:
                # Without partitions no task has run.
                if not any(isinstance(each, UploadedRows) for each in messages):
                    upload(client, options, self._columns, [])
                check_refused(client, options, run(client, options, None), options.refused_path)
            return
        staged = StagedRun(options.staging, self._run)
        _import_staged(options, staged, self._columns, messages, options.refused_path)
        self._clear(staged)

    def abort(self, messages: list[WriterCommitMessage | None]) -> None:  # noqa: ARG002
        """Remove what this write has staged. Spark also calls it after a commit that has failed.

        Args:
            messages: What the partitions that were successful have staged.
        """
        options = self._options
        logger.warning(_ABORTED)
        if options.staging is not None:
            self._clear(StagedRun(options.staging, self._run))

    def _clear(self, staged: StagedRun) -> None:
        if not self._options.keep_staging:
            # Without a run_id nobody can repeat the run, so its record is of no use.
            _remove(staged, self._write if self._options.run_id is not None else None)


class AnaplanStreamArrowWriter(DataSourceStreamArrowWriter):
    """Writes each micro-batch of a stream to an import or a process, which runs once for each."""

    def __init__(self, options: Mapping[str, str], schema: StructType, overwrite: bool) -> None:
        """Check the options, the types of the columns and the credentials. Nothing is sent.

        Args:
            options: Spark's options.
            schema: The columns of the stream.
            overwrite: Whether the output mode is "complete".

        Raises:
            InvalidArgumentException: An option is unknown, missing or not valid, the output mode is
                "complete", there is no staging folder, or a `run_id`; a column has a type that
                Anaplan does not have; or the package for the file system of `staging` or
                `refused_path` is not installed.
            AnaplanException: No usable credentials were found.
        """
        self._options = WriteOptions.from_options(options, overwrite=overwrite)
        _check(self._options, schema)
        self._options.connection.client().close()
        if self._options.staging is None:
            raise InvalidArgumentException("A stream needs the option staging.")
        if self._options.run_id is not None:
            raise InvalidArgumentException(
                "run_id can't be an option of a stream: its runs are named by the query's id, "
                "which is in its checkpoint, and the number of the micro-batch."
            )
        self._staging = self._options.staging
        self._columns = schema.fieldNames()
        self._write = uuid4().hex

    def write(self, iterator: Iterator[pa.RecordBatch]) -> WriterCommitMessage:
        """Stage the rows of a partition. It runs in an executor.

        Args:
            iterator: The rows.

        Returns:
            What was staged.

        Raises:
            OSError: The piece can't be written.
        """
        context = _context()
        query = context.getLocalProperty("sql.streaming.queryId")
        batch = context.getLocalProperty("streaming.sql.batchId")
        if query is None or batch is None:
            raise AnaplanException("Spark does not tell the task the ids of its stream.")
        staged = StagedRun(self._staging, f"{query}/{batch}")
        return staged.write(self._write, context.partitionId(), context.taskAttemptId(), iterator)

    def commit(self, messages: list[WriterCommitMessage | None], batchId: int) -> None:  # noqa: N803
        """Upload a micro-batch and run the import, unless it has no rows or was imported before.

        Args:
            messages: What each partition has staged.
            batchId: The number of the micro-batch.

        Raises:
            AnaplanException: The upload or the import failed, or too many rows were refused.
            OSError: A staged piece can't be read, or the refused rows can't be written.
        """
        pieces = _pieces(messages)
        if not any(piece.rows for piece in pieces):
            logger.info("Micro-batch %s has no rows: nothing was imported", batchId)
            return
        path = self._options.refused_path
        if path is not None:
            path = f"{path.rstrip('/')}/batch-{batchId}.parquet"
        staged = StagedRun(self._staging, pieces[0].run)
        _import_staged(self._options, staged, self._columns, pieces, path)
        self._clear(pieces)
        if batchId >= _KEPT_BATCHES:
            query = staged.run.partition("/")[0]
            _remove(StagedRun(self._staging, f"{query}/{batchId - _KEPT_BATCHES}"), None)

    def abort(self, messages: list[WriterCommitMessage | None], batchId: int) -> None:  # noqa: N803
        """Remove what a micro-batch has staged. Spark also calls it after a commit that has failed.

        Args:
            messages: What the partitions that were successful have staged.
            batchId: The number of the micro-batch.
        """
        logger.warning("Micro-batch %s: %s", batchId, _ABORTED)
        self._clear(_pieces(messages))

    def _clear(self, pieces: Sequence[StagedPiece]) -> None:
        if self._options.keep_staging:
            return
        # Spark makes a new writer for the commit, so the name of the write is in the pieces only.
        for run_name, write in {
            (piece.run, piece.name.partition("/")[0]) for piece in pieces if piece.name is not None
        }:
            _remove(StagedRun(self._staging, run_name), write)


def _check(options: WriteOptions, schema: StructType) -> None:
    """Find what is wrong on the driver, before the data is computed."""
    chosen = options.columns if isinstance(options.columns, list) else schema.fieldNames()
    check_types(each for each in schema.fields if each.name in chosen)
    if options.staging is not None:
        check_location("staging", options.staging)
    if options.refused_path is not None:
        check_location("refused_path", options.refused_path)


def _import_staged(
    options: WriteOptions,
    staged: StagedRun,
    columns: list[str],
    messages: Iterable[WriterCommitMessage | None],
    refused_path: str | None,
) -> None:
    pieces = _pieces(messages)
    with options.connection.client() as client:
        task = resume(client, options, staged)
        if task is None:
            staged.check(pieces)
            rows = upload(client, options, columns, staged.batches(pieces))
            task = run(client, options, staged)
            logger.info("Task %s has imported %s rows", task.id, rows)
        check_refused(client, options, task, refused_path)


def _pieces(messages: Iterable[WriterCommitMessage | None]) -> list[StagedPiece]:
    staged = [each for each in messages if isinstance(each, StagedPiece)]
    return sorted(staged, key=lambda piece: piece.partition)


def _remove(staged: StagedRun, write: str | None) -> None:
    try:
        staged.remove() if write is None else staged.remove_write(write)
    except OSError as error:
        # The import has run, or the write has failed for another reason.
        logger.warning("Staged pieces of run %s can't be removed: %s", staged.run, error)


def _context() -> TaskContext:
    context = TaskContext.get()
    if context is None:
        raise AnaplanException("This runs in a task of Spark only.")
    return context
