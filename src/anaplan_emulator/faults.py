"""Faults to inject: what goes wrong, for which requests, and how often."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import count
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

_WITHOUT_BODY = (204, 205, 304)

# What HTTP permits (RFC 9110, section 5), as the server sends nothing else.
HeaderName = Annotated[str, Field(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")]
HeaderValue = Annotated[
    str, Field(pattern=r"^([!-~\x80-\xff]([\t -~\x80-\xff]*[!-~\x80-\xff])?)?$")
]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Fault(BaseModel):
    """A fault to inject: which requests it applies to, and what happens to them.

    A field that is not set changes nothing: with only a delay, the usual response is sent late.
    `delay_seconds`, `bytes_per_second` and `headers` can be combined with all other fields, and
    `hold_seconds` with those that let the request be processed. Only one of the fields that break
    the connection can be set.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    method: str = "*"
    """HTTP method of the requests; `*` for any."""
    path: str = "*"
    """A glob for the path, in which `*` also matches slashes: `*/files/*/chunks/0`."""
    skip: int = Field(default=0, ge=0)
    """Number of matching requests that are not affected at first."""
    times: int | None = Field(default=1, ge=1)
    """Number of requests to apply the fault to; `None` for all."""

    status: int | None = Field(default=None, ge=200, le=599)
    """Status of the response. 502 to 504 have the body of a gateway, others that of the API."""
    body: JsonValue = None
    """Body of the response, sent as it is if a string, otherwise as JSON. The status is 200 unless
    `status` is set."""
    processed: bool = False
    """Whether the request is processed before the response of `status` or `body` is sent."""
    headers: Mapping[HeaderName, HeaderValue | None] = Field(default_factory=dict)
    """Headers to set in the response, or to remove if the value is `None`."""

    hold_seconds: Seconds = 0
    """Seconds of real time between receiving the whole request and processing it.

    It is processed even if the client has disconnected by then, so that its effect comes late.
    """
    delay_seconds: Seconds = 0
    """Seconds of real time between processing the request and sending the response."""
    bytes_per_second: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """Rate at which the body of the response is sent."""

    reset_before: bool = False
    """Reset the connection when the request's headers were received. It is not processed.

    This is a TCP reset (RST). With TLS, some clients such as Python's report an unexpected end.
    """
    reset_during_request: int | None = Field(default=None, ge=0)
    """Reset the connection after this many bytes of the request's body. It is not processed."""
    lose_reply: bool = False
    """Process the request, then reset the connection without a response."""
    reset_after_bytes: int | None = Field(default=None, ge=0)
    """Reset the connection after this many bytes of the response's body, if it has as many."""
    truncate_after_bytes: int | None = Field(default=None, ge=0)
    """Close the connection normally after this many bytes of the response's body."""

    @property
    def replaces_response(self) -> bool:
        """Whether the response is determined by the fault."""
        return self.status is not None or self.body is not None

    @property
    def breaks_before_processing(self) -> bool:
        """Whether the connection is reset before the request is processed."""
        return self.reset_before or self.reset_during_request is not None

    @property
    def processes_request(self) -> bool:
        """Whether the request is processed, whatever the response is."""
        return not self.breaks_before_processing and (self.processed or not self.replaces_response)

    @model_validator(mode="after")
    def _check_combination(self) -> Self:
        if self.status in _WITHOUT_BODY and self.body is not None:
            raise ValueError(f"a response with status {self.status} has no body")
        self._check_framing()
        broken = [
            self.reset_before,
            self.reset_during_request is not None,
            self.lose_reply,
            self.reset_after_bytes is not None,
            self.truncate_after_bytes is not None,
        ]
        if sum(broken) > 1:
            raise ValueError("only one field can break the connection")
        if self.processed and not self.replaces_response:
            raise ValueError("processed requires status or body")
        if self.hold_seconds and not self.processes_request:
            raise ValueError("hold_seconds requires that the request is processed")
        slowed = self.hold_seconds or self.delay_seconds or self.bytes_per_second
        if not (any(broken) or self.replaces_response or slowed or self.headers):
            raise ValueError("the fault does nothing")
        return self

    def _check_framing(self) -> None:
        """Check the headers that the server itself has to follow."""
        for name, value in self.headers.items():
            if name.lower() == "transfer-encoding" and value not in (None, "chunked"):
                raise ValueError("the server sends no Transfer-Encoding but chunked")
            if name.lower() == "content-length" and value is not None and not value.isdecimal():
                raise ValueError("Content-Length is a number of bytes")


@dataclass(slots=True)
class ActiveFault:
    """An active fault.

    Attributes:
        id: Its id.
        fault: The fault.
        seen: Number of matching requests.
        met: Number of requests that it was applied to.
    """

    id: int
    fault: Fault
    seen: int = 0
    met: int = 0

    @property
    def can_apply(self) -> bool:
        """Whether it applies to further requests."""
        return self.fault.times is None or self.met < self.fault.times

    def matches(self, method: str, path: str) -> bool:
        """Count a request, and return whether the fault applies to it."""
        fault = self.fault
        if not self.can_apply:
            return False
        if fault.method not in ("*", method) or not fnmatchcase(path, fault.path):
            return False
        self.seen += 1
        if self.seen <= fault.skip:
            return False
        self.met += 1
        return True


class UnknownFaultError(LookupError):
    """There is no fault with this id."""


class Faults:
    """The active faults, oldest first. It is thread-safe."""

    def __init__(self) -> None:
        self._active: list[ActiveFault] = []
        self._ids = count(1)
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> int:
        """Add a fault and return its id."""
        with self._lock:
            active = ActiveFault(next(self._ids), fault)
            self._active.append(active)
            return active.id

    def take(self, method: str, path: str) -> ActiveFault | None:
        """Count a request, and return the first fault that applies to it."""
        with self._lock:
            return next((active for active in self._active if active.matches(method, path)), None)

    def clear(self) -> None:
        """Remove all faults."""
        with self._lock:
            self._active.clear()

    def remove(self, fault_id: int) -> None:
        """Remove a fault.

        Raises:
            UnknownFaultError: There is no such fault.
        """
        with self._lock:
            left = [active for active in self._active if active.id != fault_id]
            if len(left) == len(self._active):
                raise UnknownFaultError(f"there is no fault {fault_id}")
            self._active = left

    def active(self) -> list[ActiveFault]:
        """Return copies of all faults, including those that no longer apply."""
        with self._lock:
            return [replace(active) for active in self._active]

    def listing(self) -> list[dict[str, object]]:
        """Return all faults as JSON values, including those that no longer apply."""
        return [
            {
                "id": active.id,
                "fault": active.fault.model_dump(mode="json", exclude_defaults=True),
                "seen": active.seen,
                "met": active.met,
            }
            for active in self.active()
        ]
