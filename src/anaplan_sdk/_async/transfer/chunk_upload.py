"""An upload's chunks on their way: packed side by side, each of them acknowledged."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import aclosing

from anaplan_sdk._async.transfer.content import Upload
from anaplan_sdk._async.transfer.journal import Journal, digest_of
from anaplan_sdk._async.transport.session import Session
from anaplan_sdk._formats.chunks import Chunk
from anaplan_sdk._formats.gzip import compress
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk.exceptions import AnaplanException, UploadIncompleteException
from anaplan_sdk.progress import Progress, ProgressCallback

_GZIP = {"Content-Type": "application/x-gzip"}
# How many chunks are held as they are: one for each core that packs.
_UNPACKED = max(2, os.cpu_count() or 1)


class Sending:
    """One upload's chunks on their way.

    Attributes:
        acknowledged: Indexes of those that have arrived.

    Args:
        session: Sends them.
        file_id: The file.
        url: Where the chunks go.
        level: How hard they are compressed.
        journal: Notes what has arrived, and knows what had before.
    """

    def __init__(
        self, session: Session, file_id: int, url: str, level: int, journal: Journal | None
    ) -> None:
        self._session = session
        self._file_id = file_id
        self._url = url
        self._level = level
        self._journal = journal
        self._room = runtime.Semaphore(_UNPACKED)
        self._taken: set[int] = set()
        self.acknowledged: set[int] = set()

    async def send(self, upload: Upload, width: int, on_progress: ProgressCallback | None) -> None:
        """Sends the chunks, of which so many are under way at a time.

        Raises:
            UploadIncompleteException: Some have not arrived.
        """
        cause: AnaplanException | None = None
        done = count = 0
        try:
            async with (
                aclosing(self._taken_in_turn(upload)) as chunks,
                aclosing(runtime.ordered_map(self._put, chunks, width)) as sizes,
            ):
                async for size in sizes:
                    done += size
                    count += 1
                    if on_progress is not None:
                        on_progress(Progress("upload", done, upload.size, count, upload.count))
        except AnaplanException as error:
            cause = error
        expected = self._taken if upload.count is None else set(range(upload.count))
        missing = sorted(expected - self.acknowledged)
        if cause is not None or missing:
            raise UploadIncompleteException(
                f"The upload to file {self._file_id} is incomplete, {_missing(missing)}: {cause}",
                file_id=self._file_id,
                missing=missing,
                retryable=cause is not None and cause.retryable,
            ) from cause

    async def _taken_in_turn(self, upload: Upload) -> AsyncGenerator[tuple[int, Chunk]]:
        """The chunks, as they are read: not before there is room for them."""
        async with aclosing(upload.chunks()) as chunks:
            while True:
                await self._room.acquire()
                numbered = await anext(chunks, None)
                if numbered is None:
                    return
                self._taken.add(numbered[0])
                yield numbered

    async def _put(self, numbered: tuple[int, Chunk]) -> int:
        index, chunk = numbered
        try:
            packed, digest = await runtime.run_in_thread(self._pack, index, chunk)
        finally:
            self._room.release()
        if packed is not None:
            url = f"{self._url}/{index}"
            await self._session.send("PUT", url, content=packed, headers=_GZIP)
            if self._journal is not None and digest is not None:
                self._journal.note(index, digest)
        self.acknowledged.add(index)
        return chunk.size

    def _pack(self, index: int, chunk: Chunk) -> tuple[bytes | None, str | None]:
        """What is sent of a chunk, if it has to be; and its digest, where there is a journal."""
        try:
            digest = None
            if self._journal is not None:
                digest = digest_of(chunk)
                if self._journal.arrived.get(index) == digest:
                    return None, digest
            return compress(chunk.content, self._level), digest
        finally:
            chunk.release()


def _missing(indexes: list[int]) -> str:
    if not indexes:
        return "its end was not reached"
    shown = ", ".join(map(str, indexes[:10])) + (", …" if len(indexes) > 10 else "")
    return f"chunk{'s' if len(indexes) > 1 else ''} {shown} missing"
