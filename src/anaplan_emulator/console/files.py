"""The page of a file: its content for each user, with a preview of its first lines."""

import csv
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from starlette.responses import Response

from anaplan_emulator.console.models import requested_model
from anaplan_emulator.console.rendering import page, stream
from anaplan_emulator.console.visits import PageError, Visit
from anaplan_emulator.engine import file_contents
from anaplan_emulator.engine.file_contents import Content, File
from anaplan_emulator.store.records import read_record
from anaplan_emulator.tenant.file_format import FileFormat
from anaplan_emulator.tenant_state import TenantState

_PREVIEW_BYTES = 64 * 1024
_PREVIEW_LINES = 20


@dataclass(frozen=True, slots=True)
class StoredContent:
    """A content of a file.

    Attributes:
        user_id: Id of the user to whom it is private, or "" for the default content.
        email: The user's e-mail address, if it is private.
        content: The content.
        chunks: Number of its stored chunks.
        size: Size of its stored chunks, in bytes.
        expires_in: Seconds until it expires; None for the default content.
    """

    user_id: str
    email: str | None
    content: Content
    chunks: int
    size: int
    expires_in: float | None


@dataclass(frozen=True, slots=True)
class Preview:
    """The first lines of a content.

    Attributes:
        columns: Names of the columns, if the file has a header.
        rows: The first rows.
        problem: Why the text may be wrong, if it does not match the file's encoding.
    """

    columns: list[str]
    rows: list[list[str]]
    problem: str | None


def show_file(visit: Visit) -> Response:
    """GET /models/{model}/files/{file}: a file, and the first lines of one of its contents."""
    with visit.tenant.store.snapshot() as db:
        model = requested_model(db, visit)
        file = _requested_file(db, visit, model.key)
        contents = stored_contents(db, file, visit.tenant.clock.timestamp())
        shown = _shown(visit, contents)
        preview = _preview(db, file, shown.content) if shown else None
    return page(
        visit,
        "file.html",
        file.name,
        model=model,
        file=file,
        format=file.file_format or FileFormat(),
        contents=contents,
        shown=shown,
        preview=preview,
    )


def download_content(visit: Visit) -> Response:
    """GET /models/{model}/files/{file}/content: a content as a file, byte by byte."""
    with visit.tenant.store.snapshot() as db:
        model = requested_model(db, visit)
        file = _requested_file(db, visit, model.key)
        shown = _shown(visit, stored_contents(db, file, visit.tenant.clock.timestamp()))
    if shown is None:
        raise PageError(404, f"{file.name} has no content.")
    return stream(_chunks(visit.tenant, shown.content), file.name)


def stored_contents(db: sqlite3.Connection, file: File, now: float) -> list[StoredContent]:
    """Read all contents of a file that have not expired, the default content first."""
    rows = db.execute(
        "SELECT contents.*, users.email FROM contents LEFT JOIN users ON users.id = user_id"
        " WHERE file = ? AND (user_id IS NULL OR used_at > ?) ORDER BY users.email",
        (file.key, now - file_contents.RETENTION_SECONDS),
    ).fetchall()
    found = []
    for row in rows:
        private = row["user_id"] is not None
        content = read_record(Content, row, private=private)
        found.append(
            StoredContent(
                user_id=row["user_id"] or "",
                email=row["email"],
                content=content,
                chunks=len(file_contents.chunk_numbers(db, content)),
                size=file_contents.size(db, content),
                expires_in=row["used_at"] + file_contents.RETENTION_SECONDS - now
                if private
                else None,
            )
        )
    return found


def _chunks(tenant: TenantState, content: Content) -> Iterator[bytes]:
    with tenant.store.snapshot() as db:
        yield from file_contents.read_all(db, content)


def _requested_file(db: sqlite3.Connection, visit: Visit, model: int) -> File:
    file = file_contents.file_by_id(db, model, visit.parameters["file"])
    if file is None:
        raise PageError(404, "The model has no such file.")
    return file


def _shown(visit: Visit, contents: list[StoredContent]) -> StoredContent | None:
    """Return the requested content, or else the first one."""
    requested = visit.query.get("user", "")
    found = next((each for each in contents if each.user_id == requested), None)
    if requested and found is None:
        raise PageError(404, "The user has no content of this file, or it has expired.")
    return found or next(iter(contents), None)


def _preview(db: sqlite3.Connection, file: File, content: Content) -> Preview:
    start = file_contents.read_start(db, content, _PREVIEW_BYTES)
    file_format = file.file_format or FileFormat()
    problem = None
    try:
        # The last character may be incomplete.
        text = start[: len(start) - 4 if len(start) == _PREVIEW_BYTES else None].decode(
            file_format.codec
        )
    except UnicodeDecodeError:
        text = start.decode(file_format.codec, "replace")
        problem = f"The content is not {file_format.encoding}, the encoding of this file."
    lines = text.removeprefix("\ufeff").splitlines()[: _PREVIEW_LINES + 1]
    rows = list(islice(_rows(lines, file_format), _PREVIEW_LINES + 1))
    header = file_format.header_row == 1 and len(rows) > 0
    return Preview(rows[0] if header else [], rows[1 if header else 0 :], problem)


def _rows(lines: list[str], file_format: FileFormat) -> Iterator[list[str]]:
    if not file_format.separator:
        return iter([line] for line in lines)
    if not file_format.delimiter:
        return csv.reader(lines, delimiter=file_format.separator, quoting=csv.QUOTE_NONE)
    return csv.reader(lines, delimiter=file_format.separator, quotechar=file_format.delimiter)
