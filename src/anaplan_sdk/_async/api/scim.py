"""SCIM: users and their workspaces, as identity providers manage them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing
from http import HTTPStatus

import httpx2
from pydantic import Field, TypeAdapter

from anaplan_sdk._async.api.namespace import ApiNamespace, json_body, path_segment, validated
from anaplan_sdk._async.transport.recovery import ListedStart
from anaplan_sdk._http.dates import iso_date
from anaplan_sdk._http.paging import bounded
from anaplan_sdk._http.replies import decode, find_id, unreadable
from anaplan_sdk._ranges import Range
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk.exceptions import (
    AnaplanResponseException,
    ArgumentTypeException,
    InvalidArgumentException,
    PartialUpdateException,
)
from anaplan_sdk.models._base import AnaplanModel
from anaplan_sdk.models._scim_entitlements import unapplied_changes
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

# Users. Anaplan SCIM API guide, "Get multiple users".
_MAX_PAGE_SIZE = 100
_HEADERS = {"Content-Type": "application/scim+json"}
_PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


class Scim(ApiNamespace):
    """The tenant's users without visitors, their names, and the workspaces they can access.

    All methods need a user administrator; an API key can be used, too. Anaplan can't delete users
    (deactivate them), and supports neither sorting nor SCIM's search by POST.
    """

    async def get_service_provider_config(self) -> ServiceProviderConfig:
        """Return which features of SCIM the service supports, by its own account.

        Returns:
            The service's configuration.

        Raises:
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan SCIM API guide, "Get supported SCIM capabilities"; RFC 7643,
        section 5.
        """
        return decode(
            _CONFIG, await self._session.send("GET", f"{self._root}/ServiceProviderConfig")
        )

    async def get_resource_types(self) -> list[Resource]:
        """List the types of resources that the service has: users.

        Returns:
            The types.

        Raises:
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan SCIM API guide, "Get resource types"; RFC 7643, section 6.
        """
        response = await self._session.send("GET", f"{self._root}/ResourceTypes")
        return decode(_RESOURCES, response).items

    async def get_resource_schemas(self) -> list[Schema]:
        """List the schemas of the resources: their attributes.

        Returns:
            The schemas.

        Raises:
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan SCIM API guide, "Get resource schema"; RFC 7643, section 7.
        """
        return decode(_SCHEMAS, await self._session.send("GET", f"{self._root}/Schemas")).items

    async def get_users(
        self, predicate: str | FilterExpression | None = None, page_size: int = 100
    ) -> list[User]:
        """List the users. The pages after the first are read at the same time.

        Args:
            predicate: Only users that this is true for: comparisons of `anaplan_sdk.field` joined
                by `&` and `|`, or text in SCIM's filter language such as
                `userName eq "jane@company.com"`; None (the default) for all users. Anaplan
                compares texts in any letter case.
            page_size: Number of users in a page, 1 to 100 (default).

        Returns:
            The users.

        Raises:
            InvalidArgumentException: `page_size` is out of its range, or Anaplan doesn't support
                the filter.
            PermissionDeniedException: The user is not a user administrator.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan SCIM API guide, "Get multiple users"; RFC 7644, section 3.4.2.2.
        """
        Range(1, _MAX_PAGE_SIZE).check("page_size", page_size, int)
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
            raise unreadable(response, f"a page without users, although Anaplan counts {total}")
        starts = bounded(range(1 + size, total + 1, size or 1), self._max_pages)
        spans = runtime.ordered_map(fetch_span, starts, self._config.max_concurrency)
        async with aclosing(spans):
            async for span in spans:
                users += span
        return users

    async def get_user(self, user_id: str) -> User:
        """Return a user.

        Args:
            user_id: The user's id.

        Returns:
            The user.

        Raises:
            InvalidIdentifierException: There is no such user, or the user is only a visitor.
            PermissionDeniedException: The user is not a user administrator.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan SCIM API guide, "Get single user and workspace details".
        """
        return decode(_USER, await self._session.send("GET", self._user(user_id)))

    async def add_user(self, user: UserInput | Mapping[str, object]) -> User:
        """Add a user to the tenant.

        The user is not added twice: when the reply to the request is lost, the user is looked up
        by name and time, for up to the client's `settle_time` in seconds.

        Args:
            user: The user, with up to 50 workspaces. A dict may use SCIM's attribute names or
                those of the model.

        Returns:
            The new user.

        Raises:
            InvalidArgumentException: A field is missing or invalid, or there are more than 50
                workspaces.
            AnaplanRequestException: There is a user of this name already (HTTP 409), or a workspace
                doesn't exist (HTTP 400).
            OutcomeUnknownException: It is unknown whether the user was added.
            PermissionDeniedException: The user is not a user administrator.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan SCIM API guide, "Add a user and their workspaces".
        """
        given = validated(UserInput, user)
        url = f"{self._root}/Users"

        async def send() -> User:
            body = json_body(UserInput, given)
            response = await self._session.send("POST", url, json=body, headers=_HEADERS)
            try:
                return decode(_USER, response)
            except AnaplanResponseException:
                return User.model_validate({**body, "id": find_id(response, "id")})

        return await self._recovery.start(
            send,
            ListedStart(
                find=lambda: self.get_users(field("userName") == given.user_name),
                created_at=lambda found: iso_date(found.meta.created),
                key=f"{url} {given.user_name}",
                what=f"User {given.user_name}",
                verb="added",
                # Anaplan refuses a name that exists, so a user with it was added by this request.
                is_named=True,
            ),
        )

    async def replace_user(
        self, user_id: str, user: ReplaceUserInput | Mapping[str, object]
    ) -> User:
        """Replace everything that SCIM stores of a user. What is left out is removed.

        Without `entitlements` the user loses access to every workspace. To change single
        attributes, use `update_user`.

        Args:
            user_id: The user's id.
            user: The complete description. `user_name` must be the user's current one. A dict may
                use SCIM's attribute names or those of the model.

        Returns:
            The user after the change.

        Raises:
            InvalidArgumentException: A field is missing or invalid, or the description has the id
                of another user.
            InvalidIdentifierException: There is no such user.
            PermissionDeniedException: The user is not a user administrator.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan SCIM API guide, "Replace user details"; RFC 7644, section 3.5.1.
        """
        body = {**json_body(ReplaceUserInput, user)}
        if body.setdefault("id", user_id) != user_id:
            raise InvalidArgumentException(
                f"The description has the id of user {body['id']}, not of {user_id}."
            )
        response = await self._session.send("PUT", self._user(user_id), json=body, headers=_HEADERS)
        return decode(_USER, response)

    async def update_user(
        self,
        user_id: str,
        operations: Sequence[Operation | Mapping[str, object]],
        *,
        raise_on_failure: bool = False,
    ) -> User:
        """Change single attributes of a user.

        An update can succeed in part: Anaplan may leave out workspaces that it doesn't know, and
        apply the rest.

        Args:
            user_id: The user's id.
            operations: The changes, applied in this order: `Replace`, `Add` and `Remove` of
                `models.scim`, or dicts such as
                `{"op": "replace", "path": "active", "value": False}`.
            raise_on_failure: Whether to raise an exception when Anaplan left out workspaces. When
                False (default), check `workspace_ids` of the returned user.

        Returns:
            The user after the change.

        Raises:
            ArgumentTypeException: `operations` is a single operation instead of a list.
            InvalidArgumentException: There are no operations, or one is incomplete.
            InvalidIdentifierException: There is no such user.
            PartialUpdateException: Anaplan left out workspaces, and `raise_on_failure` is True.
            PermissionDeniedException: The user is not a user administrator.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan SCIM API guide, "Edit user details"; RFC 7644, section 3.5.2.
        """
        if isinstance(operations, Operation | Mapping | str):
            raise ArgumentTypeException("operations must be a list, not a single operation.")
        changes = [validated(Operation, one) for one in operations]
        if not changes:
            raise InvalidArgumentException("operations must not be empty.")
        body = {"schemas": [_PATCH], "Operations": [one.to_request() for one in changes]}
        response = await self._session.send(
            "PATCH", self._user(user_id), json=body, headers=_HEADERS
        )
        if response.status_code != HTTPStatus.MULTI_STATUS:
            return decode(_USER, response)
        user = await self._after_partial(user_id, response)
        if raise_on_failure:
            raise _partial_update(changes, user)
        return user

    async def deactivate_user(self, user_id: str) -> User:
        """Deactivate a user, who then can no longer sign in.

        Anaplan can't delete users; this takes the place of a deletion.

        Args:
            user_id: The user's id.

        Returns:
            The user after the change.

        Raises:
            InvalidIdentifierException: There is no such user.
            PermissionDeniedException: The user is not a user administrator.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan SCIM API guide, "Edit user details".
        """
        return await self.update_user(user_id, [Replace(path="active", value=False)])

    async def activate_user(self, user_id: str) -> User:
        """Activate a user, who then can sign in again.

        Args:
            user_id: The user's id.

        Returns:
            The user after the change.

        Raises:
            InvalidIdentifierException: There is no such user.
            PermissionDeniedException: The user is not a user administrator.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan SCIM API guide, "Edit user details".
        """
        return await self.update_user(user_id, [Replace(path="active", value=True)])

    async def assign_workspaces(self, user_id: str, workspace_ids: Iterable[str] | str) -> User:
        """Assign further workspaces to a user, who then can access them.

        Args:
            user_id: The user's id.
            workspace_ids: The ids of the workspaces, or one id.

        Returns:
            The user after the change.

        Raises:
            InvalidArgumentException: There are no workspaces, or an id is empty.
            InvalidIdentifierException: There is no such user.
            PartialUpdateException: Some of the workspaces could not be assigned.
            PermissionDeniedException: The user is not a user administrator.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan SCIM API guide, "Edit user details".
        """
        operation = Add(path="entitlements", value=_entitlements(workspace_ids))
        return await self.update_user(user_id, [operation], raise_on_failure=True)

    async def unassign_workspaces(self, user_id: str, workspace_ids: Iterable[str] | str) -> User:
        """Take workspaces from a user, who keeps access to the others.

        Args:
            user_id: The user's id.
            workspace_ids: The ids of the workspaces, or one id.

        Returns:
            The user after the change.

        Raises:
            InvalidArgumentException: There are no workspaces, or an id is empty.
            InvalidIdentifierException: There is no such user.
            PartialUpdateException: The user can still access some of the workspaces.
            PermissionDeniedException: The user is not a user administrator.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan SCIM API guide, "Edit user details".
        """
        operation = Remove(path="entitlements", value=_entitlements(workspace_ids))
        return await self.update_user(user_id, [operation], raise_on_failure=True)

    async def _after_partial(self, user_id: str, response: httpx2.Response) -> User:
        try:
            return decode(_USER, response)
        except AnaplanResponseException:
            # The body of a reply with status 207 is not documented.
            return await self.get_user(user_id)

    @property
    def _root(self) -> str:
        return f"{self._session.hosts.api}/scim/1/0/v2"

    def _user(self, user_id: str) -> str:
        return f"{self._root}/Users/{path_segment(user_id)}"


def _partial_update(operations: Iterable[Operation], user: User) -> PartialUpdateException:
    """Return the exception that names the workspaces which Anaplan left out."""
    not_assigned, still_assigned = unapplied_changes(operations, user)
    details = [
        *(f"{workspace} was not assigned" for workspace in not_assigned),
        *(f"{workspace} is still assigned" for workspace in still_assigned),
    ]
    return PartialUpdateException(
        f"Anaplan changed user {user.user_name} only in part: "
        f"{', '.join(details) or 'it gave no details'}.",
        user=user,
        not_assigned=not_assigned,
        still_assigned=still_assigned,
    )


def _entitlements(workspace_ids: Iterable[str] | str) -> list[EntitlementInput]:
    ids = [workspace_ids] if isinstance(workspace_ids, str) else list(workspace_ids)
    if not all(ids) or not ids:
        raise InvalidArgumentException(
            "workspace_ids must name at least one workspace, and must not have empty ids."
        )
    return [EntitlementInput(value=one, type="WORKSPACE") for one in dict.fromkeys(ids)]
