"""The description of a tenant, and how it becomes rows."""

import json
import sqlite3
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator

from anaplan_emulator.store.api_key_description import MOST_KEYS, ApiKeyDescription
from anaplan_emulator.store.audit_description import AuditEventDescription, check_audit_events
from anaplan_emulator.store.cloud_description import CloudWorksDescription
from anaplan_emulator.store.consolidation_description import (
    ConsolidationDescription,
    load_consolidation,
)
from anaplan_emulator.store.description import Description
from anaplan_emulator.store.identifiers import lower_hex
from anaplan_emulator.store.model_description import ModelDescription, WorkspaceDescription
from anaplan_emulator.store.model_loader import load_workspaces
from anaplan_emulator.store.oauth_client_description import (
    OAuthClientDescription,
    load_oauth_clients,
)
from anaplan_emulator.store.people import EMAIL

TenantRole = Literal[
    "tenant_admin",
    "tenant_security_admin",
    "tenant_auditor",
    "user_admin",
    "workspace_admin",
    "integration_admin",
    "integration_user",
    "page_builder",
]


CREATED_AT = "2025-01-01T00:00:00.000Z"
"""When users of a tenant's file were made and last changed, as SCIM tells it."""


class TenantError(Exception):
    """A tenant description that can't be read, or that contradicts itself."""


class UserDescription(Description):
    """A user. Certificates are issued to any of them by e-mail address."""

    email: str = Field(pattern=f"^{EMAIL.pattern}$")
    password: str = Field(min_length=1)
    first_name: str
    last_name: str
    id: str = Field(default="", pattern=r"^([0-9a-f]{32})?$")
    active: bool = True
    roles: list[TenantRole] = Field(default_factory=list)
    workspaces: dict[str, Literal["admin", "member", "visitor"]] = Field(default_factory=dict)
    """Workspaces the user sees, by name."""
    single_sign_on: bool = False
    """Whether the user must sign in through an identity provider, so that passwords are refused."""
    exception_user: bool = False
    """Whether a password is taken in spite of single sign-on (facts 2.3)."""
    external_id: str | None = None
    """What another system calls the user, by way of the SCIM API."""
    licenses: list[str] = Field(default_factory=list)
    """As the Administration API tells them."""
    api_keys: tuple[ApiKeyDescription, ...] = Field(default=(), max_length=MOST_KEYS)

    @property
    def user_id(self) -> str:
        """The given id, or one made from the address."""
        return self.id or lower_hex("user", self.email.lower())


class TenantDescription(Description):
    """A whole tenant.

    The `default_…` fields name what the emulator shows to whoever starts it: with whom to sign
    in, and where to begin.
    """

    name: str
    customer_id: str = Field(default="", pattern=r"^([0-9a-f]{32})?$")
    users: list[UserDescription] = Field(min_length=1)
    workspaces: tuple[WorkspaceDescription, ...] = ()
    oauth_clients: tuple[OAuthClientDescription, ...] = ()
    audit_events: tuple[AuditEventDescription, ...] = ()
    licenses: tuple[str, ...] = ()
    """Licences that users can be given by an import; any, where none is named."""
    consolidation: ConsolidationDescription | None = None
    """Financial Consolidation, where the tenant has it."""
    cloud_works: CloudWorksDescription = CloudWorksDescription()
    default_user: str = ""
    default_workspace: str = ""
    default_model: str = ""

    @property
    def customer_guid(self) -> str:
        """The given customer id, or one made from the tenant's name."""
        return self.customer_id or lower_hex("customer", self.name)

    @property
    def signing_user(self) -> UserDescription:
        """Whom the emulator introduces; the first user unless told otherwise."""
        email = self.default_user or self.users[0].email
        return next(user for user in self.users if user.email == email)

    def oauth_client(self, kind: str) -> OAuthClientDescription | None:
        """Return the client that the emulator introduces: the first of its kind, if any."""
        return next((client for client in self.oauth_clients if client.kind == kind), None)

    @model_validator(mode="after")
    def _names_are_known(self) -> "TenantDescription":
        emails = [user.email.lower() for user in self.users]
        if len(set(emails)) < len(emails):
            raise ValueError("two users have the same e-mail address")
        if self.default_user and self.default_user not in [user.email for user in self.users]:
            raise ValueError(f"default_user {self.default_user!r} is none of the users")
        if len({client.id for client in self.oauth_clients}) < len(self.oauth_clients):
            raise ValueError("two OAuth clients have the same id, or the same name and no id")
        self._places_are_known()
        return self

    def _places_are_known(self) -> None:
        workspaces = {workspace.name: workspace for workspace in self.workspaces}
        emails = {user.email for user in self.users}
        if len(workspaces) < len(self.workspaces):
            raise ValueError("two workspaces have the same name")
        for user in self.users:
            if unknown := user.workspaces.keys() - workspaces.keys():
                raise ValueError(f"{user.email}: no workspace is called {min(unknown)!r}")
        models = [model for workspace in self.workspaces for model in workspace.models]
        for model in models:
            authors = {revision.author for revision in model.revisions} - {""}
            if unknown := (model.roles.keys() | authors) - emails:
                raise ValueError(f"{model.name}: {min(unknown)!r} is none of the users")
        _check_copies(models)
        check_audit_events(self.audit_events, emails, {model.name for model in models})
        for kind, name, known in (
            ("workspace", self.default_workspace, set(workspaces)),
            ("model", self.default_model, {model.name for model in models}),
        ):
            if name and name not in known:
                raise ValueError(f"default_{kind}: no {kind} is called {name!r}")


