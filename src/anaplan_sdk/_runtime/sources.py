"""How the content of an upload is read: what its size is, and whether it changes meanwhile."""

from __future__ import annotations

import io
import os
import select
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import zip_longest
from pathlib import Path
from typing import BinaryIO, Protocol, runtime_checkable
from zlib import crc32

from anaplan_sdk._runtime.targets import descriptor_of
from anaplan_sdk.exceptions import UploadIncompleteException

# File systems note the time of a change in steps of up to two seconds: a change within the same
# step as the one before cannot be seen by it.
_TIME_STEP_NS = 2_000_000_000
# Seconds after which a wait for a pipe lets its caller notice a cancellation.
_CHECK_INTERVAL = 0.05
_PIPE_READ = 1_048_576
_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOCTTY", 0)
# Linux opens a named pipe at once, and distinguishes one that nobody has written to from its end.
_OPEN_AT_ONCE = os.O_NONBLOCK if sys.platform == "linux" else 0


@runtime_checkable
class BinaryFile(Protocol):
    """The methods of an open file that an upload uses."""

    def read(self, size: int, /) -> bytes | None:
        """Return up to `size` bytes, none at the end; `None` if there are none yet."""
        ...

    def seekable(self) -> bool:
        """Whether the position can be changed."""
        ...

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Change the position, and return it."""
        ...

    def tell(self) -> int:
        """Return the position."""
        ...


class PathSource:
    """What a path names, opened for reading.

    Attributes:
        size: The size of a file; `None` of anything else, such as a pipe, which is read to its end.
    """

    def __init__(self, path: Path) -> None:
        """Open the path.

        Raises:
            OSError: It cannot be read.
        """
        self._file = _open(path)
        state = os.fstat(self._file.fileno())
        # Files whose content the system makes up, such as those in /proc, have the size 0.
        is_sized = stat.S_ISREG(state.st_mode) and state.st_size > 0
        self.size = state.st_size if is_sized else None
        self._watched = WatchedFile(self._file) if is_sized else None

    def pieces(self, step: int) -> Iterator[bytes]:
        """Yield the content in pieces.

        Raises:
            UploadIncompleteException: It was changed in the meantime.
        """
        if self._watched is None:
            return _arriving(self._file.fileno(), step)
        return self._watched.pieces(step)

    def close(self) -> None:
        """Close it."""
        self._file.close()


def _open(path: Path) -> BinaryIO:
    descriptor = descriptor_of(path)
    if descriptor is not None and not stat.S_ISREG(os.fstat(descriptor).st_mode):
        opened = os.dup(descriptor)  # A socket cannot be opened by its path.
    else:
        opened = os.open(path, _OPEN_FLAGS | _OPEN_AT_ONCE)
    try:
        if stat.S_ISDIR(os.fstat(opened).st_mode):
            raise IsADirectoryError(f"{str(path)!r} is a folder; give the path of a file.")
        return os.fdopen(opened, "rb", buffering=0)
    except BaseException:
        os.close(opened)
        raise


class WatchedFile:
    """An open file from its position on.

    Attributes:
        size: The number of bytes up to its end.
    """

    def __init__(self, file: BinaryFile) -> None:
        self._file = file
        self._start = file.tell()
        self.size = file.seek(0, os.SEEK_END) - self._start
        file.seek(self._start)
        self._state = _state_of(file)
        now = time.time_ns()
        is_fresh = self._state is not None and now - self._state[1] < _TIME_STEP_NS
        self._is_read_twice = is_fresh or isinstance(file, io.BytesIO)

    def pieces(self, step: int) -> Iterator[bytes]:
        """Yield the content in pieces.

        Raises:
            UploadIncompleteException: It was changed in the meantime.
        """

        def read() -> Iterator[bytes]:
            self._file.seek(self._start)
            return reads(self._file, step)

        size = 0
        for piece in twice(read) if self._is_read_twice else read():
            size += len(piece)
            yield piece
            del piece  # Free its memory before the next piece is read.
        # Content of another size than announced is noticed where the chunks are counted.
        if size == self.size and _state_of(self._file) != self._state:
            raise _changed()


def _state_of(file: BinaryFile) -> tuple[int, int] | None:
    """Return the size of a file on disk and when it was changed; `None` of another."""
    try:
        state = os.fstat(file.fileno())  # type: ignore[attr-defined]
    except (AttributeError, OSError, ValueError):
        return None
    return (state.st_size, state.st_mtime_ns) if stat.S_ISREG(state.st_mode) else None


def reads(file: BinaryFile, step: int) -> Iterator[bytes]:
    """Yield what is read from a file, up to its end, and an empty piece where nothing came yet."""
    while True:
        piece = file.read(step)
        if piece is None:  # A pipe that does not block has nothing yet.
            _wait_for(file)
            yield b""
            continue
        if not piece:
            return
        yield piece
        del piece  # Free its memory before the next piece is read.


def slices(view: memoryview, step: int) -> Iterator[memoryview]:
    """Yield the parts of a buffer."""
    for start in range(0, len(view), step):
        yield view[start : start + step]


def twice(read: Callable[[], Iterator[bytes]]) -> Iterator[bytes]:
    """Yield what is read, then read it again and compare.

    Raises:
        UploadIncompleteException: It is not the same any more.
    """
    sums: list[int] = []
    for piece in read():
        sums.append(crc32(piece))
        yield piece
        del piece
    for before, piece in zip_longest(sums, read()):
        if piece is None or crc32(piece) != before:
            raise _changed()
        yield b""  # Lets the caller notice a cancellation.


def _changed() -> UploadIncompleteException:
    return UploadIncompleteException(
        "The content was changed while it was being uploaded.", retryable=True
    )


def _arriving(descriptor: int, step: int) -> Iterator[bytes]:
    """Yield what a pipe or a device gives, and an empty piece where nothing came for a while."""
    while True:
        if not _is_ready(descriptor):
            yield b""
            continue
        try:
            piece = os.read(descriptor, min(step, _PIPE_READ))
        except BlockingIOError:  # Another program has read it.
            yield b""
            continue
        if not piece:
            return
        yield piece


def _wait_for(file: BinaryFile) -> None:
    """Wait a moment until an open file may have more to read."""
    if hasattr(select, "poll"):
        with suppress(AttributeError, OSError, ValueError):  # It has no descriptor.
            _is_ready(file.fileno())  # type: ignore[attr-defined]
            return
    time.sleep(_CHECK_INTERVAL)


def _is_ready(descriptor: int) -> bool:
    """Wait a moment until something can be read, or the end has come; return whether that is so."""
    if not hasattr(select, "poll"):
        return True  # On Windows a read waits.
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(_CHECK_INTERVAL * 1000))
