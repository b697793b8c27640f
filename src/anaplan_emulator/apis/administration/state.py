"""Importing and exporting the tenant's users."""

import sqlite3

from anaplan_emulator.apis.administration.uploads import Row
from anaplan_emulator.apis.calls import Call
from anaplan_emulator.clock import zulu
from anaplan_emulator.store.users import EMAIL, USER_EVENTS, add_user


def import_users(call: Call, rows: list[Row]) -> dict[str, object]:
    """Create and update users. An invalid row does not affect others."""
    known_licenses = set(call.tenant.description.licenses)
    created = updated = 0
    errors: dict[str, str] = {}
    for number, row in enumerate(rows, 1):
        if not EMAIL.fullmatch(row.username):
            errors[str(number)] = "Invalid email address"
        elif not row.licenses or (known_licenses and not known_licenses.issuperset(row.licenses)):
            errors[str(number)] = "License not found"
        elif _import(call, row):
            created += 1
        else:
            updated += 1
    # All rows of the file count as accepted, including invalid ones.
    return {"accepted": len(rows), "created": created, "updated": updated, "errors": errors}


def exported_users(db: sqlite3.Connection, limit: int | None, offset: int) -> list[tuple[str, ...]]:
    """Read a page of users, ordered by user name."""
    rows = db.execute(
        """
        SELECT email, first_name, last_name, licenses FROM users ORDER BY email LIMIT ? OFFSET ?
        """,
        (-1 if limit is None else limit, offset),
    )
    return [tuple(row) for row in rows]


def _import(call: Call, row: Row) -> bool:
    """Create or update a user, and return whether it was created."""
    timestamp = zulu(call.tenant.clock.now())
    found = call.db.execute("SELECT * FROM users WHERE email = ?", (row.username,)).fetchone()
    user_id: str
    if found is None:
        user_id = add_user(
            call.db,
            email=row.username,
            password=call.tenant.settings.first_password,
            first_name=row.first_name,
            last_name=row.last_name,
            customer_id=call.user.customer_id,
            now=timestamp,
        )
    else:
        user_id = found["id"]
    call.db.execute(
        """
        UPDATE users SET first_name = ?, last_name = ?, licenses = ?, modified_at = ? WHERE id = ?
        """,
        (row.first_name, row.last_name, ",".join(row.licenses), timestamp, user_id),
    )
    if found is not None:
        new = {"first_name": row.first_name, "last_name": row.last_name}
        for column in (each for each in new if new[each] != found[each]):
            call.audit.record(USER_EVENTS[column], object_id=user_id)
    call.audit.record("USR-1" if found is None else "USR-5", object_id=user_id)
    return found is None
