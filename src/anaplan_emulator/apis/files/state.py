"""The rules of uploads: chunk counts, chunks and completion.

Source: docs/anaplan-behaviour.md#files-and-chunks.
"""

import sqlite3
import zlib
from collections.abc import Sequence
from typing import Any

from anaplan_emulator.apis.calls import whole_number
from anaplan_emulator.apis.replies import ApiError
from anaplan_emulator.engine import file_contents
from anaplan_emulator.engine.file_contents import Content, File

MAX_CHUNKS = 1000
_GZIP = 16 + zlib.MAX_WBITS


def describe_file(
    db: sqlite3.Connection, file: File, user_id: str, now: float, *, stale_counts: bool
) -> dict[str, Any]:
    """Return a file as JSON values.

    Args:
        db: A transaction.
        file: The file.
        user_id: Id of the user.
        now: The time, in seconds since the epoch.
        stale_counts: Whether deleted content still has its chunk count.
    """
    content = file_contents.content_of(db, file, user_id, now)
    count = 0
    if content is not None and (stale_counts or not content.deleted):
        count = content.chunk_count
    body: dict[str, Any] = {"id": file.id, "name": file.name, "chunkCount": count}
    if file.is_output:
        return body | {"firstDataRow": 0, "headerRow": 0}
    if file.file_format is None:
        return body | {"firstDataRow": -1, "headerRow": -1}
    return body | {
        "delimiter": file.file_format.delimiter,
        "encoding": file.file_format.encoding,
        "firstDataRow": file.file_format.first_data_row,
        "format": "txt",
        "headerRow": file.file_format.header_row,
        "separator": file.file_format.separator,
    }


def find_or_create_file(db: sqlite3.Connection, model: int, id_or_name: str) -> File:
    """Return the file with an id or name, which is created if it does not exist.

    Raises:
        ApiError: 400, it is the output of an export.
    """
    file = file_contents.file_by_id(db, model, id_or_name) or file_contents.file_by_name(
        db, model, id_or_name
    )
    if file is None:
        file = file_contents.create_file(db, model, id_or_name)
    if file.is_output:
        raise ApiError(400, "The output of an export cannot be uploaded")
    return file


def find_file(db: sqlite3.Connection, model: int, file_id: str) -> File:
    """Return a file.

    Raises:
        ApiError: 404, there is no such file.
    """
    file = file_contents.file_by_id(db, model, file_id)
    if file is None:
        raise ApiError(404)
    return file


def own_upload(db: sqlite3.Connection, file: File, user_id: str, now: float) -> Content:
    """Return the content that the user is uploading.

    Raises:
        ApiError: 400, no chunk count has been set.
    """
    content = file_contents.content_of(db, file, user_id, now)
    if content is None or not content.private or content.deleted or file.is_output:
        raise ApiError(400, "Set the chunk count before uploading chunks")
    return content


def parse_chunk_count(body: object) -> int:
    """Return the chunk count of a request.

    Raises:
        ApiError: 400, it is not valid.
    """
    match body:
        case {"chunkCount": bool()}:
            pass
        case {"chunkCount": int(count)} if (
            count == file_contents.UNKNOWN_COUNT or 1 <= count <= MAX_CHUNKS
        ):
            return count
    raise ApiError(400, f"chunkCount must be -1, or a number from 1 to {MAX_CHUNKS}")


def parse_chunk_number(content: Content, text: str) -> int:
    """Return the number of a chunk, which must be below the chunk count.

    Raises:
        ApiError: 400, it is not valid.
    """
    limit = (
        MAX_CHUNKS if content.chunk_count == file_contents.UNKNOWN_COUNT else content.chunk_count
    )
    number = whole_number(text)
    if number is None or not 0 <= number < limit:
        raise ApiError(400, f"Chunk {text} is out of range: chunks are numbered 0 to {limit - 1}")
    return number


def uncompressed(body: bytes, content_type: str, limit: int, *, gzip: bool) -> bytes:
    """Return the uncompressed content of a chunk.

    Args:
        body: The request's body.
        content_type: The header `Content-Type`; `application/x-gzip` is uncompressed.
        limit: Greatest uncompressed size, so that a small body cannot exhaust the memory.
        gzip: Whether gzip is accepted. It is for chunks, but not for a file in a single request.

    Raises:
        ApiError: 400, the content is too large or not gzip; 415, the type is not supported.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if gzip and kind in ("application/x-gzip", "application/gzip"):
        body = _gunzip(body, limit)
    elif kind != "application/octet-stream":
        raise ApiError(
            415,
            "Chunks must be application/octet-stream or application/x-gzip, and files in a single"
            " request application/octet-stream",
        )
    if len(body) > limit:
        raise ApiError(400, f"A chunk may hold up to {limit} bytes")
    return body


def listed_chunks(db: sqlite3.Connection, content: Content, *, declares: bool) -> Sequence[int]:
    """Return the numbers of the chunks that are listed.

    Args:
        db: A transaction.
        content: The content.
        declares: Whether chunks are listed as soon as their number was set.
    """
    if declares and not content.deleted and content.chunk_count != file_contents.UNKNOWN_COUNT:
        return range(content.chunk_count)
    return file_contents.chunk_numbers(db, content)


def complete(db: sqlite3.Connection, content: Content) -> None:
    """Complete an upload, and set its chunk count if that was unknown.

    Raises:
        ApiError: 400, chunks are missing.
    """
    numbers = file_contents.chunk_numbers(db, content)
    expected = len(numbers)
    if content.chunk_count != file_contents.UNKNOWN_COUNT:
        expected = content.chunk_count
    if not numbers or numbers != list(range(expected)):
        raise ApiError(400, "The upload cannot be completed: chunks are missing")
    file_contents.set_chunk_count(db, content.key, expected)


def _gunzip(body: bytes, limit: int) -> bytes:
    """Uncompress one or more gzip members, up to slightly more than the limit."""
    parts = []
    size = 0
    while body and size <= limit:
        member = zlib.decompressobj(_GZIP)
        try:
            part = member.decompress(body, limit + 1 - size)
        except zlib.error as error:
            raise ApiError(400, f"The chunk is not gzip: {error}") from error
        size += len(part)
        parts.append(part)
        if not member.eof and size <= limit:
            raise ApiError(400, "The chunk is not gzip: it ends too early")
        body = member.unused_data
    return b"".join(parts)
