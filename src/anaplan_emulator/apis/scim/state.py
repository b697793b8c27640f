"""The tenant's users in the SCIM API: reading and changing them.

Source: docs/anaplan-behaviour.md#scim-users.
"""

import sqlite3
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from anaplan_emulator.apis.calls import Call
from anaplan_emulator.apis.replies import ApiError
from anaplan_emulator.apis.scim.bodies import Change, Entitlement, UserBody, invalid
from anaplan_emulator.apis.scim.discovery import USER
from anaplan_emulator.apis.scim.filters import Value
from anaplan_emulator.clock import zulu
from anaplan_emulator.store.users import EMAIL, USER_EVENTS, add_user, deactivate, leave_workspace

# Users who are only visitors belong to another tenant, and SCIM does not show them.
_VISIBLE = """
    SELECT * FROM users WHERE NOT (
        EXISTS (SELECT 1 FROM workspace_members WHERE user_id = users.id AND role = 'visitor')
        AND NOT EXISTS (
            SELECT 1 FROM workspace_members WHERE user_id = users.id AND role != 'visitor'
        )
    )
"""


@dataclass(frozen=True, slots=True)
class ScimUser:
    """A user, with the workspaces of which they are not only visitors."""

    id: str
    user_name: str
    given_name: str
    family_name: str
    external_id: str | None
    active: bool
    work_email: str
    created_at: str
    modified_at: str
    workspaces: tuple[tuple[str, str], ...]

    @property
    def attributes(self) -> dict[str, Value]:
        """The attributes that filters can use."""
        return {
            "id": self.id,
            "externalId": self.external_id,
            "userName": self.user_name,
            "name.givenName": self.given_name,
            "name.familyName": self.family_name,
            "active": self.active,
        }


def visible_users(db: sqlite3.Connection) -> list[ScimUser]:
    """Read all visible users, ordered by user name."""
    return [_read(db, row) for row in db.execute(f"{_VISIBLE} ORDER BY email").fetchall()]


def visible_user(db: sqlite3.Connection, user_id: str) -> ScimUser:
    """Return a visible user.

    Raises:
        ApiError: 404, also for visitors.
    """
    row = db.execute(f"{_VISIBLE} AND id = ?", (user_id,)).fetchone()
    if row is None:
        raise ApiError(404, f"User {user_id} not found")
    return _read(db, row)


def create(call: Call, body: UserBody) -> ScimUser:
    """Create a user, with the password of the setting `first_password`.

    Raises:
        ApiError: 400, the request is not valid; 409, the user name is in use.
    """
    if body.user_name is None or not EMAIL.fullmatch(body.user_name):
        raise invalid("userName is missing, or not an e-mail address")
    workspaces = _known_workspaces(call.db, body.entitlements)
    limit = call.tenant.settings.scim_workspace_limit
    if len(workspaces) > limit:
        raise invalid(f"A user cannot be created with more than {limit} workspaces")
    if call.db.execute("SELECT 1 FROM users WHERE email = ?", (body.user_name,)).fetchone():
        raise ApiError(409, f"User {body.user_name} already exists", code="uniqueness")
    user_id = add_user(
        call.db,
        email=body.user_name,
        password=call.tenant.settings.first_password,
        first_name=body.given_name,
        last_name=body.family_name,
        customer_id=call.user.customer_id,
        now=zulu(call.tenant.clock.now()),
    )
    call.audit.record("USR-1", object_id=user_id)
    _set(call.db, user_id, external_id=body.external_id, work_email=body.work_email)
    _set(call.db, user_id, active=body.active is not False)
    _add_to_workspaces(call, user_id, workspaces)
    return visible_user(call.db, user_id)


