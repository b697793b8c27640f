"""Anaplan going away and coming back at the same address, with all that it had."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from anaplan_emulator import Emulator
from anaplan_sdk.testing import EmulatedAnaplan


class RestartableAnaplan(EmulatedAnaplan):
    """Anaplan that can be restarted, also in the middle of a request.

    Args:
        state: The file where it keeps everything meanwhile.
    """

    def __init__(self, state: Path) -> None:
        self._state = state
        self._coming_back: threading.Thread | None = None
        super().__init__(Emulator(state=state))

    def __enter__(self) -> Self:
        self.emulator.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
        self.wait_until_back()
        self.emulator.stop()

    def restart(self) -> None:
        """Goes away and comes back at once."""
        self.emulator.stop()
        self._come_back()

    def go_away(self, seconds: float) -> None:
        """Goes away, and comes back by itself some time later."""
        self.emulator.stop()

        def come_back_later() -> None:
            time.sleep(seconds)
            self._come_back()

        self._coming_back = threading.Thread(target=come_back_later)
        self._coming_back.start()

    def wait_until_back(self) -> None:
        """Waits for the end of an absence."""
        if self._coming_back is not None:
            self._coming_back.join()
            self._coming_back = None

    def _come_back(self) -> None:
        port = urlsplit(self.emulator.base_url).port
        assert port is not None
        self.emulator = Emulator(state=self._state, port=port)
        self.emulator.start()
