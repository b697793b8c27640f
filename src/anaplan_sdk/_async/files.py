"""Files: listing, uploading, downloading."""

from __future__ import annotations

import os
import stat
from collections.abc import AsyncGenerator
from contextlib import aclosing
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Literal, TypeAlias
from uuid import uuid4

from anaplan_sdk._async.content import Content, Upload, prepare
from anaplan_sdk._async.room import Room, segment, sorting
from anaplan_sdk._http.chunks import SMALL_FILE_SIZE
from anaplan_sdk._http.codec import compress
from anaplan_sdk._http.policy import Repeat
from anaplan_sdk._http.replies import decode
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk.exceptions import (
    AnaplanException,
    InvalidIdentifierException,
    UploadIncompleteException,
)
from anaplan_sdk.models import File, FileChunk
from anaplan_sdk.models._base import Listing, Single
from anaplan_sdk.progress import Progress, ProgressCallback

_SortBy: TypeAlias = Literal["id", "name"] | None

_FILES = Listing("files", File)
_FILE = Single[File]("file", File)
_CHUNKS = Listing("chunks", FileChunk)
_GZIP = {"Content-Type": "application/x-gzip"}
_OCTETS = {"Content-Type": "application/octet-stream"}
_BYTES = {"Accept": "application/octet-stream"}
# Chunks of an export have about 10 MB; this many are fetched, and held, at the same time.
_DOWNLOAD_WIDTH = 4


