"""Revisions of models and the models' histories (docs/anaplan-behaviour.md#revisions)."""

import json
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime

from anaplan_emulator.engine.blueprint import Blueprint, digest, read_blueprint
from anaplan_emulator.store.records import read_record

CREATED = "User added revision"
CREATED_BY_API = "User added revision via API"
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


def revision_timestamp(moment: datetime) -> str:
    """Return a timestamp in the format of revisions."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def history(db: sqlite3.Connection, model: int) -> list[Revision]:
    """Read a model's revisions, newest first."""
    rows = db.execute(
        f"{_APPLIED} WHERE applied_revisions.model = ? ORDER BY applied_revisions.key DESC",
        (model,),
    )
    return [read_record(Revision, row) for row in rows]


def latest_revision(db: sqlite3.Connection, model: int) -> Revision | None:
    """Find the latest revision in a model's history."""
    row = db.execute(
        f"{_APPLIED} WHERE applied_revisions.model = ? ORDER BY applied_revisions.key DESC LIMIT 1",
        (model,),
    ).fetchone()
    return read_record(Revision, row) if row else None


def revision_of(db: sqlite3.Connection, model: int, revision_id: str) -> Revision | None:
    """Find a revision in a model's history."""
    row = db.execute(
        f"{_APPLIED} WHERE applied_revisions.model = ? AND revisions.id = ?", (model, revision_id)
    ).fetchone()
    return read_record(Revision, row) if row else None


def blueprint_of(db: sqlite3.Connection, revision: Revision) -> Blueprint:
    """Read the structure of a revision."""
    (text,) = db.execute(
        "SELECT blueprint FROM revisions WHERE key = ?", (revision.key,)
    ).fetchone()
    blueprint: Blueprint = json.loads(text)
    return blueprint


def is_changed(db: sqlite3.Connection, model: int) -> bool:
    """Return whether a model's structure differs from that of its latest revision."""
    latest = latest_revision(db, model)
    return latest is None or digest(read_blueprint(db, model)) != latest.digest


def syncable_revisions(db: sqlite3.Connection, target: int, source: int) -> list[Revision]:
    """Return the source's revisions that are newer than the target's latest one, newest first.

    There are none if the source does not have the target's latest revision.
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
    blueprint: Blueprint | None = None,
) -> None:
    """Create a revision and add it to the model's history.

    Its structure is the model's, unless another one is given.
    """
    blueprint = blueprint or read_blueprint(db, model)
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
    add_to_history(db, revision_id, model, user_id=user_id, now=now, method=method)


def exists(db: sqlite3.Connection, revision_id: str) -> bool:
    """Return whether any model has or had a revision."""
    row = db.execute("SELECT 1 FROM revisions WHERE id = ?", (revision_id,)).fetchone()
    return row is not None


def add_to_history(
    db: sqlite3.Connection, revision_id: str, model: int, *, user_id: str, now: str, method: str
) -> None:
    """Add an existing revision to a model's history."""
    db.execute(
        "INSERT INTO applied_revisions (revision, model, applied_on, applied_by, method)"
        " SELECT key, ?, ?, ?, ? FROM revisions WHERE id = ?",
        (model, now, user_id, method, revision_id),
    )
