"""The HTTP session of a client: attempts, retries and limits; replies or typed errors."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import httpx2

from anaplan_sdk._async.transport.connection import Transport
from anaplan_sdk._async.transport.http_client import parse_url
from anaplan_sdk._async.transport.limiter import ConcurrencyLimiter
from anaplan_sdk._async.transport.reply_body import hang_up, pieces_of
from anaplan_sdk._http.attempt import Attempt
from anaplan_sdk._http.rate_limiter import RateLimiter
from anaplan_sdk._http.redaction import safe_url
from anaplan_sdk._http.replies import decode, transport_error
from anaplan_sdk._http.request_log import log_retry
from anaplan_sdk._http.retry_policy import RETRY_AFTER_CAP, Retry, RetryPolicy
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk._runtime.deadline import NO_DEADLINE, Deadline
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
    from anaplan_sdk.models import ModelStatus

_END: Any = object()


class Session:
    """Sends the requests of a client, and of those created from it by `with_model`."""

    def __init__(self, config: ClientConfig, auth: httpx2.Auth) -> None:
        self.hosts = config.service_hosts
        self.policy = RetryPolicy(
            config.retry_count,
            config.backoff,
            config.backoff_factor,
            config.max_retry_time,
            config.request_deadline,
        )
        self._auth = auth
        self._limiter = ConcurrencyLimiter(
            config.max_concurrency, RateLimiter(config.requests_per_minute)
        )
        self._transport = Transport(config, auth)
        self._model_wait_seconds = config.model_wait
        self._poll_delay = config.status_poll_delay
        self._reply_limits = config.reply_limits

    def __repr__(self) -> str:
        return f"<Session {self.hosts.api}, {self.sign_in}>"

    @property
    def sign_in(self) -> str:
        """Who signs in, and how; of an auth that is not the SDK's only its class."""
        kind = type(self._auth)
        is_own = kind.__module__.partition(".")[0] == __name__.partition(".")[0]
        return repr(self._auth) if is_own else f"<{kind.__qualname__}>"

    def server_time(self, moment: float) -> float | None:
        """Return the earliest that Anaplan's clock can have shown at a moment of `time.monotonic`.

        Returns:
            Seconds since 1970; `None` if it is not known yet.
        """
        return self._transport.server_time(moment)

    async def send(
        self,
        method: str,
        url: str,
        *,
        retry: Retry | None = None,
        params: Mapping[str, str | int | bool] | None = None,
        json: object = None,
        content: bytes | None = None,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        """Send a request, again if the policy allows it, and read its reply.

        Args:
            method: The HTTP method.
            url: The URL, to which `params` are added.
            retry: When the request may be sent again. By default a POST only if it was not
                performed, and any other method, whose effect is the same when it is repeated,
                after every transient error.
            params: The query.
            json: The body, as JSON.
            content: The body.
            files: The parts of a form: a name, the content and its type for each.
            headers: Further headers.

        Raises:
            AnaplanException: The error of the last attempt.
        """
        if retry is None:
            retry = Retry.IF_NOT_PERFORMED if method == "POST" else Retry.SAFE
        target = parse_url(url, params)

        def build() -> httpx2.Request:
            request = self._transport.client().build_request(
                method, target, json=json, content=content, files=files, headers=headers
            )
            if files:
                request.read()  # Otherwise it could not be sent again with another token.
            return request

        deadline = Deadline.after(self.policy.deadline)
        model_wait = self._new_model_wait(url, deadline)
        return await self._send(build, retry, deadline, model_wait=model_wait)

    async def stream(
        self,
        url: str,
        *,
        params: Mapping[str, str | int | bool] | None = None,
        headers: Mapping[str, str] | None = None,
        on_reply: Callable[[httpx2.Response], None] | None = None,
    ) -> AsyncGenerator[bytes]:
        """Send a GET and yield its reply in pieces, so that it is never in memory as a whole.

        A failure before the first piece is retried as the policy allows, a later one is not.
        Closing the generator closes the reply. A deadline applies to all of it, including the time
        that the caller spends between the pieces.

        Args:
            url: The URL, to which `params` are added.
            params: The query.
            headers: Further headers.
            on_reply: Called with the reply before its first piece.

        Raises:
            AnaplanException: The request failed.
        """
        deadline = Deadline.after(self.policy.deadline)
        target = parse_url(url, params)

        def build() -> httpx2.Request:
            return self._transport.client().build_request("GET", target, headers=headers)

        response = await self._send(build, Retry.SAFE, deadline, is_streamed=True)
        pieces = pieces_of(response, self._reply_limits)
        failure: httpx2.RequestError
        try:
            if on_reply is not None:
                on_reply(response)
            read = runtime.with_deadline
            while (piece := await read(deadline.remaining(), anext, pieces, _END)) is not _END:
                yield piece
        except DeadlineExceeded:
            raise self._deadline_error(response.request, 1, not_performed=False) from None
        except (httpx2.RequestError, httpx2.StreamError) as error:
            # The HTTP library raises different errors if the client was closed in the meantime.
            if self._transport.is_closed:
                raise ClientClosedException("The client was closed during a download.") from error
            if not isinstance(error, httpx2.RequestError):
                raise
            failure = error
        except GeneratorExit:
            await hang_up(response, pieces)
            raise
        else:
            return
        finally:
            await response.aclose()
        raise transport_error(failure, 1, response.request)

    async def _send(
        self,
        build: Callable[[], httpx2.Request],
        retry: Retry,
        deadline: Deadline,
        *,
        is_streamed: bool = False,
        model_wait: ModelWait | None = None,
    ) -> httpx2.Response:
        policy = self.policy
        retry_deadline = Deadline.after(policy.retry_time)
        # A resend after waiting for the model is another attempt, but not one of the retries.
        number, tries, sent, may_be_performed = 1, 1, 0, False
        sends = 0
        was_repeated_at_once = False
        while True:
            attempt = Attempt(number, deadline, earlier_sends=sends)
            try:
                return await self._attempt(build, attempt, tries, is_streamed)
            except DeadlineExceeded:
                # It was not admitted in time, and a retry would be admitted even later.
                raise self._deadline_error(
                    build(), sent, not_performed=not may_be_performed
                ) from None
            except AnaplanException as error:
                number += 1
                sent += attempt.was_sent
                sends += attempt.sends
                # The last attempt may have had no effect, but an earlier one may have.
                may_be_performed = may_be_performed or not error.not_performed
                error.not_performed = not may_be_performed
                if model_wait is not None and await model_wait.should_resend(error, retry):
                    continue
                # One kept connection that was closed says nothing of the service; the next is new.
                at_once = attempt.met_closed_connection and not was_repeated_at_once
                was_repeated_at_once = at_once
                pause = policy.pause_before_retry(
                    error, retry, tries, retry_deadline.remaining(), at_once=at_once
                )
                if pause is None:
                    raise
                tries += 1
                log_retry(error, pause, tries, policy.retry_count + 1)
            await runtime.sleep(pause)

    async def _attempt(
        self, build: Callable[[], httpx2.Request], attempt: Attempt, tries: int, is_streamed: bool
    ) -> httpx2.Response:
        # A streamed reply holds its place only until its headers have arrived: the caller may send
        # further requests while reading it.
        deadline = attempt.deadline
        admitted_at = await self._limiter.acquire(deadline)
        try:
            request = build()
            auth = self._transport.auth_of(request)
            send = self._transport.send_once
            try:
                if deadline is NO_DEADLINE:
                    return await send(request, auth, attempt, is_streamed)
                return await runtime.with_deadline(
                    deadline.remaining(), send, request, auth, attempt, is_streamed
                )
            except DeadlineExceeded:
                attempts = attempt.number if attempt.was_sent else attempt.number - 1
                failure = self._deadline_error(
                    request, attempts, not_performed=not attempt.was_sent
                )
                failure.status_code = attempt.status_code
                raise failure from None
            finally:
                attempt.is_over = True  # A thread that is still running sends nothing more.
        except RateLimitException as error:
            # The limit is the tenant's, so all requests wait, unless this client never retries.
            if self.policy.retry_count and (error.retry_after or 0.0) <= RETRY_AFTER_CAP:
                self._limiter.pause(self.policy.pause(error, tries), admitted_at)
            raise
        finally:
            self._limiter.release(
                admitted_at,
                was_answered=attempt.status_code is not None,
                lost_connection=attempt.lost_connection,
            )

    def _new_model_wait(self, url: str, deadline: Deadline) -> ModelWait | None:
        seconds = self._model_wait_seconds
        if seconds is None:
            return None
        # Imported here, since few programs use it.
        from anaplan_sdk._async.transport.model_wait import STATUS, ModelWait, status_path

        base = self.hosts.api
        path = status_path(url.removeprefix(base)) if url.startswith(base) else None
        if path is None:
            return None

        def build() -> httpx2.Request:
            return self._transport.client().build_request("GET", parse_url(f"{base}{path}"))

        async def poll() -> ModelStatus:
            response = await self._send(build, Retry.SAFE, deadline)
            return decode(STATUS.adapter, response).value

        return ModelWait(poll, seconds, self._poll_delay, deadline)

    def _deadline_error(
        self, request: httpx2.Request, attempts: int, *, not_performed: bool
    ) -> AnaplanTimeoutException:
        outcome = "Anaplan may have acted on it"
        if not_performed:
            outcome = "Anaplan did not act on it" if attempts else "it was not sent"
        return AnaplanTimeoutException(
            f"The request did not end within its deadline of {self.policy.deadline} seconds; "
            f"{outcome}.",
            method=request.method,
            url=safe_url(request.url),
            attempts=attempts,
            retryable=True,
            not_performed=not_performed,
        )

    async def authenticate(self) -> None:
        """Sign in, unless there is a usable token, and have Anaplan confirm the token."""
        if isinstance(self._auth, Bearer):
            self._auth.cache.reset_refusal()
        await self.send("GET", f"{self.hosts.authentication}/token/validate")

    async def logout(self) -> None:
        """End the current token at Anaplan; without one do nothing."""
        url = f"{self.hosts.authentication}/token/logout"
        request = self._transport.client().build_request("POST", parse_url(url))
        auth: httpx2.Auth | None = self._auth
        if isinstance(self._auth, Bearer):
            token = self._auth.cache.clear()
            if token is None:
                return
            request.headers["Authorization"] = f"AnaplanAuthToken {token}"
            auth = None
        with suppress(InvalidCredentialsException):  # It had already expired.
            await self._transport.send_once(request, auth, Attempt(1))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()
