"""Checks of an HTTP client's options, which its library makes at the first request or never.

Nothing is quoted that may be a secret: the value of a header, a cookie, the URL of a proxy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import httpx2

from anaplan_sdk._http.header_values import check_header_value, check_headers
from anaplan_sdk._http.proxies import check_proxy
from anaplan_sdk._ranges import Range
from anaplan_sdk.exceptions import ArgumentTypeException, InvalidArgumentException

# Sockets take no more than 2 ** 31 milliseconds.
_TIMEOUT = Range(0, 1_000_000, is_positive=True)
_NOT_NEGATIVE = Range(0)
# Any private key is longer.
_LONGEST_PATH = 255

_TYPES: dict[str, Any] = {
    "event_hooks": Mapping,
    "follow_redirects": bool,
    "http1": bool,
    "http2": bool,
    "limits": httpx2.Limits,
    "mounts": Mapping,
    "trust_env": bool,
}


def check_http_options(options: Mapping[str, Any]) -> None:
    """Check the options of an HTTP client.

    Raises:
        ArgumentTypeException: One has the wrong type.
        InvalidArgumentException: A proxy is not valid, a number is out of range, a header can't be
            sent, or a file does not exist.
        ImportError: HTTP/2 or the proxy needs a package that is not installed.
    """
    for name, kind in _TYPES.items():
        value = options.get(name)
        if value is not None and not isinstance(value, kind):
            raise ArgumentTypeException(
                f"{name} must be of type {kind.__name__}, not {type(value).__name__}."
            )
    for name, check in _CHECKS.items():
        if (value := options.get(name)) is not None:
            check(value)


def check_http_timeout(timeout: Any) -> None:
    """Check the timeout of an HTTP client's steps.

    Raises:
        ArgumentTypeException: It is not a number.
        InvalidArgumentException: It is not positive, or too large for a socket.
    """
    if not isinstance(timeout, httpx2.Timeout):
        _TIMEOUT.check("timeout", timeout, float)
        return
    for step, seconds in timeout.as_dict().items():
        if seconds is not None:
            _TIMEOUT.check(f"timeout: {step}", seconds, float)


def _check_cookies(cookies: Any) -> None:
    try:
        parts = [
            part for cookie in httpx2.Cookies(cookies).jar for part in (cookie.name, cookie.value)
        ]
    except (TypeError, ValueError, AttributeError):
        parts = [None]
    for part in parts:  # Outside of the except clause: its error may quote a value.
        if not isinstance(part, str):
            raise ArgumentTypeException("cookies must be an httpx2.Cookies or a dict of str.")
        check_header_value("cookies: a name or a value", part)


def _check_limits(limits: httpx2.Limits) -> None:
    for name, kind in (
        ("max_connections", int),
        ("max_keepalive_connections", int),
        ("keepalive_expiry", float),
    ):
        if (value := getattr(limits, name)) is not None:
            at_least = Range(1) if name == "max_connections" else _NOT_NEGATIVE
            at_least.check(f"limits: {name}", value, kind)


def _check_event_hooks(hooks_by_event: Mapping[Any, Any]) -> None:
    for event, hooks in hooks_by_event.items():
        if (
            event not in ("request", "response")
            or not isinstance(hooks, list | tuple)
            or not all(map(callable, cast("list[object]", hooks)))
        ):
            raise ArgumentTypeException(
                "event_hooks must map 'request' and 'response' to lists of functions."
            )


def _check_mounts(mounts: Mapping[Any, Any]) -> None:
    for pattern in mounts:
        is_pattern = isinstance(pattern, str) and "://" in pattern
        try:
            httpx2.URL(pattern if is_pattern else "")
        except httpx2.InvalidURL:
            is_pattern = False
        if not is_pattern:
            raise InvalidArgumentException(
                "mounts must map patterns of URLs, such as 'https://', to transports."
            )


def _check_proxy(proxy: Any) -> None:
    check_proxy("proxy", proxy)
    if isinstance(proxy, httpx2.Proxy):
        check_headers("proxy: headers", proxy.headers)


def _check_http2(is_wanted: bool) -> None:
    if is_wanted and find_spec("h2") is None:
        raise ImportError("http2 needs the package h2: pip install 'httpx2[http2]'")


def _check_certificate(certificate: Any) -> None:
    given: object = (certificate,) if isinstance(certificate, str) else certificate
    parts = cast("tuple[str | None, ...]", given)
    if not isinstance(given, tuple) or not all(isinstance(part, str | None) for part in parts):
        raise ArgumentTypeException("cert must be a path, or a tuple of paths and a password.")
    for path in parts[:2]:  # The third is a password.
        if path is not None and not _exists(path):
            raise InvalidArgumentException(f"cert: {_shown(path)} doesn't exist.")


def _check_verification(verify: Any) -> None:
    if isinstance(verify, str) and not _exists(verify):
        raise InvalidArgumentException(f"verify: {_shown(verify)} doesn't exist.")


def _shown(path: str) -> str:
    """Return a path for an error, unless it may be a key that was given in place of its path."""
    is_path = len(path) <= _LONGEST_PATH and path.isprintable()
    return repr(path) if is_path else "this file"


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):  # It is too long, or contains NUL.
        return False


_CHECKS: dict[str, Callable[[Any], None]] = {
    "cert": _check_certificate,
    "cookies": _check_cookies,
    "event_hooks": _check_event_hooks,
    "headers": lambda headers: check_headers("headers", headers),
    "http2": _check_http2,
    "limits": _check_limits,
    "max_redirects": lambda most: _NOT_NEGATIVE.check("max_redirects", most, int),
    "mounts": _check_mounts,
    "proxy": _check_proxy,
    "verify": _check_verification,
}
