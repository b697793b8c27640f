"""Users as the SCIM API keeps them: the same who sign in (facts 7)."""

import sqlite3
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from anaplan_emulator import audit
from anaplan_emulator.apis.scim.bodies import Change, Entitlement, UserBody, invalid
from anaplan_emulator.apis.scim.discovery import USER
from anaplan_emulator.calls import Call
from anaplan_emulator.clock import zulu
from anaplan_emulator.engine.scim_filter import Value
from anaplan_emulator.replies import ApiError
from anaplan_emulator.store.people import EMAIL, USER_EVENTS, add_user, deactivate, leave_workspace

# Whoever is but a visitor is at home elsewhere, and not to be seen.
_VISIBLE = """
    SELECT * FROM users WHERE NOT (
        EXISTS (SELECT 1 FROM workspace_members WHERE user_id = users.id AND role = 'visitor')
        AND NOT EXISTS (
            SELECT 1 FROM workspace_members WHERE user_id = users.id AND role != 'visitor'
        )
    )
"""


@dataclass(frozen=True, slots=True)
class Person:
    """A user, and the workspaces they are at home in."""

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
        """What filters ask for."""
        return {
            "id": self.id,
            "externalId": self.external_id,
            "userName": self.user_name,
            "name.givenName": self.given_name,
            "name.familyName": self.family_name,
            "active": self.active,
        }


def people(db: sqlite3.Connection) -> list[Person]:
    """Read all users who can be seen, by user name."""
    return [_read(db, row) for row in db.execute(f"{_VISIBLE} ORDER BY email").fetchall()]


def person(db: sqlite3.Connection, user_id: str) -> Person:
    """Find a user.

    Raises:
        ApiError: 404, for visitors too.
    """
    row = db.execute(f"{_VISIBLE} AND id = ?", (user_id,)).fetchone()
    if row is None:
        raise ApiError(404, f"User {user_id} not found")
    return _read(db, row)


def create(call: Call, body: UserBody) -> Person:
    """Create a user, who can sign in with the first password.

    Raises:
        ApiError: 400; 409, when there is a user of this name.
    """
    if body.user_name is None or not EMAIL.fullmatch(body.user_name):
        raise invalid("userName is missing, or no e-mail address")
    workspaces = _known_workspaces(call.db, body.entitlements)
    most = call.world.settings.scim_workspace_limit
    if len(workspaces) > most:
        raise invalid(f"A user can't be created with more than {most} workspaces")
    if call.db.execute("SELECT 1 FROM users WHERE email = ?", (body.user_name,)).fetchone():
        raise ApiError(409, f"User {body.user_name} already exists", code="uniqueness")
    user_id = add_user(
        call.db,
        email=body.user_name,
        password=call.world.settings.first_password,
        first_name=body.given_name,
        last_name=body.family_name,
        customer_id=call.user.customer_id,
        now=zulu(call.world.clock.now()),
    )
    audit.record(call, "USR-1", object_id=user_id)
    _set(call.db, user_id, external_id=body.external_id, work_email=body.work_email)
    _set(call.db, user_id, active=body.active is not False)
    _enter(call, user_id, workspaces)
    return person(call.db, user_id)


