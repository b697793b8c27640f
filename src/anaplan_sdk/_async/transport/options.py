"""What a client hands on to the HTTP library."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from typing import Any, TypedDict

import httpx2


class HttpxOptions(TypedDict, total=False):
    """What a client hands on to the `httpx2.AsyncClient` it sends with."""

    cert: str | tuple[str, str] | tuple[str, str, str]
    cookies: httpx2.Cookies | dict[str, str]
    event_hooks: Mapping[str, list[Callable[..., Any]]]
    follow_redirects: bool
    headers: Mapping[str, str]
    http1: bool
    http2: bool
    limits: httpx2.Limits
    max_redirects: int
    mounts: Mapping[str, httpx2.AsyncBaseTransport | None]
    proxy: str | httpx2.URL | httpx2.Proxy
    transport: httpx2.AsyncBaseTransport
    trust_env: bool
    verify: ssl.SSLContext | str | bool


def check_options(timeout: float | httpx2.Timeout, options: HttpxOptions) -> None:
    """Refuses what the HTTP library would refuse only at the first request.

    Raises:
        TypeError: There is no such argument.
        ValueError: The timeout or the proxy isn't one.
    """
    if unknown := options.keys() - HttpxOptions.__annotations__.keys():
        raise TypeError(f"A client takes no argument {min(unknown)!r}.")
    if not isinstance(timeout, httpx2.Timeout) and timeout <= 0:
        raise ValueError(f"timeout must be positive, not {timeout}.")
    proxy = options.get("proxy")
    if proxy is not None and not isinstance(proxy, httpx2.Proxy):
        try:
            httpx2.Proxy(proxy)
        except (ValueError, httpx2.InvalidURL):
            raise ValueError("proxy is not the URL of a proxy.") from None
