"""The base class of the SDK's exceptions, and those that models raise as well."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from anaplan_sdk._printable import printable

_E = TypeVar("_E", bound="AnaplanException")


@dataclass(eq=False, repr=False, kw_only=True)
class AnaplanException(Exception):
    """The base class of the SDK's exceptions. What is unknown of a failure is `None`.

    Attributes:
        message: What went wrong.
        method: The HTTP method of the request that failed.
        url: The URL of that request, without query, credentials and fragment.
        status_code: The HTTP status of Anaplan's reply.
        code: Anaplan's code for the failure, such as `FAILURE_BAD_CREDENTIAL`.
        reason: Anaplan's message.
        request_id: The id by which Anaplan's support can find the request.
        attempts: How many times the request was sent.
        retryable: Whether the same call may succeed later without a change.
        not_performed: Whether Anaplan certainly did not act on the request.
        retry_after: Seconds that Anaplan asks to wait before the next attempt.
        task_id: The task, when an action was started and waiting for its end failed.
    """

    message: str = field(default="", kw_only=False)
    method: str | None = None
    url: str | None = None
    status_code: int | None = None
    code: str | None = None
    reason: str | None = None
    request_id: str | None = None
    attempts: int | None = None
    retryable: bool = False
    not_performed: bool = False
    retry_after: float | None = None
    task_id: str | None = None

    def __post_init__(self) -> None:
        # Replies are quoted in many places; here is the one that all of them go through.
        for name in ("code", "reason", "request_id"):
            if isinstance(value := getattr(self, name), str):
                setattr(self, name, printable(value))
        self.replace_message(self.message)

    def __str__(self) -> str:
        where = " ".join(part for part in (self.method, self.url) if part)
        facts = [
            f"HTTP {self.status_code}" if self.status_code is not None else "",
            self.code or "",
            f"request id {self.request_id}" if self.request_id else "",
            f"{self.attempts} attempts" if self.attempts and self.attempts > 1 else "",
        ]
        known = ", ".join(fact for fact in facts if fact)
        tail = " ".join(part for part in (where, f"[{known}]" if known else "") if part)
        return f"{self.message} ({tail})" if tail else self.message

    def as_type(self, kind: type[_E], message: str, **changes: Any) -> _E:
        """Return an exception of another class with what is known of this failure.

        Args:
            kind: The class.
            message: What went wrong.
            **changes: Attributes with another value, or that only the other class has.

        Returns:
            The exception, to be raised from this one.
        """
        facts: dict[str, Any] = {
            each.name: getattr(self, each.name) for each in fields(AnaplanException)
        }
        facts.update(changes, message=message)
        return kind(**facts)

    def add_note(self, note: str, /) -> None:
        """Add a note that tracebacks show.

        Args:
            note: The note.
        """
        super().add_note(printable(note, lines=True))

    def replace_message(self, message: str) -> None:
        """Replace the message, and keep everything else.

        Args:
            message: What went wrong.
        """
        # Some of our own messages have several lines.
        self.message = printable(message, lines=True)
        self.args = (self.message,)


@dataclass(eq=False, repr=False, kw_only=True)
class InvalidArgumentException(AnaplanException, ValueError):
    """An argument or an option is not valid; nothing was sent for it."""

    not_performed: bool = True


class ArgumentTypeException(InvalidArgumentException, TypeError):
    """An argument or an option has the wrong type; nothing was sent for it."""


# They are public in `anaplan_sdk.exceptions`, and tracebacks name that module.
for _kind in (AnaplanException, InvalidArgumentException, ArgumentTypeException):
    _kind.__module__ = "anaplan_sdk.exceptions"
