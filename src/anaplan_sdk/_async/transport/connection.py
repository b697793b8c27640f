"""Sending a request once, with a token, and reading its reply."""

from __future__ import annotations

import time
from contextlib import aclosing
from functools import partial
from math import inf

import httpx2

from anaplan_sdk._async.transport.connection_trace import ConnectionTrace
from anaplan_sdk._async.transport.http_client import HttpClient, HttpSettings
from anaplan_sdk._async.transport.reply_body import read_reply
from anaplan_sdk._http.attempt import Attempt
from anaplan_sdk._http.dates import http_date
from anaplan_sdk._http.redirects import next_request
from anaplan_sdk._http.replies import error_of, is_html, transport_error
from anaplan_sdk._http.request_log import log_failure, log_reply
from anaplan_sdk._http.request_span import begin_request, record_reply
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk._runtime import process
from anaplan_sdk._runtime.deadline import NO_DEADLINE
from anaplan_sdk._runtime.flow import (
    DeadlineExceeded,
    ExchangeRequest,
    Flow,
    with_client_defaults,
)
from anaplan_sdk.auth.bearer import Bearer
from anaplan_sdk.auth.consolidation import ConsolidationAuth
from anaplan_sdk.config import ClientConfig
from anaplan_sdk.exceptions import AnaplanConnectionException, ClientClosedException

# After these fewer requests are sent at a time: there may have been too many connections.
_LOST_CONNECTION = (
    httpx2.ConnectTimeout,
    httpx2.NetworkError,
    httpx2.ProxyError,
    httpx2.RemoteProtocolError,
)

# Seconds that closing waits for a new refresh token: the old one may be spent already.
_EXCHANGE_TIME = 5.0


