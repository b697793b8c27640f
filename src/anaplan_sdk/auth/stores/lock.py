"""Locks of stored tokens: one holder at a time on this machine."""

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
    """Held while a stored refresh token is read, spent and replaced.

    Nothing here waits: a caller that finds the lock taken tries again later.
    """

    def take(self) -> bool:
        """Take the lock; return False if it is taken already.

        Raises:
            TokenStoreException: No lock can be made.
        """
        ...

    def release(self) -> None:
        """Release the lock."""
        ...


class ProcessLock:
    """A lock between the processes of this user, by a file."""

    def __init__(self, key: str, folder: Path | None = None) -> None:
        self._folder = folder or user_state_path("anaplan-sdk", appauthor=False) / "locks"
        name = f"{sha256(key.encode()).hexdigest()[:32]}.lock"
        self._path = self._folder / name
        self._held: BaseFileLock | None = None

    def take(self) -> bool:
        """Take the lock; return False if it is taken already."""
        # Another thread than the one that took it may release it; and it is a new one each time,
        # since it would not work in a forked process.
        lock = FileLock(self._path, thread_local=False)
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock.acquire(blocking=False)
        except Timeout:
            return False
        except OSError as error:
            raise TokenStoreException(
                "A stored token is locked by a file while it is in use, and no file can be made in "
                f"{str(self._folder)!r}: {error.strerror}. Name another folder in XDG_STATE_HOME, "
                "or keep the token in a MemoryStore."
            ) from error
        self._held = lock
        return True

    def release(self) -> None:
        """Release the lock."""
        if self._held is not None:
            self._held.release()


class ThreadLock:
    """A lock between the threads and tasks of this process."""

    def __init__(self, lock: threading.Lock) -> None:
        self._lock = lock

    def take(self) -> bool:
        """Take the lock; return False if it is taken already."""
        return self._lock.acquire(blocking=False)

    def release(self) -> None:
        """Release the lock."""
        self._lock.release()


def lock_for(store: TokenStore | None, key: str) -> StoreLock:
    """Return the lock of a key of a store; without a store, a lock of its own."""
    if store is None:
        return ThreadLock(threading.Lock())
    return ThreadLock(store.lock(key)) if isinstance(store, MemoryStore) else ProcessLock(key)
