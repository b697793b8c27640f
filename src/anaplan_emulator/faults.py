"""Trouble to order: what should go wrong, with which requests, and how often."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import count
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator


class Fault(BaseModel):
    """One kind of trouble. Which requests it meets, and what then happens to them.

    Whatever is not said stays as it is: a fault with a delay only is answered as always, late.
    Delay, slowness and headers go with everything else, a hold with what carries the request out;
    of the ways to break a connection a fault has one at most.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    method: str = "*"
    path: str = "*"
    """A glob over the path, where `*` crosses slashes: `*/files/*/chunks/0`."""
    skip: int = Field(default=0, ge=0)
    """How many matching requests to let pass first."""
    times: int | None = Field(default=1, ge=1)
    """How many to meet; `None` meets all."""

    status: int | None = Field(default=None, ge=200, le=599)
    """Answer with this instead: 502 to 504 as a gateway's page, others as the API's own error."""
    body: JsonValue = None
    """Answer with this instead, as it stands if text, else as JSON; 200 without a `status`."""
    processed: bool = False
    """Whether the request is carried out before it is answered with `status` or `body`."""
    headers: Mapping[str, str | None] = Field(default_factory=dict)
    """Headers to set on the answer, or, where `None`, to take away."""

    hold_seconds: float = Field(default=0, ge=0)
    """Real time to hold a request that has arrived whole, before it is carried out.

    It is carried out even if the client has gone away by then: that makes a start that comes late.
    """
    delay_seconds: float = Field(default=0, ge=0)
    """Real time to wait before answering. The request is carried out first."""
    bytes_per_second: float | None = Field(default=None, gt=0)
    """How fast the answer's body flows."""

    reset_before: bool = False
    """Reset the connection when the request's head has arrived; it is not carried out.

    A reset is a real one (RST). Under TLS some clients, Python's among them, report it as an
    unexpected end.
    """
    reset_during_request: int | None = Field(default=None, ge=0)
    """Reset when so many bytes of the request's body have arrived; it is not carried out."""
    lose_reply: bool = False
    """Carry the request out, then reset without an answer."""
    reset_after_bytes: int | None = Field(default=None, ge=0)
    """Reset after so many bytes of the answer's body. A shorter answer arrives whole."""
    truncate_after_bytes: int | None = Field(default=None, ge=0)
    """Close in good order after so many bytes of the answer's body, as if that were all."""

    @property
    def replaces_reply(self) -> bool:
        """Whether the answer is the fault's own."""
        return self.status is not None or self.body is not None

    @property
    def refuses_request(self) -> bool:
        """Whether the connection breaks before the request is carried out."""
        return self.reset_before or self.reset_during_request is not None

    @property
    def carries_out_request(self) -> bool:
        """Whether the request takes effect, whatever is answered."""
        return not self.refuses_request and (self.processed or not self.replaces_reply)

    @model_validator(mode="after")
    def _is_one_trouble(self) -> Self:
        broken = [
            self.reset_before,
            self.reset_during_request is not None,
            self.lose_reply,
            self.reset_after_bytes is not None,
            self.truncate_after_bytes is not None,
        ]
        if sum(broken) > 1:
            raise ValueError("a connection can be broken in one way only")
        if self.processed and not self.replaces_reply:
            raise ValueError("processed goes with status or body")
        if self.hold_seconds and not self.carries_out_request:
            raise ValueError("hold_seconds goes with a request that is carried out")
        slowed = self.hold_seconds or self.delay_seconds or self.bytes_per_second
        if not (any(broken) or self.replaces_reply or slowed or self.headers):
            raise ValueError("the fault does nothing")
        return self


@dataclass(slots=True)
class ActiveFault:
    """A fault at work: how many matching requests it saw, and how many it met."""

    id: int
    fault: Fault
    seen: int = 0
    met: int = 0

    def meets(self, method: str, path: str) -> bool:
        """Tell whether this request is one to meet, counting it."""
        fault = self.fault
        if fault.times is not None and self.met >= fault.times:
            return False
        if fault.method not in ("*", method) or not fnmatchcase(path, fault.path):
            return False
        self.seen += 1
        if self.seen <= fault.skip:
            return False
        self.met += 1
        return True


class Faults:
    """The faults at work, oldest first; safe to use from any thread."""

    def __init__(self) -> None:
        self._active: list[ActiveFault] = []
        self._ids = count(1)
        self._guard = threading.Lock()

    def add(self, fault: Fault) -> int:
        """Put a fault to work, and return its id."""
        with self._guard:
            active = ActiveFault(next(self._ids), fault)
            self._active.append(active)
            return active.id

    def take(self, method: str, path: str) -> ActiveFault | None:
        """Return the first fault that meets this request, counting it as met."""
        with self._guard:
            return next((active for active in self._active if active.meets(method, path)), None)

    def clear(self) -> None:
        """Take all faults away."""
        with self._guard:
            self._active.clear()

    def listing(self) -> list[dict[str, object]]:
        """Show all faults, spent ones too, as JSON values."""
        with self._guard:
            return [
                {
                    "id": active.id,
                    "fault": active.fault.model_dump(mode="json", exclude_defaults=True),
                    "seen": active.seen,
                    "met": active.met,
                }
                for active in self._active
            ]
