"""The bridge between the token session and the HTTP client's two kinds of auth flow."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from concurrent.futures import Future, wait

import httpx2

from anaplan_sdk._http.replies import TOKEN_REQUEST
from anaplan_sdk._runtime.asynchronous import wait_for
from anaplan_sdk.auth.session import Step, TokenSession


class Bearer(httpx2.Auth):
    """Puts the session's token on every request, and a new one when Anaplan refused it.

    A request that Anaplan answered with 401 is sent once more, if its body can be.
    """

    # True would make the client read every reply whole, streamed downloads included; the replies
    # that matter here, to token requests, are read below.
    requires_response_body = False

    def __init__(self, session: TokenSession) -> None:
        self.session = session

    def __repr__(self) -> str:
        return f"<Bearer {self.session!r}>"

    def sync_auth_flow(
        self, request: httpx2.Request
    ) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Drives the session for a client that blocks."""
        steps = self._steps(request)
        try:
            reply: httpx2.Response | None = None
            while (step := _advance(steps, reply)) is not None:
                if isinstance(step, Future):
                    wait((step,))
                    reply = None
                    continue
                reply = yield step
                if step is not request:
                    reply.read()
        finally:
            steps.close()

    async def async_auth_flow(
        self, request: httpx2.Request
    ) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        """Drives the session for a client that awaits."""
        steps = self._steps(request)
        try:
            reply: httpx2.Response | None = None
            while (step := _advance(steps, reply)) is not None:
                if isinstance(step, Future):
                    await wait_for(step)
                    reply = None
                    continue
                reply = yield step
                if step is not request:
                    await reply.aread()
        finally:
            steps.close()

    def _steps(self, request: httpx2.Request) -> Generator[Step, httpx2.Response | None, None]:
        token = yield from self._obtain(request)
        request.headers["Authorization"] = f"AnaplanAuthToken {token}"
        response = yield request
        if response is None or response.status_code != 401:
            return
        # A token that can't be replaced is kept: some of Anaplan's APIs answer 401 to a lack of
        # rights, and it may be good for the others.
        if not self.session.can_renew:
            return
        self.session.forget(token)
        if not isinstance(request.stream, httpx2.ByteStream):
            return
        token = yield from self._obtain(request)
        request.headers["Authorization"] = f"AnaplanAuthToken {token}"
        yield request

    def _obtain(self, request: httpx2.Request) -> Generator[Step, httpx2.Response | None, str]:
        steps = self.session.obtain()
        reply: httpx2.Response | None = None
        try:
            while True:
                try:
                    step = steps.send(reply)
                except StopIteration as end:
                    return str(end.value)
                if isinstance(step, httpx2.Request):
                    _dress(step, request)
                reply = yield step
        finally:
            steps.close()


def _advance(
    steps: Generator[Step, httpx2.Response | None, None], reply: httpx2.Response | None
) -> Step | None:
    try:
        return steps.send(reply)
    except StopIteration:
        return None


def _dress(token_request: httpx2.Request, request: httpx2.Request) -> None:
    """Gives a token request what the client gives to requests that it builds itself."""
    # Without the timeout the request would have none at all.
    token_request.extensions = {**request.extensions, TOKEN_REQUEST: True}
    token_request.headers["Accept"] = "application/json"
    if "User-Agent" in request.headers:
        token_request.headers["User-Agent"] = request.headers["User-Agent"]
