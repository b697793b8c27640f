"""Downloads: fetching chunks in order, and replacing a file only when all have arrived."""

from __future__ import annotations

import stat
from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from anaplan_sdk import models
from anaplan_sdk._async.transport.session import Session
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk.progress import Progress, ProgressCallback

ACCEPT_BYTES = {"Accept": "application/octet-stream"}


async def download(
    session: Session,
    url: str,
    list_chunks: runtime.Poll[list[models.FileChunk]],
    width: int,
    on_progress: ProgressCallback | None,
) -> AsyncGenerator[bytes]:
    """Yield the content of chunks in order.

    Args:
        session: Sends the requests.
        url: The URL of the list of chunks.
        list_chunks: Lists the chunks to fetch.
        width: How many chunks are fetched at the same time.
        on_progress: Called with a Progress for every chunk.
    """

    async def fetch(chunk: models.FileChunk) -> bytes:
        return (await session.send("GET", f"{url}/{chunk.id}", headers=ACCEPT_BYTES)).content

    size = count = 0
    chunks = await list_chunks()
    async with aclosing(runtime.ordered_map(fetch, chunks, width)) as contents:
        async for content in contents:
            size += len(content)
            count += 1
            if on_progress is not None:
                on_progress(Progress("download", size, None, count, len(chunks)))
            yield content


@contextmanager
def replacing(path: Path) -> Generator[BinaryIO]:
    """Open a temporary file that replaces `path` when the block ends without an error.

    Raises:
        OSError: The path is a folder, or its folder does not exist.
    """
    # Opened and renamed in this thread: another thread would go on after the caller was cancelled,
    # and leave the temporary file behind.
    target, partial, file = _open_beside(path)
    try:
        with file:
            yield file
        _put_in_place(partial, target)
    except BaseException:
        partial.unlink()
        raise


def _open_beside(path: Path) -> tuple[Path, Path, BinaryIO]:
    target = path.resolve()  # Replace the file that a link points to, not the link.
    if target.is_dir():
        raise IsADirectoryError(f"{str(target)!r} is a folder; give the file's own path.")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"The folder {str(target.parent)!r} doesn't exist.")
    # In the same folder, since a file can be renamed only within its file system.
    partial = target.with_name(f".{target.name}.{uuid4().hex}.part")
    return target, partial, partial.open("xb")


def _put_in_place(partial: Path, target: Path) -> None:
    # A file that is replaced keeps its permissions; a new file gets the default ones.
    if target.exists():
        partial.chmod(stat.S_IMODE(target.stat().st_mode))
    partial.replace(target)
