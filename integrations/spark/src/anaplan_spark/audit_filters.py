"""Reading audit events whose time Spark filters: the filters narrow what is asked of Anaplan."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from pyspark.sql.datasource import (
    EqualTo,
    Filter,
    GreaterThan,
    GreaterThanOrEqual,
    LessThan,
    LessThanOrEqual,
)

from anaplan_spark.reader import AnaplanReader

RETENTION = 30 * 24 * 3600 * 1000
"""Milliseconds for which Anaplan keeps events, and the longest window it accepts."""

_EVENT_DATE = ("event_date",)


class FilteringAuditReader(AnaplanReader):
    """Reads the audit events of the time that the filters on `event_date` leave.

    It is a reader of its own since Spark refuses every read by one that takes filters unless
    `spark.sql.python.filterPushdown.enabled` is set.
    """

    def pushFilters(self, filters: list[Filter]) -> Iterable[Filter]:  # noqa: N802 - Spark's
        """Narrow the window of events. Spark applies the filters as well, so that none is missed.

        Args:
            filters: The filters, all of which an event must pass.

        Returns:
            All of them.
        """
        now = int(1000 * time.time())
        first, last = self.options.start, self.options.end
        for each in filters:
            if isinstance(each, (EqualTo, GreaterThan, GreaterThanOrEqual)):
                moment = _milliseconds(each)
                if moment is not None:
                    # A later start than now would be no valid window.
                    first = max(first or 0, min(moment, now))
            if isinstance(each, (EqualTo, LessThan, LessThanOrEqual)):
                moment = _milliseconds(each)
                if moment is not None:
                    # Whether a window includes its end is not documented.
                    last = moment + 1 if last is None else min(last, moment + 1)
        if first is not None and last is not None:
            last = max(first, last)
        if first is not None and first < (now if last is None else last) - RETENTION:
            first = self.options.start
        self.options = replace(self.options, start=first, end=last)
        return filters


def _milliseconds(condition: EqualTo | GreaterThan | LessThan | object) -> int | None:
    """Return the time that `event_date` is compared with; None for another column."""
    if getattr(condition, "attribute", None) != _EVENT_DATE:
        return None
    value = getattr(condition, "value", None)
    if not isinstance(value, datetime):
        return None
    moment = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    return int(1000 * moment.timestamp())
