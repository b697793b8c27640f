"""The CSV file of an import of users, in a multipart form.

Source: docs/anaplan-behaviour.md#administration-api.
"""

import csv
import io
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import HTTP

from anaplan_emulator.apis.replies import ApiError

HEADER = ["username", "first_name", "last_name", "licenses"]


@dataclass(frozen=True, slots=True)
class Row:
    """A user of an import."""

    username: str
    first_name: str
    last_name: str
    licenses: tuple[str, ...]


def file_in_form(content_type: str, body: bytes) -> bytes:
    """Return the content of the form's part `file`.

    Raises:
        ApiError: 400.
    """
    head = f"Content-Type: {content_type}\r\nMIME-Version: 1.0\r\n\r\n".encode()
    form = BytesParser(_class=EmailMessage, policy=HTTP).parsebytes(head + body)
    if form.get_content_type() != "multipart/form-data" or not form.is_multipart():
        raise invalid("The request is not multipart/form-data")
    for part in form.iter_parts():
        if part.get_param("name", header="content-disposition") == "file":
            content = part.get_payload(decode=True)
            return content if isinstance(content, bytes) else b""
    raise invalid("The part file is missing")


def read_rows(content: bytes, limit: int) -> list[Row]:
    """Return the users in a file.

    Args:
        content: The file.
        limit: Greatest number of users.

    Raises:
        ApiError: 400, the file as a whole is not valid.
    """
    try:
        text = content.decode("utf-8-sig")
        lines = [line for line in csv.reader(io.StringIO(text, newline=""), strict=True) if line]
    except (UnicodeDecodeError, csv.Error) as error:
        raise invalid("The file is not CSV in UTF-8") from error
    if not lines or [name.strip() for name in lines[0]] != HEADER:
        raise invalid(f"The header must be {','.join(HEADER)}")
    rows = [_row(number, line) for number, line in enumerate(lines[1:], 1)]
    if not rows:
        raise invalid("The file has no users")
    if len(rows) > limit:
        raise invalid(f"The file has more than {limit} users")
    names = [row.username.lower() for row in rows]
    if len(set(names)) < len(names):
        raise invalid("The file has an e-mail address twice")
    return rows


def invalid(message: str) -> ApiError:
    """Return the error for an invalid file."""
    return ApiError(400, message, code="INVALID_PAYLOAD")


def _row(number: int, line: list[str]) -> Row:
    cells = [cell.strip() for cell in line]
    if len(cells) != len(HEADER):
        raise invalid(f"Row {number} has {len(cells)} cells")
    if not all(cells):
        raise invalid(f"Row {number} has an empty cell")
    licenses = tuple(each.strip() for each in cells[3].split(",") if each.strip())
    return Row(cells[0], cells[1], cells[2], licenses)
