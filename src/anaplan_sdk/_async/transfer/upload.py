"""An upload to a file, step by step: resume or begin, send, complete, confirm."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing, asynccontextmanager
from http import HTTPStatus
from typing import Protocol

from anaplan_sdk import _loggers, models
from anaplan_sdk._arguments import identifier
from anaplan_sdk._async.transfer.chunk_upload import ChunkUpload
from anaplan_sdk._async.transfer.content import Upload
from anaplan_sdk._async.transfer.journal import Journal, UploadIdentity, fingerprint_of
from anaplan_sdk._async.transfer.stored_chunk import StoredChunk
from anaplan_sdk._async.transport.polling import poll_until
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

_FILE = ObjectReply["models.File"]("file", lambda: models.File)
_POLL_DELAY = 2.0
_PARALLEL_CHECKS = 4


class FileListings(Protocol):
    """The listings that an upload reads."""

    async def get_files(self) -> list[models.File]:
        """List the model's files."""
        ...

    async def get_file_chunks(self, file_id: int | str, /) -> list[models.FileChunk]:
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
        self._is_start_unknown = False

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
            target = await self.begin(file_id, upload.announced_count)
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
            if is_resumed and journal is not None:
                await self._check_end(target, len(chunks.acknowledged), journal)
            await self._complete(target, len(chunks.acknowledged))
        await self._confirm(target, chunks.acknowledged)
        _loggers.uploads.info(
            "The upload to file %d is complete, chunks: %d", target, len(chunks.acknowledged)
        )

    async def begin(self, file_id: int | str, count: int) -> int:
        """Announce the number of chunks, which discards the former content; return the file's id.

        A request whose outcome is unknown is not simply repeated: if it arrives late, it begins the
        upload again and discards the chunks that were sent in the meantime.

        Args:
            file_id: The file's id, or the name of a file to create.
            count: The number of chunks; -1 if it is unknown.

        Raises:
            AnaplanException: The upload has not begun.
        """

        async def send() -> int:
            response = await self._session.send(
                "POST", self._file_url(file_id), json={"chunkCount": count}
            )
            # For a file created by name this is its new id, which the next requests use.
            return decode(_FILE.adapter, response).value.id

        async def recover(error: AnaplanException) -> int | None:
            try:
                begun = await self._find_begun(identifier(file_id), count)
            except AnaplanException as problem:
                raise error from problem
            self._is_start_unknown = True
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
            "The upload to file %d has begun, chunks: %s", begun, count if count > 0 else "unknown"
        )
        return begun

    async def _find_begun(self, name: str, count: int) -> int | None:
        """Wait until the file expects `count` chunks and has none, and return its id, or None.

        A file that may have the content of an earlier upload is not counted as begun:
        since no chunk was sent, the request may be sent again.
        """

        async def poll() -> list[int]:
            for file in await self._listings.get_files():
                # The listing may show 0 until the first chunk has arrived.
                if name in (str(file.id), file.name) and file.chunk_count in (count, 0):
                    listed = await self._chunks_there(file.id)
                    if not listed:
                        return [file.id] if file.chunk_count == count else []
                    # Chunks are listed as soon as they were announced.
                    is_announced = listed == set(range(count))
                    if is_announced and await self._chunk(file.id, 0).is_missing():
                        return [file.id]
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
        file_id = journal.file_id
        if file_id is not None and await self._is_kept(file_id, upload, journal):
            _loggers.uploads.info(
                "The upload to file %d is resumed, chunks that have arrived: %d",
                file_id,
                len(journal.acknowledged),
            )
            return file_id
        # Before the upload begins again at Anaplan: a crash in between must not leave a journal of
        # chunks that Anaplan has discarded.
        journal.clear()
        return None

    async def _is_kept(self, file_id: int, upload: Upload, journal: Journal) -> bool:
        """Whether Anaplan has every chunk in the journal.

        The listing of chunks shows those that were announced, so each chunk is asked for; of a
        reply that states its length only the beginning is read.
        """
        if not journal.acknowledged or not await _is_unchanged(upload, journal):
            return False
        for file in await self._listings.get_files():
            # Counts that contradict each other are of different uploads.
            is_other = file.chunk_count > 0 and file.chunk_count != upload.count
            if file.id == file_id and upload.count is not None and is_other:
                return False
        matches = runtime.ordered_map(
            lambda index: self._chunk(file_id, index).matches(journal.acknowledged[index]),
            sorted(journal.acknowledged),
            _PARALLEL_CHECKS,
        )
        async with aclosing(matches):
            async for is_match in matches:
                if not is_match:
                    return False
        return True

    async def _check_end(self, file_id: int, count: int, journal: Journal) -> None:
        """Check that no chunk of an earlier run comes after the end of this content."""
        listed = await self._listed(file_id)
        beyond = {count, *journal.acknowledged, *(listed or ())} - set(range(count))
        for index in sorted(beyond):
            if await self._chunk(file_id, index).exists():
                journal.clear()  # Otherwise the next call would find the surplus chunks again.
                raise UploadIncompleteException(
                    f"The content of file {file_id} has {count:,} chunks, and Anaplan has chunk "
                    f"{index} of an earlier run: upload it again.",
                    file_id=file_id,
                    retryable=True,
                )

    async def _complete(self, file_id: int, count: int) -> None:
        """Complete an upload whose number of chunks was not announced."""
        try:
            completed = await self._send_completion(file_id, count)
        except AnaplanException as error:
            raise error.as_type(
                UploadIncompleteException,
                f"All chunks of the upload to file {file_id} arrived, but Anaplan did not complete "
                f"it; content of known size needs no completion: {error.message}",
                file_id=file_id,
                not_performed=False,
            ) from error
        if completed is None or not 0 < completed < count:
            return
        missing = await self._missing(file_id, range(completed, count))
        if missing:
            raise UploadIncompleteException(
                f"Anaplan completed file {file_id} with {completed:,} chunks and had acknowledged "
                f"{count:,}: upload it again.",
                file_id=file_id,
                missing=missing,
                retryable=True,
            )

    async def _send_completion(self, file_id: int, count: int) -> int | None:
        """Return with how many chunks Anaplan completed the file; None if it does not say."""
        url = f"{self._file_url(file_id)}/complete"
        try:
            reply = await self._session.send(
                "POST", url, json={"id": str(file_id)}, retry=Retry.SAFE
            )
        except AnaplanException as error:
            # This status was seen although everything had arrived. Anaplan's guide sends the whole
            # description of the file.
            if error.status_code != HTTPStatus.INTERNAL_SERVER_ERROR:
                raise
            try:
                reply = await self._session.send("POST", url, json=await self._describe(file_id))
            except AnaplanException as second:
                if second.status_code != HTTPStatus.INTERNAL_SERVER_ERROR:
                    raise
                if not await self._chunk(file_id, count - 1).exists():
                    raise
                _loggers.uploads.warning(
                    "The upload to file %d was not confirmed to be complete, although all %d "
                    "chunks have arrived: %s",
                    file_id,
                    count,
                    second,
                )
                return None
        try:
            return decode(_FILE.adapter, reply).value.chunk_count
        except AnaplanException:  # It was accepted, whatever the body.
            return None

    async def _describe(self, file_id: int) -> dict[str, object]:
        for file in await self._listings.get_files():
            if file.id == file_id:
                return {
                    "id": str(file.id),
                    "name": file.name,
                    "chunkCount": file.chunk_count,
                    "firstDataRow": file.first_data_row,
                    "headerRow": file.header_row,
                }
        return {"id": str(file_id)}

    async def _confirm(self, file_id: int, acknowledged: set[int]) -> None:
        """Check that no acknowledged chunk is missing, as far as Anaplan shows.

        Its acknowledgement proves that a chunk has arrived. The listing may be out of date or
        empty, so only a chunk that is neither listed nor there when it is asked for is missing.
        """
        listed = await self._listed(file_id, until=acknowledged)
        if listed == acknowledged and not self._is_start_unknown:
            return
        doubtful = acknowledged - listed if listed else set[int]()
        if self._is_start_unknown:  # A request that arrived late may have discarded the chunks.
            doubtful = acknowledged
        missing = await self._missing(file_id, sorted(doubtful))
        if missing:
            raise UploadIncompleteException(
                f"The content of file {file_id} is incomplete, upload it again: Anaplan has "
                f"acknowledged {len(acknowledged):,} chunks and has {len(missing):,} of them no "
                "longer.",
                file_id=file_id,
                missing=missing,
                retryable=True,
            )
        if listed != acknowledged:
            _loggers.uploads.warning(
                "Anaplan has acknowledged %d chunks of file %d and lists %s",
                len(acknowledged),
                file_id,
                "none that could be read" if listed is None else len(listed),
            )

    async def _listed(self, file_id: int, until: set[int] | None = None) -> set[int] | None:
        """Return the chunks that Anaplan lists, None if they cannot be listed.

        Args:
            file_id: The file.
            until: The chunks to wait for, unless none is listed.
        """
        try:
            return await poll_until(
                lambda: self._chunks_there(file_id),
                lambda listed: listed if not listed or listed >= (until or set()) else None,
                delay=_POLL_DELAY,
                deadline=Deadline.after(self._settle_time),
                on_timeout=lambda listed: listed,
                skip_failures=True,
            )
        except AnaplanException as error:
            _loggers.uploads.warning("The chunks of file %d cannot be listed: %s", file_id, error)
            return None

    async def _missing(self, file_id: int, indexes: Iterable[int]) -> list[int]:
        """Return those of some chunks that Anaplan replies it does not have."""
        return [each for each in indexes if await self._chunk(file_id, each).is_missing()]

    def _chunk(self, file_id: int, index: int) -> StoredChunk:
        return StoredChunk(self._session, f"{self._file_url(file_id)}/chunks/{index}")

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
            arrived = journal.acknowledged.get(index)
            found = await runtime.run_in_thread(fingerprint_of, chunk) if arrived else None
            chunk.release()
            if found != arrived:
                return False
            index += 1
    return True
