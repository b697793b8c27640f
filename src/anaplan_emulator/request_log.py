"""The log of received requests, with secrets masked."""

import hashlib
import json
import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from urllib.parse import parse_qsl, urlencode

from pydantic_core import from_json

MAX_BODY_BYTES = 16 * 1024
MAX_REQUESTS = 10_000
MASK = "***"
SECRET_HEADERS = frozenset(
    {
        "authorization",
        "cookie",
        "proxy-authorization",
        "x-api-key",
        "x-api-token",
        "x_api_token",
    }
)
# Names without hyphens and underscores, in lower case.
SECRET_KEYS = frozenset(
    {
        "accesstoken",
        "apikey",
        "apitoken",
        "clientassertion",
        "clientsecret",
        "codeverifier",
        "devicecode",
        "encodeddata",
        "encodedsigneddata",
        "formtoken",
        "jsonkey",
        "passphrase",
        "password",
        "privatekey",
        "refreshtoken",
        "sastoken",
        "secret",
        "secretaccesskey",
        "secretkey",
        "serviceaccountkey",
        "token",
        "tokenvalue",
        "usercode",
    }
)

# In JSON, `code` is that of a list item; in OAuth requests and redirects it is a secret.
SECRET_OAUTH_KEYS = SECRET_KEYS | {"code"}


@dataclass(slots=True)
class ReceivedRequest:
    """A request that the emulator received.

    Attributes:
        number: Number of the request, counted from 1 since the emulator started.
        received_at: When its headers were received, on the emulator's clock.
        client: Address and port of the client, which are the same for requests on a connection.
        method: HTTP method.
        path: Path.
        query: Query string, with secrets masked.
        headers: Headers by lower-case name, with secrets masked. A masked token ends in digits of
            a digest, so that different tokens can be distinguished.
        content_type: The header `Content-Type`.
        body_bytes: Size of the received body, in bytes.
        body: The body as text, with secrets masked, if it is JSON or a form of up to 16 KiB.
        seconds: Seconds of real time until its response was sent, or None if it is unfinished.
        status: Status of the response, or None if none was sent: the request is unfinished, or a
            fault prevented the response.
        fault: Id of the fault that was applied to it.
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
    seconds: float | None = None
    fault: int | None = None


class RequestLog:
    """The latest requests, oldest first. It is thread-safe."""

    def __init__(self) -> None:
        self._requests: deque[ReceivedRequest] = deque(maxlen=MAX_REQUESTS)
        self._numbers = count(1)
        self._lock = threading.Lock()

    def add(
        self,
        *,
        received_at: datetime,
        client: str,
        method: str,
        path: str,
        query: str,
        headers: Iterable[tuple[str, str]],
    ) -> "LogEntry":
        """Add a request whose headers have been received."""
        masked = {name: _masked_header(name, value) for name, value in headers}
        with self._lock:
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
        return LogEntry(request)

    def requests(self) -> list[ReceivedRequest]:
        """Return copies of the requests."""
        with self._lock:
            return [replace(request) for request in self._requests]

    def clear(self) -> None:
        """Remove all requests. Numbers continue."""
        with self._lock:
            self._requests.clear()


@dataclass(slots=True)
class LogEntry:
    """The entry of an unfinished request."""

    request: ReceivedRequest
    _body: bytearray = field(default_factory=bytearray)
    _started: float = field(default_factory=time.perf_counter)

    def end(self) -> None:
        """Note how long the request took."""
        self.request.seconds = time.perf_counter() - self._started

    def add_body(self, chunk: bytes, *, last: bool) -> None:
        """Add a chunk of the body, which is kept if it is small and readable."""
        self.request.body_bytes += len(chunk)
        if self.request.body_bytes <= MAX_BODY_BYTES:
            self._body += chunk
            if last:
                self.request.body = _masked_body(self.request.content_type, bytes(self._body))


def _masked_header(name: str, value: str) -> str:
    if name == "referer":
        url, _, query = value.partition("?")
        return f"{url}?{_masked_form(query)}" if query else url
    if name not in SECRET_HEADERS:
        return value
    scheme, separator, secret = value.strip().partition(" ")
    if not separator or name == "cookie":
        return MASK
    # Tokens are long and random, so a few digits of a digest reveal nothing, unlike a password's.
    if scheme.lower() in ("anaplanauthtoken", "bearer"):
        return f"{scheme} {MASK}{hashlib.sha256(secret.encode()).hexdigest()[:8]}"
    return f"{scheme} {MASK}"


def _masked_body(content_type: str, body: bytes) -> str | None:
    media_type = content_type.partition(";")[0].strip().lower()
    try:
        if media_type == "application/json" and body:
            return json.dumps(_masked_json(from_json(body, allow_inf_nan=False)))
        if media_type == "application/x-www-form-urlencoded":
            return _masked_form(body.decode())
    except ValueError:
        pass  # An unreadable body could contain a secret anywhere.
    return None


def _masked_json(value: object) -> object:
    if isinstance(value, dict):
        secret = SECRET_OAUTH_KEYS if "grant_type" in value else SECRET_KEYS
        return {
            key: MASK if _plain(key) in secret else _masked_json(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_masked_json(item) for item in value]
    return value


def _plain(name: str) -> str:
    """Return a name in the form of those of secrets."""
    return name.lower().replace("_", "").replace("-", "")


def _masked_form(text: str) -> str:
    pairs = parse_qsl(text, keep_blank_values=True)
    if not any(_plain(key) in SECRET_OAUTH_KEYS for key, _ in pairs):
        return text
    masked = [(key, MASK if _plain(key) in SECRET_OAUTH_KEYS else value) for key, value in pairs]
    return urlencode(masked, safe="*")
