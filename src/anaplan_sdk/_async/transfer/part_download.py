"""Downloads of parts of an export's output, for workers that read it at the same time."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from anaplan_sdk._formats.tables.file_format import FileFormat
from anaplan_sdk._formats.tables.row_borders import HeaderReader, PartReader
from anaplan_sdk._ranges import share
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk._telemetry import Received
from anaplan_sdk.progress import Progress, ProgressCallback


async def download_part(
    fetch: runtime.Function[int, bytes],
    total: int,
    part: tuple[int, int],
    file_format: FileFormat,
    received: Received,
    *,
    width: int,
    on_progress: ProgressCallback | None = None,
) -> AsyncGenerator[bytes]:
    """Yield the header of a file, and then the rows of a part of it.

    Args:
        fetch: Fetches the chunk of a number.
        total: How many chunks there are, at least 1.
        part: Which part is read, from 0, and how many parts there are.
        file_format: The format of the file.
        received: Counts what is fetched.
        width: How many chunks are fetched at the same time.
        on_progress: Called with a Progress for every chunk of the part.

    Raises:
        AnaplanResponseException: It can't be known which rows belong to the part.
    """
    own = share(part, total)
    header = HeaderReader(file_format)
    beginning = await _read_header(header, fetch, total, received)
    yield header.header or b""
    if not own:
        return
    reader = PartReader(file_format, header, is_first=own.start == 0)
    fetched = dict(enumerate(beginning)) if own.start == 0 else {}
    del beginning

    async def fetch_or_take(number: int) -> bytes:
        return fetched[number] if number in fetched else await fetch(number)

    async def add(chunk: bytes, number: int) -> bytes:
        if fetched.pop(number, None) is None:  # Otherwise it was received with the header.
            received.add(chunk, number)
        return await runtime.run_in_thread(
            reader.feed, chunk, is_own=number in own, is_last=number == total - 1
        )

    size = count = 0
    async with aclosing(runtime.ordered_map(fetch_or_take, own, width)) as chunks:
        async for chunk in chunks:
            size += len(chunk)
            count += 1
            if on_progress is not None:
                on_progress(Progress("download", size, None, count, len(own)))
            rows = await add(chunk, own.start + count - 1)
            del chunk
            if rows:
                yield rows
    # The last row of the part ends in what follows.
    number = own.stop
    while not reader.is_done:
        if rows := await add(await fetch_or_take(number), number):
            yield rows
        number += 1


async def _read_header(
    header: HeaderReader, fetch: runtime.Function[int, bytes], total: int, received: Received
) -> list[bytes]:
    """Read the header of a file, and return the chunks that were fetched for it."""
    chunks: list[bytes] = []
    while header.header is None:
        chunks.append(await fetch(len(chunks)))
        received.add(chunks[-1], len(chunks) - 1)
        is_last = len(chunks) == total
        await runtime.run_in_thread(header.feed, b"".join(chunks), is_last=is_last)
    return chunks
