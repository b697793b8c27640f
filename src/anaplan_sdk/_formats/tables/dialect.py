"""Anaplan's dialect: what each Arrow type is written as, and what Anaplan's texts are read as.

Written are
- integers of any size: all digits; a NUMBER of Anaplan has 53 bits, so it rounds larger ones
- floats: the shortest digits that mean the same number in the column's precision, without an
  exponent, and whole ones without a decimal point, since pandas makes floats of integers with gaps;
  negative zero is 0; NaN and infinity are refused
- decimals: all digits of their scale, without an exponent
- booleans: `true` and `false`
- dates: by the format's `date_format`, ISO 8601 by default; those before the year 1 or after 9999
  are refused
- date64 and timestamps: as dates; one with a time of day is refused, since Anaplan has none;
  those with a zone show the date in that zone. On request timestamps are written in ISO 8601, with
  their offset from UTC if they have a zone, and six or nine digits of a second if they have some
- times: in ISO 8601, likewise
- texts, also those of dictionaries: unchanged
- nulls: as empty fields, as are empty texts: Anaplan does not distinguish them
Durations, intervals, binary, nested and run-end-encoded types are refused, as are extension types
other than JSON, whose storage alone does not show what a value means.

A table that is written and read back as CSV, with the types that it had, is therefore equal except
- an empty text is null
- negative zero is 0
- a time of day is a text, and a timestamp is a date, or a text on request
- a dictionary is a column of its values, and a column of the type null is one of texts
- a date whose format has no century, such as `%y`, has the century that the reader chooses

Read back, NUMBER is float64, BOOLEAN is bool, DATE is date32, and all else is text: list items by
the name or code that Anaplan writes, periods by name. An empty field is null. On request, texts are
read as other types, if nothing is lost
- floats: in plain or exponential form; NaN and Infinity, which a division by zero results in
- integers: whole numbers, also written as `12.0`
- decimals: numbers with no more decimals than the type has
- booleans: `true`, `false`, `1` and `0`, in any case
- dates: in ISO 8601, without a time of day
- timestamps: in ISO 8601; with an offset if, and only if, the type has a zone
No spaces around them, and no separators of thousands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from math import isfinite
from typing import NoReturn, TypeVar

from anaplan_sdk._formats.tables.arguments import ISO_DATE
from anaplan_sdk._formats.tables.arrow_library import ArrowLibrary
from anaplan_sdk._formats.tables.arrow_types import (
    FIRST_DAY,
    LAST_DAY,
    Column,
    ColumnType,
    Fields,
    Kind,
    RecordBatch,
)
from anaplan_sdk._formats.tables.file_format import FileFormat, date_text
from anaplan_sdk._formats.tables.local_times import LocalTime, local_time, time_text, time_zone
from anaplan_sdk.exceptions import InvalidTableException

_Read = TypeVar("_Read")
_NO_DATE = "is not a date of the years 1 to 9999: correct it, or replace it by null"
_EXPONENT = re.compile(rb"e[-+]?\d+")
_NEGATIVE_ZERO = re.compile(rb"(?m)(?<![^\t\n])-0(?=[\t\n])")


class RowWriter:
    """Writes the values of a table as Anaplan reads them.

    Args:
        library: The Arrow library.
        fields: The names and types of the columns.
        file_format: The format of the file.

    Attributes:
        fields: The types of what `write` returns: integers, decimals, booleans, dates and texts.

    Raises:
        InvalidTableException: A column has a type without values in Anaplan.
    """

    def __init__(self, library: ArrowLibrary, fields: Fields, file_format: FileFormat) -> None:
        self._library = library
        self._format = file_format
        self._text = library.type(Kind.TEXT)
        self._names = [name for name, _ in fields]
        self._given = [self._values_of(name, each) for name, each in fields]
        self._floats = self._places(Kind.FLOAT)
        # Decimals have the same digits in the file, and need a decimal comma at most.
        has_comma = file_format.decimal_separator != "."
        self._decimals = self._places(Kind.DECIMAL) if has_comma else []
        unchanged = {Kind.INTEGER, Kind.BOOLEAN, *([] if has_comma else [Kind.DECIMAL])}
        # The libraries write dates in ISO 8601.
        self._are_dates_unchanged = file_format.date_format == ISO_DATE
        self.fields: Fields = [
            (str(place), self._written_type(each, unchanged))
            for place, each in enumerate(self._given)
        ]

    def _values_of(self, name: str, column_type: ColumnType) -> ColumnType:
        values = column_type.value or column_type
        if values.kind in (Kind.OTHER, Kind.DICTIONARY):
            raise InvalidTableException(
                f"Column {name!r} has the type {column_type.name}, which Anaplan does not have: "
                "convert it to texts, numbers or dates, one in each row, or leave it out "
                "(columns=[...]).",
                column=name,
            )
        return self._text if values.kind in (Kind.TEXT, Kind.NULL) else values

    def _written_type(self, given: ColumnType, unchanged: Collection[Kind]) -> ColumnType:
        is_day = given.kind is Kind.TIMESTAMP and self._format.timestamps == "date"
        if self._are_dates_unchanged and (is_day or given.kind in (Kind.DATE, Kind.DATE64)):
            return self._library.type(Kind.DATE)
        return given if given.kind in unchanged else self._text

    def _places(self, kind: Kind) -> list[int]:
        return [place for place, each in enumerate(self._given) if each.kind is kind]

    def write(self, columns: Sequence[Column], first_row: int) -> list[Column]:
        """Write values.

        Args:
            columns: The columns.
            first_row: The index of their first row in the table.

        Returns:
            What is written to the file, or the texts of it.

        Raises:
            InvalidTableException: A value cannot be written.
        """
        written = [self._written(place, column, first_row) for place, column in enumerate(columns)]
        for places in (self._floats, self._decimals):
            if places:
                texts = self._number_texts(places, written, first_row)
                for position, place in enumerate(places):
                    written[place] = texts.column(position)
        return written

    def _written(self, place: int, column: Column, first_row: int) -> Column:
        given, library = self._given[place], self._library
        column = library.cast(column, given)  # Of a dictionary, its values.
        match given.kind:
            case Kind.DATE:
                return self._dates(place, column, first_row)
            case Kind.TIMESTAMP if self._format.timestamps == "text":
                times = self._local_times(place, column, first_row)
                return library.column([time and time.text() for time in times], self._text)
            case Kind.DATE64 | Kind.TIMESTAMP:
                return self._days(place, column, first_row)
            case Kind.TIME:
                return library.column(self._time_texts(place, column, first_row), self._text)
            case _:
                return column

    def _number_texts(
        self, places: Sequence[int], columns: Sequence[Column], first_row: int
    ) -> RecordBatch:
        """Write numbers as texts, by way of CSV: the libraries write them fastest there."""
        batch = self._library.make_batch(
            [columns[place] for place in places],
            [(str(place), self._given[place]) for place in places],
        )
        data = self._library.write_csv(batch, "\t", '"')
        if places is self._floats:
            if b"n" in data or b"N" in data:
                for place in places:
                    values = columns[place].to_pylist()
                    are_finite = [value is None or isfinite(value) for value in values]
                    self._refuse_first(
                        place,
                        values,
                        are_finite,
                        first_row,
                        "is not a finite number: replace it by null or a number",
                    )
            if b"e" in data:
                data = _without_exponents(data)
            data = data.replace(b".0\t", b"\t").replace(b".0\n", b"\n")
            if b"-" in data and (b"-0\t" in data or b"-0\n" in data):
                data = _NEGATIVE_ZERO.sub(b"0", data)
        if self._format.decimal_separator != ".":
            data = data.replace(b".", self._format.decimal_separator.encode())
        return self._library.read_csv(data, len(places), "\t", '"')

    def _days(self, place: int, column: Column, first_row: int) -> Column:
        days = self._library.whole_days(column, self._given[place])
        if days is None:
            times = self._local_times(place, column, first_row)
            self._refuse_first(
                place,
                [time and time.text() for time in times],
                [time is None or time.is_midnight for time in times],
                first_row,
                "has a time of day, and Anaplan has dates only: round it to days, or write "
                "timestamps as texts (timestamps='text')",
            )
            dates = [time and time.seconds.date() for time in times]
            days = self._library.column(dates, self._library.type(Kind.DATE))
        return self._dates(place, days, first_row)

    def _local_times(self, place: int, column: Column, first_row: int) -> list[LocalTime | None]:
        given = self._given[place]
        unit = given.unit or "ms"  # Of date64.
        try:
            zone = time_zone(given.zone)
        except ValueError as error:
            name = self._names[place]
            raise InvalidTableException(
                f"Column {name!r} has the type {given.name}, but {error}: convert it to another "
                "time zone.",
                column=name,
            ) from None

        def read(count: int) -> LocalTime:
            return local_time(count, unit, zone)

        return self._read_counts(place, column, first_row, read, _NO_DATE)

    def _time_texts(self, place: int, column: Column, first_row: int) -> list[str | None]:
        unit = self._given[place].unit or "s"

        def write(count: int) -> str:
            return time_text(count, unit)

        return self._read_counts(place, column, first_row, write, "is not a time of day")

    def _read_counts(
        self,
        place: int,
        column: Column,
        first_row: int,
        read: Callable[[int], _Read],
        reason: str,
    ) -> list[_Read | None]:
        """Read the integers of times; those that can't be read are refused."""
        counts = self._library.counts(column)
        values: list[_Read | None] = []
        for row, count in enumerate(counts, first_row):
            try:
                values.append(None if count is None else read(count))
            except (OverflowError, ValueError):
                unit = self._given[place].unit or "ms"
                self._refuse(place, row, f"{count} {unit}", reason)
        return values

    def _dates(self, place: int, days: Column, first_row: int) -> Column:
        if not self._library.have_four_digits(days):
            counts = self._library.counts(days)
            are_valid = [count is None or FIRST_DAY <= count <= LAST_DAY for count in counts]
            shown = [f"the day {count} days after 1970-01-01" for count in counts]
            self._refuse_first(place, shown, are_valid, first_row, _NO_DATE)
        if self._are_dates_unchanged:
            return days

        @cache
        def write(day: date | None) -> str | None:
            return None if day is None else date_text(day, self._format.date_format)

        return self._library.column([write(day) for day in days.to_pylist()], self._text)

    def _refuse_first(
        self,
        place: int,
        values: Sequence[object],
        are_valid: Sequence[bool],
        first_row: int,
        reason: str,
    ) -> None:
        if all(are_valid):
            return
        index = are_valid.index(False)
        self._refuse(place, first_row + index, values[index], reason)

    def _refuse(self, place: int, row: int, value: object, reason: str) -> NoReturn:
        name = self._names[place]
        raise InvalidTableException(
            f"Row {row:,}, column {name!r}: {value} {reason}.", row=row, column=name
        )


def _without_exponents(data: bytes) -> bytes:
    """Write numbers with an exponent, which are few in most columns, without it."""
    parts: list[bytes] = []
    end = 0
    for exponent in _EXPONENT.finditer(data):
        place = exponent.start()
        start = max(end, data.rfind(b"\t", end, place) + 1, data.rfind(b"\n", end, place) + 1)
        number = Decimal(data[start : exponent.end()].decode())
        parts += data[end:start], format(number, "f").encode()
        end = exponent.end()
    return b"".join((*parts, data[end:]))