def replace(call: Call, before: ScimUser, body: UserBody) -> ScimUser:
    """Replace a user. Missing attributes are cleared, and so are workspaces without entitlements.

    Raises:
        ApiError: 400, the request is not valid or changes a read-only attribute.
    """
    if body.user_name is not None and body.user_name.lower() != before.user_name.lower():
        raise invalid("userName is read-only", "mutability")
    if body.id is not None and body.id != before.id:
        raise invalid("id is read-only", "mutability")
    workspaces = _known_workspaces(call.db, body.entitlements)
    _change_columns(
        call,
        before.id,
        first_name=body.given_name,
        last_name=body.family_name,
        external_id=body.external_id,
        work_email=body.work_email,
    )
    if body.active is not None:
        _activate(call, before.id, active=body.active)
    _set_workspaces(call, before.id, workspaces)
    return _updated(call, before.id)


def patch(call: Call, before: ScimUser, changes: Iterable[Change]) -> tuple[ScimUser, bool]:
    """Apply the operations of a patch.

    Returns:
        The user, and whether all entitlements could be applied.
    """
    complete = True
    for change in changes:
        if isinstance(change.value, tuple):
            complete &= _change_entitlements(call, before.id, change, change.value)
        elif change.attribute == "active":
            _activate(call, before.id, active=bool(change.value))
        else:
            column = {
                "name.givenName": "first_name",
                "name.familyName": "last_name",
                "externalId": "external_id",
                "emails": "work_email",
            }[change.attribute]
            _change_columns(call, before.id, **{column: change.value})
    return _updated(call, before.id), complete


def describe(user: ScimUser, location: str) -> dict[str, Any]:
    """Return a user as JSON values."""
    body: dict[str, Any] = {"schemas": [USER], "id": user.id}
    if user.external_id is not None:
        body["externalId"] = user.external_id
    formatted = f"{user.given_name} {user.family_name}"
    entitlements: list[dict[str, Any]] = [
        {"value": workspace_id, "display": name, "type": "WORKSPACE", "primary": False}
        for workspace_id, name in user.workspaces
    ]
    if entitlements:
        ids, names = zip(*user.workspaces, strict=True)
        entitlements.append({"value": ",".join(ids), "type": "WORKSPACE_IDS"})
        entitlements.append({"value": ",".join(names), "type": "WORKSPACE_NAMES"})
    return body | {
        "userName": user.user_name,
        "name": {
            "familyName": user.family_name,
            "givenName": user.given_name,
            "formatted": formatted,
        },
        "displayName": formatted,
        "active": user.active,
        "emails": [{"value": user.work_email, "type": "work", "primary": True}],
        "entitlements": entitlements,
        "meta": {
            "resourceType": "User",
            "created": user.created_at,
            "lastModified": user.modified_at,
            "location": location,
        },
    }


def _read(db: sqlite3.Connection, row: sqlite3.Row) -> ScimUser:
    workspaces = db.execute(
        """
        SELECT id, name FROM workspaces JOIN workspace_members ON workspace_id = id
        WHERE user_id = ? AND role != 'visitor' ORDER BY name
        """,
        (row["id"],),
    )
    return ScimUser(
        id=row["id"],
        user_name=row["email"],
        given_name=row["first_name"],
        family_name=row["last_name"],
        external_id=row["external_id"],
        active=bool(row["active"]),
        work_email=row["work_email"] or row["email"],
        created_at=row["created_at"],
        modified_at=row["modified_at"],
        workspaces=tuple((each["id"], each["name"]) for each in workspaces),
    )


def _updated(call: Call, user_id: str) -> ScimUser:
    _set(call.db, user_id, modified_at=zulu(call.tenant.clock.now()))
    call.audit.record("USR-5", object_id=user_id)
    # The user may not be visible any more.
    row = call.db.execute("SELECT * FROM users WHERE id = ?", (user_id,)).fetchone()
    return _read(call.db, row)


def _set(db: sqlite3.Connection, user_id: str, **columns: object) -> None:
    assignments = ", ".join(f"{column} = ?" for column in columns)
    db.execute(
        f"UPDATE users SET {assignments} WHERE id = ?",  # noqa: S608 (column names)
        (*columns.values(), user_id),
    )


