"""Users as an identity provider keeps them: SCIM, as far as Anaplan has it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import NoReturn

import httpx2
from pydantic import Field, TypeAdapter

from anaplan_sdk._async.api.namespace import ApiNamespace, body_of, checked, segment
from anaplan_sdk._async.transport.recovery import once
from anaplan_sdk._http.dates import iso_date
from anaplan_sdk._http.replies import decode, unreadable
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk.exceptions import AnaplanResponseException, PartialUpdateException
from anaplan_sdk.models._base import AnaplanModel
from anaplan_sdk.models._scim_entitlements import shortfall
from anaplan_sdk.models.scim import (
    Add,
    EntitlementInput,
    FilterExpression,
    Operation,
    Remove,
    Replace,
    ReplaceUserInput,
    Resource,
    Schema,
    ServiceProviderConfig,
    User,
    UserInput,
    field,
)
from anaplan_sdk.models.scim_filter import checked_filter


class _Page(AnaplanModel):
    total_results: int
    users: list[User] = Field(default_factory=list[User], validation_alias="Resources")


class _Resources(AnaplanModel):
    items: list[Resource] = Field(default_factory=list[Resource], validation_alias="Resources")


class _Schemas(AnaplanModel):
    items: list[Schema] = Field(default_factory=list[Schema], validation_alias="Resources")


_PAGE = TypeAdapter(_Page)
_USER = TypeAdapter(User)
_CONFIG = TypeAdapter(ServiceProviderConfig)
_RESOURCES = TypeAdapter(_Resources)
_SCHEMAS = TypeAdapter(_Schemas)

_LARGEST_PAGE = 100
_PARTIAL = 207
_HEADERS = {"Content-Type": "application/scim+json"}
_PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


class Scim(ApiNamespace):
    """The tenant's users but for visitors, their names, and the workspaces they may enter.

    All of it is for user administrators. API keys are taken, too. Anaplan deletes no users
    (deactivate them), and has neither sorting nor SCIM's search by POST.
    """

    async def get_service_provider_config(self) -> ServiceProviderConfig:
        """What the service says it can do."""
        return decode(
            _CONFIG, await self._session.send("GET", f"{self._root}/ServiceProviderConfig")
        )

    async def get_resource_types(self) -> list[Resource]:
        """The kinds of things that the service has: users."""
        response = await self._session.send("GET", f"{self._root}/ResourceTypes")
        return decode(_RESOURCES, response).items

    async def get_resource_schemas(self) -> list[Schema]:
        """The fields that these have."""
        return decode(_SCHEMAS, await self._session.send("GET", f"{self._root}/Schemas")).items

    async def get_users(
        self, predicate: str | FilterExpression | None = None, page_size: int = 100
    ) -> list[User]:
        """Lists the users, the first page before the others, which are fetched side by side.

        Args:
            predicate: Keeps those it is true for: comparisons of `anaplan_sdk.field`, joined by `&`
                and `|`, or SCIM's own text, such as `userName eq "jane@company.com"`. Texts are
                compared without regard to case.
            page_size: How many users a page has, 100 at the most.

        Raises:
            ValueError: Anaplan has no such page, or no such filter.
            PermissionDeniedException: This user is no user administrator.
        """
        if not 1 <= page_size <= _LARGEST_PAGE:
            raise ValueError(
                f"page_size must be 1 to {_LARGEST_PAGE}, Anaplan's limit, not {page_size}."
            )
        query = {} if predicate is None else {"filter": checked_filter(predicate)}

        async def fetch(start: int, count: int) -> tuple[_Page, httpx2.Response]:
            params: dict[str, str | int] = {**query, "startIndex": start, "count": count}
            response = await self._session.send("GET", f"{self._root}/Users", params=params)
            return decode(_PAGE, response), response

        async def fetch_span(start: int) -> list[User]:
            users: list[User] = []
            while (left := min(size, total - start + 1) - len(users)) > 0:
                # One page, unless the server makes this one smaller than the first.
                page, _ = await fetch(start + len(users), left)
                if not page.users:
                    break  # There are fewer users by now.
                users += page.users[:left]
            return users

        first, response = await fetch(1, page_size)
        users, size, total = first.users, len(first.users), first.total_results
        if total > 0 and not size:
            raise unreadable(response, f"a page without users, although there are {total}")
        starts = range(1 + size, total + 1, size or 1)
        spans = runtime.ordered_map(fetch_span, starts, self._settings.max_concurrency)
        async with aclosing(spans):
            async for span in spans:
                users += span
        return users

    async def get_user(self, user_id: str) -> User:
        """One user.

        Raises:
            InvalidIdentifierException: No such user, or only a visitor.
        """
        return decode(_USER, await self._session.send("GET", self._user(user_id)))

    async def add_user(self, user: UserInput | Mapping[str, object]) -> User:
        """Creates a user.

        Args:
            user: The user, as a model or as a dict by SCIM's names or ours.

        Raises:
            ValueError: Something is missing, or there are more than 50 workspaces.
            AnaplanRequestException: There is a user of this name already (409), or a workspace is
                not known (400).
            OutcomeUnknownException: The answer was lost, and no such user was found.
        """
        given = checked(UserInput, user)
        url = f"{self._root}/Users"

        async def send() -> User:
            body = body_of(UserInput, given)
            response = await self._session.send("POST", url, json=body, headers=_HEADERS)
            return decode(_USER, response)

        return await once(
            self._session,
            send,
            lambda: self.get_users(field("userName") == given.user_name),
            # A name that was there before would have been refused.
            lambda found, since: 1000 * (iso_date(found.meta.created) or 0.0) >= since,
            key=f"{url} {given.user_name}",
            what=f"User {given.user_name} may have been created",
            settle_time=self._settings.settle_time,
            repeats=False,
        )

    async def replace_user(
        self, user_id: str, user: ReplaceUserInput | Mapping[str, object]
    ) -> User:
        """Replaces a user's whole description. Warning: what it leaves out is removed.

        **Without `entitlements` the user loses every workspace.** To change one thing and keep the
        rest, use `update_user`.

        Args:
            user_id: The user.
            user: The description. `user_name` has to be what it is.

        Raises:
            ValueError: Something is missing, or the description is another user's.
        """
        body = {**body_of(ReplaceUserInput, user)}
        if body.setdefault("id", user_id) != user_id:
            raise ValueError(f"The description is of user {body['id']}, not of {user_id}.")
        response = await self._session.send("PUT", self._user(user_id), json=body, headers=_HEADERS)
        return decode(_USER, response)

    async def update_user(
        self,
        user_id: str,
        operations: Sequence[Operation | Mapping[str, object]],
        *,
        raise_on_failure: bool = False,
    ) -> User:
        """Changes a user place by place.

        This is not all or nothing: Anaplan may leave out workspaces that it doesn't know, and does
        the rest.

        Args:
            user_id: The user.
            operations: What to change, in this order: `Replace`, `Add` and `Remove` of
                `models.scim`, or dicts such as
                `{"op": "replace", "path": "active", "value": False}`.
            raise_on_failure: Raises if Anaplan has left out workspaces; otherwise look at
                `workspace_ids` of what is returned.

        Returns:
            The user as they are now.

        Raises:
            ValueError: There are no operations, or one isn't whole.
            PartialUpdateException: Workspaces were left out, and `raise_on_failure` is set.
        """
        if isinstance(operations, Operation | Mapping | str):
            raise TypeError("A list of operations is needed, not a single one.")
        changes = [checked(Operation, one) for one in operations]
        if not changes:
            raise ValueError("operations is empty: there is nothing to change.")
        body = {"schemas": [_PATCH], "Operations": [one.sent() for one in changes]}
        response = await self._session.send(
            "PATCH", self._user(user_id), json=body, headers=_HEADERS
        )
        if response.status_code != _PARTIAL:
            return decode(_USER, response)
        user = await self._after_partial(user_id, response)
        if raise_on_failure:
            raise_partial(changes, user)
        return user

    async def deactivate_user(self, user_id: str) -> User:
        """Lets a user sign in no more. This is what Anaplan has instead of deleting one."""
        return await self.update_user(user_id, [Replace(path="active", value=False)])

    async def activate_user(self, user_id: str) -> User:
        """Lets a user sign in again."""
        return await self.update_user(user_id, [Replace(path="active", value=True)])

    async def grant_workspaces(self, user_id: str, workspace_ids: Iterable[str] | str) -> User:
        """Lets a user enter further workspaces.

        Args:
            user_id: The user.
            workspace_ids: The workspaces, or one.

        Raises:
            ValueError: There are none.
            PartialUpdateException: The user still can't enter some of them.
        """
        operation = Add(path="entitlements", value=_entitlements(workspace_ids))
        return await self.update_user(user_id, [operation], raise_on_failure=True)

    async def revoke_workspaces(self, user_id: str, workspace_ids: Iterable[str] | str) -> User:
        """Lets a user enter some workspaces no more; the others stay.

        Args:
            user_id: The user.
            workspace_ids: The workspaces, or one.

        Raises:
            ValueError: There are none.
            PartialUpdateException: The user can still enter some of them.
        """
        operation = Remove(path="entitlements", value=_entitlements(workspace_ids))
        return await self.update_user(user_id, [operation], raise_on_failure=True)

    async def _after_partial(self, user_id: str, response: httpx2.Response) -> User:
        try:
            return decode(_USER, response)
        except AnaplanResponseException:
            # What a reply of 207 holds is not documented.
            return await self.get_user(user_id)

    @property
    def _root(self) -> str:
        return f"{self._session.hosts.api}/scim/1/0/v2"

    def _user(self, user_id: str) -> str:
        return f"{self._root}/Users/{segment(user_id)}"


def raise_partial(operations: Iterable[Operation], user: User) -> NoReturn:
    """Tells which workspaces are not as they were asked to be.

    Raises:
        PartialUpdateException: Always; Anaplan has said that something was left out.
    """
    not_granted, not_revoked = shortfall(operations, user)
    told = [
        *(f"{workspace} was not granted" for workspace in not_granted),
        *(f"{workspace} was not revoked" for workspace in not_revoked),
    ]
    why = ", ".join(told) or "what it left out it didn't tell"
    raise PartialUpdateException(
        f"Anaplan changed user {user.user_name} only in part: {why}.",
        user=user,
        not_granted=not_granted,
        not_revoked=not_revoked,
    )


def _entitlements(workspace_ids: Iterable[str] | str) -> list[EntitlementInput]:
    ids = [workspace_ids] if isinstance(workspace_ids, str) else list(workspace_ids)
    if not all(ids) or not ids:
        raise ValueError("Name at least one workspace, each by its id.")
    return [EntitlementInput(value=one, type="WORKSPACE") for one in dict.fromkeys(ids)]
