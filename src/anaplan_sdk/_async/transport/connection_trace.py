"""What becomes of one request on its connection, as the HTTP library reports it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx2

from anaplan_sdk._runtime import asynchronous as runtime

_CONNECTED = ("connect_tcp.complete", "connect_unix_socket.complete", "start_tls.complete")


class ConnectionTrace:
    """The `trace` extension of one request; a transport of the user's may not call it.

    After a redirect there are several requests: then less is known.
    """

    def __init__(self) -> None:
        self._requests = 0
        self._is_new = False
        self._has_reply = False
        self._headers_failed = False

    async def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        """Take an event: the part of the library, the step, and how far that is."""
        if event.endswith(_CONNECTED):
            self._is_new = True
            runtime.watch_connection(info["return_value"])
        elif event.endswith("send_request_headers.started"):
            self._requests += 1
        elif event == "http11.send_request_headers.failed":
            self._headers_failed = True
        elif event.endswith("receive_response_headers.complete"):
            self._has_reply = True

    @property
    def was_never_sent(self) -> bool:
        """Whether not even the request's headers were sent completely."""
        return self._headers_failed and self._requests == 1 and not self._has_reply

    def met_closed_connection(self, error: httpx2.RequestError) -> bool:
        """Whether the request failed since a connection kept from an earlier one was closed."""
        is_broken = isinstance(error, httpx2.NetworkError | httpx2.RemoteProtocolError)
        return is_broken and bool(self._requests) and not self._is_new and not self._has_reply
