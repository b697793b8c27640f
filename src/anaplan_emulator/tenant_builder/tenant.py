"""Building a tenant: its users, workspaces and models."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from anaplan_emulator.store.identifiers import lower_hex, upper_hex
from anaplan_emulator.tenant.calendars import Calendar
from anaplan_emulator.tenant.model_description import (
    ActiveState,
    ModelDescription,
    VersionDescription,
    WorkspaceDescription,
)
from anaplan_emulator.tenant.oauth_client_description import OAuthClientDescription
from anaplan_emulator.tenant.problems import TenantError
from anaplan_emulator.tenant.tenant_description import TenantDescription
from anaplan_emulator.tenant.user_description import TenantRole, UserDescription
from anaplan_emulator.tenant_builder.model_builder import ModelBuilder
from anaplan_emulator.tenant_builder.model_parts import describe

WorkspaceRole = Literal["admin", "member", "visitor"]

_OTHER_MEMBERS = ("licenses", "audit_events", "consolidation", "cloud_works")


@dataclass(frozen=True, slots=True)
class UserHandle:
    """A user of a tenant that is being built.

    Attributes:
        id: The user's id.
        email: The user's e-mail address.
        password: The user's password.
        api_keys: The user's API keys, by name.
    """

    id: str
    email: str
    password: str = field(repr=False)
    api_keys: Mapping[str, str] = field(repr=False)


class WorkspaceBuilder:
    """A workspace that is being built. `TenantBuilder.workspace` creates it.

    Args:
        tenant: The tenant.
        description: The workspace without models.
    """

    def __init__(self, tenant: "TenantBuilder", description: WorkspaceDescription) -> None:
        self._tenant = tenant
        self._description = description
        self._models: dict[str, ModelBuilder] = {}

    @property
    def id(self) -> str:
        """Its id."""
        return self._description.id

    @property
    def name(self) -> str:
        """Its name."""
        return self._description.name

    def model(
        self,
        name: str,
        *,
        first_month: date | None = None,
        months: int | None = None,
        calendar: Calendar | Mapping[str, object] | None = None,
        versions: Sequence[str | VersionDescription] = ("Actual", "Forecast"),
        active_state: ActiveState = "UNLOCKED",
        id: str = "",  # noqa: A002 (Anaplan's own term)
    ) -> ModelBuilder:
        """Add a model.

        Args:
            name: Its name.
            first_month: The first month of the dimension Time; January 2026 by default.
            months: Number of months of the dimension Time; 12 by default.
            calendar: The model calendar, instead of `first_month` and `months`, as in a tenant
                file.
            versions: Its versions. The version named Actual holds actual data, and the first other
                one is current, unless their descriptions differ.
            active_state: Its state, such as `LOCKED`.
            id: Its id, of 32 upper-case hexadecimal digits; derived from the names by default.

        Returns:
            The model.

        Raises:
            TenantError: The workspace has such a model already, or a member is not valid.
        """
        if name.lower() in {each.lower() for each in self._models}:
            raise TenantError(f"workspace {self.name} has the model {name} already")
        time = {"first_month": first_month, "months": months, "calendar": calendar}
        description = describe(
            f"model {name}",
            ModelDescription,
            {
                "name": name,
                "id": id or upper_hex("model", f"{self.name}/{name}"),
                "versions": tuple(versions),
                "active_state": active_state,
                **{member: value for member, value in time.items() if value is not None},
            },
        )
        added = self._models[name] = ModelBuilder(description, self._tenant.emails)
        return added

    def build(self) -> WorkspaceDescription:
        """Return the description of the workspace.

        Returns:
            The description, with the models.
        """
        models = tuple(model.build() for model in self._models.values())
        return self._description.model_copy(update={"models": models})


class TenantBuilder:
    """A tenant that is built in Python, for `Emulator` and the pytest fixtures.

    It has a user, who signs in by default and administers every workspace. Each call checks what it
    adds, and raises `TenantError` if it contradicts what is there.

    Args:
        name: The tenant's name.
        user_email: E-mail address of the user.
        password: The user's password.
        roles: Tenant roles of the user, such as `tenant_auditor`.

    Raises:
        TenantError: The e-mail address, the password or a role is not valid.

    Example:
        tenant = TenantBuilder()
        model = tenant.model("Sales", months=3)
        products = model.list("Products", {"P1": "Shoes", "P2": "Hats"})
        sales = model.module("Sales", [products, TIME], {"Units": NUMBER})
        load = model.import_file("sales.csv", into=sales)
        with Emulator(tenant) as emulator:
            ...
    """

    def __init__(
        self,
        name: str = "Test Tenant",
        *,
        user_email: str = "tester@company.example",
        password: str = "secret",  # noqa: S107 (of an emulated user)
        roles: Iterable[TenantRole] = (),
    ) -> None:
        self.name = name
        self.emails: set[str] = set()
        """E-mail addresses of the users so far."""
        self._users: list[tuple[UserDescription, Mapping[str, WorkspaceRole] | None]] = []
        self._workspaces: dict[str, WorkspaceBuilder] = {}
        self._clients: list[OAuthClientDescription] = []
        self._others: dict[str, object] = {}
        self.main_user = self._add_user(
            {"email": user_email, "password": password, "roles": list(roles)}, None
        )
        """The user who signs in by default."""

    def user(
        self,
        email: str,
        password: str = "secret",  # noqa: S107 (of an emulated user)
        *,
        first_name: str = "",
        last_name: str = "",
        roles: Iterable[TenantRole] = (),
        workspaces: Mapping[str, WorkspaceRole] | None = None,
        api_keys: Iterable[str] = (),
        active: bool = True,
        single_sign_on: bool = False,
        exception_user: bool = False,
        external_id: str | None = None,
        licenses: Iterable[str] = (),
    ) -> UserHandle:
        """Add a user.

        Args:
            email: The user's e-mail address.
            password: The user's password.
            first_name: First name.
            last_name: Last name.
            roles: Tenant roles, such as `user_admin`.
            workspaces: The user's role in workspaces, by the workspace's name.
            api_keys: Names of API keys, whose values are derived.
            active: Whether the user may sign in.
            single_sign_on: Whether the user must sign in through an identity provider.
            exception_user: Whether a password is accepted despite single sign-on.
            external_id: The user's id in another system, as SCIM's `externalId`.
            licenses: Licences.

        Returns:
            The user.

        Raises:
            TenantError: There is such a user already, a workspace does not exist, or a member is
                not valid.
        """
        if unknown := [each for each in workspaces or () if each not in self._workspaces]:
            raise TenantError(f"{email}: no workspace is called {unknown[0]!r}: add it first")
        members: dict[str, object] = {
            "email": email,
            "password": password,
            "first_name": first_name,
            "last_name": last_name,
            "roles": list(roles),
            "api_keys": [{"name": each} for each in api_keys],
            "active": active,
            "single_sign_on": single_sign_on,
            "exception_user": exception_user,
            "external_id": external_id,
            "licenses": list(licenses),
        }
        return self._add_user(members, workspaces or {})

    def workspace(
        self,
        name: str,
        *,
        size_allowance: int | None = None,
        active: bool = True,
        single_sign_on: bool = False,
        id: str = "",  # noqa: A002 (Anaplan's own term)
    ) -> WorkspaceBuilder:
        """Add a workspace.

        Args:
            name: Its name.
            size_allowance: Its size allowance in bytes.
            active: Whether it is active.
            single_sign_on: Whether its users must use single sign-on.
            id: Its id, of 32 lower-case hexadecimal digits; derived from the name by default.

        Returns:
            The workspace.

        Raises:
            TenantError: There is such a workspace already, or a member is not valid.
        """
        if name in self._workspaces:
            raise TenantError(f"the tenant has the workspace {name} already")
        members: dict[str, object] = {
            "name": name,
            "id": id or lower_hex("workspace", name),
            "active": active,
            "single_sign_on": single_sign_on,
        }
        if size_allowance is not None:
            members["size_allowance"] = size_allowance
        added = WorkspaceBuilder(self, describe(f"workspace {name}", WorkspaceDescription, members))
        self._workspaces[name] = added
        return added

    def model(
        self,
        name: str,
        *,
        first_month: date | None = None,
        months: int | None = None,
        calendar: Calendar | Mapping[str, object] | None = None,
        versions: Sequence[str | VersionDescription] = ("Actual", "Forecast"),
        active_state: ActiveState = "UNLOCKED",
        id: str = "",  # noqa: A002 (Anaplan's own term)
    ) -> ModelBuilder:
        """Add a model to the first workspace, which is created as `Workspace` if necessary.

        Args:
            name: Its name.
            first_month: The first month of the dimension Time; January 2026 by default.
            months: Number of months of the dimension Time; 12 by default.
            calendar: The model calendar, instead of `first_month` and `months`, as in a tenant
                file.
            versions: Its versions. The version named Actual holds actual data, and the first other
                one is current, unless their descriptions differ.
            active_state: Its state, such as `LOCKED`.
            id: Its id, of 32 upper-case hexadecimal digits; derived from the names by default.

        Returns:
            The model.

        Raises:
            TenantError: The workspace has such a model already, or a member is not valid.
        """
        first = next(iter(self._workspaces.values()), None) or self.workspace("Workspace")
        return first.model(
            name,
            first_month=first_month,
            months=months,
            calendar=calendar,
            versions=versions,
            active_state=active_state,
            id=id,
        )

    def oauth_client(
        self, name: str, *redirect_uris: str, rotatable: bool = True
    ) -> OAuthClientDescription:
        """Register an OAuth client.

        Args:
            name: Its name.
            *redirect_uris: Callback URLs, of a client for the authorization-code grant. Without
                any the client is one for the device grant.
            rotatable: Whether each refresh returns a new refresh token.

        Returns:
            The client, with its `id` and `secret`.

        Raises:
            TenantError: There is such a client already, or a callback URL is not valid.
        """
        client = describe(
            f"OAuth client {name}",
            OAuthClientDescription,
            {
                "name": name,
                "kind": "authorization_code" if redirect_uris else "device",
                "redirect_uris": redirect_uris,
                "rotatable": rotatable,
            },
        )
        if client.id in {each.id for each in self._clients}:
            raise TenantError(f"the tenant has the OAuth client {name} already")
        self._clients.append(client)
        return client

    def other(self, **members: object) -> None:
        """Set what has no method of its own: `cloud_works`, `consolidation`, and others.

        Args:
            **members: `licenses`, `audit_events`, `consolidation` or `cloud_works`, as in a tenant
                file.

        Raises:
            TenantError: A member is not one of these, or is not valid.
        """
        for name in members:
            if name not in _OTHER_MEMBERS:
                raise TenantError(f"{name} is not one of {', '.join(_OTHER_MEMBERS)}")
        before = self._others
        self._others = {**before, **members}
        try:
            self.build()
        except TenantError:
            self._others = before
            raise

    def build(self) -> TenantDescription:
        """Return the description of the tenant.

        Returns:
            The description.

        Raises:
            TenantError: The description contradicts itself.
        """
        everywhere: dict[str, WorkspaceRole] = dict.fromkeys(self._workspaces, "admin")
        return describe(
            f"tenant {self.name}",
            TenantDescription,
            {
                "name": self.name,
                "users": [
                    user.model_copy(
                        update={"workspaces": everywhere if roles is None else dict(roles)}
                    )
                    for user, roles in self._users
                ],
                "workspaces": tuple(each.build() for each in self._workspaces.values()),
                "oauth_clients": tuple(self._clients),
                **self._others,
            },
        )

    def _add_user(
        self, members: Mapping[str, object], workspaces: Mapping[str, WorkspaceRole] | None
    ) -> UserHandle:
        """Add a user, who administers all workspaces if no roles are given."""
        first_name, _, last_name = str(members["email"]).partition("@")[0].partition(".")
        names = {
            "first_name": members.get("first_name") or first_name.capitalize(),
            "last_name": members.get("last_name") or last_name.capitalize() or "Test",
        }
        user = describe(
            f"user {members['email']}",
            UserDescription,
            {**members, **names, "workspaces": dict(workspaces or {})},
        )
        if user.email.lower() in {each.lower() for each in self.emails}:
            raise TenantError(f"the tenant has the user {user.email} already")
        self.emails.add(user.email)
        self._users.append((user, workspaces))
        keys = {each.name: each.key(user.email) for each in user.api_keys}
        return UserHandle(user.user_id, user.email, user.password, keys)
