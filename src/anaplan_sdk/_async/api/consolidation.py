"""Financial Consolidation: tables, dimensions, workflows and users of a product of its own."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing

from pydantic import Field, TypeAdapter

from anaplan_sdk._async.api.consolidation_tables import Tables, check_number
from anaplan_sdk._async.api.namespace import body_of, segment
from anaplan_sdk._async.transport.polling import check_timeout, wait_until
from anaplan_sdk._async.transport.recovery import unclear
from anaplan_sdk._http.replies import decode, unreadable
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk.exceptions import AnaplanResponseException
from anaplan_sdk.models._base import AnaplanModel
from anaplan_sdk.models.consolidation import (
    Dimension,
    DimensionMember,
    User,
    UserInput,
    WorkflowState,
)


class _MemberPage(AnaplanModel):
    total_pages: int = 1
    members: list[DimensionMember] = Field(
        default_factory=list[DimensionMember], validation_alias="dimensionMembers"
    )


_MEMBERS = TypeAdapter(_MemberPage)
_DIMENSIONS = TypeAdapter(list[Dimension])
_STATE = TypeAdapter(WorkflowState)
_USERS: TypeAdapter[User | list[User]] = TypeAdapter(User | list[User])
_ROLES = TypeAdapter(list[str])

# Which words there are is not documented: these would mean that a run goes on.
_GOING_ON = frozenset(
    (
        "notstarted",
        "queued",
        "pending",
        "waiting",
        "starting",
        "started",
        "running",
        "inprogress",
        "stopping",
    )
)


class Consolidation(Tables):
    """The tables, dimensions, workflows and users of Financial Consolidation.

    It is a product and a service of its own: give the client
    `consolidation=ConsolidationAccess(token=..., tenant=...)`. Anaplan's tokens aren't sent there.
    """

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
        check_number("page_size", page_size, 1)
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
            OutcomeUnknownException: The answer was lost: `get_workflow_state` may tell.
        """
        url = self._workflow("start", path, workflow)
        with unclear(f"Workflow {workflow!r} may have been started"):
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
            OutcomeUnknownException: The answer was lost.
        """
        body = [body_of(UserInput, user) for user in users]
        if not body:
            raise ValueError("users is empty: there is nobody to add.")
        with unclear("The users may have been added: `get_users` tells"):
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
