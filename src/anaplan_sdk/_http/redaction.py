"""What may be said of a request in an error, a log line or a repr."""

from __future__ import annotations

import httpx2


def safe_url(url: httpx2.URL | str) -> str:
    """The URL without user info, query and fragment: the parts that can carry a secret."""
    parsed = httpx2.URL(url)
    return str(parsed.copy_with(username=None, password=None, query=None, fragment=None))


def excerpt(content: bytes, limit: int = 200) -> str:
    """The beginning of a reply's text on one line, for an error message."""
    text = " ".join(content[: limit * 4].decode("utf-8", "replace").split())
    return text if len(text) <= limit else f"{text[:limit]}…"