def _check_copies(models: Sequence[ModelDescription]) -> None:
    for position, model in enumerate(models):
        originals = [each for each in models[:position] if each.name == model.copy_of]
        if model.copy_of and (not originals or originals[-1].copy_of):
            raise ValueError(f"{model.name}: no model before it is called {model.copy_of!r}")
        revisions = originals[-1].revisions if model.copy_of else ()
        if model.copied_at and model.copied_at not in [each.name for each in revisions]:
            raise ValueError(f"{model.name}: no revision is called {model.copied_at!r}")


def read_tenant(path: Path | None) -> TenantDescription:
    """Read a tenant's file (JSON or TOML, by its suffix); without a path the default tenant.

    Raises:
        TenantError: The file is missing, isn't JSON or TOML, or doesn't describe a tenant.

    """
    try:
        if path is None:
            default = files("anaplan_emulator") / "tenants" / "default.json"
            content = json.loads(default.read_text("utf-8"))
        elif path.suffix.lower() == ".toml":
            content = tomllib.loads(path.read_text("utf-8"))
        else:
            content = json.loads(path.read_text("utf-8"))
        return TenantDescription.model_validate(content)
    except ValidationError as error:
        raise TenantError("\n  ".join([f"{path}:", *_mistakes(error, content)])) from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise TenantError(f"{path or 'the default tenant'}: {reason}") from error


def _mistakes(error: ValidationError, content: object) -> Iterator[str]:
    """Tell each mistake on a line: its place in the file, and what is wrong."""
    for mistake in error.errors(include_url=False, include_input=False):
        steps = list(_steps(mistake["loc"], content))
        if mistake["type"] == "missing":
            steps.append(str(mistake["loc"][-1]))
        place = ".".join(steps)
        reason = mistake["msg"].removeprefix("Value error, ")
        if mistake["type"] == "model_type":
            reason = "Input should be an object"  # Else it names a class of ours.
        yield f"{place}: {reason}" if place else reason


def _steps(location: Iterable[str | int], content: Any) -> Iterator[str]:
    """Follow a location into the file's content, passing by what pydantic alone sees there."""
    for step in location:
        try:
            content = content[step]
        except (LookupError, TypeError):
            continue  # The alternative of a union that pydantic tried.
        yield str(step)


def load_tenant(db: sqlite3.Connection, tenant: TenantDescription) -> None:
    """Fill an empty database.

    Raises:
        TenantError: The models' cells or items refer to what isn't there.

    """
    for user in tenant.users:
        _insert_user(db, user, tenant)
    load_oauth_clients(db, tenant.oauth_clients)
    if tenant.consolidation is not None:
        load_consolidation(db, tenant.consolidation)
    try:
        load_workspaces(db, tenant.workspaces, {user.email: user.user_id for user in tenant.users})
    except ValueError as error:
        raise TenantError(f"tenant {tenant.name}: {error}") from error
    ids = {workspace.name: workspace.workspace_id for workspace in tenant.workspaces}
    db.executemany(
        "INSERT INTO workspace_members (user_id, workspace_id, role) VALUES (?, ?, ?)",
        [
            (user.user_id, ids[name], role)
            for user in tenant.users
            for name, role in user.workspaces.items()
        ],
    )
    db.execute(
        """
        INSERT INTO exception_users (workspace_id, user_id)
        SELECT workspaces.id, users.id
        FROM workspace_members
        JOIN workspaces ON workspaces.id = workspace_members.workspace_id
        JOIN users ON users.id = workspace_members.user_id
        WHERE workspaces.single_sign_on AND users.exception_user
        """
    )


def starting_place(
    db: sqlite3.Connection, tenant: TenantDescription
) -> tuple[str | None, str | None]:
    """Return the ids of the workspace and model to begin with: those named, or the first."""
    row = db.execute(
        """
        SELECT workspaces.id AS workspace_id, models.id AS model_id
        FROM models JOIN workspaces ON workspaces.id = models.workspace_id
        WHERE :workspace IN ('', workspaces.name) AND :model IN ('', models.name)
        ORDER BY models.key LIMIT 1
        """,
        {"workspace": tenant.default_workspace, "model": tenant.default_model},
    ).fetchone()
    return (row["workspace_id"], row["model_id"]) if row else (None, None)


def _insert_user(db: sqlite3.Connection, user: UserDescription, tenant: TenantDescription) -> None:
    db.execute(
        """
        INSERT INTO users (id, email, password, first_name, last_name, customer_id, active,
            single_sign_on, exception_user, external_id, created_at, modified_at, licenses)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            user.user_id,
            user.email,
            user.password,
            user.first_name,
            user.last_name,
            tenant.customer_guid,
            user.active,
            user.single_sign_on,
            user.exception_user,
            user.external_id,
            CREATED_AT,
            CREATED_AT,
            ",".join(user.licenses),
        ),
    )
    db.executemany(
        "INSERT INTO user_roles (user_id, role) VALUES (?, ?)",
        [(user.user_id, role) for role in user.roles],
    )
