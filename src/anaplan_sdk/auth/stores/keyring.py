"""A store in the system's keyring: macOS Keychain, Windows Credential Manager, Secret Service."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from hashlib import sha256
from importlib.util import find_spec
from typing import TYPE_CHECKING

from anaplan_sdk.exceptions import TokenStoreException

if TYPE_CHECKING:
    from types import ModuleType

# Windows' Credential Manager accepts 2,560 bytes, in UTF-16.
_PART_LENGTH = 1_000
WAYS_OUT = (
    "Install or unlock one (on Linux: a Secret Service such as gnome-keyring), choose a backend "
    "with keyring.set_keyring(...), or keep tokens elsewhere: store=PlaintextFileStore(...) or a "
    "store of your own."
)
_SPLIT = "anaplan-sdk:parts:"
# Release 0.5 of this package stored one token, of any client, with the service's name as the
# user's. Such a token is offered to Anaplan alone, and only where no user was named.
_LEGACY_KEY = re.compile(r"[\w.-]+\.anaplan\.com/[^/]+")


class KeyringStore:
    """Keeps refresh tokens in the keyring that the `keyring` library finds or is configured to use.

    A value that is too long for some keyrings (over 1,000 characters) is stored in parts. They are
    written first and named in the key's own entry last, so that a value is read whole or not at
    all.

    The token that `anaplan-sdk` 0.5 stored is read as long as there is no newer one.

    Args:
        service: The name that the keyring stores the values under.

    Raises:
        ImportError: The extra `keyring` is not installed.
    """

    def __init__(self, service: str = "anaplan_sdk") -> None:
        if find_spec("keyring") is None:
            raise ImportError(
                "Keeping tokens in the keyring needs the extra 'keyring': "
                "pip install 'anaplan-sdk[oauth,keyring]'"
            )
        self._service = service

    def __repr__(self) -> str:
        return f"<KeyringStore {self._service!r}>"

    def load(self, key: str) -> str | None:
        """Return the value stored under a key.

        Args:
            key: The key.

        Returns:
            The value; None if there is none.

        Raises:
            TokenStoreException: There is no keyring, it is locked, or a part is missing.
        """
        value = self.entry(key)
        is_legacy = value is None and _LEGACY_KEY.fullmatch(key)
        return self._get(self._service) if is_legacy else value

    def entry(self, key: str) -> str | None:
        """Return the value stored under a key, and no token that `anaplan-sdk` 0.5 stored.

        Args:
            key: The key.

        Returns:
            The value; None if there is none.

        Raises:
            TokenStoreException: There is no keyring, it is locked, or a part is missing.
        """
        entry = self._get(key)
        if entry is None or not entry.startswith(_SPLIT):
            return entry
        parts = [self._get(name) for name in _part_names(key, entry)]
        value = "".join(part or "" for part in parts)
        if entry != _header(value):
            raise TokenStoreException(
                f"The keyring contains {key!r} in parts, and not all of them can be read. To sign "
                f"in again, delete it: keyring del {self._service!r} {key!r}"
            )
        return value

    def save(self, key: str, value: str | None) -> None:
        """Store a value under a key, in place of the last one.

        Args:
            key: The key.
            value: The value; None removes the key.

        Raises:
            TokenStoreException: There is no keyring, it is locked, it refuses the value, or does
                not contain it afterwards.
        """
        before = self._get(key)
        stale = (
            set(_part_names(key, before)) if before and before.startswith(_SPLIT) else set[str]()
        )
        if value is None:
            if before is not None:
                self._delete(key)
        elif len(value) <= _PART_LENGTH:
            self._set(key, value)
        else:
            header = _header(value)
            for index, name in enumerate(_part_names(key, header)):
                stale.discard(name)
                self._set(name, value[index * _PART_LENGTH : (index + 1) * _PART_LENGTH])
            self._set(key, header)
        if value is None and _LEGACY_KEY.fullmatch(key):
            stale.add(self._service)
        for name in sorted(stale):
            if self._get(name) is not None:
                self._delete(name)
        if value is not None and self.entry(key) != value:
            raise TokenStoreException(
                "The keyring accepted a value and does not contain it: it is disabled, or keeps "
                f"nothing. {WAYS_OUT}"
            )

    def _get(self, name: str) -> str | None:
        with _keyring() as keyring:
            value: str | None = keyring.get_password(self._service, name)
            return value

    def _set(self, name: str, value: str) -> None:
        with _keyring() as keyring:
            keyring.set_password(self._service, name, value)

    def _delete(self, name: str) -> None:
        with _keyring() as keyring:
            keyring.delete_password(self._service, name)


@contextmanager
def _keyring() -> Generator[ModuleType]:
    """Give the keyring library, and turn its errors into errors of this SDK."""
    try:
        import keyring  # Looks for its own configuration, in the user's home.

        yield keyring
    except Exception as error:
        from keyring.errors import KeyringError, NoKeyringError

        if isinstance(error, NoKeyringError):
            raise TokenStoreException(
                f"This machine has no keyring that Python can use. {WAYS_OUT}"
            ) from error
        # Backends let errors of their own libraries through, such as those of D-Bus.
        what = str(error) if isinstance(error, KeyringError) else repr(type(error).__name__)
        raise TokenStoreException(
            f"The keyring can't be used: {what.rstrip('.')}. {WAYS_OUT}"
        ) from error


def _header(value: str) -> str:
    count = -(-len(value) // _PART_LENGTH)
    return f"{_SPLIT}{count}:{sha256(value.encode()).hexdigest()}"


def _part_names(key: str, header: str) -> list[str]:
    count, _, digest = header.removeprefix(_SPLIT).partition(":")
    return [f"{key}/{digest[:16]}/{index}" for index in range(int(count) if count.isdigit() else 0)]
