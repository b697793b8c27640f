"""Names of users, of whom Anaplan's replies have only ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anaplan_sdk import Client


class UserNames:
    """Finds the names of users, with one request for each user.

    Args:
        client: The client.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: dict[str, str] = {}

    def of(self, user_id: str | None) -> str:
        """Return a user's full name.

        Args:
            user_id: The user's id; None or empty for nobody.

        Returns:
            The name, the e-mail address of a user without a name, or the id of a user whom Anaplan
            does not show.
        """
        from anaplan_sdk.exceptions import AnaplanException

        if not user_id:
            return ""
        if user_id not in self._known:
            try:
                user = self._client.audit.get_user(user_id)
            except AnaplanException:
                self._known[user_id] = user_id
            else:
                name = " ".join(filter(None, (user.first_name, user.last_name)))
                self._known[user_id] = name or user.email or user_id
        return self._known[user_id]
