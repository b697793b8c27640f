"""What a capture has read so far: a database outside of the capture's folder.

It has what Anaplan returned, before anything is replaced, and is deleted at the end.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from anaplan_sdk._runtime.process_lock import ProcessLock
from anaplan_sdk._runtime.targets import replacing
from anaplan_sdk._runtime.user_folders import state_folder
from anaplan_sdk.cli.exit_codes import ExitCode
from anaplan_sdk.cli.failures import CommandError, usage_error
from anaplan_sdk.cli.tenant.capturing.options import CaptureReport

MARKER = "capture.json"
_LAST = 2**62
_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS items (
    list TEXT NOT NULL, position INTEGER NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL,
    code TEXT NOT NULL, parent TEXT NOT NULL, fields TEXT NOT NULL,
    selected INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (list, position)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS items_by_name ON items (name COLLATE NOCASE, list);
CREATE INDEX IF NOT EXISTS items_by_code ON items (code COLLATE NOCASE, list) WHERE code <> '';
"""
# The planner would search the whole list by its primary key.
_BY_NAME = (
    "SELECT position, name, code, selected FROM items INDEXED BY items_by_name"
    " WHERE name = ? COLLATE NOCASE AND list = ? ORDER BY name <> ? LIMIT 1"
)
_BY_CODE = (
    "SELECT position, name, code, selected FROM items INDEXED BY items_by_code"
    " WHERE code <> '' AND code = ? COLLATE NOCASE AND list = ? ORDER BY code <> ? LIMIT 1"
)
_BY_FIELD = (
    "SELECT position, name, code, selected FROM items"
    " WHERE list = ? AND json_extract(fields, '$[{0}]') = ? LIMIT 1"
)
_FIELD_INDEX = (
    "CREATE INDEX IF NOT EXISTS items_by_field_{0} ON items (list, json_extract(fields, '$[{0}]'))"
)
_HAS_NAME = "SELECT 1 FROM items INDEXED BY items_by_name WHERE name = ? COLLATE NOCASE LIMIT 1"
_HAS_CODE = (
    "SELECT 1 FROM items INDEXED BY items_by_code"
    " WHERE code <> '' AND code = ? COLLATE NOCASE LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a list.

    Attributes:
        position: Its position in the list.
        id: Its id; empty for lists that are too large for ids.
        name: Its name.
        code: Its code; empty without one.
        parent: Name of its parent; empty without one.
        fields: Its subsets and properties, in the list's order.
    """

    position: int
    id: str
    name: str
    code: str
    parent: str
    fields: list[str]


class CaptureState:
    """What a capture has read so far.

    Args:
        folder: The folder of the capture.
        arguments: What the capture was asked for, without secrets.

    Raises:
        CommandError: The folder has another capture, a complete one, or files of others; another
            command captures into it; or the database cannot be used.
    """

    def __init__(self, folder: Path, arguments: Mapping[str, object]) -> None:
        self._folder = folder
        self._path = _database_path(folder)
        self._lock = ProcessLock(f"capture {self._path}")
        if not self._lock.take():
            raise usage_error(
                f"Another command captures into {str(folder)!r}.",
                "Wait until it ends, or name another folder.",
            )
        try:
            _prepare_folder(folder, arguments, self._path)
            self._db = self._opened()
        except BaseException:
            self._lock.release()
            raise

    def _opened(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        db = sqlite3.connect(self._path)
        try:
            db.executescript(f"PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; {_SCHEMA}")
        except sqlite3.Error as error:
            db.close()
            raise self._unusable(error) from None
        return db

    def _unusable(self, error: sqlite3.Error) -> CommandError:
        return CommandError(
            ExitCode.FAILED,
            f"{str(self._path)!r} can't be used: {error}. It has what the capture has read so far.",
            "Check the space on the disk, or delete the file and the folder to start again.",
            kind=type(error).__name__,
        )

    def __enter__(self) -> Self:
        """Return the state itself.

        Returns:
            The state.
        """
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the database, and let other commands capture into the folder.

        Args:
            exc_type: The class of the exception that ends the block; None without one.
            exc: The exception.
            traceback: Where it was raised.

        Raises:
            CommandError: The database cannot be used, such as on a full disk.
        """
        self._lock.release()
        try:
            self._db.close()
        except sqlite3.Error as error:
            raise self._unusable(error) from None
        if isinstance(exc, sqlite3.Error):
            raise self._unusable(exc) from None

    def delete(self) -> None:
        """Delete the database, at the end of the capture."""
        self._db.close()
        _delete_database(self._path)

    def clear(self) -> None:
        """Forget everything that was read."""
        with self._db:
            self._db.execute("DELETE FROM objects")
            self._db.execute("DELETE FROM items")

    def value(self, key: str) -> Any:
        """Return what was stored for an object; None if nothing was.

        Args:
            key: The key of the object.

        Returns:
            The value.
        """
        found = self._db.execute("SELECT value FROM objects WHERE key = ?", (key,)).fetchone()
        return None if found is None else json.loads(found[0])

    def keep(self, key: str, read: Callable[[], Any]) -> Any:
        """Return what was stored for an object, or read and store it.

        Args:
            key: The key of the object.
            read: Reads it.

        Returns:
            The value.
        """
        if (value := self.value(key)) is not None:
            return value
        value = read()
        self.store(key, value)
        return value

    def store(self, key: str, value: object) -> None:
        """Store a value, in one transaction with the items that were added and selected before.

        Args:
            key: The key of the object.
            value: The value.
        """
        with self._db:
            self._db.execute(
                "INSERT OR REPLACE INTO objects (key, value) VALUES (?, ?)",
                (key, json.dumps(value, ensure_ascii=False)),
            )

    def remember(self, key: str, value: object) -> None:
        """Store a value, which the next `store` completes.

        Args:
            key: The key.
            value: The value.
        """
        self._db.execute(
            "INSERT OR REPLACE INTO objects (key, value) VALUES (?, ?)", (key, json.dumps(value))
        )

    def add_items(self, list_name: str, items: Iterable[Item]) -> int:
        """Store the items of a list; `store` completes this.

        Args:
            list_name: The list.
            items: Its items.

        Returns:
            How many there are.
        """
        count = 0

        def rows() -> Iterator[tuple[object, ...]]:
            nonlocal count
            for each in items:
                count += 1
                texts = each.id, each.name, each.code, each.parent
                fields = json.dumps(each.fields, ensure_ascii=False)
                yield (list_name, each.position, *texts, fields)

        self._db.execute("DELETE FROM items WHERE list = ?", (list_name,))
        self._db.executemany(
            "INSERT INTO items (list, position, id, name, code, parent, fields)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            rows(),
        )
        return count

    def items(
        self, list_name: str, *, selected: bool, position: int | None = None
    ) -> Iterator[Item]:
        """Yield items of a list in its order.

        Args:
            list_name: The list.
            selected: Whether only selected items are yielded.
            position: The position of the only item; None for all.

        Yields:
            The items.
        """
        rows = self._db.execute(
            "SELECT position, id, name, code, parent, fields FROM items"
            " WHERE list = ? AND selected >= ? AND position >= ? AND position <= ?"
            " ORDER BY position",
            (list_name, selected, position or 0, _LAST if position is None else position),
        )
        for place, identifier, name, code, parent, fields in rows:
            yield Item(place, identifier, name, code, parent, json.loads(fields))

    def count(self, list_name: str, *, selected: bool) -> int:
        """Return the number of items of a list.

        Args:
            list_name: The list.
            selected: Whether only selected items are counted.

        Returns:
            The number.
        """
        found = self._db.execute(
            "SELECT count(*) FROM items WHERE list = ? AND selected >= ?", (list_name, selected)
        ).fetchone()
        return int(found[0])

    def find(self, list_name: str, text: str) -> tuple[int, str, str, bool] | None:
        """Find an item by its name, or else by its code.

        Args:
            list_name: The list.
            text: The name or code.

        Returns:
            Its position, name and code, and whether it is selected; None if it was not found.
        """
        for query in (_BY_NAME, _BY_CODE):
            found = self._db.execute(query, (text, list_name, text)).fetchone()
            if found is not None:
                return found[0], found[1], found[2], bool(found[3])
        return None

    def find_by_field(
        self, list_name: str, field: int, text: str
    ) -> tuple[int, str, str, bool] | None:
        """Find an item by one of its subsets and properties.

        Args:
            list_name: The list.
            field: The position among the subsets and properties.
            text: The value.

        Returns:
            Its position, name and code, and whether it is selected; None if it was not found.
        """
        found = self._db.execute(_BY_FIELD.format(int(field)), (list_name, text)).fetchone()
        return None if found is None else (found[0], found[1], found[2], bool(found[3]))

    def index_field(self, field: int) -> None:
        """Make `find_by_field` fast for a field.

        Args:
            field: The position among the subsets and properties.
        """
        self._db.execute(_FIELD_INDEX.format(int(field)))

    def is_item(self, text: str) -> bool:
        """Return whether any list has an item with a name or code.

        Args:
            text: The name or code.

        Returns:
            Whether there is one, ignoring case.
        """
        return any(
            self._db.execute(query, (text,)).fetchone() is not None
            for query in (_HAS_NAME, _HAS_CODE)
        )

    def select_first(self, list_name: str, number: int) -> None:
        """Select the first items of a list.

        Args:
            list_name: The list.
            number: How many.
        """
        self._db.execute(
            "UPDATE items SET selected = 1 WHERE list = ? AND position < ?", (list_name, number)
        )

    def select(self, list_name: str, position: int) -> None:
        """Select an item.

        Args:
            list_name: The list.
            position: Its position.
        """
        self._db.execute(
            "UPDATE items SET selected = 1 WHERE list = ? AND position = ?", (list_name, position)
        )


def finish_marker(folder: Path, report: CaptureReport) -> None:
    """Record in a capture's folder that the capture is complete.

    Args:
        folder: The folder.
        report: The report of the capture.
    """
    marker = _read_marker(folder) or {}
    write_json(folder / MARKER, {**marker, "complete": True, "read": report.read})


def write_json(path: Path, content: object) -> None:
    """Write a file of JSON, as a whole or not at all.

    Args:
        path: The file.
        content: What it has.
    """
    with replacing(path) as file:
        file.write(f"{json.dumps(content, indent=2, ensure_ascii=False)}\n".encode())


def delete_state(folder: Path) -> None:
    """Delete what a capture that will not be continued has read.

    Args:
        folder: The folder of the capture, which still exists.
    """
    _delete_database(_database_path(folder))


def _delete_database(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)


def _database_path(folder: Path) -> Path:
    # Path.resolve would fail at a loop of links.
    digest = hashlib.sha256(os.path.realpath(folder).encode()).hexdigest()[:32]
    return state_folder() / "captures" / f"{digest}.sqlite"


def _read_marker(folder: Path) -> dict[str, Any] | None:
    try:
        content: object = json.loads((folder / MARKER).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return cast("dict[str, Any]", content) if isinstance(content, dict) else None


def _prepare_folder(folder: Path, arguments: Mapping[str, object], database: Path) -> None:
    """Create the folder, or check that it is that of the same capture, which is not complete."""
    if folder.exists() and not folder.is_dir():
        raise usage_error(f"{str(folder)!r} is a file.", "Name a folder that is new or empty.")
    folder.mkdir(parents=True, exist_ok=True)
    marker = _read_marker(folder)
    if marker is None:
        if any(not each.name.startswith(".anaplan-") for each in folder.iterdir()):
            raise usage_error(
                f"{str(folder)!r} is not empty.", "Name a folder that is new or empty."
            )
        _delete_database(database)
        write_json(folder / MARKER, {"arguments": dict(arguments), "complete": False})
        return
    if marker.get("complete"):
        raise usage_error(
            f"{str(folder)!r} has a complete capture already.",
            "Name another folder, or delete this one to capture the model again.",
        )
    before = cast("dict[str, object]", marker.get("arguments") or {})
    if different := [name for name in arguments if before.get(name) != arguments[name]]:
        listed = ", ".join(
            f"{name} was {before.get(name)!r}, now {arguments[name]!r}" for name in different
        )
        raise usage_error(
            f"{str(folder)!r} has a capture with other arguments: {listed}.",
            "Give the same arguments to continue it, or name another folder.",
        )
    for leftover in [*folder.glob(".anaplan-*"), *folder.glob("data/.anaplan-*")]:
        leftover.unlink(missing_ok=True)
