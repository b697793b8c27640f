"""The page of the audit log."""

import json
import sqlite3
from dataclasses import dataclass

from starlette.responses import Response

from anaplan_emulator.console.rendering import page
from anaplan_emulator.console.visits import Visit, Window


@dataclass(frozen=True, slots=True)
class EventRow:
    """An audit event.

    Attributes:
        id: Its id.
        date: Its time, in milliseconds since the epoch.
        code: Its code.
        message: Its message.
        success: Whether what it reports succeeded.
        email: E-mail address of the user, or the id of one who has been deleted.
        subject: Id of the object, and the event's further attributes.
        ip_address: Address of the client.
    """

    id: int
    date: int
    code: str
    message: str
    success: bool
    email: str
    subject: str
    ip_address: str


def show_audit_log(visit: Visit) -> Response:
    """GET /audit: the audit events, the latest first, as far as they match the filter."""
    # Events are written in batches. This adds none.
    visit.tenant.audit_log.flush()
    where, values = _filter(visit)
    with visit.tenant.store.snapshot() as db:
        (total,) = db.execute(f"SELECT count(*) {where}", values).fetchone()
        window = Window.requested(visit, total)
        rows = db.execute(
            f"SELECT audit_events.*, coalesce(users.email, user_id, '') AS email {where}"
            " ORDER BY event_date DESC, audit_events.id DESC LIMIT ? OFFSET ?",
            [*values, window.size, window.start],
        )
        events = [_row(row) for row in rows]
        codes = db.execute("SELECT DISTINCT code, message FROM audit_events ORDER BY code")
        kinds = {row["code"]: row["message"] for row in codes}
    return page(
        visit,
        "audit.html",
        "Audit log",
        events=events,
        window=window,
        kinds=kinds,
        filtered=any(visit.query.get(name) for name in ("code", "text", "outcome")),
    )


def _filter(visit: Visit) -> tuple[str, list[object]]:
    """Return SQL for the events that match the filter, and its values."""
    code, text = visit.query.get("code", ""), visit.query.get("text", "")
    outcome = visit.query.get("outcome", "")
    conditions, values = ["true"], list[object]()
    if code:
        conditions.append("code = ?")
        values.append(code)
    if outcome in ("success", "failure"):
        conditions.append("success = ?")
        values.append(outcome == "success")
    if text:
        columns = ("message", "users.email", "object_id", "attributes", "ip_address", "code")
        found = (f"instr(lower(coalesce({column}, '')), ?)" for column in columns)
        conditions.append(f"({' OR '.join(found)})")
        values += [text.lower()] * len(columns)
    joined = "FROM audit_events LEFT JOIN users ON users.id = user_id"
    return f"{joined} WHERE {' AND '.join(conditions)}", values


def _row(row: sqlite3.Row) -> EventRow:
    attributes = json.loads(row["attributes"]) if row["attributes"] else {}
    parts = [row["object_id"], *(f"{name}: {value}" for name, value in attributes.items())]
    return EventRow(
        id=row["id"],
        date=row["event_date"],
        code=row["code"],
        message=row["message"],
        success=bool(row["success"]),
        email=row["email"],
        subject=", ".join(str(part) for part in parts if part),
        ip_address=row["ip_address"],
    )
