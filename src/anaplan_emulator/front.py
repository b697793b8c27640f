"""What every request passes before the application, and every answer after it.

Here requests are noted in the journal, faults strike, and the emulator's clock writes `Date`.
The control room's own requests pass untouched.
"""

import asyncio
import contextlib
import logging
import socket
import struct
import sys
from collections import deque
from collections.abc import Awaitable, Callable
from email.utils import format_datetime

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Match, Route
from starlette.types import Message, Receive, Scope, Send

from anaplan_emulator.app import Resource
from anaplan_emulator.control import CONTROL
from anaplan_emulator.faults import ActiveFault, Fault
from anaplan_emulator.journal import Entry
from anaplan_emulator.replies import INTEGRATION, Api, ApiError
from anaplan_emulator.server import TRANSPORT
from anaplan_emulator.world import World

logger = logging.getLogger(__name__)

GATEWAY_PAGE = """<html>
<head><title>{status} {reason}</title></head>
<body><center><h1>{status} {reason}</h1></center><hr><center>gateway</center></body>
</html>
"""


class Front:
    """The ASGI application that the server runs."""

    def __init__(self, app: Starlette, world: World) -> None:
        self._app = app
        self._world = world
        self.closing = asyncio.Event()
        """Set when the server stops: ordered delays end then."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["path"].startswith(f"{CONTROL}/"):
            await self._app(scope, receive, self._dated(send))
            return
        entry = self._note(scope)
        receive, send = _noting(entry, receive, send)
        active = self._world.faults.take(scope["method"], scope["path"])
        if active is None:
            await self._app(scope, receive, self._dated(send))
        else:
            entry.request.fault = active.id
            await self._strike(active, scope, receive, send)
        logger.info("%s %s %s", scope["method"], scope["path"], entry.request.status or "no answer")

    def _note(self, scope: Scope) -> Entry:
        host, port = scope["client"] or ("", 0)
        return self._world.journal.open(
            received_at=self._world.clock.now(),
            client=f"{host}:{port}",
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            headers=Headers(scope=scope).items(),
        )

    def _dated(self, send: Send) -> Send:
        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("date", format_datetime(self._world.clock.now(), usegmt=True))
                headers.setdefault("server", "anaplan-emulator")
            await send(message)

        return dated

    async def _strike(
        self, active: ActiveFault, scope: Scope, receive: Receive, send: Send
    ) -> None:
        fault = active.fault
        connection = Connection(scope["extensions"][TRANSPORT], receive)
        if fault.refuses_request:
            await connection.read_body(fault.reset_during_request or 0)
            await self._pause(fault.delay_seconds)
            await connection.reset()
            return
        if fault.hold_seconds:
            receive = await connection.read_whole()
            await self._pause(fault.hold_seconds)
        reply = TroubledReply(fault, connection, send, self._pause)
        outgoing = self._dated(reply.send)
        if not fault.replaces_reply:
            await self._app(scope, receive, outgoing)
            return
        if fault.processed:
            await self._app(scope, receive, _nowhere)
        else:
            await connection.read_body()
        await self._own_reply(fault, scope)(scope, receive, outgoing)

    async def _pause(self, seconds: float) -> None:
        """Wait in real time, but not longer than the emulator runs."""
        if seconds > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.closing.wait(), seconds)

    def _own_reply(self, fault: Fault, scope: Scope) -> Response:
        status = fault.status or 200
        if isinstance(fault.body, str):
            return Response(fault.body, status_code=status)
        if fault.body is not None:
            return JSONResponse(fault.body, status_code=status)
        if status < 400:
            return Response(status_code=status)
        error = ApiError(status)
        if status in (502, 503, 504):
            return HTMLResponse(GATEWAY_PAGE.format(status=status, reason=error.message), status)
        return self._api(scope).refuse(error, scope["path"], self._world.clock.now())

    def _api(self, scope: Scope) -> Api:
        """Find whose errors a path answers with."""
        for route in self._app.routes:
            if isinstance(route, Route) and isinstance(route.endpoint, Resource):
                match, _ = route.matches(scope)
                if match is not Match.NONE:
                    return route.endpoint.api
        return INTEGRATION


class Connection:
    """The connection a request came on."""

    def __init__(self, transport: asyncio.Transport, receive: Receive) -> None:
        self._transport = transport
        self._receive = receive

    async def read_body(self, most: int | None = None) -> None:
        """Read the request's body, up to so many bytes of it."""
        read = 0
        while most is None or read < most:
            message = await self._receive()
            read += len(message.get("body", b""))
            if not message.get("more_body", False):
                return

    async def read_whole(self) -> Receive:
        """Read the request to its end, for an application that is to see it all the same later.

        A server has only news of the disconnection for one that reads after its client has gone.
        """
        messages: deque[Message] = deque()
        more = True
        while more:
            messages.append(await self._receive())
            more = messages[-1].get("more_body", False)

        async def receive() -> Message:
            return messages.popleft() if messages else await self._receive()

        return receive

    async def reset(self) -> None:
        """Break the connection so that the other side sees a reset, not an end."""
        if self._transport.is_closing():
            return
        linger = struct.pack("HH" if sys.platform == "win32" else "ii", 1, 0)
        self._transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, linger
        )
        self._transport.abort()
        await self._gone()

    async def close(self) -> None:
        """End the connection in good order, once all that was sent has left."""
        self._transport.close()
        await self._gone()

    async def flush(self) -> None:
        """Wait until all that was sent has left, and give it a moment to arrive."""
        # A transport tells its protocol when its buffer runs low, but nobody when it is empty.
        while self._has_unsent_bytes():  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.05)

    def _has_unsent_bytes(self) -> bool:
        return self._transport.get_write_buffer_size() > 0 and not self._transport.is_closing()

    async def _gone(self) -> None:
        # Only then may the application return without an answer, and not be an error.
        while (await self._receive())["type"] != "http.disconnect":
            pass


