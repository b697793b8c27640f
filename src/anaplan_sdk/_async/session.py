"""A request's way: retry policy, gate, bearer, transport; and back as a reply or a typed error."""

from __future__ import annotations

import ssl
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import Any, TypedDict

import httpx2
import stamina

from anaplan_sdk._async.gate import Gate
from anaplan_sdk._http.dates import http_date
from anaplan_sdk._http.policy import BACKOFF_CAP, RETRY_AFTER_CAP, Repeat, RetryPolicy
from anaplan_sdk._http.replies import error_of, is_token_request, transport_error
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk._version import __version__
from anaplan_sdk.auth.bearer import Bearer
from anaplan_sdk.auth.session import TokenState
from anaplan_sdk.exceptions import ClientClosedException, InvalidCredentialsException
from anaplan_sdk.regions import Hosts

USER_AGENT = f"anaplan-sdk/{__version__} python-httpx2/{httpx2.__version__}"

# More than can be started of one action while one answer is on its way.
_TASKS_REMEMBERED = 64


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


class Session:
    """The one way to the network, shared by a client and those made from it by `with_model`."""

    def __init__(
        self,
        *,
        hosts: Hosts,
        auth: httpx2.Auth,
        policy: RetryPolicy,
        timeout: float | httpx2.Timeout,
        max_concurrency: int,
        httpx_options: HttpxOptions,
    ) -> None:
        self.hosts = hosts
        self._auth = auth
        self._policy = policy
        self._gate = Gate(max_concurrency)
        self._closed = False
        self._server_date = "", 0.0
        self._tasks: dict[str, deque[str]] = {}
        headers = httpx2.Headers(httpx_options.get("headers"))
        headers.setdefault("User-Agent", USER_AGENT)
        options: HttpxOptions = {**httpx_options, "headers": headers}
        self._http = runtime.PerLoop(lambda: httpx2.AsyncClient(timeout=timeout, **options))

    @property
    def policy(self) -> RetryPolicy:
        return self._policy

    def server_time(self, moment: float) -> float:
        """Anaplan's clock, in seconds since 1970, at a moment of `time.monotonic`."""
        date, received = self._server_date
        server_time = http_date(date)
        if server_time is None:
            return time.time() - (time.monotonic() - moment)
        return server_time - (received - moment)

    def known_tasks(self, action_id: str) -> Collection[str]:
        """The last tasks of an action that were started from here."""
        return self._tasks.get(action_id, ())

    def remember_task(self, action_id: str, task_id: str) -> None:
        self._tasks.setdefault(action_id, deque(maxlen=_TASKS_REMEMBERED)).append(task_id)

    def __repr__(self) -> str:
        return f"<Session {self.hosts.api}, {self._auth!r}>"

    async def send(
        self,
        method: str,
        url: str,
        *,
        repeat: Repeat = Repeat.SAFE,
        params: Mapping[str, str | int | bool] | None = None,
        json: object = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        """Sends a request and reads its reply whole; what may be repeated is, as the policy says.

        Raises:
            AnaplanException: The one that fits, after the last attempt.
        """
        attempts = stamina.retry_context(
            on=lambda error: self._policy.decide(error, repeat),
            attempts=self._policy.retry_count + 1,
            timeout=None,
            wait_initial=self._policy.backoff,
            wait_max=BACKOFF_CAP,
            wait_jitter=min(1.0, self._policy.backoff),
            wait_exp_base=self._policy.backoff_factor,
        )
        async for attempt in attempts:
            with attempt:
                self._check_open()
                request = self._http.get().build_request(
                    method, url, params=params, json=json, content=content, headers=headers
                )
                return await self._send_once(request, attempt.num)
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def authenticate(self) -> None:
        """Signs in, unless there is a usable token, and has Anaplan confirm the token."""
        if isinstance(self._auth, Bearer):
            self._auth.session.forgive()
        await self.send("GET", f"{self.hosts.authentication}/token/validate")

    async def logout(self) -> None:
        """Ends the current token at Anaplan; without one there is nothing to do."""
        self._check_open()
        http = self._http.get()
        url = f"{self.hosts.authentication}/token/logout"
        auth: httpx2.Auth | None = self._auth
        request = http.build_request("POST", url)
        if isinstance(self._auth, Bearer):
            ended = self._auth.session.logout_request()
            if ended is None:
                return
            request.headers.update(ended.headers)
            auth = None
        with suppress(InvalidCredentialsException):  # It had ended by itself.
            await self._exchange(request, auth, 1)

    async def aclose(self) -> None:
        """Closes the connections; those of other event loops are closed with their loops."""
        self._closed = True
        if (http := self._http.pop()) is not None:
            await http.aclose()

    def _check_open(self) -> None:
        if self._closed:
            raise ClientClosedException("This client was closed; make a new one.")

    async def _send_once(self, request: httpx2.Request, attempt: int) -> httpx2.Response:
        async with self._gate:
            return await self._exchange(request, self._auth, attempt)

    async def _exchange(
        self, request: httpx2.Request, auth: httpx2.Auth | None, attempt: int
    ) -> httpx2.Response:
        try:
            response = await self._http.get().send(request, auth=auth)
        except httpx2.RequestError as error:
            if is_token_request(error) and self._old_token_will_do():
                # Only an early refresh failed, and it isn't tried again for a while.
                return await self._exchange(request, auth, attempt)
            raise transport_error(error, attempt) from error
        if "Date" in response.headers:
            self._server_date = response.headers["Date"], time.monotonic()
        if problem := error_of(response, attempt):
            if problem.retry_after is not None:
                self._gate.pause(min(problem.retry_after, RETRY_AFTER_CAP))
            raise problem
        return response

    def _old_token_will_do(self) -> bool:
        return isinstance(self._auth, Bearer) and self._auth.session.state is TokenState.STALE
