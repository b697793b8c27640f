"""Downloads: whole, chunk by chunk, or to a path."""

from __future__ import annotations

import os
import stat
from collections.abc import AsyncGenerator
from contextlib import aclosing
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from uuid import uuid4

from anaplan_sdk._async.api.files import Files, batch_width
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk.progress import Progress, ProgressCallback

if TYPE_CHECKING:
    from anaplan_sdk.models import FileChunk

_BYTES = {"Accept": "application/octet-stream"}
# Chunks of an export have about 10 MB; this many are fetched, and held, at the same time.
_DOWNLOAD_WIDTH = 4


class Downloads(Files):
    """Downloads of files."""

    async def get_file(
        self, file_id: int | str, *, on_progress: ProgressCallback | None = None
    ) -> bytes:
        """A file's whole content; empty when this user has none.

        Args:
            file_id: The file. Of an export (116…) it is the output of this user's last run.
            on_progress: Told of every chunk, in bytes.
        """
        # Unlike chunks in a list that are joined, it is never in memory twice.
        content = BytesIO()
        async with aclosing(self._download(file_id, _DOWNLOAD_WIDTH, on_progress)) as chunks:
            async for chunk in chunks:
                content.write(chunk)
        return content.getvalue()

    async def get_small_file(self, file_id: int | str) -> bytes:
        """A file's whole content in one reply, which suits little content.

        Raises:
            InvalidIdentifierException: The model has no such file, or this user no content in it.
        """
        return (await self._session.send("GET", self._file(file_id), headers=_BYTES)).content

    async def get_file_stream(
        self,
        file_id: int | str,
        batch_size: int = 1,
        *,
        on_progress: ProgressCallback | None = None,
    ) -> AsyncGenerator[bytes]:
        """A file's content chunk by chunk, in order.

        Args:
            file_id: As for `get_file`.
            batch_size: How many chunks are fetched at the same time; they bound the memory.
            on_progress: As for `get_file`.

        Raises:
            ValueError: `batch_size` is below 1.
        """
        width = batch_width(batch_size)
        async with aclosing(self._download(file_id, width, on_progress)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def download_file(
        self,
        file_id: int | str,
        path: str | os.PathLike[str],
        *,
        on_progress: ProgressCallback | None = None,
    ) -> Path:
        """Downloads a file's content to a path, where it appears only once it is whole.

        Args:
            file_id: As for `get_file`.
            path: Where to; `~` is expanded, and what is there is replaced.
            on_progress: Told of every chunk, in bytes.

        Returns:
            The path.
        """
        place = await runtime.run_in_thread(Path(path).expanduser)
        # Not in threads, which a caller that is cancelled would leave behind.
        target, partial, file = _open_beside(place)
        try:
            with file:
                async with aclosing(
                    self._download(file_id, _DOWNLOAD_WIDTH, on_progress)
                ) as chunks:
                    async for chunk in chunks:
                        await runtime.run_in_thread(file.write, chunk)
            _put_in_place(partial, target)
        except BaseException:
            partial.unlink()
            raise
        return place

    async def _download(
        self, file_id: int | str, width: int, on_progress: ProgressCallback | None
    ) -> AsyncGenerator[bytes]:
        async def fetch(chunk: FileChunk) -> bytes:
            url = f"{self._file(file_id)}/chunks/{chunk.id}"
            return (await self._session.send("GET", url, headers=_BYTES)).content

        size = count = 0
        chunks = await self.get_file_chunks(file_id)
        async with aclosing(runtime.ordered_map(fetch, chunks, width)) as contents:
            async for content in contents:
                size += len(content)
                count += 1
                if on_progress is not None:
                    on_progress(Progress("download", size, None, count, len(chunks)))
                yield content


def _open_beside(path: Path) -> tuple[Path, Path, BinaryIO]:
    """A temporary file in the folder of its later place, so that a rename puts it there.

    Raises:
        OSError: The place is a folder, or in none that exists.
    """
    target = path.resolve()  # what a link names is replaced, not the link
    if target.is_dir():
        raise IsADirectoryError(f"{str(target)!r} is a folder; give the file's own path.")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"The folder {str(target.parent)!r} doesn't exist.")
    partial = target.with_name(f".{target.name}.{uuid4().hex}.part")
    return target, partial, partial.open("xb")


def _put_in_place(partial: Path, target: Path) -> None:
    # What is replaced keeps its mode; a new file has the usual one.
    if target.exists():
        partial.chmod(stat.S_IMODE(target.stat().st_mode))
    partial.replace(target)
