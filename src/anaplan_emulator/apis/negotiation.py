"""Content negotiation: the media types that a client accepts, and compressed responses.

Source: docs/anaplan-behaviour.md#status-codes; RFC 9110, section 12.5.
"""

import gzip
from collections.abc import Iterator

from starlette.datastructures import Headers
from starlette.responses import Response

# The media types of responses in the Integration API.
_KNOWN_TYPES = ("application/json", "text/csv", "text/plain", "application/octet-stream")

# Smaller responses gain nothing. The level is the fastest one.
_COMPRESSED_FROM = 32 * 1024
_LEVEL = 1


def accepts(headers: Headers, media_type: str) -> bool:
    """Return whether a client accepts a media type, which it does without a header `Accept`."""
    general = f"{media_type.partition('/')[0]}/*"
    ranges = dict(_weighted(headers.get("accept", "") or "*/*"))
    # The most specific range decides.
    weight = next((ranges[each] for each in (media_type, general, "*/*") if each in ranges), 0)
    return weight > 0


def accepts_any_known(headers: Headers) -> bool:
    """Return whether a client accepts any media type of the Integration API."""
    return any(accepts(headers, media_type) for media_type in _KNOWN_TYPES)


def is_json(headers: Headers) -> bool:
    """Return whether a request's body is labelled as JSON, or not labelled."""
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    return media_type in ("", "application/json") or media_type.endswith("+json")


def compress(response: Response, headers: Headers) -> None:
    """Compress a large response of text, if the client accepts gzip.

    Content of files is never compressed (docs/anaplan-behaviour.md#files-and-chunks).
    """
    media_type = response.headers.get("content-type", "").partition(";")[0]
    is_text = media_type.startswith("text/") or media_type.endswith("json")
    if not is_text or len(response.body) < _COMPRESSED_FROM:
        return
    response.headers["Vary"] = "Accept-Encoding"
    codings = dict(_weighted(headers.get("accept-encoding", "")))
    if codings.get("gzip", codings.get("x-gzip", codings.get("*", 0))) > 0:
        response.body = gzip.compress(response.body, _LEVEL)
        response.headers["Content-Encoding"] = "gzip"
        response.headers["Content-Length"] = str(len(response.body))


def _weighted(header: str) -> Iterator[tuple[str, float]]:
    """Yield the members of a header such as `Accept`, with their weights."""
    for member in header.split(","):
        name, *parameters = (part.strip().lower() for part in member.split(";"))
        weight = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    weight = float(parameter[2:])
                except ValueError:
                    weight = 1.0
        yield name, weight
