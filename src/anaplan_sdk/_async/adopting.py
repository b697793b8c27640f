"""Looking for what a request without a clear answer has made."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from anaplan_sdk._async.session import Session
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk.exceptions import AnaplanException, OutcomeUnknownException

# What is new is looked for among that made since the request, allowing for the server's clock
# being told in whole seconds and for the way there.
_CLOCK_SLACK = 2.0
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 2.0


class _HasId(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=_HasId)


async def adopt(
    session: Session,
    look: runtime.Look[list[T]],
    is_ours: Callable[[T, float], bool],
    *,
    what: str,
    began: float,
    settle_time: float,
    error: AnaplanException,
) -> T | None:
    """The thing that a request without a clear answer has made; `None` if it made none.

    Args:
        session: Knows Anaplan's clock.
        look: Lists what there is.
        is_ours: Whether a thing may be ours, given the earliest moment of its creation, in
            milliseconds since 1970.
        what: What may have happened: "Action 117… may have been started".
        began: When the request was sent, by `time.monotonic`.
        settle_time: Seconds to go on looking while there is nothing.
        error: What the request ended with.

    Raises:
        OutcomeUnknownException: There are several, or they can't be listed.
    """
    deadline = time.monotonic() + settle_time
    pause = _FIRST_PAUSE
    while True:
        try:
            there = await look()
        except AnaplanException as problem:
            raise OutcomeUnknownException(
                f"{what} ({error}), and what there is can't be listed: {problem}"
            ) from error
        since = 1000 * (session.server_time(began) - _CLOCK_SLACK)
        ours = [thing for thing in there if is_ours(thing, since)]
        if len(ours) > 1:
            raise OutcomeUnknownException(
                f"{what} ({error}); several were made at that time, and which one is ours can't "
                "be told.",
                candidates=[thing.id for thing in ours],
            ) from error
        if ours:
            return ours[0]
        # The request may still be on its way through a gateway.
        left = deadline - time.monotonic()
        if left <= 0:
            return None
        await runtime.sleep(min(pause, left))
        pause = min(2 * pause, _LONGEST_PAUSE)
