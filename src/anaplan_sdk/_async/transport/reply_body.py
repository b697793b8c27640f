"""Reading and unpacking the bodies of replies, as a whole or piece by piece."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from io import BytesIO

import httpx2

from anaplan_sdk._async.transport.http1 import Body
from anaplan_sdk._formats.chunks import MAX_CHUNK_SIZE
from anaplan_sdk._formats.gzip import ContentTooLargeError, Decompressor, decompress
from anaplan_sdk._http.attempt import Attempt
from anaplan_sdk._http.replies import packed_with, too_large, unreadable
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk._runtime.flow import DeadlineExceeded
from anaplan_sdk.config import ReplyLimits
from anaplan_sdk.exceptions import AnaplanResponseException

# Bytes from which a reply is unpacked in a thread: a smaller one takes less time than starting it.
_LARGE = 65_536


async def read_reply(
    response: httpx2.Response, limits: ReplyLimits, attempt: Attempt
) -> httpx2.Response:
    """Return a reply with its body; a large one is unpacked in a thread.

    The HTTP library itself does not notice that a compressed reply ends too early.

    Args:
        response: The reply, whose body has not been read.
        limits: How large the body may be.
        attempt: The attempt that the reply belongs to.

    Raises:
        AnaplanResponseException: The body is larger than allowed, or packed in another way than
            was asked for.
        DeadlineExceeded: The attempt ended before the body had arrived.
        httpx2.RequestError: The connection failed, or the body can't be unpacked.
    """
    if response.is_closed:  # A user's auth or event hook has read it.
        return response
    codings = packed_with(response)
    try:
        content = await _read(response, limits.max_bytes, attempt)
    except BaseException:
        await response.aclose()
        raise
    if codings and content:  # A reply without content may have the header as well.
        content = await _unpack(response, codings, content, limits.max_bytes)
        del response.headers["Content-Encoding"]
        response.headers.pop("Content-Length", None)
    return httpx2.Response(
        response.status_code,
        headers=response.headers,
        content=content,
        request=response.request,
        history=response.history,
    )


async def _read(response: httpx2.Response, limit: int, attempt: Attempt) -> bytes:
    # Beside Transfer-Encoding the length has no meaning (RFC 9112, section 6.3).
    is_chunked = "Transfer-Encoding" in response.headers
    size = -1 if is_chunked else int(response.headers.get("Content-Length", -1))
    if size > limit:
        raise too_large(response, limit)
    body = response.stream
    if isinstance(body, Body) and body.length is not None and body.length <= MAX_CHUNK_SIZE:
        buffer = _buffer_of(body.length)
        with buffer.getbuffer() as view:
            await body.fill(view)
        await body.aclose()
        return buffer.getvalue()
    buffer = _buffer_of(size)
    received = 0
    pieces = response.aiter_raw()
    try:
        async for piece in pieces:
            if attempt.is_over:
                raise DeadlineExceeded
            received += len(piece)
            if received > limit:
                raise too_large(response, limit)
            buffer.write(piece)
    except BaseException:
        await hang_up(response, pieces)
        raise
    buffer.truncate()  # The reply may be shorter than its Content-Length.
    return buffer.getvalue()


def _buffer_of(size: int) -> BytesIO:
    """Return a buffer that has its size from the start, so that growing never copies it."""
    return _Buffer(bytes(size) if 0 < size <= MAX_CHUNK_SIZE else b"")


class _Buffer(BytesIO):
    def close(self) -> None:
        # The error of a failed read refers to views of the buffer, and they may be collected
        # together.
        with suppress(BufferError):
            super().close()


async def _unpack(
    response: httpx2.Response, codings: list[str], content: bytes, limit: int
) -> bytes:
    problem: Exception
    try:
        _check_codings(response, codings)
        if len(content) < _LARGE:
            return decompress(content, limit)
        return await runtime.run_in_thread(decompress, content, limit)
    except ContentTooLargeError:
        problem = too_large(response, limit)
    except AnaplanResponseException as error:
        problem = error
    except ValueError as error:
        problem = httpx2.DecodingError(str(error), request=response.request)
    if response.is_success:
        raise problem
    return b""  # The status says enough.


def _check_codings(response: httpx2.Response, codings: list[str]) -> None:
    if codings != ["gzip"]:
        raise unreadable(response, f"it is packed with {', '.join(codings)!r}")


async def pieces_of(response: httpx2.Response, limits: ReplyLimits) -> AsyncGenerator[bytes]:
    """Yield a reply's content as it arrives; check that a compressed one doesn't end too early.

    Args:
        response: The reply, whose body has not been read.
        limits: How large the content of one piece may be.

    Raises:
        AnaplanResponseException: A piece is larger than allowed, or the body is packed in another
            way than was asked for.
        httpx2.RequestError: The connection failed, or the body can't be unpacked.
    """
    codings = packed_with(response)
    if not codings:
        async for piece in response.aiter_bytes():
            yield piece
        return
    _check_codings(response, codings)
    unpacker, raw = Decompressor(limits.max_bytes), response.aiter_raw()
    try:
        async for packed in raw:
            if piece := unpacker.feed(packed):
                yield piece
        unpacker.finish()
    except ContentTooLargeError:
        await hang_up(response, raw)
        raise too_large(response, limits.max_bytes) from None
    except ValueError as error:
        await hang_up(response, raw)
        raise httpx2.DecodingError(str(error), request=response.request) from error


async def hang_up(response: httpx2.Response, pieces: AsyncIterator[bytes]) -> None:
    """Close a reply that is being read."""
    await response.aclose()
    # The HTTP library's nested generators end only by being advanced.
    with suppress(httpx2.RequestError, httpx2.StreamError):
        async for _ in pieces:
            pass
