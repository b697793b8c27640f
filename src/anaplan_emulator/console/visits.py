"""Requests for pages of the console: query, form, and the position in long tables."""

import email.message
import hmac
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser
from email.policy import HTTP
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from starlette.datastructures import Headers, QueryParams

from anaplan_emulator.tenant_state import TenantState

CONSOLE_PATH = "/_emulator/console"

MAX_FORM_BYTES = 64 * 1024 * 1024
"""Greatest size of a form, with the file in it."""

_MOST_FIELDS = 1000
_LONGEST_HEAD = 10_000

PAGE_ROWS = 100
"""Rows of a page of a long table."""


class PageError(Exception):
    """A page that cannot be shown.

    Args:
        status: HTTP status.
        message: The reason, for people.
    """

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        self.message = message
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Form:
    """A submitted form.

    Attributes:
        fields: Values of its fields by name.
        files: Content of its files by name of the field, without files that were not chosen.
    """

    fields: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)

    @classmethod
    def parse(cls, content_type: str, body: bytes) -> "Form":
        """Parse the body of a request. One that is not a form has no fields.

        Raises:
            ValueError: It has more fields than any form of the console.
        """
        header = email.message.Message()
        header["content-type"] = content_type
        if header.get_content_type() != "multipart/form-data":
            pairs = parse_qsl(
                body.decode(errors="replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS
            )
            return cls(dict(pairs))
        return cls._parse_multipart(str(header.get_param("boundary", "")), body)

    @classmethod
    def _parse_multipart(cls, boundary: str, body: bytes) -> "Form":
        fields: dict[str, str] = {}
        files: dict[str, bytes] = {}
        # RFC 7578. The parts are separated by the boundary, and the last one is followed by it.
        parts = (b"\r\n" + body).split(f"\r\n--{boundary}".encode(), _MOST_FIELDS + 1)
        if len(parts) > _MOST_FIELDS + 1:
            raise ValueError("too many parts")
        for part in parts[1:-1]:
            head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
            if len(head) > _LONGEST_HEAD:
                raise ValueError("the header of a part is too long")
            header = BytesHeaderParser(policy=HTTP).parsebytes(head + b"\r\n\r\n")
            name = header.get_param("name", "", "content-disposition")
            if header.get_filename() is None:
                fields[str(name)] = content.decode(errors="replace")
            elif content or header.get_filename():
                files[str(name)] = content
        return cls(fields, files)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A request for a page.

    Attributes:
        tenant: The tenant.
        path: The path of the page below that of the console.
        parameters: Parameters of the path.
        query: Query parameters.
        form: The submitted form.
        is_update: Whether a page that is open asks for its latest state.
    """

    tenant: TenantState
    path: str
    parameters: Mapping[str, str]
    query: QueryParams
    form: Form
    is_update: bool

    def url(self, **changes: object) -> str:
        """Return the address of this page with other query parameters; None removes one."""
        return address(self.path, **{**dict(self.query), "seen": None, **changes})


@dataclass(frozen=True, slots=True)
class Window:
    """The shown rows of a long table.

    Attributes:
        number: Number of the page, from 1.
        total: Number of all rows.
        size: Rows of a page.
        name: The query parameter with the number of the page.
    """

    number: int
    total: int
    size: int = PAGE_ROWS
    name: str = "page"

    @classmethod
    def requested(
        cls, visit: Visit, total: int, *, size: int = PAGE_ROWS, name: str = "page"
    ) -> "Window":
        """Return the requested page, or the nearest that exists."""
        text = visit.query.get(name, "1")
        number = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 1
        return cls(min(max(number, 1), max(math.ceil(total / size), 1)), total, size, name)

    @property
    def count(self) -> int:
        """Number of pages."""
        return max(math.ceil(self.total / self.size), 1)

    @property
    def start(self) -> int:
        """Number of rows before the first shown one."""
        return (self.number - 1) * self.size

    @property
    def end(self) -> int:
        """Number of rows up to the last shown one."""
        return min(self.start + self.size, self.total)


def address(path: str, /, **query: object) -> str:
    """Return the address of a page of the console, without query parameters that are empty."""
    return _with_query(quote(path), query)


def link(*parts: object, **query: object) -> str:
    """Return the address of a page, given the segments of its path."""
    return _with_query("/" + "/".join(quote(str(part), safe="") for part in parts), query)


def _with_query(path: str, query: Mapping[str, object]) -> str:
    text = urlencode({name: value for name, value in query.items() if value not in (None, "")})
    return f"{CONSOLE_PATH}{path}{'?' if text else ''}{text}"


def counted(count: int, noun: str) -> str:
    """Return a number with its noun, such as `1 task` or `2,000 tasks`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def form_token(tenant: TenantState) -> str:
    """Return the hidden value of forms, which pages of other sites cannot read."""
    return hmac.digest(tenant.form_secret, b"console form", "sha256").hex()


def form_refusal(tenant: TenantState, headers: Headers, form: Form) -> str | None:
    """Return why a form is refused, or None: it must come from a page of this console."""
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != headers.get("host"):
        return "Forms of the console are not open to other sites."
    sent = form.fields.get("form_token", "")
    if not hmac.compare_digest(form_token(tenant).encode(), sent.encode()):
        return "This form has expired: the emulator has been started again. Open the page anew."
    return None


def pretty_json(value: object) -> str:
    """Return a JSON value as indented text."""
    return json.dumps(value, indent=2, ensure_ascii=False)