class TroubledReply:
    """Sends a reply as a fault wants it sent."""

    def __init__(
        self,
        fault: Fault,
        connection: Connection,
        send: Send,
        pause: Callable[[float], Awaitable[None]],
    ) -> None:
        self._fault = fault
        self._connection = connection
        self._send = send
        self._pause = pause
        self._room = min(
            (
                limit
                for limit in (fault.reset_after_bytes, fault.truncate_after_bytes)
                if limit is not None
            ),
            default=None,
        )
        self._broken = False

    async def send(self, message: Message) -> None:
        """Send the start or a piece of the body, or break the connection in its stead."""
        if self._broken:
            return
        if message["type"] == "http.response.start":
            await self._start(message)
        else:
            await self._piece(message.get("body", b""), more=message.get("more_body", False))

    async def _start(self, message: Message) -> None:
        await self._pause(self._fault.delay_seconds)
        if self._fault.lose_reply:
            self._broken = True
            await self._connection.reset()
            return
        headers = MutableHeaders(scope=message)
        for name, value in self._fault.headers.items():
            del headers[name]
            if value is not None:
                headers[name] = value
        await self._send(message)

    async def _piece(self, body: bytes, *, more: bool) -> None:
        breaks = self._room is not None and len(body) >= self._room
        if self._room is not None:
            body = body[: self._room]
            self._room -= len(body)
        await self._flow(body, more=more or breaks)
        if breaks:
            self._broken = True
            if self._fault.reset_after_bytes is not None:
                await self._connection.flush()
                await self._connection.reset()
            else:
                await self._connection.close()

    async def _flow(self, body: bytes, *, more: bool) -> None:
        rate = self._fault.bytes_per_second
        if rate is not None:
            step = max(1, int(rate / 20))
            while len(body) > step:
                await self._send(_body(body[:step], more=True))
                await self._pause(step / rate)
                body = body[step:]
        await self._send(_body(body, more=more))


def _body(piece: bytes, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": piece, "more_body": more}


async def _nowhere(message: Message) -> None:
    """Swallow a reply that nobody shall see."""


def _noting(entry: Entry, receive: Receive, send: Send) -> tuple[Receive, Send]:
    """Let the journal see what comes in and what goes out."""

    async def noting_receive() -> Message:
        message = await receive()
        if message["type"] == "http.request":
            more = message.get("more_body", False)
            entry.body_arrived(message.get("body", b""), last=not more)
        return message

    async def noting_send(message: Message) -> None:
        if message["type"] == "http.response.start":
            entry.request.status = message["status"]
        await send(message)

    return noting_receive, noting_send
