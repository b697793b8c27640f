"""Locks of stored tokens: one holder at a time on this machine."""

from __future__ import annotations

import threading
from typing import Protocol

from anaplan_sdk._runtime.process_lock import ProcessLock
from anaplan_sdk.auth.stores.memory import MemoryStore
from anaplan_sdk.config import TokenStore
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


class StoreProcessLock(ProcessLock):
    """A lock between the processes of this user."""

    def take(self) -> bool:
        """Take the lock; return False if it is taken already.

        Raises:
            TokenStoreException: No lock can be made.
        """
        try:
            return super().take()
        except OSError as error:
            raise TokenStoreException(
                "A stored token is locked by a file while it is in use, and no file can be made in "
                f"{str(self.folder)!r}: {error.strerror}. Name another folder in XDG_STATE_HOME, "
                "or keep the token in a MemoryStore."
            ) from error


class ThreadLock:
    """A lock between the threads and tasks of this process."""

    def __init__(self, store: MemoryStore, key: str) -> None:
        self._store = store
        self._key = key
        self._held: threading.Lock | None = None

    def take(self) -> bool:
        """Take the lock; return False if it is taken already."""
        lock = self._store.lock(self._key)  # A forked process has another.
        if not lock.acquire(blocking=False):
            return False
        self._held = lock
        return True

    def release(self) -> None:
        """Release the lock."""
        if self._held is not None:
            self._held.release()


def lock_for(store: TokenStore | None, key: str) -> StoreLock:
    """Return the lock of a key of a store; without a store, a lock of its own."""
    if store is None or isinstance(store, MemoryStore):
        return ThreadLock(store or MemoryStore(), key)
    return StoreProcessLock(key)
