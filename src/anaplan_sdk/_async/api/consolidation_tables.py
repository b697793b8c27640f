"""The tables of Financial Consolidation."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing

from pydantic import AliasChoices, Field, TypeAdapter

from anaplan_sdk._async.api.namespace import ApiNamespace, segment
from anaplan_sdk._async.transfer.batch_write import Target, Writing
from anaplan_sdk._async.transport.recovery import unclear
from anaplan_sdk._formats.json_batches import Batch, Batcher
from anaplan_sdk._http.replies import decode, unreadable
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk.models._base import AnaplanModel
from anaplan_sdk.models.consolidation import Filter, Row, Value
from anaplan_sdk.models.lists import WriteResult

_Rows = list[dict[str, object]]


class _RowPage(AnaplanModel):
    total_pages: int = Field(1, validation_alias=AliasChoices("TotalPages", "totalPages"))
    total_rows: int | None = Field(None, validation_alias=AliasChoices("TotalRows", "totalRows"))
    rows: _Rows = Field(validation_alias="value")


_ROWS: TypeAdapter[_RowPage | _Rows] = TypeAdapter(_RowPage | _Rows)

_LARGEST_PAGE = 2500


class _Insertion(Writing[WriteResult]):
    """An insertion of any number of rows; the replies are empty."""

    async def _write(self, batch: Batch) -> WriteResult:
        await self._deliver(batch)
        return WriteResult()


class Tables(ApiNamespace):
    """Rows of tables, by filters."""

    async def get_rows(
        self,
        table: str,
        where: str | Filter | None = None,
        *,
        select: Sequence[str] | str | None = None,
        order_by: Sequence[str] | str | None = None,
        top: int | None = None,
        skip: int | None = None,
        page_size: int = _LARGEST_PAGE,
    ) -> AsyncGenerator[dict[str, object]]:
        """The rows of a table, page by page.

        Args:
            table: The table.
            where: Keeps the rows it is true for: comparisons of `models.consolidation.column`, or
                OData's own text, such as `Scenario_Name eq 'Actual'`.
            select: The columns to give; all when not given.
            order_by: The columns to sort by, each with ` desc` after it to sort downwards.
            top: How many rows to give at the most.
            skip: How many rows to leave out first.
            page_size: How many rows a page has, 2,500 at the most.

        Raises:
            ValueError: A number is out of its range, or the filter is empty.
            InvalidIdentifierException: No such table.
            AnaplanRequestException: The filter or the order isn't one (400).
        """
        check_number("page_size", page_size, 1, _LARGEST_PAGE)
        check_number("top", top, 0)
        check_number("skip", skip, 0)
        query = _query(where)
        if select is not None:
            query["$select"] = _listed(select)
        if order_by is not None:
            query["$orderby"] = _listed(order_by)
        if top is None and skip is None:
            pages = self._pages(self._table(table), query, page_size)
        else:
            pages = self._windows(self._table(table), query, page_size, top, skip or 0)
        async with aclosing(pages):
            async for page in pages:
                for row in page:
                    yield row

    async def count_rows(self, table: str, where: str | Filter | None = None) -> int:
        """How many rows a table has, or how many a filter is true for.

        Args:
            table: The table.
            where: As for `get_rows`.
        """
        params: dict[str, str | int] = {**_query(where), "Page": 1, "PageSize": 1}
        response = await self._session.send("GET", self._table(table), params=params)
        page = decode(_ROWS, response)
        if not isinstance(page, _RowPage) or page.total_rows is None:
            raise unreadable(response, "it doesn't tell how many rows there are")
        return page.total_rows

    async def insert_row(self, table: str, row: Mapping[str, Value]) -> None:
        """Adds a row to a table.

        Args:
            table: The table.
            row: The values by column.

        Raises:
            ValueError: A value can't be sent.
            AnaplanRequestException: The row doesn't fit the table (400).
            OutcomeUnknownException: The answer was lost.
        """
        with unclear(f"A row may have been added to table {table!r}"):
            await self._session.send("POST", self._table(table), json=_row(row))

    async def insert_rows(
        self, table: str, rows: Iterable[Mapping[str, Value]], *, rows_per_request: int = 1000
    ) -> int:
        """Adds rows to a table, a batch with each request, one after the other.

        No batch is sent twice. If one fails, the error tells which rows may be there.

        Args:
            table: The table.
            rows: The rows, each the values by column. A list is checked whole before the first
                batch is sent, an iterator batch by batch.
            rows_per_request: The most rows in one request, 1 to 100,000; 1,000 by default.

        Returns:
            How many rows were added.

        Raises:
            ValueError: A value can't be sent; it names the row by its position, from 0.
            WriteInterruptedException: A batch failed when others had been sent, or without a clear
                answer.
            AnaplanException: The first batch was refused.
        """
        count = 0

        def counted(batches: Iterator[Batch]) -> Iterator[Batch]:
            nonlocal count
            for batch in batches:
                count += len(batch.items)
                yield batch

        url = f"{self._root}/odata/batch/{segment(table)}"
        target = Target("POST", url, opening=b"[", closing=b"]", adds=True)
        writing = _Insertion(self._session, target, WriteResult)
        batches = counted(Batcher(Row, rows_per_request).batches(rows))
        await writing.run(batches, raise_on_failure=False)
        return count

    async def update_rows(
        self, table: str, values: Mapping[str, Value], where: str | Filter
    ) -> None:
        """Writes the same values to all rows that a filter is true for.

        Args:
            table: The table.
            values: The new values by column; other columns stay.
            where: Which rows, as for `get_rows`.
        """
        query = _query(where)
        await self._session.send("PUT", self._table(table), params=query, json=_row(values))

    async def delete_rows(
        self, table: str, where: str | Filter | None = None, *, everything: bool = False
    ) -> None:
        """Deletes the rows that a filter is true for, or all rows of a table.

        Args:
            table: The table.
            where: Which rows, as for `get_rows`.
            everything: Empties the table. It stands alone: a filter that was forgotten deletes
                nothing.

        Raises:
            ValueError: There is neither a filter nor `everything`, or there are both.
        """
        if (where is None) is not everything:
            raise ValueError("Give a filter, or everything=True to delete all rows.")
        await self._session.send("DELETE", self._table(table), params=_query(where))

    async def _pages(self, url: str, query: Mapping[str, str], size: int) -> AsyncGenerator[_Rows]:
        async def fetch(number: int) -> _RowPage:
            params: dict[str, str | int] = {**query, "Page": number, "PageSize": size}
            page = decode(_ROWS, await self._session.send("GET", url, params=params))
            return page if isinstance(page, _RowPage) else _RowPage.model_validate({"value": page})

        first = await fetch(1)
        yield first.rows
        others = range(2, first.total_pages + 1)
        pages = runtime.ordered_map(fetch, others, self._settings.max_concurrency)
        async with aclosing(pages):
            async for page in pages:
                yield page.rows

    async def _windows(
        self, url: str, query: Mapping[str, str], size: int, top: int | None, skip: int
    ) -> AsyncGenerator[_Rows]:
        """Spans of rows, since whether `$top` and `$skip` go with pages isn't documented."""
        given = 0
        while top is None or given < top:
            width = size if top is None else min(size, top - given)
            params: dict[str, str | int] = {**query, "$top": width, "$skip": skip + given}
            page = decode(_ROWS, await self._session.send("GET", url, params=params))
            rows = page.rows if isinstance(page, _RowPage) else page
            yield rows
            given += len(rows)
            if len(rows) < width:
                return

    @property
    def _root(self) -> str:
        return self._session.hosts.consolidation

    def _table(self, table: str) -> str:
        return f"{self._root}/odata/{segment(table)}"


def _row(values: Mapping[str, Value]) -> dict[str, object]:
    """The values as they are sent, those that are null among them."""
    return Row.model_validate(values).model_dump(mode="json", by_alias=True)


def _query(where: str | Filter | None) -> dict[str, str]:
    if where is None:
        return {}
    text = str(where)
    if not text.strip():
        raise ValueError("The filter is empty.")
    return {"$filter": text}


def _listed(columns: Sequence[str] | str) -> str:
    return columns if isinstance(columns, str) else ",".join(columns)


def check_number(name: str, value: int | None, least: int, most: int | None = None) -> None:
    if value is not None and (value < least or (most is not None and value > most)):
        span = f"at least {least}" if most is None else f"{least} to {most:,}"
        raise ValueError(f"{name} must be {span}, not {value}.")
