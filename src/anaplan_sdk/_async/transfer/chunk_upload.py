"""Sending the chunks of an upload: compressed in threads, several at a time, each acknowledged."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import aclosing

from anaplan_sdk import _telemetry
from anaplan_sdk._async.transfer.content import Upload
from anaplan_sdk._async.transfer.journal import Fingerprint, Journal, fingerprint_of
from anaplan_sdk._async.transport.session import Session
from anaplan_sdk._formats.chunks import Chunk
from anaplan_sdk._formats.gzip import compress
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk._telemetry import names
from anaplan_sdk.exceptions import (
    AnaplanException,
    InvalidArgumentException,
    UploadIncompleteException,
)
from anaplan_sdk.progress import Progress, ProgressCallback

_GZIP = {"Content-Type": "application/x-gzip"}
# How many uncompressed chunks are in memory: one for each core that compresses.
_UNCOMPRESSED_CHUNKS = max(2, os.cpu_count() or 1)


class ChunkUpload:
    """Sends the chunks of one upload.

    Attributes:
        acknowledged: The indexes of the chunks that Anaplan has acknowledged.

    Args:
        session: Sends the requests.
        file_id: The file.
        url: The URL of the file's chunks.
        compression_level: The gzip level.
        journal: Records the acknowledged chunks, and has those of an earlier run.
    """

    def __init__(
        self,
        session: Session,
        file_id: int,
        url: str,
        compression_level: int,
        journal: Journal | None,
    ) -> None:
        self._session = session
        self._file_id = file_id
        self._url = url
        self._compression_level = compression_level
        self._journal = journal
        self._uncompressed = runtime.Semaphore(_UNCOMPRESSED_CHUNKS)
        self._read: set[int] = set()
        self.acknowledged: set[int] = set()

    async def send(self, upload: Upload, width: int, on_progress: ProgressCallback | None) -> None:
        """Send the chunks.

        Args:
            upload: The content.
            width: How many chunks are sent at the same time.
            on_progress: Called with a Progress for every acknowledged chunk.

        Raises:
            UploadIncompleteException: Some chunks were not acknowledged.
        """
        span = _telemetry.current()
        cause: AnaplanException | None = None
        done = count = 0
        try:
            async with (
                aclosing(self._read_chunks(upload)) as chunks,
                aclosing(runtime.ordered_map(self._put, chunks, width)) as sizes,
            ):
                async for size in sizes:
                    done += size
                    count += 1
                    span.set({names.SIZE: done, names.CHUNK_COUNT: count})
                    if on_progress is not None:
                        on_progress(Progress("upload", done, upload.size, count, upload.count))
        except InvalidArgumentException:  # The content itself can't be uploaded.
            raise
        except AnaplanException as error:
            cause = error
        expected = self._read if upload.count is None else set(range(upload.count))
        missing = sorted(expected - self.acknowledged)
        what = f"The upload to file {self._file_id} is incomplete, {_describe(missing)}"
        if cause is not None:
            raise cause.as_type(
                UploadIncompleteException,
                f"{what}: {cause.message}",
                file_id=self._file_id,
                missing=missing,
                not_performed=False,
            ) from cause
        if missing:
            raise UploadIncompleteException(f"{what}.", file_id=self._file_id, missing=missing)

    async def _read_chunks(self, upload: Upload) -> AsyncGenerator[tuple[int, Chunk]]:
        """Yield the chunks with their indexes; each is read when there is memory for it."""
        async with aclosing(upload.chunks()) as chunks:
            while True:
                await self._uncompressed.acquire()
                indexed = await anext(chunks, None)
                if indexed is None:
                    return
                self._read.add(indexed[0])
                yield indexed

    async def _put(self, indexed: tuple[int, Chunk]) -> int:
        index, chunk = indexed
        try:
            compressed, fingerprint = await runtime.run_in_thread(self._compress, index, chunk)
        finally:
            self._uncompressed.release()
        if compressed is not None:
            url = f"{self._url}/{index}"
            await self._session.send("PUT", url, content=compressed, headers=_GZIP)
            _telemetry.count_bytes("upload", chunk.size)
            _telemetry.current().event(
                names.CHUNK, {names.CHUNK_INDEX: index, names.CHUNK_SIZE: chunk.size}
            )
            if self._journal is not None and fingerprint is not None:
                self._journal.record(index, fingerprint)
        self.acknowledged.add(index)
        return chunk.size

    def _compress(self, index: int, chunk: Chunk) -> tuple[bytes | None, Fingerprint | None]:
        """Return the compressed chunk, unless it has arrived already, and its fingerprint."""
        try:
            fingerprint = None
            if self._journal is not None:
                fingerprint = fingerprint_of(chunk)
                if self._journal.acknowledged.get(index) == fingerprint:
                    return None, fingerprint
            return compress(chunk.content, self._compression_level), fingerprint
        finally:
            chunk.release()


def _describe(missing: list[int]) -> str:
    if not missing:
        return "since its content was not read to the end"
    shown = ", ".join(map(str, missing[:10])) + (", …" if len(missing) > 10 else "")
    return f"chunk {shown} is missing" if len(missing) == 1 else f"chunks {shown} are missing"
