"""The HTTP client: the options for all requests, and the connections over which they are sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple
from functools import lru_cache

import httpx2

from anaplan_sdk._async.transport.connection_trace import ConnectionTrace
from anaplan_sdk._async.transport.direct import DirectTransport
from anaplan_sdk._http.client_settings import client_settings
from anaplan_sdk._http.proxies import is_exempt, proxies_of_environment
from anaplan_sdk._version import __version__
from anaplan_sdk.config import ClientConfig, HttpxOptions

_USER_AGENT = f"anaplan-sdk/{__version__} python-httpx2/{httpx2.__version__}"

# The number of idle connections that the HTTP library keeps by default.
_DEFAULT_KEEPALIVE = 20

# Options with which the HTTP library sends all requests.
_LIBRARY_OPTIONS = (
    "event_hooks",
    "follow_redirects",
    "http2",
    "limits",
    "mounts",
    "proxy",
    "transport",
)

_parsed = lru_cache(maxsize=1024)(httpx2.URL)


def parse_url(url: str, params: Mapping[str, str | int | bool] | None = None) -> httpx2.URL:
    """Return a URL with a query; what was parsed before isn't parsed again.

    Args:
        url: The URL without a query.
        params: The query.
    """
    return _parsed(f"{url}?{httpx2.QueryParams(params)}" if params else url)


class HttpSettings:
    """The options of an HTTP client, read once for the clients of all event loops.

    Attributes:
        options: The arguments of the HTTP library's client.
        is_direct: Whether requests that need no proxy go over connections of the SDK's own.
        max_keepalive: How many idle connections are kept.
        has_proxies: Whether the environment has proxies that are used.

    Args:
        config: The configuration of the client.

    Raises:
        InvalidArgumentException: Certificates or a proxy can't be used.
        ArgumentTypeException: An option has the wrong type.
    """

    def __init__(self, config: ClientConfig) -> None:
        given = config.httpx_kwargs
        headers = httpx2.Headers(given.get("headers"))
        headers.setdefault("User-Agent", _USER_AGENT)
        # The only coding of which an early end is noticed.
        headers.setdefault("Accept-Encoding", "gzip")
        # The limiter bounds the requests under way. A narrower pool would close connections early.
        self.max_keepalive = max(_DEFAULT_KEEPALIVE, config.max_concurrency)
        options: HttpxOptions[httpx2.AsyncBaseTransport] = {
            "limits": httpx2.Limits(max_keepalive_connections=self.max_keepalive),
            **given,
            "headers": headers,
        }
        self.options = client_settings(options, astuple(config.service_hosts))
        self.options["timeout"] = config.timeout
        self.is_direct = given.get("http1", True) and not any(map(given.get, _LIBRARY_OPTIONS))
        self.has_proxies = given.get("trust_env", True) and bool(proxies_of_environment())


class HttpClient:
    """The connections of one event loop, and what is sent with every request.

    A request goes over a connection of the SDK's own, unless it needs the HTTP library: for a
    proxy, for an auth of the library's kind, or since one of `_LIBRARY_OPTIONS` is set.

    Args:
        settings: The options.
    """

    def __init__(self, settings: HttpSettings) -> None:
        self._client = httpx2.AsyncClient(**settings.options)
        self._has_proxies = settings.has_proxies
        self._timeouts = {"timeout": self._client.timeout.as_dict()}
        self._exempt: dict[tuple[str, str], bool] = {}
        self._direct: DirectTransport | None = None
        if settings.is_direct:
            self._direct = DirectTransport(settings.options["verify"], settings.max_keepalive)

    @property
    def headers(self) -> httpx2.Headers:
        """The headers of all requests."""
        return self._client.headers

    @property
    def max_redirects(self) -> int:
        """How many redirects are followed."""
        return self._client.max_redirects

    def build_request(
        self,
        method: str,
        url: httpx2.URL,
        *,
        json: object = None,
        content: bytes | None = None,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Request:
        """Build a request, with the headers, cookies and timeouts of the client."""
        merged = self._client.headers
        if headers:
            merged = merged.copy()
            merged.update(headers)
        return httpx2.Request(
            method,
            url,
            json=json,
            content=content,
            files=files,
            headers=merged,
            cookies=self._client.cookies or None,
            extensions=self._timeouts,
        )

    async def send(
        self, request: httpx2.Request, auth: httpx2.Auth | None, trace: ConnectionTrace
    ) -> httpx2.Response:
        """Send a request and receive the headers of its reply; no redirect is followed.

        Args:
            request: The request, with its timeouts.
            auth: What signs it, if that is an auth of the HTTP library's kind.
            trace: Records what becomes of it.

        Returns:
            The reply, whose body is yet to be read.

        Raises:
            httpx2.TransportError: That failed.
        """
        if self._direct is None or auth is not None or self._may_use_proxy(request.url):
            request.extensions["trace"] = trace
            return await self._client.send(request, auth=auth, stream=True, follow_redirects=False)
        response = await self._direct.exchange(request, trace)
        if "Set-Cookie" in response.headers:
            self._client.cookies.extract_cookies(response)
        return response

    def _may_use_proxy(self, url: httpx2.URL) -> bool:
        if not self._has_proxies:
            return False
        origin = (url.scheme, url.host)
        if origin not in self._exempt:
            self._exempt[origin] = is_exempt(url)
        return not self._exempt[origin]

    async def aclose(self) -> None:
        """Close the connections."""
        if self._direct is not None:
            await self._direct.aclose()
        await self._client.aclose()
