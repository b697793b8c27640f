"""Rendering the console's pages, with security headers."""

import re
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from anaplan_emulator.clock import zulu
from anaplan_emulator.console.visits import CONSOLE_PATH, Visit, address, counted, form_token, link

_SECURITY = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    # With no-referrer, browsers would send forms without their origin.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}

_STATIC = {
    "console.css": "text/css",
    "console.js": "text/javascript",
    "htmx.min.js": "text/javascript",
}

_NAVIGATION = (
    ("", "Overview"),
    ("models", "Models"),
    ("tasks", "Tasks"),
    ("requests", "Requests"),
    ("timeline", "Timeline"),
    ("faults", "Faults"),
    ("clock", "Clock"),
    ("settings", "Settings"),
    ("users", "Users"),
    ("audit", "Audit log"),
    ("tenant", "Tenant"),
)
"""First segments of the paths of the main pages, and their names."""

_LONG_ID = re.compile(r"\b[0-9A-Fa-f]{32}\b")

# What a page reports after a form, by the query parameter `done`.
_REPORTS = {
    "fault-added": "The fault was added.",
    "fault-removed": "The fault was removed.",
    "faults-cleared": "All faults were removed.",
    "clock": "The clock was moved.",
    "settings": "The settings were saved.",
    "reset": "The tenant was reset.",
    "requests-cleared": "The received requests were removed from the log.",
    "started": "The task was started.",
    "cancelled": "The task was asked to end.",
}


def page(
    visit: Visit, template: str, title: str, status_code: int = 200, /, **context: object
) -> Response:
    """Return a page as a response.

    Args:
        visit: The request.
        template: File name of the template.
        title: The page's title and heading.
        status_code: HTTP status.
        **context: Variables of the template, which are escaped.
    """
    now = visit.tenant.clock.now()
    text = (
        _templates()
        .get_template(template)
        .render(
            title=title,
            visit=visit,
            section=visit.path.strip("/").partition("/")[0],
            token=form_token(visit.tenant),
            tenant_name=visit.tenant.description.name,
            now=now,
            moved=bool(visit.tenant.clock.offset),
            report=_REPORTS.get(visit.query.get("done", "")),
            **context,
        )
    )
    return HTMLResponse(text, status_code, _SECURITY)


def live_page(visit: Visit, template: str, title: str, /, **context: object) -> Response:
    """Return a page that stays up to date, or 204 if an open one already shows this state."""
    state = f"{zlib.crc32(repr(context).encode()):08x}"
    if visit.is_update and visit.query.get("seen") == state:
        return Response(status_code=204, headers=_SECURITY)
    paused = visit.query.get("live") == "off"
    live = None if paused else visit.url(seen=state, done=None)
    return page(visit, template, title, live=live, paused=paused, **context)


def redirect(*parts: object, **query: object) -> Response:
    """Lead the browser to a page after a form."""
    return RedirectResponse(link(*parts, **query), 303, _SECURITY)


def download(body: bytes, name: str, media_type: str) -> Response:
    """Return a file to save, whose name is made safe for every file system."""
    headers = {**_SECURITY, "Content-Disposition": _content_disposition(name)}
    return Response(body, media_type=media_type, headers=headers)


def stream(chunks: Iterator[bytes], name: str) -> Response:
    """Return a large file to save, chunk by chunk."""
    headers = {**_SECURITY, "Content-Disposition": _content_disposition(name)}
    return StreamingResponse(chunks, headers=headers, media_type="application/octet-stream")


def _content_disposition(name: str) -> str:
    """Return the header of a file to save."""
    safe = re.sub(r"[^\w .()-]", "_", name).strip(" .")[-120:] or "file"
    plain = safe.encode("ascii", "replace").decode().replace("?", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe='')}"


def static_file(name: str) -> Response:
    """Return a style sheet or script."""
    if name not in _STATIC:
        return Response(status_code=404, headers=_SECURITY)
    body = (files("anaplan_emulator.console") / "static" / name).read_bytes()
    headers = {**_SECURITY, "Cache-Control": "no-cache"}
    return Response(body, media_type=_STATIC[name], headers=headers)


def _moment(value: datetime | float | None) -> str:
    """Show a time; numbers are milliseconds since the epoch."""
    if value is None:
        return "-"
    try:
        moment = value if isinstance(value, datetime) else datetime.fromtimestamp(value / 1000, UTC)
    except (OSError, OverflowError, ValueError):
        return "after the year 9999"
    return zulu(moment).replace("T", " ").partition(".")[0]


def _seconds(value: float | None) -> str:
    """Show a duration."""
    if value is None:
        return "-"
    if value < 1:
        return f"{value * 1000:.0f} ms"
    if value < 120:
        return f"{value:.1f} s"
    minutes, hours, days = value / 60, value / 3600, value / 86400
    return f"{minutes:.0f} min" if hours < 2 else f"{hours:.1f} h" if days < 2 else f"{days:.0f} d"


def _short_ids(text: str) -> str:
    """Show long ids by their ends, so that paths fit on a line."""
    return _LONG_ID.sub(lambda found: f"{found[0][:4]}..{found[0][-4:]}", text)


def _number(value: float) -> str:
    """Show a number with separators."""
    return f"{value:,}"


def _size(value: float) -> str:
    """Show a number of bytes."""
    for unit in ("bytes", "kB", "MB"):
        if value < 1000:
            return f"{value:,.0f} {unit}" if unit == "bytes" else f"{value:,.1f} {unit}"
        value /= 1000
    return f"{value:,.1f} GB"


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("anaplan_emulator.console", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "link": link,
        "address": address,
        "static": f"{CONSOLE_PATH}/static",
        "navigation": _NAVIGATION,
    }
    environment.filters |= {
        "moment": _moment,
        "seconds": _seconds,
        "short_ids": _short_ids,
        "number": _number,
        "counted": counted,
        "size": _size,
    }
    return environment
