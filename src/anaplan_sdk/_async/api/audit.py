"""The tenant's users, and audit events."""

from __future__ import annotations

from typing import Literal

from anaplan_sdk._async.api.audit_tables import EventTables
from anaplan_sdk._async.api.namespace import path_segment, sort_params
from anaplan_sdk.models import User
from anaplan_sdk.models._envelopes import ListReply, ObjectReply

_USERS = ListReply("users", User)
_USER = ObjectReply[User]("user", User)
_SORT_FIELDS = {
    "first_name": "firstName",
    "last_name": "lastName",
    "email": "email",
    "active": "active",
    "last_login_date": "lastLoginDate",
}


class Audit(EventTables):
    """The tenant's users, and its audit events.

    Listing users needs a workspace administrator or any role for the tenant; events need the role
    Tenant Auditor.
    """

    async def get_users(
        self,
        search_pattern: str | None = None,
        sort_by: Literal["first_name", "last_name", "email", "active", "last_login_date"]
        | None = None,
        descending: bool = False,
    ) -> list[User]:
        """List the users of the tenant.

        Needs a workspace administrator or any role for the tenant.

        Args:
            search_pattern: Only users whose name or id contains this text, in any letter case.
                `%` stands for any text and `_` for any character. Anaplan doesn't document this
                search.
            sort_by: Field to sort by; Anaplan's own order when None.
            descending: Whether to sort in descending order. Has no effect without `sort_by`.

        Returns:
            The users.

        Raises:
            InvalidArgumentException: There is no such field to sort by.
            InvalidCredentialsException: Anaplan answered 401, as it does when the user has none
                of these roles.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Users".
        """
        params = sort_params(sort_by, descending, _SORT_FIELDS)
        if search_pattern:
            params["s"] = search_pattern
        return await self._list(_USERS, f"{self._base}/users", **params)

    async def get_user(self, user_id: str = "me") -> User:
        """Return a user.

        Args:
            user_id: The user's id; by default the signed-in user.

        Returns:
            The user.

        Raises:
            InvalidIdentifierException: There is no such user.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Users".
        """
        return await self._get(_USER, f"{self._base}/users/{path_segment(user_id)}")
