"""The SQLite database: opening it, its schema, and its transactions."""

import sqlite3
import threading
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from importlib.resources import files
from pathlib import Path

from filelock import FileLock, Timeout

from anaplan_emulator.temporary_folder import TemporaryFolder


class StateError(Exception):
    """A state file cannot be used: another file, another version, or in use."""


class Store:
    """A SQLite database in write-ahead mode: one writer at a time, and readers never wait.

    A reader sees the last commit, so a long write (such as applying an import) does not block
    polls. It does block every other writer, including sign-in: do long work in short transactions.

    Args:
        path: The state file. By default a private temporary file is used: SQLite's shared
            in-memory databases would lock whole tables against readers.

    Raises:
        StateError: The file is not a state file of this version, cannot be created or locked, or
            is in use by another emulator.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._temporary = TemporaryFolder() if path is None else None
        self.path = path or self._temporary.path / "state.sqlite"  # type: ignore[union-attr]
        # Connections that only read are separate: a change of `query_only` makes SQLite compile all
        # statements of the connection again.
        self._idle: list[sqlite3.Connection] = []
        self._idle_readers: list[sqlite3.Connection] = []
        self._idle_lock = threading.Lock()
        self._writing = threading.Lock()
        self._writer: int | None = None
        self._closed = False
        self._lock = _lock(path) if path is not None else None
        try:
            self._create_schema()
        except BaseException:
            self.close()
            raise

    @property
    def is_temporary(self) -> bool:
        """Whether it is deleted at the end."""
        return self._temporary is not None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Open a transaction that writes: it commits at the end and rolls back on an error."""
        with self._connection() as connection, self._writing_on(connection):
            yield connection

    @contextmanager
    def emptied(
        self, *, keep: Collection[str] = (), checked: bool = True
    ) -> Iterator[sqlite3.Connection]:
        """Open a transaction that begins by deleting the rows of all tables except those to keep.

        Foreign keys are checked at its end: row by row, a large model would take seconds. What was
        checked before, and is only restored, need not be checked.
        """
        with self._connection() as connection:
            connection.execute("PRAGMA foreign_keys = OFF")
            try:
                with self._writing_on(connection):
                    _clear_tables(connection, keep)
                    yield connection
                    check = "PRAGMA foreign_key_check"
                    if checked and connection.execute(check).fetchone() is not None:
                        raise sqlite3.IntegrityError("a row refers to one that does not exist")
            finally:
                connection.execute("PRAGMA foreign_keys = ON")

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Open a transaction that only reads: it sees the last commit and waits for no writer."""
        with self._connection(read_only=True) as connection, _begin(connection, "BEGIN"):
            yield connection

    @contextmanager
    def session(self) -> Iterator["Session"]:
        """Open a separate connection for long work: staging, reading and short transactions.

        Its temporary tables are written without any lock and are dropped when it closes.
        """
        connection = self._connect()
        try:
            yield Session(connection, self._writing_on)
        finally:
            connection.close()

    def close(self) -> None:
        """Close all connections; those in use are closed when they are returned."""
        with self._idle_lock:
            self._closed = True
            for pool in (self._idle_readers, self._idle):
                while pool:
                    pool.pop().close()
        if self._lock is not None:
            self._lock.release()
        if self._temporary is not None:
            self._temporary.delete()

    @contextmanager
    def _writing_on(self, connection: sqlite3.Connection) -> Iterator[None]:
        if self._writer == threading.get_ident():
            raise RuntimeError(
                "transactions cannot be nested: the inner one would wait for the outer one"
            )
        with self._writing:
            self._writer = threading.get_ident()
            try:
                with _begin(connection, "BEGIN IMMEDIATE"):
                    yield
            finally:
                self._writer = None

    @contextmanager
    def _connection(self, *, read_only: bool = False) -> Iterator[sqlite3.Connection]:
        pool = self._idle_readers if read_only else self._idle
        with self._idle_lock:
            connection = pool.pop() if pool else None
        if connection is None:
            connection = self._connect()
            if read_only:
                connection.execute("PRAGMA query_only = ON")
        try:
            yield connection
        finally:
            with self._idle_lock:
                if self._closed:
                    connection.close()
                else:
                    pool.append(connection)

    def _connect(self) -> sqlite3.Connection:
        # A connection is used by one thread at a time, so SQLite's own check is not needed.
        connection = sqlite3.connect(
            self.path, isolation_level=None, check_same_thread=False, cached_statements=512
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        # Triggers of journals must also see the rows that INSERT OR REPLACE deletes.
        connection.execute("PRAGMA recursive_triggers = ON")
        # A power cut may lose the last commits, but never the consistency of the database.
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    def _create_schema(self) -> None:
        schema = _schema()
        version = zlib.crc32(schema.encode()) & 0x7FFFFFFF
        try:
            with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
                (found,) = connection.execute("PRAGMA user_version").fetchone()
                (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
                if tables and found == version:
                    (fault,) = connection.execute("PRAGMA quick_check(1)").fetchone()
                    if fault != "ok":
                        raise StateError(f"{self.path} is damaged: {fault}")
                if found == tables == 0:
                    connection.execute("PRAGMA journal_mode = WAL")
                    connection.executescript(
                        f"BEGIN; {schema}; PRAGMA user_version = {version}; COMMIT;"
                    )
                    found = version
        except sqlite3.DatabaseError as error:
            raise StateError(f"{self.path} is not a state file of the emulator: {error}") from error
        if found != version:
            raise StateError(f"{self.path} is not a state file of this version of the emulator")


class Session:
    """A connection for long work, which opens short transactions as needed."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        writing_on: Callable[[sqlite3.Connection], AbstractContextManager[None]],
    ) -> None:
        self.db = connection
        self._writing_on = writing_on

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Open a transaction that writes: it commits at the end and rolls back on an error."""
        with self._writing_on(self.db):
            yield self.db

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Group reads and writes of temporary tables: without this each row is a commit."""
        with _begin(self.db, "BEGIN"):
            yield


