"""A lock between processes."""

from __future__ import annotations

from hashlib import sha256

from filelock import BaseFileLock, FileLock, Timeout

from anaplan_sdk._runtime import process
from anaplan_sdk._runtime.user_folders import lock_folder


class ProcessLock:
    """A lock between the processes of this user, by a file.

    Attributes:
        folder: Where the file is.
    """

    def __init__(self, key: str) -> None:
        self.folder = lock_folder()
        self._path = self.folder / f"{sha256(key.encode()).hexdigest()[:32]}.lock"
        self._held: BaseFileLock | None = None
        process.renew_in_child(self)

    def renew_in_child(self) -> None:
        """Leave a lock that is held to the parent: its release would release the parent's."""
        if self._held is not None:
            process.leave_to_parent(self._held)
            self._held = None

    def take(self) -> bool:
        """Take the lock; return False if it is taken already.

        Raises:
            OSError: The file cannot be made.
        """
        # Another thread than the one that took it may release it; and it is a new one each time,
        # since it would not work in a forked process.
        lock = FileLock(self._path, thread_local=False)
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock.acquire(blocking=False)
        except Timeout:
            return False
        self._held = lock
        return True

    def release(self) -> None:
        """Release the lock."""
        if self._held is not None:
            self._held.release()
