"""Looking for what a request without a clear answer has made."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol, TypeVar

from anaplan_sdk._async.transport.session import Session
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk.exceptions import AnaplanException, OutcomeUnknownException

# What is new is looked for among that made since the request, allowing for the server's clock
# being told in whole seconds and for the way there.
_CLOCK_SLACK = 2.0
# For so long what one call has made may be taken for what a later one has made.
_DOUBT = _CLOCK_SLACK + 1.0
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 2.0

_REFUSALS = (HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE)


class _HasId(Protocol):
    @property
    def id(self) -> str: ...


S = TypeVar("S", bound=_HasId)
T = TypeVar("T", bound=_HasId)


@dataclass(frozen=True)
class Made:
    """What is known of a thing at first: its id."""

    id: str


async def once(
    session: Session,
    send: runtime.Poll[S],
    look: runtime.Poll[list[T]],
    is_ours: Callable[[T, float], bool],
    *,
    key: str,
    what: str,
    settle_time: float,
    repeats: bool,
    words_refusals: bool = False,
) -> S | T:
    """Starts or makes something; what a request without a clear answer has made is adopted.

    Args:
        session: Remembers what was made from here.
        send: Sends the request, and reads its reply.
        look: Lists what there is.
        is_ours: As for `adopt`.
        key: What it is remembered under: the same for what may be taken for each other.
        what: What may have happened: "Action 117… may have been started".
        settle_time: Seconds to go on looking while there is nothing.
        repeats: Whether it is started again, if it isn't there by then, as often as the client
            repeats requests.
        words_refusals: Whether a 500 or 503 with a reason is this service's way to refuse, so that
            one look is enough.

    Raises:
        OutcomeUnknownException: It can't be told whether it was made.
        AnaplanException: It was not.
    """
    with session.starting(key):
        try:
            made = await _once(
                session,
                send,
                look,
                is_ours,
                key=key,
                what=what,
                settle_time=settle_time,
                repeats=repeats,
                words_refusals=words_refusals,
            )
        except BaseException as error:
            if not (isinstance(error, AnaplanException) and error.not_performed):
                session.doubt(key)
            raise
        session.remember_task(key, made.id)
    return made


async def _once(
    session: Session,
    send: runtime.Poll[S],
    look: runtime.Poll[list[T]],
    is_ours: Callable[[T, float], bool],
    *,
    key: str,
    what: str,
    settle_time: float,
    repeats: bool,
    words_refusals: bool,
) -> S | T:
    began = time.monotonic()
    last = session.policy.retry_count if repeats else 0
    for repetition in range(last + 1):
        try:
            return await send()
        except AnaplanException as error:
            # A second start may meet the first one, which was late.
            is_taken = repetition > 0 and error.status_code == HTTPStatus.CONFLICT
            if error.not_performed and not is_taken:
                raise
            is_refused = words_refusals and error.status_code in _REFUSALS and bool(error.reason)
            found = await adopt(
                session,
                look,
                is_ours,
                key=key,
                what=what,
                began=began,
                settle_time=settle_time,
                is_refused=is_refused,
                error=error,
            )
            if found is None:
                if is_refused or (repeats and (is_taken or repetition == last)):
                    raise
                if not repeats:
                    raise OutcomeUnknownException(
                        f"{what} ({error}), but isn't there yet."
                    ) from error
                continue
            if session.doubted_at(key) > began - _DOUBT:
                raise OutcomeUnknownException(
                    f"{what} ({error}), and so may an earlier call without a clear answer; whose "
                    f"{found.id} is can't be told.",
                    candidates=[found.id],
                ) from error
            return found
    raise AssertionError("unreachable: the last repetition returns or raises")


@contextmanager
def unclear(what: str) -> Generator[None]:
    """Says of a request without a clear answer that its outcome is unknown, where no list tells it.

    Args:
        what: What may have happened.

    Raises:
        OutcomeUnknownException: So it is.
    """
    try:
        yield
    except AnaplanException as error:
        if error.not_performed:
            raise
        raise OutcomeUnknownException(f"{what} ({error}).") from error


async def adopt(
    session: Session,
    look: runtime.Poll[list[T]],
    is_ours: Callable[[T, float], bool],
    *,
    key: str,
    what: str,
    began: float,
    settle_time: float,
    error: AnaplanException,
    is_refused: bool = False,
) -> T | None:
    """The thing that a request without a clear answer has made; `None` if it made none.

    Args:
        session: Knows Anaplan's clock, and what else is or was made from here.
        look: Lists what there is.
        is_ours: Whether a thing may be ours, given the earliest moment of its creation, in
            milliseconds since 1970. What another call has made is none of this.
        key: What these are remembered under.
        what: What may have happened: "Action 117… may have been started".
        began: When the request was sent, by `time.monotonic`.
        settle_time: Seconds to go on looking while there is nothing, or what there is may be what
            another call under way has made.
        error: What the request ended with.
        is_refused: Whether it was most likely refused, so that nothing has to be waited for.

    Raises:
        OutcomeUnknownException: There are several, they can't be listed in that time, or another
            call is still under way then.
    """
    deadline = time.monotonic() + settle_time
    pause = _FIRST_PAUSE
    while True:
        left = deadline - time.monotonic()
        try:
            there = await look()
        except AnaplanException as problem:
            if left <= 0 or is_refused or not problem.retryable:
                raise OutcomeUnknownException(
                    f"{what} ({error}), and what there is can't be listed: {problem}"
                ) from error
            there = []
        since = 1000 * (session.server_time(began) - _CLOCK_SLACK)
        # In this order: what the others have made is remembered before they are over.
        is_contested = session.is_contested(key)
        known = session.known_tasks(key)
        ours = [thing for thing in there if thing.id not in known and is_ours(thing, since)]
        if len(ours) == 1 and not is_contested:
            return ours[0]
        if ours and (left <= 0 or not is_contested):
            why = (
                "another call that may have made it is under way"
                if len(ours) == 1
                else "several were made at that time"
            )
            raise OutcomeUnknownException(
                f"{what} ({error}); {why}, and which one is ours can't be told.",
                candidates=[thing.id for thing in ours],
            ) from error
        # The request may still be on its way through a gateway.
        if not ours and (left <= 0 or is_refused):
            return None
        await runtime.sleep(min(pause, left))
        pause = min(2 * pause, _LONGEST_PAUSE)
