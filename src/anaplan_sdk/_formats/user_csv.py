"""Users as rows of a CSV: checked before they are sent, and read when they come."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

from anaplan_sdk._formats.json_batches import Batch
from anaplan_sdk.models._base import AnaplanModel
from anaplan_sdk.models.administration import UserRow

# Anaplan help, "Import users": as many rows as one import takes.
MAX_ROWS = 500

_COLUMNS = ("username", "first_name", "last_name", "licenses")

Users = Iterable[UserRow | Mapping[str, object]] | str | bytes | Path


def user_batches(users: Users) -> list[Batch]:
    """Users as the CSVs that are sent, each with as many rows as Anaplan takes.

    Raises:
        TypeError: It is a single user.
        ValueError: There are none, a row isn't whole, or two are of one user.
    """
    rows = list(_taken(users))
    if not rows:
        raise ValueError("There are no users to import.")
    first_of: dict[str, int] = {}
    for index, (row, _) in enumerate(rows):
        if empty := next((name for name in _COLUMNS if not _cell(row, name).strip()), None):
            raise ValueError(f"user {index}, {empty}: it is empty, and Anaplan takes no empty cell")
        first = first_of.setdefault(row.username.strip().lower(), index)
        if first != index:
            raise ValueError(f"user {index}, username: user {first} has it, too")
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


def csv_of(batch: Batch) -> bytes:
    """A batch as a file, with the columns' names."""
    return _line(_COLUMNS) + b"".join(batch.pieces)


def read_users(content: bytes) -> list[UserRow]:
    """The users in a CSV.

    Raises:
        ValueError: It isn't one, or lacks a column.
    """
    return [row for row, _ in _read(content)]


def without_header(content: bytes) -> bytes:
    """A CSV's rows only, to follow those of another one."""
    return content.partition(b"\n")[2]


def _taken(users: Users) -> Iterator[tuple[UserRow, object]]:
    """The rows, each with what it was made of."""
    if isinstance(users, Path):
        users = users.expanduser().read_bytes()
    if isinstance(users, str):
        users = users.encode()
    if isinstance(users, bytes):
        yield from _read(users)
        return
    single: object = users
    if isinstance(single, Mapping | AnaplanModel):
        raise TypeError("A list of users is needed, not a single one.")
    for index, user in enumerate(users):
        yield _validated(index, user), user


def _read(content: bytes) -> Iterator[tuple[UserRow, UserRow]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("The CSV of users isn't UTF-8.") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    index = 0
    try:
        header = [name.strip() for name in next(reader, list[str]())]
        if missing := [name for name in _COLUMNS if name not in header]:
            raise ValueError(
                f"The CSV of users has no column {missing[0]!r}. For a file give its Path, as a "
                "text is content."
            )
        for cells in reader:
            if not cells:
                continue
            if len(cells) != len(header):
                raise ValueError(
                    f"user {index}: the row has {len(cells)} cells, and there are {len(header)} "
                    "columns"
                )
            row = _validated(index, dict(zip(header, cells, strict=True)))
            yield row, row
            index += 1
    except csv.Error as error:
        raise ValueError(f"The CSV of users can't be read after user {index}: {error}.") from None


def _validated(index: int, user: object) -> UserRow:
    try:
        return UserRow.model_validate(user)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
    # Not raised above: the error's context would quote the row.
    place = "".join(f", {step}" for step in first["loc"])
    raise ValueError(f"user {index}{place}: {first['msg']}")


def _cell(row: UserRow, name: str) -> str:
    return row.cells[_COLUMNS.index(name)]


def _line(cells: Iterable[str]) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue().encode()
