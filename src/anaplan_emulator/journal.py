"""The requests received, with secrets masked."""

import hashlib
import json
import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from urllib.parse import parse_qsl, urlencode

from anaplan_emulator.calls import read_json

LARGEST_BODY_KEPT = 16 * 1024
REQUESTS_KEPT = 10_000
MASK = "***"
SECRET_HEADERS = frozenset(
    {"authorization", "cookie", "proxy-authorization", "x-api-token", "x_api_token"}
)
SECRET_KEYS = frozenset(
    {
        "access_token",
        "client_secret",
        "code_verifier",
        "device_code",
        "encodeddata",
        "encodedsigneddata",
        "form_token",
        "passphrase",
        "password",
        "private_key",
        "privatekey",
        "refresh_token",
        "refreshtoken",
        "secret",
        "token",
        "tokenvalue",
        "user_code",
    }
)

# In JSON a `code` is a list item's; in OAuth's requests and redirects it is a secret.
SECRET_OAUTH_KEYS = SECRET_KEYS | {"code"}


@dataclass(slots=True)
class ReceivedRequest:
    """A request that arrived, and what became of it.

    Attributes:
        number: Counts up from 1, over all requests since the emulator started.
        received_at: When its head arrived, by the emulator's clock.
        client: Address and port it came from: the same for requests on one connection.
        method: HTTP method.
        path: Path.
        query: Query, secrets masked.
        headers: Headers with lower-case names, secrets masked. A token is shown by a digest, so
            that two can be told apart.
        content_type: What the body was said to be.
        body_bytes: How much of the body arrived.
        body: Small JSON and form bodies as text, secrets masked.
        status: Status answered; none while in flight, or where a fault kept the answer.
        fault: Id of the fault that met it.
    """

    number: int
    received_at: datetime
    client: str
    method: str
    path: str
    query: str
    headers: dict[str, str]
    content_type: str
    body_bytes: int = 0
    body: str | None = None
    status: int | None = None
    fault: int | None = None


class Journal:
    """The latest requests, oldest first; safe to use from any thread."""

    def __init__(self) -> None:
        self._requests: deque[ReceivedRequest] = deque(maxlen=REQUESTS_KEPT)
        self._numbers = count(1)
        self._guard = threading.Lock()

    def open(
        self,
        *,
        received_at: datetime,
        client: str,
        method: str,
        path: str,
        query: str,
        headers: Iterable[tuple[str, str]],
    ) -> "Entry":
        """Note a request whose head has arrived."""
        masked = {name: _masked_header(name, value) for name, value in headers}
        with self._guard:
            request = ReceivedRequest(
                number=next(self._numbers),
                received_at=received_at,
                client=client,
                method=method,
                path=path,
                query=_masked_form(query),
                headers=masked,
                content_type=masked.get("content-type", ""),
            )
            self._requests.append(request)
        return Entry(request)

    def requests(self) -> list[ReceivedRequest]:
        """Return copies of what is noted."""
        with self._guard:
            return [replace(request) for request in self._requests]

    def clear(self) -> None:
        """Forget all requests; the numbers go on."""
        with self._guard:
            self._requests.clear()


@dataclass(slots=True)
class Entry:
    """A request being noted, while it goes on."""

    request: ReceivedRequest
    _body: bytearray = field(default_factory=bytearray)

    def body_arrived(self, piece: bytes, *, last: bool) -> None:
        """Count a piece of the body, and keep the body if it is small and readable."""
        self.request.body_bytes += len(piece)
        if self.request.body_bytes <= LARGEST_BODY_KEPT:
            self._body += piece
            if last:
                self.request.body = _masked_body(self.request.content_type, bytes(self._body))


def _masked_header(name: str, value: str) -> str:
    if name == "referer":
        page, _, query = value.partition("?")
        return f"{page}?{_masked_form(query)}" if query else page
    if name not in SECRET_HEADERS:
        return value
    scheme, separator, secret = value.partition(" ")
    if not separator or name == "cookie":
        return MASK
    # Tokens are long and random, so a few digits of a digest give nothing away; of a password
    # they would.
    if scheme in ("AnaplanAuthToken", "Bearer"):
        return f"{scheme} {MASK}{hashlib.sha256(secret.encode()).hexdigest()[:8]}"
    return f"{scheme} {MASK}"


def _masked_body(content_type: str, body: bytes) -> str | None:
    media_type = content_type.partition(";")[0].strip().lower()
    try:
        if media_type == "application/json" and body:
            return json.dumps(_masked_json(read_json(body)))
        if media_type == "application/x-www-form-urlencoded":
            return _masked_form(body.decode())
    except ValueError:
        pass  # Unreadable text could hold a secret in any place.
    return None


def _masked_json(value: object) -> object:
    if isinstance(value, dict):
        secret = SECRET_OAUTH_KEYS if "grant_type" in value else SECRET_KEYS
        return {
            key: MASK if key.lower() in secret else _masked_json(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_masked_json(item) for item in value]
    return value


def _masked_form(text: str) -> str:
    pairs = parse_qsl(text, keep_blank_values=True)
    if not any(key.lower() in SECRET_OAUTH_KEYS for key, _ in pairs):
        return text
    masked = [(key, MASK if key.lower() in SECRET_OAUTH_KEYS else value) for key, value in pairs]
    return urlencode(masked, safe="*")
