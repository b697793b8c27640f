import sqlite3
import threading
from collections.abc import Iterator

import pytest

from anaplan_emulator.store.database import Store
from anaplan_emulator.store.records import insert_rows


@pytest.fixture
def store() -> Iterator[Store]:
    store = Store()
    yield store
    store.close()


def write(db: sqlite3.Connection, key: str) -> None:
    db.execute("INSERT INTO emulator (key, value) VALUES (?, '')", (key,))


def keys(store: Store) -> list[str]:
    with store.snapshot() as db:
        return [row["key"] for row in db.execute("SELECT key FROM emulator ORDER BY key")]


def test_a_transaction_commits_at_its_end_and_rolls_back_on_an_error(store: Store) -> None:
    with store.transaction() as db:
        write(db, "kept")
    with pytest.raises(sqlite3.IntegrityError), store.transaction() as db:
        db.executemany("INSERT INTO emulator VALUES (?, '')", [("lost",), ("kept",)])

    assert keys(store) == ["kept"]


def test_readers_see_the_last_commit_during_a_write(store: Store) -> None:
    with store.transaction() as db:
        write(db, "first")
    with store.transaction() as db:
        write(db, "second")
        assert keys(store) == ["first"]

    assert keys(store) == ["first", "second"]


def test_a_snapshot_is_read_only_and_its_connection_is_reusable(store: Store) -> None:
    with store.snapshot() as db, pytest.raises(sqlite3.OperationalError, match="readonly"):
        write(db, "no")
    with store.transaction() as db:
        write(db, "yes")

    assert keys(store) == ["yes"]


def test_writers_wait_for_each_other(store: Store) -> None:
    with store.transaction() as db:
        db.execute("INSERT INTO emulator (key, value) VALUES ('count', '0')")

    def count() -> None:
        for _ in range(50):
            with store.transaction() as db:
                (value,) = db.execute("SELECT value FROM emulator").fetchone()
                db.execute("UPDATE emulator SET value = ?", (str(int(value) + 1),))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with store.snapshot() as db:
        assert db.execute("SELECT value FROM emulator").fetchone()["value"] == "200"


def test_a_nested_transaction_is_an_error(store: Store) -> None:
    with (
        store.transaction(),
        pytest.raises(RuntimeError, match="nested"),
        store.transaction(),
    ):
        pytest.fail("the inner transaction began")

    assert keys(store) == []


def test_clearing_keeps_the_given_tables(store: Store) -> None:
    with store.transaction() as db:
        write(db, "gone")
        db.execute("INSERT INTO authority (certificate, private_key) VALUES ('c', 'k')")

    with store.emptied(keep=("authority",)) as db:
        write(db, "new")

    assert keys(store) == ["new"]
    with store.snapshot() as db:
        assert db.execute("SELECT count(*) FROM authority").fetchone()[0] == 1


def test_references_are_checked_after_all_tables_are_replaced(store: Store) -> None:
    role = "INSERT INTO user_roles (user_id, role) VALUES ('nobody', 'tenant_admin')"
    with store.transaction() as db:
        write(db, "kept")

    with pytest.raises(sqlite3.IntegrityError, match="refers"), store.emptied() as db:
        db.execute(role)
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN"), store.transaction() as db:
        db.execute(role)

    assert keys(store) == ["kept"]


def test_many_rows_are_inserted_and_ignored_ones_are_not_counted(store: Store) -> None:
    rows = [(f"{number:03}", "") for number in range(130)]
    with store.transaction() as db:
        kept = len(db.execute("SELECT * FROM emulator").fetchall())
        assert insert_rows(db, "INSERT INTO emulator (key, value)", rows[:1]) == 1
        assert insert_rows(db, "INSERT OR IGNORE INTO emulator (key, value)", rows) == 129
        assert insert_rows(db, "INSERT INTO emulator (key, value)", []) == 0
    assert len(keys(store)) == kept + 130