def _change_columns(call: Call, user_id: str, **columns: object) -> None:
    """Update a user's columns, and record an audit event for each change."""
    before = call.db.execute("SELECT * FROM users WHERE id = ?", (user_id,)).fetchone()
    _set(call.db, user_id, **columns)
    for column, value in columns.items():
        if column in USER_EVENTS and value != before[column]:
            call.audit.record(USER_EVENTS[column], object_id=user_id)


def _activate(call: Call, user_id: str, *, active: bool) -> None:
    if call.db.execute(
        "SELECT 1 FROM users WHERE id = ? AND active = ?", (user_id, active)
    ).fetchone():
        return
    if active:
        _set(call.db, user_id, active=True)
    else:
        deactivate(call.db, user_id)
    call.audit.record("USR-3" if active else "USR-4", object_id=user_id)


def _change_entitlements(
    call: Call, user_id: str, change: Change, entitlements: tuple[Entitlement, ...]
) -> bool:
    """Apply an operation to known workspaces, and return whether all were known."""
    workspaces, unknown = _find_workspaces(call.db, entitlements)
    if change.operation == "add":
        _add_to_workspaces(call, user_id, workspaces)
    elif change.operation == "replace":
        _set_workspaces(call, user_id, workspaces)
    else:
        current = _workspaces_of(call.db, user_id)
        _remove_from_workspaces(call, user_id, workspaces & current if entitlements else current)
    return not unknown


def _set_workspaces(call: Call, user_id: str, workspaces: set[str]) -> None:
    _remove_from_workspaces(call, user_id, _workspaces_of(call.db, user_id) - workspaces)
    _add_to_workspaces(call, user_id, workspaces)


def _add_to_workspaces(call: Call, user_id: str, workspaces: Collection[str]) -> None:
    for workspace_id in sorted(workspaces):
        added = call.db.execute(
            """
            INSERT INTO workspace_members (user_id, workspace_id, role) VALUES (?, ?, 'member')
            ON CONFLICT DO UPDATE SET role = 'member' WHERE role = 'visitor'
            """,
            (user_id, workspace_id),
        )
        if added.rowcount:
            attributes = {"workspaceId": workspace_id}
            call.audit.record("USR-21", object_id=user_id, attributes=attributes)


def _remove_from_workspaces(call: Call, user_id: str, workspaces: Collection[str]) -> None:
    for workspace_id in sorted(workspaces):
        attributes = {"workspaceId": workspace_id}
        left = leave_workspace(call.db, user_id, workspace_id)
        for model_id in left.models:
            in_model = {**attributes, "modelId": model_id}
            call.audit.record("USR-24", object_id=user_id, attributes=in_model)
        if left.was_admin:
            call.audit.record("USR-25", object_id=user_id, attributes=attributes)
        call.audit.record("USR-22", object_id=user_id, attributes=attributes)


def _workspaces_of(db: sqlite3.Connection, user_id: str) -> set[str]:
    rows = db.execute(
        "SELECT workspace_id FROM workspace_members WHERE user_id = ? AND role != 'visitor'",
        (user_id,),
    )
    return {row["workspace_id"] for row in rows}


def _known_workspaces(db: sqlite3.Connection, entitlements: Iterable[Entitlement]) -> set[str]:
    found, unknown = _find_workspaces(db, entitlements)
    if unknown:
        raise invalid(f"Workspace {unknown[0]} not found")
    return found


def _find_workspaces(
    db: sqlite3.Connection, entitlements: Iterable[Entitlement]
) -> tuple[set[str], list[str]]:
    """Return the ids of the workspaces, and the unknown ids and names."""
    rows = db.execute("SELECT id, name FROM workspaces").fetchall()
    by_id = {row["id"]: row["id"] for row in rows}
    by_name = {row["name"]: row["id"] for row in rows}
    found: set[str] = set()
    unknown: list[str] = []
    for each in entitlements:
        single = each.kind == "WORKSPACE"
        known = by_name if each.kind == "WORKSPACE_NAMES" else by_id
        for name in [each.value] if single else each.value.split(","):
            if name.strip() in known:
                found.add(known[name.strip()])
            else:
                unknown.append(name.strip())
    return found, unknown
