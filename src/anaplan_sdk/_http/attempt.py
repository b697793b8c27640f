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
        was_sent: Whether the request itself was sent, not only those for a token.
        met_closed_connection: Whether it failed because a kept connection had been closed.
        lost_connection: Whether a new connection could not be made, or failed.
        is_over: Whether its caller has gone: nothing more may be sent.
        status_code: The status of the reply once its headers have arrived.
    """

    number: int
    deadline: Deadline = NO_DEADLINE
    was_sent: bool = False
    met_closed_connection: bool = False
    lost_connection: bool = False
    is_over: bool = False
    status_code: int | None = None
