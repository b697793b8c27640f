"""The rules of uploads: counts, chunks, completion and deletion (facts 4.12)."""

import sqlite3
import zlib
from typing import Any

from anaplan_emulator.calls import whole_number
from anaplan_emulator.engine import contents
from anaplan_emulator.engine.contents import Content, File
from anaplan_emulator.replies import ApiError

MOST_CHUNKS = 1000
_GZIP = 16 + zlib.MAX_WBITS


def describe_file(
    db: sqlite3.Connection, file: File, user_id: str, now: float, *, stale_counts: bool
) -> dict[str, Any]:
    """Write a file as one user sees it.

    Args:
        db: Where to look.
        file: The file.
        user_id: The user.
        now: The emulator's time.
        stale_counts: Whether deleted content still shows how many chunks it had.
    """
    content = contents.content_of(db, file, user_id, now)
    count = 0
    if content is not None and (stale_counts or not content.deleted):
        count = content.chunk_count
    body: dict[str, Any] = {"id": file.id, "name": file.name, "chunkCount": count}
    if file.is_output:
        return body | {"firstDataRow": 0, "headerRow": 0}
    if file.form is None:
        return body | {"firstDataRow": -1, "headerRow": -1}
    return body | {
        "delimiter": file.form.delimiter,
        "encoding": file.form.encoding,
        "firstDataRow": file.form.first_data_row,
        "format": "txt",
        "headerRow": file.form.header_row,
        "separator": file.form.separator,
    }


def file_to_upload_to(db: sqlite3.Connection, model: int, id_or_name: str) -> File:
    """Find a file by its id or name; if there is none, make one of that name.

    Raises:
        ApiError: 400, when it is an export's output.
    """
    file = contents.file_by_id(db, model, id_or_name) or contents.file_by_name(
        db, model, id_or_name
    )
    if file is None:
        file = contents.create_file(db, model, id_or_name)
    if file.is_output:
        raise ApiError(400, "The output of an export can't be uploaded")
    return file


def uploaded_file(db: sqlite3.Connection, model: int, file_id: str) -> File:
    """Find a file.

    Raises:
        ApiError: 404.
    """
    file = contents.file_by_id(db, model, file_id)
    if file is None:
        raise ApiError(404)
    return file


def own_upload(db: sqlite3.Connection, file: File, user_id: str, now: float) -> Content:
    """Find what the user is uploading.

    Raises:
        ApiError: 400, when no chunk count was set before.
    """
    content = contents.content_of(db, file, user_id, now)
    if content is None or not content.private or content.deleted or file.is_output:
        raise ApiError(400, "Set the chunk count before uploading chunks")
    return content


def checked_count(body: object) -> int:
    """Read the chunk count out of a request.

    Raises:
        ApiError: 400.
    """
    match body:
        case {"chunkCount": bool()}:
            pass
        case {"chunkCount": int(count)} if (
            count == contents.UNKNOWN_COUNT or 1 <= count <= MOST_CHUNKS
        ):
            return count
    raise ApiError(400, f"chunkCount must be -1, or a number from 1 to {MOST_CHUNKS}")


def checked_number(content: Content, text: str) -> int:
    """Read a chunk's number, which must be within the count that was set.

    Raises:
        ApiError: 400.
    """
    most = MOST_CHUNKS if content.chunk_count == contents.UNKNOWN_COUNT else content.chunk_count
    number = whole_number(text)
    if number is None or not 0 <= number < most:
        raise ApiError(400, f"Chunk {text} is out of range: chunks are numbered 0 to {most - 1}")
    return number


def unpacked(body: bytes, content_type: str, most: int) -> bytes:
    """Return the bytes of a chunk as they are to be stored.

    Args:
        body: As sent.
        content_type: As labelled; `application/x-gzip` is unpacked.
        most: Greatest size of what comes out, so that a small chunk can't fill the memory.

    Raises:
        ApiError: 400, when it is too large or isn't gzip; 415 for a label that isn't taken.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind in ("application/x-gzip", "application/gzip"):
        body = _gunzip(body, most)
    elif kind != "application/octet-stream":
        raise ApiError(415, "Chunks are application/octet-stream or application/x-gzip")
    if len(body) > most:
        raise ApiError(400, f"A chunk may hold up to {most} bytes")
    return body


def complete(db: sqlite3.Connection, content: Content) -> None:
    """End an upload whose number of chunks was not known before.

    Raises:
        ApiError: 400, when chunks are missing.
    """
    numbers = contents.chunk_numbers(db, content)
    expected = len(numbers)
    if content.chunk_count != contents.UNKNOWN_COUNT:
        expected = content.chunk_count
    if not numbers or numbers != list(range(expected)):
        raise ApiError(400, "The upload can't be completed: chunks are missing")
    contents.set_chunk_count(db, content.key, expected)


def _gunzip(body: bytes, most: int) -> bytes:
    """Unpack one or more gzip members, up to a little more than the greatest size."""
    pieces = []
    size = 0
    while body and size <= most:
        member = zlib.decompressobj(_GZIP)
        try:
            piece = member.decompress(body, most + 1 - size)
        except zlib.error as error:
            raise ApiError(400, f"The chunk is not gzip: {error}") from error
        size += len(piece)
        pieces.append(piece)
        if not member.eof and size <= most:
            raise ApiError(400, "The chunk is not gzip: it ends too early")
        body = member.unused_data
    return b"".join(pieces)
