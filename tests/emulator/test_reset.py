"""A reset restores the state of the tenant's description."""

import sqlite3
from pathlib import Path

import pytest

from anaplan_emulator import Emulator, TenantDescription
from anaplan_emulator.tenant.tenant_file import read_tenant


@pytest.fixture
def tenant() -> TenantDescription:
    return read_tenant(None)


def content(emulator: Emulator) -> dict[str, object]:
    """Return the content of the database, except tables with times and random values."""
    excluded = {"authority", "oauth_signing_key", "emulator", "api_keys", "audit_events"}
    with emulator.tenant.store.snapshot() as db:
        tables = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
        return {
            name: (sql, rows(db, name))
            for name, sql in tables
            if name not in excluded and not name.startswith(("sqlite_", "cloud_"))
        }


def rows(db: sqlite3.Connection, table: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in db.execute(f"SELECT * FROM {table}")]


def objects(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b""
        for path in folder.rglob("*")
    }


def test_every_reset_restores_the_same_state(emulator: Emulator) -> None:
    with Emulator(emulator.tenant.description) as fresh:
        expected = content(fresh)

    for _ in range(3):
        change = {
            "lists": [{"name": "Crews", "items": [{"name": "Crew 1"}]}],
            "modules": [
                {"name": "Crew Plan", "dimensions": ["Crews"], "line_items": [{"name": "Hours"}]},
                {"name": "Flight Facts", "line_items": [{"name": "Delay"}]},
            ],
        }
        emulator.restructure(emulator.model_id or "", change)
        with emulator.tenant.store.transaction() as db:
            db.execute("UPDATE users SET first_name = 'Somebody else'")
        assert content(emulator) != expected

        emulator.reset()

        assert content(emulator) == expected


def test_a_reset_restores_cloud_storage(emulator: Emulator) -> None:
    root = emulator.tenant.cloud_storage.root
    described = objects(root)
    first = next(path for path in sorted(root.rglob("*")) if path.is_file())
    first.write_bytes(b"overwritten")
    (root / "AmazonS3" / "other" / "deep").mkdir(parents=True)
    (root / "AmazonS3" / "other" / "deep" / "new.csv").write_bytes(b"new")
    (first.parent / "new.csv").write_bytes(b"new")

    emulator.reset()

    assert objects(root) == described


@pytest.mark.parametrize("described", [None, Path(__file__).parents[1] / "tenants" / "shop.json"])
def test_a_state_file_is_kept_and_can_be_reset(tmp_path: Path, described: Path | None) -> None:
    state = tmp_path / "state.sqlite"
    with Emulator(described, state=state) as emulator:
        start = content(emulator)
        with emulator.tenant.store.transaction() as db:
            db.execute("UPDATE users SET first_name = 'Somebody else'")
        left = content(emulator)

    with Emulator(state=state) as emulator:
        assert content(emulator) == left
        for _ in range(3):
            emulator.reset()
            assert content(emulator) == start
