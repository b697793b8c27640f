"""One machine's lock for a stored token."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from filelock import FileLock, Timeout
from platformdirs import user_state_path


class StoreLock:
    """Held while a stored refresh token is read, spent and replaced, whatever it is stored in.

    It never waits: whoever finds it taken asks again later.
    """

    def __init__(self, key: str, folder: Path | None = None) -> None:
        self._folder = folder or user_state_path("anaplan-sdk") / "locks"
        name = f"{sha256(key.encode()).hexdigest()[:32]}.lock"
        # It is let go by another thread than took it, where an event loop has its worker threads.
        self._lock = FileLock(self._folder / name, thread_local=False)

    def take(self) -> bool:
        """Whether the lock is ours now."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            self._lock.acquire(blocking=False)
        except Timeout:
            return False
        return True

    def release(self) -> None:
        """Lets it go; without it nothing happens."""
        self._lock.release()
