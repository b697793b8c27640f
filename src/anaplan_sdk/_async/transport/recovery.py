"""Starting and creating things at most once, whatever happens to the reply.

A request without a clear reply may have had its effect. Before it is sent again, Anaplan's lists
are searched for what it may have started or created.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from anaplan_sdk import _loggers
from anaplan_sdk._async.transport.polling import poll_until
from anaplan_sdk._async.transport.run_record import RunRecord
from anaplan_sdk._async.transport.start_ledger import StartLedger
from anaplan_sdk._http.retry_policy import was_accepted
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk._runtime.deadline import Deadline
from anaplan_sdk.exceptions import (
    AnaplanActionError,
    AnaplanException,
    InvalidIdentifierException,
    OutcomeUnknownException,
)

if TYPE_CHECKING:
    from anaplan_sdk.models import TaskSummary

# Anaplan's clock is read from replies: in whole seconds, and late by the time they travelled.
_CLOCK_TOLERANCE = 2.0
# Within this time two starts may be confused: their dates are in whole seconds, too.
_CONFUSION_TIME = _CLOCK_TOLERANCE + 1.0
_POLL_DELAY = 2.0
# Seconds. What another process has started was created within this time of its record, even if
# their clocks differ. What is younger is somebody else's.
_UNRECORDED_TIME = 600.0
# Anaplan unloads a model that nobody has used for 60 minutes, and its tasks with it.
_UNLOAD_TIME = 3300.0

_MAY_BE_ANOTHERS = "but what is listed appeared only afterwards, and may be somebody else's"


class _HasId(Protocol):
    @property
    def id(self) -> str: ...


class _Markable(Protocol):
    recovered: bool

    @property
    def id(self) -> str: ...


M = TypeVar("M", bound=_Markable)
R = TypeVar("R")
S = TypeVar("S", bound=_HasId)
T = TypeVar("T", bound=_HasId)


@dataclass(frozen=True)
class Created:
    """A created object, of which the reply contains only the id."""

    id: str


async def start_at_most_once(
    send: runtime.Producer[R],
    recover: runtime.Function[AnaplanException, R | None] | None = None,
    *,
    what: str,
    verb: str = "started",
    attempts: int = 1,
    logger: logging.Logger = _loggers.tasks,
) -> R:
    """Start or create something; after an ambiguous failure, only if that has not happened yet.

    A request that was answered with a 2xx is never sent again, even if its reply can't be read.

    Args:
        send: Sends the request and reads its reply.
        recover: Returns what the request has done in spite of its error, `None` if nothing, or
            raises an error if that cannot be known. Without it the outcome is unknown.
        what: What is started, for messages: "Action 117…".
        verb: What is done with it: "started", "created".
        attempts: How many times the request is sent at most.
        logger: Logs that the request is sent again.

    Raises:
        OutcomeUnknownException: It cannot be known whether it was started.
        AnaplanException: It was not started.
    """
    requests = 0
    for attempt in range(1, attempts + 1):
        try:
            return await send()
        except AnaplanException as error:
            error.attempts = requests = requests + (error.attempts or 0)
            # A later request may be refused since the first one arrived late and was carried out.
            is_conflict = attempt > 1 and error.status_code == HTTPStatus.CONFLICT
            if error.not_performed and not is_conflict:
                raise
            error.not_performed = False
            recovered = None if recover is None else await recover(error)
            if recovered is not None:
                return recovered
            if recover is None or was_accepted(error):
                raise error.as_type(
                    OutcomeUnknownException,
                    f"{what} may have been {verb}: {error.message}",
                    retryable=False,
                ) from error
            if is_conflict or attempt == attempts:
                raise
            logger.info(
                "%s was not %s: sending the request again, attempt %d of %d, after: %s",
                what,
                verb,
                attempt + 1,
                attempts,
                error,
            )
    raise AssertionError("unreachable: the last attempt returns or raises")


def created_at(task: TaskSummary) -> float | None:
    """Return when a task was created, in seconds since 1970; `None` if that is not reported."""
    return None if task.creation_time is None else task.creation_time / 1000


def _any(_: object) -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class ListedStart(Generic[T]):
    """Something to start or create, and how to recognize it in Anaplan's list of such things.

    Attributes:
        find: Reads the list.
        created_at: When a listed thing was created, in seconds since 1970; `None` if the list does
            not show it.
        matches: Whether a listed thing may be the one, apart from when it was created.
        key: The same for things that may be confused with each other.
        what: What is started, for messages: "Action 117…".
        verb: What is done with it: "started", "created".
        repeat: Whether it is started again if it is not listed within the settle time.
        is_named: Whether `matches` compares a name that the caller chose, so that nobody else is
            likely to create the same thing at the same time.
        is_new_if_undated: Whether a listed thing without a date is one of the latest.
        is_listed_first: Whether the list is read before the request is sent. Then only what is not
            in it can be the one, whatever the dates are.
        refusal_codes: Statuses by which this service refuses requests, if it gives a reason: then
            the list is read only once.
        began: When the first request was sent, on the clock of `time.monotonic`.
    """

    find: runtime.Poll[list[T]]
    created_at: Callable[[T], float | None]
    matches: Callable[[T], bool] = _any
    key: str
    what: str
    verb: str = "started"
    repeat: bool = False
    is_named: bool = False
    is_new_if_undated: bool = False
    is_listed_first: bool = False
    refusal_codes: Collection[int] = ()
    began: float = field(default_factory=time.monotonic)

    def is_refusal(self, error: AnaplanException) -> bool:
        return error.status_code in self.refusal_codes and bool(error.reason)

    def unknown(
        self, error: AnaplanException, why: str, candidates: Sequence[T] = ()
    ) -> OutcomeUnknownException:
        return error.as_type(
            OutcomeUnknownException,
            f"{self.what} may have been {self.verb}, {why}: {error.message}",
            candidates=[each.id for each in candidates],
            retryable=False,
        )


@dataclass
class _Search(Generic[T]):
    """The search for what a request has started, in a list that is read repeatedly.

    Attributes:
        start: What the request should start.
        error: How the request failed.
        before: The ids that were listed before the request was sent; `None` if that is unknown.
        server_time: Returns the earliest that Anaplan's clock can have shown at a moment of
            `time.monotonic`.
        failed: When the request failed, on that clock.
        first: The ids that were listed when the list was read for the first time since then.
    """

    start: ListedStart[T]
    error: AnaplanException
    before: frozenset[str] | None
    server_time: Callable[[float], float | None]
    failed: float = field(default_factory=time.monotonic)
    first: frozenset[str] | None = None

    def ambiguity(self, listed: T) -> str | None:
        """Return why a listed thing can't be taken for what was started.

        Returns:
            The reason, for a message; empty if it is certainly another thing; `None` if it is most
            likely the one.
        """
        start = self.start
        if not start.matches(listed) or (self.before and listed.id in self.before):
            return ""
        if self.error.status_code == HTTPStatus.CONFLICT and not start.is_named:
            # Started by an earlier request that arrived late, or not at all.
            return _MAY_BE_ANOTHERS
        created = start.created_at(listed)
        began, failed = self.server_time(start.began), self.server_time(self.failed)
        if created is not None and began is not None and failed is not None:
            if created.is_integer():
                created += 1  # Many dates are in whole seconds.
            if self.before is None and created < began:
                return (
                    "" if created < began - _CLOCK_TOLERANCE else "but what is listed may be older"
                )
            if created <= failed:
                return None
        elif self.before is None and not (
            start.is_new_if_undated or (start.is_named and was_accepted(self.error))
        ):
            return "but the list does not show when"
        is_late = self.first is not None and listed.id not in self.first
        # It may have been on its way through a gateway.
        return _MAY_BE_ANOTHERS if is_late and not start.is_named else None


class Recovery:
    """Starts and creates what Anaplan lists, and recovers it from the list after a lost reply.

    Args:
        server_time: Returns the earliest that Anaplan's clock, in seconds since 1970, can have
            shown at a moment of `time.monotonic`; `None` if it is not known.
        retry_count: How many times something is started again.
        settle_time: Seconds for which a list is polled for what a request may have started.
        is_strict: Whether nothing is recovered or started again: an ambiguous failure is always an
            unknown outcome.
    """

    def __init__(
        self,
        server_time: Callable[[float], float | None],
        retry_count: int,
        settle_time: float,
        is_strict: bool = False,
    ) -> None:
        self._server_time = server_time
        self._retry_count = retry_count
        self._settle_time = settle_time
        self._is_strict = is_strict
        self._ledger = StartLedger()

    def mark(self, started: M) -> M:
        """Set `recovered` of a task or run that this client recovered from a list."""
        started.recovered = self._ledger.is_recovered(started.id)
        return started

    async def start(
        self, send: runtime.Producer[S], start: ListedStart[T], record: RunRecord | None = None
    ) -> S | T:
        """Start or create something that Anaplan lists, at most once.

        Args:
            send: Sends the request and reads its reply.
            start: What is started.
            record: Records the start for other processes. What they may have started was looked up
                by `resume`.

        Raises:
            OutcomeUnknownException: It is unknown whether it was started.
            RunStoreException: The record can't be written; it was not started.
            AnaplanException: It was not started.
        """
        if record is None:
            return await self._start(send, start)
        listed, now = _ids(await start.find()), self._server_time(time.monotonic())
        await runtime.run_in_thread(record.save_listed, listed, now)
        try:
            started = await self._start(send, start)
        except AnaplanException as error:
            if error.not_performed:
                await runtime.run_in_thread(record.clear)
            raise
        await runtime.run_in_thread(record.save_started, started.id)
        return started

    async def _start(self, send: runtime.Producer[S], start: ListedStart[T]) -> S | T:
        before: frozenset[str] | None = None

        async def send_and_log() -> S | T:
            started = await send()
            _loggers.tasks.info("%s was %s: %s", start.what, start.verb, started.id)
            return started

        async def recover(error: AnaplanException) -> S | T | None:
            nonlocal before
            search = _Search(start, error, before, self._server_time)
            recovered, before = await self._recover(search)
            return recovered

        with self._ledger.starting(start.key):
            if start.is_listed_first and not self._is_strict:
                with suppress(AnaplanException):  # Then the dates have to be enough.
                    before = _ids(await start.find())
            try:
                started = await start_at_most_once(
                    send_and_log,
                    None if self._is_strict else recover,
                    what=start.what,
                    verb=start.verb,
                    attempts=1 + self._retry_count * start.repeat,
                )
            except BaseException as error:
                if not (isinstance(error, AnaplanException) and error.not_performed):
                    self._ledger.record_ambiguous(start.key)
                raise
            self._ledger.record_started(start.key, started.id)
        return started

    async def resume(self, start: ListedStart[T], record: RunRecord) -> T | None:
        """Look up what an earlier process may have started without recording it.

        Args:
            start: What it was about to start.
            record: Its record, which is cleared if nothing was started.

        Returns:
            What it has started; None if nothing.

        Raises:
            OutcomeUnknownException: It is unknown whether it was started.
            AnaplanException: The list can't be read.
        """
        known = record.listed
        if known is None:
            return None
        listed: list[T] = []

        async def find() -> list[T]:
            nonlocal listed
            listed = await start.find()
            return listed

        def new(listed: list[T]) -> list[T] | None:
            return [each for each in listed if start.matches(each) and each.id not in known] or None

        found = await poll_until(
            find,
            new,
            delay=_POLL_DELAY,
            deadline=Deadline.after(self._settle_time),
            on_timeout=lambda _: [],
            skip_failures=True,
        )
        why = self._why_unknown(start, record, listed, found)
        if why is not None:
            ended = AnaplanException("an earlier process ended before it recorded the start")
            raise start.unknown(ended, why, found)
        if not found:
            await runtime.run_in_thread(record.clear)
            return None
        await runtime.run_in_thread(record.save_started, found[0].id)
        self._ledger.record_recovered(found[0].id)
        self._ledger.record_started(start.key, found[0].id)
        _loggers.tasks.warning(
            "%s was %s by an earlier process: recovered %s, which may be somebody else's",
            start.what,
            start.verb,
            found[0].id,
        )
        return found[0]

    def _why_unknown(
        self, start: ListedStart[T], record: RunRecord, listed: list[T], found: list[T]
    ) -> str | None:
        """Return why it is unknown what an earlier process has started; None if it is known.

        Args:
            start: What it was about to start.
            record: Its record.
            listed: All that is listed now.
            found: What of that may be the one.
        """
        now = self._server_time(time.monotonic()) or time.time()
        if len(found) > 1:
            return "and several match it"
        if self._is_strict:
            return "and strict_starts is set"
        if found:
            # What has no date was created by now.
            created = start.created_at(found[0]) or now
            return _MAY_BE_ANOTHERS if created > record.began + _UNRECORDED_TIME else None
        known = record.listed or frozenset()
        if known.isdisjoint(_ids(listed)) and (known or now > record.began + _UNLOAD_TIME):
            return "and Anaplan may have removed its task with the model"
        return None

    async def _recover(self, search: _Search[T]) -> tuple[T | None, frozenset[str]]:
        """Return what a request has started in spite of its error, and all that is listed."""
        start, error = search.start, search.error
        is_refusal = start.is_refusal(error)
        _loggers.tasks.info(
            "%s may have been %s: looking for it for up to %s s, after: %s",
            start.what,
            start.verb,
            0 if is_refusal else self._settle_time,
            error,
        )
        listed: list[T] = []

        async def find() -> list[T]:
            nonlocal listed
            listed = await start.find()
            return listed

        try:
            found = await poll_until(
                find,
                lambda listed: self._select(search, listed),
                delay=_POLL_DELAY,
                deadline=Deadline.after(self._settle_time),
                on_timeout=lambda listed: self._select(search, listed, is_last=True) or [],
                skip_failures=not is_refusal,
            )
        except OutcomeUnknownException:
            raise
        except AnaplanException as problem:
            raise start.unknown(error, f"and can't be looked up ({problem})") from error
        if found:
            self._ledger.record_recovered(found[0].id)
            _loggers.tasks.warning(
                "%s was %s, although its request got no clear reply: recovered %s, which may be "
                "somebody else's, after %s",
                start.what,
                start.verb,
                found[0].id,
                error,
            )
            return found[0], _ids(listed)
        if is_refusal:
            raise error
        if not start.repeat or was_accepted(error):
            raise start.unknown(error, "but can't be found") from error
        return None, _ids(listed)

    def _select(
        self, search: _Search[T], listed: Sequence[T], is_last: bool = False
    ) -> list[T] | None:
        """Return the one of the listed things that was started; `None` to list them again."""
        start, error = search.start, search.error
        # In this order: what another start has started is recorded before it ends.
        is_concurrent = self._ledger.is_concurrent(start.key)
        known = self._ledger.started(start.key)
        judged = [(each, search.ambiguity(each)) for each in listed if each.id not in known]
        if search.first is None:
            search.first = _ids(listed)
        found = [each for each, ambiguity in judged if ambiguity != ""]
        if not found:
            # The request may still be on its way through a gateway.
            return [] if is_last or start.is_refusal(error) else None
        if is_concurrent and not is_last:
            return None
        if len(found) > 1:
            raise start.unknown(error, "and several match it", found) from error
        if is_concurrent:
            raise start.unknown(error, "and another call to do so is under way", found) from error
        if self._ledger.last_ambiguous(start.key) > start.began - _CONFUSION_TIME:
            why = "by this or by an earlier call without a clear reply"
            raise start.unknown(error, why, found) from error
        for _, ambiguity in judged:
            if ambiguity:
                raise start.unknown(error, ambiguity, found) from error
        return found


def _ids(listed: Iterable[_HasId]) -> frozenset[str]:
    return frozenset(each.id for each in listed)


@contextmanager
def waiting_for_task(what: str, task_id: str, *, is_recorded: bool = False) -> Generator[None]:
    """Mark the errors of waiting for a task: starting it again would run it twice.

    Args:
        what: What was started: "Action 117…".
        task_id: Its task.
        is_recorded: Whether another call resumes the task instead of starting it again.
    """
    try:
        yield
    except InvalidIdentifierException as error:
        raise error.as_type(
            OutcomeUnknownException,
            f"{what} was started as task {task_id}, whose outcome is unknown: it can no longer be "
            "read. Anaplan removes tasks when it unloads their model.",
            candidates=[task_id],
            task_id=task_id,
            retryable=False,
            not_performed=False,
        ) from error
    except AnaplanException as error:
        error.task_id = task_id
        error.not_performed = False
        error.retryable = error.retryable and is_recorded
        if not isinstance(error, AnaplanActionError | OutcomeUnknownException):
            error.add_note(f"{what} was started as task {task_id}, which may still be running.")
        raise
