"""The protocol of a token store, and the keys of stored tokens."""

from __future__ import annotations

from typing import Protocol
from urllib.parse import urlsplit


class TokenStore(Protocol):
    """Keeps refresh tokens between runs; write your own for a vault or a database.

    Both methods are plain functions, not async ones. They may block, and are called from any
    thread. On one machine there is one call for a key at a time.
    """

    def load(self, key: str) -> str | None:
        """Return the value stored under a key.

        Args:
            key: The key.

        Returns:
            The value; None if there is none.

        Raises:
            TokenStoreException: The store can't be read, so that it is unknown.
        """
        ...

    def save(self, key: str, value: str | None) -> None:
        """Store a value under a key, in place of the last one.

        Args:
            key: The key.
            value: The value; None removes the key.

        Raises:
            TokenStoreException: The value could not be stored.
        """
        ...


def store_key(token_url: str, client_id: str, user: str | None = None) -> str:
    """Return the key of a refresh token.

    Args:
        token_url: The endpoint that issued it.
        client_id: The client that it was issued to.
        user: Distinguishes the stored tokens of several users.

    Returns:
        The host, the client and, if given, the user.
    """
    host = urlsplit(token_url).netloc.lower()
    return "/".join(part for part in (host, client_id, user) if part)
