"""Revisions of models: making them, and the histories they are in (facts 5)."""

import json
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime

from anaplan_emulator.engine.blueprint import Blueprint, digest, read_blueprint

MADE = "User added revision"
MADE_BY_API = "User added revision via API"
COPIED = "Model copied"
SYNCHRONIZED = "Revision synchronized"

_APPLIED = """
    SELECT revisions.*, applied_on, applied_by, method, applied_revisions.model
    FROM applied_revisions JOIN revisions ON revisions.key = applied_revisions.revision
"""


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision in a model's history."""

    key: int
    id: str
    name: str
    description: str | None
    created_on: str
    created_by: str
    creation_method: str
    applied_on: str
    applied_by: str
    digest: str


def moment(at: datetime) -> str:
    """Write a moment as revisions do."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def history(db: sqlite3.Connection, model: int) -> list[Revision]:
    """Read a model's revisions, the newest first."""
    rows = db.execute(
        f"{_APPLIED} WHERE applied_revisions.model = ? ORDER BY applied_revisions.key DESC",
        (model,),
    )
    return [_read(row) for row in rows]


def latest_revision(db: sqlite3.Connection, model: int) -> Revision | None:
    """Find the revision that a model has had last."""
    row = db.execute(
        f"{_APPLIED} WHERE applied_revisions.model = ? ORDER BY applied_revisions.key DESC LIMIT 1",
        (model,),
    ).fetchone()
    return _read(row) if row else None


def revision_of(db: sqlite3.Connection, model: int, revision_id: str) -> Revision | None:
    """Find a revision in a model's history."""
    row = db.execute(
        f"{_APPLIED} WHERE applied_revisions.model = ? AND revisions.id = ?", (model, revision_id)
    ).fetchone()
    return _read(row) if row else None


def blueprint_of(db: sqlite3.Connection, revision: Revision) -> Blueprint:
    """Read the structure that a revision holds."""
    (text,) = db.execute(
        "SELECT blueprint FROM revisions WHERE key = ?", (revision.key,)
    ).fetchone()
    blueprint: Blueprint = json.loads(text)
    return blueprint


def is_changed(db: sqlite3.Connection, model: int) -> bool:
    """Tell whether a model's structure is another than that of its latest revision."""
    latest = latest_revision(db, model)
    return latest is None or digest(read_blueprint(db, model)) != latest.digest


def syncable_revisions(db: sqlite3.Connection, target: int, source: int) -> list[Revision]:
    """Find what a source has that is newer than the target's latest revision, the newest first.

    There is none where the source doesn't have that revision.
    """
    latest = latest_revision(db, target)
    newest_first = history(db, source)
    for position, revision in enumerate(newest_first):
        if latest is not None and revision.id == latest.id:
            return newest_first[:position]
    return []


def create_revision(
    db: sqlite3.Connection,
    model: int,
    *,
    revision_id: str,
    name: str,
    description: str | None,
    user_id: str,
    now: str,
    method: str,
) -> None:
    """Take a snapshot of a model's structure, and put it at the end of the model's history."""
    blueprint = read_blueprint(db, model)
    db.execute(
        """
        INSERT INTO revisions
            (id, name, description, created_on, created_by, creation_method, blueprint, digest)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            revision_id,
            name,
            description,
            now,
            user_id,
            method,
            json.dumps(blueprint),
            digest(blueprint),
        ),
    )
    note_applied(db, revision_id, model, user_id=user_id, now=now, method=method)


def note_applied(
    db: sqlite3.Connection, revision_id: str, model: int, *, user_id: str, now: str, method: str
) -> None:
    """Put a revision at the end of a model's history."""
    db.execute(
        "INSERT INTO applied_revisions (revision, model, applied_on, applied_by, method)"
        " SELECT key, ?, ?, ?, ? FROM revisions WHERE id = ?",
        (model, now, user_id, method, revision_id),
    )


def _read(row: sqlite3.Row) -> Revision:
    return Revision(
        key=row["key"],
        id=row["id"],
        name=row["name"],
        description=row["description"],
        created_on=row["created_on"],
        created_by=row["created_by"],
        creation_method=row["creation_method"],
        applied_on=row["applied_on"],
        applied_by=row["applied_by"],
        digest=row["digest"],
    )
