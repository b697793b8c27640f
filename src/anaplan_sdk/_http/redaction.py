"""What may be said of a request in an error, a log line or a repr."""

from __future__ import annotations

import httpx2


def safe_url(url: httpx2.URL | str) -> str:
    """The URL without user info, query and fragment: the parts that can carry a secret."""
    try:
        parsed = httpx2.URL(url)
    except httpx2.InvalidURL:
        return "an invalid URL"
    return str(parsed.copy_with(username=None, password=None, query=None, fragment=None))


def excerpt(content: bytes, limit: int = 200) -> str:
    """The beginning of a reply's text on one line, for an error message."""
    beginning = content[: limit * 4]
    text = " ".join(beginning.decode("utf-8", "replace").split())
    whole = len(text) <= limit and len(beginning) == len(content)
    return text if whole else f"{text[:limit]}…"
