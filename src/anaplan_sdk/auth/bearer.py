"""The auth of requests that carry a token of Anaplan's."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from typing import NoReturn

import httpx2

from anaplan_sdk._http.replies import lacks_rights
from anaplan_sdk._runtime.flow import Flow, send
from anaplan_sdk.auth.token_cache import TokenCache
from anaplan_sdk.exceptions import ArgumentTypeException
from anaplan_sdk.regions import Hosts

_SCHEME = "AnaplanAuthToken "


class Bearer(httpx2.Auth):
    """Puts a token on every request, and a new one when Anaplan refused it.

    A request to which Anaplan replied 401 is sent once more, if its body can be.

    Our own clients carry out `flow` themselves and so handle failures; as an `httpx2.Auth` it also
    serves any other `httpx2` client.
    """

    # True would make an HTTP client read every reply whole, streamed downloads included. What has
    # to be read is read by `run_flow`.
    requires_response_body = False

    def __init__(self, cache: TokenCache) -> None:
        self.cache = cache

    def __repr__(self) -> str:
        return f"<Bearer {self.cache!r}>"

    def __reduce__(self) -> NoReturn:
        raise ArgumentTypeException(
            f"{type(self).__name__} has a token and locks, so it can't be copied, pickled or "
            "passed to another process: make one in each process, with a store that they share."
        )

    def bind(self, hosts: Hosts) -> None:
        """Use the services of the client to which this auth is passed.

        Raises:
            InvalidArgumentException: It gets its tokens from the services of another client
                already.
        """

    def sign(self, request: httpx2.Request) -> bool:
        """Put the current token on a request; return False if one has to be obtained first."""
        token = self.cache.current()
        if token is not None:
            request.headers["Authorization"] = _SCHEME + token
        return token is not None

    def must_repeat(self, request: httpx2.Request, response: httpx2.Response) -> bool:
        """Whether Anaplan refused the token, and the request can be sent again with another."""
        # A token that can't be replaced is kept: some of Anaplan's APIs answer 401 to a lack of
        # rights, and it may be good for the others.
        if response.status_code != 401 or not self.cache.can_renew or lacks_rights(response):
            return False
        self.cache.invalidate(request.headers["Authorization"].removeprefix(_SCHEME))
        return isinstance(request.stream, httpx2.ByteStream)

    def flow(self, request: httpx2.Request, *, is_repeated: bool = False) -> Flow[None]:
        """Obtain a token and send the request; both once more if Anaplan refuses the token.

        Args:
            request: The request to sign and send.
            is_repeated: Whether it was sent before, so that it is sent once only.
        """
        while True:
            token = yield from self.cache.obtain()
            request.headers["Authorization"] = _SCHEME + token
            response = yield from send(request)
            if is_repeated or not self.must_repeat(request, response):
                return
            is_repeated = True

    def sync_auth_flow(
        self, request: httpx2.Request
    ) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Drive an `httpx2.Client`, which sends the requests for a token, too."""
        from anaplan_sdk._runtime import synchronous

        return synchronous.run_flow(self.flow(request), request)

    def async_auth_flow(
        self, request: httpx2.Request
    ) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        """Drive an `httpx2.AsyncClient`, which sends the requests for a token, too."""
        # Imported where it is used: a program without an event loop needs none of it.
        from anaplan_sdk._runtime import asynchronous

        return asynchronous.run_flow(self.flow(request), request)
