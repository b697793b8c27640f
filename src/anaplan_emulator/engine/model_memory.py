"""Which models are open in memory, which are being opened, and which are unused.

Source: docs/anaplan-behaviour.md#model-status-and-loading.
"""

import sqlite3
import threading
import time

from anaplan_emulator.clock import Clock
from anaplan_emulator.settings import Settings

_POLL_SECONDS = 0.02


def set_open(db: sqlite3.Connection, model: int, *, is_open: bool = True) -> None:
    """Set whether a model is in memory, without the time that opening it takes."""
    db.execute("UPDATE models SET is_open = ? WHERE key = ?", (is_open, model))


class ModelMemory:
    """Keeps track of when models began to open and when they were last used.

    Whether a model is open is stored in the database. The rest is lost with the process: an
    emulator that resumes from a state file finds its open models completely loaded.

    Args:
        clock: The emulator's clock.
        settings: The emulator's settings.
    """

    def __init__(self, clock: Clock, settings: Settings) -> None:
        self._clock = clock
        self._settings = settings
        self._opening_since: dict[int, float] = {}
        self._last_used: dict[int, float] = {}
        self._lock = threading.Lock()

    def open(self, db: sqlite3.Connection, model: int) -> None:
        """Begin to open a model, unless it is being opened already."""
        set_open(db, model)
        # It may have been unloaded because nobody used it.
        self._remove_tasks(db, model)
        with self._lock:
            if not self._remaining(model):
                self._opening_since[model] = self._clock.timestamp()
            self._last_used[model] = self._clock.timestamp()

    def close(self, db: sqlite3.Connection, model: int) -> None:
        """Remove a model from memory."""
        set_open(db, model, is_open=False)
        self._remove_tasks(db, model)
        with self._lock:
            self._opening_since.pop(model, None)

    def clear(self) -> None:
        """Forget all models, so that waiting threads continue."""
        with self._lock:
            self._opening_since.clear()
            self._last_used.clear()

    def remaining(self, model: int) -> float:
        """Return for how many more seconds a model will be opening; 0 if it is not."""
        with self._lock:
            return self._remaining(model)

    def progress(self, model: int) -> float:
        """Return how far the opening of a model has progressed, from 0 to 1."""
        total = self._settings.model_open_seconds
        return 1.0 - self.remaining(model) / total if total else 1.0

    def wait(self, model: int) -> None:
        """Block until a model has been opened, on the emulator's clock."""
        while self.remaining(model):
            time.sleep(_POLL_SECONDS)

    def mark_used(self, model: int) -> None:
        """Note that a model is in use."""
        if self._settings.model_unload_minutes is not None:
            with self._lock:
                self._last_used[model] = self._clock.timestamp()

    def is_unused(self, model: int, *, last_task: float) -> bool:
        """Return whether a model has been unused for so long that Anaplan has unloaded it.

        Args:
            model: Key of the model.
            last_task: When its last task was started, in seconds since the epoch.
        """
        minutes = self._settings.model_unload_minutes
        if minutes is None:
            return False
        now = self._clock.timestamp()
        with self._lock:
            # A model that was never used counts from the first request for it.
            last_used = max(self._last_used.setdefault(model, now), last_task)
        return now - last_used >= minutes * 60

    def _remove_tasks(self, db: sqlite3.Connection, model: int) -> None:
        """Remove the ended tasks of a model that is not in memory, if the settings say so."""
        if self._settings.unloading_removes_tasks:
            db.execute("DELETE FROM tasks WHERE model = ? AND result IS NOT NULL", (model,))

    def _remaining(self, model: int) -> float:
        since = self._opening_since.get(model)
        if since is None:
            return 0.0
        # Setting the clock back does not make it take longer.
        elapsed = max(0.0, self._clock.timestamp() - since)
        return max(0.0, self._settings.model_open_seconds - elapsed)
