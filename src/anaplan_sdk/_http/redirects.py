"""Redirects: which are followed, and what is sent to the new address."""

from __future__ import annotations

import httpx2

# What a request to another origin may keep of its headers.
_KEPT = frozenset(("accept", "accept-encoding", "host", "user-agent"))


def next_request(response: httpx2.Response, first: httpx2.Request) -> httpx2.Request | None:
    """Return the request that follows a redirect; None if there is none to follow.

    Another origin gets no body and no header that may carry a secret. A request with a body is not
    repeated there at all, whichever method the redirect asks for. A request that writes is never
    continued as a GET (301, 302 and 303): what that reads is not the reply to what was sent.

    Args:
        response: The reply to a request that was sent without following redirects.
        first: The request that was redirected first.
    """
    following = response.next_request
    if following is None or following.method != first.method:
        return None
    if _origin(following) == _origin(first):
        return following
    if first.method not in ("GET", "HEAD") or "Content-Type" in first.headers:
        return None
    for name in list(following.headers):
        if name.lower() not in _KEPT:
            del following.headers[name]
    return following


def _origin(request: httpx2.Request) -> tuple[str, str, int | None]:
    # The port is None where it is the scheme's own.
    return request.url.scheme, request.url.host, request.url.port
