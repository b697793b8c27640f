"""A reset restores the state of the tenant's description."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from anaplan_emulator import NUMBER, TEXT, Emulator, TenantBuilder, TenantDescription
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
            if name not in excluded and not name.startswith(("sqlite_", "cloud_", "changed_rows_"))
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


CHANGES = {
    "renamed": "UPDATE list_items SET name = name || ' changed' WHERE key % 7 = 0",
    "deleted": "DELETE FROM list_items WHERE code IN ('c3', 'c500')",
    "replaced values": """
        INSERT OR REPLACE INTO property_values
        SELECT item, property, 'other' FROM property_values WHERE item % 5 = 0
        """,
    "a replaced item": """
        INSERT OR REPLACE INTO list_items (key, list, name, code)
        SELECT key + 1000000, list, 'new', code FROM list_items WHERE code = 'c10'
        """,
    "many added": """
        INSERT INTO list_items (key, list, name, code)
        SELECT key + 1000000, list, name || ' copy', NULL FROM list_items WHERE code IS NOT NULL
        """,
    "all deleted": "DELETE FROM list_items",
    "moved": "UPDATE OR IGNORE subset_items SET subset = subset + 1 WHERE item % 3 = 0",
    "another key": """
        PRAGMA foreign_keys = OFF;
        UPDATE list_items SET key = key + 2000000 WHERE code = 'c20'
        """,
}


@pytest.fixture(scope="module")
def large() -> Iterator[Emulator]:
    """A tenant with large tables, of which only the changed rows are restored."""
    tenant = TenantBuilder()
    model = tenant.model("Large", months=1)
    parts = model.list("Parts", properties={"Note": TEXT}, subsets=["Some", "Others"])
    for number in range(1200):
        parts.item(f"Part {number}", code=f"c{number}", properties={"Note": "n"}, subsets=["Some"])
    stock = model.module("Stock", [parts], {"Units": NUMBER})
    for number in range(1200):
        stock.cell(f"c{number}", {"Units": number})
    with Emulator(tenant) as emulator:
        emulator.reset()
        yield emulator


@pytest.fixture
def expected(large: Emulator) -> dict[str, object]:
    large.reset()
    return content(large)


@pytest.mark.parametrize("change", CHANGES)
def test_changed_rows_of_large_tables_are_restored(
    large: Emulator, expected: dict[str, object], change: str
) -> None:
    *pragmas, statement = CHANGES[change].split(";")
    with large.tenant.store.session() as session:
        for pragma in pragmas:
            session.db.execute(pragma)
        with session.transaction() as db:
            db.execute(statement)
    assert content(large) != expected
    large.reset()
    assert content(large) == expected


def test_a_restored_tenant_is_like_a_fresh_one(
    large: Emulator, expected: dict[str, object]
) -> None:
    with Emulator(large.tenant.description) as fresh:
        assert content(fresh) == expected


def test_a_large_table_of_cells_that_has_changed_is_created_again(
    large: Emulator, expected: dict[str, object]
) -> None:
    change = {"modules": [{"name": "Stock", "line_items": [{"name": "Ordered"}]}]}
    for _ in range(2):
        large.restructure("Large", change)
        large.reset()
        assert content(large) == expected
        # It has a journal again.
        with large.tenant.store.transaction() as db:
            (table,) = [name for name in expected if name.startswith("cells_")]
            db.execute(f"DELETE FROM {table}")
        large.reset()
        assert content(large) == expected


def test_journals_belong_to_a_tenant(large: Emulator, expected: dict[str, object]) -> None:
    description = large.tenant.description
    assert journals(large) == {"cells_1", "list_items", "property_values", "subset_items"}
    large.load_tenant(TenantBuilder("Small"))
    assert journals(large) == set()
    for _ in range(2):
        large.load_tenant(description)
        large.reset()
        assert content(large) == expected
    assert "list_items" in journals(large)


def test_a_state_file_has_no_journals(large: Emulator, tmp_path: Path) -> None:
    with Emulator(large.tenant.description, state=tmp_path / "state.sqlite") as emulator:
        emulator.reset()
        emulator.reset()
        assert journals(emulator) == set()


def test_the_description_is_saved_after_each_kind_of_reset(tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite"
    tenant = TenantBuilder("Saved").build()
    for resets in range(4):
        with Emulator(tenant, state=state) as emulator:
            for _ in range(resets):
                emulator.reset()
        with Emulator(state=state) as emulator:
            assert emulator.tenant.resumed
            assert emulator.tenant.description == tenant


def journals(emulator: Emulator) -> set[str]:
    with emulator.tenant.store.snapshot() as db:
        names = db.execute("SELECT name FROM sqlite_master WHERE name GLOB 'changed_rows_*'")
        found = {name.removeprefix("changed_rows_") for (name,) in names}
    return {name for name in found if not name.endswith(("_insert", "_update", "_delete"))}
