"""What error messages, log lines and reprs may contain of requests and replies.

A gateway's error page may repeat the request that it is about. So whatever is quoted of a reply
goes through `quote` here, which masks what the request contained as a secret.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from html import escape
from typing import cast
from urllib.parse import parse_qsl, quote_plus
from urllib.parse import quote as percent_encode

import httpx2

from anaplan_sdk._printable import printable

_EXCERPT_LENGTH = 200
# Long enough for each reason that Anaplan documents.
_REASON_LENGTH = 2000

# Headers without secrets; all others may have been set to carry one.
_PUBLIC_HEADERS = frozenset(
    (
        "accept",
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "host",
        "tenant",
        "transfer-encoding",
        "user-agent",
    )
)
# Fields of OAuth's forms without secrets.
_PUBLIC_FIELDS = frozenset(("client_id", "grant_type", "redirect_uri", "scope"))
# Members of JSON bodies that are secrets, with all that they contain.
_SECRET_MEMBER = re.compile(
    "pass(word|phrase)|secret|token|credential|signature|encoded.*data|serviceAccount"
    "|(access|account|api|private|secret|shared)_?key",
    re.IGNORECASE,
)
# A larger body is data of a model, not credentials.
_LARGEST_BODY = 1_000_000
# Shorter secrets are not masked: their characters appear in any text.
_SHORTEST = 4
# Pieces of this many characters are masked as well, since a page may have cut a secret or broken
# it into lines.
_PIECE = 12
_MASK = "***"


def safe_url(url: httpx2.URL | str) -> str:
    """Return the URL without user info, query and fragment, which may contain secrets."""
    try:
        parsed = httpx2.URL(url)
    except httpx2.InvalidURL:
        return "an invalid URL"
    return str(parsed.copy_with(username=None, password=None, query=None, fragment=None))


def excerpt(content: bytes, *requests: httpx2.Request) -> str:
    """Return the beginning of a reply's text as one line, for an error message.

    Args:
        content: The text, as it was received.
        *requests: The requests whose secrets it may repeat.
    """
    # Masking makes it shorter, and UTF-16 has two bytes for each character.
    text = content[: _EXCERPT_LENGTH * 40].decode("utf-8", "replace")
    shown = quote(text, *requests, longest=_EXCERPT_LENGTH)
    is_cut = len(content) > _EXCERPT_LENGTH * 40 and not shown.endswith("…")
    return f"{shown}…" if is_cut else shown


def quote(text: str, *requests: httpx2.Request, longest: int = _REASON_LENGTH) -> str:
    """Return what may be said of a text in a reply: one line, without secrets of the requests.

    Args:
        text: The text.
        *requests: The requests whose secrets it may repeat.
        longest: The number of characters after which the text is cut.
    """
    beginning = text[: longest * 40]
    is_whole = len(beginning) == len(text)
    secrets = {secret for request in requests for secret in _secrets_of(request)}
    shown = _mask(beginning.replace("\0", ""), secrets)
    if secrets and not is_whole:
        shown = shown[:-_PIECE]  # The beginning of a secret is recognized by as many characters.
    line = " ".join(printable(shown).split())
    return line if is_whole and len(line) <= longest else f"{line[:longest]}…"


def has_secret(text: str, request: httpx2.Request) -> bool:
    """Whether a text contains a secret of the request."""
    return _mask(text, set(_secrets_of(request))) != text


def _mask(text: str, secrets: set[str]) -> str:
    forms = {form for secret in secrets for form in _forms_of(secret) if len(form) >= _SHORTEST}
    pieces = {form[at : at + _PIECE] for form in forms for at in range(len(form) - _PIECE + 1)}
    spans: list[tuple[int, int]] = [
        (at, at + _PIECE)
        for at in range(len(text) - _PIECE + 1)
        if text[at : at + _PIECE] in pieces
    ]
    for form in forms:
        if len(form) < _PIECE:
            spans += [found.span() for found in re.finditer(re.escape(form), text)]
    masked: list[str] = []
    end = 0
    for start, stop in sorted(spans):
        if start > end or not masked:
            masked += [text[end:start], _MASK]
        end = max(end, stop)
    return "".join([*masked, text[end:]])


def _forms_of(secret: str) -> Iterator[str]:
    """Yield the texts that a secret appears as when it is escaped or encoded."""
    yield secret
    encoded = percent_encode(secret, safe="")
    yield from (encoded, encoded.lower(), quote_plus(secret), escape(secret))
    yield from (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    yield from (repr(secret)[1:-1], repr(secret.encode("utf-8", "replace"))[2:-1])
    # Base64 of a text with the secret in it, after one or two other bytes or none.
    for before, first in ((0, 0), (1, 2), (2, 3)):
        content = bytes(before) + secret.encode("utf-8", "replace")
        last = None if len(content) % 3 == 0 else -1
        for altchars in (None, b"-_"):
            yield b64encode(content, altchars).decode().rstrip("=")[first:last]


def _secrets_of(request: httpx2.Request) -> Iterator[str]:
    for name, value in request.headers.multi_items():
        if name.lower() not in _PUBLIC_HEADERS:
            yield from _secrets_in_header(name.lower(), value)
    try:
        content = request.content
    except httpx2.RequestNotRead:
        return
    kind = request.headers.get("Content-Type", "")
    if len(content) <= _LARGEST_BODY:
        if "json" in kind:
            yield from _secrets_in_json(content)
        elif "x-www-form-urlencoded" in kind:
            for name, value in parse_qsl(content.decode("utf-8", "replace")):
                if name not in _PUBLIC_FIELDS:
                    yield value


def _secrets_in_header(name: str, value: str) -> Iterator[str]:
    if name == "cookie":
        yield from (cookie.partition("=")[2].strip() for cookie in value.split(";"))
        return
    scheme, _, credentials = value.partition(" ")
    if "authorization" not in name or not credentials:
        yield value
    if credentials:
        yield credentials
    if scheme.lower() == "basic":
        yield from _secrets_in_basic(credentials)


def _secrets_in_basic(credentials: str) -> Iterator[str]:
    try:
        decoded = b64decode(credentials).decode()
    except ValueError:
        return
    yield decoded
    yield decoded.partition(":")[2]


def _secrets_in_json(content: bytes) -> Iterator[str]:
    try:
        body = json.loads(content)
    except ValueError:
        return
    yield from _texts(body, is_secret=False)


def _texts(value: object, *, is_secret: bool) -> Iterator[str]:
    """Yield the texts below members of a JSON value that are secrets."""
    if isinstance(value, dict):
        for name, item in cast("dict[str, object]", value).items():
            yield from _texts(item, is_secret=is_secret or bool(_SECRET_MEMBER.search(name)))
    elif isinstance(value, list):
        for item in cast("list[object]", value):
            yield from _texts(item, is_secret=is_secret)
    elif is_secret and isinstance(value, str):
        yield value
