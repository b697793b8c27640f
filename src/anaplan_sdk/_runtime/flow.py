"""What has to be done to get a token, told as values, so that both worlds can do it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

import httpx2

T = TypeVar("T")


class DeadlineExceeded(Exception):
    """Work was not done within its time."""


@dataclass(frozen=True)
class Pause:
    """Wait for so many seconds."""

    seconds: float


@dataclass(frozen=True)
class Blocking:
    """Call what may block: a store, a prompt. The answer is what it returns.

    Attributes:
        call: What to call.
        abandons: Whether a cancelled caller leaves it to itself instead of waiting for its end.
    """

    call: Callable[[], object]
    abandons: bool = False


Waiting: TypeAlias = "Future[bool] | Pause | Blocking"
"""A future or a time to wait for, without an answer; or a call to make."""

Step: TypeAlias = "httpx2.Request | Waiting"
"""A request to send, whose read reply is the answer; or something to wait for."""


def may_be_broken_off(step: Step) -> bool:
    """Whether nothing is lost by it: sending may spend a token, and its answer is to be kept."""
    return step.abandons if isinstance(step, Blocking) else not isinstance(step, httpx2.Request)


Steps: TypeAlias = Generator[Step, Any, T]
"""Yields steps and is sent their answers, or has the error of one thrown into it."""


def sent(request: httpx2.Request) -> Steps[httpx2.Response]:
    """The step of sending a request."""
    response: httpx2.Response = yield request
    return response


def called(call: Callable[[], T], *, abandons: bool = False) -> Steps[T]:
    """The step of calling what may block."""
    result: T = yield Blocking(call, abandons)
    return result


class Run(Generic[T]):
    """Takes steps one by one; `result` is theirs when no step is left."""

    result: T

    def __init__(self, steps: Steps[T]) -> None:
        self._steps = steps

    def go_on(self, answer: object = None) -> Step | None:
        """The next step, after the last one's answer."""
        try:
            return self._steps.send(answer)
        except StopIteration as end:
            self.result = end.value
            return None

    def fail(self, error: Exception) -> Step | None:
        """The next step, after the last one failed; or the error, if nothing can be done."""
        try:
            return self._steps.throw(error)
        except StopIteration as end:
            self.result = end.value
            return None

    def close(self) -> None:
        """Ends the steps where they are."""
        self._steps.close()


class Unbroken:
    """Which runs are where they had better not be broken off: sending, or keeping the answer."""

    def __init__(self) -> None:
        self._stretches: dict[Run[Any], Future[bool]] = {}

    @property
    def under_way(self) -> tuple[Future[bool], ...]:
        """Each ends when its run may be broken off."""
        return tuple(self._stretches.values())

    def reach(self, run: Run[Any], step: Step | None) -> None:
        """Notes the step that a run is about to take; with none it has ended."""
        if step is not None and not may_be_broken_off(step):
            self._stretches.setdefault(run, Future())
        elif (stretch := self._stretches.pop(run, None)) is not None:
            stretch.set_result(True)
