"""What a run of an action ends in, as task results tell it (facts 4.15)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Detail:
    """One line of a result.

    Attributes:
        type: Anaplan's code for what happened.
        text: The same for people.
        occurrences: How many rows it happened to; 0 where that isn't the point.
        values: Named counters, which Anaplan writes as one flat list.
    """

    type: str
    text: str
    occurrences: int = 0
    values: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Write it as a task result does."""
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
    """What became of an import's rows.

    Attributes:
        created: Rows that made something, without any fault.
        updated: Rows that changed what was there, without any fault.
        warned_created: Rows that made something, but for texts that were bad.
        warned_updated: Rows that changed something, but for texts that were bad.
        failed: Rows refused.
        ignored: Rows that said nothing, or nothing new.
        refused_texts: Bad texts in all of them.
    """

    created: int = 0
    updated: int = 0
    warned_created: int = 0
    warned_updated: int = 0
    failed: int = 0
    ignored: int = 0
    refused_texts: int = 0

    @property
    def total(self) -> int:
        """All rows."""
        applied = self.created + self.updated + self.warned_created + self.warned_updated
        return applied + self.failed + self.ignored

    def values(self) -> dict[str, str]:
        """Write them under Anaplan's names."""
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
            "invalidCount": self.refused_texts,
            "updatedCount": updated,
            "createdCount": created,
        }
        return {name: str(count) for name, count in counters.items()}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one action, or of a process and its actions."""

    object_id: str
    object_name: str
    successful: bool
    details: Sequence[Detail] = ()
    failure_dump: bool = False
    nested: Sequence["Outcome"] | None = None
    started: str | None = None
    duration: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Write it as a task result does, with the times of a process's steps."""
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
    """An action that could do nothing at all.

    Args:
        code: Anaplan's code for the reason.
        text: The reason for people.
    """

    def __init__(self, code: str, text: str) -> None:
        self.detail = Detail(code, text)
        super().__init__(text)


class Cancelled(Exception):
    """Somebody asked for the running task to be cancelled."""
