"""What error messages, log lines and reprs may contain of requests and replies."""

from __future__ import annotations

import httpx2

_EXCERPT_LENGTH = 200


def safe_url(url: httpx2.URL | str) -> str:
    """Return the URL without user info, query and fragment, which may contain secrets."""
    try:
        parsed = httpx2.URL(url)
    except httpx2.InvalidURL:
        return "an invalid URL"
    return str(parsed.copy_with(username=None, password=None, query=None, fragment=None))


def excerpt(content: bytes) -> str:
    """Return the beginning of a reply's text as one line, for an error message."""
    beginning = content[: _EXCERPT_LENGTH * 4]
    text = " ".join(beginning.decode("utf-8", "replace").split())
    whole = len(text) <= _EXCERPT_LENGTH and len(beginning) == len(content)
    return text if whole else f"{text[:_EXCERPT_LENGTH]}…"
