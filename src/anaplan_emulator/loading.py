"""Which models are being loaded into memory, and which nobody has used for long (facts 4.5)."""

import threading
import time
from collections.abc import Callable

from anaplan_emulator.clock import Clock
from anaplan_emulator.settings import Settings

_LOOK_AGAIN_SECONDS = 0.02


class ModelLoading:
    """Knows since when models have been loading, and when they were last used.

    Whether a model is open at all is in the store. What is known here goes with the process: an
    emulator that goes on from a state file finds open models loaded.

    Args:
        clock: The emulator's time.
        settings: Gives the present settings.
    """

    def __init__(self, clock: Clock, settings: Callable[[], Settings]) -> None:
        self._clock = clock
        self._settings = settings
        self._since: dict[int, float] = {}
        self._used: dict[int, float] = {}
        self._guard = threading.Lock()

    def begin(self, model: int) -> None:
        """Start loading a model, by its key; what is being loaded already goes on."""
        with self._guard:
            if not self._remaining(model):
                self._since[model] = self._clock.timestamp()
            self._used[model] = self._clock.timestamp()

    def end(self, model: int) -> None:
        """Stop loading a model."""
        with self._guard:
            self._since.pop(model, None)

    def forget(self) -> None:
        """Stop loading, and know nothing of any model; who waits goes on."""
        with self._guard:
            self._since.clear()
            self._used.clear()

    def remaining(self, model: int) -> float:
        """Return for how many seconds a model will still be loading; 0 where it isn't."""
        with self._guard:
            return self._remaining(model)

    def progress(self, model: int) -> float:
        """Return how far the loading of a model is, from 0 to 1."""
        whole = self._settings().model_open_seconds
        return 1.0 - self.remaining(model) / whole if whole else 1.0

    def wait(self, model: int) -> None:
        """Block until a model is loaded, by the emulator's clock."""
        while self.remaining(model):
            time.sleep(_LOOK_AGAIN_SECONDS)

    def used(self, model: int) -> None:
        """Note that a model is in use."""
        if self._settings().model_unload_minutes is not None:
            with self._guard:
                self._used[model] = self._clock.timestamp()

    def unused(self, model: int, *, last_task: float) -> bool:
        """Whether a model was left alone for so long that Anaplan has unloaded it.

        Args:
            model: Its key.
            last_task: When its last task was started, in seconds since the epoch.
        """
        minutes = self._settings().model_unload_minutes
        if minutes is None:
            return False
        now = self._clock.timestamp()
        with self._guard:
            # What nobody has asked for yet is in use from the moment somebody does.
            last = max(self._used.setdefault(model, now), last_task)
        return now - last >= minutes * 60

    def _remaining(self, model: int) -> float:
        since = self._since.get(model)
        if since is None:
            return 0.0
        # A clock that was put back can't make it longer.
        passed = max(0.0, self._clock.timestamp() - since)
        return max(0.0, self._settings().model_open_seconds - passed)
