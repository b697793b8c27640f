"""The ASGI middleware that logs requests, injects faults and sets the header `Date`.

Requests to the control API and the console are neither logged nor affected by faults.
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

from anaplan_emulator.apis.replies import INTEGRATION, Api, ApiError
from anaplan_emulator.app import Resource
from anaplan_emulator.control import CONTROL_PATH
from anaplan_emulator.faults import ActiveFault, Fault
from anaplan_emulator.request_log import LogEntry
from anaplan_emulator.server import TRANSPORT
from anaplan_emulator.tenant_state import TenantState

logger = logging.getLogger(__name__)

GATEWAY_PAGE = """<html>
<head><title>{status} {reason}</title></head>
<body><center><h1>{status} {reason}</h1></center><hr><center>gateway</center></body>
</html>
"""


class Middleware:
    """The ASGI application that the server runs."""

    def __init__(self, app: Starlette, tenant: TenantState) -> None:
        self._app = app
        self._tenant = tenant
        self.closing = asyncio.Event()
        """Set when the server stops, which ends the delays of faults."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        # `/` leads to the console, which is below the path of the control API.
        to_console = scope["path"] == "/" and scope["method"] in ("GET", "HEAD")
        if to_console or scope["path"].startswith(f"{CONTROL_PATH}/"):
            await self._app(scope, receive, self._with_date(send))
            return
        entry = self._log(scope)
        receive, send = _with_log(entry, receive, send)
        active = self._tenant.faults.take(scope["method"], scope["path"])
        if active is None:
            await self._app(scope, receive, self._with_date(send))
        else:
            entry.request.fault = active.id
            await self._inject(active, scope, receive, send)
        if entry.request.seconds is None:
            entry.end()
        status = entry.request.status or "no response"
        logger.info("%s %s %s", scope["method"], scope["path"], status)

    def _log(self, scope: Scope) -> LogEntry:
        host, port = scope["client"] or ("", 0)
        return self._tenant.request_log.add(
            received_at=self._tenant.clock.now(),
            client=f"{host}:{port}",
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            headers=Headers(scope=scope).items(),
        )

    def _with_date(self, send: Send) -> Send:
        async def send_with_date(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("date", format_datetime(self._tenant.clock.now(), usegmt=True))
                headers.setdefault("server", "anaplan-emulator")
            await send(message)

        return send_with_date

    async def _inject(
        self, active: ActiveFault, scope: Scope, receive: Receive, send: Send
    ) -> None:
        fault = active.fault
        connection = Connection(scope["extensions"][TRANSPORT], receive)
        if fault.breaks_before_processing:
            await connection.read_body(fault.reset_during_request or 0)
            await self._pause(fault.delay_seconds)
            await connection.reset()
            return
        if fault.hold_seconds:
            receive = await connection.read_request()
            await self._pause(fault.hold_seconds)
        response = FaultyResponse(fault, connection, send, self._pause)
        send_response = self._with_date(response.send)
        if not fault.replaces_response:
            await self._app(scope, receive, send_response)
            return
        if fault.processed:
            await self._app(scope, receive, _discard)
        else:
            await connection.read_body()
        await self._replacement(fault, scope)(scope, receive, send_response)

    async def _pause(self, seconds: float) -> None:
        """Wait in real time, but not longer than the server runs."""
        if seconds > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.closing.wait(), seconds)

    def _replacement(self, fault: Fault, scope: Scope) -> Response:
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
        return self._api(scope).error_response(error, scope["path"], self._tenant.clock.now())

    def _api(self, scope: Scope) -> Api:
        """Return the API that a path belongs to."""
        for route in self._app.routes:
            if isinstance(route, Route) and isinstance(route.endpoint, Resource):
                match, _ = route.matches(scope)
                if match is not Match.NONE:
                    return route.endpoint.api
        return INTEGRATION


class Connection:
    """The connection of a request."""

    def __init__(self, transport: asyncio.Transport, receive: Receive) -> None:
        self._transport = transport
        self._receive = receive

    async def read_body(self, limit: int | None = None) -> None:
        """Read the request's body, or at least a number of bytes of it."""
        read = 0
        while limit is None or read < limit:
            message = await self._receive()
            read += len(message.get("body", b""))
            if not message.get("more_body", False):
                return

    async def read_request(self) -> Receive:
        """Read the request to its end, and return a function that replays it to an application.

        Once the client has disconnected, the server only reports that to a reader.
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
        """Close the connection with a TCP reset."""
        if self._transport.is_closing():
            return
        linger = struct.pack("HH" if sys.platform == "win32" else "ii", 1, 0)
        self._transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, linger
        )
        self._transport.abort()
        await self._wait_for_disconnect()

    async def close(self) -> None:
        """Close the connection normally, after everything has been sent."""
        self._transport.close()
        await self._wait_for_disconnect()

    async def flush(self) -> None:
        """Wait until everything has been sent, and a moment longer for it to arrive."""
        # A transport reports that its buffer is low, but not that it is empty.
        while self._has_unsent_bytes():  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.05)

    def _has_unsent_bytes(self) -> bool:
        return self._transport.get_write_buffer_size() > 0 and not self._transport.is_closing()

    async def _wait_for_disconnect(self) -> None:
        # Before that, the server would log it as an error that no response was sent.
        while (await self._receive())["type"] != "http.disconnect":
            pass


class FaultyResponse:
    """Sends a response with a fault."""

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
        self._bytes_left = min(
            (
                limit
                for limit in (fault.reset_after_bytes, fault.truncate_after_bytes)
                if limit is not None
            ),
            default=None,
        )
        self._broken = False

    async def send(self, message: Message) -> None:
        """Send the start or a chunk of the body, or break the connection instead."""
        if self._broken:
            return
        if message["type"] == "http.response.start":
            await self._send_start(message)
        else:
            await self._send_chunk(message.get("body", b""), more=message.get("more_body", False))

    async def _send_start(self, message: Message) -> None:
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

    async def _send_chunk(self, body: bytes, *, more: bool) -> None:
        breaks = self._bytes_left is not None and len(body) >= self._bytes_left
        if self._bytes_left is not None:
            body = body[: self._bytes_left]
            self._bytes_left -= len(body)
        await self._send_slowly(body, more=more or breaks)
        if breaks:
            self._broken = True
            if self._fault.reset_after_bytes is not None:
                await self._connection.flush()
                await self._connection.reset()
            else:
                await self._connection.close()

    async def _send_slowly(self, body: bytes, *, more: bool) -> None:
        rate = self._fault.bytes_per_second
        if rate is not None:
            step = max(1, int(rate / 20))
            while len(body) > step:
                await self._send(_body_message(body[:step], more=True))
                await self._pause(step / rate)
                body = body[step:]
        await self._send(_body_message(body, more=more))


def _body_message(body: bytes, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more}


async def _discard(message: Message) -> None:
    """Discard a message of a response that is not sent."""


def _with_log(entry: LogEntry, receive: Receive, send: Send) -> tuple[Receive, Send]:
    """Log the body of the request and the status of the response."""

    async def logging_receive() -> Message:
        message = await receive()
        if message["type"] == "http.request":
            more = message.get("more_body", False)
            entry.add_body(message.get("body", b""), last=not more)
        return message

    async def logging_send(message: Message) -> None:
        if message["type"] == "http.response.start":
            entry.request.status = message["status"]
        elif not message.get("more_body", False):
            entry.end()
        await send(message)

    return logging_receive, logging_send
