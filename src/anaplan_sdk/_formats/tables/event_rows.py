"""Audit events as rows of a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pydantic_core import to_json

from anaplan_sdk._formats.tables.arrow_library import ArrowLibrary
from anaplan_sdk._formats.tables.arrow_types import Fields, Kind, RecordBatch
from anaplan_sdk.models import AuditEvent

# The columns in their order, and the kinds of their values; times are made of milliseconds.
_COLUMNS = {
    "id": Kind.INTEGER,
    "event_type_id": Kind.TEXT,
    "event_date": Kind.TIMESTAMP,
    "user_id": Kind.TEXT,
    "tenant_id": Kind.TEXT,
    "object_id": Kind.TEXT,
    "object_type_id": Kind.TEXT,
    "object_tenant_id": Kind.TEXT,
    "message": Kind.TEXT,
    "success": Kind.BOOLEAN,
    "error_number": Kind.TEXT,
    "ip_address": Kind.TEXT,
    "user_agent": Kind.TEXT,
    "session_id": Kind.TEXT,
    "host_name": Kind.TEXT,
    "service_version": Kind.TEXT,
    "event_time_zone": Kind.TEXT,
    "created_date": Kind.TIMESTAMP,
    "created_time_zone": Kind.TEXT,
    "checksum": Kind.TEXT,
    "additional_attributes": Kind.TEXT,
}


class EventRows:
    """Makes record batches of events.

    Args:
        library: The Arrow library.
        batch_rows: The most rows of a record batch.

    Attributes:
        fields: The names and types of the columns.
    """

    def __init__(self, library: ArrowLibrary, batch_rows: int) -> None:
        self._library = library
        self._batch_rows = batch_rows
        self._events: list[AuditEvent] = []
        moment = library.utc_milliseconds()
        self.fields: Fields = [
            (name, moment if kind is Kind.TIMESTAMP else library.type(kind))
            for name, kind in _COLUMNS.items()
        ]

    def feed(self, events: Iterable[AuditEvent]) -> Iterator[RecordBatch]:
        """Add events, and yield the batches that are complete."""
        for event in events:
            self._events.append(event)
            if len(self._events) == self._batch_rows:
                yield from self.finish()

    def finish(self) -> Iterator[RecordBatch]:
        """Yield the last batch, if there are events left."""
        events, self._events = self._events, []
        if events:
            columns = [
                self._library.cast(
                    self._library.column(
                        [_value(event, name) for event in events],
                        self._library.type(Kind.INTEGER) if kind is Kind.TIMESTAMP else each,
                    ),
                    each,
                )
                for (name, kind), (_, each) in zip(_COLUMNS.items(), self.fields, strict=True)
            ]
            yield self._library.make_batch(columns, self.fields)


def _value(event: AuditEvent, name: str) -> object:
    value: object = getattr(event, name)
    if name == "additional_attributes":
        return None if value is None else to_json(value).decode()
    if name == "event_date":
        return value or None  # The default stands for a date that Anaplan has not sent.
    if name == "error_number" and value is not None:
        return str(value)
    return value
