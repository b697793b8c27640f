"""What a store has to do, and the names it keeps things by."""

from __future__ import annotations

from typing import Protocol
from urllib.parse import urlsplit


class TokenStore(Protocol):
    """Two methods; write your own for a vault or a database.

    They may block, and are called from any thread, one call for a key at a time on one machine.
    """

    def load(self, key: str) -> str | None:
        """The value kept under a key, or `None` if there is none.

        Raises:
            TokenStoreException: There may be one, but it can't be read.
        """
        ...

    def save(self, key: str, value: str | None) -> None:
        """Keeps a value, in place of the last one; `None` forgets it.

        Raises:
            TokenStoreException: It could not be kept.
        """
        ...


def store_key(token_url: str, client_id: str, user: str | None = None) -> str:
    """The key of a refresh token: of its host, its client and, if given, its user."""
    host = urlsplit(token_url).netloc.lower()
    return "/".join(part for part in (host, client_id, user) if part)
