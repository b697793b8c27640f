"""Audit events: of a span of time, as JSON or as CEF lines, and as they happen."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from itertools import count
from typing import TYPE_CHECKING, TypeVar

import httpx2

from anaplan_sdk._async.api.namespace import ApiNamespace, warn_of_early_end
from anaplan_sdk._formats.lines import LineReader
from anaplan_sdk._http.paging import bounded
from anaplan_sdk._http.replies import decode
from anaplan_sdk._http.retry_policy import Retry
from anaplan_sdk._ranges import NOT_NEGATIVE, POSITIVE, Range, check_timeout
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk._runtime.deadline import Deadline
from anaplan_sdk.exceptions import (
    AnaplanResponseException,
    ArgumentTypeException,
    InvalidArgumentException,
)
from anaplan_sdk.models import AuditEvent, CefEvent, EventFamily, FollowedEvent
from anaplan_sdk.models._envelopes import ListReply
from anaplan_sdk.models.audit import EventPosition

if TYPE_CHECKING:
    from anaplan_sdk.models._decoding import Page

EVENTS = ListReply("response", AuditEvent)
_RECORDS = ListReply[dict[str, object]]("response", dict[str, object])

# Times are in milliseconds since 1970, as Anaplan's are.
_SECOND = 1000
_HOUR = 3600 * _SECOND
# Anaplan keeps events for 30 days, and refuses longer windows. Anaplan Audit API guide.
_MAX_DAYS = 30
_RETENTION = _MAX_DAYS * 24 * _HOUR
# A follower that is far behind reads and sorts this much at a time.
_SLICE = 6 * _HOUR

Moment = datetime | int
Span = tuple[Moment | None, Moment | None, int | None, str]
"""Start, end, hours and family of a window, as a caller gives them."""

E = TypeVar("E", AuditEvent, dict[str, object])
T = TypeVar("T")


@dataclass(frozen=True)
class Window:
    """A span of time and a family of events."""

    start: int
    end: int
    family: str

    @property
    def params(self) -> dict[str, str | int]:
        return {"type": self.family, "dateFrom": self.start, "dateTo": self.end}


class Events(ApiNamespace):
    """Audit events of the last 30 days; for users with the role Tenant Auditor."""

    async def get_events(
        self, days_into_past: int = 30, event_type: EventFamily | str = "all"
    ) -> list[dict[str, object]]:
        """Return the events of the last days as Anaplan sends them.

        All of them are held in memory; `get_event_stream` needs the memory of one page only, and
        returns models.

        Args:
            days_into_past: Number of days, 1 to 30.
            event_type: Family of events, `"all"` by default. Anaplan treats an unknown one as
                `"all"`.

        Returns:
            The events, each of them once.

        Raises:
            InvalidArgumentException: `days_into_past` is out of its range.
            PermissionDeniedException: The user does not have the role Tenant Auditor.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Audit API guide, "Retrieve Audit Events in JSON Format".
        """
        Range(1, _MAX_DAYS).check("days_into_past", days_into_past, int)
        span = None, None, 24 * days_into_past, event_type
        records = self._read_json(_RECORDS, span)
        async with aclosing(records):
            return [record async for record in records]

    def get_event_stream(
        self,
        start: Moment | None = None,
        end: Moment | None = None,
        *,
        hours: int | None = None,
        event_type: EventFamily | str = "all",
    ) -> AsyncGenerator[AuditEvent]:
        """Iterate over the events of a window, reading a page at a time.

        The end of the window is fixed before the first page is read, so events that happen in the
        meantime don't shift the pages.

        Args:
            start: Start of the window: a `datetime` with a time zone, or milliseconds since 1970;
                None (the default) is 30 days before its end.
            end: End of the window, likewise; None (the default) is now, by Anaplan's clock.
            hours: Length of the window, 1 to 720, instead of `start`.
            event_type: Family of events, `"all"` by default. Anaplan treats an unknown one as
                `"all"`.

        Returns:
            An iterator over the events, each of them once.

        Raises:
            InvalidArgumentException: The window is longer than 30 days or ends before it starts;
                `start` and `hours` were both given; or a `datetime` has no time zone.
            ArgumentTypeException: `start` or `end` is neither a `datetime` nor an `int`.
            PermissionDeniedException: The user does not have the role Tenant Auditor.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Audit API guide, "Retrieve Audit Events in JSON Format".
        """
        return self._read_json(EVENTS, (start, end, hours, event_type))

    def search_events(
        self,
        start: Moment | None = None,
        end: Moment | None = None,
        *,
        hours: int | None = None,
        event_type: EventFamily | str = "all",
    ) -> AsyncGenerator[AuditEvent]:
        """Iterate over the events of a window by Anaplan's search, reading a page at a time.

        The events are those of `get_event_stream`; the window is sent in the body of a POST
        request instead of the URL. Its end is fixed before the first page is read, so events that
        happen in the meantime don't shift the pages.

        Args:
            start: Start of the window: a `datetime` with a time zone, or milliseconds since 1970;
                None (the default) is 30 days before its end.
            end: End of the window, likewise; None (the default) is now, by Anaplan's clock.
            hours: Length of the window, 1 to 720, instead of `start`.
            event_type: Family of events, `"all"` by default. Anaplan treats an unknown one as
                `"all"`.

        Returns:
            An iterator over the events, each of them once.

        Raises:
            InvalidArgumentException: The window is longer than 30 days or ends before it starts;
                `start` and `hours` were both given; or a `datetime` has no time zone.
            ArgumentTypeException: `start` or `end` is neither a `datetime` nor an `int`.
            PermissionDeniedException: The user does not have the role Tenant Auditor.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Audit API guide.
        """
        return self._read_json(EVENTS, (start, end, hours, event_type), by_search=True)

    def get_cef_lines(
        self,
        start: Moment | None = None,
        end: Moment | None = None,
        *,
        hours: int | None = None,
        event_type: EventFamily | str = "all",
    ) -> AsyncGenerator[str]:
        """Iterate over the events of a window as lines in the Common Event Format (CEF).

        Anaplan sends them in one reply without pages, which is read as it arrives. Its lines
        have no severity, unlike the definition of the format.

        Args:
            start: Start of the window: a `datetime` with a time zone, or milliseconds since 1970;
                None (the default) is 30 days before its end.
            end: End of the window, likewise; None (the default) is now, by Anaplan's clock.
            hours: Length of the window, 1 to 720, instead of `start`.
            event_type: Family of events, `"all"` by default. Anaplan treats an unknown one as
                `"all"`.

        Returns:
            An iterator over the lines as Anaplan writes them, without line ends.

        Raises:
            InvalidArgumentException: The window is longer than 30 days or ends before it starts;
                `start` and `hours` were both given; or a `datetime` has no time zone.
            ArgumentTypeException: `start` or `end` is neither a `datetime` nor an `int`.
            PermissionDeniedException: The user does not have the role Tenant Auditor.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Audit API guide; Anaplan help, "Audit event export file".
        """
        return self._read_cef(str, (start, end, hours, event_type))

    def get_cef_events(
        self,
        start: Moment | None = None,
        end: Moment | None = None,
        *,
        hours: int | None = None,
        event_type: EventFamily | str = "all",
    ) -> AsyncGenerator[CefEvent]:
        """Iterate over the events of a window, parsed from lines in the Common Event Format (CEF).

        Anaplan sends them in one reply without pages, which is read as it arrives.

        Args:
            start: Start of the window: a `datetime` with a time zone, or milliseconds since 1970;
                None (the default) is 30 days before its end.
            end: End of the window, likewise; None (the default) is now, by Anaplan's clock.
            hours: Length of the window, 1 to 720, instead of `start`.
            event_type: Family of events, `"all"` by default. Anaplan treats an unknown one as
                `"all"`.

        Returns:
            An iterator over the parsed lines.

        Raises:
            InvalidArgumentException: The window is longer than 30 days or ends before it starts;
                `start` and `hours` were both given; or a `datetime` has no time zone.
            ArgumentTypeException: `start` or `end` is neither a `datetime` nor an `int`.
            PermissionDeniedException: The user does not have the role Tenant Auditor.
            AnaplanResponseException: A line is not in this format.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Audit API guide; Anaplan help, "Audit event export file".
        """
        return self._read_cef(self._parse_cef, (start, end, hours, event_type))

    async def follow_events(
        self,
        cursor: str | None = None,
        *,
        since: Moment | None = None,
        event_type: EventFamily | str = "all",
        timeout: float | None = None,
        poll_delay: float = 10.0,
        lag: float = 60.0,
    ) -> AsyncGenerator[FollowedEvent]:
        """Iterate over events as they happen, in their order, each of them once.

        Store the cursor of the last event you have processed: given back, also in another
        process, it continues with the event after it.

        Args:
            cursor: Where to continue: the cursor of an earlier event.
            since: Where to start while there is no cursor yet: a `datetime` with a time zone, or
                milliseconds since 1970, up to 30 days ago; None (the default) is now, by Anaplan's
                clock.
            event_type: Family of events, `"all"` by default. Anaplan treats an unknown one as
                `"all"`.
            timeout: Seconds after which the iteration ends; None (the default) never ends it.
            poll_delay: Seconds between two requests when there are no further events.
            lag: Seconds by which events are delivered late, so that those which Anaplan lists
                late still come in order. An event that Anaplan lists even later is missed.

        Yields:
            Each event with its cursor.

        Raises:
            InvalidArgumentException: The cursor is not valid, or it or `since` is longer ago than
                Anaplan keeps events; or a number is out of its range.
            ArgumentTypeException: `since` is neither a `datetime` nor an `int`.
            PermissionDeniedException: The user does not have the role Tenant Auditor.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Audit API guide, "Retrieve Audit Events in JSON Format".
        """
        check_timeout(timeout)
        POSITIVE.check("poll_delay", poll_delay, float)
        NOT_NEGATIVE.check("lag", lag, float)
        deadline = Deadline.after(timeout)
        position = None if cursor is None else EventPosition.parse(cursor)
        if since is not None:
            start = EventPosition(_milliseconds("since", since))
            position = position or start
        now = await self.get_time()
        position = _within_reach(position or EventPosition(now), now)
        while True:
            latest = now - int(_SECOND * lag)
            end = min(latest, position.event_date + _SLICE)
            if end > position.event_date:
                # Starts a moment earlier: whether a window includes its start is not documented.
                window = Window(max(position.event_date - 1, now - _RETENTION), end, event_type)
                for event in await self._in_order(window, position):
                    position = position.after(event)
                    yield FollowedEvent(event, position.cursor)
                if position.event_date < end:
                    position = EventPosition(end)
            if end < latest:
                continue
            if deadline.expired:
                return
            await runtime.sleep(deadline.clamp(poll_delay))
            now = self._server_now()

    async def get_time(self) -> int:
        """Ask Anaplan for its time, such as for the end of a window, with a small request.

        A window that ends by the clock of this machine misses events if that clock is fast.

        Returns:
            The earliest that Anaplan's clock can show, in milliseconds since 1970; it is up to a
            second slow, since Anaplan reports whole seconds. The time of this machine if Anaplan
            reports none.

        Raises:
            PermissionDeniedException: The user does not have the role Tenant Auditor.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Audit API guide, "Retrieve Audit Events in JSON Format".
        """
        params = {"intervalInHours": 1, "limit": 1}
        await self._session.send("GET", self._events, params=params)
        return self._server_now()

    @property
    def _events(self) -> str:
        return f"{self._session.hosts.audit}/events"

    async def _read_json(
        self, listing: ListReply[E], span: Span, *, by_search: bool = False
    ) -> AsyncGenerator[E]:
        """Read the events of a window as items of a paged listing."""
        window = await self._window(span)
        pages = self._pages(listing, window, by_search=by_search)
        async with aclosing(pages):
            async for page in pages:
                for item in page:
                    yield item

    async def _read_cef(self, parse: Callable[[str], T], span: Span) -> AsyncGenerator[T]:
        """Read the events of a window as lines in the Common Event Format."""
        window = await self._window(span)
        reader = LineReader()
        pieces = self._session.stream(
            self._events, params=window.params, headers={"Accept": "text/plain"}
        )
        async with aclosing(pieces):
            async for piece in pieces:
                for line in reader.feed(piece):
                    yield parse(line)
        for line in reader.finish():
            yield parse(line)

    def _parse_cef(self, line: str) -> CefEvent:
        try:
            return CefEvent.parse(line)
        except ValueError as problem:
            raise AnaplanResponseException(str(problem), url=self._events) from None

    async def _in_order(self, window: Window, position: EventPosition) -> list[AuditEvent]:
        """Return the events after a position, oldest first."""
        pages = self._pages(EVENTS, window)
        async with aclosing(pages):
            events = [event async for page in pages for event in page]
        new = (
            event
            for event in events
            if position.event_date <= event.event_date <= window.end
            and event.id not in position.event_ids
        )
        return sorted(new, key=lambda event: (event.event_date, event.id))

    def _server_now(self) -> int:
        return int(_SECOND * (self._session.server_time(time.monotonic()) or time.time()))

    async def _window(self, span: Span) -> Window:
        start, end, hours, family = span
        if start is not None and hours is not None:
            raise InvalidArgumentException("start and hours were both given: give one of them.")
        max_hours = _RETENTION // _HOUR
        if hours is not None:
            Range(1, max_hours).check("hours", hours, float)
        first = None if start is None else _milliseconds("start", start)
        last = None if end is None else _milliseconds("end", end)
        is_open = last is None
        if last is None:
            # Anaplan's clock is known in whole seconds.
            last = await self.get_time() + _SECOND
        if first is None:
            first = last - (hours or max_hours) * _HOUR
        if first > last:
            raise InvalidArgumentException("The window ends before it starts.")
        if is_open and _RETENTION < last - first <= _RETENTION + _HOUR:
            # The caller computed "30 days ago" a little earlier, or by another clock.
            first = last - _RETENTION
        if last - first > _RETENTION:
            raise InvalidArgumentException(
                f"A window must not be longer than {_MAX_DAYS} days: Anaplan keeps no older events."
            )
        return Window(first, last, family)

    async def _page(
        self, listing: ListReply[E], window: Window, offset: int, *, by_search: bool
    ) -> Page[E]:
        limit = self._config.page_size
        while True:
            response = await self._send(window, offset, limit, by_search=by_search)
            if response.status_code != HTTPStatus.NO_CONTENT or limit == 1:
                return decode(listing.adapter, response)
            # By its guide Anaplan answers so if a page is too large for it.
            limit = max(1, limit // 2)

    async def _send(
        self, window: Window, offset: int, limit: int, *, by_search: bool
    ) -> httpx2.Response:
        accept = {"Accept": "application/json"}
        paging = {"limit": limit, "offset": offset}
        if not by_search:
            params = {**window.params, **paging}
            return await self._session.send("GET", self._events, params=params, headers=accept)
        return await self._session.send(
            "POST",
            f"{self._events}/search",
            retry=Retry.SAFE,
            params={"type": window.family, **paging},
            json={"from": window.start, "to": window.end},
            headers=accept,
        )

    async def _pages(
        self, listing: ListReply[E], window: Window, *, by_search: bool = False
    ) -> AsyncGenerator[list[E]]:
        """Read page after page, leaving out what an earlier page had."""
        seen: set[object] = set()
        offset = 0
        known: int | None = None
        is_repeated = False
        for _ in bounded(count(), self._max_pages):
            page = await self._page(listing, window, offset, by_search=by_search)
            gone = 0 if known is None or page.total is None else known - page.total
            known = page.total
            if gone > 0:
                # Expired events have left the listing, so unread ones moved into read pages.
                offset = max(0, offset - gone)
                continue
            new = [item for item in page.items if _id_of(item) not in seen]
            seen.update(map(_id_of, new))
            yield new
            offset += page.received
            if known is None or offset >= known:
                return
            if not page.received and is_repeated:
                warn_of_early_end(known, offset)
                return
            is_repeated = not page.received


def _id_of(event: AuditEvent | dict[str, object]) -> object:
    return event.id if isinstance(event, AuditEvent) else event.get("id")


def _within_reach(position: EventPosition, now: int) -> EventPosition:
    """Return the position unless events after it may have expired, moved into a valid window.

    Raises:
        InvalidArgumentException: The position is too long ago.
    """
    if position.event_date < now - _RETENTION - _HOUR:
        raise InvalidArgumentException(
            f"Anaplan keeps events for {_MAX_DAYS} days, and this is longer ago: some events are "
            "lost. Start again with since."
        )
    return position if position.event_date >= now - _RETENTION else EventPosition(now - _RETENTION)


def _milliseconds(name: str, moment: Moment) -> int:
    if isinstance(moment, datetime):
        if moment.tzinfo is None:
            raise InvalidArgumentException(f"{name} must have a time zone, which {moment} doesn't.")
        return int(_SECOND * moment.timestamp())
    if not isinstance(moment, int):
        raise ArgumentTypeException(
            f"{name} must be a datetime with a time zone, or milliseconds since 1970, not "
            f"{type(moment).__name__}."
        )
    return moment
