"""Views and lists as tables, without actions."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from anaplan_sdk import _telemetry
from anaplan_sdk._arguments import identifier
from anaplan_sdk._async.api.large_reads import LargeReads
from anaplan_sdk._async.api.table_schemas import TOO_LARGE, TableSchemas
from anaplan_sdk._async.transfer.table_stream import AsyncTableStream, open_stream
from anaplan_sdk._async.transport.traced import traced
from anaplan_sdk._formats.tables.arguments import Invalid, SchemaArgument
from anaplan_sdk._formats.tables.cell_reader import check_invalid
from anaplan_sdk._formats.tables.column_types import types_by_name, types_of_view
from anaplan_sdk._formats.tables.file_format import FileFormat
from anaplan_sdk._formats.tables.installed_library import arrow_library
from anaplan_sdk._formats.tables.list_columns import ListParser
from anaplan_sdk._formats.tables.table_parser import TableParser
from anaplan_sdk._ranges import AT_LEAST_ONE, check_timeout
from anaplan_sdk._telemetry import names
from anaplan_sdk.exceptions import AnaplanRequestException, InvalidArgumentException
from anaplan_sdk.models import LineItem
from anaplan_sdk.progress import Progress, ProgressCallback

# Up to this many cells or items are read in one reply, more of them by a large read.
_SMALL = 100_000


class TableReads(TableSchemas, LargeReads):
    """Views and lists as tables."""

    @traced(names.TABLE_READ, is_stream=True)
    async def view_table(
        self,
        view_id: int | str,
        *,
        pages: Sequence[tuple[int | str, int | str]] | None = None,
        schema: SchemaArgument | None = None,
        invalid: Invalid = "error",
        batch_rows: int = 50_000,
        timeout: float | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> AsyncTableStream:
        """Read a view as a table: one row for each combination of items, in bounded memory.

        The columns are those of the export "Tabular Multiple Column": the dimensions, and one
        column for each line item. A view of up to 100,000 cells is read in one reply; a larger one,
        or one that Anaplan does not return so, by a large read, which is deleted at Anaplan when
        the stream ends or is closed. The user must be a workspace administrator.

        Line items are typed by their formats: a number is float64, a boolean bool, a date date32,
        and everything else is text, also the names of list items and periods. A line item with the
        name of a dimension is called `Name (2)`. All columns are text if the user may not read the
        line items of the module.

        Args:
            view_id: The view: a saved view, a module (its default view) or a line item.
            pages: Pairs of a dimension on the view's pages and the item to select there; by default
                all items are read. Only for views of at most 1,000,000 cells. Take the items' ids
                from `get_dimension_items`.
            schema: Types by column, which take precedence: "number", "boolean", "date", "text" or
                an Arrow type; or an Arrow schema.
            invalid: What a text that is not of its column's type becomes: "error" (the default)
                raises an error with row and column, "null" makes it a null.
            batch_rows: The most rows of a record batch, at least 1.
            timeout: Seconds to wait, in all, until Anaplan has prepared a large read; None (the
                default) waits without limit.
            on_progress: Called with a Progress for every page of the reply.

        Returns:
            The table as it arrives. It can be read once; close it to end the reading early.

        Raises:
            InvalidArgumentException: `schema` has an unknown type or column, `invalid` is neither
                "error" nor "null", `timeout` is negative, `batch_rows` is below 1, `pages` was
                given and the view's module is not known, or the client has no model.
            ArgumentTypeException: `schema` is neither a mapping nor an Arrow schema.
            ImportError: The extra `tables` is not installed.
            InvalidIdentifierException: There is no such view.
            UnexpectedValueException: A value is not of its column's type; raised when its row is
                reached.
            AnaplanRequestException: A dimension is not on the view's pages, or `pages` was given
                and the view has more than 1,000,000 cells.
            LargeReadException: Anaplan failed to carry out the read, or it was cancelled there.
            LargeReadExpiredException: No page was read for 30 minutes.
            AnaplanTimeoutException: Anaplan took longer than `timeout`.
            AnaplanException: A request failed; see the subclasses.

        Source: Anaplan help, "Retrieve cell data for a view" and "Initiate large read request".
        """
        _telemetry.current().set(self._traced(names.VIEW_ID, view_id))
        AT_LEAST_ONE.check("batch_rows", batch_rows, int)
        check_timeout(timeout)
        check_invalid(invalid)
        library = arrow_library()
        chosen = types_by_name(library, schema)
        wanted = identifier(view_id)
        module_id = await self._module_of(wanted)
        line_items = await self._readable_line_items(module_id)
        choose_types = types_of_view(
            library,
            await self._dimensions_of(wanted),
            {each.name: each.format for each in line_items},
            chosen,
        )
        parser = TableParser(
            library, FileFormat(), choose_types, invalid=invalid, batch_rows=batch_rows
        )
        if pages and module_id is None:
            raise InvalidArgumentException(
                f"pages: view {wanted} is not among the model's views, so that its module, which a "
                "selection needs, is not known."
            )
        if module_id is not None and (pages or 0 < _count_cells(wanted, line_items) <= _SMALL):
            content = await self._cells_of(wanted, module_id, pages)
            if content is not None:
                page = _one_page(content, on_progress)
                return await open_stream(library, parser, page, are_pages=True)
        content_pages = self.read_view_pages(wanted, timeout=timeout, on_progress=on_progress)
        return await open_stream(library, parser, content_pages, are_pages=True)

    @traced(names.TABLE_READ, is_stream=True)
    async def list_table(
        self,
        list_id: int | str,
        *,
        schema: SchemaArgument | None = None,
        invalid: Invalid = "error",
        batch_rows: int = 50_000,
        timeout: float | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> AsyncTableStream:
        """Read the items of a list as a table, in bounded memory.

        The columns are `name`, `code` and `parent`, then the properties, typed by their formats
        (number, boolean, date, or else text), and the subsets (boolean). A property or subset that
        has the name of another column is called `name (2)`. Ids and access rights are left out.

        A list of up to 100,000 items is read in one reply, a larger one, or one that Anaplan does
        not return so, by a large read, which is deleted at Anaplan when the stream ends or is
        closed. The columns are the same either way: of the items' CSV `id`, `parentId`, `listId`
        and `listName` are left out, of the pages of a large read `Write` and `Read`, and their
        blank column is `name`. `upsert_list_table` takes the table as it is. The user must be a
        workspace administrator.

        Args:
            list_id: The list (101…).
            schema: Types by column, which take precedence: "number", "boolean", "date", "text" or
                an Arrow type; or an Arrow schema.
            invalid: What a text that is not of its column's type becomes: "error" (the default)
                raises an error with row and column, "null" makes it a null.
            batch_rows: The most rows of a record batch, at least 1.
            timeout: Seconds to wait, in all, until Anaplan has prepared a large read; None (the
                default) waits without limit.
            on_progress: Called with a Progress for every page of the reply.

        Returns:
            The table as it arrives. It can be read once; close it to end the reading early.

        Raises:
            InvalidArgumentException: `schema` has an unknown type or column, `invalid` is neither
                "error" nor "null", `timeout` is negative, `batch_rows` is below 1, or the client
                has no model.
            ArgumentTypeException: `schema` is neither a mapping nor an Arrow schema.
            ImportError: The extra `tables` is not installed.
            InvalidIdentifierException: There is no such list.
            UnexpectedValueException: A value is not of its column's type; raised when its row is
                reached.
            LargeReadException: Anaplan failed to carry out the read, or it was cancelled there.
            LargeReadExpiredException: No page was read for 30 minutes.
            AnaplanTimeoutException: Anaplan took longer than `timeout`.
            AnaplanException: A request failed; see the subclasses.

        Source: Anaplan help, "Retrieve list data"; Anaplan Integration API V2 guide, "Model lists".
        """
        _telemetry.current().set(self._traced(names.LIST_ID, list_id))
        AT_LEAST_ONE.check("batch_rows", batch_rows, int)
        check_timeout(timeout)
        check_invalid(invalid)
        library = arrow_library()
        chosen = types_by_name(library, schema)
        metadata = await self.get_list_metadata(list_id)
        parser = ListParser(library, metadata, chosen, invalid=invalid, batch_rows=batch_rows)
        if metadata.item_count <= _SMALL:
            try:
                content = await self.get_list_items_csv(list_id)
            except AnaplanRequestException as error:
                if error.status_code not in TOO_LARGE:
                    raise
            else:
                page = _one_page(content, on_progress)
                return await open_stream(library, parser, page, are_pages=True)
        pages = self.read_list_pages(list_id, timeout=timeout, on_progress=on_progress)
        return await open_stream(library, parser, pages, are_pages=True)

    async def _cells_of(
        self,
        view_id: str,
        module_id: str,
        pages: Sequence[tuple[int | str, int | str]] | None,
    ) -> bytes | None:
        """Read the cells of a view in one reply; None if Anaplan does not return them so."""
        try:
            return await self.get_view_data(
                view_id,
                pages,
                module_id,
                export_type="TABULAR_MULTI_COLUMN",
                data_format="text/csv;escaped=true",
            )
        except AnaplanRequestException as error:
            if error.status_code not in TOO_LARGE:
                raise
            if pages:
                error.replace_message(
                    f"{error.message} Without pages, view_table reads views of any size."
                )
                raise
            return None


async def _one_page(content: bytes, on_progress: ProgressCallback | None) -> AsyncGenerator[bytes]:
    if on_progress is not None:
        on_progress(Progress("read", 1, 1))
    yield content


def _count_cells(view_id: str, line_items: Sequence[LineItem]) -> int:
    """Return how many cells a view has at most; 0 if it is not known."""
    counts = [
        each.cell_count
        for each in [each for each in line_items if str(each.id) == view_id] or line_items
    ]
    return 0 if None in counts else sum(filter(None, counts))
