"""Waiting for what Anaplan does meanwhile: often at first, then at a steady pace."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk.exceptions import AnaplanTimeoutException

T = TypeVar("T")
R = TypeVar("R")

_FIRST_DELAY = 0.1


async def wait_until(
    look: runtime.Poll[T],
    finished: Callable[[T], R | None],
    *,
    delay: float,
    timeout: float | None,
    overdue: Callable[[T], str],
    fate: str = "it goes on at Anaplan",
    allowed: float | None = None,
) -> R:
    """Looks until it is finished, and returns what came of it.

    Args:
        look: Asks Anaplan how things stand.
        finished: What came of it, or `None` while it goes on; what it raises ends the wait.
        delay: Seconds between two looks, once they are no longer more frequent.
        timeout: Seconds to wait; no limit when not given.
        overdue: Says what is still going on when time is up.
        fate: Says what becomes of it then.
        allowed: Seconds that the caller knows of, where an earlier wait has used some of them up.

    Raises:
        AnaplanTimeoutException: Time is up.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    pause = min(_FIRST_DELAY, delay)
    while (result := finished(seen := await look())) is None:
        left = None if deadline is None else deadline - time.monotonic()
        if left is not None and left <= 0:
            told = timeout if allowed is None else allowed
            raise AnaplanTimeoutException(f"{overdue(seen)} after {told} seconds; {fate}.")
        await runtime.sleep(pause if left is None else min(pause, left))
        pause = min(2 * pause, delay)
    return result


def check_timeout(timeout: float | None) -> None:
    """Refuses a wait that would end before it begins.

    Raises:
        ValueError: It is negative.
    """
    if timeout is not None and timeout < 0:
        raise ValueError(f"timeout can't be negative: {timeout}.")
