"""Folders of the user, some of whom have no home: containers run with any user id."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from platformdirs import user_cache_path, user_config_path, user_state_path

from anaplan_sdk._base_exceptions import InvalidArgumentException

_APPLICATION = "anaplan-sdk"


def config_folder() -> Path:
    """Return the SDK's folder for configuration; it need not exist.

    Raises:
        InvalidArgumentException: The user has no home.
    """
    return _folder(user_config_path, "XDG_CONFIG_HOME")


def state_folder() -> Path:
    """Return the SDK's folder for state; it need not exist.

    Raises:
        InvalidArgumentException: The user has no home.
    """
    return _folder(user_state_path, "XDG_STATE_HOME")


def cache_folder() -> Path:
    """Return the SDK's folder for what may be deleted at any time; it need not exist.

    Raises:
        InvalidArgumentException: The user has no home.
    """
    return _folder(user_cache_path, "XDG_CACHE_HOME")


def lock_folder() -> Path:
    """Return the folder for locks; for a user without a home, one among the temporary files."""
    try:
        return state_folder() / "locks"
    except InvalidArgumentException:
        return Path(tempfile.gettempdir()) / f"{_APPLICATION}-{os.getuid()}" / "locks"


def _folder(find: Callable[..., Path], variable: str) -> Path:
    try:
        folder = find(_APPLICATION, appauthor=False)
    except RuntimeError:
        folder = Path("~")
    # Some versions of platformdirs return the path as it is.
    if folder.parts[0].startswith("~"):
        raise InvalidArgumentException(
            f"The user has no home folder: set HOME or {variable}, or name the file itself."
        )
    return folder
