"""Describing the whole tenant as it is now."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from anaplan_emulator.loaders.described_model import describe_model
from anaplan_emulator.store.identifiers import lower_hex
from anaplan_emulator.tenant.action_definitions import ACTION_CLASSES
from anaplan_emulator.tenant.audit_description import AuditEventDescription
from anaplan_emulator.tenant.cloud_description import CloudWorksDescription
from anaplan_emulator.tenant.model_description import ModelDescription, WorkspaceDescription
from anaplan_emulator.tenant.tenant_description import TenantDescription
from anaplan_emulator.tenant.tenant_writer import DataPlace
from anaplan_emulator.tenant.user_description import ApiKeyDescription, UserDescription

MASK = "********"
"""What is described instead of a secret that can't be left out."""


def describe_tenant(
    db: sqlite3.Connection, loaded: TenantDescription, data: DataPlace, *, secrets: bool
) -> TenantDescription:
    """Describe the tenant as it is now.

    Users, workspaces and models are those of the database. OAuth clients, licences, CloudWorks,
    Financial Consolidation and past audit events are those of the loaded description, without
    what refers to something that no longer exists.

    Args:
        db: A transaction.
        loaded: The description that was loaded.
        data: Where items, cells and default contents are put.
        secrets: Whether passwords, API keys and secrets are included.

    Returns:
        The description, in which all ids are given.
    """
    rows = db.execute("SELECT * FROM users ORDER BY created_at, id").fetchall()
    order = {user.user_id: position for position, user in enumerate(loaded.users)}
    rows.sort(key=lambda row: order.get(row["id"], len(order)))
    emails = {row["id"]: row["email"] for row in rows}
    users = [_describe_user(db, row, loaded) for row in rows]
    workspaces = tuple(_workspaces(db, emails, data))
    models = {model.name: model for each in workspaces for model in each.models}
    new_emails = {
        user.email: emails[user.user_id] for user in loaded.users if user.user_id in emails
    }
    description = TenantDescription(
        name=loaded.name,
        customer_id=loaded.customer_guid,
        users=users,
        workspaces=workspaces,
        oauth_clients=loaded.oauth_clients,
        audit_events=tuple(_audit_events(loaded.audit_events, new_emails, models)),
        licenses=loaded.licenses,
        consolidation=loaded.consolidation,
        cloud_works=_cloud_works(loaded.cloud_works, new_emails, workspaces),
        default_user=new_emails.get(loaded.main_user.email, ""),
        default_workspace=_if_known(loaded.default_workspace, [each.name for each in workspaces]),
        default_model=_if_known(loaded.default_model, models),
    )
    return description if secrets else _without_secrets(description)


def _if_known(name: str, known: Mapping[str, object] | Sequence[str]) -> str:
    return name if name in known else ""


def _describe_user(
    db: sqlite3.Connection, row: sqlite3.Row, loaded: TenantDescription
) -> UserDescription:
    user_id = row["id"]
    roles = db.execute("SELECT role FROM user_roles WHERE user_id = ? ORDER BY role", (user_id,))
    members = db.execute(
        "SELECT workspaces.name, role FROM workspace_members"
        " JOIN workspaces ON workspaces.id = workspace_id WHERE user_id = ? ORDER BY name",
        (user_id,),
    )
    (assigned,) = db.execute(
        "SELECT count(*) FROM exception_users WHERE user_id = ?", (user_id,)
    ).fetchone()
    return UserDescription(
        id=user_id,
        email=row["email"],
        password=row["password"],
        first_name=row["first_name"],
        last_name=row["last_name"],
        active=bool(row["active"]),
        roles=[role for (role,) in roles],
        workspaces=dict(members.fetchall()),
        single_sign_on=bool(row["single_sign_on"]),
        exception_user=bool(row["exception_user"] or assigned),
        external_id=row["external_id"],
        licenses=[each for each in row["licenses"].split(",") if each],
        api_keys=_api_keys(db, user_id, row["email"], loaded),
    )


