"""A request's way: retry policy, gate, transport; and back as a reply or a typed error."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import AsyncGenerator, Callable, Collection, Generator, Mapping
from contextlib import contextmanager, suppress
from math import inf
from typing import TYPE_CHECKING, Any

import httpx2

from anaplan_sdk._async.transport.connection import (
    Attempt,
    Transport,
    hang_up,
    left_until,
    pieces_of,
)
from anaplan_sdk._async.transport.limiter import ConcurrencyLimiter
from anaplan_sdk._http.rate_limiter import RateLimiter
from anaplan_sdk._http.redaction import safe_url
from anaplan_sdk._http.replies import decode, transport_error
from anaplan_sdk._http.retry_policy import RETRY_AFTER_CAP, Repeat, RetryPolicy
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk._runtime.flow import DeadlineExceeded
from anaplan_sdk.auth.bearer import Bearer
from anaplan_sdk.config import ClientConfig
from anaplan_sdk.exceptions import (
    AnaplanException,
    AnaplanTimeoutException,
    ClientClosedException,
    InvalidCredentialsException,
    RateLimitException,
)

if TYPE_CHECKING:
    from anaplan_sdk._async.transport.model_wait import ModelWait
    from anaplan_sdk.models import ModelStatus, NamedObject

# More than can be started of one action while one answer is on its way.
_TASKS_REMEMBERED = 64


_OVER: Any = object()


class Session:
    """The one way to the network, shared by a client and those made from it by `with_model`."""

    def __init__(self, config: ClientConfig, auth: httpx2.Auth) -> None:
        self.hosts = config.service_hosts
        self._auth = auth
        self._policy = RetryPolicy(
            config.retry_count,
            config.backoff,
            config.backoff_factor,
            config.max_retry_time,
            config.request_deadline,
        )
        self._gate = ConcurrencyLimiter(
            config.max_concurrency, RateLimiter(config.requests_per_minute)
        )
        self._transport = Transport(config, auth)
        self._starts: Counter[str] = Counter()
        self._starts_lock = threading.Lock()
        self._tasks: dict[str, deque[str]] = {}
        self._doubts: dict[str, float] = {}
        self.names: dict[tuple[str, str], tuple[NamedObject, ...]] = {}
        self._model_wait = config.model_wait
        self._poll_delay = config.status_poll_delay

    @property
    def policy(self) -> RetryPolicy:
        return self._policy

    def server_time(self, moment: float) -> float:
        """Anaplan's clock, in seconds since 1970, at a moment of `time.monotonic`."""
        return self._transport.server_time(moment)

    @contextmanager
    def starting(self, key: str) -> Generator[None]:
        """Something is started here, until what came of it is remembered or in doubt."""
        with self._starts_lock:
            self._starts[key] += 1
        try:
            yield
        finally:
            with self._starts_lock:
                self._starts[key] -= 1
                if not self._starts[key]:
                    del self._starts[key]

    def is_contested(self, key: str) -> bool:
        """Whether several such starts are under way."""
        return self._starts[key] > 1

    def known_tasks(self, key: str) -> Collection[str]:
        """The last of its tasks that were started from here."""
        return self._tasks.get(key, ())

    def remember_task(self, key: str, task_id: str) -> None:
        self._tasks.setdefault(key, deque(maxlen=_TASKS_REMEMBERED)).append(task_id)

    def doubt(self, key: str) -> None:
        """Remembers that a start was left unclear, so that it may come to light later."""
        self._doubts[key] = time.monotonic()

    def doubted_at(self, key: str) -> float:
        """When a start was last left unclear, by `time.monotonic`; long ago if none was."""
        return self._doubts.get(key, -inf)

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

        # The HTTP library would read the text again and again.
        target = httpx2.URL(url, params=params) if params else httpx2.URL(url)

        def build() -> httpx2.Request:
            request = self._transport.client().build_request(
                method, target, json=json, content=content, files=files, headers=headers
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
            return self._transport.client().build_request(
                "GET", url, params=params, headers=headers
            )

        response = await self._repeat(build, Repeat.SAFE, deadline, stream=True)
        pieces = pieces_of(response)
        try:
            while True:
                piece = await runtime.within(left_until(deadline), anext, pieces, _OVER)
                if piece is _OVER:
                    break
                yield piece
        except DeadlineExceeded:
            raise self._overdue(response.request, 1, not_performed=False) from None
        except (httpx2.RequestError, httpx2.StreamError) as error:
            # The HTTP library has several words for a client that was closed meanwhile.
            if self._transport.is_closed:
                raise ClientClosedException("This client was closed during a download.") from error
            if isinstance(error, httpx2.RequestError):
                raise transport_error(error, 1) from error
            raise
        except GeneratorExit:
            await hang_up(response, pieces)
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
        began, number, sent, may_be_done = time.monotonic(), 1, 0, False
        while True:
            trip = Attempt(number, deadline)
            try:
                return await self._attempt(build, trip, stream)
            except DeadlineExceeded:
                # It didn't get its turn, and the next one would come even later.
                raise self._overdue(build(), sent, not_performed=not may_be_done) from None
            except AnaplanException as error:
                sent += trip.was_sent
                # The last attempt may have had no effect where an earlier one had.
                may_be_done = may_be_done or not error.not_performed
                error.not_performed = not may_be_done
                if wait is not None and await wait.helps(error, allowed):
                    continue
                passed = time.monotonic() - began
                pause = self._policy.pause_after(error, allowed, number, passed)
                if pause is None:
                    raise
            await runtime.sleep(pause)
            number += 1

    async def _attempt(
        self, build: Callable[[], httpx2.Request], trip: Attempt, stream: bool
    ) -> httpx2.Response:
        # A stream holds the gate until its headers are there: its reader may send, too.
        began = await self._gate.enter(trip.deadline)
        try:
            request = build()
            auth = self._transport.auth_of(request)
            left = left_until(trip.deadline)
            try:
                return await runtime.within(
                    left, self._transport.exchange, request, auth, trip, stream
                )
            except DeadlineExceeded:
                attempts = trip.number if trip.was_sent else trip.number - 1
                raise self._overdue(request, attempts, not_performed=not trip.was_sent) from None
            finally:
                trip.is_over = True  # A thread that goes on sends nothing any more.
        except RateLimitException as error:
            # Of a tenant, so that all wait; but nobody where it isn't us who repeat.
            if self._policy.retry_count and (error.retry_after or 0.0) <= RETRY_AFTER_CAP:
                self._gate.pause(self._policy.wait(error, trip.number), began)
            raise
        finally:
            self._gate.leave()

    def _wait_for_model(self, url: str, deadline: float | None) -> ModelWait | None:
        # Imported when asked for: few programs wait in this way.
        from anaplan_sdk._async.transport.model_wait import STATUS, ModelWait, status_path

        base = self.hosts.api
        path = status_path(url.removeprefix(base)) if url.startswith(base) else None
        if path is None or self._model_wait is None:
            return None

        def build() -> httpx2.Request:
            return self._transport.client().build_request("GET", f"{base}{path}")

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
        what = "Anaplan may have acted on it"
        if not_performed:
            what = "Anaplan did not act on it" if attempts else "it was not sent"
        return AnaplanTimeoutException(
            f"The request was not done in the {self._policy.deadline} seconds that it may take; "
            f"{what}.",
            method=request.method,
            url=safe_url(request.url),
            attempts=attempts,
            retryable=True,
            not_performed=not_performed,
        )

    async def authenticate(self) -> None:
        """Signs in, unless there is a usable token, and has Anaplan confirm the token."""
        if isinstance(self._auth, Bearer):
            self._auth.session.forgive()
        await self.send("GET", f"{self.hosts.authentication}/token/validate")

    async def logout(self) -> None:
        """Ends the current token at Anaplan; without one there is nothing to do."""
        url = f"{self.hosts.authentication}/token/logout"
        request = self._transport.client().build_request("POST", url)
        auth: httpx2.Auth | None = self._auth
        if isinstance(self._auth, Bearer):
            token = self._auth.session.drop()
            if token is None:
                return
            request.headers["Authorization"] = f"AnaplanAuthToken {token}"
            auth = None
        with suppress(InvalidCredentialsException):  # It had ended by itself.
            await self._transport.exchange(request, auth, Attempt(1))

    async def aclose(self) -> None:
        """Closes the connections, but for those of other event loops, which end with them."""
        await self._transport.aclose()
