"""A request's way: retry policy, gate, bearer, transport; and back as a reply or a typed error."""

from __future__ import annotations

import ssl
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from concurrent.futures import Future
from contextlib import suppress
from io import BytesIO
from math import inf
from typing import TYPE_CHECKING, Any, TypedDict

import httpx2
from tenacity import (
    AsyncRetrying,
    retry_if_exception,
    stop_after_attempt,
    stop_any,
    stop_before_delay,
)

from anaplan_sdk._async.gate import Gate
from anaplan_sdk._http.codec import decompress
from anaplan_sdk._http.dates import http_date
from anaplan_sdk._http.policy import RETRY_AFTER_CAP, Repeat, RetryPolicy
from anaplan_sdk._http.replies import error_of, is_page, transport_error
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk._runtime.steps import Run, Step
from anaplan_sdk._version import __version__
from anaplan_sdk.auth.bearer import Bearer, Turn, after, dressed
from anaplan_sdk.auth.consolidation import ConsolidationAccess, ConsolidationAuth
from anaplan_sdk.exceptions import (
    AnaplanException,
    ClientClosedException,
    InvalidCredentialsException,
)
from anaplan_sdk.regions import Hosts

if TYPE_CHECKING:
    from anaplan_sdk.models import NamedObject

USER_AGENT = f"anaplan-sdk/{__version__} python-httpx2/{httpx2.__version__}"

