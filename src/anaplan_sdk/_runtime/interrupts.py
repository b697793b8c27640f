"""A Ctrl-C that waits until what it would tear apart is done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import TypeAlias

Handler: TypeAlias = Callable[[int, FrameType | None], object]


class _HeldBack:
    """Notes a Ctrl-C for later. The second one counts at once: somebody insists."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._noted: tuple[int, FrameType | None] | None = None
        self.lets_through = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self.lets_through or self._noted is not None:
            self._handler(number, frame)
        else:
            self._noted = number, frame

    def make_up(self) -> None:
        """Hands on what was noted."""
        noted, self._noted = self._noted, None
        if noted is not None:
            self._handler(*noted)


@contextmanager
def held_back() -> Generator[None]:
    """Holds a Ctrl-C back until the end of the block, wherever one would be noticed."""
    handler = signal.getsignal(signal.SIGINT)
    # Only the main thread is interrupted, by handlers that only it may set.
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or isinstance(handler, _HeldBack) or not callable(handler):
        yield
        return
    held = _HeldBack(handler)
    try:
        signal.signal(signal.SIGINT, held)
    except ValueError:  # The main thread of an interpreter that is not the main one.
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        held.make_up()


@contextmanager
def let_through() -> Generator[None]:
    """In a block that holds a Ctrl-C back: where one does no harm, an earlier one neither."""
    held = signal.getsignal(signal.SIGINT)
    if not isinstance(held, _HeldBack) or (
        threading.current_thread() is not threading.main_thread()
    ):
        yield
        return
    held.lets_through = True
    try:
        held.make_up()
        yield
    finally:
        held.lets_through = False
