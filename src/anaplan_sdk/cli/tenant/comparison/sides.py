"""The two sides of a comparison: a live tenant, and an emulator."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from anaplan_sdk.cli.request import service_urls
from anaplan_sdk.cli.tenant.comparison.replies import Call, Reply

if TYPE_CHECKING:
    import httpx2

    from anaplan_sdk._sync.transport.session import Session
    from anaplan_sdk.config import ClientConfig

# As much of a large reply as is read.
_BEGINNING = 64 * 1024
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


class Side:
    """One side, which sends requests and returns replies, errors included.

    Args:
        session: The session, which signs in.
        unsigned: A session whose requests carry no token.
        replies: The latest reply to the requests of both sessions.
    """

    def __init__(self, session: Session, unsigned: _UnsignedSession, replies: _Latest) -> None:
        self._session = session
        self._unsigned = unsigned
        self._replies = replies
        self._urls = service_urls(session.hosts)

    @staticmethod
    @contextmanager
    def opened(options: Mapping[str, Any]) -> Generator[Side]:
        """Open a side.

        Args:
            options: The options of a client, with credentials.

        Yields:
            The side, whose connections are closed afterwards.
        """
        from anaplan_sdk._sync.transport.session import Session
        from anaplan_sdk.auth.credentials import resolve_auth
        from anaplan_sdk.config import ClientConfig

        replies = _Latest()
        given = dict(options)
        given["httpx_kwargs"] = {
            **given.get("httpx_kwargs", {}),
            "event_hooks": {"response": [replies.keep]},
        }
        config = ClientConfig(**given)
        session, unsigned = Session(config, resolve_auth(config)), _UnsignedSession(config)
        try:
            yield Side(session, unsigned, replies)
        finally:
            session.close()
            unsigned.close()

    @property
    def token(self) -> str | None:
        """The `Authorization` header of the last request that was signed with a token."""
        return self._replies.authorization

    def send(self, call: Call, ids: Mapping[str, str]) -> Reply:
        """Send a request, and return the reply whatever its status is.

        Args:
            call: The request.
            ids: The ids that replace names in braces.

        Returns:
            The reply.

        Raises:
            AnaplanException: There is no reply.
        """
        from anaplan_sdk.exceptions import AnaplanException

        url = self._urls[call.service] + filled(call.path, ids, quote=True)
        query = {name: filled(str(value), ids) for name, value in call.query.items()}
        self._replies.clear()
        try:
            if call.unsigned is not None:
                return Reply.of(self._unsigned.send(call, url, query))
            if call.begins:
                return self._begin(url, query, call.headers)
            return Reply.of(self._send(call, url, query, ids))
        except AnaplanException as error:
            response = self._replies.latest
            is_sign_in = response is not None and "/token/" in response.request.url.path
            if (
                response is None
                or response.status_code != error.status_code
                or (is_sign_in and call.service != "auth")
            ):
                raise
            content = b""
            with suppress(Exception):  # Its connection may be closed.
                content = response.read()
            return Reply.of(response, content)

    def _send(
        self, call: Call, url: str, query: Mapping[str, str], ids: Mapping[str, str]
    ) -> httpx2.Response:
        from anaplan_sdk._http.retry_policy import Retry

        body = call.json if call.json is None else json.loads(filled(json.dumps(call.json), ids))
        is_read = call.method == "GET"
        return self._session.send(
            call.method,
            url,
            # 500 is the reply to some calls.
            retry=Retry.NOT_AFTER_500 if is_read else Retry.IF_NOT_PERFORMED,
            params=query or None,
            json=body,
            content=call.content,
            headers=call.headers,
        )

    def _begin(self, url: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
        kept: list[httpx2.Response] = []
        content = bytearray()
        pieces = self._session.stream(
            url, params=query or None, headers=headers, on_reply=kept.append
        )
        try:
            for piece in pieces:
                content += piece
                if len(content) >= _BEGINNING:
                    break
        finally:
            pieces.close()
        return Reply.of(kept[0], bytes(content[:_BEGINNING]), is_cut=len(content) >= _BEGINNING)

    def size(self, call: Call, ids: Mapping[str, str]) -> int:
        """Return how many bytes the reply to a GET has, without keeping them.

        Args:
            call: The request.
            ids: The ids that replace names in braces.

        Returns:
            The bytes.
        """
        url = self._urls[call.service] + filled(call.path, ids, quote=True)
        return sum(len(piece) for piece in self._session.stream(url, headers=call.headers))


class _Latest:
    """The latest response of a session."""

    def __init__(self) -> None:
        self.latest: httpx2.Response | None = None
        self.authorization: str | None = None

    def keep(self, response: httpx2.Response) -> None:
        if response.is_error:
            response.read()
        self.latest = response
        header = response.request.headers.get("authorization", "")
        if header.startswith("AnaplanAuthToken ") and response.is_success:
            self.authorization = header

    def clear(self) -> None:
        self.latest = None


class _UnsignedSession:
    """Sends requests that carry no token, or another header in its place."""

    def __init__(self, config: ClientConfig) -> None:
        import httpx2

        from anaplan_sdk._sync.transport.session import Session

        self._session = Session(config, httpx2.Auth())

    def send(self, call: Call, url: str, query: Mapping[str, str]) -> httpx2.Response:
        from anaplan_sdk._http.retry_policy import Retry

        headers = dict(call.headers)
        if call.unsigned:
            headers["Authorization"] = call.unsigned
        return self._session.send(
            call.method,
            url,
            retry=Retry.IF_NOT_PERFORMED,
            params=query or None,
            json=call.json,
            content=call.content,
            headers=headers,
        )

    def close(self) -> None:
        self._session.close()


def filled(text: str, ids: Mapping[str, str], *, quote: bool = False) -> str:
    """Return a text with ids in place of the names in braces.

    Args:
        text: The text.
        ids: The ids by name.
        quote: Whether it is a path, in which ids are percent-encoded.

    Returns:
        The text.
    """
    from urllib.parse import quote as encode

    def value(found: re.Match[str]) -> str:
        given = ids.get(found[1])
        return found[0] if given is None else encode(given, safe="") if quote else given

    return _PLACEHOLDER.sub(value, text)
