"""The users of a model, and their roles as far as Anaplan shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from anaplan_sdk.cli.tenant.capturing.model_reader import USERS_LIST, ModelReader
from anaplan_sdk.cli.tenant.capturing.pseudonyms import Pseudonyms
from anaplan_sdk.cli.wording import counted

PASSWORD = "Captured1!"  # noqa: S105 - the emulator's users need one
_MODEL_ROLE = "User"


@dataclass
class People:
    """Captures users.

    Attributes:
        reader: Reads them.
        pseudonyms: What replaces them; None if nothing is replaced.
        workspace_id: The id of the workspace.
        workspace_name: The name of the workspace.
    """

    reader: ModelReader
    pseudonyms: Pseudonyms | None
    workspace_id: str
    workspace_name: str

    def members(self) -> tuple[list[dict[str, Any]], dict[str, str], list[str], dict[str, str]]:
        """Return the users.

        Returns:
            The users, the one who captures first; the model roles by address; what was guessed;
            and addresses by user id.
        """
        client = self.reader.client
        me = self.reader.one("current user", client.audit.get_user) or {}
        shown = {
            str(each["email"]).casefold(): each
            for each in self.reader.several("users of the tenant", client.audit.get_users)
        }
        if me:
            shown = {str(me["email"]).casefold(): me, **shown}
        roles = self._workspace_roles()
        for address, member in roles.items():
            shown.setdefault(address, member[1])
        mine = str(me.get("email", "")).casefold()
        guesses: list[str] = []
        users: list[dict[str, Any]] = []
        addresses: dict[str, str] = {}
        model_roles: dict[str, str] = {}
        for address, each in shown.items():
            role = roles[address][0] if address in roles else ""
            if address == mine and role in ("", "member"):
                role = "admin"
                guesses.append("the user who captured it was guessed to administer the workspace")
            user = self._user(each, role)
            addresses[str(each.get("id") or "")] = user["email"]
            users.append(user)
            if role in ("member", "visitor"):
                model_roles[user["email"]] = _MODEL_ROLE
        if model_roles:
            guesses.append(
                f"Anaplan does not show model roles: {counted(len(model_roles), 'user')} without "
                f"administration of the workspace got the role {_MODEL_ROLE!r}"
            )
        guesses.append(f"Anaplan does not show passwords: that of all users is {PASSWORD}")
        if not users:
            users = [self._user({"email": "user@example.com"}, "admin")]
        self.reader.report.count("users", len(users))
        return users, model_roles, guesses, addresses

    def _workspace_roles(self) -> dict[str, tuple[str, dict[str, Any]]]:
        """Return roles in the workspace with what is shown of the users, by address."""
        client = self.reader.client
        admins = self.reader.several(
            "administrators of the workspace",
            lambda: client.get_workspace_admins(self.workspace_id),
        )
        visitors = self.reader.several(
            "visitors of the workspace", lambda: client.get_workspace_visitors(self.workspace_id)
        )
        members = self.reader.several(
            "items of the list Users", lambda: client.tr.get_dimension_items(USERS_LIST)
        )
        roles: dict[str, tuple[str, dict[str, Any]]] = {}
        for each in members:
            address = next(
                (str(each[key]) for key in ("code", "name") if "@" in str(each[key])), ""
            )
            if address:
                roles[address.casefold()] = "member", {"email": address}
        for role, several in (("visitor", visitors), ("admin", admins)):
            for each in several:
                roles[str(each["email"]).casefold()] = role, each
        return roles

    def _user(self, shown: dict[str, Any], role: str) -> dict[str, Any]:
        address, identifier = str(shown["email"]), str(shown.get("id") or "")
        first, last = (str(shown.get(key) or "") for key in ("first_name", "last_name"))
        if self.pseudonyms is not None:
            address = self.pseudonyms.email(address)
            first = self.pseudonyms.person(first, "first name")
            last = self.pseudonyms.person(last, "last name")
            identifier = self.pseudonyms.identifier(identifier) if identifier else ""
        user: dict[str, Any] = {
            "email": address,
            "password": PASSWORD,
            "first_name": first,
            "last_name": last,
        }
        user |= {"id": identifier} if identifier else {}
        user |= {} if shown.get("active", True) else {"active": False}
        return user | ({"workspaces": {self.workspace_name: role}} if role else {})
