"""Reading exports, views, lists and audit events as a batch, in Arrow record batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
from pyspark.sql.datasource import DataSourceReader, InputPartition
from pyspark.sql.types import StructType

from anaplan_sdk.exceptions import InvalidArgumentException
from anaplan_spark.columns import arrow_schema
from anaplan_spark.preparation import large_read_of
from anaplan_spark.read_options import ReadOptions

if TYPE_CHECKING:
    from anaplan_sdk import Client, TableStream


@dataclass
class Part(InputPartition):
    """What one task reads.

    Attributes:
        number: Which part it is, from 0.
        count: How many parts there are.
    """

    number: int
    count: int


class AnaplanReader(DataSourceReader):
    """Reads a table. Nothing is sent to Anaplan before a task reads.

    Args:
        options: The options of the read.
        schema: The columns to read, with their types.

    Raises:
        InvalidArgumentException: A column has a type that is not read from Anaplan.
    """

    def __init__(self, options: ReadOptions, schema: StructType) -> None:
        self.options = options
        self._schema = arrow_schema(schema)

    def partitions(self) -> list[InputPartition]:
        """Return what the tasks read. Spark calls this to explain a plan, too: it starts nothing.

        Returns:
            One partition, or those of a prepared read.
        """
        count = self.options.partitions
        return [Part(number, count) for number in range(count)]

    def read(self, partition: InputPartition) -> Iterator[pa.RecordBatch]:
        """Read a partition in the process of its task, as it arrives.

        Args:
            partition: The partition.

        Yields:
            The record batches.

        Raises:
            InvalidArgumentException: There is no such column.
            UnexpectedValueException: A value is not of its column's type.
            AnaplanException: A request failed; see the subclasses.
        """
        if not isinstance(partition, Part):
            raise TypeError(f"A Part was expected, not {type(partition).__name__}.")
        with (
            self.options.connection.client() as client,
            _open(client, self.options, self._schema, partition) as stream,
        ):
            yield from batches_of(stream, self._schema)


def batches_of(
    stream: TableStream,
    schema: pa.Schema,
    select: Callable[[pa.RecordBatch], pa.RecordBatch] | None = None,
) -> Iterator[pa.RecordBatch]:
    """Read a stream as record batches that have the columns and types of a schema.

    Args:
        stream: The stream.
        schema: The columns to keep, and their types.
        select: Leaves out rows of a record batch that has all columns.

    Yields:
        The record batches.

    Raises:
        InvalidArgumentException: There is no such column.
    """
    if missing := [name for name in schema.names if name not in stream.column_names]:
        raise InvalidArgumentException(
            f"schema: there is no column {', '.join(map(repr, missing))}; the columns are "
            f"{', '.join(map(repr, stream.column_names))}."
        )
    for each in stream:
        batch = pa.record_batch(each)  # By the PyCapsule interface, without a copy.
        if select is not None:
            batch = select(batch)
        columns = [batch.column(field.name).cast(field.type) for field in schema]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _open(client: Client, options: ReadOptions, schema: pa.Schema, part: Part) -> TableStream:
    if options.kind == "export":
        return client.export_table(
            options.object_id,
            schema=schema,
            invalid=options.invalid,
            batch_rows=options.batch_rows,
            run=options.run,
            part=None if options.run else (part.number, part.count),
            locale=options.locale,
            timeout=options.timeout,
        )
    if options.kind == "audit":
        return client.audit.events_table(
            options.start,
            options.end,
            hours=options.hours,
            event_type=options.event_type,
            batch_rows=options.batch_rows,
        )
    if options.read is not None:
        return client.tr.read_table(
            large_read_of(options.read, options.object_id),
            (part.number, part.count),
            schema=schema,
            invalid=options.invalid,
            batch_rows=options.batch_rows,
        )
    read = client.tr.view_table if options.kind == "view" else client.tr.list_table
    return read(
        options.object_id,
        schema=schema,
        invalid=options.invalid,
        batch_rows=options.batch_rows,
        timeout=options.timeout,
    )
