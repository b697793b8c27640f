"""Asking Anaplan for one chunk of a file, of which as little as possible is read."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus

import httpx2

from anaplan_sdk._async.transfer.download import ACCEPT_BYTES
from anaplan_sdk._async.transfer.journal import Fingerprint
from anaplan_sdk._async.transport.session import Session
from anaplan_sdk.exceptions import AnaplanException, InvalidIdentifierException

_HEADERS = {**ACCEPT_BYTES, "Accept-Encoding": "identity"}


@dataclass(frozen=True)
class StoredChunk:
    """A chunk that Anaplan may have.

    Attributes:
        session: Sends the requests.
        url: The URL of the chunk.
    """

    session: Session
    url: str

    async def is_missing(self) -> bool:
        """Whether Anaplan replies that it does not have the chunk."""
        return await self._status() == HTTPStatus.NOT_FOUND

    async def exists(self) -> bool:
        """Whether Anaplan replies with the chunk."""
        return await self._status() == HTTPStatus.OK

    async def matches(self, chunk: Fingerprint) -> bool:
        """Whether Anaplan has this very chunk: of its size, with the same beginning.

        All of it is read and compared only if the reply does not state its length.
        """
        replies: list[httpx2.Response] = []
        head = b""
        whole, size = sha256(), 0
        pieces = self.session.stream(self.url, headers=_HEADERS, on_reply=replies.append)
        try:
            async with aclosing(pieces):
                async for piece in pieces:
                    head = (head + piece)[: Fingerprint.HEAD_SIZE] if not size else head
                    whole.update(piece)
                    size += len(piece)
                    stated = _stated_size(replies[0])
                    if replies[0].status_code != HTTPStatus.OK or stated not in (None, chunk.size):
                        return False
                    if stated is not None and size >= Fingerprint.HEAD_SIZE:
                        return sha256(head).hexdigest() == chunk.head
        except AnaplanException:
            return False
        return size == chunk.size and whole.hexdigest() == chunk.sha256

    async def _status(self) -> int | None:
        replies: list[httpx2.Response] = []
        pieces = self.session.stream(self.url, headers=_HEADERS, on_reply=replies.append)
        try:
            async with aclosing(pieces):
                await anext(pieces, b"")
        except InvalidIdentifierException:
            return HTTPStatus.NOT_FOUND
        except AnaplanException:
            return None
        return replies[0].status_code


def _stated_size(reply: httpx2.Response) -> int | None:
    stated: str = reply.headers.get("Content-Length", "")
    return int(stated) if stated.isdecimal() and "Content-Encoding" not in reply.headers else None
