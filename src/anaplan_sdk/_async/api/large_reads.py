"""Large-volume reads: views and lists of any size, page by page."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing, contextmanager, suppress
from dataclasses import dataclass
from typing import Literal

from anaplan_sdk import _telemetry
from anaplan_sdk._async.api.namespace import ApiNamespace, path_segment
from anaplan_sdk._async.api.views import ViewExport
from anaplan_sdk._async.transport.polling import wait_until
from anaplan_sdk._async.transport.traced import traced
from anaplan_sdk._formats.csv_pages import PageReader
from anaplan_sdk._http.replies import content_of, decode_started
from anaplan_sdk._ranges import check_timeout
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk._runtime.deadline import Deadline
from anaplan_sdk._telemetry import Operation, names
from anaplan_sdk.exceptions import (
    AnaplanException,
    InvalidIdentifierException,
    LargeReadException,
    LargeReadExpiredException,
)
from anaplan_sdk.models import ReadRequest
from anaplan_sdk.models._envelopes import ObjectReply
from anaplan_sdk.progress import Progress, ProgressCallback

# Pages that are fetched, and in memory, at the same time.
_PARALLEL_PAGES = 4


@dataclass
class _Opening:
    """What a read and the creation of its request share: the caller may stop before it is created.

    Attributes:
        url: The URL of the request once it is created.
        is_abandoned: Whether the caller has stopped.
    """

    url: str | None = None
    is_abandoned: bool = False


class LargeReads(ApiNamespace):
    """Large-volume reads of views and lists.

    Anaplan prepares a read as a request of its own, whose pages can be fetched before all are
    available. The request is deleted at the end, also after an error and when the caller stops
    early. To stop early, iterate in `async with aclosing(...)`.
    """

    async def read_view(
        self,
        view_id: int | str,
        export_type: Literal[
            "TABULAR_MULTI_COLUMN", "TABULAR_SINGLE_COLUMN"
        ] = "TABULAR_MULTI_COLUMN",
        *,
        timeout: float | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> AsyncGenerator[dict[str, str]]:
        """Read the rows of a view of any size.

        Anaplan prepares the read as a request of its own, whose pages are fetched as they become
        available, up to four at the same time. The request is deleted at Anaplan at the end, also
        after an error and when the caller stops early. The user must be a workspace administrator.

        Args:
            view_id: The view; also a module (its default view).
            export_type: "TABULAR_MULTI_COLUMN" (default) for one column for each line item, or
                "TABULAR_SINGLE_COLUMN" for one column with all values.
            timeout: Seconds to wait, in all, until Anaplan has prepared the pages; None (the
                default) waits without limit. Downloading pages and the caller's own work do not
                count.
            on_progress: Called with a Progress for every page: how many were read, and how many
                there are once that is known.

        Yields:
            The rows, as dicts of texts by column name; a second column `Name` is called `Name (2)`.

        Raises:
            InvalidArgumentException: `timeout` is negative, or the client has no model.
            InvalidIdentifierException: There is no such view.
            LargeReadException: Anaplan failed to carry out the read, or it was cancelled there.
            LargeReadExpiredException: Anaplan has deleted the request, as no page was read for 30
                minutes, or the user may no longer read it.
            AnaplanTimeoutException: Anaplan took longer than `timeout`.
            AnaplanResponseException: A row has more or fewer fields than there are columns.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "Initiate large read request" and "Retrieve status of large read
        request".
        """
        reader = PageReader()
        pages = self.read_view_pages(view_id, export_type, timeout=timeout, on_progress=on_progress)
        async with aclosing(pages):
            async for page in pages:
                for row in reader.rows(page):
                    yield row

    async def read_view_pages(
        self,
        view_id: int | str,
        export_type: ViewExport = "TABULAR_MULTI_COLUMN",
        *,
        timeout: float | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> AsyncGenerator[bytes]:
        """Read a view of any size as pages of CSV.

        Anaplan prepares the read as a request of its own, whose pages are fetched as they become
        available, up to four at the same time. The request is deleted at Anaplan at the end, also
        after an error and when the caller stops early. The user must be a workspace administrator.

        Args:
            view_id: The view; also a module (its default view).
            export_type: The layout, that of an export of this type; by default one column for each
                line item.
            timeout: Seconds to wait, in all, until Anaplan has prepared the pages; None (the
                default) waits without limit. Downloading pages and the caller's own work do not
                count.
            on_progress: Called with a Progress for every page: how many were read, and how many
                there are once that is known.

        Yields:
            The pages in order, as CSV; the first one begins with the header.

        Raises:
            InvalidArgumentException: `timeout` is negative, or the client has no model.
            InvalidIdentifierException: There is no such view.
            LargeReadException: Anaplan failed to carry out the read, or it was cancelled there.
            LargeReadExpiredException: Anaplan has deleted the request, as no page was read for 30
                minutes, or the user may no longer read it.
            AnaplanTimeoutException: Anaplan took longer than `timeout`.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "Initiate large read request" and "Retrieve status of large read
        request".
        """
        url = self._requests_url("view", view_id)
        pages = self._read(url, "view", {"exportType": export_type}, timeout, on_progress)
        async with aclosing(pages):
            async for page in pages:
                yield page

    async def read_list(
        self,
        list_id: int | str,
        *,
        timeout: float | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> AsyncGenerator[dict[str, str]]:
        """Read the items of a list of any size as rows.

        Anaplan prepares the read as a request of its own, whose pages are fetched as they become
        available, up to four at the same time. The request is deleted at Anaplan at the end, also
        after an error and when the caller stops early. The user must be a workspace administrator.

        Args:
            list_id: The list (101…).
            timeout: Seconds to wait, in all, until Anaplan has prepared the pages; None (the
                default) waits without limit. Downloading pages and the caller's own work do not
                count.
            on_progress: Called with a Progress for every page: how many were read, and how many
                there are once that is known.

        Yields:
            The rows, as dicts of texts by column name; the item's name has the column name "".

        Raises:
            InvalidArgumentException: `timeout` is negative, or the client has no model.
            InvalidIdentifierException: There is no such list.
            LargeReadException: Anaplan failed to carry out the read, or it was cancelled there.
            LargeReadExpiredException: Anaplan has deleted the request, as no page was read for 30
                minutes, or the user may no longer read it.
            AnaplanTimeoutException: Anaplan took longer than `timeout`.
            AnaplanResponseException: A row has more or fewer fields than there are columns.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "Initiate large read request" and "Retrieve status of large read
        request".
        """
        reader = PageReader()
        pages = self.read_list_pages(list_id, timeout=timeout, on_progress=on_progress)
        async with aclosing(pages):
            async for page in pages:
                for row in reader.rows(page):
                    yield row

    async def read_list_pages(
        self,
        list_id: int | str,
        *,
        timeout: float | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> AsyncGenerator[bytes]:
        """Read the items of a list of any size as pages of CSV.

        Anaplan prepares the read as a request of its own, whose pages are fetched as they become
        available, up to four at the same time. The request is deleted at Anaplan at the end, also
        after an error and when the caller stops early. The user must be a workspace administrator.

        Args:
            list_id: The list (101…).
            timeout: Seconds to wait, in all, until Anaplan has prepared the pages; None (the
                default) waits without limit. Downloading pages and the caller's own work do not
                count.
            on_progress: Called with a Progress for every page: how many were read, and how many
                there are once that is known.

        Yields:
            The pages in order, as CSV; the first one begins with the header, in which the column of
            the items' names is empty.

        Raises:
            InvalidArgumentException: `timeout` is negative, or the client has no model.
            InvalidIdentifierException: There is no such list.
            LargeReadException: Anaplan failed to carry out the read, or it was cancelled there.
            LargeReadExpiredException: Anaplan has deleted the request, as no page was read for 30
                minutes, or the user may no longer read it.
            AnaplanTimeoutException: Anaplan took longer than `timeout`.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "Initiate large read request" and "Retrieve status of large read
        request".
        """
        url = self._requests_url("list", list_id)
        pages = self._read(url, "list", None, timeout, on_progress)
        async with aclosing(pages):
            async for page in pages:
                yield page

    def _requests_url(self, kind: Literal["view", "list"], source_id: int | str) -> str:
        return f"{self._workspace_model}/{kind}s/{path_segment(source_id)}/readRequests"

    def _read_attributes(self, url: str, kind: Literal["view", "list"]) -> names.Attributes:
        attribute = names.VIEW_ID if kind == "view" else names.LIST_ID
        return self._traced(attribute, url.rsplit("/", 2)[-2])

    async def _read(
        self,
        url: str,
        kind: Literal["view", "list"],
        body: dict[str, str] | None,
        timeout: float | None,
        on_progress: ProgressCallback | None,
    ) -> AsyncGenerator[bytes]:
        check_timeout(timeout)
        reply = _reply(kind)
        opening = _Opening()
        span = _telemetry.begin(names.LARGE_READ, self._read_attributes(url, kind))
        with span.until_closed():
            try:
                with span.bound():
                    request = await runtime.run_shielded(self._create, url, reply, body, opening)
                pages = self._follow(url, reply, request, timeout, on_progress, span)
                async with aclosing(pages):
                    async for page in pages:
                        yield page
            finally:
                opening.is_abandoned = True
                if opening.url is not None:
                    with span.bound():
                        await runtime.run_shielded(self._end, opening.url)

    async def _follow(
        self,
        url: str,
        reply: ObjectReply[ReadRequest],
        request: ReadRequest,
        timeout: float | None,
        on_progress: ProgressCallback | None,
        span: Operation,
    ) -> AsyncGenerator[bytes]:
        url = f"{url}/{path_segment(request.request_id)}"
        width = min(_PARALLEL_PAGES, self._config.max_concurrency)
        remaining = timeout
        received = _telemetry.Received(span)

        async def poll() -> ReadRequest:
            return await self._status(reply, url)

        async def fetch(page: int) -> bytes:
            with span.bound():
                return await self._page(url, page)

        while True:
            is_whole = _is_complete(request)
            pages = runtime.ordered_map(
                fetch, range(received.count, request.available_pages), width
            )
            async with aclosing(pages):
                async for page in pages:
                    received.add(page, received.count)
                    if on_progress is not None:
                        total = request.available_pages if is_whole else None
                        on_progress(Progress("read", received.count, total))
                    yield page
            if is_whole:
                return
            # Only the time that is spent on waiting for Anaplan counts.
            deadline = Deadline.after(remaining)
            with span.bound():
                request = await self._wait(poll, _beyond(received.count), remaining, timeout)
            remaining = deadline.remaining()

    @traced(names.LARGE_READ)
    async def _prepare(
        self, url: str, kind: Literal["view", "list"], timeout: float | None
    ) -> tuple[ReadRequest, bytes]:
        """Create a read, wait until all of its pages are available, and read the first one.

        It is deleted if that fails or the caller stops.
        """
        _telemetry.current().set(self._read_attributes(url, kind))
        reply = _reply(kind)
        body = {"exportType": "TABULAR_MULTI_COLUMN"} if kind == "view" else None
        opening = _Opening()
        try:
            request = await runtime.run_shielded(self._create, url, reply, body, opening)
            request_url = f"{url}/{path_segment(request.request_id)}"
            if not _is_complete(request):
                request = await self._wait(
                    lambda: self._status(reply, request_url),
                    lambda seen: seen if _is_complete(seen) else None,
                    timeout,
                    timeout,
                )
            first = b""
            if request.available_pages:
                first = await self._page(request_url, 0)
                _telemetry.Received(_telemetry.current()).add(first, 0)
        except BaseException:
            opening.is_abandoned = True
            if opening.url is not None:
                await runtime.run_shielded(self._end, opening.url)
            raise
        return request, first

    async def _wait(
        self,
        poll: runtime.Poll[ReadRequest],
        condition: Callable[[ReadRequest], ReadRequest | None],
        timeout: float | None,
        total_timeout: float | None,
    ) -> ReadRequest:
        return await wait_until(
            poll,
            condition,
            delay=self._config.status_poll_delay,
            timeout=timeout,
            describe=lambda seen: f"The read is {seen.request_state}",
            outcome="it was cancelled",
            total_timeout=total_timeout,
        )

    async def _status(self, reply: ObjectReply[ReadRequest], url: str) -> ReadRequest:
        with _expiry_errors():
            return await self._get(reply, url)

    async def _page(self, url: str, page: int) -> bytes:
        with _expiry_errors():
            response = await self._session.send(
                "GET", f"{url}/pages/{page}", headers={"Accept": "text/csv"}
            )
        return content_of(response, f"Page {page}")

    async def _create(
        self,
        url: str,
        reply: ObjectReply[ReadRequest],
        body: dict[str, str] | None,
        opening: _Opening,
    ) -> ReadRequest:
        response = await self._session.send("POST", url, json=body)
        request = decode_started(
            reply.adapter,
            response,
            lambda request_id: ReadRequest(request_id=request_id),
            "requestId",
        )
        opening.url = f"{url}/{path_segment(request.request_id)}"
        if opening.is_abandoned:
            await self._end(opening.url)
        return request

    async def _end(self, url: str) -> None:
        # A failure does no harm: Anaplan deletes the request after 30 minutes without use.
        with suppress(AnaplanException):
            await self._session.send("DELETE", url)


def _reply(kind: Literal["view", "list"]) -> ObjectReply[ReadRequest]:
    return ObjectReply(f"{kind}ReadRequest", ReadRequest)


def _is_complete(request: ReadRequest) -> bool:
    if request.request_state in ("CANCELLING", "CANCELLED"):
        raise LargeReadException("The read request was cancelled at Anaplan.")
    if request.request_state == "COMPLETE" and request.successful is False:
        raise LargeReadException("Anaplan failed to carry out the read request: start it again.")
    return request.request_state == "COMPLETE"


def _beyond(read: int) -> Callable[[ReadRequest], ReadRequest | None]:
    """Return the condition that ends a wait: further pages, or the end of the read."""
    return lambda seen: seen if _is_complete(seen) or seen.available_pages > read else None


@contextmanager
def _expiry_errors() -> Generator[None]:
    """Turn a 404 into LargeReadExpiredException."""
    try:
        yield
    except InvalidIdentifierException as error:
        raise error.as_type(
            LargeReadExpiredException,
            "The read request no longer exists: Anaplan deletes it when no page was read for 30 "
            "minutes, so start it again. It also answers so when the user has lost the right to "
            "read the view or list.",
        ) from error
