"""Polling: asking Anaplan repeatedly until something has happened."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from typing import NoReturn, TypeVar

from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk._runtime.deadline import Deadline
from anaplan_sdk.exceptions import AnaplanException, AnaplanTimeoutException

T = TypeVar("T")
R = TypeVar("R")

_FIRST_PAUSE = 0.1


def growing_pauses(longest: float) -> Iterator[float]:
    """Yield seconds to wait between attempts: 0.1 at first, doubling up to `longest`."""
    pause = min(_FIRST_PAUSE, longest)
    while True:
        yield pause
        pause = min(2 * pause, longest)


async def poll_until(
    poll: runtime.Poll[T],
    finished: Callable[[T], R | None],
    *,
    delay: float,
    deadline: Deadline,
    on_timeout: Callable[[T], R],
    skip_failures: bool = False,
) -> R:
    """Poll until there is a result, with growing pauses.

    The last poll begins when the deadline has expired, not before.

    Args:
        poll: Asks for the current state.
        finished: Returns the result, or `None` to go on. An error it raises ends the polling.
        delay: Seconds between two polls once the pauses have stopped growing.
        deadline: When to stop.
        on_timeout: Returns the result, or raises, if the last poll has brought none.
        skip_failures: Whether polling goes on after a poll that failed with a retryable error.

    Raises:
        AnaplanException: The last poll failed, or an earlier one without `skip_failures`.
    """
    pauses = growing_pauses(delay)
    while True:
        is_last = deadline.expired
        try:
            state = await poll()
        except AnaplanException as error:
            if is_last or not (skip_failures and error.retryable):
                raise
        else:
            if (result := finished(state)) is not None:
                return result
            if is_last:
                return on_timeout(state)
        await runtime.sleep(deadline.clamp(next(pauses)))


async def wait_until(
    poll: runtime.Poll[T],
    finished: Callable[[T], R | None],
    *,
    delay: float,
    timeout: float | None,
    describe: Callable[[T], str],
    outcome: str = "it continues at Anaplan",
    total_timeout: float | None = None,
    logger: logging.Logger | None = None,
) -> R:
    """Poll until something has ended, for as long as a caller allows.

    Args:
        poll: Asks for the current state.
        finished: Returns the result, or `None` while the work continues. An error it raises ends
            the wait.
        delay: Seconds between two polls once the pauses have stopped growing.
        timeout: Seconds to wait; `None` waits without limit.
        describe: Describes the state for the error, such as "Task 1 is IN_PROGRESS".
        outcome: What becomes of the work after a timeout.
        total_timeout: The seconds to name in the error, if earlier waits have used some of them.
        logger: Logs the last state and how long the wait took.

    Raises:
        AnaplanTimeoutException: The work had not ended in time.
    """
    began, deadline = time.monotonic(), Deadline.after(timeout)

    def time_out(state: T) -> NoReturn:
        seconds = timeout if total_timeout is None else total_timeout
        raise AnaplanTimeoutException(f"{describe(state)} after {seconds} seconds; {outcome}.")

    def finished_in_time(state: T) -> R | None:
        result = finished(state)
        if result is None and deadline.expired:
            time_out(state)  # After a slow poll the caller is not kept waiting for another one.
        if result is not None and logger is not None:
            logger.info("%s after %.1f s", describe(state), time.monotonic() - began)
        return result

    return await poll_until(
        poll, finished_in_time, delay=delay, deadline=deadline, on_timeout=time_out
    )
