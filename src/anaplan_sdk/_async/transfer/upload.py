"""An upload to a file, step by step: resume or begin, send, complete, confirm."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Protocol

from anaplan_sdk import _loggers, models
from anaplan_sdk._arguments import identifier
from anaplan_sdk._async.transfer.chunk_upload import ChunkUpload
from anaplan_sdk._async.transfer.content import Upload
from anaplan_sdk._async.transfer.journal import Journal, UploadIdentity, digest_of
from anaplan_sdk._async.transport.polling import poll_until, wait_until
from anaplan_sdk._async.transport.recovery import start_at_most_once
from anaplan_sdk._async.transport.session import Session
from anaplan_sdk._http.replies import decode
from anaplan_sdk._http.retry_policy import Retry
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk._runtime.deadline import Deadline
from anaplan_sdk.exceptions import (
    AnaplanException,
    InvalidIdentifierException,
    UploadIncompleteException,
)
from anaplan_sdk.models._envelopes import ObjectReply
from anaplan_sdk.progress import ProgressCallback

if TYPE_CHECKING:
    from anaplan_sdk.models import File, FileChunk

_FILE = ObjectReply["File"]("file", lambda: models.File)
_POLL_DELAY = 2.0


class FileListings(Protocol):
    """The listings that an upload reads."""

    async def get_files(self) -> list[File]:
        """List the model's files."""
        ...

    async def get_file_chunks(self, file_id: int | str, /) -> list[FileChunk]:
        """List the chunks of a file's content."""
        ...