def replace(call: Call, before: Person, body: UserBody) -> Person:
    """Write a user anew: what is left out is cleared, and all workspaces without entitlements.

    Raises:
        ApiError: 400.
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
    _settle(call, before.id, workspaces)
    return _touched(call, before.id)


def patch(call: Call, before: Person, changes: Iterable[Change]) -> tuple[Person, bool]:
    """Apply a patch step by step.

    Returns:
        The user, and whether all entitlements could be applied.
    """
    whole = True
    for change in changes:
        if isinstance(change.value, tuple):
            whole &= _change_entitlements(call, before.id, change, change.value)
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
    return _touched(call, before.id), whole


def describe(one: Person, location: str) -> dict[str, Any]:
    """Write a user."""
    body: dict[str, Any] = {"schemas": [USER], "id": one.id}
    if one.external_id is not None:
        body["externalId"] = one.external_id
    formatted = f"{one.given_name} {one.family_name}"
    entitlements: list[dict[str, Any]] = [
        {"value": workspace_id, "display": name, "type": "WORKSPACE", "primary": False}
        for workspace_id, name in one.workspaces
    ]
    if entitlements:
        ids, names = zip(*one.workspaces, strict=True)
        entitlements.append({"value": ",".join(ids), "type": "WORKSPACE_IDS"})
        entitlements.append({"value": ",".join(names), "type": "WORKSPACE_NAMES"})
    return body | {
        "userName": one.user_name,
        "name": {
            "familyName": one.family_name,
            "givenName": one.given_name,
            "formatted": formatted,
        },
        "displayName": formatted,
        "active": one.active,
        "emails": [{"value": one.work_email, "type": "work", "primary": True}],
        "entitlements": entitlements,
        "meta": {
            "resourceType": "User",
            "created": one.created_at,
            "lastModified": one.modified_at,
            "location": location,
        },
    }


def _read(db: sqlite3.Connection, row: sqlite3.Row) -> Person:
    workspaces = db.execute(
        """
        SELECT id, name FROM workspaces JOIN workspace_members ON workspace_id = id
        WHERE user_id = ? AND role != 'visitor' ORDER BY name
        """,
        (row["id"],),
    )
    return Person(
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


def _touched(call: Call, user_id: str) -> Person:
    _set(call.db, user_id, modified_at=zulu(call.world.clock.now()))
    audit.record(call, "USR-5", object_id=user_id)
    # Who has left all but places to visit can't be found any more.
    row = call.db.execute("SELECT * FROM users WHERE id = ?", (user_id,)).fetchone()
    return _read(call.db, row)


def _set(db: sqlite3.Connection, user_id: str, **columns: object) -> None:
    assignments = ", ".join(f"{column} = ?" for column in columns)
    db.execute(
        f"UPDATE users SET {assignments} WHERE id = ?",  # noqa: S608 - names of ours
        (*columns.values(), user_id),
    )


def _change_columns(call: Call, user_id: str, **columns: object) -> None:
    """Write a user's columns, and tell of each that is another than before."""
    before = call.db.execute("SELECT * FROM users WHERE id = ?", (user_id,)).fetchone()
    _set(call.db, user_id, **columns)
    for column, value in columns.items():
        if column in USER_EVENTS and value != before[column]:
            audit.record(call, USER_EVENTS[column], object_id=user_id)


def _activate(call: Call, user_id: str, *, active: bool) -> None:
    if call.db.execute(
        "SELECT 1 FROM users WHERE id = ? AND active = ?", (user_id, active)
    ).fetchone():
        return
    if active:
        _set(call.db, user_id, active=True)
    else:
        deactivate(call.db, user_id)
    audit.record(call, "USR-3" if active else "USR-4", object_id=user_id)


def _change_entitlements(
    call: Call, user_id: str, change: Change, entitlements: tuple[Entitlement, ...]
) -> bool:
    """Apply what can be; tell whether that was all."""
    workspaces, unknown = _find_workspaces(call.db, entitlements)
    if change.operation == "add":
        _enter(call, user_id, workspaces)
    elif change.operation == "replace":
        _settle(call, user_id, workspaces)
    else:
        home = _home(call.db, user_id)
        _leave(call, user_id, workspaces & home if entitlements else home)
    return not unknown


def _settle(call: Call, user_id: str, workspaces: set[str]) -> None:
    _leave(call, user_id, _home(call.db, user_id) - workspaces)
    _enter(call, user_id, workspaces)


def _enter(call: Call, user_id: str, workspaces: Collection[str]) -> None:
    for workspace_id in sorted(workspaces):
        added = call.db.execute(
            """
            INSERT INTO workspace_members (user_id, workspace_id, role) VALUES (?, ?, 'member')
            ON CONFLICT DO UPDATE SET role = 'member' WHERE role = 'visitor'
            """,
            (user_id, workspace_id),
        )
        if added.rowcount:
            told = {"workspaceId": workspace_id}
            audit.record(call, "USR-21", object_id=user_id, attributes=told)


def _leave(call: Call, user_id: str, workspaces: Collection[str]) -> None:
    for workspace_id in sorted(workspaces):
        told = {"workspaceId": workspace_id}
        left = leave_workspace(call.db, user_id, workspace_id)
        for model_id in left.models:
            in_model = {**told, "modelId": model_id}
            audit.record(call, "USR-24", object_id=user_id, attributes=in_model)
        if left.was_admin:
            audit.record(call, "USR-25", object_id=user_id, attributes=told)
        audit.record(call, "USR-22", object_id=user_id, attributes=told)


def _home(db: sqlite3.Connection, user_id: str) -> set[str]:
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
    """Return the ids of the workspaces meant, and what leads to none."""
    rows = db.execute("SELECT id, name FROM workspaces").fetchall()
    by_id = {row["id"]: row["id"] for row in rows}
    by_name = {row["name"]: row["id"] for row in rows}
    found: set[str] = set()
    unknown: list[str] = []
    for each in entitlements:
        single = each.kind == "WORKSPACE"
        known = by_name if each.kind == "WORKSPACE_NAMES" else by_id
        for word in [each.value] if single else each.value.split(","):
            if word.strip() in known:
                found.add(known[word.strip()])
            else:
                unknown.append(word.strip())
    return found, unknown
