"""All pages of a listing, whatever it lists."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from anaplan_sdk.cli.failures import usage_error

if TYPE_CHECKING:
    import httpx2

    from anaplan_sdk._sync.transport.session import Session


def read_all_pages(
    session: Session, url: str, query: Mapping[str, str], headers: Mapping[str, str]
) -> tuple[httpx2.Response, bytes]:
    """Read a listing page by page, and join its pages.

    Args:
        session: Sends the requests.
        url: The URL of the listing.
        query: The query of the first page.
        headers: The headers of all requests.

    Returns:
        The last reply, and the JSON of the first with the objects of all.

    Raises:
        CommandError: The reply is not a listing.
        AnaplanException: A page could not be read.
    """
    reply, document = _read(session, url, query, headers)
    listed: dict[str, list[Any]] = {
        name: value for name, value in document.items() if isinstance(value, list)
    }
    if not listed:
        if _total(document) == 0:
            return reply, reply.content
        raise usage_error("The reply is not a listing in pages.", "Leave out --paginate.")
    key = max(listed, key=lambda name: len(listed[name]))
    items = listed[key]
    # SCIM counts from 1.
    place, first = ("startIndex", 1) if "totalResults" in document else ("offset", 0)
    start = int(query.get(place, first)) - first
    total = _total(document) or 0
    while start + len(items) < total:
        following = {**query, place: str(start + len(items) + first)}
        reply, page = _read(session, url, following, headers)
        if not page.get(key):
            break
        items += page[key]
        for name in page.keys() - {key}:
            document[name] = page[name]
    return reply, json.dumps(document, ensure_ascii=False).encode()


def _read(
    session: Session, url: str, query: Mapping[str, str], headers: Mapping[str, str]
) -> tuple[httpx2.Response, dict[str, Any]]:
    reply = session.send("GET", url, params=query or None, headers=headers)
    try:
        document = json.loads(reply.content)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise usage_error("The reply is not a JSON object with a listing.", "Leave out --paginate.")
    return reply, cast("dict[str, Any]", document)


def _total(document: Mapping[str, Any]) -> int | None:
    """Return the number of objects on all pages, where Anaplan puts it."""
    meta: Any = document.get("meta") or {}
    paging: Any = meta.get("paging") or {"totalSize": document.get("totalResults")}
    total = paging.get("totalSize")
    return total if isinstance(total, int) else None
