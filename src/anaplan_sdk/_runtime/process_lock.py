"""A lock between processes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path

from platformdirs import user_state_path

if sys.platform == "win32":
    from filelock import FileLock, Timeout

    def _lock(path: Path) -> FileLock | None:
        # Another thread than the one that took it may release it.
        lock = FileLock(path, thread_local=False)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            return None
        return lock

    def _unlock(lock: FileLock, _: Path) -> None:
        lock.release()  # It deletes the file, too.

else:
    import fcntl

    _held: set[int] = set()

    def _close_inherited() -> None:
        # A forked process must not keep its parent's locks after the parent has ended.
        for descriptor in _held:
            os.close(descriptor)
        _held.clear()

    os.register_at_fork(after_in_child=_close_inherited)

    def _lock(path: Path) -> int | None:
        while True:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _is_open_at(path, descriptor):
                    _held.add(descriptor)
                    return descriptor
            except BlockingIOError:
                os.close(descriptor)
                return None
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)  # Its holder deleted the file after it was opened here.

    def _is_open_at(path: Path, descriptor: int) -> bool:
        try:
            return os.path.samestat(path.stat(), os.fstat(descriptor))
        except FileNotFoundError:
            return False

    def _unlock(descriptor: int, path: Path) -> None:
        if descriptor in _held:  # Not in a process that was forked meanwhile.
            _held.remove(descriptor)
            path.unlink(missing_ok=True)
            os.close(descriptor)


class ProcessLock:
    """A lock between the processes of this user, by a file that exists while it is held.

    Attributes:
        folder: Where the file is.
    """

    def __init__(self, key: str) -> None:
        self.folder = user_state_path("anaplan-sdk", appauthor=False) / "locks"
        self._path = self.folder / f"{sha256(key.encode()).hexdigest()[:32]}.lock"
        self._release: Callable[[], None] | None = None

    def take(self) -> bool:
        """Take the lock; return False if it is taken already.

        Raises:
            OSError: The file cannot be made.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = _lock(self._path)
        if lock is None:
            return False
        self._release = partial(_unlock, lock, self._path)
        return True

    def release(self) -> None:
        """Release the lock."""
        release, self._release = self._release, None
        if release is not None:
            release()
