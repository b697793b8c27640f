"""A request's way: retry policy, gate, bearer, transport; and back as a reply or a typed error."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

import httpx2
from tenacity import (
    AsyncRetrying,
    retry_if_exception,
    stop_after_attempt,
    stop_any,
    stop_before_delay,
)

from anaplan_sdk._async.gate import Gate
from anaplan_sdk._async.options import HttpxOptions, check_options
from anaplan_sdk._http.chunks import MAX_CHUNK_SIZE
from anaplan_sdk._http.codec import decompress
from anaplan_sdk._http.dates import http_date
from anaplan_sdk._http.pace import Pace
from anaplan_sdk._http.policy import RETRY_AFTER_CAP, Repeat, RetryPolicy
from anaplan_sdk._http.redaction import safe_url
from anaplan_sdk._http.replies import decode, error_of, is_page, transport_error
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk._runtime.steps import Run, Step, TimeIsUp, Unbroken
from anaplan_sdk._version import __version__
from anaplan_sdk.auth.bearer import Bearer, Turn, after, dressed
from anaplan_sdk.auth.consolidation import ConsolidationAccess, ConsolidationAuth
from anaplan_sdk.exceptions import (
    AnaplanException,
    AnaplanTimeoutException,
    ClientClosedException,
    InvalidCredentialsException,
    RateLimitException,
)
from anaplan_sdk.regions import Hosts

if TYPE_CHECKING:
    from anaplan_sdk._async.model_wait import ModelWait
    from anaplan_sdk.models import ModelStatus, NamedObject

USER_AGENT = f"anaplan-sdk/{__version__} python-httpx2/{httpx2.__version__}"

# A reply that takes less time to unpack than a thread takes to be asked for it is smaller.
_LARGE = 65_536

# How long closing waits for the answer of a token service: a refresh token may be spent on it.
_LAST_ANSWER = 5.0

# More than can be started of one action while one answer is on its way.
_TASKS_REMEMBERED = 64


_OVER: Any = object()

# The HTTP library's own default.
_KEPT_ALIVE = 20


@dataclass
class Trip:
    """One sending of a request.

    Attributes:
        number: Which attempt it is, from 1.
        deadline: When it has to be over, by `time.monotonic`.
        was_sent: Whether the request itself was sent, not only what it takes to sign in.
        is_over: Whether nobody waits for it any longer.
    """

    number: int
    deadline: float | None = None
    was_sent: bool = False
    is_over: bool = False


class Session:
    """The one way to the network, shared by a client and those made from it by `with_model`."""

    def __init__(
        self,
        *,
        hosts: Hosts,
        auth: httpx2.Auth,
        policy: RetryPolicy,
        pace: Pace,
        timeout: float | httpx2.Timeout,
        max_concurrency: int,
        httpx_options: HttpxOptions,
        consolidation: ConsolidationAccess | None = None,
        model_wait: float | None = None,
        poll_delay: float = 1,
    ) -> None:
        self.hosts = hosts
        self._auth = auth
        self._consolidation = ConsolidationAuth(consolidation)
        self._consolidation_base = f"{httpx2.URL(hosts.consolidation)}/"
        self._policy = policy
        self._gate = Gate(max_concurrency, pace)
        self._server_date = "", 0.0
        self._exchanges = runtime.PerLoop(Unbroken)
        self._tasks: dict[str, deque[str]] = {}
        self.names: dict[tuple[str, str], tuple[NamedObject, ...]] = {}
        if model_wait is not None and model_wait < 0:
            raise ValueError(f"model_wait can't be negative: {model_wait}.")
        self._model_wait = model_wait
        self._poll_delay = poll_delay
        check_options(timeout, httpx_options)
        headers = httpx2.Headers(httpx_options.get("headers"))
        headers.setdefault("User-Agent", USER_AGENT)
        # The gate bounds what is under way; a pool that is narrower would close what it opens.
        limits = httpx2.Limits(max_keepalive_connections=max(_KEPT_ALIVE, max_concurrency))
        options: HttpxOptions = {"limits": limits, **httpx_options, "headers": headers}
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

        deadline = self._deadline()
        wait = None if self._model_wait is None else self._wait_for_model(url, deadline)
        return await self._repeat(build, allowed, deadline, stream=False, wait=wait)

    async def stream(
        self,
        url: str,
        *,
        params: Mapping[str, str | int | bool] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> AsyncGenerator[bytes]:
        """Reads the reply to a GET piece by piece; it is never in memory as a whole.

        What fails before the first piece is repeated as the policy says, nothing after it. Ending
        early closes the reply. A deadline counts for all of it, the reader's own time included.

        Raises:
            AnaplanException: The one that fits.
        """
        deadline = self._deadline()

        def build() -> httpx2.Request:
            return self._client().build_request("GET", url, params=params, headers=headers)

        response = await self._repeat(build, Repeat.SAFE, deadline, stream=True)
        pieces = response.aiter_bytes()
        try:
            while True:
                piece = await runtime.within(_left(deadline), anext, pieces, _OVER)
                if piece is _OVER:
                    break
                yield piece
        except TimeIsUp:
            raise self._overdue(response.request, 1, not_performed=False) from None
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
        self,
        build: Callable[[], httpx2.Request],
        allowed: Repeat,
        deadline: float | None,
        *,
        stream: bool,
        wait: ModelWait | None = None,
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
                stop_before_delay(policy.time_to_repeat),
            ),
            reraise=True,
        )
        may_be_done = False
        async for attempt in attempts:
            with attempt:
                while True:
                    trip = Trip(attempt.retry_state.attempt_number, deadline)
                    try:
                        return await self._attempt(build, trip, stream)
                    except AnaplanException as error:
                        # The last attempt may have had no effect where an earlier one had.
                        may_be_done = may_be_done or not error.not_performed
                        error.not_performed = not may_be_done
                        if wait is None or not await wait.helps(error, allowed):
                            raise
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _attempt(
        self, build: Callable[[], httpx2.Request], trip: Trip, stream: bool
    ) -> httpx2.Response:
        # A stream holds the gate until its headers are there: its reader may send, too.
        try:
            began = await self._gate.enter(trip.deadline)
        except TimeIsUp:
            raise self._overdue(build(), trip.number - 1, not_performed=True) from None
        try:
            request = build()
            auth = self._auth_of(request)
            left = _left(trip.deadline)
            try:
                return await runtime.within(left, self._exchange, request, auth, trip, stream)
            except TimeIsUp:
                trip.is_over = True
                raise self._overdue(request, trip.number, not_performed=not trip.was_sent) from None
        except RateLimitException as error:
            # Of a tenant, so that all wait; but nobody where it isn't us who repeat.
            if self._policy.retry_count and (error.retry_after or 0.0) <= RETRY_AFTER_CAP:
                self._gate.pause(self._policy.wait(error, trip.number), began)
            raise
        finally:
            self._gate.leave()

    def _wait_for_model(self, url: str, deadline: float | None) -> ModelWait | None:
        # Imported when asked for: few programs wait in this way.
        from anaplan_sdk._async.model_wait import STATUS, ModelWait, status_path

        base = self.hosts.api
        path = status_path(url.removeprefix(base)) if url.startswith(base) else None
        if path is None or self._model_wait is None:
            return None

        def build() -> httpx2.Request:
            return self._client().build_request("GET", f"{base}{path}")

        async def look() -> ModelStatus:
            response = await self._repeat(build, Repeat.SAFE, deadline, stream=False)
            return decode(STATUS.adapter, response).value

        return ModelWait(look, self._model_wait, self._poll_delay, deadline)

    def _deadline(self) -> float | None:
        seconds = self._policy.deadline
        return None if seconds is None else time.monotonic() + seconds

    def _overdue(
        self, request: httpx2.Request, attempts: int, *, not_performed: bool
    ) -> AnaplanTimeoutException:
        what = "it was not sent" if not_performed else "Anaplan may have acted on it"
        return AnaplanTimeoutException(
            f"The request was not done in the {self._policy.deadline} seconds that it may take; "
            f"{what}.",
            method=request.method,
            url=safe_url(request.url),
            attempts=attempts,
            retryable=True,
            not_performed=not_performed,
        )

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
            await self._exchange(request, auth, Trip(1))

    async def aclose(self) -> None:
        """Closes the connections, but for those of other event loops, which end with them.

        A new token that is on its way is waited for, a few seconds at the most: a refresh token
        that rotates is lost with the answer that replaces it.
        """
        http = self._http.close()
        if http is None:
            return
        try:
            await runtime.settle(self._exchanges.get().under_way, _LAST_ANSWER)
        finally:
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
        trip: Trip,
        stream: bool = False,
    ) -> httpx2.Response:
        if isinstance(auth, Bearer):
            response = await self._take_turns(request, auth, trip, stream)
        else:
            response = await self._transmit(request, auth, trip, stream)
        if trip.is_over:
            await response.aclose()
            raise TimeIsUp
        if "Date" in response.headers:
            self._server_date = response.headers["Date"], time.monotonic()
        if problem := error_of(response, trip.number):
            raise problem
        return response

    async def _take_turns(
        self, request: httpx2.Request, bearer: Bearer, trip: Trip, stream: bool
    ) -> httpx2.Response:
        response: httpx2.Response | None = None
        turns = bearer.turns(request)
        turn: Turn | None = next(turns)
        while turn is not None:
            if isinstance(turn, httpx2.Request):
                response = await self._transmit(request, None, trip, stream)
                turn = after(turns, response)
            else:
                turn = after(turns, await self._obtain(Run(turn), request, trip.number))
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
        exchanges = self._exchanges.get()
        try:
            while step is not None:
                exchanges.reach(run, step)
                try:
                    if isinstance(step, httpx2.Request):
                        token_request = dressed(step, request, self._client().headers)
                        answer: object = await runtime.unbroken(
                            self._transmit, token_request, None, Trip(attempt)
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
            exchanges.reach(run, None)

    async def _transmit(
        self,
        request: httpx2.Request,
        auth: httpx2.Auth | None,
        trip: Trip,
        stream: bool = False,
    ) -> httpx2.Response:
        client = self._client()
        left = _left(trip.deadline)
        if left == 0:
            raise TimeIsUp
        trip.was_sent = True
        extensions = request.extensions
        if left is not None:
            # A thread can't be ended from outside: it has to come to an end by itself.
            request.extensions = {**extensions, "timeout": _within(extensions["timeout"], left)}
        try:
            if auth is self._consolidation:
                # Its headers are no Authorization: they would go on to wherever a redirect leads.
                response = await client.send(
                    request, auth=auth, stream=True, follow_redirects=False
                )
            else:
                response = await client.send(request, auth=auth, stream=True)
            if not stream or not response.is_success or is_page(response):
                response = await self._read(response, trip)
        except (httpx2.RequestError, RuntimeError) as error:
            # The HTTP library has several words for a client that was closed meanwhile.
            if self._http.is_closed:
                raise ClientClosedException(
                    "This client was closed while a request was under way."
                ) from error
            if isinstance(error, httpx2.RequestError):
                raise transport_error(error, trip.number) from error
            raise
        finally:
            # A request for a token may be made of this one, and has all the time it needs.
            request.extensions = extensions
        return response

    async def _read(self, response: httpx2.Response, trip: Trip) -> httpx2.Response:
        """The same reply, read whole; a large one is unpacked where it holds up nobody."""
        try:
            size = int(response.headers.get("Content-Length", 0))
            encoding = response.headers.get("Content-Encoding", "").strip().lower()
            if size < _LARGE and trip.deadline is None:
                await response.aread()
                return response
            body = _room_for(size)
            async for piece in response.aiter_raw():
                if trip.is_over:
                    raise TimeIsUp
                body.write(piece)
        except BaseException:
            await response.aclose()
            raise
        body.truncate()  # A server or a transport may have announced more.
        content = body.getvalue()
        if encoding != "gzip" or size < _LARGE:
            return httpx2.Response(
                response.status_code,
                headers=response.headers,
                content=content,
                request=response.request,
            )
        try:
            content = await runtime.run_in_thread(decompress, content)
        except ValueError as error:
            raise httpx2.DecodingError(str(error), request=response.request) from error
        headers = httpx2.Headers(response.headers)
        del headers["Content-Encoding"], headers["Content-Length"]
        return httpx2.Response(
            response.status_code, headers=headers, content=content, request=response.request
        )


def _left(deadline: float | None) -> float | None:
    return None if deadline is None else max(0.0, deadline - time.monotonic())


def _within(timeouts: Mapping[str, float | None], left: float) -> dict[str, float | None]:
    left += 0.1  # Whoever waits for the thread is to be the first to notice.
    return {step: left if own is None else min(own, left) for step, own in timeouts.items()}


def _room_for(size: int) -> BytesIO:
    """Where so many bytes are put together, which are then never in memory twice."""
    body = BytesIO()
    if 0 < size <= MAX_CHUNK_SIZE:
        body.seek(size - 1)
        body.write(b"\0")
        body.seek(0)
    return body
