"""What happened in the tenant: audit events by window, as lines, and as they come."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import httpx2

from anaplan_sdk._async.api.namespace import ApiNamespace
from anaplan_sdk._async.transport.polling import check_timeout
from anaplan_sdk._formats.lines import LineReader
from anaplan_sdk._http.replies import decode, unreadable
from anaplan_sdk._http.retry_policy import Repeat
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk.exceptions import AnaplanResponseException
from anaplan_sdk.models import AuditEvent, CefEvent, EventFamily, FollowedEvent
from anaplan_sdk.models._envelopes import Listing
from anaplan_sdk.models.audit import Place

_EVENTS = Listing("response", AuditEvent)
_RECORDS = Listing[dict[str, object]]("response", dict[str, object])

# Anaplan keeps events for so long, and takes no longer windows.
_LONGEST_HOURS = 720
_HOUR = 3_600_000
_RETENTION = _LONGEST_HOURS * _HOUR
# A follower that lags far behind reads, and sorts, so much at a time.
_SLICE = 6 * _HOUR
# The server's clock is told in whole seconds.
_SECOND = 1000

Moment = datetime | int
T = TypeVar("T")


@dataclass(frozen=True)
class _Window:
    """A span of time in milliseconds since 1970, and a family of events."""

    start: int
    end: int
    family: str

    @property
    def params(self) -> dict[str, str | int]:
        return {"type": self.family, "dateFrom": self.start, "dateTo": self.end}


class Events(ApiNamespace):
    """Audit events. All of this is for tenant auditors, and reaches 30 days back."""

    async def get_events(
        self, days_into_past: int = 30, event_type: EventFamily | str = "all"
    ) -> list[dict[str, object]]:
        """All events of the last days, as Anaplan words them; `get_event_stream` has them typed.

        Args:
            days_into_past: 1 to 30.
            event_type: The family of events. Anaplan takes one it doesn't know for "all".

        Raises:
            PermissionDeniedException: This user is no tenant auditor.
        """
        if not 1 <= days_into_past <= _LONGEST_HOURS // 24:
            raise ValueError(f"days_into_past must be 1 to 30, not {days_into_past}.")
        window = await self._window(None, None, 24 * days_into_past, event_type)
        pages = self._pages(_RECORDS, window, lambda record: record.get("id"))
        async with aclosing(pages):
            return [record async for page in pages for record in page]

    async def get_event_stream(
        self,
        start: Moment | None = None,
        end: Moment | None = None,
        *,
        hours: int | None = None,
        event_type: EventFamily | str = "all",
    ) -> AsyncGenerator[AuditEvent]:
        """The events of a window, page by page, each of them once.

        The end of the window is fixed before the first page is read, so that events that happen
        meanwhile don't move the pages.

        Args:
            start: Where the window begins: a `datetime` with a time zone, or milliseconds since
                1970. By default 30 days before its end.
            end: Where it ends; by default now.
            hours: Its length, 1 to 720, instead of `start`.
            event_type: The family of events. Anaplan takes one it doesn't know for "all".

        Raises:
            ValueError: The window is longer than 30 days, or is none.
            PermissionDeniedException: This user is no tenant auditor.
        """
        window = await self._window(start, end, hours, event_type)
        pages = self._pages(_EVENTS, window, lambda event: event.id)
        async with aclosing(pages):
            async for page in pages:
                for event in page:
                    yield event

    async def search_events(
        self,
        start: Moment | None = None,
        end: Moment | None = None,
        *,
        hours: int | None = None,
        event_type: EventFamily | str = "all",
    ) -> AsyncGenerator[AuditEvent]:
        """The same by Anaplan's search. Arguments and errors as for `get_event_stream`."""
        window = await self._window(start, end, hours, event_type)
        pages = self._pages(_EVENTS, window, lambda event: event.id, by_search=True)
        async with aclosing(pages):
            async for page in pages:
                for event in page:
                    yield event

    async def get_cef_lines(
        self,
        start: Moment | None = None,
        end: Moment | None = None,
        *,
        hours: int | None = None,
        event_type: EventFamily | str = "all",
    ) -> AsyncGenerator[str]:
        """The events of a window as lines of the common event format, as Anaplan writes them.

        Anaplan sends them in one reply, which is read as it arrives. Arguments and errors as for
        `get_event_stream`.
        """
        window = await self._window(start, end, hours, event_type)
        reader = LineReader()
        pieces = self._session.stream(
            self._events, params=window.params, headers={"Accept": "text/plain"}
        )
        async with aclosing(pieces):
            async for piece in pieces:
                for line in reader.feed(piece):
                    yield line
        for line in reader.finish():
            yield line

    async def get_cef_events(
        self,
        start: Moment | None = None,
        end: Moment | None = None,
        *,
        hours: int | None = None,
        event_type: EventFamily | str = "all",
    ) -> AsyncGenerator[CefEvent]:
        """The same lines taken apart.

        Raises:
            AnaplanResponseException: A line isn't of this format.
        """
        lines = self.get_cef_lines(start, end, hours=hours, event_type=event_type)
        async with aclosing(lines):
            async for line in lines:
                try:
                    event = CefEvent.parse(line)
                except ValueError as problem:
                    raise AnaplanResponseException(str(problem), url=self._events) from None
                yield event

    async def follow(
        self,
        cursor: str | None = None,
        *,
        since: Moment | None = None,
        event_type: EventFamily | str = "all",
        timeout: float | None = None,
        poll_delay: float = 10.0,
        settle: float = 60.0,
    ) -> AsyncGenerator[FollowedEvent]:
        """Gives events as they come, for ever: in the order they happened, each of them once.

        Keep the cursor of the last event you have dealt with, and give it back to go on after it,
        in another process too.

        Args:
            cursor: Where to go on.
            since: Where to begin without a cursor: a `datetime` with a time zone, or milliseconds
                since 1970; at most 30 days back. By default now.
            event_type: The family of events.
            timeout: Seconds after which it ends; never when not given.
            poll_delay: Seconds between two looks.
            settle: Seconds by which events are held back, so that those which Anaplan lists late
                still come in order. What is listed even later is missed.

        Raises:
            ValueError: The cursor isn't one, or lies further back than Anaplan keeps events.
            PermissionDeniedException: This user is no tenant auditor.
        """
        check_timeout(timeout)
        if cursor is not None and since is not None:
            raise ValueError("Give a cursor or since, not both.")
        if poll_delay <= 0 or settle < 0:
            raise ValueError("poll_delay must be positive, and settle can't be negative.")
        deadline = None if timeout is None else time.monotonic() + timeout
        place = None if cursor is None else Place.read(cursor)
        if since is not None:
            place = Place(_milliseconds("since", since))
        now = await self._now()
        place = _within_reach(place or Place(now), now)
        while True:
            settled = now - int(1000 * settle)
            end = min(settled, place.moment + _SLICE)
            if end > place.moment:
                # One more at the start: whether the window's first moment is in it isn't told.
                window = _Window(max(place.moment - 1, now - _RETENTION), end, event_type)
                for event in await self._in_order(window, place):
                    place = place.after(event)
                    yield FollowedEvent(event, place.cursor)
                if place.moment < end:
                    place = Place(end)
            if end < settled:
                continue
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                return
            await runtime.sleep(poll_delay if left is None else min(poll_delay, left))
            now = self._server_now()

    @property
    def _events(self) -> str:
        return f"{self._session.hosts.audit}/events"

    async def _in_order(self, window: _Window, place: Place) -> list[AuditEvent]:
        """The events after a place, the oldest first."""
        pages = self._pages(_EVENTS, window, lambda event: event.id)
        async with aclosing(pages):
            events = [event async for page in pages for event in page]
        new = (
            event
            for event in events
            if place.moment <= event.event_date <= window.end and event.id not in place.known
        )
        return sorted(new, key=lambda event: (event.event_date, event.id))

    async def _now(self) -> int:
        """Anaplan's own time, from a reply to a small question."""
        params = {"intervalInHours": 1, "limit": 1}
        await self._session.send("GET", self._events, params=params)
        return self._server_now()

    def _server_now(self) -> int:
        return int(1000 * self._session.server_time(time.monotonic()))

    async def _window(
        self, start: Moment | None, end: Moment | None, hours: int | None, family: str
    ) -> _Window:
        if start is not None and hours is not None:
            raise ValueError("Give start or hours, not both.")
        if hours is not None and not 1 <= hours <= _LONGEST_HOURS:
            raise ValueError(f"hours must be 1 to {_LONGEST_HOURS}, not {hours}.")
        first = None if start is None else _milliseconds("start", start)
        last = None if end is None else _milliseconds("end", end)
        is_open = last is None
        if last is None:
            last = await self._now() + _SECOND
        if first is None:
            first = last - (hours or _LONGEST_HOURS) * _HOUR
        if first > last:
            raise ValueError("The window ends before it begins.")
        if is_open and _RETENTION < last - first <= _RETENTION + _HOUR:
            first = last - _RETENTION  # "30 days ago", told some moments ago or by another clock.
        if last - first > _RETENTION:
            raise ValueError("A window is 30 days long at the most; Anaplan keeps no older events.")
        return _Window(first, last, family)

    async def _page(self, window: _Window, offset: int, *, by_search: bool) -> httpx2.Response:
        accept = {"Accept": "application/json"}
        paging = {"limit": self._settings.page_size, "offset": offset}
        if not by_search:
            params = {**window.params, **paging}
            return await self._session.send("GET", self._events, params=params, headers=accept)
        return await self._session.send(
            "POST",
            f"{self._events}/search",
            repeat=Repeat.SAFE,
            params={"type": window.family, **paging},
            json={"from": window.start, "to": window.end},
            headers=accept,
        )

    async def _pages(
        self,
        listing: Listing[T],
        window: _Window,
        id_of: Callable[[T], object],
        *,
        by_search: bool = False,
    ) -> AsyncGenerator[list[T]]:
        """The pages one after the other, without what an earlier one had."""
        seen: set[object] = set()
        offset = 0
        known: int | None = None
        while True:
            response = await self._page(window, offset, by_search=by_search)
            page = decode(listing.adapter, response)
            gone = 0 if known is None or page.total is None else known - page.total
            known = page.total
            if gone > 0:
                # Old events went away, and what follows has moved up into pages that were read.
                offset = max(0, offset - gone)
                continue
            new = [item for item in page.items if id_of(item) not in seen]
            seen.update(map(id_of, new))
            yield new
            offset += len(page.items)
            if known is None or offset >= known:
                return
            if not page.items:
                raise unreadable(response, f"a page without events, although there are {known}")


def _within_reach(place: Place, now: int) -> Place:
    """The place, unless what follows it may be lost already."""
    if place.moment < now - _RETENTION - _HOUR:
        raise ValueError(
            "Anaplan keeps events for 30 days, and this goes further back: some are lost. Begin "
            "anew with since."
        )
    return place if place.moment >= now - _RETENTION else Place(now - _RETENTION)


def _milliseconds(name: str, moment: Moment) -> int:
    if isinstance(moment, datetime):
        if moment.tzinfo is None:
            raise ValueError(f"{name} needs a time zone: {moment} has none.")
        return int(1000 * moment.timestamp())
    if not isinstance(moment, int):
        raise TypeError(
            f"{name} must be a datetime with a time zone, or milliseconds since 1970, not "
            f"{type(moment).__name__}."
        )
    return moment
