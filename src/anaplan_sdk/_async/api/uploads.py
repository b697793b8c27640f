"""Uploads: content in chunks, each of which must arrive."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager

from anaplan_sdk._async.api.files import FILE, Files, batch_width
from anaplan_sdk._async.transfer.chunk_upload import Sending
from anaplan_sdk._async.transfer.content import Content, Upload, prepare
from anaplan_sdk._async.transfer.journal import Journal, Subject, digest_of
from anaplan_sdk._async.transport.polling import wait_until
from anaplan_sdk._formats.chunks import SMALL_FILE_SIZE
from anaplan_sdk._http.replies import decode
from anaplan_sdk._http.retry_policy import Repeat
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk.exceptions import (
    AnaplanException,
    AnaplanTimeoutException,
    InvalidIdentifierException,
    UploadIncompleteException,
)
from anaplan_sdk.progress import ProgressCallback

_OCTETS = {"Content-Type": "application/octet-stream"}
_LONGEST_PAUSE = 2.0


class Uploads(Files):
    """Uploads to files."""

    async def upload_file(
        self,
        file_id: int | str,
        content: Content,
        *,
        journal: str | os.PathLike[str] | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> None:
        """Uploads content to a file, in place of what this user had uploaded to it before.

        The content is sent in chunks, each gzipped and acknowledged by Anaplan; memory is bounded
        whatever the size. At the end Anaplan is asked how many chunks it has.

        Args:
            file_id: The file (113…); with `allow_file_creation` it may also be a new file's name.
            content: bytes, str (sent as UTF-8), a path, a file opened in binary mode, or an
                iterable of bytes or str. A str is content, never a path.
            journal: A path for a file that notes what has arrived, so that the same call, made
                again after a crash, sends only what is missing. Content that has changed is sent
                whole. It is gone when the upload is done. One upload has a journal at a time, and
                nothing else may be uploaded to the file in between.
            on_progress: Told of every acknowledged chunk, in bytes of uncompressed content.

        Raises:
            ValueError: The content is empty, or larger than 1,000 chunks of 50 MB; or the journal
                is of another file.
            TypeError: The content is of no kind that can be uploaded.
            OSError: The file can't be read, or the journal can't be written.
            InvalidIdentifierException: The model has no such file.
            UploadIncompleteException: Some chunks did not arrive; nothing was completed.
            AnaplanException: Another upload is using the journal.
        """
        width = self._settings.upload_width
        await self._upload(file_id, content, width, journal, on_progress)

    async def upload_file_stream(
        self,
        file_id: int | str,
        content: runtime.Pieces,
        batch_size: int = 1,
        *,
        journal: str | os.PathLike[str] | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> None:
        """Uploads content that comes piece by piece, so that all of it need never be at hand.

        Pieces may have any size; they are cut and joined to chunks of `upload_chunk_size`.

        Args:
            file_id: As for `upload_file`.
            content: An iterable of bytes or str, of the kind this client goes through.
            batch_size: How many chunks are sent at the same time.
            journal: As for `upload_file`; the content must come anew from its start.
            on_progress: As for `upload_file`.

        Raises:
            ValueError: `batch_size` is below 1, or as for `upload_file`.
            InvalidIdentifierException, UploadIncompleteException: As for `upload_file`.
        """
        await self._upload(file_id, content, batch_width(batch_size), journal, on_progress)

    async def upload_small_file(self, file_id: int | str, content: str | bytes) -> None:
        """Uploads little content in one request, in place of what this user had uploaded before.

        Args:
            file_id: As for `upload_file`.
            content: Less than 1 MB, as bytes or as str, which is sent as UTF-8; what is larger
                goes by `upload_file`.

        Raises:
            ValueError: The content is empty, or 1 MB or more.
            InvalidIdentifierException: The model has no such file.
        """
        self._check_file_id(file_id)
        body = content.encode() if isinstance(content, str) else content
        if not 0 < len(body) < SMALL_FILE_SIZE:
            raise ValueError(
                f"One request takes 1 to {SMALL_FILE_SIZE - 1:,} bytes, not {len(body):,}; "
                "upload_file takes more."
            )
        await self._check_file_exists(file_id)
        await self._session.send("PUT", self._file(file_id), content=body, headers=_OCTETS)

    async def _upload(
        self,
        file_id: int | str,
        content: Content,
        width: int,
        journal_path: str | os.PathLike[str] | None,
        on_progress: ProgressCallback | None,
    ) -> None:
        self._check_file_id(file_id)
        upload = await prepare(content, self._settings.upload_chunk_size)
        async with (
            aclosing(upload.source),
            self._journal(file_id, upload, journal_path) as journal,
        ):
            await self._check_file_exists(file_id)
            target = await self._resumed(upload, journal)
            is_resumed = target is not None
            if target is None:
                target = await self._begin(file_id, upload)
                if journal is not None:
                    journal.begin(target)
            sending = Sending(
                self._session,
                target,
                f"{self._file(target)}/chunks",
                self._settings.upload_compression_level,
                journal,
            )
            await sending.send(upload, width, on_progress)
            if upload.count is None:
                if is_resumed:
                    # The content may have had more chunks when it was begun.
                    await self._confirm(target, sending.acknowledged, journal)
                await self._complete(target)
            await self._confirm(target, sending.acknowledged, journal)

    @asynccontextmanager
    async def _journal(
        self, file_id: int | str, upload: Upload, path: str | os.PathLike[str] | None
    ) -> AsyncGenerator[Journal | None]:
        if path is None:
            yield None
            return
        count = -1 if upload.count is None else upload.count
        subject = Subject(
            origin=self._session.hosts.api,
            model=self._model.rpartition("/")[2],
            file=str(file_id),
            chunk_size=upload.chunk_size,
            count=count,
            size=upload.size,
        )
        journal = Journal(path, subject)
        is_done = False
        try:
            yield journal
            is_done = True
        finally:
            journal.close(is_done=is_done)

    async def _begin(self, file_id: int | str, upload: Upload) -> int:
        """Has Anaplan expect the chunks, in place of the former content; the file's id.

        Without a clear answer it isn't simply told again: what arrives late begins the upload anew,
        and would take away the chunks that have come since.
        """
        count = -1 if upload.count is None else upload.count
        last = self._session.policy.retry_count
        for repetition in range(last + 1):
            try:
                response = await self._session.send(
                    "POST", self._file(file_id), json={"chunkCount": count}
                )
                # A file that was created by name goes by an id from now on.
                return decode(FILE.adapter, response).value.id
            except AnaplanException as error:
                if error.not_performed:
                    raise
                try:
                    begun = await self._begun(str(file_id), count)
                except AnaplanException as problem:
                    raise error from problem
                if begun is not None:
                    return begun
                if repetition == last:
                    raise
        raise AssertionError("unreachable: the last repetition returns or raises")

    async def _begun(self, name: str, count: int) -> int | None:
        """The id of a file of which so many chunks are expected and none is there, once it is."""

        async def look() -> int | None:
            try:
                for file in await self.get_files():
                    if name in (str(file.id), file.name) and file.chunk_count == count:
                        return None if await self._chunks_there(file.id) else file.id
            except AnaplanException as problem:
                if not problem.retryable:
                    raise
            return None

        def known(file_id: int | None) -> int | None:
            return file_id

        try:
            return await wait_until(
                look,
                known,
                delay=_LONGEST_PAUSE,
                timeout=self._settings.settle_time,
                overdue=lambda _: f"The upload to file {name} has not begun",
            )
        except AnaplanTimeoutException:
            return None

    async def _resumed(self, upload: Upload, journal: Journal | None) -> int | None:
        """The file's id, if Anaplan still has what the journal says of this upload."""
        if journal is None:
            return None
        if journal.target is not None:
            count = -1 if upload.count is None else upload.count
            files = {file.id: file for file in await self.get_files()}
            file = files.get(journal.target)
            if file is not None and file.chunk_count == count:
                there = await self._chunks_there(file.id)
                for index in journal.arrived.keys() - there:
                    del journal.arrived[index]
                if await _is_unchanged(upload, journal):
                    return file.id
        # Before Anaplan's own state changes: a crash in between must not leave a journal of it.
        journal.forget()
        return None

    async def _complete(self, file_id: int) -> None:
        """Ends an upload whose length was not known."""
        url = f"{self._file(file_id)}/complete"
        try:
            await self._session.send("POST", url, json={"id": str(file_id)}, repeat=Repeat.SAFE)
        except AnaplanException as error:
            raise UploadIncompleteException(
                f"Every chunk of the upload to file {file_id} arrived, but Anaplan did not "
                f"complete it; content whose size is known needs no completion: {error}",
                file_id=file_id,
                retryable=error.retryable,
            ) from error

    async def _confirm(self, file_id: int, acknowledged: set[int], journal: Journal | None) -> None:
        """Compares the chunks that Anaplan has with those it has acknowledged."""
        seen: set[int] | None = None

        async def look() -> set[int]:
            nonlocal seen
            seen = await self._chunks_there(file_id)
            return seen

        try:
            await wait_until(
                look,
                lambda there: there if there == acknowledged else None,
                delay=_LONGEST_PAUSE,
                timeout=self._settings.settle_time,
                overdue=lambda there: f"Anaplan has {len(there):,} chunks",
                fate=f"{len(acknowledged):,} were sent, and it acknowledged each",
            )
        except AnaplanException as error:
            if journal is not None and seen is not None and seen - acknowledged:
                journal.forget()  # Going on would find them again.
            raise UploadIncompleteException(
                f"The upload to file {file_id} can't be relied upon: {error}",
                file_id=file_id,
                missing=[] if seen is None else sorted(acknowledged - seen),
                retryable=error.retryable or seen is not None,
            ) from error

    async def _chunks_there(self, file_id: int) -> set[int]:
        """The chunks that have arrived; of a file whose content was deleted Anaplan may say 404."""
        try:
            return {chunk.id for chunk in await self.get_file_chunks(file_id)}
        except InvalidIdentifierException:
            return set()

    def _check_file_id(self, file_id: int | str) -> None:
        if not self._settings.allow_file_creation and not str(file_id).startswith("113"):
            raise InvalidIdentifierException(
                f"{file_id!r} is not the id of a file that can be uploaded to; they begin with "
                "113. Anaplan would create a file of this name: allow_file_creation=True lets it."
            )

    async def _check_file_exists(self, file_id: int | str) -> None:
        # Anaplan creates a file for an id it doesn't know, which no import will ever read.
        if self._settings.allow_file_creation or str(file_id) in self._known_files:
            return
        await self.get_files()
        if str(file_id) not in self._known_files:
            raise InvalidIdentifierException(
                f"The model has no file {file_id}. Anaplan would create one that no import reads; "
                "allow_file_creation=True lets it."
            )


async def _is_unchanged(upload: Upload, journal: Journal) -> bool:
    """Whether the content is still what has arrived.

    Two contents must never make one file: it is whole as soon as it has all chunks, whosever they
    are. Content of unknown length isn't, until it is completed.
    """
    if upload.again is None:
        return True
    index = 0
    async with aclosing(upload.again()) as chunks:
        async for chunk in chunks:
            arrived = journal.arrived.get(index, "")
            digest = await runtime.run_in_thread(digest_of, chunk) if arrived else ""
            chunk.release()
            if digest != arrived:
                return False
            index += 1
    return True
