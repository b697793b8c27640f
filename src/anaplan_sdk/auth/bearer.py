"""The bridge between a token session and the HTTP clients."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from typing import Any, TypeAlias

import httpx2

from anaplan_sdk._http.replies import lacks_rights
from anaplan_sdk._runtime.flow import Run, Steps
from anaplan_sdk.auth.token_cache import TokenCache
from anaplan_sdk.exceptions import AnaplanException
from anaplan_sdk.regions import Hosts

Turn: TypeAlias = "httpx2.Request | Steps[str]"
"""The request itself, to be sent now, its reply being the answer; or steps to a token."""


class Bearer(httpx2.Auth):
    """Puts the session's token on every request, and a new one when Anaplan refused it.

    A request that Anaplan answered with 401 is sent once more, if its body can be.

    Our own clients take the turns themselves, since they know of failures; as an `httpx2.Auth` it
    also serves any other `httpx2` client.
    """

    # True would make the client read every reply whole, streamed downloads included; the replies
    # that matter here, to token requests, are read below.
    requires_response_body = False

    def __init__(self, session: TokenCache) -> None:
        self.session = session

    def __repr__(self) -> str:
        return f"<Bearer {self.session!r}>"

    def settle(self, hosts: Hosts) -> None:
        """Is told where the services are of a client that it is given to.

        Raises:
            ValueError: It gets its tokens elsewhere, for another client.
        """

    def turns(self, request: httpx2.Request) -> Generator[Turn, Any, None]:
        """What a request takes: a token, the request, and if need be both again."""
        token: str = yield self.session.obtain()
        request.headers["Authorization"] = f"AnaplanAuthToken {token}"
        response: httpx2.Response = yield request
        # A token that can't be replaced is kept: some of Anaplan's APIs answer 401 to a lack of
        # rights, and it may be good for the others.
        if response.status_code != 401 or not self.session.can_renew or lacks_rights(response):
            return
        self.session.forget(token)
        if not isinstance(request.stream, httpx2.ByteStream):
            return
        token = yield self.session.obtain()
        request.headers["Authorization"] = f"AnaplanAuthToken {token}"
        yield request

    def sync_auth_flow(
        self, request: httpx2.Request
    ) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Takes the turns for a client that blocks."""
        from anaplan_sdk._runtime import synchronous

        turns = self.turns(request)
        turn = next(turns, None)
        while turn is not None:
            if isinstance(turn, httpx2.Request):
                response = yield turn
                if response.status_code == 401:
                    response.read()
                turn = after(turns, response)
                continue
            run = Run(turn)
            try:
                step = run.go_on()
                while step is not None:
                    if isinstance(step, httpx2.Request):
                        reply = yield dressed(step, request)
                        reply.read()
                        step = run.go_on(reply)
                    else:
                        try:
                            answer = synchronous.perform(step)
                        except AnaplanException as error:
                            step = run.fail(error)
                        else:
                            step = run.go_on(answer)
            finally:
                run.close()
            turn = after(turns, run.result)

    async def async_auth_flow(
        self, request: httpx2.Request
    ) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        """Takes the turns for a client that awaits."""
        # Imported where it is used: a program that blocks needs no event loop.
        from anaplan_sdk._runtime import asynchronous

        turns = self.turns(request)
        turn = next(turns, None)
        while turn is not None:
            if isinstance(turn, httpx2.Request):
                response = yield turn
                if response.status_code == 401:
                    await response.aread()
                turn = after(turns, response)
                continue
            run = Run(turn)
            try:
                step = run.go_on()
                while step is not None:
                    if isinstance(step, httpx2.Request):
                        reply = yield dressed(step, request)
                        await reply.aread()
                        step = run.go_on(reply)
                    else:
                        try:
                            answer = await asynchronous.perform(step)
                        except AnaplanException as error:
                            step = run.fail(error)
                        else:
                            step = run.go_on(answer)
            finally:
                run.close()
            turn = after(turns, run.result)


def dressed(
    token_request: httpx2.Request, request: httpx2.Request, headers: httpx2.Headers | None = None
) -> httpx2.Request:
    """Gives a token request what the client gives to requests that it builds itself.

    Args:
        token_request: The request to a service of tokens.
        request: The one it is made for.
        headers: Those the client puts on all requests; by default only what it calls itself.
    """
    # Without the timeout the request would have none at all.
    token_request.extensions = dict(request.extensions)
    token_request.headers.setdefault("Accept", "application/json")
    if headers is None:
        headers = httpx2.Headers({"User-Agent": request.headers.get("User-Agent", "anaplan-sdk")})
    for name, value in headers.items():
        token_request.headers.setdefault(name, value)
    return token_request


def after(turns: Generator[Turn, Any, None], answer: object) -> Turn | None:
    """The next turn, after the last one's answer."""
    try:
        return turns.send(answer)
    except StopIteration:
        return None
