"""Files: listing them, uploads, downloads and deletion of their content."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import aclosing
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from anaplan_sdk import models
from anaplan_sdk._async.api.namespace import ApiNamespace, segment, sorting
from anaplan_sdk._async.transfer.content import Content, prepare
from anaplan_sdk._async.transfer.download import BYTES, DOWNLOAD_WIDTH, download, replacing
from anaplan_sdk._async.transfer.upload import FileUpload, opened_journal
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk.exceptions import InvalidIdentifierException
from anaplan_sdk.models._envelopes import Listing
from anaplan_sdk.progress import ProgressCallback

if TYPE_CHECKING:
    from anaplan_sdk.models import File, FileChunk

_SortBy: TypeAlias = Literal["id", "name"] | None

_OCTETS = {"Content-Type": "application/octet-stream"}
_FILES = Listing("files", lambda: models.File)
_CHUNKS = Listing("chunks", lambda: models.FileChunk)

# Anaplan help, "Upload files": a single request is for files smaller than 1 MB.
_SMALL_FILE_SIZE = 1_000_000


class Files(ApiNamespace):
    """Files, uploads and outputs of exports alike."""

    async def get_files(
        self,
        sort_by: _SortBy = None,  # sync: sort_by: _SortBy = "id",
        descending: bool = False,
    ) -> list[File]:
        """Lists the model's files, the outputs of its exports among them (ids 116…).

        A file's `chunk_count` may be out of date after its content was deleted; see
        `get_file_chunks`.
        """
        files = await self._list(_FILES, f"{self._model}/files", **sorting(sort_by, descending))
        self._known_files.update(str(file.id) for file in files)
        return files

    async def get_file_chunks(self, file_id: int | str) -> list[FileChunk]:
        """The chunks of a file's content, of which this user has none when the list is empty."""
        return await self._list(_CHUNKS, f"{self._file(file_id)}/chunks")

    async def delete_file(self, file_id: int | str) -> None:
        """Deletes this user's content of a file; the file itself stays, and others' content."""
        await self._delete(self._file(file_id))

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
        if not 0 < len(body) < _SMALL_FILE_SIZE:
            raise ValueError(
                f"One request takes 1 to {_SMALL_FILE_SIZE - 1:,} bytes, not {len(body):,}; "
                "upload_file takes more."
            )
        await self._check_file_exists(file_id)
        await self._session.send("PUT", self._file(file_id), content=body, headers=_OCTETS)

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
        async with aclosing(self._download(file_id, DOWNLOAD_WIDTH, on_progress)) as chunks:
            async for chunk in chunks:
                content.write(chunk)
        return content.getvalue()

    async def get_small_file(self, file_id: int | str) -> bytes:
        """A file's whole content in one reply, which suits little content.

        Raises:
            InvalidIdentifierException: The model has no such file, or this user no content in it.
        """
        return (await self._session.send("GET", self._file(file_id), headers=BYTES)).content

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
        with replacing(place) as file:
            async with aclosing(self._download(file_id, DOWNLOAD_WIDTH, on_progress)) as chunks:
                async for chunk in chunks:
                    await runtime.run_in_thread(file.write, chunk)
        return place

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
        model_id = self._model.rpartition("/")[2]
        async with (
            aclosing(upload.source),
            opened_journal(self._session, model_id, file_id, upload, journal_path) as journal,
        ):
            await self._check_file_exists(file_id)
            course = FileUpload(
                self._session,
                self,
                self._file,
                upload,
                journal,
                level=self._settings.upload_compression_level,
                settle_time=self._settings.settle_time,
            )
            await course.run(file_id, width, on_progress)

    def _download(
        self, file_id: int | str, width: int, on_progress: ProgressCallback | None
    ) -> AsyncGenerator[bytes]:
        url = f"{self._file(file_id)}/chunks"
        return download(
            self._session, url, lambda: self.get_file_chunks(file_id), width, on_progress
        )

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

    def _file(self, file_id: int | str) -> str:
        return f"{self._model}/files/{segment(file_id)}"


def batch_width(batch_size: int) -> int:
    """How many chunks are under way at a time, as the caller says.

    Raises:
        ValueError: It is below 1.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, not {batch_size}.")
    return batch_size
