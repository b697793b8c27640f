"""How many requests of one client are under way, and when they all wait."""

from __future__ import annotations

import threading
import time
from types import TracebackType

from anaplan_sdk._runtime import asynchronous as runtime


class Gate:
    """Lets a bounded number of requests through; after a 429 it keeps every caller waiting."""

    def __init__(self, width: int) -> None:
        self._semaphore = runtime.Semaphore(width)
        self._lock = threading.Lock()
        self._opens_at = 0.0

    def pause(self, seconds: float) -> None:
        """Lets nobody through for so long; a longer pause that is under way stays."""
        with self._lock:
            self._opens_at = max(self._opens_at, time.monotonic() + seconds)

    async def __aenter__(self) -> None:
        await self._semaphore.acquire()
        try:
            while (left := self._opens_at - time.monotonic()) > 0:
                await runtime.sleep(left)
        except BaseException:
            self._semaphore.release()
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._semaphore.release()
