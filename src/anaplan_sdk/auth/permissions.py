"""Who else can read files with secrets."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from anaplan_sdk import _loggers

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_warned: set[str] = set()


def mode_of_others(path: Path) -> int:
    """Return the permissions of a file if others than the user can read or change it.

    Args:
        path: The file.

    Returns:
        The permissions; 0 if nobody else can, or there is no file.
    """
    if os.name != "posix":
        return 0
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return 0
    return mode if mode & _OTHERS else 0


def warn_of_readers(path: Path, what: str) -> None:
    """Log a warning if others than the user can read or change a file; once for each file.

    Args:
        path: The file.
        what: What it contains.
    """
    if str(path) not in _warned and (mode := mode_of_others(path)):
        _warned.add(str(path))
        _loggers.auth.warning(
            "Other users of this machine can read or change %r, which contains %s (mode %04o): "
            "chmod 600 it",
            str(path),
            what,
            mode,
        )
