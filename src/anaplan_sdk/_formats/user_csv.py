"""The CSV of users that Anaplan imports and exports: validated before an import, and parsed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

from anaplan_sdk._arguments import expanded
from anaplan_sdk._formats.json_batches import Batch
from anaplan_sdk.exceptions import ArgumentTypeException, InvalidArgumentException
from anaplan_sdk.models._base import AnaplanModel
from anaplan_sdk.models.administration import UserRow

# Anaplan help, "Import users": the most rows of one import.
MAX_ROWS = 500

_COLUMNS = ("username", "first_name", "last_name", "licenses")

UserInput = Iterable[UserRow | Mapping[str, object]] | str | bytes | Path


def user_batches(users: UserInput) -> list[Batch]:
    """Validate users and split them into CSV batches of at most `MAX_ROWS` rows.

    Raises:
        ArgumentTypeException: `users` is a single user.
        InvalidArgumentException: There are no users, a row is incomplete, or two rows have the same
            user.
    """
    rows = list(_rows_of(users))
    if not rows:
        raise InvalidArgumentException("users must not be empty.")
    first_of: dict[str, int] = {}
    for index, (row, _) in enumerate(rows):
        if empty := next((name for name in _COLUMNS if not _cell(row, name).strip()), None):
            raise InvalidArgumentException(f"user {index}, {empty}: must not be empty")
        first = first_of.setdefault(row.username.strip().lower(), index)
        if first != index:
            raise InvalidArgumentException(
                f"user {index}, username: the same as that of user {first}"
            )
    starts = range(0, len(rows), MAX_ROWS)
    return [
        Batch(
            start,
            [item for _, item in rows[start : start + MAX_ROWS]],
            [_line(row.cells) for row, _ in rows[start : start + MAX_ROWS]],
            is_last=start == starts[-1],
        )
        for start in starts
    ]


def to_csv(batch: Batch) -> bytes:
    """Return a batch as CSV with a header."""
    return _line(_COLUMNS) + b"".join(batch.pieces)


def read_users(content: bytes) -> list[UserRow]:
    """Parse the users of a CSV.

    Raises:
        InvalidArgumentException: The content is not CSV of users, or lacks a column.
    """
    return [row for row, _ in _parse(content)]


def without_header(content: bytes) -> bytes:
    """Return the rows of a CSV without its header, to be appended to another CSV."""
    return content.partition(b"\n")[2]


def _rows_of(users: UserInput) -> Iterator[tuple[UserRow, object]]:
    """Yield the rows, each with the caller's own object."""
    if isinstance(users, Path):
        users = expanded(users).read_bytes()
    if isinstance(users, str):
        users = users.encode()
    if isinstance(users, bytes):
        yield from _parse(users)
        return
    single: object = users
    if isinstance(single, Mapping | AnaplanModel):
        raise ArgumentTypeException(
            f"users must be a list or an iterable, not {type(users).__name__}."
        )
    for index, user in enumerate(users):
        yield _validated(index, user), user


def _parse(content: bytes) -> Iterator[tuple[UserRow, UserRow]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidArgumentException("The CSV of users must be UTF-8.") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    index = 0
    try:
        header = [name.strip() for name in next(reader, list[str]())]
        if missing := [name for name in _COLUMNS if name not in header]:
            raise InvalidArgumentException(
                f"The CSV of users has no column {missing[0]!r}. A str is content: to read a "
                "file, pass a Path."
            )
        for cells in reader:
            if not cells:
                continue
            if len(cells) != len(header):
                raise InvalidArgumentException(
                    f"user {index}: the row has {len(cells)} cells, but the header has "
                    f"{len(header)}"
                )
            row = _validated(index, dict(zip(header, cells, strict=True)))
            yield row, row
            index += 1
    except csv.Error as error:
        raise InvalidArgumentException(
            f"The CSV of users is invalid after user {index}: {error}."
        ) from None


def _validated(index: int, user: object) -> UserRow:
    try:
        return UserRow.model_validate(user)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
    # Raised outside of the except block: the error's context would quote the row.
    field = "".join(f", {step}" for step in first["loc"])
    raise InvalidArgumentException(f"user {index}{field}: {first['msg']}")


def _cell(row: UserRow, name: str) -> str:
    return row.cells[_COLUMNS.index(name)]


def _line(cells: Iterable[str]) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue().encode()
