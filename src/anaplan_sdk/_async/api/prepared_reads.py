"""Large reads that several workers read at the same time."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from anaplan_sdk import _telemetry
from anaplan_sdk._arguments import identifier
from anaplan_sdk._async.api.namespace import path_segment
from anaplan_sdk._async.api.table_reads import TableReads
from anaplan_sdk._async.transfer.table_stream import AsyncTableStream, open_stream
from anaplan_sdk._async.transport.traced import traced
from anaplan_sdk._formats.tables.arguments import Invalid, SchemaArgument
from anaplan_sdk._formats.tables.cell_reader import check_invalid
from anaplan_sdk._formats.tables.column_types import types_by_name, types_of_view
from anaplan_sdk._formats.tables.file_format import FileFormat
from anaplan_sdk._formats.tables.installed_library import arrow_library
from anaplan_sdk._formats.tables.list_columns import ListParser
from anaplan_sdk._formats.tables.table_parser import TableParser, first_row
from anaplan_sdk._large_read import LargeRead
from anaplan_sdk._ranges import AT_LEAST_ONE, check_part, check_timeout, share
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk._telemetry import names
from anaplan_sdk.exceptions import ArgumentTypeException
from anaplan_sdk.progress import Progress, ProgressCallback

# Fewer than other large reads fetch at the same time, since there are several workers.
_PARALLEL_PAGES = 2


class PreparedReads(TableReads):
    """Views and lists whose pages several workers read at the same time."""

    async def prepare_view_read(
        self, view_id: int | str, *, timeout: float | None = None
    ) -> LargeRead:
        """Let Anaplan prepare a view to be read by several workers, and wait until it has.

        Each worker then reads a part of it with `read_table`, in threads, processes or on other
        machines, with a client for the same model. Call `end_read` when all have ended. The user
        must be a workspace administrator.

        Args:
            view_id: The view: a saved view, a module (its default view) or a line item.
            timeout: Seconds to wait until Anaplan has prepared the pages; None (the default) waits
                without limit.

        Returns:
            The read, which can be pickled. It has what `view_table` takes from the model to type
            the columns, so that workers need not ask for it.

        Raises:
            InvalidArgumentException: `timeout` is negative, or the client has no model.
            InvalidIdentifierException: There is no such view.
            LargeReadException: Anaplan failed to carry out the read, or it was cancelled there.
            LargeReadExpiredException: Anaplan has deleted the request.
            AnaplanTimeoutException: Anaplan took longer than `timeout`; the read is deleted.
            AnaplanException: A request failed; see the subclasses.

        Source: Anaplan help, "Initiate large read request".
        """
        check_timeout(timeout)
        wanted = identifier(view_id)
        line_items = await self._readable_line_items(await self._module_of(wanted))
        dimensions = await self._dimensions_of(wanted)
        request, first = await self._prepare(self._requests_url("view", wanted), "view", timeout)
        return LargeRead(
            kind="view",
            id=wanted,
            request_id=request.request_id,
            page_count=request.available_pages,
            header=first_row(first),
            dimensions=tuple(dimensions),
            formats=tuple((each.name, each.format) for each in line_items),
        )

    async def prepare_list_read(
        self, list_id: int | str, *, timeout: float | None = None
    ) -> LargeRead:
        """Let Anaplan prepare a list to be read by several workers, and wait until it has.

        Each worker then reads a part of it with `read_table`, in threads, processes or on other
        machines, with a client for the same model. Call `end_read` when all have ended. The user
        must be a workspace administrator.

        Args:
            list_id: The list (101…).
            timeout: Seconds to wait until Anaplan has prepared the pages; None (the default) waits
                without limit.

        Returns:
            The read, which can be pickled. It has the definition of the list, so that workers need
            not ask for it.

        Raises:
            InvalidArgumentException: `timeout` is negative, or the client has no model.
            InvalidIdentifierException: There is no such list.
            LargeReadException: Anaplan failed to carry out the read, or it was cancelled there.
            LargeReadExpiredException: Anaplan has deleted the request.
            AnaplanTimeoutException: Anaplan took longer than `timeout`; the read is deleted.
            AnaplanException: A request failed; see the subclasses.

        Source: Anaplan help, "Initiate large read request".
        """
        check_timeout(timeout)
        wanted = identifier(list_id)
        metadata = await self.get_list_metadata(wanted)
        request, first = await self._prepare(self._requests_url("list", wanted), "list", timeout)
        return LargeRead(
            kind="list",
            id=wanted,
            request_id=request.request_id,
            page_count=request.available_pages,
            header=first_row(first),
            list_metadata=metadata,
        )

    @traced(names.TABLE_READ, is_stream=True)
    async def read_table(
        self,
        read: LargeRead,
        part: tuple[int, int] = (0, 1),
        *,
        schema: SchemaArgument | None = None,
        invalid: Invalid = "error",
        batch_rows: int = 50_000,
        on_progress: ProgressCallback | None = None,
    ) -> AsyncTableStream:
        """Read all pages of a prepared read, or a part of them, as a table, in bounded memory.

        The columns are those of `view_table` or `list_table`. All parts together have each row
        once, in order. The read is not deleted: a part can be read again.

        Args:
            read: The read, from `prepare_view_read` or `prepare_list_read`.
            part: Which part to read: its index, from 0, and the number of parts; by default all.
                Parts beyond the number of pages have no rows.
            schema: Types by column, which take precedence: "number", "boolean", "date", "text" or
                an Arrow type; or an Arrow schema.
            invalid: What a text that is not of its column's type becomes: "error" (the default)
                raises an error with row and column, "null" makes it a null.
            batch_rows: The most rows of a record batch, at least 1.
            on_progress: Called with a Progress for every page.

        Returns:
            The table as it arrives. It can be read once; close it to end the reading early.

        Raises:
            InvalidArgumentException: There is no such part, `schema` has an unknown type or column,
                `invalid` is neither "error" nor "null", `batch_rows` is below 1, or the client has
                no model.
            ArgumentTypeException: `read` is not a LargeRead, `part` is not a pair of integers, or
                `schema` is neither a mapping nor an Arrow schema.
            ImportError: The extra `tables` is not installed.
            UnexpectedValueException: A value is not of its column's type; raised when its row is
                reached. Rows are numbered from the first one of the part.
            LargeReadExpiredException: The read was ended, no page was read for 30 minutes, or the
                client is for another model.
            AnaplanException: A request failed; see the subclasses.

        Source: Anaplan help, "Initiate large read request".
        """
        _check_read(read)
        attributes = self._read_attributes(self._requests_url(read.kind, read.id), read.kind)
        _telemetry.current().set(attributes)
        check_part(part)
        AT_LEAST_ONE.check("batch_rows", batch_rows, int)
        check_invalid(invalid)
        library = arrow_library()
        chosen = types_by_name(library, schema)
        parser: TableParser | ListParser
        if read.list_metadata is not None:
            parser = ListParser(
                library, read.list_metadata, chosen, invalid=invalid, batch_rows=batch_rows
            )
        else:
            choose_types = types_of_view(library, read.dimensions, dict(read.formats), chosen)
            parser = TableParser(
                library, FileFormat(), choose_types, invalid=invalid, batch_rows=batch_rows
            )
        pages = self._pages_of(read, share(part, read.page_count), attributes, on_progress)
        return await open_stream(library, parser, pages, are_pages=True)

    async def end_read(self, read: LargeRead) -> None:
        """Delete a prepared read at Anaplan, when all workers have read their parts.

        Anaplan deletes it itself when no page was read for 30 minutes, so an error of the request
        is not raised.

        Args:
            read: The read, from `prepare_view_read` or `prepare_list_read`.

        Raises:
            ArgumentTypeException: It is not a LargeRead.
            InvalidArgumentException: The client has no model.
        """
        _check_read(read)
        await self._end(self._url_of(read))

    def _url_of(self, read: LargeRead) -> str:
        return f"{self._requests_url(read.kind, read.id)}/{path_segment(read.request_id)}"

    async def _pages_of(
        self,
        read: LargeRead,
        numbers: range,
        attributes: names.Attributes,
        on_progress: ProgressCallback | None,
    ) -> AsyncGenerator[bytes]:
        url = self._url_of(read)
        span = _telemetry.begin(names.LARGE_READ, attributes)
        received = _telemetry.Received(span)

        async def fetch(number: int) -> bytes:
            with span.bound():
                return await self._page(url, number)

        with span.until_closed():
            if numbers.start > 0 or not numbers:  # The first page begins with it.
                yield read.header
            width = min(_PARALLEL_PAGES, self._config.max_concurrency)
            async with aclosing(runtime.ordered_map(fetch, numbers, width)) as pages:
                async for page in pages:
                    received.add(page, numbers.start + received.count)
                    if on_progress is not None:
                        on_progress(Progress("read", received.count, len(numbers)))
                    yield page
                    del page


def _check_read(read: object) -> None:
    if not isinstance(read, LargeRead):
        raise ArgumentTypeException(
            "read must be a LargeRead, as prepare_view_read and prepare_list_read return it, not "
            f"{type(read).__name__}."
        )
