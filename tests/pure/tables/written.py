"""What tests of writing tables share: a table as a file, and the file as Python's csv reads it."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pytest

from anaplan_sdk._formats.tables.arguments import ColumnsArgument
from anaplan_sdk._formats.tables.column_matching import chosen_columns
from anaplan_sdk._formats.tables.file_format import FileFormat
from anaplan_sdk._formats.tables.installed_library import VARIABLE, arrow_library
from anaplan_sdk._formats.tables.table_encoder import TableEncoder
from anaplan_sdk._formats.tables.table_source import open_table

LIBRARIES = ("arro3", "pyarrow")
# Small enough for a table of a few rows to have several pieces.
LEAST_BYTES = 1
on_both_libraries = pytest.mark.parametrize("library", LIBRARIES)


@dataclass(frozen=True)
class Written:
    """A table as a file.

    Attributes:
        data: The bytes of the file.
        encoder: What wrote it.
        file_format: Its format.
    """

    data: bytes
    encoder: TableEncoder
    file_format: FileFormat

    def records(self) -> list[list[str]]:
        """Return the records, the header and blank lines included, as Python's csv reads them."""
        text = io.StringIO(self.data.decode(self.file_format.encoding), newline="")
        if self.file_format.quote:
            return [
                *csv.reader(
                    text,
                    delimiter=self.file_format.separator or "\x1f",
                    quotechar=self.file_format.quote,
                )
            ]
        separator = self.file_format.separator or "\x1f"
        return [*csv.reader(text, delimiter=separator, quoting=csv.QUOTE_NONE)]

    def column(self) -> list[str]:
        """Return the texts of the first column, without the header."""
        return [record[0] for record in self.records()[1:]]


def write(
    library: str, table: object, columns: ColumnsArgument | None = None, **options: Any
) -> Written:
    """Write a table by one of the Arrow libraries."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, library)
        chosen_library = arrow_library()
    opened = open_table(chosen_library, table)
    file_format = FileFormat(**options)
    chosen = chosen_columns([name for name, _ in opened.fields], columns)
    encoder = TableEncoder(chosen_library, opened.fields, chosen, file_format)
    return Written(b"".join(encoder.pieces(opened.batches, LEAST_BYTES)), encoder, file_format)


def of(values: object, data_type: pa.DataType | None = None, name: str = "Value") -> pa.Table:
    """Return a table of one column."""
    column = values if isinstance(values, pa.Array) else pa.array(values, type=data_type)
    return pa.table({name: column})


def stored(counts: list[int | None], data_type: pa.DataType) -> pa.Table:
    """Return a table of one column of dates or times, given as Arrow stores them."""
    whole = pa.int32() if data_type.bit_width == 32 else pa.int64()
    return of(pa.array(counts, type=whole).view(data_type))
