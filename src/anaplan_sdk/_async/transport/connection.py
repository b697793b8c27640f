"""A request to the network and back: the bearer's turns, the HTTP library, the reply read whole."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO

import httpx2

from anaplan_sdk._formats.chunks import MAX_CHUNK_SIZE
from anaplan_sdk._formats.gzip import Decompressor, decompress
from anaplan_sdk._http.dates import http_date
from anaplan_sdk._http.replies import error_of, is_page, transport_error
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk._runtime.flow import DeadlineExceeded, Run, Step, Unbroken, may_be_broken_off
from anaplan_sdk._version import __version__
from anaplan_sdk.auth.bearer import Bearer, Turn, after, dressed
from anaplan_sdk.auth.consolidation import ConsolidationAuth
from anaplan_sdk.config import ClientConfig, HttpxOptions
from anaplan_sdk.exceptions import AnaplanException, ClientClosedException

USER_AGENT = f"anaplan-sdk/{__version__} python-httpx2/{httpx2.__version__}"

# A reply that takes less time to unpack than a thread takes to be asked for it is smaller.
_LARGE = 65_536
# Joining a reply's pieces is quickest, but takes its size twice; exports have chunks of 10 MB.
_HUGE = 16_000_000

# How long closing waits for the answer of a token service: a refresh token may be spent on it.
_LAST_ANSWER = 5.0

# The HTTP library's own default.
_KEPT_ALIVE = 20


@dataclass
class Attempt:
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


class Transport:
    """Sends a request once, with what its service wants to see, and reads what comes of it."""

    def __init__(self, config: ClientConfig, auth: httpx2.Auth) -> None:
        self._auth = auth
        self._consolidation = ConsolidationAuth(config.consolidation)
        self._consolidation_base = f"{httpx2.URL(config.service_hosts.consolidation)}/"
        self._server_date = "", 0.0
        self._exchanges = runtime.PerLoop(Unbroken)
        headers = httpx2.Headers(config.httpx_kwargs.get("headers"))
        headers.setdefault("User-Agent", USER_AGENT)
        # The gate bounds what is under way; a pool that is narrower would close what it opens.
        limits = httpx2.Limits(max_keepalive_connections=max(_KEPT_ALIVE, config.max_concurrency))
        options: HttpxOptions[httpx2.AsyncBaseTransport] = {
            "limits": limits,
            **config.httpx_kwargs,
            "headers": headers,
        }
        self._http = runtime.PerLoop(lambda: httpx2.AsyncClient(timeout=config.timeout, **options))

    @property
    def is_closed(self) -> bool:
        return self._http.is_closed

    def client(self) -> httpx2.AsyncClient:
        """The running event loop's client of the HTTP library.

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
        """What signs a request."""
        # By the address alone, so that neither token can go to the other's service.
        is_foreign = str(request.url).startswith(self._consolidation_base)
        return self._consolidation if is_foreign else self._auth

    def server_time(self, moment: float) -> float:
        """Anaplan's clock, in seconds since 1970, at a moment of `time.monotonic`."""
        date, received = self._server_date
        server_time = http_date(date)
        if server_time is None:
            return time.time() - (time.monotonic() - moment)
        return server_time - (received - moment)

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

    async def exchange(
        self,
        request: httpx2.Request,
        auth: httpx2.Auth | None,
        trip: Attempt,
        stream: bool = False,
    ) -> httpx2.Response:
        """Sends a request, with a new token once more if need be, and reads its reply.

        Args:
            request: The request.
            auth: What signs it, from `auth_of`.
            trip: Which sending of it this is.
            stream: Whether the body of a success is left to be read.

        Raises:
            AnaplanException: The one that fits.
        """
        if isinstance(auth, Bearer):
            response = await self._take_turns(request, auth, trip, stream)
        else:
            response = await self._transmit(request, auth, trip, stream)
        if trip.is_over:
            await response.aclose()
            raise DeadlineExceeded
        if "Date" in response.headers:
            self._server_date = response.headers["Date"], time.monotonic()
        if problem := error_of(response, trip.number):
            raise problem
        return response

    async def _take_turns(
        self, request: httpx2.Request, bearer: Bearer, trip: Attempt, stream: bool
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
        try:
            while step is not None:
                if isinstance(step, httpx2.Request):
                    step = await runtime.unbroken(self._renew, run, step, request, attempt)
                else:
                    step = await self._take_step(run, step, request, attempt)
            return run.result
        finally:
            run.close()
            self._exchanges.get().reach(run, None)

    async def _renew(
        self, run: Run[str], step: Step | None, request: httpx2.Request, attempt: int
    ) -> Step | None:
        """Sends, and keeps what the answer brings; gives the next step that may be broken off."""
        while step is not None and not may_be_broken_off(step):
            step = await self._take_step(run, step, request, attempt)
        return step

    async def _take_step(
        self, run: Run[str], step: Step, request: httpx2.Request, attempt: int
    ) -> Step | None:
        self._exchanges.get().reach(run, step)
        try:
            if isinstance(step, httpx2.Request):
                token_request = dressed(step, request, self.client().headers)
                answer: object = await self._transmit(token_request, None, Attempt(attempt))
            else:
                answer = await runtime.perform(step)
        except AnaplanException as error:
            return run.fail(error)
        return run.go_on(answer)

    async def _transmit(
        self,
        request: httpx2.Request,
        auth: httpx2.Auth | None,
        trip: Attempt,
        stream: bool = False,
    ) -> httpx2.Response:
        client = self.client()
        left = left_until(trip.deadline)
        if left == 0 or trip.is_over:
            raise DeadlineExceeded
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

    async def _read(self, response: httpx2.Response, trip: Attempt) -> httpx2.Response:
        """The same reply, read whole; a large one is unpacked where it holds up nobody.

        The HTTP library itself takes what ends too early in a packed reply for all of it.
        """
        try:
            size = int(response.headers.get("Content-Length", 0))
            is_packed = _is_packed(response)
            if not is_packed and size < _HUGE and trip.deadline is None:
                await response.aread()
                return response
            body = _room_for(size)
            async for piece in response.aiter_raw():
                if trip.is_over:
                    raise DeadlineExceeded
                body.write(piece)
        except BaseException:
            await response.aclose()
            raise
        body.truncate()  # A server or a transport may have announced more.
        content = body.getvalue()
        headers = httpx2.Headers(response.headers)
        if is_packed and content:  # A reply without content may have the header as well.
            try:
                if len(content) < _LARGE:
                    content = decompress(content)
                else:
                    content = await runtime.run_in_thread(decompress, content)
            except ValueError as error:
                raise httpx2.DecodingError(str(error), request=response.request) from error
            headers.pop("Content-Encoding")
            headers.pop("Content-Length", None)
        return httpx2.Response(
            response.status_code, headers=headers, content=content, request=response.request
        )


async def pieces_of(response: httpx2.Response) -> AsyncGenerator[bytes]:
    """A reply's content as it arrives; what is packed is known to be whole at its end."""
    if not _is_packed(response):
        async for piece in response.aiter_bytes():
            yield piece
        return
    unpacker, raw = Decompressor(), response.aiter_raw()
    try:
        async for packed in raw:
            if piece := unpacker.feed(packed):
                yield piece
        unpacker.finish()
    except ValueError as error:
        await hang_up(response, raw)
        raise httpx2.DecodingError(str(error), request=response.request) from error


async def hang_up(response: httpx2.Response, pieces: AsyncIterator[bytes]) -> None:
    """Closes a reply that is being read."""
    await response.aclose()
    # The HTTP library's own generators, one in the other, end only by going on.
    with suppress(httpx2.RequestError, httpx2.StreamError):
        async for _ in pieces:
            pass


def _is_packed(response: httpx2.Response) -> bool:
    encoding: str = response.headers.get("Content-Encoding", "")
    return encoding.strip().lower() == "gzip"


def left_until(deadline: float | None) -> float | None:
    """Seconds until then; `None` where there is no end."""
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
