"""How a path of the user is written: a file is replaced as a whole, anything else written into."""

from __future__ import annotations

import errno
import os
import select
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast
from uuid import uuid4

_PAUSE = 0.05
_MAX_LINKS = 40
_NONBLOCKING = getattr(os, "O_NONBLOCK", 0)
_OPEN_FLAGS = getattr(os, "O_BINARY", 0) | getattr(os, "O_NOCTTY", 0)


def is_replaceable(path: Path) -> bool:
    """Whether a path is that of a file, or of nothing so far, and not of a device or a pipe.

    Raises:
        OSError: The path cannot be examined.
    """
    if descriptor_of(path) is not None:
        return False
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return True
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)  # A folder is refused by `replacing`.


def descriptor_of(path: Path) -> int | None:
    """Return the open file of this process that a path names, such as 1 for `/dev/stdout`."""
    folders = {os.path.realpath(folder) for folder in ("/dev/fd", "/proc/self/fd")}
    for _ in range(_MAX_LINKS):
        if path.name.isdecimal() and os.path.realpath(path.parent) in folders:
            return int(path.name)
        if not path.is_symlink():
            return None
        path = path.parent / path.readlink()
    return None


@contextmanager
def replacing(path: Path, *, mode: int | None = None, suffix: str = "part") -> Generator[BinaryIO]:
    """Open a temporary file that replaces `path` when the block ends without an error.

    If the path is a link, the file that it points to is replaced. A file that is replaced keeps its
    permissions and, if this user may set it, its owner.

    Args:
        path: The file; there may be none so far.
        mode: The permissions, whatever those of the file are that is replaced.
        suffix: What the name of the temporary file ends with.

    Raises:
        OSError: The path is no file, its folder does not exist, or it cannot be written.
    """
    if not is_replaceable(path):
        raise OSError(errno.EINVAL, "Not a regular file", str(path))
    target = path.resolve()
    if target.is_dir():
        raise IsADirectoryError(f"{str(target)!r} is a folder; give the file's own path.")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"The folder {str(target.parent)!r} doesn't exist.")
    # In the same folder, since a file can be renamed only within its file system. Without the name
    # of the target, which may be as long as a name can be.
    temporary = str(target.with_name(f".anaplan-{uuid4().hex}.{suffix}"))
    opener = None if mode is None else partial(os.open, mode=mode)
    # Opened, renamed and deleted in this thread: another thread would go on after the caller was
    # cancelled. A Ctrl-C may come between any two lines, but not within a function written in C.
    try:
        with open(temporary, "xb", opener=opener) as file:
            yield file
        if mode is None:
            _copy_permissions(temporary, target)
        os.replace(temporary, target)  # noqa: PTH105
    finally:
        try:  # noqa: SIM105 - not by a function written in Python
            os.unlink(temporary)  # noqa: PTH108
        except OSError:  # It was renamed, or never made.
            pass


def _copy_permissions(temporary: str, target: Path) -> None:
    try:
        former = target.stat()
    except FileNotFoundError:
        return  # A new file gets the default permissions.
    if hasattr(os, "chown"):
        with suppress(PermissionError):
            os.chown(temporary, former.st_uid, former.st_gid)
    Path(temporary).chmod(stat.S_IMODE(former.st_mode))


def open_device(path: Path) -> BinaryIO | None:
    """Open what cannot be replaced; return None for a named pipe that nobody reads so far.

    Raises:
        OSError: It cannot be written.
    """
    descriptor = descriptor_of(path)
    if descriptor is not None:
        return os.fdopen(os.dup(descriptor), "wb", buffering=0)
    try:
        # Otherwise the opening of a pipe would wait for its reader.
        opened = os.open(path, os.O_WRONLY | _OPEN_FLAGS | _NONBLOCKING)
    except OSError as error:
        if error.errno == errno.ENXIO and path.is_fifo():
            return None
        raise
    if _NONBLOCKING:
        os.set_blocking(opened, True)
    return os.fdopen(opened, "wb", buffering=0)


def write_all(file: BinaryIO, content: bytes) -> None:
    """Write all of the content, in as many steps as the file takes."""
    rest = memoryview(content)
    while rest:
        written = cast("int | None", file.write(rest))
        if written is None:  # It is another program's, which made it non-blocking, and full.
            select.select([], [file], [], _PAUSE)
        rest = rest[written or 0 :]
