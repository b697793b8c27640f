"""Kinds of trouble that a transfer meets on its way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

# How long a client that meets late answers waits for them, and how late they are.
SHORT_TIMEOUT = 0.25
_LATE = 2.0


@dataclass(frozen=True)
class Trouble:
    """A fault but for the requests that it meets.

    Attributes:
        fields: Those of `anaplan_emulator.Fault`.
        is_late: Whether it outlasts the patience of a client.
        spares: Which replies arrive whole in spite of it: "empty" ones, "all", or none.
    """

    fields: Mapping[str, Any]
    is_late: bool = False
    spares: str = ""

    @property
    def is_performed(self) -> bool:
        """Whether Anaplan does what it was asked to."""
        refuses = self.fields.keys() & {"reset_before", "reset_during_request", "status"}
        return not refuses or self.fields.get("processed", False)


def _after(value: str) -> dict[str, Any]:
    return {"headers": {"Retry-After": value}}


TROUBLES = {
    "reset before the request": Trouble({"reset_before": True}),
    "reset in the request": Trouble({"reset_during_request": 1}),
    "reply lost": Trouble({"lose_reply": True}),
    "reset in the reply": Trouble({"reset_after_bytes": 1}, spares="empty"),
    "truncated reply": Trouble({"truncate_after_bytes": 1}, spares="empty"),
    "slow drip": Trouble({"bytes_per_second": 20_000}, spares="all"),
    "too late, but done": Trouble({"delay_seconds": _LATE}, is_late=True),
    "too late": Trouble({"delay_seconds": _LATE, "status": 504}, is_late=True),
    "429 for seconds": Trouble({"status": 429, **_after("0")}),
    "429 until a date": Trouble(
        {"status": 429, **_after(format_datetime(datetime.now(UTC), usegmt=True))}
    ),
    "500": Trouble({"status": 500}),
    "500, but done": Trouble({"status": 500, "processed": True}),
    "502": Trouble({"status": 502}),
    "503": Trouble({"status": 503, **_after("0")}),
    "504": Trouble({"status": 504}),
    "504, but done": Trouble({"status": 504, "processed": True}),
    "token refused": Trouble({"status": 401}),
}
