"""Files: listing them, uploading and downloading their content."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Literal, TypeAlias

from anaplan_sdk import _telemetry, models
from anaplan_sdk._arguments import expanded, identifier
from anaplan_sdk._async.api.namespace import (
    ApiNamespace,
    SharedState,
    path_segment,
    sort_params,
)
from anaplan_sdk._async.transfer.content import Content, open_content, refuse_path
from anaplan_sdk._async.transfer.download import ACCEPT_BYTES, download, missing_content
from anaplan_sdk._async.transfer.target import open_target
from anaplan_sdk._async.transfer.upload import FileUpload, open_journal
from anaplan_sdk._async.transport.session import Session
from anaplan_sdk._async.transport.traced import traced
from anaplan_sdk._http.replies import content_of
from anaplan_sdk._ranges import AT_LEAST_ONE
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk._runtime.targets import write_all
from anaplan_sdk._telemetry import names
from anaplan_sdk.config import ClientConfig
from anaplan_sdk.exceptions import (
    AnaplanException,
    ArgumentTypeException,
    FileContentMissingException,
    InvalidArgumentException,
    InvalidIdentifierException,
)
from anaplan_sdk.models._envelopes import ListReply
from anaplan_sdk.progress import ProgressCallback

_SortBy: TypeAlias = Literal["id", "name"] | None

_FILES = ListReply("files", lambda: models.File)
# A chunk that was left out would be missing in the content.
_CHUNKS = ListReply("chunks", lambda: models.FileChunk, exact=True)
# Anaplan Integration API V2 guide, "Upload Files for Actions": a single request is for files
# smaller than 1 MB.
_SMALL_FILE_SIZE = 1_000_000
# The ids of imports, exports, other actions and processes.
_OTHER_KINDS = ("112", "116", "117", "118")
# Enough to compress chunks on a few cores while others are being sent.
_PARALLEL_UPLOADS = 4
# Chunks of an export have about 10 MB; this many are in memory at the same time.
_PARALLEL_DOWNLOADS = 3


class Files(ApiNamespace):
    """A model's files: the sources of imports and the outputs of exports.

    Args:
        session: Session of the client.
        config: Options of the client, with the model that methods work on.
        shared: What the namespaces of a client share; created if it is not given.
    """

    def __init__(
        self, session: Session, config: ClientConfig, shared: SharedState | None = None
    ) -> None:
        super().__init__(session, config, shared)
        self._known_files: set[str] = set()

    async def get_files(
        self,
        sort_by: _SortBy = None,  # sync: sort_by: _SortBy = "id",
        descending: bool = False,
    ) -> list[models.File]:
        """List the model's files, including the output files of its exports (ids 116…).

        The `chunk_count` of a file may be out of date after its content was deleted;
        `get_file_chunks` lists the chunks that exist.

        Args:
            sort_by: Field to sort by; Anaplan's own order when None.
            descending: Whether to sort in descending order; has no effect without `sort_by`.

        Returns:
            The files that the user can see.

        Raises:
            InvalidArgumentException: `sort_by` is not one of the fields, or the client has no
                model.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Upload Files for Actions".
        """
        files = await self._list(_FILES, f"{self._model}/files", **sort_params(sort_by, descending))
        self._known_files.update(str(file.id) for file in files)
        return files

    async def get_file_chunks(self, file_id: int | str) -> list[models.FileChunk]:
        """List the chunks of a file's content.

        Args:
            file_id: The file's id (113…), or an export's id (116…) for its output.

        Returns:
            The chunks in order; an empty list if the user has no content in the file.

        Raises:
            InvalidArgumentException: The client has no model.
            InvalidIdentifierException: The model has no such file.
            AnaplanException: The request failed; see the subclasses.
        """
        return await self._list(_CHUNKS, f"{self._file_url(file_id)}/chunks")

    async def delete_file(self, file_id: int | str) -> None:
        """Delete the user's own content of a file.

        The file itself and the content of other users remain. Anaplan deletes content that
        has not been used for 48 hours.

        Args:
            file_id: The file's id (113…), or an export's id (116…) for its output.

        Raises:
            InvalidArgumentException: The client has no model.
            InvalidIdentifierException: The model has no such file.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "Access import files with the Anaplan Integrations API".
        """
        await self._delete(self._file_url(file_id))

    async def upload_file(
        self,
        file_id: int | str,
        content: Content,
        *,
        journal: str | os.PathLike[str] | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> None:
        """Upload content to a file, in place of the user's former content.

        The content is sent in chunks of `upload_chunk_size` bytes, several at the same time, each
        compressed and acknowledged by Anaplan. Memory is bounded by a few chunks, whatever the size
        of the content. An acknowledged chunk that Anaplan does not list afterwards is asked for.
        Without a journal, large pieces of an iterator are chunks of their own, which saves memory.

        A file belongs to the user: nobody else sees the content, and Anaplan deletes it when it has
        not been used for 48 hours.

        Args:
            file_id: The file's id (113…). With the client's `allow_file_creation` the name of a
                file to create is also accepted.
            content: bytes, str (sent as UTF-8), a path, a file opened in binary mode, or an
                iterable of bytes or str. A str is content, never a path. The path of a pipe or a
                device is read to its end.
            journal: Path of a file in which the acknowledged chunks are recorded. The same call,
                made again after a crash, then sends only the missing chunks; content that has
                changed is sent completely. The journal is deleted at the end of the upload. Only
                one upload may use a journal at a time, and nothing else may be uploaded to the file
                before the upload is complete.
            on_progress: Called with a Progress for every acknowledged chunk, in bytes of
                uncompressed content.

        Raises:
            InvalidArgumentException: The content is empty or larger than 1,000 chunks of 50 MB, a
                str is the name of an existing file, the journal belongs to another file, or the
                client has no model.
            ArgumentTypeException: The content has a type that cannot be uploaded.
            OSError: The content cannot be read, or the journal cannot be written.
            InvalidIdentifierException: The model has no such file.
            UploadIncompleteException: Some chunks did not arrive, the content was changed
                meanwhile, or Anaplan did not complete the upload.
            AnaplanException: Another upload is using the journal, or a request failed; see the
                subclasses.

        Source: Anaplan help, "Upload a file in chunks" and "Set and post the chunk count".
        """
        width = _PARALLEL_UPLOADS if self._config.upload_parallel else 1
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
        """Upload content that is produced piece by piece, in place of the user's former content.

        Pieces may have any size; they are joined and split into chunks of `upload_chunk_size`
        bytes, each compressed and acknowledged by Anaplan. Memory is bounded by a few chunks.

        To save memory, a piece of an iterator that has at least 1 MB, and at least a quarter of
        `upload_chunk_size`, is sent as a chunk of its own. Later chunks are then up to a quarter
        larger, so that 1,000 chunks, Anaplan's limit, still hold 1,000 times `upload_chunk_size`;
        once they need to be that large, pieces are joined again. With a journal pieces are always
        joined, so that another run has the same chunks even if its pieces differ.

        Args:
            file_id: The file's id (113…). With the client's `allow_file_creation` the name of a
                file to create is also accepted.
            content: Iterable or generator of bytes or str (sent as UTF-8).
            batch_size: How many chunks are sent at the same time, at least 1 (the default). More
                chunks take more memory.
            journal: Path of a file in which the acknowledged chunks are recorded. The same call,
                made again after a crash with the content from its start, then sends only the
                missing chunks. The journal is deleted at the end of the upload. Only one upload may
                use a journal at a time, and nothing else may be uploaded to the file before the
                upload is complete.
            on_progress: Called with a Progress for every acknowledged chunk, in bytes of
                uncompressed content.

        Raises:
            InvalidArgumentException: `batch_size` is below 1, the content is empty or has more than
                1,000 chunks, the journal belongs to another file, or the client has no model.
            ArgumentTypeException: A piece is neither bytes nor str.
            OSError: The journal cannot be written.
            InvalidIdentifierException: The model has no such file.
            UploadIncompleteException: Some chunks did not arrive, or Anaplan did not complete the
                upload.
            AnaplanException: Another upload is using the journal, or a request failed; see the
                subclasses.

        Source: Anaplan help, "Upload a file in chunks" and "Set and post the chunk count".
        """
        AT_LEAST_ONE.check("batch_size", batch_size, int)
        await self._upload(file_id, content, batch_size, journal, on_progress)

    @traced(names.UPLOAD)
    async def upload_small_file(self, file_id: int | str, content: str | bytes) -> None:
        """Upload less than 1 MB in one request, in place of the user's former content.

        Args:
            file_id: The file's id (113…). With the client's `allow_file_creation` the name of a
                file to create is also accepted.
            content: bytes, or str (sent as UTF-8), of 1 to 999,999 bytes. For larger content use
                `upload_file`.

        Raises:
            InvalidArgumentException: The content is empty, has 1 MB or more, or is a str that is
                the path of an existing file; or the client has no model.
            ArgumentTypeException: The content is neither bytes nor str.
            InvalidIdentifierException: The model has no such file.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Upload Files for Actions".
        """
        span = _telemetry.current()
        span.set(self._traced(names.FILE_ID, file_id))
        self._check_file_id(file_id)
        if isinstance(content, str):
            await runtime.run_in_thread(refuse_path, content)
        elif not isinstance(content, bytes):
            raise ArgumentTypeException(
                f"content must be str or bytes, not {type(content).__name__}."
            )
        body = content.encode() if isinstance(content, str) else content
        if not 0 < len(body) < _SMALL_FILE_SIZE:
            raise InvalidArgumentException(
                f"content must have 1 to {_SMALL_FILE_SIZE - 1:,} bytes, not {len(body):,}: use "
                "upload_file for more."
            )
        await self._check_file_exists(file_id)
        # Without it an import could read the file's default content instead of this one.
        target = await self._new_upload().begin(file_id, 1)
        headers = {"Content-Type": "application/octet-stream"}
        await self._session.send("PUT", self._file_url(target), content=body, headers=headers)
        _telemetry.count_bytes("upload", len(body))
        span.set({names.SIZE: len(body), names.CHUNK_COUNT: 1})

    async def get_file(
        self, file_id: int | str, *, on_progress: ProgressCallback | None = None
    ) -> bytes:
        """Download the whole content of a file into memory.

        The chunks are fetched several at a time. If the user has no content of their own, Anaplan
        returns the default content of the file, if there is any.

        Args:
            file_id: The file's id (113…), or an export's id (116…) for the output of the user's
                last run.
            on_progress: Called with a Progress for every chunk, in bytes.

        Returns:
            The content.

        Raises:
            InvalidArgumentException: The client has no model.
            FileContentMissingException: The file has no content.
            InvalidIdentifierException: The model has no such file.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "Access import files with the Anaplan Integrations API".
        """
        # Joining a list of chunks would hold the content in memory twice.
        content = BytesIO()
        async with aclosing(self._download(file_id, _PARALLEL_DOWNLOADS, on_progress)) as chunks:
            async for chunk in chunks:
                content.write(chunk)
                del chunk  # Its memory is free while the next one is fetched.
        return content.getvalue()

    @traced(names.DOWNLOAD)
    async def get_small_file(self, file_id: int | str) -> bytes:
        """Download the whole content of a file in one request, which suits small files.

        Args:
            file_id: The file's id (113…), or an export's id (116…) for the output of the user's
                last run.

        Returns:
            The content.

        Raises:
            InvalidArgumentException: The client has no model.
            FileContentMissingException: The file has no content.
            InvalidIdentifierException: The model has no such file.
            AnaplanException: The request failed; see the subclasses.
        """
        span = _telemetry.current()
        span.set(self._traced(names.FILE_ID, file_id))
        async with self._missing_content(file_id):
            reply = await self._session.send("GET", self._file_url(file_id), headers=ACCEPT_BYTES)
            content = content_of(reply, f"File {file_id}")
        _telemetry.count_bytes("download", len(content))
        span.set({names.SIZE: len(content), names.CHUNK_COUNT: 1})
        return content

    async def get_file_stream(
        self,
        file_id: int | str,
        batch_size: int = 1,
        *,
        on_progress: ProgressCallback | None = None,
    ) -> AsyncGenerator[bytes]:
        """Download a file's content chunk by chunk, in order.

        Args:
            file_id: The file's id (113…), or an export's id (116…) for the output of the user's
                last run.
            batch_size: How many chunks are fetched, and in memory, at the same time; at least 1
                (the default).
            on_progress: Called with a Progress for every chunk, in bytes.

        Yields:
            The chunks, those of an export of about 10 MB each; none if the content is empty.

        Raises:
            InvalidArgumentException: `batch_size` is below 1, or the client has no model.
            FileContentMissingException: The file has no content.
            InvalidIdentifierException: The model has no such file.
            AnaplanException: The request failed; see the subclasses.
        """
        AT_LEAST_ONE.check("batch_size", batch_size, int)
        async with aclosing(self._download(file_id, batch_size, on_progress)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def download_file(
        self,
        file_id: int | str,
        path: str | os.PathLike[str],
        *,
        on_progress: ProgressCallback | None = None,
    ) -> Path:
        """Download a file's content to a path.

        The content is written to a temporary file in the same folder and renamed at the end: an
        incomplete file never appears under the path. A file that is replaced keeps its permissions.
        If the path is a link, the file that it points to is replaced. If it is not a file but, say,
        a named pipe or `/dev/stdout`, the content is written into it. Memory is bounded by a few
        chunks.

        Args:
            file_id: The file's id (113…), or an export's id (116…) for the output of the user's
                last run.
            path: Where to write the content; `~` is expanded, and an existing file is replaced.
            on_progress: Called with a Progress for every chunk, in bytes.

        Returns:
            The path, with `~` expanded.

        Raises:
            InvalidArgumentException: The client has no model.
            OSError: The path is a folder, its folder does not exist, or it cannot be written.
            FileContentMissingException: The file has no content; nothing was written.
            InvalidIdentifierException: The model has no such file.
            AnaplanException: The request failed; see the subclasses.
        """
        place = expanded(path)
        async with open_target(place) as file:
            chunks = self._download(file_id, _PARALLEL_DOWNLOADS, on_progress)
            async with aclosing(chunks):
                async for chunk in chunks:
                    await runtime.run_in_thread(write_all, file, chunk)
        return place

    @traced(names.UPLOAD)
    async def _upload(
        self,
        file_id: int | str,
        content: Content,
        width: int,
        journal_path: str | os.PathLike[str] | None,
        on_progress: ProgressCallback | None,
    ) -> None:
        _telemetry.current().set(self._traced(names.FILE_ID, file_id))
        self._check_file_id(file_id)
        model_id = self._model.rpartition("/")[2]
        chunk_size, keep_pieces = self._config.upload_chunk_size, journal_path is None
        async with (
            open_content(content, chunk_size, keep_pieces=keep_pieces) as upload,
            open_journal(self._session, model_id, file_id, upload, journal_path) as journal,
        ):
            await self._check_file_exists(file_id)
            await self._new_upload().run(file_id, upload, journal, width, on_progress)

    def _new_upload(self) -> FileUpload:
        return FileUpload(
            self._session,
            self,
            self._file_url,
            compression_level=self._config.upload_compression_level,
            settle_time=self._config.settle_time,
        )

    async def _download(
        self, file_id: int | str, width: int, on_progress: ProgressCallback | None
    ) -> AsyncGenerator[bytes]:
        contents = download(
            self._session,
            self._file_url(file_id),
            f"File {file_id}",
            lambda: self.get_file_chunks(file_id),
            self._traced(names.FILE_ID, file_id),
            width=width,
            headers=ACCEPT_BYTES,
            on_progress=on_progress,
        )
        async with self._missing_content(file_id), aclosing(contents):
            async for content in contents:
                yield content
                del content

    @asynccontextmanager
    async def _missing_content(self, file_id: int | str) -> AsyncGenerator[None]:
        """Distinguish a file without content, for which Anaplan may reply 404, from none at all."""
        try:
            yield
        except FileContentMissingException:
            raise
        except InvalidIdentifierException as error:
            try:
                await self.get_files()
            except AnaplanException:
                raise error from None
            if identifier(file_id) not in self._known_files:
                raise
            with missing_content(f"File {file_id}"):
                raise

    def _check_file_id(self, file_id: int | str) -> None:
        # Ids of other kinds are refused at once, any other is looked up in the list of files.
        is_other = identifier(file_id).startswith(_OTHER_KINDS)
        if is_other and not self._config.allow_file_creation:
            raise InvalidIdentifierException(
                f"{file_id!r} is not a valid file id: ids of files for uploads begin with 113. To "
                "create a file of this name, pass allow_file_creation=True to the client."
            )

    async def _check_file_exists(self, file_id: int | str) -> None:
        # For an unknown id Anaplan creates a file, which no import will ever read.
        if self._config.allow_file_creation or identifier(file_id) in self._known_files:
            return
        await self.get_files()
        if identifier(file_id) not in self._known_files:
            raise InvalidIdentifierException(
                f"The model has no file {file_id}. To create a file, which no import reads yet, "
                "pass allow_file_creation=True to the client."
            )

    def _file_url(self, file_id: int | str) -> str:
        return f"{self._model}/files/{path_segment(file_id)}"
