"""A lock that only one process of this user can hold."""

from __future__ import annotations

import os
import sys
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from anaplan_sdk._runtime import process
from anaplan_sdk._runtime.user_folders import lock_folder


class _Lock(Protocol):
    def release(self) -> None:
        """Release the lock and delete its file."""
        ...

    def leave_to_parent(self) -> None:
        """Give up a lock of which this forked process has a copy, without releasing it."""
        ...


if sys.platform == "win32":
    from filelock import FileLock, Timeout

    class _FileLock(FileLock):
        def leave_to_parent(self) -> None:
            raise AssertionError("unreachable: there are no forks")

    def _lock(path: Path) -> _Lock | None:
        # Another thread than the one that took it may release it.
        lock = _FileLock(path, thread_local=False)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            return None
        return lock

else:
    import fcntl

    class _DescriptorLock:
        def __init__(self, descriptor: int, path: Path) -> None:
            self._descriptor = descriptor
            self._path = path

        def release(self) -> None:
            self._path.unlink(missing_ok=True)
            os.close(self._descriptor)

        def leave_to_parent(self) -> None:
            # The lock is held until the last copy of its descriptor is closed.
            os.close(self._descriptor)

    def _lock(path: Path) -> _Lock | None:
        while True:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _is_open_at(path, descriptor):
                    return _DescriptorLock(descriptor, path)
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


class ProcessLock:
    """A lock between the processes of this user, by a file that exists while it is held.

    Attributes:
        folder: Where the file is.
    """

    def __init__(self, key: str) -> None:
        self.folder = lock_folder()
        self._path = self.folder / f"{sha256(key.encode()).hexdigest()[:32]}.lock"
        self._held: _Lock | None = None
        process.renew_in_child(self)

    def renew_in_child(self) -> None:
        """Leave a lock that is held to the parent."""
        held, self._held = self._held, None
        if held is not None:
            held.leave_to_parent()

    def take(self) -> bool:
        """Take the lock; return False if it is taken already.

        Raises:
            OSError: The file cannot be made.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._held = _lock(self._path)
        return self._held is not None

    def release(self) -> None:
        """Release the lock."""
        held, self._held = self._held, None
        if held is not None:
            held.release()
