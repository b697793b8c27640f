"""Files: what there are, and what they have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from anaplan_sdk import models
from anaplan_sdk._async.api.namespace import ApiNamespace, segment, sorting
from anaplan_sdk.models._envelopes import Listing, Single

if TYPE_CHECKING:
    from anaplan_sdk.models import File, FileChunk

_SortBy: TypeAlias = Literal["id", "name"] | None

FILE = Single["File"]("file", lambda: models.File)
_FILES = Listing("files", lambda: models.File)
_CHUNKS = Listing("chunks", lambda: models.FileChunk)


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
