"""What a client has started, is starting and may have started: for recovery after lost replies."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Collection, Generator
from contextlib import contextmanager
from math import inf
from typing import TypeVar

from anaplan_sdk._runtime import process

# More than can be started under one key while one reply is on its way.
_REMEMBERED_STARTS = 64
_REMEMBERED_KEYS = 1024

R = TypeVar("R")


class StartLedger:
    """What one client has started, is starting, and may have started. Threads share it.

    A key stands for things that may be confused with each other, such as the runs of one action.
    """

    def __init__(self) -> None:
        self.renew_in_child()
        process.renew_in_child(self)
        self._started: dict[str, deque[str]] = {}
        self._ambiguous: dict[str, float] = {}
        self._recovered: dict[str, None] = {}

    def renew_in_child(self) -> None:
        """Drop the starts that threads of a forked process's parent have under way."""
        self._lock = threading.Lock()
        self._under_way: Counter[str] = Counter()

    @contextmanager
    def starting(self, key: str) -> Generator[None]:
        """Mark a start as under way, until its outcome is recorded."""
        with self._lock:
            under_way = self._under_way  # A child has another.
            under_way[key] += 1
        try:
            yield
        finally:
            with self._lock:
                under_way[key] -= 1
                if not under_way[key]:
                    del under_way[key]

    def is_concurrent(self, key: str) -> bool:
        """Whether several starts are under way."""
        return self._under_way[key] > 1

    def started(self, key: str) -> Collection[str]:
        """Return the ids of the latest starts that succeeded."""
        with self._lock:
            return tuple(self._started.get(key, ()))

    def record_started(self, key: str, started_id: str) -> None:
        """Record a start that succeeded."""
        with self._lock:
            # The key used last is the last one: others are dropped first.
            ids = self._started.pop(key, None) or deque(maxlen=_REMEMBERED_STARTS)
            ids.append(started_id)
            self._started[key] = ids
            _drop_oldest(self._started)

    def record_ambiguous(self, key: str) -> None:
        """Record a start whose outcome is unknown, and may be seen later."""
        with self._lock:
            self._ambiguous.pop(key, None)
            self._ambiguous[key] = time.monotonic()
            _drop_oldest(self._ambiguous)

    def last_ambiguous(self, key: str) -> float:
        """Return when an outcome was unknown last, on the clock of `time.monotonic`."""
        with self._lock:
            return self._ambiguous.get(key, -inf)

    def record_recovered(self, started_id: str) -> None:
        """Record what was recovered from a list: it may be somebody else's."""
        with self._lock:
            self._recovered[started_id] = None
            _drop_oldest(self._recovered)

    def is_recovered(self, started_id: str) -> bool:
        """Whether it was recovered from a list."""
        return started_id in self._recovered


def _drop_oldest(remembered: dict[str, R]) -> None:
    if len(remembered) > _REMEMBERED_KEYS:
        del remembered[next(iter(remembered))]
