"""What a side replied to the calls of a probe."""

from __future__ import annotations

from dataclasses import dataclass


class NotApplicable(Exception):
    """The tenant lacks what a probe needs. Its message says what that is."""


@dataclass(frozen=True)
class Finding:
    """What a side replied to the calls of a probe.

    Attributes:
        holds: Whether the statement holds; None if it is an open question.
        text: What was observed, without anything that identifies the tenant.
    """

    holds: bool | None
    text: str
