"""Financial Consolidation: tables, dimensions, workflows and users of a separate product."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing

from pydantic import Field, TypeAdapter

from anaplan_sdk._async.api.consolidation_tables import NumberedPage, Tables
from anaplan_sdk._async.api.namespace import json_body, path_segment
from anaplan_sdk._async.transport.polling import wait_until
from anaplan_sdk._async.transport.recovery import start_at_most_once
from anaplan_sdk._http.replies import decode, unreadable
from anaplan_sdk._ranges import AT_LEAST_ONE, check_timeout
from anaplan_sdk._runtime.deadline import Deadline
from anaplan_sdk.exceptions import AnaplanResponseException, InvalidArgumentException
from anaplan_sdk.models.consolidation import (
    Dimension,
    DimensionMember,
    User,
    UserInput,
    WorkflowState,
)


class _MemberPage(NumberedPage):
    members: list[DimensionMember] = Field(
        default_factory=list[DimensionMember], validation_alias="dimensionMembers"
    )


_MEMBERS = TypeAdapter(_MemberPage)
_DIMENSIONS = TypeAdapter(list[Dimension])
_STATE = TypeAdapter(WorkflowState)
_USERS: TypeAdapter[User | list[User]] = TypeAdapter(User | list[User])
_ROLES = TypeAdapter(list[str])

# The names of the states are not documented. These are taken for states of an unfinished run.
_UNFINISHED = frozenset(
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

    It is a product of its own, with its own service and token: give the client
    `consolidation=ConsolidationAccess(token=..., tenant=...)`. Anaplan's tokens are never sent to
    it.
    """

    async def get_dimensions(self, model: str | None = None) -> list[Dimension]:
        """List the dimensions of the tenant, or of one model.

        Args:
            model: The model's name; None (the default) for all dimensions of the tenant.

        Returns:
            The dimensions with their properties.

        Raises:
            InvalidIdentifierException: There is no such model.
            InvalidCredentialsException: The client was made without `consolidation`, or the service
                refused its token.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "Anaplan Financial Consolidation API".
        """
        url = f"{self._root}/metadata"
        url += "/Dimensions" if model is None else f"/models/{path_segment(model)}/Dimensions"
        return decode(_DIMENSIONS, await self._session.send("GET", url))

    async def get_dimension_members(
        self, dimension: str, *, page_size: int = 1000
    ) -> AsyncGenerator[DimensionMember]:
        """Iterate over the members of a dimension, reading several pages at the same time.

        Args:
            dimension: The dimension's name.
            page_size: Number of members in a page, at least 1; 1,000 by default.

        Yields:
            Each member with its properties.

        Raises:
            InvalidArgumentException: `page_size` is out of its range.
            InvalidIdentifierException: There is no such dimension.
            InvalidCredentialsException: The client was made without `consolidation`, or the service
                refused its token.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "Anaplan Financial Consolidation API".
        """
        AT_LEAST_ONE.check("page_size", page_size, int)
        url = f"{self._root}/metadata/Dimensions/{path_segment(dimension)}"
        pages = self._pages(url, {}, page_size, lambda response: decode(_MEMBERS, response))
        async with aclosing(pages):
            async for page in pages:
                for member in page.members:
                    yield member

    async def start_workflow(
        self, path: str, workflow: str, parameters: Sequence[object] = ()
    ) -> None:
        """Start a workflow, without waiting for its end.

        The request is not repeated when it may have been received.

        Args:
            path: The folder of the workflow, such as `Imports/Nightly`.
            workflow: The workflow's name.
            parameters: The parameters of its first task; none by default.

        Raises:
            InvalidArgumentException: A name is empty.
            InvalidIdentifierException: There is no such workflow.
            OutcomeUnknownException: The reply was lost, so it is unknown whether the workflow was
                started; `get_workflow_state` may show it.
            InvalidCredentialsException: The client was made without `consolidation`, or the service
                refused its token.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "Anaplan Financial Consolidation API".
        """
        url = self._workflow("start", path, workflow)
        await start_at_most_once(
            lambda: self._session.send("POST", url, json=list(parameters)),
            what=f"Workflow {workflow!r}",
        )

    async def stop_workflow(self, path: str, workflow: str) -> None:
        """Stop a running workflow.

        Args:
            path: The folder of the workflow, such as `Imports/Nightly`.
            workflow: The workflow's name.

        Raises:
            InvalidArgumentException: A name is empty.
            InvalidIdentifierException: There is no such workflow.
            InvalidCredentialsException: The client was made without `consolidation`, or the service
                refused its token.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "Anaplan Financial Consolidation API".
        """
        await self._session.send("POST", self._workflow("stop", path, workflow), json=[])

    async def get_workflow_state(self, path: str, workflow: str) -> WorkflowState:
        """Return the state of a workflow's latest run.

        Args:
            path: The folder of the workflow, such as `Imports/Nightly`.
            workflow: The workflow's name.

        Returns:
            The state. Its `has_run` is False when the workflow has never run, and also when there
            is no such workflow, which the service doesn't report as an error.

        Raises:
            InvalidArgumentException: A name is empty.
            InvalidCredentialsException: The client was made without `consolidation`, or the service
                refused its token.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "Anaplan Financial Consolidation API".
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
        """Start a workflow and wait for its end, successful or not.

        The request is not repeated when it may have been received.

        Args:
            path: The folder of the workflow, such as `Imports/Nightly`.
            workflow: The workflow's name.
            parameters: The parameters of its first task; none by default.
            finished: Returns True for a state at the end of a run. The names of the states are
                not documented; by default every state is an end whose name doesn't mean that the
                run is waiting or in progress.
            timeout: Seconds to wait for the end; None (the default) waits without limit. The work
                at the service continues after a timeout.

        Returns:
            The state at the end. Check it: a failed run has ended, too.

        Raises:
            InvalidArgumentException: A name is empty, or `timeout` is negative.
            InvalidIdentifierException: There is no such workflow.
            AnaplanTimeoutException: The run had not ended after `timeout` seconds.
            AnaplanResponseException: The service returned no name of the state, and `finished` was
                not given.
            OutcomeUnknownException: The reply to the start was lost, so it is unknown whether the
                workflow was started.
            InvalidCredentialsException: The client was made without `consolidation`, or the service
                refused its token.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "Anaplan Financial Consolidation API".
        """
        check_timeout(timeout)
        before = await self.get_workflow_state(path, workflow)
        await self.start_workflow(path, workflow, parameters)
        settled = Deadline.after(self._config.settle_time)

        def has_ended(state: WorkflowState) -> WorkflowState | None:
            # The reply to the start is empty: this run is known only by an id that is not that of
            # the run before.
            is_earlier = not state.has_run or state.run_id == before.run_id
            if is_earlier and not settled.expired:
                return None
            return state if (finished or _is_end)(state) else None

        return await wait_until(
            lambda: self.get_workflow_state(path, workflow),
            has_ended,
            delay=self._config.status_poll_delay,
            timeout=timeout,
            describe=lambda state: f"Workflow {workflow!r} is {state.state or 'under way'}",
        )

    async def get_users(self) -> list[User]:
        """List the users with their roles.

        Returns:
            The users.

        Raises:
            InvalidCredentialsException: The client was made without `consolidation`, or the service
                refused its token.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "User management endpoints".
        """
        users = decode(_USERS, await self._session.send("GET", f"{self._root}/users"))
        return users if isinstance(users, list) else [users]

    async def add_users(self, users: Iterable[UserInput | Mapping[str, object]]) -> list[User]:
        """Add users.

        The request is not repeated when it may have been received.

        Args:
            users: The users with their names and roles. A dict may use the service's field names
                or those of the model.

        Returns:
            The users as they were added.

        Raises:
            InvalidArgumentException: There are no users, or one has no name.
            AnaplanRequestException: A user exists already, or a role doesn't exist (HTTP 400).
            OutcomeUnknownException: The reply was lost, so it is unknown whether the users were
                added; `get_users` shows it.
            InvalidCredentialsException: The client was made without `consolidation`, or the service
                refused its token.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "User management endpoints".
        """
        body = [json_body(UserInput, user) for user in users]
        if not body:
            raise InvalidArgumentException("users must not be empty.")

        async def send() -> list[User]:
            added = decode(
                _USERS, await self._session.send("POST", f"{self._root}/users", json=body)
            )
            return added if isinstance(added, list) else [added]

        return await start_at_most_once(send, what="Users, which `get_users` shows,", verb="added")

    async def update_user(self, user: UserInput | Mapping[str, object]) -> User:
        """Change a user.

        Args:
            user: The user, identified by `user_name`, with the fields to change. `roles` replaces
                all of the user's roles. A dict may use the service's field names or those of the
                model.

        Returns:
            The user after the change.

        Raises:
            InvalidArgumentException: The user has no name.
            InvalidIdentifierException: There is no such user.
            InvalidCredentialsException: The client was made without `consolidation`, or the service
                refused its token.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "User management endpoints".
        """
        response = await self._session.send(
            "PUT", f"{self._root}/users", json=json_body(UserInput, user)
        )
        changed = decode(_USERS, response)
        if isinstance(changed, list):
            raise unreadable(response, "several users instead of one")
        return changed

    async def delete_user(self, user_name: str) -> None:
        """Delete a user. The service reports no error when there is no such user.

        Args:
            user_name: The user's name.

        Raises:
            InvalidArgumentException: `user_name` is empty.
            InvalidCredentialsException: The client was made without `consolidation`, or the service
                refused its token.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "User management endpoints".
        """
        await self._session.send("DELETE", f"{self._root}/users/{path_segment(user_name)}")

    async def get_user_roles(self, user_name: str) -> list[str]:
        """List the roles of a user.

        Args:
            user_name: The user's name.

        Returns:
            The names of the roles.

        Raises:
            InvalidArgumentException: `user_name` is empty.
            InvalidIdentifierException: There is no such user.
            InvalidCredentialsException: The client was made without `consolidation`, or the service
                refused its token.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "User management endpoints".
        """
        return decode(_ROLES, await self._session.send("GET", self._roles(user_name)))

    async def assign_user_roles(self, user_name: str, roles: Iterable[str] | str) -> list[str]:
        """Assign further roles to a user.

        Args:
            user_name: The user's name.
            roles: The names of the roles, or one name.

        Returns:
            The names of all roles that the user has now.

        Raises:
            InvalidArgumentException: `user_name` is empty.
            InvalidIdentifierException: There is no such user.
            AnaplanRequestException: A role doesn't exist (HTTP 400).
            InvalidCredentialsException: The client was made without `consolidation`, or the service
                refused its token.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "User management endpoints".
        """
        further = [roles] if isinstance(roles, str) else list(roles)
        response = await self._session.send("PUT", self._roles(user_name), json=further)
        return decode(_ROLES, response)

    async def unassign_user_role(self, user_name: str, role: str) -> list[str]:
        """Take a role from a user.

        Args:
            user_name: The user's name.
            role: The name of the role.

        Returns:
            The names of the roles that the user still has.

        Raises:
            InvalidArgumentException: `user_name` is empty.
            InvalidIdentifierException: There is no such user.
            InvalidCredentialsException: The client was made without `consolidation`, or the service
                refused its token.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "User management endpoints".
        """
        response = await self._session.send("DELETE", self._roles(user_name), json=role)
        return decode(_ROLES, response)

    def _workflow(self, verb: str, path: str, workflow: str) -> str:
        folders = "/".join(path_segment(folder) for folder in path.strip("/").split("/"))
        return f"{self._root}/process/{verb}/{folders}/{path_segment(workflow)}"

    def _roles(self, user_name: str) -> str:
        return f"{self._root}/user/{path_segment(user_name)}/roles"


def _is_end(state: WorkflowState) -> bool:
    if state.state is None:
        raise AnaplanResponseException(
            "Financial Consolidation returned no state of the workflow: pass `finished` to "
            "run_workflow, or call start_workflow and check the workflow's results."
        )
    return "".join(filter(str.isalpha, state.state.lower())) not in _UNFINISHED
