"""The types of what callers pass to the methods for tables.

They are apart from what reads them, so that a program without tables does not load that.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, TypeAlias

from anaplan_sdk._arrow import ArrowArray, ArrowSchema, ArrowStream

TableLike: TypeAlias = (
    ArrowStream | ArrowArray | os.PathLike[str] | Iterable[ArrowArray | ArrowStream]
)
"""A table: an object with the Arrow PyCapsule interface (polars, pandas, duckdb, pyarrow, arro3),
the path of a CSV, Parquet, Arrow or JSON Lines file, or an iterable of record batches or tables."""

ColumnsArgument: TypeAlias = Mapping[str, str] | Sequence[str]
"""A mapping from names in the table to those in the file, which renames; or the names of the
table's columns that are sent, in the order of the file."""

SchemaArgument: TypeAlias = ArrowSchema | Mapping[str, str | ArrowSchema]
"""Types by column: `"number"`, `"boolean"`, `"date"`, `"text"`, or an Arrow type; or a schema."""

Invalid: TypeAlias = Literal["error", "null"]
"""What becomes of a text that is not a value of its column's type."""

Timestamps: TypeAlias = Literal["date", "text"]
"""What timestamps are written as."""

ISO_DATE = "%Y-%m-%d"
