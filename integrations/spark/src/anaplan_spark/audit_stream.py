"""Reading audit events as a stream: windows of time that follow one another without a gap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql.datasource import DataSourceStreamReader, InputPartition
from pyspark.sql.types import StructType

from anaplan_sdk.exceptions import InvalidArgumentException
from anaplan_spark.audit_filters import RETENTION
from anaplan_spark.columns import arrow_schema
from anaplan_spark.read_options import ReadOptions
from anaplan_spark.reader import batches_of

if TYPE_CHECKING:
    from anaplan_sdk import Client

try:
    from pyspark.sql.streaming.datasource import SupportsTriggerAvailableNow
except ImportError:  # Before pyspark 4.2, where Spark itself fixes the end of such a query.

    class SupportsTriggerAvailableNow:  # type: ignore[no-redef]
        """Takes the place of Spark's class."""


_HOUR = 3600 * 1000
_OFFSET = "milliseconds"
Offset = dict[str, int]


@dataclass
class Window(InputPartition):
    """The events of a batch.

    Attributes:
        start: The first millisecond since 1970.
        end: The first millisecond after it.
    """

    start: int
    end: int


class AuditStreamReader(DataSourceStreamReader, SupportsTriggerAvailableNow):
    """Reads audit events as they happen, later by `lag_seconds`.

    An offset is a time, by Anaplan's clock. A batch has the events from one offset up to, and
    without, the next, so a query that starts again from its checkpoint reads the same events for
    the same batch.

    Args:
        options: The options of the read.
        schema: The columns to read, with their types.

    Raises:
        InvalidArgumentException: A column has a type that is not read from Anaplan.
    """

    def __init__(self, options: ReadOptions, schema: StructType) -> None:
        self._options = options
        self._schema = arrow_schema(schema)
        self._target: int | None = None
        self._client: Client | None = None
        self._time = 0

    def __getstate__(self) -> dict[str, object]:
        """Leave out the client: Spark takes the reader to the tasks.

        Returns:
            The other attributes.
        """
        return {**self.__dict__, "_client": None}

    def initialOffset(self) -> Offset:  # noqa: N802 - Spark's
        """Return where a new query starts.

        Returns:
            `starting_at`, or else the latest time whose events can be delivered.

        Raises:
            InvalidArgumentException: `starting_at` is longer ago than Anaplan keeps events.
        """
        start = self._options.starting_at
        if start is None:
            return {_OFFSET: self._latest()}
        self._check_kept(start, "Choose a later starting_at.")
        return {_OFFSET: start}

    def prepareForTriggerAvailableNow(self) -> None:  # noqa: N802 - Spark's
        """Fix the end of a query with the trigger `availableNow`."""
        self._target = self._latest()

    def latestOffset(  # noqa: N802 - Spark's
        self,
        start: Offset | None = None,
        limit: object = None,  # noqa: ARG002
    ) -> Offset:
        """Return where the next batch ends.

        Args:
            start: Where it starts; None from Spark before 4.2.
            limit: Not used: a batch has all events of its time.

        Returns:
            The time `lag_seconds` ago by Anaplan's clock, but not before `start`.

        Raises:
            AnaplanException: Anaplan can't be asked for its time; see the subclasses.
        """
        latest = self._latest() if self._target is None else self._target
        return {_OFFSET: latest if start is None else max(latest, start[_OFFSET])}

    def partitions(self, start: Offset, end: Offset) -> list[InputPartition]:
        """Return what the tasks of a batch read.

        Args:
            start: Where the batch starts.
            end: Where it ends.

        Returns:
            One partition; none if no time has passed.

        Raises:
            InvalidArgumentException: The batch starts longer ago than Anaplan keeps events.
            AnaplanException: Anaplan can't be asked for its time; see the subclasses.
        """
        if end[_OFFSET] <= start[_OFFSET]:
            return []
        self._check_kept(start[_OFFSET], "Start the query again with another checkpoint.")
        return [Window(start[_OFFSET], end[_OFFSET])]

    def read(self, partition: InputPartition) -> Iterator[pa.RecordBatch]:
        """Read the events of a batch in the process of its task.

        Args:
            partition: The time.

        Yields:
            The events as record batches.

        Raises:
            InvalidArgumentException: There is no such column.
            AnaplanException: A request failed; see the subclasses.
        """
        if not isinstance(partition, Window):
            raise TypeError(f"A Window was expected, not {type(partition).__name__}.")
        # Starts a moment earlier: whether a window includes its start is not documented.
        first = max(partition.start - 1, partition.end - RETENTION)
        with self._options.connection.client() as client:
            events = client.audit.events_table(
                first,
                partition.end,
                event_type=self._options.event_type,
                batch_rows=self._options.batch_rows,
            )
            with events:
                yield from batches_of(events, self._schema, lambda batch: _within(batch, partition))

    def stop(self) -> None:
        """Close the client at the end of the query."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _latest(self) -> int:
        return self._now() - int(1000 * self._options.lag_seconds)

    def _now(self) -> int:
        """Ask Anaplan for its time: a fast clock of the driver would make a batch end too late."""
        if self._client is None:
            self._client = self._options.connection.client()
        self._time = self._client.audit.get_time()
        return self._time

    def _check_kept(self, start: int, advice: str) -> None:
        # A start of 30 days ago has become a little older since it was computed.
        if start < (self._time or self._now()) - RETENTION - _HOUR:
            raise InvalidArgumentException(
                "Anaplan keeps audit events for 30 days, and the stream would start longer ago, so "
                f"some are lost. {advice}"
            )


def _within(batch: pa.RecordBatch, window: Window) -> pa.RecordBatch:
    moments = batch.column("event_date")
    start, end = (
        pa.scalar(each, pa.timestamp("ms", tz="UTC")) for each in (window.start, window.end)
    )
    return batch.filter(pc.and_(pc.greater_equal(moments, start), pc.less(moments, end)))
