"""The format of the text file that an import reads or an export writes."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from anaplan_sdk._formats.tables.arguments import ISO_DATE, Timestamps
from anaplan_sdk.exceptions import InvalidArgumentException

if TYPE_CHECKING:
    from anaplan_sdk import models

# Stands for a separator or quotes that a file does not have: no text contains it.
ABSENT = "\x1f"

_YEAR = re.compile("(%%)|%Y")


@dataclass(frozen=True)
class FileFormat:
    """How rows are written as text.

    Attributes:
        separator: The character between columns; empty for a file with one column.
        quote: The character around texts; empty for none.
        encoding: The encoding.
        header_row: The line of the header, from 1; 0 for none.
        first_data_row: The line that the data starts in, from 1.
        decimal_separator: The character before decimals.
        date_format: How dates are written, as `datetime.strftime` takes it.
        timestamps: What timestamps are written as: dates, which refuses a time of day, or texts.
    """

    separator: str = ","
    quote: str = '"'
    encoding: str = "UTF-8"
    header_row: int = 1
    first_data_row: int = 2
    decimal_separator: str = "."
    date_format: str = ISO_DATE
    timestamps: Timestamps = "date"

    def __post_init__(self) -> None:
        if self.timestamps not in ("date", "text"):
            raise InvalidArgumentException(
                f"timestamps must be 'date' or 'text', not {self.timestamps!r}."
            )
        for name in ("separator", "quote"):
            value: str = getattr(self, name)
            if len(value) > 1 or not value.isascii() or value in ("\r", "\n"):
                raise InvalidArgumentException(
                    f"The file's {name}, {value!r}, is not supported: it must be one ASCII "
                    "character, or none."
                )
        if date_text(date(2021, 3, 4), self.date_format) == date_text(
            date(1987, 11, 26), self.date_format
        ):
            raise InvalidArgumentException(
                f"date_format {self.date_format!r} writes all dates alike: use the codes of "
                "datetime.strftime, such as '%d/%m/%Y'."
            )
        try:
            codecs.lookup(self.encoding)
        except LookupError:
            raise InvalidArgumentException(
                f"The file's encoding, {self.encoding!r}, is not known to Python."
            ) from None

    @property
    def codec(self) -> str:
        """Python's name of the encoding."""
        return codecs.lookup(self.encoding).name

    @property
    def is_utf_8(self) -> bool:
        """Whether texts are written as Arrow has them."""
        return self.codec == "utf-8"

    @property
    def has_header(self) -> bool:
        """Whether the file names its columns."""
        return self.header_row > 0


def date_text(day: date, date_format: str) -> str:
    """Write a date by a format of `datetime.strftime`.

    Args:
        day: The date.
        date_format: The format.

    Returns:
        The text, in which `%Y` has four digits on every platform.
    """
    return day.strftime(_YEAR.sub(lambda code: code[1] or f"{day.year:04}", date_format))


def format_of_file(
    file: models.File,
    source: models.ImportSource | None,
    date_format: str,
    timestamps: Timestamps,
) -> FileFormat:
    """Return the format of a file that an import reads.

    Args:
        file: The file.
        source: How an import reads it, which takes precedence; None if no import reads it.
        date_format: How dates are written.
        timestamps: What timestamps are written as.

    Returns:
        The format. A file that was never read has commas, quotes, UTF-8 and a header.
    """
    default = FileFormat()
    read = source.model_fields_set if source else set[str]()

    def of_import(name: str) -> str | int | None:
        return getattr(source, name) if name in read else None

    encoding = of_import("text_encoding") or file.encoding or default.encoding
    separator, quote = of_import("column_separator"), of_import("text_delimiter")
    header, data = of_import("header_row"), of_import("first_data_row")
    header = int(file.header_row if header is None else header)
    data = int(file.first_data_row if data is None else data)
    separator = file.separator if separator is None else str(separator)
    quote = file.delimiter if quote is None else str(quote)
    if header < 0 or data < 1:
        header, data = default.header_row, default.first_data_row
    return FileFormat(
        separator=default.separator if separator is None else separator,
        quote=default.quote if quote is None else quote,
        encoding=str(encoding),
        header_row=header,
        first_data_row=max(data, header + 1),
        decimal_separator=str(of_import("decimal_separator") or default.decimal_separator),
        date_format=date_format,
        timestamps=timestamps,
    )


def format_of_export(export: models.ExportMetadata, layout: str | None = None) -> FileFormat:
    """Return the format of an export's output.

    Args:
        export: The definition of the export.
        layout: Its layout, if it is known.

    Returns:
        The format.

    Raises:
        InvalidArgumentException: The export writes an Excel file or a grid.
    """
    if layout is not None and layout.startswith("GRID"):
        # Lines with the selected pages, and one for each dimension on columns, are no header.
        raise InvalidArgumentException(
            f"The export has the layout {layout}, which is not read as a table: its output has "
            "lines of pages, and a line for each dimension on columns. Choose a tabular layout in "
            "Anaplan, or run the export and read the text with get_file."
        )
    if export.export_format is not None and "excel" in export.export_format:
        raise InvalidArgumentException(
            "The export writes an Excel file, which is not read as a table: use get_file, or an "
            "export to CSV."
        )
    default = FileFormat()
    return FileFormat(
        separator=default.separator if export.separator is None else export.separator,
        quote=default.quote if export.delimiter is None else export.delimiter,
        encoding=export.encoding or default.encoding,
    )
