"""Staged pieces: what attempts of tasks write, and the one commit reads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import fsspec
import pyarrow as pa
from pyspark.sql.datasource import WriterCommitMessage

from anaplan_sdk.exceptions import InvalidArgumentException

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_RECORD = re.compile(r"run\.(\d+)\.json")
# Names of protocols by which fsspec knows the package they need, also if it is not installed.
_PROTOCOLS = {"s3a": "s3", "s3n": "s3", "abfss": "abfs"}


@dataclass(frozen=True)
class StagedPiece(WriterCommitMessage):
    """What one attempt of a task has staged, as Spark takes it to the commit.

    Attributes:
        run: The run's folder within the staging folder.
        partition: The partition's number.
        name: The piece's name within the run's folder; None if the partition has no rows.
        rows: The number of rows.
        size: The size of the piece in bytes.
    """

    run: str
    partition: int
    name: str | None
    rows: int
    size: int


class StagedRun:
    """The folder of one run: its pieces and its record."""

    def __init__(self, staging: str, run: str) -> None:
        """Open the folder, which need not exist yet.

        Args:
            staging: The staging folder, as a path or a URL of fsspec.
            run: The run's folder within it.
        """
        self.run = run
        self._files, root = file_system(staging)
        self._folder = f"{root.rstrip('/')}/{run}"

    def write(
        self, write: str, partition: int, attempt: int, batches: Iterable[pa.RecordBatch]
    ) -> StagedPiece:
        """Stage the rows of one attempt of a task, as an Arrow stream.

        Args:
            write: The name of this write; when it is repeated it has another.
            partition: The partition's number.
            attempt: The attempt's id, not its number, which begins again when a stage is repeated.
            batches: The rows.

        Returns:
            What was staged.

        Raises:
            OSError: The piece can't be written.
        """
        rows = iter(batches)
        first = next(rows, None)
        if first is None:
            return StagedPiece(self.run, partition, None, 0, 0)
        name = f"{write}/{partition:05}-{attempt}.arrows"
        path = f"{self._folder}/{name}"
        self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
        count = first.num_rows
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        with self._files.open(path, "wb") as file:
            with pa.ipc.new_stream(file, first.schema, options=options) as stream:
                stream.write_batch(first)
                for batch in rows:
                    stream.write_batch(batch)
                    count += batch.num_rows
            size: int = file.tell()
        return StagedPiece(self.run, partition, name, count, size)

    def check(self, pieces: Iterable[StagedPiece]) -> None:
        """Check that pieces are in the folder as they were written.

        Args:
            pieces: The pieces.

        Raises:
            OSError: A piece is not there, or has another size.
        """
        self._files.invalidate_cache()
        for piece in pieces:
            if piece.name is None:
                continue
            path = f"{self._folder}/{piece.name}"
            try:
                size = self._files.info(path)["size"]
            except FileNotFoundError:
                raise OSError(
                    f"The staged piece {path} can't be seen by the driver: staging must be a "
                    "folder that the driver and all executors share. Nothing was sent."
                ) from None
            if size != piece.size:
                raise OSError(
                    f"The staged piece {path} has {size:,} bytes, and its task wrote "
                    f"{piece.size:,}. Nothing was sent."
                )

    def batches(self, pieces: Iterable[StagedPiece]) -> Iterator[pa.RecordBatch]:
        """Read pieces, one batch at a time.

        Args:
            pieces: The pieces, in the order in which their rows are sent.

        Yields:
            The batches.

        Raises:
            OSError: A piece can't be read, or has another number of rows than its task wrote.
        """
        for piece in pieces:
            if piece.name is None:
                continue
            path = f"{self._folder}/{piece.name}"
            count = 0
            with self._files.open(path, "rb") as file, pa.ipc.open_stream(file) as stream:
                for batch in stream:
                    count += batch.num_rows
                    yield batch
            if count != piece.rows:
                raise OSError(
                    f"The staged piece {path} has {count:,} rows, and its task wrote "
                    f"{piece.rows:,}."
                )

    def remove_write(self, write: str) -> None:
        """Remove all pieces of a write, also those of attempts that have failed.

        Args:
            write: The name of the write.

        Raises:
            OSError: The folder can't be removed.
        """
        self._remove(f"{self._folder}/{write}")

    def remove(self) -> None:
        """Remove the folder with everything in it, the run's record included.

        Raises:
            OSError: The folder can't be removed.
        """
        self._remove(self._folder)

    def _remove(self, path: str) -> None:
        self._files.invalidate_cache()
        try:
            self._files.rm(path, recursive=True)
        except FileNotFoundError:
            return

    # The record of the run, as anaplan_sdk.RunStore describes it. Each save writes a new file and
    # then removes the older ones, since not every store of files can replace one in one step.

    def load(self) -> str | None:
        """Return the record that was saved last.

        Returns:
            The record; None if nothing was saved.
        """
        for path in reversed(self._records()):
            text = self._files.cat_file(path).decode()
            # The writer of an incomplete file has ended before anything depended on it.
            if _is_complete(text):
                return str(text)
        return None

    def save(self, value: str | None) -> None:
        """Save a record in place of the last one.

        Args:
            value: The record; None removes it.
        """
        older = self._records()
        if value is not None:
            number = 1 + (_order(older[-1]) if older else 0)
            self._files.makedirs(self._folder, exist_ok=True)
            self._files.pipe_file(f"{self._folder}/run.{number}.json", value.encode())
        for path in older:
            self._files.rm_file(path)

    def _records(self) -> Sequence[str]:
        self._files.invalidate_cache()
        try:
            paths: list[str] = self._files.ls(self._folder, detail=False)
        except FileNotFoundError:
            return []
        return sorted((path for path in paths if _number(path) is not None), key=_order)


def file_system(location: str) -> tuple[AbstractFileSystem, str]:
    """Find out which file system a location is on.

    Args:
        location: A path, or a URL as Spark or fsspec takes it.

    Returns:
        The file system, and the path on it.
    """
    protocol, separator, rest = location.partition("://")
    if separator:
        location = f"{_protocol(protocol)}://{rest}"
    elif location.startswith("file:"):
        # Spark also writes file:/path.
        location = location.removeprefix("file:")
    found: tuple[Any, str] = fsspec.core.url_to_fs(location)
    return found


def check_location(option: str, location: str) -> None:
    """Check that the package for the file system of a location is installed in this process.

    Args:
        option: The option that names the location.
        location: A path, or a URL as Spark or fsspec takes it.

    Raises:
        InvalidArgumentException: It is not installed, or there is no such file system.
    """
    protocol, separator, _ = location.partition("://")
    if not separator:
        return
    try:
        fsspec.get_filesystem_class(_protocol(protocol))
    except (ImportError, ValueError) as error:
        raise InvalidArgumentException(
            f"{option}: {protocol}:// can't be used here. {str(error).rstrip('.')}."
        ) from None


def _protocol(name: str) -> str:
    return _PROTOCOLS.get(name.lower(), name)


def _number(path: str) -> int | None:
    match = _RECORD.fullmatch(path.rstrip("/").rpartition("/")[2])
    return None if match is None else int(match[1])


def _order(path: str) -> int:
    return _number(path) or 0


def _is_complete(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
