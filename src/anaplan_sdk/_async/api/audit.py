"""Who is who, and what they did."""

from __future__ import annotations

from typing import Literal

from anaplan_sdk._async.api.audit_events import Events
from anaplan_sdk._async.api.namespace import segment, sorting
from anaplan_sdk.models import User
from anaplan_sdk.models._envelopes import Listing, Single

_USERS = Listing("users", User)
_USER = Single[User]("user", User)
_FIELDS = {
    "first_name": "firstName",
    "last_name": "lastName",
    "email": "email",
    "active": "active",
    "last_login_date": "lastLoginDate",
}


class Audit(Events):
    """The tenant's users, and what happened in the tenant."""

    async def get_users(
        self,
        search_pattern: str | None = None,
        sort_by: Literal["first_name", "last_name", "email", "active", "last_login_date"]
        | None = None,
        descending: bool = False,
    ) -> list[User]:
        """Lists the tenant's users, as far as this user may see them.

        Args:
            search_pattern: Keeps those whose name or id contains it, case-insensitively; `%` stands
                for any text and `_` for any character.
            sort_by: The field to sort by; Anaplan's own order when not given.
            descending: Sorts downwards; without `sort_by` it does nothing.
        """
        params = sorting(sort_by, descending, _FIELDS)
        if search_pattern:
            params["s"] = search_pattern
        return await self._list(_USERS, f"{self._base}/users", **params)

    async def get_user(self, user_id: str = "me") -> User:
        """One user; the one who is signed in when no id is given.

        Raises:
            InvalidIdentifierException: No such user.
        """
        return await self._get(_USER, f"{self._base}/users/{segment(user_id)}")