class FileUpload:
    """The requests of an upload, in their order.

    Args:
        session: Sends the requests.
        listings: Lists files and chunks.
        file_url: Makes the URL of a file from its id or name.
        compression_level: The gzip level of the chunks.
        settle_time: Seconds that Anaplan's listings may take to show the state of the upload.
    """

    def __init__(
        self,
        session: Session,
        listings: FileListings,
        file_url: Callable[[int | str], str],
        *,
        compression_level: int,
        settle_time: float,
    ) -> None:
        self._session = session
        self._listings = listings
        self._file_url = file_url
        self._compression_level = compression_level
        self._settle_time = settle_time

    async def run(
        self,
        file_id: int | str,
        upload: Upload,
        journal: Journal | None,
        width: int,
        on_progress: ProgressCallback | None,
    ) -> None:
        """Upload the content.

        Args:
            file_id: The file's id, or the name of a file to create.
            upload: The content.
            journal: Records which chunks have arrived.
            width: How many chunks are sent at the same time.
            on_progress: Called with a Progress for every acknowledged chunk.

        Raises:
            UploadIncompleteException: Some chunks did not arrive, or Anaplan did not complete them.
        """
        target = await self._resume(upload, journal)
        is_resumed = target is not None
        if target is None:
            target = await self._begin(file_id, upload)
            if journal is not None:
                journal.begin(target)
        chunks = ChunkUpload(
            self._session,
            target,
            f"{self._file_url(target)}/chunks",
            self._compression_level,
            journal,
        )
        await chunks.send(upload, width, on_progress)
        if upload.count is None:
            if is_resumed:
                # The earlier run may have sent chunks beyond the end of this content.
                await self._confirm(target, chunks.acknowledged, journal)
            await self._complete(target)
        await self._confirm(target, chunks.acknowledged, journal)
        _loggers.uploads.info(
            "The upload to file %d is complete, chunks: %d", target, len(chunks.acknowledged)
        )

    async def _begin(self, file_id: int | str, upload: Upload) -> int:
        """Announce the number of chunks, which discards the former content; return the file's id.

        A request whose outcome is unknown is not simply repeated: if it arrives late, it begins the
        upload again and discards the chunks that were sent in the meantime.
        """

        async def send() -> int:
            response = await self._session.send(
                "POST", self._file_url(file_id), json={"chunkCount": upload.announced_count}
            )
            # For a file created by name this is its new id, which the next requests use.
            return decode(_FILE.adapter, response).value.id

        async def recover(error: AnaplanException) -> int | None:
            try:
                begun = await self._find_begun(identifier(file_id), upload.announced_count)
            except AnaplanException as problem:
                raise error from problem
            if begun is not None:
                _loggers.uploads.warning(
                    "The upload to file %s has begun, although its request got no clear reply: %s",
                    file_id,
                    error,
                )
            return begun

        begun = await start_at_most_once(
            send,
            recover,
            what=f"The upload to file {file_id}",
            verb="begun",
            attempts=1 + self._session.policy.retry_count,
            logger=_loggers.uploads,
        )
        _loggers.uploads.info(
            "The upload to file %d has begun, chunks: %s", begun, upload.count or "unknown"
        )
        return begun

    async def _find_begun(self, name: str, count: int) -> int | None:
        """Wait until the file expects `count` chunks and has none, and return its id, or None."""

        async def poll() -> list[int]:
            for file in await self._listings.get_files():
                if name in (str(file.id), file.name) and file.chunk_count == count:
                    return [] if await self._chunks_there(file.id) else [file.id]
            return []

        begun: list[int] = await poll_until(
            poll,
            lambda file_ids: file_ids or None,
            delay=_POLL_DELAY,
            deadline=Deadline.after(self._settle_time),
            on_timeout=lambda file_ids: file_ids,
            skip_failures=True,
        )
        return begun[0] if begun else None

    async def _resume(self, upload: Upload, journal: Journal | None) -> int | None:
        """Return the file's id if Anaplan still has the chunks of this upload in the journal."""
        if journal is None:
            return None
        if journal.file_id is not None:
            files = {file.id: file for file in await self._listings.get_files()}
            file = files.get(journal.file_id)
            if file is not None and file.chunk_count == upload.announced_count:
                there = await self._chunks_there(file.id)
                for index in journal.acknowledged.keys() - there:
                    del journal.acknowledged[index]
                if await _is_unchanged(upload, journal):
                    _loggers.uploads.info(
                        "The upload to file %d is resumed, chunks that have arrived: %d",
                        file.id,
                        len(journal.acknowledged),
                    )
                    return file.id
        # Before the upload begins again at Anaplan: a crash in between must not leave a journal of
        # chunks that Anaplan has discarded.
        journal.clear()
        return None

    async def _complete(self, file_id: int) -> None:
        """Complete an upload whose number of chunks was not announced."""
        url = f"{self._file_url(file_id)}/complete"
        try:
            await self._session.send("POST", url, json={"id": str(file_id)}, retry=Retry.SAFE)
        except AnaplanException as error:
            raise error.as_type(
                UploadIncompleteException,
                f"All chunks of the upload to file {file_id} arrived, but Anaplan did not complete "
                f"it; content of known size needs no completion: {error.message}",
                file_id=file_id,
                not_performed=False,
            ) from error

    async def _confirm(self, file_id: int, acknowledged: set[int], journal: Journal | None) -> None:
        """Check that Anaplan lists exactly the chunks it has acknowledged."""
        seen: set[int] | None = None

        async def poll() -> set[int]:
            nonlocal seen
            seen = await self._chunks_there(file_id)
            return seen

        try:
            await wait_until(
                poll,
                lambda there: there if there == acknowledged else None,
                delay=_POLL_DELAY,
                timeout=self._settle_time,
                describe=lambda there: f"Anaplan has {len(there):,} chunks",
                outcome=f"it has acknowledged {len(acknowledged):,}",
            )
        except AnaplanException as error:
            if journal is not None and seen is not None and seen - acknowledged:
                journal.clear()  # A resumed upload would find the surplus chunks again.
            raise error.as_type(
                UploadIncompleteException,
                f"The content of file {file_id} may be incomplete, upload it again: "
                f"{error.message}",
                file_id=file_id,
                missing=[] if seen is None else sorted(acknowledged - seen),
                retryable=error.retryable or seen is not None,
                not_performed=False,
            ) from error

    async def _chunks_there(self, file_id: int) -> set[int]:
        """Return the ids of the chunks that Anaplan lists."""
        try:
            return {chunk.id for chunk in await self._listings.get_file_chunks(file_id)}
        except InvalidIdentifierException:  # Anaplan may reply 404 after content was deleted.
            return set()


@asynccontextmanager
async def open_journal(
    session: Session,
    model_id: str,
    file_id: int | str,
    upload: Upload,
    path: str | os.PathLike[str] | None,
) -> AsyncGenerator[Journal | None]:
    """Open the journal of an upload, if a path is given, and close it afterwards."""
    if path is None:
        yield None
        return
    identity = UploadIdentity(
        origin=session.hosts.api,
        model=model_id,
        file=str(file_id),
        chunk_size=upload.chunk_size,
        count=upload.announced_count,
        size=upload.size,
    )
    journal = Journal(path, identity)
    is_done = False
    try:
        yield journal
        is_done = True
    finally:
        journal.close(is_done=is_done)


async def _is_unchanged(upload: Upload, journal: Journal) -> bool:
    """Compare the content with the digests of the chunks that have arrived.

    A file must not mix the chunks of two contents. With an announced number of chunks Anaplan
    considers it complete as soon as it has them all, so the content is compared before any is sent.
    """
    if upload.reread is None:  # A stream, whose chunks are compared while they are sent.
        return True
    index = 0
    async with aclosing(upload.reread()) as chunks:
        async for chunk in chunks:
            arrived = journal.acknowledged.get(index, "")
            digest = await runtime.run_in_thread(digest_of, chunk) if arrived else ""
            chunk.release()
            if digest != arrived:
                return False
            index += 1
    return True