# A reply that takes less time to unpack than a thread takes to be asked for it is smaller.
_LARGE = 65_536

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
        consolidation: ConsolidationAccess | None = None,
    ) -> None:
        self.hosts = hosts
        self._auth = auth
        self._consolidation = ConsolidationAuth(consolidation)
        self._consolidation_base = f"{httpx2.URL(hosts.consolidation)}/"
        self._policy = policy
        self._gate = Gate(max_concurrency)
        self._server_date = "", 0.0
        self._tasks: dict[str, deque[str]] = {}
        self.names: dict[tuple[str, str], tuple[NamedObject, ...]] = {}
        check_options(timeout, httpx_options)
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
        repeat: Repeat | None = None,
        params: Mapping[str, str | int | bool] | None = None,
        json: object = None,
        content: bytes | None = None,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        """Sends a request and reads its reply whole; what may be repeated is, as the policy says.

        A POST is not repeated, unless `repeat` says so; all other methods put the same thing in
        the same place however often they are sent. `files` are parts of a form: a name, content
        and a type each.

        Raises:
            AnaplanException: The one that fits, after the last attempt.
        """
        allowed = repeat or (Repeat.NEVER if method == "POST" else Repeat.SAFE)

        def build() -> httpx2.Request:
            request = self._client().build_request(
                method, url, params=params, json=json, content=content, files=files, headers=headers
            )
            if files:
                request.read()  # So that it can be sent again with another token.
            return request

        return await self._repeat(build, allowed, stream=False)

    async def stream(
        self,
        url: str,
        *,
        params: Mapping[str, str | int | bool] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> AsyncGenerator[bytes]:
        """Reads the reply to a GET piece by piece; it is never in memory as a whole.

        What fails before the first piece is repeated as the policy says, nothing after it. Ending
        early closes the reply.

        Raises:
            AnaplanException: The one that fits.
        """

        def build() -> httpx2.Request:
            return self._client().build_request("GET", url, params=params, headers=headers)

        response = await self._repeat(build, Repeat.SAFE, stream=True)
        pieces = response.aiter_bytes()
        try:
            async for piece in pieces:
                yield piece
        except (httpx2.RequestError, httpx2.StreamError) as error:
            # The HTTP library has several words for a client that was closed meanwhile.
            if self._http.is_closed:
                raise ClientClosedException("This client was closed during a download.") from error
            if isinstance(error, httpx2.RequestError):
                raise transport_error(error, 1) from error
            raise
        except GeneratorExit:
            await response.aclose()
            # The HTTP library's own generators, one in the other, end only by going on.
            with suppress(httpx2.RequestError, httpx2.StreamError):
                async for _ in pieces:
                    pass
            raise
        finally:
            await response.aclose()

    async def _repeat(
        self, build: Callable[[], httpx2.Request], allowed: Repeat, *, stream: bool
    ) -> httpx2.Response:
        policy = self._policy
        attempts = AsyncRetrying(
            sleep=runtime.sleep,
            retry=retry_if_exception(lambda error: policy.repeats(error, allowed)),
            wait=lambda state: policy.wait(
                state.outcome.exception() if state.outcome else None, state.attempt_number
            ),
            stop=stop_any(
                stop_after_attempt(policy.retry_count + 1),
                stop_before_delay(inf if policy.max_time is None else policy.max_time),
            ),
            reraise=True,
        )
        async for attempt in attempts:
            with attempt:
                number = attempt.retry_state.attempt_number
                # A stream holds the gate until its headers are there: its reader may send, too.
                async with self._gate:
                    request = build()
                    auth = self._auth_of(request)
                    return await self._exchange(request, auth, number, stream=stream)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _auth_of(self, request: httpx2.Request) -> httpx2.Auth:
        # By the address alone, so that neither token can go to the other's service.
        is_foreign = str(request.url).startswith(self._consolidation_base)
        return self._consolidation if is_foreign else self._auth

    async def authenticate(self) -> None:
        """Signs in, unless there is a usable token, and has Anaplan confirm the token."""
        if isinstance(self._auth, Bearer):
            self._auth.session.forgive()
        await self.send("GET", f"{self.hosts.authentication}/token/validate")

    async def logout(self) -> None:
        """Ends the current token at Anaplan; without one there is nothing to do."""
        url = f"{self.hosts.authentication}/token/logout"
        request = self._client().build_request("POST", url)
        auth: httpx2.Auth | None = self._auth
        if isinstance(self._auth, Bearer):
            token = self._auth.session.drop()
            if token is None:
                return
            request.headers["Authorization"] = f"AnaplanAuthToken {token}"
            auth = None
        with suppress(InvalidCredentialsException):  # It had ended by itself.
            await self._exchange(request, auth, 1)

    async def aclose(self) -> None:
        """Closes the connections, but for those of other event loops, which end with them."""
        if (http := self._http.close()) is not None:
            await http.aclose()

    def _client(self) -> httpx2.AsyncClient:
        try:
            return self._http.get()
        except LookupError:
            raise ClientClosedException(
                "This client was closed; make a new one.", not_performed=True
            ) from None

    async def _exchange(
        self,
        request: httpx2.Request,
        auth: httpx2.Auth | None,
        attempt: int,
        *,
        stream: bool = False,
    ) -> httpx2.Response:
        if isinstance(auth, Bearer):
            response = await self._take_turns(request, auth, attempt, stream)
        else:
            response = await self._transmit(request, auth, attempt, stream)
        if "Date" in response.headers:
            self._server_date = response.headers["Date"], time.monotonic()
        if problem := error_of(response, attempt):
            if problem.retry_after is not None and problem.retry_after <= RETRY_AFTER_CAP:
                self._gate.pause(problem.retry_after)
            raise problem
        return response

    async def _take_turns(
        self, request: httpx2.Request, bearer: Bearer, attempt: int, stream: bool
    ) -> httpx2.Response:
        response: httpx2.Response | None = None
        turns = bearer.turns(request)
        turn: Turn | None = next(turns)
        while turn is not None:
            if isinstance(turn, httpx2.Request):
                response = await self._transmit(request, None, attempt, stream)
                turn = after(turns, response)
            else:
                turn = after(turns, await self._obtain(Run(turn), request, attempt))
        if response is None:
            raise RuntimeError("The bearer took no turn to send the request.")
        return response

    async def _obtain(self, run: Run[str], request: httpx2.Request, attempt: int) -> str:
        try:
            step = run.go_on()
            while isinstance(step, Future):
                await runtime.perform(step)
                step = run.go_on()
        except BaseException:
            run.close()
            raise
        if step is None:
            return run.result
        # Others wait for this one, and a refresh token may be spent on the way.
        return await runtime.finish(self._follow, run, step, request, attempt)

    async def _follow(
        self, run: Run[str], step: Step | None, request: httpx2.Request, attempt: int
    ) -> str:
        try:
            while step is not None:
                try:
                    if isinstance(step, httpx2.Request):
                        token_request = dressed(step, request, self._client().headers)
                        answer: object = await runtime.unbroken(
                            self._transmit, token_request, None, attempt
                        )
                    else:
                        answer = await runtime.perform(step)
                except AnaplanException as error:
                    step = run.fail(error)
                else:
                    step = run.go_on(answer)
            return run.result
        finally:
            run.close()

    async def _transmit(
        self,
        request: httpx2.Request,
        auth: httpx2.Auth | None,
        attempt: int,
        stream: bool = False,
    ) -> httpx2.Response:
        client = self._client()
        try:
            if auth is self._consolidation:
                # Its headers are no Authorization: they would go on to wherever a redirect leads.
                response = await client.send(
                    request, auth=auth, stream=True, follow_redirects=False
                )
            else:
                response = await client.send(request, auth=auth, stream=True)
            if not stream or not response.is_success or is_page(response):
                response = await self._read(response)
        except (httpx2.RequestError, RuntimeError) as error:
            # The HTTP library has several words for a client that was closed meanwhile.
            if self._http.is_closed:
                raise ClientClosedException(
                    "This client was closed while a request was under way."
                ) from error
            if isinstance(error, httpx2.RequestError):
                raise transport_error(error, attempt) from error
            raise
        return response

    async def _read(self, response: httpx2.Response) -> httpx2.Response:
        """The same reply, read whole; a large one is unpacked where it holds up nobody."""
        try:
            size = int(response.headers.get("Content-Length", 0))
            encoding = response.headers.get("Content-Encoding", "").strip().lower()
            if encoding != "gzip" or size < _LARGE:
                await response.aread()
                return response
            packed = BytesIO()
            async for piece in response.aiter_raw():
                packed.write(piece)
        except BaseException:
            await response.aclose()
            raise
        try:
            content = await runtime.run_in_thread(decompress, packed.getvalue())
        except ValueError as error:
            raise httpx2.DecodingError(str(error), request=response.request) from error
        headers = httpx2.Headers(response.headers)
        del headers["Content-Encoding"], headers["Content-Length"]
        return httpx2.Response(
            response.status_code, headers=headers, content=content, request=response.request
        )
