"""The moment by which work has to be done."""

from __future__ import annotations

import time
from dataclasses import dataclass
from math import inf


@dataclass(frozen=True, slots=True)
class Deadline:
    """The moment by which work has to be done, on the clock of `time.monotonic`.

    Attributes:
        at: The moment; infinite when there is no limit.
    """

    at: float = inf

    @classmethod
    def after(cls, seconds: float | None) -> Deadline:
        """Return the deadline in `seconds` from now; `NO_DEADLINE` for `None`."""
        return NO_DEADLINE if seconds is None else cls(time.monotonic() + seconds)

    @property
    def expired(self) -> bool:
        """Whether the moment has passed."""
        return time.monotonic() >= self.at

    def remaining(self) -> float | None:
        """Return the seconds left, 0 once expired; `None` without a limit."""
        return None if self.at == inf else self.clamp(inf)

    def clamp(self, seconds: float) -> float:
        """Return `seconds`, or the seconds left if these are fewer."""
        return min(seconds, max(0.0, self.at - time.monotonic()))


NO_DEADLINE = Deadline()
