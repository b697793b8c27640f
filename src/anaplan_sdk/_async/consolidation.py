"""Financial Consolidation: tables, dimensions, workflows and users of a product of its own."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing

from pydantic import AliasChoices, Field, TypeAdapter

from anaplan_sdk._async.room import Room, body_of, segment
from anaplan_sdk._async.waiting import check_timeout, wait_until
from anaplan_sdk._async.writing import Target, Writing
from anaplan_sdk._http.batches import Batch, Batcher
from anaplan_sdk._http.replies import decode, unreadable
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk.exceptions import AnaplanResponseException
from anaplan_sdk.models._base import AnaplanModel
from anaplan_sdk.models.consolidation import (
    Dimension,
    DimensionMember,
    Filter,
    Row,
    User,
    UserInput,
    Value,
    WorkflowState,
)
from anaplan_sdk.models.lists import WriteResult

_Rows = list[dict[str, object]]


class _RowPage(AnaplanModel):
    total_pages: int = Field(1, validation_alias=AliasChoices("TotalPages", "totalPages"))
    total_rows: int | None = Field(None, validation_alias=AliasChoices("TotalRows", "totalRows"))
    rows: _Rows = Field(validation_alias="value")


class _MemberPage(AnaplanModel):
    total_pages: int = 1
    members: list[DimensionMember] = Field(
        default_factory=list[DimensionMember], validation_alias="dimensionMembers"
    )


_ROWS: TypeAdapter[_RowPage | _Rows] = TypeAdapter(_RowPage | _Rows)
_MEMBERS = TypeAdapter(_MemberPage)
_DIMENSIONS = TypeAdapter(list[Dimension])
_STATE = TypeAdapter(WorkflowState)
_USERS: TypeAdapter[User | list[User]] = TypeAdapter(User | list[User])
_ROLES = TypeAdapter(list[str])

_LARGEST_PAGE = 2500
# Which words there are is not documented: these would mean that a run goes on.
_GOING_ON = frozenset(
    ("notstarted", "queued", "pending", "waiting", "starting", "started", "running", "inprogress")
)


class _Insertion(Writing[WriteResult]):
    """An insertion of any number of rows; the replies are empty."""

    async def _write(self, batch: Batch) -> WriteResult:
        await self._deliver(batch)
        return WriteResult()


class Consolidation(Room):
    """The tables, dimensions, workflows and users of Financial Consolidation.

    It is a product and a service of its own: give the client
    `consolidation=ConsolidationAccess(token=..., tenant=...)`. Anaplan's tokens aren't sent there.
    """

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
        _check("page_size", page_size, 1, _LARGEST_PAGE)
        _check("top", top, 0)
        _check("skip", skip, 0)
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
        """
        await self._session.send("POST", self._table(table), json=body_of(Row, row))

    async def insert_rows(
        self, table: str, rows: Iterable[Mapping[str, Value]], *, batch_size: int = 1000
    ) -> int:
        """Adds rows to a table, a batch with each request, one after the other.

        No batch is sent twice. If one fails, the error tells which rows may be there.

        Args:
            table: The table.
            rows: The rows, each the values by column. A list is checked whole before the first
                batch is sent, an iterator batch by batch.
            batch_size: How many rows a batch has.

        Returns:
            How many rows were added.

        Raises:
            ValueError: A value can't be sent; it names the row by its position, from 0.
            WriteInterruptedException: A batch failed when others had been sent, or without a clear
                answer when others were to follow.
            AnaplanException: The first batch failed.
        """
        count = 0

        def counted(batches: Iterator[Batch]) -> Iterator[Batch]:
            nonlocal count
            for batch in batches:
                count += len(batch.items)
                yield batch

        url = f"{self._root}/odata/batch/{segment(table)}"
        target = Target("POST", url, opening=b"[", closing=b"]")
        writing = _Insertion(self._session, target, WriteResult)
        batches = counted(Batcher(Row, batch_size).batches(rows))
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
        await self._session.send("PUT", self._table(table), params=query, json=body_of(Row, values))

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

    async def get_dimensions(self, model: str | None = None) -> list[Dimension]:
        """The dimensions of the tenant, or of one model.

        Args:
            model: The model, by name.

        Raises:
            InvalidIdentifierException: No such model.
        """
        url = f"{self._root}/metadata"
        url += "/Dimensions" if model is None else f"/models/{segment(model)}/Dimensions"
        return decode(_DIMENSIONS, await self._session.send("GET", url))

    async def get_dimension_members(
        self, dimension: str, *, page_size: int = 1000
    ) -> AsyncGenerator[DimensionMember]:
        """The members of a dimension, page by page.

        Args:
            dimension: The dimension, by name.
            page_size: How many members a page has.

        Raises:
            InvalidIdentifierException: No such dimension.
        """
        _check("page_size", page_size, 1)
        url = f"{self._root}/metadata/Dimensions/{segment(dimension)}"

        async def fetch(number: int) -> _MemberPage:
            params = {"Page": number, "PageSize": page_size}
            return decode(_MEMBERS, await self._session.send("GET", url, params=params))

        first = await fetch(1)
        for member in first.members:
            yield member
        others = range(2, first.total_pages + 1)
        pages = runtime.ordered_map(fetch, others, self._settings.max_concurrency)
        async with aclosing(pages):
            async for page in pages:
                for member in page.members:
                    yield member

    async def start_workflow(
        self, path: str, workflow: str, parameters: Sequence[object] = ()
    ) -> None:
        """Starts a workflow.

        Args:
            path: The folder it is in, such as `Imports/Nightly`.
            workflow: The workflow's name.
            parameters: What its first task asks for.

        Raises:
            InvalidIdentifierException: No such workflow.
        """
        url = self._workflow("start", path, workflow)
        await self._session.send("POST", url, json=list(parameters))

    async def stop_workflow(self, path: str, workflow: str) -> None:
        """Stops a workflow. Arguments and errors as for `start_workflow`."""
        await self._session.send("POST", self._workflow("stop", path, workflow), json=[])

    async def get_workflow_state(self, path: str, workflow: str) -> WorkflowState:
        """How a workflow's latest run stands.

        One that doesn't exist is no error: its state's `has_run` is false.
        """
        url = self._workflow("state", path, workflow)
        return decode(_STATE, await self._session.send("GET", url))

    async def run_workflow(
        self,
        path: str,
        workflow: str,
        parameters: Sequence[object] = (),
        *,
        finished: Callable[[WorkflowState], bool] | None = None,
        timeout: float | None = None,
    ) -> WorkflowState:
        """Starts a workflow and waits for its end, whichever end that is.

        Args:
            path: The folder it is in.
            workflow: The workflow's name.
            parameters: What its first task asks for.
            finished: Says whether a state is an end. The words that `state` has aren't documented;
                by default any is that doesn't say that the run waits or goes on.
            timeout: Seconds to wait; no limit when not given.

        Returns:
            The state at the end: look at it, as a run that failed ends, too.

        Raises:
            InvalidIdentifierException: No such workflow.
            AnaplanTimeoutException: Time is up; the run goes on.
            AnaplanResponseException: The service doesn't tell the state, and without `finished`
                it can't be known when the run ends.
        """
        check_timeout(timeout)
        before = await self.get_workflow_state(path, workflow)
        await self.start_workflow(path, workflow, parameters)
        settled = time.monotonic() + self._settings.settle_time

        def has_ended(state: WorkflowState) -> WorkflowState | None:
            # The start is answered with nothing: only another run's id shows that it is this run.
            is_earlier = not state.has_run or state.run_id == before.run_id
            if is_earlier and time.monotonic() < settled:
                return None
            return state if (finished or _is_end)(state) else None

        return await wait_until(
            lambda: self.get_workflow_state(path, workflow),
            has_ended,
            delay=self._settings.status_poll_delay,
            timeout=timeout,
            overdue=lambda state: f"Workflow {workflow!r} is {state.state or 'under way'}",
        )

    async def get_users(self) -> list[User]:
        """The users, with their roles."""
        users = decode(_USERS, await self._session.send("GET", f"{self._root}/users"))
        return users if isinstance(users, list) else [users]

    async def add_users(self, users: Iterable[UserInput | Mapping[str, object]]) -> list[User]:
        """Adds users.

        Args:
            users: The users, as models or dicts.

        Raises:
            ValueError: There are none, or one has no name.
            AnaplanRequestException: There is such a user, or a role isn't one (400).
        """
        body = [body_of(UserInput, user) for user in users]
        if not body:
            raise ValueError("users is empty: there is nobody to add.")
        response = await self._session.send("POST", f"{self._root}/users", json=body)
        added = decode(_USERS, response)
        return added if isinstance(added, list) else [added]

    async def update_user(self, user: UserInput | Mapping[str, object]) -> User:
        """Changes a user, found by `user_name`; `roles` replaces those they have.

        Raises:
            InvalidIdentifierException: No such user.
        """
        response = await self._session.send(
            "PUT", f"{self._root}/users", json=body_of(UserInput, user)
        )
        changed = decode(_USERS, response)
        if isinstance(changed, list):
            raise unreadable(response, "several users instead of one")
        return changed

    async def delete_user(self, user_name: str) -> None:
        """Deletes a user. That there is no such user is not told."""
        await self._session.send("DELETE", f"{self._root}/users/{segment(user_name)}")

    async def get_user_roles(self, user_name: str) -> list[str]:
        """The roles of a user.

        Raises:
            InvalidIdentifierException: No such user.
        """
        return decode(_ROLES, await self._session.send("GET", self._roles(user_name)))

    async def assign_user_roles(self, user_name: str, roles: Iterable[str] | str) -> list[str]:
        """Gives a user further roles.

        Args:
            user_name: The user.
            roles: The roles, or one.

        Returns:
            All roles the user has now.
        """
        further = [roles] if isinstance(roles, str) else list(roles)
        response = await self._session.send("PUT", self._roles(user_name), json=further)
        return decode(_ROLES, response)

    async def revoke_user_role(self, user_name: str, role: str) -> list[str]:
        """Takes a role away from a user.

        Returns:
            The roles the user has left.
        """
        response = await self._session.send("DELETE", self._roles(user_name), json=role)
        return decode(_ROLES, response)

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

    def _workflow(self, verb: str, path: str, workflow: str) -> str:
        folders = "/".join(segment(folder) for folder in path.strip("/").split("/"))
        return f"{self._root}/process/{verb}/{folders}/{segment(workflow)}"

    def _roles(self, user_name: str) -> str:
        return f"{self._root}/user/{segment(user_name)}/roles"


def _is_end(state: WorkflowState) -> bool:
    if state.state is None:
        raise AnaplanResponseException(
            "Financial Consolidation doesn't tell how the workflow stands. Give run_workflow a "
            "`finished` that knows, or start_workflow and look for what the workflow does."
        )
    return "".join(filter(str.isalpha, state.state.lower())) not in _GOING_ON


def _query(where: str | Filter | None) -> dict[str, str]:
    if where is None:
        return {}
    text = str(where)
    if not text.strip():
        raise ValueError("The filter is empty.")
    return {"$filter": text}


def _listed(columns: Sequence[str] | str) -> str:
    return columns if isinstance(columns, str) else ",".join(columns)


def _check(name: str, value: int | None, least: int, most: int | None = None) -> None:
    if value is not None and (value < least or (most is not None and value > most)):
        span = f"at least {least}" if most is None else f"{least} to {most:,}"
        raise ValueError(f"{name} must be {span}, not {value}.")
