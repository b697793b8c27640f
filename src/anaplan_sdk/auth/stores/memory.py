"""A store for tests, and for tokens that needn't outlive the process."""

from __future__ import annotations

import threading


class MemoryStore:
    """Keeps values for as long as the object lives."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self._locks: dict[str, threading.Lock] = {}

    def __repr__(self) -> str:
        return f"<MemoryStore of {len(self._values)} values>"

    def load(self, key: str) -> str | None:
        """The value kept under a key, or `None`."""
        return self._values.get(key)

    def save(self, key: str, value: str | None) -> None:
        """Keeps a value; `None` forgets it."""
        if value is None:
            self._values.pop(key, None)
        else:
            self._values[key] = value

    def lock(self, key: str) -> threading.Lock:
        """The lock for a key, held while its value is replaced."""
        return self._locks.setdefault(key, threading.Lock())
