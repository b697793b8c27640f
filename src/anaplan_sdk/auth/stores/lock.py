"""Locks for stored tokens: one holder at a time on this machine."""

from __future__ import annotations

import threading
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from filelock import BaseFileLock, FileLock, Timeout
from platformdirs import user_state_path

from anaplan_sdk.auth.stores.memory import MemoryStore
from anaplan_sdk.auth.stores.protocol import TokenStore
from anaplan_sdk.exceptions import TokenStoreException


class StoreLock(Protocol):
    """Held while a stored refresh token is read, spent and replaced, whatever it is stored in.

    It never waits: whoever finds it taken asks again later.
    """

    def take(self) -> bool:
        """Whether the lock is ours now.

        Raises:
            TokenStoreException: There can be no lock here.
        """
        ...

    def release(self) -> None:
        """Lets it go."""
        ...


class ProcessLock:
    """Between the processes of this user."""

    def __init__(self, key: str, folder: Path | None = None) -> None:
        self._folder = folder or user_state_path("anaplan-sdk", appauthor=False) / "locks"
        name = f"{sha256(key.encode()).hexdigest()[:32]}.lock"
        self._path = self._folder / name
        self._held: BaseFileLock | None = None

    def take(self) -> bool:
        """Whether the lock is ours now."""
        # It is let go by another thread than took it, where an event loop has its worker threads;
        # and it is a new one each time, since none survives a fork.
        lock = FileLock(self._path, thread_local=False)
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock.acquire(blocking=False)
        except Timeout:
            return False
        except OSError as error:
            raise TokenStoreException(
                "A stored token is locked by a file while it is in use, and none can be made in "
                f"{str(self._folder)!r}: {error.strerror}. Name another folder in XDG_STATE_HOME, "
                "or keep the token in a MemoryStore."
            ) from error
        self._held = lock
        return True

    def release(self) -> None:
        """Lets it go."""
        if self._held is not None:
            self._held.release()


class ThreadLock:
    """Between the threads and tasks of this process, which alone can see a MemoryStore."""

    def __init__(self, lock: threading.Lock) -> None:
        self._lock = lock

    def take(self) -> bool:
        """Whether the lock is ours now."""
        return self._lock.acquire(blocking=False)

    def release(self) -> None:
        """Lets it go."""
        self._lock.release()


def lock_for(store: TokenStore | None, key: str) -> StoreLock:
    """The lock for a key of a store."""
    return ThreadLock(store.lock(key)) if isinstance(store, MemoryStore) else ProcessLock(key)
