"""Pages of the received requests, with secrets masked."""

import json
import shlex
import sqlite3
from dataclasses import dataclass
from urllib.parse import quote

from starlette.responses import Response

from anaplan_emulator.console.rendering import live_page, page, redirect
from anaplan_emulator.console.visits import PageError, Visit, Window, pretty_json
from anaplan_emulator.request_log import MASK, ReceivedRequest

STATUSES = {
    "2": "2xx",
    "3": "3xx",
    "4": "4xx",
    "5": "5xx",
    "none": "no response",
    "fault": "with a fault",
}
"""Choices of the filter by status."""

_TOKEN_SCHEMES = ("anaplanauthtoken", "bearer", "anaplanapikey")


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request in the table.

    Attributes:
        request: The request.
        path: Its path and query.
        sender: Who sent it, if that is known.
        tone: How its status is shown.
    """

    request: ReceivedRequest
    path: str
    sender: str
    tone: str


def show_requests(visit: Visit) -> Response:
    """GET /requests: the received requests, the latest first, as far as they match the filter."""
    requests = visit.tenant.request_log.requests()
    matching = [each for each in reversed(requests) if _matches(visit, each)]
    window = Window.requested(visit, len(matching))
    with visit.tenant.store.snapshot() as db:
        rows = request_rows(db, matching[window.start : window.end])
    return live_page(
        visit,
        "requests.html",
        "Received requests",
        rows=rows,
        window=window,
        total=len(requests),
        methods=sorted({each.method for each in requests}),
        statuses=STATUSES,
        filtered=any(visit.query.get(name) for name in ("method", "path", "status", "text")),
    )


def show_request(visit: Visit) -> Response:
    """GET /requests/{number}: a request with its headers and body."""
    text = visit.parameters["number"]
    requests = visit.tenant.request_log.requests()
    found = next((each for each in requests if str(each.number) == text), None)
    if found is None:
        raise PageError(404, "The log has no such request. It holds the latest 10,000.")
    with visit.tenant.store.snapshot() as db:
        (row,) = request_rows(db, [found])
    numbers = [each.number for each in requests]
    position = numbers.index(found.number)
    return page(
        visit,
        "request.html",
        f"Request {found.number}",
        row=row,
        body=_readable(found.body),
        command=curl(visit.tenant.base_url, found),
        base_url=visit.tenant.base_url,
        older=numbers[position - 1] if position else None,
        newer=numbers[position + 1] if position + 1 < len(numbers) else None,
    )


def clear_requests(visit: Visit) -> Response:
    """POST /requests/clear: remove the received requests from the log."""
    visit.tenant.request_log.clear()
    return redirect("requests", done="requests-cleared")


def request_rows(db: sqlite3.Connection, requests: list[ReceivedRequest]) -> list[RequestRow]:
    """Return requests as rows, with the users to whom their tokens belong."""
    owners = {
        row["digest"][:8]: row["email"]
        for table in ("tokens", "api_keys")
        for row in db.execute(
            f"SELECT lower(hex(digest)) AS digest, email FROM {table}"  # noqa: S608
            " JOIN users ON users.id = user_id"
        )
    }
    return [
        RequestRow(
            request=each,
            path=f"{each.path}?{each.query}" if each.query else each.path,
            sender=_sender(each, owners),
            tone=tone(each.status),
        )
        for each in requests
    ]


def tone(status: int | None) -> str:
    """Return how a status is shown: `none`, `good`, `moved`, `refused` or `failed`."""
    if status is None:
        return "none"
    return {2: "good", 3: "moved", 4: "refused"}.get(status // 100, "failed")


def curl(base_url: str, request: ReceivedRequest) -> str:
    """Return a command line that repeats a request, with `$TOKEN` in place of its secret."""
    query = f"?{request.query}" if request.query else ""
    parts = ["curl", "-i"]
    if request.method != "GET":
        parts += ["-X", shlex.quote(request.method)]
    parts.append(shlex.quote(f"{base_url}{quote(request.path, safe='/:@')}{query}"))
    for name, value in request.headers.items():
        if name == "authorization":
            scheme = shlex.quote(value.partition(" ")[0])
            parts += ["-H", f'"Authorization: {scheme} $TOKEN"']
        elif name in ("accept", "content-type") or (name.startswith("x-") and MASK not in value):
            parts += ["-H", shlex.quote(f"{name}: {value}")]
    if request.body is not None:
        parts += ["--data-raw", shlex.quote(request.body)]
    elif request.body_bytes:
        parts += ["--data-binary", "@FILE"]
    return " ".join(parts)


def _matches(visit: Visit, request: ReceivedRequest) -> bool:
    method, path = visit.query.get("method", ""), visit.query.get("path", "")
    text = visit.query.get("text", "").lower()
    if method and request.method != method:
        return False
    if path and path.lower() not in request.path.lower():
        return False
    if text and text not in _searched(request):
        return False
    return _has_status(request, visit.query.get("status", ""))


def _has_status(request: ReceivedRequest, wanted: str) -> bool:
    match wanted:
        case "none":
            return request.status is None
        case "fault":
            return request.fault is not None
    return not wanted or (request.status is not None and str(request.status).startswith(wanted))


def _searched(request: ReceivedRequest) -> str:
    """Return the text of a request, in lower case."""
    headers = "\n".join(f"{name}: {value}" for name, value in request.headers.items())
    return f"{request.query}\n{headers}\n{request.body or ''}".lower()


def _sender(request: ReceivedRequest, owners: dict[str, str]) -> str:
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() in _TOKEN_SCHEMES:
        digest = secret.removeprefix(MASK)
        return owners.get(digest, f"unknown token {digest}".strip())
    return "password" if scheme.lower() == "basic" else "certificate" if scheme else ""


def _readable(body: str | None) -> str | None:
    try:
        return pretty_json(json.loads(body)) if body else body
    except ValueError:
        return body