class Transport:
    """Sends a request once, signed for its service, and reads the reply."""

    def __init__(self, config: ClientConfig, auth: httpx2.Auth) -> None:
        self._auth = auth
        self._consolidation = ConsolidationAuth(config.consolidation)
        self._consolidation_base = f"{httpx2.URL(config.service_hosts.consolidation)}/"
        self._has_retries = config.retry_count > 0
        self._server_date = ""
        self._clock_offset: float | None = None
        self._token_exchanges = runtime.PerLoop(runtime.DetachedTasks)
        self._limits = config.reply_limits
        self._follows_redirects = bool(config.httpx_kwargs.get("follow_redirects"))
        settings = HttpSettings(config)
        self._http = runtime.PerLoop(lambda: HttpClient(settings))

    @property
    def is_closed(self) -> bool:
        return self._http.is_closed

    def client(self) -> HttpClient:
        """Return the HTTP client, made when it is first needed.

        Raises:
            ClientClosedException: It was closed.
        """
        try:
            return self._http.get()
        except LookupError:
            raise ClientClosedException(
                "This client was closed; make a new one.", not_performed=True
            ) from None

    def auth_of(self, request: httpx2.Request) -> httpx2.Auth:
        """Return what signs a request."""
        # By the address alone, so that neither token can go to the other service.
        is_consolidation = str(request.url).startswith(self._consolidation_base)
        return self._consolidation if is_consolidation else self._auth

    def server_time(self, moment: float) -> float | None:
        """Return the earliest that Anaplan's clock can have shown at a moment of `time.monotonic`.

        Returns:
            Seconds since 1970; `None` if no reply had a date.
        """
        return None if self._clock_offset is None else moment + self._clock_offset

    def _read_clock(self, date: str, sent: float, received: float) -> None:
        if date == self._server_date:
            return  # A later reply within the same second has nothing new.
        self._server_date = date
        server_time = http_date(date)
        if server_time is None:
            return
        # The header has whole seconds, and was written between the two moments. Of all replies the
        # one that was received soonest after the second began is the most precise, until
        # Anaplan's clock is set back.
        offset, known = server_time - received, self._clock_offset
        if known is None or offset > known or server_time + 1 - sent < known:
            self._clock_offset = offset

    async def aclose(self) -> None:
        """Close the connections, after waiting for exchanges of refresh tokens under way."""
        http = self._http.close()
        if http is None:
            return
        try:
            await self._token_exchanges.get().wait(_EXCHANGE_TIME)
        finally:
            await http.aclose()

    async def send_once(
        self,
        request: httpx2.Request,
        auth: httpx2.Auth | None,
        attempt: Attempt,
        stream: bool = False,
    ) -> httpx2.Response:
        """Send a request without retries, again only if its token was refused, and read the reply.

        Args:
            request: The request.
            auth: What signs it, from `auth_of`.
            attempt: Which attempt this is.
            stream: Whether the body of a successful reply is left unread.

        Raises:
            AnaplanException: The request failed.
            DeadlineExceeded: The attempt ended before the reply arrived.
        """
        sent_at = time.monotonic()
        if not isinstance(auth, Bearer):
            response = await self._transmit(request, auth, attempt, stream)
        elif auth.sign(request):
            response = await self._transmit(request, None, attempt, stream)
            if auth.must_repeat(request, response):
                flow = auth.flow(request, is_repeated=True)
                response = await self._send_with_new_token(request, flow, attempt, stream)
        else:
            flow = auth.flow(request)
            response = await self._send_with_new_token(request, flow, attempt, stream)
        if attempt.is_over:
            await response.aclose()
            raise DeadlineExceeded
        if "Date" in response.headers:
            self._read_clock(response.headers["Date"], sent_at, time.monotonic())
        if problem := error_of(response, attempt.number):
            raise problem
        return response

    async def _send_with_new_token(
        self, request: httpx2.Request, flow: Flow[None], attempt: Attempt, stream: bool
    ) -> httpx2.Response:
        send = partial(self._send_token_request, request, attempt.number)
        requests = runtime.run_flow(flow, request, send, self._token_exchanges.get())
        async with aclosing(requests):
            await anext(requests)
            while True:
                response = await self._transmit(request, None, attempt, stream)
                try:
                    await requests.asend(response)
                except StopAsyncIteration:
                    return response

    async def _send_token_request(
        self, request: httpx2.Request, number: int, token_request: httpx2.Request
    ) -> httpx2.Response:
        with_client_defaults(token_request, request, self.client().headers)
        # A request with a deadline ends its thread soon after, but others wait for the token, too.
        timeouts = request.extensions["timeout"].values()
        seconds = max(inf if timeout is None else timeout for timeout in timeouts)
        attempt = Attempt(number)
        try:
            return await runtime.with_own_time(
                seconds, self._transmit, token_request, None, attempt
            )
        except AnaplanConnectionException:
            # What it would exchange may be spent.
            is_exchange = isinstance(token_request, ExchangeRequest)
            if is_exchange or not self._has_retries or not attempt.met_closed_connection:
                raise
        return await runtime.with_own_time(
            seconds, self._transmit, token_request, None, Attempt(number, earlier_sends=1)
        )

    async def _transmit(
        self,
        request: httpx2.Request,
        auth: httpx2.Auth | None,
        attempt: Attempt,
        stream: bool = False,
    ) -> httpx2.Response:
        client = self.client()
        deadline = attempt.deadline
        if attempt.is_over or deadline.expired:
            raise DeadlineExceeded
        attempt.sends += 1
        extensions = request.extensions
        request.extensions = dict(extensions)
        trace = ConnectionTrace(request, self._limits.max_header_bytes)
        if deadline is not NO_DEADLINE:
            # A thread cannot be stopped from outside. Its connections end what it reads and writes;
            # these timeouts limit its connecting and its wait for a connection, to a little after
            # the deadline, so that the caller reports the deadline first.
            longest = deadline.clamp(inf) + 0.1
            timeouts = {
                step: min(longest, inf if seconds is None else seconds)
                for step, seconds in extensions["timeout"].items()
            }
            request.extensions["timeout"] = timeouts
        sent_at = time.monotonic()
        failure: Exception
        try:
            with begin_request(request, attempt) as span:
                response = await self._follow(client, request, auth, trace)
                attempt.status_code = response.status_code
                record_reply(span, response)
                if not stream or not response.is_success or is_html(response):
                    response = await read_reply(response, self._limits, attempt)
            log_reply(response, attempt.number, sent_at)
        except (httpx2.RequestError, RuntimeError, UnicodeError) as error:
            failure = error
        else:
            return response
        finally:
            # Requests for a token copy these: the deadline doesn't limit them.
            request.extensions = extensions
        # Outside of the except clause: the context of an error would quote what this one quotes.
        log_failure(request, failure, attempt.number, sent_at)
        # The HTTP library has several errors for a client that was closed meanwhile.
        if self._http.is_closed and not isinstance(failure, UnicodeError):
            raise ClientClosedException(
                "This client was closed while a request was under way."
            ) from failure
        if isinstance(failure, RuntimeError):
            if process.is_shutting_down():
                raise AnaplanConnectionException(
                    f"The interpreter is ending, and the request could not be sent: {failure}. "
                    "Send it before the program ends; only the sync client can send in atexit.",
                    not_performed=True,
                ) from failure
            raise failure
        problem = transport_error(failure, attempt.number, request)
        problem.status_code = attempt.status_code
        if isinstance(failure, httpx2.RequestError):
            attempt.met_closed_connection = trace.met_closed_connection(failure)
            attempt.lost_connection = not attempt.met_closed_connection and isinstance(
                failure, _LOST_CONNECTION
            )
            problem.not_performed = problem.not_performed or trace.was_never_sent
        raise problem

    async def _follow(
        self,
        client: HttpClient,
        request: httpx2.Request,
        auth: httpx2.Auth | None,
        trace: ConnectionTrace,
    ) -> httpx2.Response:
        """Send a request and follow redirects, if the client was asked to."""
        # Never by the HTTP library: it sends the body and most headers to whatever origin.
        response = await client.send(request, auth, trace)
        # Other ways to sign in than that of Financial Consolidation are those of one origin.
        while self._follows_redirects and auth is not self._consolidation:
            following = next_request(response, request)
            if following is None:
                break
            history = [*response.history, response]
            if len(history) > client.max_redirects:
                await response.aclose()
                raise httpx2.TooManyRedirects("Too many redirects.", request=request)
            await response.aclose()
            response = await client.send(following, None, trace)
            response.history = history
        return response
