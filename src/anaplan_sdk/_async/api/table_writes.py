"""Tables to cells and list items, without actions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import cast

from anaplan_sdk import _telemetry
from anaplan_sdk._async.api.cells import Cells
from anaplan_sdk._async.api.table_reads import TableReads
from anaplan_sdk._async.api.table_schemas import TOO_LARGE
from anaplan_sdk._async.transport.traced import traced
from anaplan_sdk._formats.json_batches import MAX_ITEMS
from anaplan_sdk._formats.tables.arguments import ColumnsArgument, TableLike
from anaplan_sdk._formats.tables.cell_columns import ModuleLineItem, match_cells
from anaplan_sdk._formats.tables.cell_rows import CellRows, Match, Nulls, check_nulls
from anaplan_sdk._formats.tables.column_matching import check_unique, chosen_columns
from anaplan_sdk._formats.tables.installed_library import arrow_library
from anaplan_sdk._formats.tables.list_changes import (
    ExistingItem,
    ItemKey,
    ListChanges,
    check_list_columns,
)
from anaplan_sdk._formats.tables.list_columns import ListField, list_fields
from anaplan_sdk._formats.tables.names import folded
from anaplan_sdk._formats.tables.results import ListUpsert, TableWrite
from anaplan_sdk._formats.tables.table import Table
from anaplan_sdk._formats.tables.table_builder import RefusedTable
from anaplan_sdk._formats.tables.table_rows import TableRows
from anaplan_sdk._formats.tables.table_source import open_table
from anaplan_sdk._ranges import NOT_NEGATIVE
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk._telemetry import names
from anaplan_sdk.exceptions import (
    AnaplanRequestException,
    InvalidArgumentException,
    RowsRefusedException,
)
from anaplan_sdk.models import LineItem, ListMetadata


class TableWrites(TableReads, Cells):
    """Tables to cells and list items."""

    @traced(names.TABLE_WRITE)
    async def write_table(
        self,
        module_id: int | str,
        table: TableLike,
        *,
        dimensions: ColumnsArgument | None = None,
        line_items: ColumnsArgument | None = None,
        line_item_column: str | None = None,
        value_column: str | None = None,
        match: Match | Mapping[str, Match] = "name",
        nulls: Nulls = "skip",
        cells_per_request: int = MAX_ITEMS,
        max_refused: int | None = None,
    ) -> TableWrite:
        """Write a table to the cells of a module, in bounded memory.

        A wide table has a column for each dimension of the line items that are written, and one for
        each of these line items. A long table has columns for all dimensions of the module, one
        with the names of line items (`line_item_column`) and one with their values
        (`value_column`). Columns are matched by name, and the table of a view is such a wide table.
        The user must be a workspace administrator.

        Any number of cells is sent in as many requests as Anaplan's limits require (100,000 cells
        or 15 MB each), one after the other, so that the last value of a repeated cell remains.
        Numbers are sent with the fewest digits that mean the same value, dates in ISO 8601. NaN,
        infinity and times of day are errors. A row without an item of a dimension, and a value that
        is no boolean of a line item of booleans, are refused without being sent.

        Args:
            module_id: The module (102…).
            table: A polars, pandas or pyarrow table, a duckdb relation or another object with the
                Arrow PyCapsule interface; a path to a CSV, Parquet, Arrow IPC or JSON Lines file
                (also `.csv.gz`); or an iterable of record batches or tables of the same columns. An
                index of pandas is a column after the others if it has a name.
            dimensions: The columns with items of dimensions: a mapping from columns to names of
                dimensions, or a sequence of columns that are called like theirs. By default each
                column that is called like a dimension.
            line_items: The columns of a wide table with the values of line items, likewise. If both
                are given, other columns are not written; otherwise they are errors.
            line_item_column: The column of a long table with the names of line items.
            value_column: The column of a long table with the values.
            match: Whether dimensions have names ("name", the default) or codes ("code") of items;
                or a mapping from dimensions to one of these. Time, Versions and Users have names
                only.
            nulls: "skip" (the default) leaves a cell as it is where the table has a null, "clear"
                empties it: a number becomes 0, a boolean false. An empty text always empties it.
            cells_per_request: The most cells in one request, 1 to 100,000 (the default).
            max_refused: The most rows and cells that may be refused; None (the default) for any
                number.

        Returns:
            The number of rows and of changed cells, and the refused cells as a table.

        Raises:
            ColumnMismatchException: A column is missing, unknown or there twice; nothing was sent.
            InvalidTableException: A column has a type that Anaplan has no values of, and nothing
                was sent; or the first value that can't be written, with its row and column, if no
                request was sent before.
            InvalidArgumentException: The arguments contradict each other, a number is out of its
                range, or the client has no model.
            ArgumentTypeException: `table` is no table, or an argument has the wrong type.
            ImportError: The extra `tables` is not installed.
            InvalidIdentifierException: There is no such module, or the user cannot read it.
            RowsRefusedException: More were refused than `max_refused`; the others were written.
            WriteRefusedException: Anaplan refused a request, and all of its cells, as some are
                invalid; the error has those. Their indexes count the cells that were sent.
            WriteInterruptedException: A request failed, or a value can't be written, after requests
                were sent; the error has the result so far, by indexes of cells, and the cause. The
                same call can be made again.
            AnaplanException: A request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Update module cell data"; Arrow specification,
        "The Arrow PyCapsule Interface".
        """
        _telemetry.current().set(self._traced(names.MODULE_ID, module_id))
        check_nulls(nulls)
        if max_refused is not None:
            NOT_NEGATIVE.check("max_refused", max_refused, int)
        library = arrow_library()
        stream = await runtime.run_in_thread(open_table, library, table)
        module = await self._line_items_with_dimensions(module_id)
        columns = match_cells(
            [name for name, _ in stream.fields],
            module,
            dimensions=dimensions,
            line_items=line_items,
            line_item_column=line_item_column,
            value_column=value_column,
        )
        rows = TableRows(library, stream, columns.places)
        cells = CellRows(library, rows, columns, module, nulls=nulls, match=match)
        result = await self.write_cells(module_id, cells, cells_per_request=cells_per_request)
        for failure in result.failures:
            cells.add_failure(failure)
        refused = cells.refused()
        _count(rows.count, refused)
        _check_refused(f"Module {module_id}", refused, max_refused)
        return TableWrite(rows.count, result.cells_changed, refused)

    @traced(names.TABLE_WRITE)
    async def upsert_list_table(
        self,
        list_id: int | str,
        table: TableLike,
        *,
        key: ItemKey = "code",
        columns: ColumnsArgument | None = None,
        nulls: Nulls = "skip",
        items_per_request: int = MAX_ITEMS,
        max_refused: int | None = None,
    ) -> ListUpsert:
        """Add the rows of a table to a list, and change the items that the list has already.

        The list is read once. A row whose key the list does not have is added, one that differs
        from its item changes that item, and any other one is not sent. New items are sent before
        changes and in the order of the table, so the parent of a row may be an earlier one. Items
        that the table does not have stay as they are. The user must be a workspace administrator.

        The table may have the columns that `list_table` gives: `name`, `code`, `parent`, the
        properties and the subsets. Keys are compared without whitespace around them and regardless
        of letter case, as Anaplan compares them; beyond ASCII that is assumed, so an item with the
        very same key takes precedence. A row without a key, or with that of an earlier row, is
        refused. Parents may be given by name or code. The items of a numbered list are named by
        Anaplan, so their names are not compared or sent.

        After an error, also a lost connection, the same call can be made again: a new item whose
        request got no reply is looked up in the list and not added twice.

        Args:
            list_id: The list (101…).
            table: A polars, pandas or pyarrow table, a duckdb relation or another object with the
                Arrow PyCapsule interface; a path to a CSV, Parquet, Arrow IPC or JSON Lines file
                (also `.csv.gz`); or an iterable of record batches or tables of the same columns. An
                index of pandas is a column after the others if it has a name.
            key: The column that identifies items: "code" (the default) or "name".
            columns: A mapping from names in the table to names of `list_table`, which renames
                columns; or a sequence of names, which sends these columns only. By default all
                columns are sent under their own names.
            nulls: "skip" (the default) leaves a value as it is where the table has a null, "clear"
                empties it, except codes, names and subsets, which have no empty value. An empty
                text always empties it.
            items_per_request: The most items in one request, 1 to 100,000 (the default).
            max_refused: The most rows that may be refused; None (the default) for any number.

        Returns:
            How many items were added, changed and left as they were, and the refused rows as a
            table.

        Raises:
            ColumnMismatchException: The list does not have a column, a column is there twice, or
                the keys are missing; nothing was sent.
            InvalidTableException: A column has a type that Anaplan has no values of, and nothing
                was sent; or the first value that can't be written, with its row and column, if no
                request was sent before.
            InvalidArgumentException: `key` or `nulls` is not valid, a numbered list was to be
                identified by names, a number is out of its range, or the client has no model.
            ArgumentTypeException: `table` is no table, or `columns` has the wrong type.
            ImportError: The extra `tables` is not installed.
            InvalidIdentifierException: There is no such list.
            RowsRefusedException: More rows were refused than `max_refused`; the others were sent.
            WriteInterruptedException: A request failed after others had been sent, or its outcome
                is unknown, or a value can't be written; the error has the result so far.
            ModelUnavailableException: The model is deployed, and the list is not production data.
            AnaplanException: A request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Model lists"; Arrow specification, "The Arrow
        PyCapsule Interface".
        """
        _telemetry.current().set(self._traced(names.LIST_ID, list_id))
        check_nulls(nulls)
        if max_refused is not None:
            NOT_NEGATIVE.check("max_refused", max_refused, int)
        if key not in ("code", "name"):
            raise InvalidArgumentException(f"key must be 'code' or 'name', not {key!r}.")
        library = arrow_library()
        stream = await runtime.run_in_thread(open_table, library, table)
        metadata = await self.get_list_metadata(list_id)
        if metadata.numbered_list and key == "name":
            raise InvalidArgumentException(
                "key must be 'code': the items of a numbered list are named by Anaplan."
            )
        chosen = chosen_columns([name for name, _ in stream.fields], columns)
        check_unique([name for _, name in chosen])
        known = list_fields(metadata)
        fields = check_list_columns(chosen, known, key)
        rows = TableRows(library, stream, [place for place, _ in chosen])
        changes = ListChanges(
            rows=rows,
            fields=fields,
            key=key,
            nulls=nulls,
            is_numbered=metadata.numbered_list,
            parent_codes=await self._parent_codes(metadata, fields),
            top_level=metadata.top_level_item.name if metadata.top_level_item else "",
            refused=RefusedTable(library, rows.names),
        )
        await self._remember_items(list_id, changes, known)
        added = await self.insert_list_items(
            list_id, changes.new_items(), items_per_request=items_per_request
        )
        changes.add_failures(added.failures)
        changed = await self.update_list_items(
            list_id, changes.updates, items_per_request=items_per_request
        )
        changes.add_failures(changed.failures)
        refused = changes.refused.table()
        _count(rows.count, refused)
        _check_refused(f"List {list_id}", refused, max_refused)
        # What Anaplan ignored without a failure had these values before.
        ignored = len(changes.updates) - changed.updated - len(changed.failures)
        return ListUpsert(
            added.added, changed.updated, changes.unchanged + max(0, ignored), refused
        )

    async def _line_items_with_dimensions(self, module_id: int | str) -> list[ModuleLineItem]:
        items = await self.get_line_items(module_id)
        # Line items with the same definition have the same dimensions.
        groups: dict[object, LineItem] = {}
        for each in items:
            groups.setdefault(_dimensioned_by(each), each)

        async def read(one: tuple[object, LineItem]) -> tuple[object, dict[str, str]]:
            found = await self.get_line_item_dimensions(one[1].id)
            return one[0], {each.name: str(each.id) for each in found}

        found = runtime.ordered_map(read, groups.items(), self._config.max_concurrency)
        async with aclosing(found):
            dimensions = dict([each async for each in found])
        return [
            ModuleLineItem(str(each.id), each.name, each.format, dimensions[_dimensioned_by(each)])
            for each in items
        ]

    async def _parent_codes(
        self, metadata: ListMetadata, fields: Sequence[ListField]
    ) -> dict[str, str]:
        """Return the codes of the items of the parent list, by folded name."""
        if metadata.parent is None or all(each.name != "parent" for each in fields):
            return {}
        try:
            items = await self.get_dimension_items(metadata.parent.id, return_raw=True)
        except AnaplanRequestException:
            return {}  # Parents that are given by code are sent again.
        return {
            folded(str(each.get("name"))): str(each["code"]) for each in items if each.get("code")
        }

    async def _remember_items(
        self, list_id: int | str, changes: ListChanges, known: Sequence[ListField]
    ) -> None:
        """Read the list."""
        try:
            items = await self.get_list_items(list_id, return_raw=True)
        except AnaplanRequestException as error:
            if error.status_code not in TOO_LARGE:
                raise
        else:
            await runtime.run_in_thread(
                lambda: changes.remember(_existing(each, known) for each in items)
            )
            return
        stream = await self.list_table(list_id, schema={each.name: "text" for each in known})
        async with stream:
            async for batch in stream:
                columns = [batch.column(place).to_pylist() for place in range(batch.num_columns)]
                changes.remember(
                    ExistingItem(None, dict(zip(stream.column_names, values, strict=True)))
                    for values in zip(*columns, strict=True)
                )


def _dimensioned_by(item: LineItem) -> object:
    version = item.version and (str(item.version.id), item.version.name)
    lists = tuple(str(each.id) for each in item.applies_to)
    return lists, item.time_scale, item.time_range, version


def _existing(item: Mapping[str, object], known: Sequence[ListField]) -> ExistingItem:
    groups = {"fixed": item}
    for group in ("properties", "subsets"):
        members = item.get(group)
        groups[group] = cast("Mapping[str, object]", members or {})
    item_id = item.get("id")
    return ExistingItem(
        None if item_id is None else str(item_id),
        {each.name: groups[each.group].get(each.source) for each in known},
    )


def _count(rows: int, refused: Table) -> None:
    _telemetry.count_rows("upload", rows)
    _telemetry.count_refused_rows(len(refused))
    _telemetry.current().set({names.ROWS: rows, names.REFUSED_ROWS: len(refused)})


def _check_refused(what: str, refused: Table, max_refused: int | None) -> None:
    if max_refused is not None and len(refused) > max_refused:
        raise RowsRefusedException(
            f"{what} refused {len(refused):,} rows or cells, and max_refused allows "
            f"{max_refused:,}. The others were written.",
            refused=refused,
        )