def _lock(path: Path) -> FileLock:
    """Lock a state file for this emulator, creating it if it does not exist.

    The operating system releases the lock when the process ends.
    """
    if not path.parent.is_dir():
        raise StateError(f"{path}: the folder {path.parent} does not exist")
    target = path.resolve()
    lock = FileLock(f"{target}.lock", timeout=0, mode=0o600, thread_local=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise StateError(f"{path} is in use by another emulator") from error
    except OSError as error:
        raise StateError(f"{path} cannot be locked: {error.strerror}") from error
    try:
        if target.exists() and target.stat().st_nlink > 1:
            # Another emulator may have locked it under its other name. SQLite keeps a journal for
            # each name, so that two names would damage the database even one after another.
            raise StateError(
                f"{path} may be in use by another emulator: it has another name (a hard link)"
            )
        if not target.exists():
            # It holds passwords and keys. Files that SQLite creates beside it get the same mode.
            target.touch(mode=0o600)
    except StateError:
        lock.release()
        raise
    except OSError as error:
        lock.release()
        raise StateError(f"{path} cannot be created: {error.strerror}") from error
    return lock


@contextmanager
def _begin(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
    connection.execute(begin)
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    else:
        connection.commit()


def _clear_tables(db: sqlite3.Connection, keep: Collection[str]) -> None:
    names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    for (name,) in db.execute(names).fetchall():
        if name not in keep:
            db.execute(f'DELETE FROM "{name}"')  # noqa: S608 (names come from the schema)


def _schema() -> str:
    """Join the SQL files of the schema, in the order of their names."""
    folder = files("anaplan_emulator.store") / "schema"
    pieces = sorted(
        (piece for piece in folder.iterdir() if piece.name.endswith(".sql")),
        key=lambda piece: piece.name,
    )
    return "\n".join(piece.read_text("utf-8") for piece in pieces)
