"""One attempt to send a request, and what is known of its outcome."""

from __future__ import annotations

from dataclasses import dataclass

from anaplan_sdk._runtime.deadline import NO_DEADLINE, Deadline


@dataclass
class Attempt:
    """One attempt to send a request.

    Attributes:
        number: The number of the attempt, from 1.
        deadline: When it has to end.
        earlier_sends: How often earlier attempts have sent the request.
        sends: How often this one has sent the request itself: twice if its token was refused.
        met_closed_connection: Whether it failed because a kept connection had been closed.
        lost_connection: Whether a new connection could not be made, or failed.
        is_over: Whether its caller has gone: nothing more may be sent.
        status_code: The status of the reply once its headers have arrived.
    """

    number: int
    deadline: Deadline = NO_DEADLINE
    earlier_sends: int = 0
    sends: int = 0
    met_closed_connection: bool = False
    lost_connection: bool = False
    is_over: bool = False
    status_code: int | None = None

    @property
    def was_sent(self) -> bool:
        """Whether the request itself was sent, not only those for a token."""
        return self.sends > 0

    @property
    def resend_count(self) -> int:
        """How often the request was sent before it was sent last."""
        return max(0, self.earlier_sends + self.sends - 1)
