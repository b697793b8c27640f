"""Waiting for a state that a reply reports."""

from __future__ import annotations

import time
from collections.abc import Callable

from anaplan_sdk.cli.tenant.comparison.replies import Reply

# Anaplan asks for 5 seconds between polls; the first ones come sooner, since the work is small.
_PAUSES = (0.0, 0.2, 1.0, 2.0)
_LONGEST_PAUSE = 5.0
_LONGEST = 120.0


def until(poll: Callable[[], Reply], is_done: Callable[[Reply], bool]) -> Reply:
    """Poll until a condition holds, for two minutes at most.

    Args:
        poll: Sends a request.
        is_done: Whether its reply is the last one.

    Returns:
        The last reply.
    """
    end = time.monotonic() + _LONGEST
    polls = 0
    while True:
        reply = poll()
        if is_done(reply) or not reply.is_success or time.monotonic() > end:
            return reply
        time.sleep(_PAUSES[polls] if polls < len(_PAUSES) else _LONGEST_PAUSE)
        polls += 1
