"""Results of actions, in the form of task results (docs/anaplan-behaviour.md#task-results)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Detail:
    """A detail of a result.

    Attributes:
        type: Anaplan's code.
        text: The message for users.
        occurrences: Number of rows concerned; 0 if it is not about rows.
        values: Named counters, which the API shows as one flat list.
    """

    type: str
    text: str
    occurrences: int = 0
    values: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        body: dict[str, Any] = {
            "type": self.type,
            "localMessageText": self.text,
            "occurrences": self.occurrences,
        }
        if self.values:
            body["values"] = [part for pair in self.values.items() for part in pair]
        return body


@dataclass(slots=True)
class RowCounts:
    """Numbers of rows of an import, by their effect.

    Attributes:
        created: Rows that created something.
        updated: Rows that updated something.
        warned_created: Rows that created something, except for invalid values.
        warned_updated: Rows that updated something, except for invalid values.
        failed: Rows that were rejected.
        ignored: Rows without content, or with a key that an earlier row had.
        invalid_values: Invalid values in all rows.
    """

    created: int = 0
    updated: int = 0
    warned_created: int = 0
    warned_updated: int = 0
    failed: int = 0
    ignored: int = 0
    invalid_values: int = 0

    @property
    def total(self) -> int:
        """The number of all rows."""
        applied = self.created + self.updated + self.warned_created + self.warned_updated
        return applied + self.failed + self.ignored

    def values(self) -> dict[str, str]:
        """Return the counters with Anaplan's names."""
        created = self.created + self.warned_created
        updated = self.updated + self.warned_updated
        counters = {
            "successRowCount": self.created + self.updated,
            "successCreateCount": self.created,
            "successUpdateCount": self.updated,
            "warningsRowCount": self.warned_created + self.warned_updated,
            "warningsCreateCount": self.warned_created,
            "warningsUpdateCount": self.warned_updated,
            "failedCount": self.failed,
            "ignoredCount": self.ignored,
            "totalRowCount": self.total,
            "totalCreateCount": created,
            "totalUpdateCount": updated,
            "invalidCount": self.invalid_values,
            "updatedCount": updated,
            "createdCount": created,
        }
        return {name: str(count) for name, count in counters.items()}


@dataclass(frozen=True, slots=True)
class ActionResult:
    """The result of one action, or of a process and its actions."""

    object_id: str
    object_name: str
    successful: bool
    details: Sequence[Detail] = ()
    failure_dump: bool = False
    nested: Sequence["ActionResult"] | None = None
    started: str | None = None
    duration: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values, with the times of a process's steps."""
        body: dict[str, Any] = {
            "successful": self.successful,
            "objectId": self.object_id,
            "objectName": self.object_name,
            "failureDumpAvailable": self.failure_dump,
        }
        if self.details:
            body["details"] = [detail.as_json() for detail in self.details]
        if self.nested is not None:
            body["nestedResults"] = [result.as_json() for result in self.nested]
        if self.started is not None:
            body["startTime"] = self.started
            body["duration"] = self.duration
        return body


class ActionFailed(Exception):
    """An action failed as a whole.

    Args:
        code: Anaplan's code for the reason.
        text: The message for users.
    """

    def __init__(self, code: str, text: str) -> None:
        self.detail = Detail(code, text)
        super().__init__(text)


class NotDescribedError(ActionFailed):
    """The tenant's description doesn't say what an action does, so that it can't be run.

    Args:
        name: Name of the action.
        missing: What its description doesn't have.
    """

    def __init__(self, name: str, missing: str) -> None:
        super().__init__(
            "actionFailed",
            f"{name} can't be run in the emulator: in the tenant's file {missing}",
        )


class Cancelled(Exception):
    """The running task is being cancelled."""
