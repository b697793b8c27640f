"""A store in an unencrypted file."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress

from filelock import FileLock
from pydantic import TypeAdapter, ValidationError

from anaplan_sdk._arguments import expanded
from anaplan_sdk._runtime.targets import replacing, write_all
from anaplan_sdk._runtime.user_folders import state_folder
from anaplan_sdk.auth.permissions import warn_of_readers
from anaplan_sdk.exceptions import TokenStoreException

# Seconds after which a temporary file belongs to no writer any more.
_LEFTOVER_AGE = 300.0
# Of temporary files.
_SUFFIX = "tokens"
_VALUES = TypeAdapter(dict[str, str])


class PlaintextFileStore:
    """Keeps refresh tokens unencrypted, in a file that only this user can read (mode 0600).

    For machines without a keyring. Anyone who can read the file can act for the user.

    Args:
        path: The file; `~` is expanded. By default `tokens.json` in this SDK's folder below the
            user's folder for state (`XDG_STATE_HOME` on Linux).

    Raises:
        InvalidArgumentException: The path needs a home folder, and the user has none.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self._path = expanded(path) if path is not None else state_folder() / "tokens.json"

    def __repr__(self) -> str:
        return f"<PlaintextFileStore {str(self._path)!r}>"

    def load(self, key: str) -> str | None:
        """Return the value stored under a key.

        Args:
            key: The key.

        Returns:
            The value; None if there is none, or no file.

        Raises:
            TokenStoreException: The file can't be read, or is damaged.
        """
        return self._read().get(key)

    def save(self, key: str, value: str | None) -> None:
        """Store a value under a key, in place of the last one.

        The file is replaced as a whole, or not at all.

        Args:
            key: The key.
            value: The value; None removes the key.

        Raises:
            TokenStoreException: The file can't be read or written.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with FileLock(f"{self._path}.lock"):  # a new one: none survives a fork
                values = self._read()
                values.pop(key, None)
                if value is not None:
                    values[key] = value
                self._write(json.dumps(values, indent=2))
        except OSError as error:
            raise TokenStoreException(
                f"The token file {str(self._path)!r} can't be written: {error.strerror}."
            ) from error

    def _read(self) -> dict[str, str]:
        try:
            values = _VALUES.validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise TokenStoreException(
                f"The token file {str(self._path)!r} can't be read: {error.strerror}."
            ) from error
        except ValidationError:
            pass  # not raised from here: pydantic's error quotes the file
        else:
            warn_of_readers(self._path, "refresh tokens")
            return values
        raise TokenStoreException(
            f"The token file {str(self._path)!r} is damaged; delete it and sign in again."
        )

    def _write(self, content: str) -> None:
        self._remove_leftovers()
        with replacing(self._path, mode=0o600, suffix=_SUFFIX) as file:
            write_all(file, content.encode())
            file.flush()
            os.fsync(file.fileno())

    def _remove_leftovers(self) -> None:
        """Remove the files of writers that were killed: they contain refresh tokens, too."""
        for path in self._path.parent.glob(f".anaplan-*.{_SUFFIX}"):
            with suppress(OSError):
                if path.lstat().st_mtime < time.time() - _LEFTOVER_AGE:
                    path.unlink()
