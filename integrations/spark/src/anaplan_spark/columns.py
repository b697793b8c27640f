"""Columns: those that the SDK's tables have, and their types in Spark and in Arrow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pyarrow as pa
from pyspark.sql import types as spark

from anaplan_sdk.exceptions import InvalidArgumentException
from anaplan_spark.preparation import large_read_of
from anaplan_spark.read_options import ReadOptions

if TYPE_CHECKING:  # Spark plans in processes that need no client, which takes long to import.
    from anaplan_sdk import Client

_MOMENTS = ("event_date", "created_date")
_EVENT_COLUMNS = (
    *("id", "event_type_id", "event_date", "user_id", "tenant_id", "object_id", "object_type_id"),
    *("object_tenant_id", "message", "success", "error_number", "ip_address", "user_agent"),
    *("session_id", "host_name", "service_version", "event_time_zone", "created_date"),
    *("created_time_zone", "checksum", "additional_attributes"),
)
_ARROW_TYPES: tuple[tuple[type[spark.DataType], pa.DataType], ...] = (
    (spark.StringType, pa.string()),
    (spark.DoubleType, pa.float64()),
    (spark.FloatType, pa.float32()),
    (spark.BooleanType, pa.bool_()),
    (spark.DateType, pa.date32()),
    (spark.ByteType, pa.int8()),
    (spark.ShortType, pa.int16()),
    (spark.IntegerType, pa.int32()),
    (spark.LongType, pa.int64()),
    (spark.TimestampType, pa.timestamp("us", tz="UTC")),
    (spark.TimestampNTZType, pa.timestamp("us")),
)
_TEXT = spark.StringType()
_SPARK_TYPES = {arrow: kind() for kind, arrow in _ARROW_TYPES}


def schema_of(options: ReadOptions) -> spark.StructType:
    """Return the columns of what is to be read, from Anaplan's metadata.

    Args:
        options: The options of the read.

    Returns:
        The columns, which are those of the SDK's tables.

    Raises:
        InvalidArgumentException: Anaplan's metadata does not say which columns there are.
        AnaplanException: A request failed; see the subclasses.
    """
    if options.kind == "audit":
        return _event_columns()
    with options.connection.client() as client:
        schema = _schema(client, options)
    return spark.StructType(
        [spark.StructField(each.name, _SPARK_TYPES.get(each.type, _TEXT)) for each in schema]
    )


def arrow_schema(schema: spark.StructType) -> pa.Schema:
    """Return the Arrow schema in which Spark takes columns of a schema.

    Args:
        schema: The columns in Spark.

    Returns:
        The same columns in Arrow.

    Raises:
        InvalidArgumentException: A column has a type that is not read from Anaplan.
    """
    return pa.schema(
        [pa.field(each.name, _arrow_type(each), nullable=each.nullable) for each in schema.fields]
    )


def check_types(fields: Iterable[spark.StructField]) -> None:
    """Check that columns of a data frame have types that can be sent to Anaplan.

    Args:
        fields: The columns.

    Raises:
        InvalidArgumentException: One has another type.
    """
    sent = (*(kind for kind, _ in _ARROW_TYPES), spark.DecimalType, spark.NullType)
    for each in fields:
        if not isinstance(each.dataType, sent):
            raise InvalidArgumentException(
                f"Column {each.name!r} has the type {each.dataType.simpleString()}, which Anaplan "
                "does not have: convert it, or leave it out with the option columns."
            )


def _arrow_type(field: spark.StructField) -> pa.DataType:
    if isinstance(field.dataType, spark.DecimalType):
        return pa.decimal128(field.dataType.precision, field.dataType.scale)
    for kind, arrow in _ARROW_TYPES:
        if isinstance(field.dataType, kind):
            return arrow
    raise InvalidArgumentException(
        f"schema: column {field.name!r} can't be read as {field.dataType.simpleString()}; use "
        "string, double, float, boolean, date, a whole number, decimal or timestamp."
    )


def _event_columns() -> spark.StructType:
    types: dict[str, spark.DataType] = {
        "id": spark.LongType(),
        "success": spark.BooleanType(),
        **dict.fromkeys(_MOMENTS, spark.TimestampType()),
    }
    return spark.StructType(
        [spark.StructField(name, types.get(name, spark.StringType())) for name in _EVENT_COLUMNS]
    )


def _schema(client: Client, options: ReadOptions) -> pa.Schema:
    if options.read is not None:
        read = large_read_of(options.read, options.object_id)
        # A part beyond the pages has the columns, and fetches nothing.
        with client.tr.read_table(read, (read.page_count, read.page_count + 1)) as empty:
            return pa.schema(empty.schema)
    if options.kind == "export":
        return pa.schema(client.export_schema(options.object_id))
    if options.kind == "list":
        return pa.schema(client.tr.list_schema(options.object_id))
    return pa.schema(client.tr.view_schema(options.object_id))
