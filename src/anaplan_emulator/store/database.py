"""The one database: opening it, its schema, and its transactions."""

import sqlite3
import threading
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from filelock import FileLock, Timeout


class StateError(Exception):
    """A state file that this emulator can't go on from."""


class Store:
    """A SQLite database in write-ahead mode: one writer at a time, readers never wait.

    A reader sees the last commit, so a long write (an import being applied) doesn't block polls,
    but it does block every other writer, sign-in included: apply long work in short transactions.
    Without a path the database is a private temporary file, because SQLite's shared memory
    databases lock whole tables against readers.

    Raises:
        StateError: The file isn't a state file, can't be had, or another emulator has it.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._temporary = TemporaryDirectory(prefix="anaplan-emulator-") if path is None else None
        self.path = path or Path(self._temporary.name, "state.sqlite")  # type: ignore[union-attr]
        self._idle: list[sqlite3.Connection] = []
        self._writing = threading.Lock()
        self._writer: int | None = None
        self._closed = False
        self._lock = _lock(path) if path is not None else None
        try:
            self._create_schema()
        except BaseException:
            self.close()
            raise

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Give a connection to read and write with: commits at the end, rolls back on an error."""
        with self._lent() as connection, self._writing_on(connection):
            yield connection

    @contextmanager
    def emptied(self, *, keep: Collection[str] = ()) -> Iterator[sqlite3.Connection]:
        """Give a transaction that begins with deleting all rows, but of the tables to keep.

        References are checked at its end: row by row, a large model would take seconds.
        """
        with self._lent() as connection:
            connection.execute("PRAGMA foreign_keys = OFF")
            try:
                with self._writing_on(connection):
                    _clear_tables(connection, keep)
                    yield connection
                    if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
                        raise sqlite3.IntegrityError("a row refers to one that is not there")
            finally:
                connection.execute("PRAGMA foreign_keys = ON")

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Give a connection to read with: it sees one moment, and waits for no writer."""
        with self._lent() as connection, _begun(connection, "BEGIN"):
            connection.execute("PRAGMA query_only = ON")
            try:
                yield connection
            finally:
                connection.execute("PRAGMA query_only = OFF")

    @contextmanager
    def session(self) -> Iterator["Session"]:
        """Give a connection of one's own for long work: staging, reading, and short transactions.

        Temporary tables made on it are written without any lock, and go away with it.
        """
        connection = self._connect()
        try:
            yield Session(connection, self._writing_on)
        finally:
            connection.close()

    def close(self) -> None:
        """Close all connections; those still lent close when they come back."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()
        if self._lock is not None:
            self._lock.release()
        if self._temporary is not None:
            self._temporary.cleanup()

    @contextmanager
    def _writing_on(self, connection: sqlite3.Connection) -> Iterator[None]:
        if self._writer == threading.get_ident():
            raise RuntimeError("a transaction inside a transaction would wait for itself")
        with self._writing:
            self._writer = threading.get_ident()
            try:
                with _begun(connection, "BEGIN IMMEDIATE"):
                    yield
            finally:
                self._writer = None

    @contextmanager
    def _lent(self) -> Iterator[sqlite3.Connection]:
        connection = self._borrow()
        try:
            yield connection
        finally:
            self._give_back(connection)

    def _borrow(self) -> sqlite3.Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return self._connect()

    def _connect(self) -> sqlite3.Connection:
        # Lent to one thread at a time, never shared: SQLite's own thread check isn't needed.
        connection = sqlite3.connect(
            self.path, isolation_level=None, check_same_thread=False, cached_statements=512
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        # An emulator may lose its last commits in a power cut, but never its consistency.
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    def _give_back(self, connection: sqlite3.Connection) -> None:
        if self._closed:
            connection.close()
        else:
            self._idle.append(connection)

    def _create_schema(self) -> None:
        schema = _schema()
        version = zlib.crc32(schema.encode()) & 0x7FFFFFFF
        try:
            with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
                (found,) = connection.execute("PRAGMA user_version").fetchone()
                (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
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
    """A connection for long work, outside of any transaction but those it makes."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        writing_on: Callable[[sqlite3.Connection], AbstractContextManager[None]],
    ) -> None:
        self.db = connection
        self._writing_on = writing_on

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Begin to write: commits at the end, rolls back on an error."""
        with self._writing_on(self.db):
            yield self.db

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Group what is read and written to temporary tables: without it each row is a commit."""
        with _begun(self.db, "BEGIN"):
            yield


def _lock(path: Path) -> FileLock:
    """Take a state file for this emulator alone, making it if there is none.

    The system lets go of the lock when the process ends, however it ends.
    """
    if not path.parent.is_dir():
        raise StateError(f"{path}: there is no folder {path.parent}")
    target = path.resolve()
    lock = FileLock(f"{target}.lock", timeout=0, mode=0o600, thread_local=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise StateError(f"{path} is in use by another emulator") from error
    except OSError as error:
        raise StateError(f"{path} can't be locked: {error.strerror}") from error
    try:
        if not target.exists():
            # It holds passwords and keys. The files SQLite puts beside it take its mode.
            target.touch(mode=0o600)
    except OSError as error:
        lock.release()
        raise StateError(f"{path} can't be made: {error.strerror}") from error
    return lock


@contextmanager
def _begun(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
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
            db.execute(f'DELETE FROM "{name}"')  # noqa: S608 - a name of the schema's


def _schema() -> str:
    """Join the SQL of all rooms, in the order of the files' names."""
    folder = files("anaplan_emulator.store") / "schema"
    pieces = sorted(
        (piece for piece in folder.iterdir() if piece.name.endswith(".sql")),
        key=lambda piece: piece.name,
    )
    return "\n".join(piece.read_text("utf-8") for piece in pieces)
