"""The tables of Financial Consolidation."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from itertools import count as numbers
from typing import TypeVar

import httpx2
from pydantic import AliasChoices, Field, TypeAdapter

from anaplan_sdk._async.api.namespace import ApiNamespace, path_segment, validated
from anaplan_sdk._async.transfer.batch_write import BatchWrite, WriteEndpoint
from anaplan_sdk._async.transport.recovery import start_at_most_once
from anaplan_sdk._formats.json_batches import Batch, Batcher
from anaplan_sdk._http.paging import bounded
from anaplan_sdk._http.replies import decode, unreadable
from anaplan_sdk._ranges import NOT_NEGATIVE, Range
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk.exceptions import InvalidArgumentException
from anaplan_sdk.models._base import AnaplanModel
from anaplan_sdk.models.consolidation import Filter, Row, Value
from anaplan_sdk.models.writes import WriteResult

_Rows = list[dict[str, object]]


class NumberedPage(AnaplanModel):
    """A page of a listing whose pages are numbered from 1."""

    total_pages: int = Field(1, validation_alias=AliasChoices("TotalPages", "totalPages"))


class _RowPage(NumberedPage):
    total_rows: int | None = Field(None, validation_alias=AliasChoices("TotalRows", "totalRows"))
    rows: _Rows = Field(validation_alias="value")


P = TypeVar("P", bound=NumberedPage)

_ROWS: TypeAdapter[_RowPage | _Rows] = TypeAdapter(_RowPage | _Rows)

# Rows. Anaplan help, "OData endpoint".
_MAX_PAGE_SIZE = 2500


class _Insertion(BatchWrite[WriteResult]):
    """Inserts any number of rows. The replies to it are empty."""

    async def _write(self, batch: Batch) -> WriteResult:
        await self._request(batch)
        return WriteResult()


class Tables(ApiNamespace):
    """Reading, inserting, changing and deleting rows of tables."""

    async def get_rows(
        self,
        table: str,
        predicate: str | Filter | None = None,
        *,
        select: Sequence[str] | str | None = None,
        order_by: Sequence[str] | str | None = None,
        top: int | None = None,
        skip: int | None = None,
        page_size: int = _MAX_PAGE_SIZE,
    ) -> AsyncGenerator[dict[str, object]]:
        """Iterate over the rows of a table, reading several pages at the same time.

        Args:
            table: The table's name.
            predicate: Only rows that this is true for: comparisons of
                `models.consolidation.column`, or text in OData's filter language such as
                `Scenario_Name eq 'Actual'`; None (the default) for all rows.
            select: The columns to return, as names or comma-separated text; None (the default)
                for all.
            order_by: The columns to sort by, as names or comma-separated text, each followed by
                ` desc` for descending order; None (the default) for the service's own order.
            top: Maximum number of rows; None (the default) for no limit.
            skip: Number of rows to leave out at the start; None (the default) for none.
            page_size: Number of rows in a page, 1 to 2,500 (default).

        Yields:
            The values of each row by column.

        Raises:
            InvalidArgumentException: A number is out of its range, or `predicate` is empty text.
            InvalidIdentifierException: There is no such table.
            AnaplanRequestException: The service doesn't understand the filter or the order, or a
                column doesn't exist (HTTP 400).
            InvalidCredentialsException: The client was made without `consolidation`, or the service
                refused its token.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "OData endpoint".
        """
        Range(1, _MAX_PAGE_SIZE).check("page_size", page_size, int)
        for name, value in (("top", top), ("skip", skip)):
            if value is not None:
                NOT_NEGATIVE.check(name, value, int)
        query = _query(predicate)
        if select is not None:
            query["$select"] = _listed(select)
        if order_by is not None:
            query["$orderby"] = _listed(order_by)
        if top is None and skip is None:
            pages = self._pages(self._table(table), query, page_size, _row_page)
        else:
            pages = self._windows(self._table(table), query, page_size, top, skip or 0)
        async with aclosing(pages):
            async for page in pages:
                for row in page.rows:
                    yield row

    async def count_rows(self, table: str, predicate: str | Filter | None = None) -> int:
        """Count the rows of a table.

        Args:
            table: The table's name.
            predicate: Counts only rows that this is true for: comparisons of
                `models.consolidation.column`, or text in OData's filter language such as
                `Scenario_Name eq 'Actual'`; None (the default) counts all.

        Returns:
            The number of rows.

        Raises:
            InvalidArgumentException: `predicate` is empty text.
            InvalidIdentifierException: There is no such table.
            AnaplanRequestException: The service doesn't understand the filter, or a column doesn't
                exist (HTTP 400).
            InvalidCredentialsException: The client was made without `consolidation`, or the service
                refused its token.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "OData endpoint".
        """
        params: dict[str, str | int] = {**_query(predicate), "Page": 1, "PageSize": 1}
        response = await self._session.send("GET", self._table(table), params=params)
        total = _row_page(response).total_rows
        if total is None:
            raise unreadable(response, "it lacks the number of rows")
        return total

    async def insert_row(self, table: str, row: Mapping[str, Value]) -> None:
        """Insert a row into a table.

        The request is not repeated when it may have been received.

        Args:
            table: The table's name.
            row: The values by column: text, numbers, True and False, and None.

        Raises:
            InvalidArgumentException: The row is empty, or a value can't be sent.
            InvalidIdentifierException: There is no such table.
            AnaplanRequestException: The row doesn't fit the table (HTTP 400).
            OutcomeUnknownException: The reply was lost, so it is unknown whether the row was
                inserted.
            InvalidCredentialsException: The client was made without `consolidation`, or the service
                refused its token.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "OData endpoint".
        """
        body = _row(row)
        await start_at_most_once(
            lambda: self._session.send("POST", self._table(table), json=body),
            what=f"A row of table {table!r}",
            verb="inserted",
        )

    async def insert_rows(
        self, table: str, rows: Iterable[Mapping[str, Value]], *, rows_per_request: int = 1000
    ) -> int:
        """Insert rows into a table, several with each request, one request after another.

        A request is not repeated when it may have been received. If one fails, the exception names
        the rows that were not inserted and those that may have been.

        Args:
            table: The table's name.
            rows: The rows, each with its values by column: text, numbers, True and False, and
                None. A list is checked completely before the first request, an iterator as it is
                read.
            rows_per_request: The most rows in one request, 1 to 100,000; 1,000 by default.

        Returns:
            The number of rows that were inserted.

        Raises:
            ArgumentTypeException: `rows` is a single row or text.
            InvalidArgumentException: A row is empty or has a value that can't be sent; the message
                has its position, counted from 0. Or `rows_per_request` is out of its range.
            InvalidIdentifierException: There is no such table.
            AnaplanRequestException: The only request was refused, or the first one (HTTP 400).
            WriteInterruptedException: A request failed after others had been sent, or without a
                clear reply.
            InvalidCredentialsException: The client was made without `consolidation`, or the service
                refused its token.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "OData endpoint".
        """
        count = 0

        def counted(batches: Iterator[Batch]) -> Iterator[Batch]:
            nonlocal count
            for batch in batches:
                count += len(batch.items)
                yield batch

        url = f"{self._root}/odata/batch/{path_segment(table)}"
        endpoint = WriteEndpoint("POST", url, opening=b"[", closing=b"]", is_idempotent=False)
        write = _Insertion(self._session, endpoint, WriteResult)
        batches = counted(Batcher(Row, rows_per_request).batches(rows))
        await write.run(batches, raise_on_failure=False)
        return count

    async def update_rows(
        self, table: str, values: Mapping[str, Value], predicate: str | Filter
    ) -> None:
        """Write the same values to all rows that a filter is true for.

        Args:
            table: The table's name.
            values: The new values by column: text, numbers, True and False, and None. Other
                columns keep their values.
            predicate: The rows to change: comparisons of `models.consolidation.column`, or text in
                OData's filter language such as `Scenario_Name eq 'Actual'`.

        Raises:
            InvalidArgumentException: `predicate` is empty text, or `values` is empty or has a value
                that can't be sent.
            InvalidIdentifierException: There is no such table.
            AnaplanRequestException: The values don't fit the table, or the service doesn't
                understand the filter (HTTP 400).
            InvalidCredentialsException: The client was made without `consolidation`, or the service
                refused its token.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "OData endpoint".
        """
        query = _query(predicate)
        await self._session.send("PUT", self._table(table), params=query, json=_row(values))

    async def delete_rows(
        self, table: str, predicate: str | Filter | None = None, *, everything: bool = False
    ) -> None:
        """Delete the rows that a filter is true for, or all rows of a table.

        Give either `predicate` or `everything=True`, so that a forgotten filter deletes nothing.

        Args:
            table: The table's name.
            predicate: The rows to delete: comparisons of `models.consolidation.column`, or text in
                OData's filter language such as `Scenario_Name eq 'Actual'`.
            everything: Whether to delete all rows.

        Raises:
            InvalidArgumentException: Neither was given, or both; or `predicate` is empty text.
            InvalidIdentifierException: There is no such table.
            AnaplanRequestException: The service doesn't understand the filter (HTTP 400).
            InvalidCredentialsException: The client was made without `consolidation`, or the service
                refused its token.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "OData endpoint".
        """
        if (predicate is None) is not everything:
            raise InvalidArgumentException(
                "Give either a predicate, or everything=True to delete all rows."
            )
        await self._session.send("DELETE", self._table(table), params=_query(predicate))

    async def _pages(
        self,
        url: str,
        query: Mapping[str, str],
        size: int,
        read: Callable[[httpx2.Response], P],
    ) -> AsyncGenerator[P]:
        """Read all pages; those after the first at the same time."""

        async def fetch(number: int) -> P:
            params: dict[str, str | int] = {**query, "Page": number, "PageSize": size}
            return read(await self._session.send("GET", url, params=params))

        first = await fetch(1)
        yield first
        others = bounded(range(2, first.total_pages + 1), self._max_pages)
        pages = runtime.ordered_map(fetch, others, self._config.max_concurrency)
        async with aclosing(pages):
            async for page in pages:
                yield page

    async def _windows(
        self, url: str, query: Mapping[str, str], size: int, top: int | None, skip: int
    ) -> AsyncGenerator[_RowPage]:
        """Read spans of rows: whether `$top` and `$skip` work with pages is not documented."""
        count = 0
        for _ in bounded(numbers(), self._max_pages):
            if top is not None and count >= top:
                return
            width = size if top is None else min(size, top - count)
            params: dict[str, str | int] = {**query, "$top": width, "$skip": skip + count}
            page = _row_page(await self._session.send("GET", url, params=params))
            yield page
            count += len(page.rows)
            if len(page.rows) < width:
                return

    @property
    def _root(self) -> str:
        return self._session.hosts.consolidation

    def _table(self, table: str) -> str:
        return f"{self._root}/odata/{path_segment(table)}"


def _row_page(response: httpx2.Response) -> _RowPage:
    page = decode(_ROWS, response)
    return page if isinstance(page, _RowPage) else _RowPage.model_validate({"value": page})


def _row(values: Mapping[str, Value]) -> dict[str, object]:
    """Return the values in the form in which they are sent, None included."""
    return validated(Row, values).model_dump(mode="json", by_alias=True)


def _query(predicate: str | Filter | None) -> dict[str, str]:
    if predicate is None:
        return {}
    text = str(predicate)
    if not text.strip():
        raise InvalidArgumentException("predicate must not be empty.")
    return {"$filter": text}


def _listed(columns: Sequence[str] | str) -> str:
    return columns if isinstance(columns, str) else ",".join(columns)
