"""Reading and writing of token stores, also of users' own, and the keys of stored tokens."""

from __future__ import annotations

from urllib.parse import urlsplit

from anaplan_sdk.config import TokenStore
from anaplan_sdk.exceptions import (
    AnaplanException,
    ArgumentTypeException,
    TokenStoreException,
)


def load_from(store: TokenStore, key: str) -> str | None:
    """Return the token that a store contains, without whitespace around it.

    Args:
        store: The store, which may be the user's own.
        key: The key.

    Returns:
        The token; None if there is none.

    Raises:
        ArgumentTypeException: It is not a store.
        TokenStoreException: The store can't be read.
    """
    if not callable(getattr(store, "load", None)):
        raise ArgumentTypeException(
            f"{type(store).__name__} is not a token store: pass an object that has load and save, "
            "such as PlaintextFileStore(path)."
        )
    try:
        value: object = store.load(key)
    except AnaplanException:
        raise
    except Exception as error:
        raise TokenStoreException(
            f"The token store can't be read: {type(error).__name__}."
        ) from error
    if value is not None and not isinstance(value, str):
        raise TokenStoreException(
            f"The token store can't be read: load returned an object of type "
            f"{type(value).__name__}, not a str."
        )
    return (value.strip() or None) if value else None


def save_to(store: TokenStore, key: str, value: str | None) -> None:
    """Store a token, or remove it, and read it back.

    A store may accept a token and not keep it, as a keyring that is disabled does. A rotating token
    would be lost with the process.

    Args:
        store: The store, which may be the user's own.
        key: The key.
        value: The token; None removes it.

    Raises:
        TokenStoreException: The token can't be stored, or is not in the store afterwards.
    """
    try:
        store.save(key, value)
    except AnaplanException:
        raise
    except Exception as error:
        raise TokenStoreException(
            f"The token store can't be written: {type(error).__name__}."
        ) from error
    if load_from(store, key) != value:
        what = "still contains" if value is None else "does not contain"
        raise TokenStoreException(
            f"The token store {what} the token after save: {type(store).__name__} does not "
            "work here. Use another store."
        )


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
