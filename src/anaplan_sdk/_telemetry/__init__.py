"""Traces and metrics through OpenTelemetry, if the program has set it up.

Nothing here is needed: without OpenTelemetry every function returns at once. `begin` starts a piece
of work, which is a span; the functions of `metrics` count. Names of spans, events, attributes and
metrics are in `names`; docs/guides/telemetry.md lists them for users.

No secret gets into a span: URLs come without user info, query and fragment, and of exceptions that
are not the SDK's only the type is recorded. Attributes of metrics and names of spans have few
different values: no id, no name and no text of a reply.
"""

from __future__ import annotations

from anaplan_sdk._telemetry.metrics import (
    count_bytes,
    count_pause,
    count_refused_rows,
    count_renewal,
    count_retry,
    count_rows,
)
from anaplan_sdk._telemetry.operation import OFF, Operation, begin, begin_request, current, is_on
from anaplan_sdk._telemetry.received import Received

__all__ = [
    "OFF",
    "Operation",
    "Received",
    "begin",
    "begin_request",
    "count_bytes",
    "count_pause",
    "count_refused_rows",
    "count_renewal",
    "count_retry",
    "count_rows",
    "current",
    "is_on",
]
