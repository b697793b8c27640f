"""A store in memory."""

from __future__ import annotations

import threading

from anaplan_sdk._runtime import process


class MemoryStore:
    """Keeps refresh tokens as long as the object lives; for tests, and for short programs."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self._locks = _Locks()

    def __repr__(self) -> str:
        return f"<MemoryStore of {len(self._values)} values>"

    def load(self, key: str) -> str | None:
        """Return the value stored under a key.

        Args:
            key: The key.

        Returns:
            The value; None if there is none.
        """
        return self._values.get(key)

    def save(self, key: str, value: str | None) -> None:
        """Store a value under a key, in place of the last one.

        Args:
            key: The key.
            value: The value; None removes the key.
        """
        if value is None:
            self._values.pop(key, None)
        else:
            self._values[key] = value

    def lock(self, key: str) -> threading.Lock:
        """Return the lock that is held while the value of a key is replaced.

        Args:
            key: The key.

        Returns:
            The lock of this key.
        """
        return self._locks.by_key.setdefault(key, threading.Lock())


class _Locks:
    """The locks of a store, each made when it is first needed."""

    def __init__(self) -> None:
        self.renew_in_child()
        process.renew_in_child(self)

    def renew_in_child(self) -> None:
        """Have locks of its own in a forked process: threads of its parent may hold the others."""
        self.by_key: dict[str, threading.Lock] = {}
