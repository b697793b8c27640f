"""Downloads: fetching chunks in order."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import aclosing, contextmanager

from anaplan_sdk import _telemetry, models
from anaplan_sdk._async.transport.session import Session
from anaplan_sdk._http.replies import content_of
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk._telemetry import names
from anaplan_sdk.exceptions import (
    AnaplanResponseException,
    FileContentMissingException,
    InvalidIdentifierException,
)
from anaplan_sdk.progress import Progress, ProgressCallback

ACCEPT_BYTES = {"Accept": "application/octet-stream"}


async def download(
    session: Session,
    url: str,
    what: str,
    list_chunks: runtime.Poll[list[models.FileChunk]],
    attributes: names.Attributes,
    *,
    width: int = 1,
    headers: dict[str, str] | None = None,
    on_progress: ProgressCallback | None = None,
) -> AsyncGenerator[bytes]:
    """Yield the content of chunks in order.

    Args:
        session: Sends the requests.
        url: The URL of the whole content; those of its chunks begin with it.
        what: What is downloaded, for messages: "File 113…".
        list_chunks: Lists the chunks to fetch.
        attributes: What describes the download in a trace.
        width: How many chunks are fetched at the same time.
        headers: Headers of the requests.
        on_progress: Called with a Progress for every chunk.

    Raises:
        FileContentMissingException: There is no content.
        AnaplanResponseException: The listed chunks are not numbered from 0.
    """
    span = _telemetry.begin(names.DOWNLOAD, attributes)

    async def fetch(number: int) -> bytes:
        with span.bound():
            return await fetch_chunk(session, url, what, number, headers)

    received = _telemetry.Received(span)

    def record(content: bytes, total: int) -> None:
        received.add(content, received.count)
        if on_progress is not None:
            on_progress(Progress("download", received.size, None, received.count, total))

    with span.until_closed():
        with span.bound():
            numbers = in_order(await list_chunks(), what)
        if not numbers:
            with span.bound():
                content = await fetch_whole(session, url, what, headers)
            if content:
                record(content, 1)
                yield content
            return
        async with aclosing(runtime.ordered_map(fetch, numbers, width)) as contents:
            async for content in contents:
                record(content, len(numbers))
                yield content
                del content  # Its memory is free while the next one is fetched.


async def fetch_whole(
    session: Session, url: str, what: str, headers: dict[str, str] | None
) -> bytes:
    """Fetch all of the content that `download` describes, in one request.

    A listing without chunks proves nothing: the content may be empty. This shows which.

    Raises:
        FileContentMissingException: There is no content.
    """
    with missing_content(what):
        return content_of(await session.send("GET", url, headers=headers), what)


async def fetch_chunk(
    session: Session, url: str, what: str, number: int, headers: dict[str, str] | None
) -> bytes:
    """Fetch one chunk of the content that `download` describes.

    Raises:
        FileContentMissingException: There is no such chunk.
    """
    with missing_content(f"Chunk {number} of {what[0].lower()}{what[1:]}"):
        reply = await session.send("GET", f"{url}/chunks/{number}", headers=headers)
        return content_of(reply, f"Chunk {number}")


def in_order(chunks: Sequence[models.FileChunk], what: str) -> range:
    """Return the numbers of the chunks, whatever the order in which they are listed.

    Raises:
        AnaplanResponseException: They are not numbered from 0.
    """
    listed = sorted(chunk.id for chunk in chunks)
    if listed != list(range(len(listed))):
        shown = ", ".join(map(str, listed[:20])) + (", …" if len(listed) > 20 else "")
        raise AnaplanResponseException(
            f"{what} has chunks that are not numbered from 0 without gaps: {shown}.",
            retryable=True,
        )
    return range(len(listed))


@contextmanager
def missing_content(what: str) -> Generator[None]:
    """Turn a 404 into FileContentMissingException."""
    try:
        yield
    except FileContentMissingException:
        raise
    except InvalidIdentifierException as error:
        raise error.as_type(
            FileContentMissingException,
            f"{what} has no content at Anaplan: it was never made, was deleted, or has expired.",
        ) from error
