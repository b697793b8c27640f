"""Models of the Integration API: files and their chunks."""

from __future__ import annotations

from anaplan_sdk.models._base import AnaplanModel, ObjectId


class File(AnaplanModel):
    """A file of a model: one to upload to for an import, or the output of an export.

    Attributes:
        id: The id: `113...`, or that of the export for its output.
        name: The name.
        chunk_count: The number of chunks of the content; 0 without content.
        delimiter: The character around texts: `"`, or empty for none.
        encoding: The encoding, such as `UTF-8`, `ISO-8859-1` or `UTF-16LE`.
        first_data_row: The row the data starts in, from 1; -1 before an import is defined for the
            file, 0 for the output of an export.
        format: The format, such as `txt`.
        header_row: The row with the names of the columns, counted like `first_data_row`.
        separator: The character between columns, such as a comma or a tab.

    Source: Anaplan Integration API V2 guide, "Get a list of files".
    """

    id: ObjectId
    name: str = ""
    chunk_count: int = 0
    delimiter: str | None = None
    encoding: str | None = None
    first_data_row: int = -1
    format: str | None = None
    header_row: int = -1
    separator: str | None = None


class FileChunk(AnaplanModel):
    """A chunk of the content of a file or of a failure dump.

    Attributes:
        id: The number of the chunk, from 0.
        name: The name, such as `Chunk 0`.

    Source: Anaplan Integration API V2 guide, "List file chunks to download file content".
    """

    id: int
    name: str = ""
