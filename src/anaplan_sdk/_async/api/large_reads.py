"""Reading views and lists of any size, page by page."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing, contextmanager, suppress
from dataclasses import dataclass
from typing import Literal

from anaplan_sdk._async.api.namespace import ApiNamespace, segment
from anaplan_sdk._async.api.views import ViewExport
from anaplan_sdk._async.transport.polling import check_timeout, wait_until
from anaplan_sdk._formats.csv_pages import PageReader
from anaplan_sdk._http.replies import decode
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk.exceptions import (
    AnaplanException,
    InvalidIdentifierException,
    LargeReadException,
    LargeReadExpiredException,
)
from anaplan_sdk.models import ReadRequest
from anaplan_sdk.models._envelopes import Single
from anaplan_sdk.progress import Progress, ProgressCallback

_PAGES_AT_A_TIME = 4


@dataclass
class _Opening:
    """The start of a read, whose caller may be gone before Anaplan has answered.

    Attributes:
        url: The read's own URL, once it exists.
        is_abandoned: Whether the caller is gone.
    """

    url: str | None = None
    is_abandoned: bool = False


class LargeReads(ApiNamespace):
    """Large reads of views and lists.

    Anaplan prepares such a read as a request of its own, whose pages can be fetched while it goes
    on. The request is deleted in any case: after the last page, after an error, and when the caller
    stops early or is cancelled. Stop early by leaving `async with aclosing(...)`.
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
        """The rows of a view of any size, by column name.

        Of several columns with the same name the second is called `Name (2)`, and so on.

        Args:
            view_id: The view.
            export_type: One column for each line item, or one column for all values.
            timeout: Seconds to wait for Anaplan altogether; no limit when not given.
            on_progress: Told how many pages were read, and how many there are once that is known.

        Raises:
            InvalidIdentifierException: No such view.
            LargeReadException: Anaplan could not carry it out; start it again.
            LargeReadExpiredException: No page was asked for in 30 minutes.
            AnaplanTimeoutException: Anaplan took longer than `timeout`.
            AnaplanResponseException: A row has more or fewer fields than there are columns.
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
        """The pages of a view of any size, as CSV in order; the first one has the header.

        Arguments and errors are those of `read_view`; here the view may also be laid out as a grid.
        """
        url = f"{self._workspace_model}/views/{segment(view_id)}/readRequests"
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
        """The items of a list of any size as rows, by column name.

        Arguments and errors are those of `read_view`.
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
        """The pages of a list of any size, as CSV in order; the first one has the header.

        Arguments and errors are those of `read_view`.
        """
        url = f"{self._workspace_model}/lists/{segment(list_id)}/readRequests"
        pages = self._read(url, "list", None, timeout, on_progress)
        async with aclosing(pages):
            async for page in pages:
                yield page

    async def _read(
        self,
        url: str,
        kind: Literal["view", "list"],
        body: dict[str, str] | None,
        timeout: float | None,
        on_progress: ProgressCallback | None,
    ) -> AsyncGenerator[bytes]:
        check_timeout(timeout)
        single = Single[ReadRequest](f"{kind}ReadRequest", ReadRequest)
        opening = _Opening()
        try:
            request = await runtime.run_shielded(self._create, url, single, body, opening)
            pages = self._follow(url, single, request, timeout, on_progress)
            async with aclosing(pages):
                async for page in pages:
                    yield page
        finally:
            opening.is_abandoned = True
            if opening.url is not None:
                await runtime.run_shielded(self._end, opening.url)

    async def _follow(
        self,
        url: str,
        single: Single[ReadRequest],
        request: ReadRequest,
        timeout: float | None,
        on_progress: ProgressCallback | None,
    ) -> AsyncGenerator[bytes]:
        url = f"{url}/{segment(request.request_id)}"
        width = min(_PAGES_AT_A_TIME, self._settings.max_concurrency)
        left = timeout
        read = 0

        async def look() -> ReadRequest:
            with _expiring():
                return await self._get(single, url)

        async def fetch(page: int) -> bytes:
            with _expiring():
                response = await self._session.send(
                    "GET", f"{url}/pages/{page}", headers={"Accept": "text/csv"}
                )
            return response.content

        while True:
            is_whole = _is_complete(request)
            pages = runtime.ordered_map(fetch, range(read, request.available_pages), width)
            async with aclosing(pages):
                async for page in pages:
                    read += 1
                    if on_progress is not None:
                        total = request.available_pages if is_whole else None
                        on_progress(Progress("read", read, total))
                    yield page
            if is_whole:
                return
            began = time.monotonic()
            request = await wait_until(
                look,
                _beyond(read),
                delay=self._settings.status_poll_delay,
                timeout=left,
                overdue=lambda seen: f"The read is {seen.request_state}",
                fate="it was given up",
                allowed=timeout,
            )
            if left is not None:
                left = max(0.0, left - (time.monotonic() - began))

    async def _create(
        self,
        url: str,
        single: Single[ReadRequest],
        body: dict[str, str] | None,
        opening: _Opening,
    ) -> ReadRequest:
        response = await self._session.send("POST", url, json=body)
        request = decode(single.adapter, response).value
        opening.url = f"{url}/{segment(request.request_id)}"
        if opening.is_abandoned:
            await self._end(opening.url)
        return request

    async def _end(self, url: str) -> None:
        # It expires by itself, too.
        with suppress(AnaplanException):
            await self._session.send("DELETE", url)


def _is_complete(request: ReadRequest) -> bool:
    if request.request_state in ("CANCELLING", "CANCELLED"):
        raise LargeReadException("The read was cancelled at Anaplan.")
    if request.request_state == "COMPLETE" and not request.successful:
        raise LargeReadException("Anaplan could not carry out the read; start it again.")
    return request.request_state == "COMPLETE"


def _beyond(read: int) -> Callable[[ReadRequest], ReadRequest | None]:
    """Ends a wait when there are further pages, or no more to come."""
    return lambda seen: seen if _is_complete(seen) or seen.available_pages > read else None


@contextmanager
def _expiring() -> Generator[None]:
    try:
        yield
    except InvalidIdentifierException as error:
        raise LargeReadExpiredException(
            "Anaplan doesn't keep this read any longer, as no page was asked for in 30 minutes.",
            method=error.method,
            url=error.url,
            status_code=error.status_code,
            reason=error.reason,
            request_id=error.request_id,
        ) from error
