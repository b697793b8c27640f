"""A table as it arrives: a stream of record batches that can be read once."""

from __future__ import annotations

import os
import threading
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from types import TracebackType
from typing import TYPE_CHECKING, Self

from anaplan_sdk import _telemetry
from anaplan_sdk._formats.tables.arrow_library import ArrowLibrary
from anaplan_sdk._formats.tables.arrow_types import RecordBatch, Schema

# sync: from anaplan_sdk._formats.tables.capsules import CapsuleStream
from anaplan_sdk._formats.tables.table import Table
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk._telemetry import Operation, names
from anaplan_sdk.exceptions import StreamConsumedException

if TYPE_CHECKING:
    from anaplan_sdk._formats.tables.list_columns import ListParser
    from anaplan_sdk._formats.tables.table_parser import TableParser


# sync: class TableStream(CapsuleStream):
class AsyncTableStream:  # async-only
    """A table as it arrives from Anaplan, in bounded memory.

    It can be read once: by iterating over its record batches, or by one of the methods. Close it,
    or use it in `async with`, to end a reading early: what is open for it at Anaplan is closed.

    Args:
        library: The Arrow library.
        schema: The names and types of the columns.
        batches: The record batches.
    """

    def __init__(
        self, library: ArrowLibrary, schema: Schema, batches: AsyncGenerator[RecordBatch]
    ) -> None:
        self._library = library
        self._schema = schema
        self._batches = batches
        self._is_read = False
        self._is_closed = False
        self._failure: BaseException | None = None
        # A generator can be neither resumed nor closed while it runs elsewhere.
        self._in_use = threading.Lock()
        self._process = os.getpid()

    @property
    def schema(self) -> Schema:
        """The names and types of the columns, as the Arrow library in use has them."""
        return self._schema

    @property
    def column_names(self) -> list[str]:
        """The names of the columns."""
        return list(self._schema.names)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {', '.join(self.column_names)}>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """End the reading, and close what is open for it at Anaplan.

        It may be called while a record batch is being read elsewhere. That reading then closes the
        stream, and ends with a StreamConsumedException.
        """
        self._is_read = self._is_closed = True
        if self._in_use.acquire(blocking=False):
            try:
                await self._batches.aclose()
            finally:
                self._in_use.release()

    def __aiter__(self) -> AsyncIterator[RecordBatch]:
        """Iterate over the record batches.

        Raises:
            StreamConsumedException: The stream was read before.
        """
        if self._is_read:
            raise StreamConsumedException(
                "The stream was read or closed before: read_all keeps it as a table, which can be "
                "read again."
            )
        self._is_read = True
        return _Batches(self._next)

    async def _next(self) -> RecordBatch:
        if os.getpid() != self._process:  # What downloads it does not run in a forked process.
            raise StreamConsumedException(
                "The stream was opened in another process: open it in the one that reads it."
            )
        if not self._in_use.acquire(blocking=False):
            raise StreamConsumedException("The stream is being read elsewhere.")
        try:
            is_over = self._is_closed or self._failure is not None
            batch = None if is_over else await anext(self._batches)
        except StopAsyncIteration:
            raise
        except BaseException as error:
            self._failure = error
            raise
        finally:
            self._in_use.release()
        if batch is None or self._is_closed:
            await self.aclose()  # The call that set the flag could not, if this one was running.
            # At a normal end, the rows so far would look like all of them.
            raise StreamConsumedException(
                "The stream was closed before its end."
            ) from self._failure
        return batch

    async def read_all(self) -> Table:
        """Read all of it into memory.

        Returns:
            The table, which can be read any number of times.

        Raises:
            StreamConsumedException: The stream was read before.
            UnexpectedValueException: A value is not of its column's type.
            AnaplanException: A request failed; see the subclasses.
        """
        batches = aiter(self)
        async with self:
            return Table(self._library, self._schema, [batch async for batch in batches])


class _Batches:
    """Reads a stream. Unlike a generator it can be dropped: the stream ends the reading."""

    def __init__(self, read: runtime.Producer[RecordBatch]) -> None:
        self._read = read

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> RecordBatch:
        return await self._read()


async def open_stream(
    library: ArrowLibrary,
    parser: TableParser | ListParser,
    pieces: AsyncGenerator[bytes],
    *,
    are_pages: bool,
) -> AsyncTableStream:
    """Read pieces of CSV up to the header, and return the rest of them as a table.

    The operation in which it is called, that of a table, ends with the stream.

    Args:
        library: The Arrow library.
        parser: Parses the pieces.
        pieces: The pieces, which are closed with the table.
        are_pages: Whether each piece has whole rows, and may repeat the header.

    Raises:
        AnaplanException: A request failed; see the subclasses.
    """
    batches = _parsed(parser, pieces, _telemetry.current(), are_pages=are_pages)
    try:
        await anext(batches, None)  # It has no rows: the header has been read.
    except BaseException:
        await batches.aclose()
        raise
    return AsyncTableStream(library, library.schema(parser.fields or ()), batches)


async def _parsed(
    parser: TableParser | ListParser,
    pieces: AsyncGenerator[bytes],
    span: Operation,
    *,
    are_pages: bool,
) -> AsyncGenerator[RecordBatch]:
    feed = parser.feed_page if are_pages else parser.feed
    rows = 0

    def count(batch: RecordBatch) -> None:
        nonlocal rows
        rows += batch.num_rows
        span.set({names.ROWS: rows})
        _telemetry.count_rows("download", batch.num_rows)

    with span.until_closed():
        async with aclosing(pieces):
            async for piece in pieces:
                batches = feed(piece)
                del piece
                while (batch := await runtime.run_in_thread(next, batches, None)) is not None:
                    count(batch)
                    yield batch
                    del batch
        batches = parser.finish()
        while (batch := await runtime.run_in_thread(next, batches, None)) is not None:
            count(batch)
            yield batch
            del batch