def _api_keys(
    db: sqlite3.Connection, user_id: str, email: str, loaded: TenantDescription
) -> tuple[ApiKeyDescription, ...]:
    """Return the user's keys that still exist, with the values that they were loaded with."""
    rows = db.execute("SELECT id FROM api_keys WHERE user_id = ?", (user_id,))
    existing = {key_id for (key_id,) in rows}
    found = []
    for user in loaded.users:
        if user.user_id != user_id:
            continue
        for key in user.api_keys:
            if lower_hex("api key", f"{user.email.lower()}:{key.name}") in existing:
                value = key.key(user.email).rpartition("_")[2]
                given = key.value if email == user.email else value
                found.append(key.model_copy(update={"value": given}))
    return tuple(found)


def _workspaces(
    db: sqlite3.Connection, emails: Mapping[str, str], data: DataPlace
) -> list[WorkspaceDescription]:
    # Their order is that of their models, by which the first workspace and model are found.
    rows = db.execute(
        "SELECT workspaces.* FROM workspaces LEFT JOIN models ON workspace_id = workspaces.id"
        " GROUP BY workspaces.id ORDER BY min(models.key) IS NULL, min(models.key)"
    ).fetchall()
    found = []
    for row in rows:
        models = db.execute(
            "SELECT key FROM models WHERE workspace_id = ? ORDER BY key", (row["id"],)
        ).fetchall()
        found.append(
            WorkspaceDescription(
                id=row["id"],
                name=row["name"],
                active=bool(row["active"]),
                size_allowance=row["size_allowance"],
                single_sign_on=bool(row["single_sign_on"]),
                models=tuple(describe_model(db, key, emails, data) for (key,) in models),
            )
        )
    return found


def _actions(model: ModelDescription) -> set[str]:
    return {each.name for member in ACTION_CLASSES for each in getattr(model, member)}


def _audit_events(
    events: Sequence[AuditEventDescription],
    emails: Mapping[str, str],
    models: Mapping[str, ModelDescription],
) -> list[AuditEventDescription]:
    found = []
    for event in events:
        users = {event.user, event.object_user or event.user}
        if not users <= emails.keys() or (event.model and event.model not in models):
            continue
        if event.action and event.action not in _actions(models[event.model]):
            continue
        names = {"user": emails[event.user], "object_user": emails.get(event.object_user, "")}
        found.append(event.model_copy(update=names))
    return found


def _cloud_works(
    loaded: CloudWorksDescription,
    emails: Mapping[str, str],
    workspaces: Sequence[WorkspaceDescription],
) -> CloudWorksDescription:
    actions = {
        (workspace.name, model.name): _actions(model)
        for workspace in workspaces
        for model in workspace.models
    }

    def owned(each: Any) -> Any:
        return each.model_copy(update={"owner": emails[each.owner]})

    connections = [owned(each) for each in loaded.connections if each.owner in emails]
    names = {each.name for each in connections}
    integrations = [
        owned(each)
        for each in loaded.integrations
        if each.owner in emails
        and {job.connection for job in each.jobs} <= names
        and {*(job.action for job in each.jobs), each.process} - {""}
        <= actions.get((each.workspace, each.model), set())
        and (each.workspace, each.model) in actions
    ]
    integration_names = {each.name for each in integrations}
    flows = [
        owned(each)
        for each in loaded.flows
        if each.owner in emails and set(each.steps) <= integration_names
    ]
    return loaded.model_copy(
        update={
            "connections": tuple(connections),
            "integrations": tuple(integrations),
            "flows": tuple(flows),
        }
    )


def _without_secrets(description: TenantDescription) -> TenantDescription:
    """Mask passwords and credentials, and leave out secrets that are derived if not given."""
    consolidation = description.consolidation
    stores = description.cloud_works.stores
    return description.model_copy(
        update={
            "users": [
                user.model_copy(
                    update={
                        "password": MASK,
                        "api_keys": tuple(
                            key.model_copy(update={"value": ""}) for key in user.api_keys
                        ),
                    }
                )
                for user in description.users
            ],
            "oauth_clients": tuple(
                client.model_copy(update={"client_secret": ""})
                for client in description.oauth_clients
            ),
            "consolidation": consolidation and consolidation.model_copy(update={"api_token": MASK}),
            "cloud_works": description.cloud_works.model_copy(
                update={"stores": tuple(_masked(store) for store in stores)}
            ),
        }
    )


def _masked(store: Any) -> Any:
    secrets = ("secret_access_key", "private_key", "sas_token")
    members = [name for name in secrets if name in type(store).model_fields]
    return store.model_copy(update=dict.fromkeys(members, MASK))
