"""What the SDK needs of Arrow objects, whichever library they come from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Protocol, TypeAlias

from anaplan_sdk._arrow import ArrowArray, ArrowSchema


class Column(Protocol):
    """A column of a record batch."""

    @property
    def null_count(self) -> int:
        """The number of nulls."""
        ...

    def __len__(self) -> int:
        """The number of rows."""
        ...

    def to_pylist(self) -> list[Any]:
        """Return the values as Python objects; None for nulls."""
        ...


class RecordBatch(ArrowArray, Protocol):
    """A record batch of the Arrow library in use: arro3 or pyarrow."""

    @property
    def num_rows(self) -> int:
        """The number of rows."""
        ...

    @property
    def schema(self) -> Schema:
        """The names and types of the columns."""
        ...

    @property
    def num_columns(self) -> int:
        """The number of columns."""
        ...

    def column(self, i: int) -> Column:
        """Return a column by its position."""
        ...

    def slice(self, offset: int = 0, length: int | None = None) -> RecordBatch:
        """Return some of the rows, without a copy."""
        ...


class Schema(ArrowSchema, Protocol):
    """A schema of the Arrow library in use: arro3 or pyarrow."""

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        ...

    def __len__(self) -> int:
        """The number of columns."""
        ...


class Kind(StrEnum):
    """The kinds of Arrow types that Anaplan's dialect distinguishes."""

    INTEGER = "integer"
    FLOAT = "float"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    DATE64 = "date64"
    TIMESTAMP = "timestamp"
    TIME = "time"
    TEXT = "text"
    DICTIONARY = "dictionary"
    NULL = "null"
    OTHER = "other"


@dataclass(frozen=True)
class ColumnType:
    """The type of a column.

    Attributes:
        kind: Its kind.
        name: What messages call it.
        native: The type as the Arrow library has it.
        zone: The time zone of timestamps, if they have one.
        value: The type of the values that a dictionary has.
        unit: What times and timestamps count: "s", "ms", "us" or "ns".
    """

    kind: Kind
    name: str
    native: Any = field(compare=False, repr=False)
    zone: str | None = None
    value: ColumnType | None = None
    unit: str | None = None


UTC_ZONES = frozenset(("UTC", "Etc/UTC", "Z", "+00:00", "GMT"))
EXTENSION_NAME = b"ARROW:extension:name"
# Extension types whose values mean what their storage shows; pandas' periods, for one, do not.
TEXT_EXTENSIONS = frozenset(("arrow.json",))
FIRST_DAY, LAST_DAY = (
    day.toordinal() - date(1970, 1, 1).toordinal() for day in (date.min, date.max)
)
"""The days of the years 1 to 9999, as date32 counts them."""

Fields: TypeAlias = Sequence[tuple[str, ColumnType]]
"""The names and types of columns."""


@dataclass(frozen=True)
class BatchStream:
    """A table as a stream of record batches.

    Attributes:
        fields: The names and types of the columns.
        batches: The record batches.
    """

    fields: Fields
    batches: Iterator[RecordBatch]
