"""Writing a tenant's description into the database."""

import sqlite3
from collections.abc import Iterable

from anaplan_emulator.clock import Clock
from anaplan_emulator.loaders.audit_loader import past_events
from anaplan_emulator.loaders.cloud_loader import load_cloud_works
from anaplan_emulator.loaders.consolidation_loader import load_consolidation
from anaplan_emulator.loaders.model_loader import load_workspaces
from anaplan_emulator.store.audit_log import AuditLog
from anaplan_emulator.store.identifiers import lower_hex
from anaplan_emulator.store.tokens import digest, expiry
from anaplan_emulator.tenant.oauth_client_description import OAuthClientDescription
from anaplan_emulator.tenant.problems import TenantError
from anaplan_emulator.tenant.tenant_description import TenantDescription
from anaplan_emulator.tenant.user_description import UserDescription

CREATED_AT = "2025-01-01T00:00:00.000Z"
"""When the users of a tenant's file were created and last changed, according to SCIM."""

_SECONDS_PER_DAY = 86_400


def load_tenant(db: sqlite3.Connection, tenant: TenantDescription) -> None:
    """Load everything that does not depend on the clock into an empty database.

    Args:
        db: A transaction.
        tenant: The description.

    Raises:
        TenantError: Items or cells of a model refer to something that does not exist.
    """
    for user in tenant.users:
        _insert_user(db, user, tenant)
    _insert_oauth_clients(db, tenant.oauth_clients)
    if tenant.consolidation is not None:
        load_consolidation(db, tenant.consolidation)
    try:
        load_workspaces(db, tenant.workspaces, _user_ids(tenant))
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


def load_dated_parts(
    db: sqlite3.Connection, tenant: TenantDescription, clock: Clock, audit_log: AuditLog
) -> None:
    """Load what depends on the clock: API keys, CloudWorks and past audit events.

    Args:
        db: A transaction in which `load_tenant` was called.
        tenant: The description.
        clock: The emulator's clock.
        audit_log: The audit log to which past events are added.

    Raises:
        TenantError: CloudWorks or an audit event refers to something that does not exist.
    """
    _insert_api_keys(db, tenant, clock)
    try:
        load_cloud_works(db, tenant.cloud_works, _user_ids(tenant), clock.now())
        audit_log.resume(db)
        audit_log.backdate(db, past_events(db, tenant.audit_events))
    except ValueError as error:
        raise TenantError(f"tenant {tenant.name}: {error}") from error


def default_workspace_and_model(
    db: sqlite3.Connection, tenant: TenantDescription
) -> tuple[str | None, str | None]:
    """Return the ids of the tenant's default workspace and model, or else of the first ones."""
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


def _user_ids(tenant: TenantDescription) -> dict[str, str]:
    return {user.email: user.user_id for user in tenant.users}


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


def _insert_oauth_clients(
    db: sqlite3.Connection, clients: Iterable[OAuthClientDescription]
) -> None:
    for client in clients:
        db.execute(
            """
            INSERT INTO oauth_clients (id, name, kind, secret, rotates, refresh_lifetime_seconds)
            VALUES (?, ?, ?, ?, ?, ?)
            """,
            (
                client.id,
                client.name,
                client.kind,
                client.secret,
                client.rotatable,
                client.refresh_lifetime_seconds,
            ),
        )
        db.executemany(
            "INSERT INTO oauth_redirect_uris (client_id, uri) VALUES (?, ?)",
            [(client.id, uri) for uri in dict.fromkeys(client.redirect_uris)],
        )


def _insert_api_keys(db: sqlite3.Connection, tenant: TenantDescription, clock: Clock) -> None:
    db.executemany(
        "INSERT INTO api_keys (digest, id, user_id, expires_at) VALUES (?, ?, ?, ?)",
        [
            (
                digest(key.key(user.email)),
                lower_hex("api key", f"{user.email.lower()}:{key.name}"),
                user.user_id,
                expiry(clock, key.expires_in_days * _SECONDS_PER_DAY),
            )
            for user in tenant.users
            for key in user.api_keys
        ],
    )