class Files(Room):
    """Files: listing, uploading, downloading."""

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

    async def upload_file(
        self,
        file_id: int | str,
        content: Content,
        *,
        on_progress: ProgressCallback | None = None,
    ) -> None:
        """Uploads content to a file, in place of what this user had uploaded to it before.

        The content is sent in chunks, each gzipped and acknowledged by Anaplan; memory is bounded
        whatever the size.

        Args:
            file_id: The file (113…); with `allow_file_creation` it may also be a new file's name.
            content: bytes, str (sent as UTF-8), a path, a file opened in binary mode, or an
                iterable of bytes or str. A str is content, never a path.
            on_progress: Told of every acknowledged chunk, in bytes of uncompressed content.

        Raises:
            ValueError: The content is empty, or larger than 1,000 chunks of 50 MB.
            InvalidIdentifierException: The model has no such file.
            UploadIncompleteException: Some chunks did not arrive; nothing was completed.
        """
        await self._upload(file_id, content, self._settings.upload_width, on_progress)

    async def upload_file_stream(
        self,
        file_id: int | str,
        content: runtime.Pieces,
        batch_size: int = 1,
        *,
        on_progress: ProgressCallback | None = None,
    ) -> None:
        """Uploads content that comes piece by piece, so that all of it need never be at hand.

        Pieces may have any size; they are cut and joined to chunks of `upload_chunk_size`.

        Args:
            file_id: As for `upload_file`.
            content: An iterable of bytes or str, of the kind this client goes through.
            batch_size: How many chunks are sent at the same time.
            on_progress: As for `upload_file`.

        Raises:
            ValueError: `batch_size` is below 1, or as for `upload_file`.
            InvalidIdentifierException, UploadIncompleteException: As for `upload_file`.
        """
        await self._upload(file_id, content, _width(batch_size), on_progress)

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

    async def get_file(self, file_id: int | str) -> bytes:
        """A file's whole content; empty when this user has none.

        Of an export (116…) it is the output of this user's last run.
        """
        # Unlike chunks in a list that are joined, it is never in memory twice.
        content = BytesIO()
        async with aclosing(self._download(file_id, _DOWNLOAD_WIDTH, None)) as chunks:
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
        self, file_id: int | str, batch_size: int = 1
    ) -> AsyncGenerator[bytes]:
        """A file's content chunk by chunk, in order.

        Args:
            file_id: As for `get_file`.
            batch_size: How many chunks are fetched at the same time; they bound the memory.

        Raises:
            ValueError: `batch_size` is below 1.
        """
        async with aclosing(self._download(file_id, _width(batch_size), None)) as chunks:
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
        target, partial, file = await runtime.run_in_thread(_open_beside, place)
        try:
            with file:
                async with aclosing(
                    self._download(file_id, _DOWNLOAD_WIDTH, on_progress)
                ) as chunks:
                    async for chunk in chunks:
                        await runtime.run_in_thread(file.write, chunk)
            await runtime.run_in_thread(_put_in_place, partial, target)
        except BaseException:
            partial.unlink()
            raise
        return place

    async def delete_file(self, file_id: int | str) -> None:
        """Deletes this user's content of a file; the file itself stays, and others' content."""
        await self._delete(self._file(file_id))

    def _file(self, file_id: int | str) -> str:
        return f"{self._model}/files/{segment(file_id)}"

    async def _download(
        self, file_id: int | str, width: int, on_progress: ProgressCallback | None
    ) -> AsyncGenerator[bytes]:
        async def fetch(chunk: FileChunk) -> bytes:
            url = f"{self._file(file_id)}/chunks/{chunk.id}"
            return (await self._session.send("GET", url, headers=_BYTES)).content

        done = 0
        chunks = await self.get_file_chunks(file_id)
        async with aclosing(runtime.ordered_map(fetch, chunks, width)) as contents:
            async for content in contents:
                done += len(content)
                if on_progress is not None:
                    on_progress(Progress("download", done))
                yield content

    async def _upload(
        self,
        file_id: int | str,
        content: Content,
        width: int,
        on_progress: ProgressCallback | None,
    ) -> None:
        self._check_file_id(file_id)
        upload = await prepare(content, self._settings.upload_chunk_size)
        async with aclosing(upload.source):
            await self._check_file_exists(file_id)
            count = -1 if upload.count is None else upload.count
            # Setting the count begins an upload anew, as often as it is done.
            response = await self._session.send(
                "POST", self._file(file_id), json={"chunkCount": count}, repeat=Repeat.SAFE
            )
            # A file that was created by name goes by an id from now on.
            target = decode(_FILE.adapter, response).value.id
            await self._send_chunks(target, upload, width, on_progress)
            if upload.count is None:
                url = f"{self._file(target)}/complete"
                body = {"id": str(target)}
                await self._session.send("POST", url, json=body, repeat=Repeat.SAFE)

    async def _send_chunks(
        self,
        file_id: int,
        upload: Upload,
        width: int,
        on_progress: ProgressCallback | None,
    ) -> None:
        taken: set[int] = set()
        acknowledged: set[int] = set()

        async def put(numbered: tuple[int, bytes]) -> int:
            index, chunk = numbered
            taken.add(index)
            packed = await runtime.run_in_thread(compress, chunk)
            url = f"{self._file(file_id)}/chunks/{index}"
            await self._session.send("PUT", url, content=packed, headers=_GZIP)
            acknowledged.add(index)
            return len(chunk)

        cause: AnaplanException | None = None
        done = 0
        try:
            async with (
                aclosing(upload.chunks()) as chunks,
                aclosing(runtime.ordered_map(put, chunks, width)) as sizes,
            ):
                async for size in sizes:
                    done += size
                    if on_progress is not None:
                        on_progress(Progress("upload", done, upload.size))
        except AnaplanException as error:
            cause = error
        expected = taken if upload.count is None else set(range(upload.count))
        missing = sorted(expected - acknowledged)
        if cause is not None or missing:
            raise UploadIncompleteException(
                f"The upload to file {file_id} is incomplete, {_missing(missing)}: {cause}",
                file_id=file_id,
                missing=missing,
                retryable=cause is not None and cause.retryable,
            ) from cause

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


def _width(batch_size: int) -> int:
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, not {batch_size}.")
    return batch_size


def _missing(indexes: list[int]) -> str:
    if not indexes:
        return "its end was not reached"
    shown = ", ".join(map(str, indexes[:10])) + (", …" if len(indexes) > 10 else "")
    return f"chunk{'s' if len(indexes) > 1 else ''} {shown} missing"
