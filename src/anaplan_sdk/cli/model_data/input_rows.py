"""Rows that a command reads from a file or stdin: CSV, a JSON array, or JSON Lines."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, cast

import typer

from anaplan_sdk.cli.failures import CommandError, usage_error
from anaplan_sdk.cli.model_data.input_json import InvalidJson, read_json
from anaplan_sdk.cli.source import read_source

InputFormat: TypeAlias = Literal["csv", "json", "jsonl"]

Source: TypeAlias = Annotated[
    str, typer.Argument(metavar="SRC", help="A file with rows, or - for stdin.")
]
FormatOption: TypeAlias = Annotated[
    InputFormat | None,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help="csv, json or jsonl; by default by the file's name or content.",
    ),
]

_BY_SUFFIX: Mapping[str, InputFormat] = {
    ".csv": "csv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".tsv": "csv",
}
# Python's own limit is 131,072 characters; this one fits a C long on each system.
_LONGEST_FIELD = (1 << 31) - 1
# What `--refused` adds to rows. Such a file can be corrected and sent again as it is.
LINE, REASON, DETAILS = "_Line_", "_Reason_", "_Details_"
_ADDED = frozenset((LINE, REASON, DETAILS))

_MOST_PROBLEMS = 10
# How files begin that are no text.
_BINARY_FILES = {b"PAR1": "Parquet", b"ARROW1": "Arrow", b"PK\x03\x04": "an Excel or zip file"}


@dataclass(frozen=True)
class InputRow:
    """A row.

    Attributes:
        number: The line that it begins in, from 1; of a JSON array its position, from 1.
        values: Its values by column: texts in CSV, what JSON has otherwise.
    """

    number: int
    values: Mapping[str, Any]


@dataclass(frozen=True)
class InputRows:
    """The rows of an input.

    Attributes:
        rows: The rows.
        columns: The columns that occur in them.
        unit: What the numbers of rows count: `line` or `item`.
        origin: The path of the file, or `-` for stdin.
    """

    rows: list[InputRow]
    columns: list[str]
    unit: str
    origin: str

    def __len__(self) -> int:
        return len(self.rows)

    def place(self, row: InputRow) -> str:
        """Return where a row is in the input.

        Args:
            row: The row.

        Returns:
            The place, such as `line 3`.
        """
        return f"{self.unit} {row.number:,}"

    def problems(self) -> Problems:
        """Return an empty list for the problems of these rows."""
        return Problems(self)


@dataclass
class Problems:
    """What is wrong with rows, found before anything is sent.

    Attributes:
        source: The rows.
        found: What is wrong, with the place.
    """

    source: InputRows
    found: list[str] = field(default_factory=list[str])

    def add(self, row: InputRow, text: str) -> None:
        """Add a problem.

        Args:
            row: The row.
            text: What is wrong with it.
        """
        self.found.append(f"{self.source.place(row)}: {text}")

    def raise_if_any(self) -> None:
        """End the command if there are problems.

        Raises:
            CommandError: There are.
        """
        if not self.found:
            return
        shown = "\n".join(f"  {each}" for each in self.found[:_MOST_PROBLEMS])
        more = len(self.found) - _MOST_PROBLEMS
        shown += f"\n  and {more:,} more" if more > 0 else ""
        many = f"{len(self.found):,} problems" if len(self.found) > 1 else "a problem"
        raise usage_error(
            f"The input has {many}:\n{shown}", "Nothing was sent. Correct it, and repeat."
        )


def read_rows(source: str, chosen: InputFormat | None = None) -> InputRows:
    """Read all rows of a source.

    Args:
        source: The path of a file, or `-` for stdin.
        chosen: The format; by default that of the file's name, or the one that the content shows.

    Returns:
        The rows, without the columns that `--refused` has added.

    Raises:
        CommandError: The content is not valid.
        OSError: The file cannot be read.
    """
    text = _text(source)
    form = chosen or _BY_SUFFIX.get(Path(source).suffix.lower()) or _seen_format(text)
    if form == "csv":
        numbered, unit = _csv_rows(text), "line"
    elif form == "json":
        numbered, unit = _json_rows(text), "item"
    else:
        numbered, unit = _json_lines(text), "line"
    rows: list[InputRow] = []
    columns: dict[str, None] = {}
    for number, values in numbered:
        if not isinstance(values, dict):
            raise usage_error(
                f"The input's {unit} {number:,} is not a JSON object.",
                'Rows are objects, such as {"name": "North", "code": "N1"}.',
            )
        fields = cast("dict[str, Any]", values)
        known = {name: value for name, value in fields.items() if name not in _ADDED}
        columns |= dict.fromkeys(known)
        rows.append(InputRow(number, known))
    origin = source if source == "-" else str(Path(source).expanduser())
    return InputRows(rows, list(columns), unit, origin)


def _text(source: str) -> str:
    content = read_source(source)
    for magic, kind in _BINARY_FILES.items():
        if content.startswith(magic):
            raise usage_error(
                f"The input is {kind}; this command reads CSV, JSON and JSON Lines.",
                "Save it as CSV first. In Python, write_table and upsert_list_table read Parquet "
                "and Arrow.",
            )
    # Of ASCII in UTF-16 every other byte is zero, which UTF-8 would take for text.
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in content[:2]:
        raise usage_error(
            "The input is UTF-16, not UTF-8.",
            "Convert it first, for example: iconv -f utf-16 -t utf-8 FILE",
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise usage_error(
            f"The input is not UTF-8: line {line:,} has other bytes.",
            "Convert it first, for example: iconv -f windows-1252 -t utf-8 FILE",
        ) from None


def _seen_format(text: str) -> InputFormat:
    first = text.lstrip()[:1]
    return "json" if first == "[" else "jsonl" if first == "{" else "csv"


def _csv_rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    first = text.partition("\n")[0]
    # Spreadsheets write other separators where the comma is the decimal sign.
    delimiter = next((each for each in ",;\t" if each in first), ",")
    csv.field_size_limit(_LONGEST_FIELD)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = [name.strip() for name in next(reader, list[str]())]
        _check_header(header)
        end = reader.line_num
        for cells in reader:
            start, end = end + 1, reader.line_num
            if not cells:
                continue
            if len(cells) != len(header):
                raise usage_error(
                    f"Line {start:,} has {len(cells)} fields, but the header has {len(header)}.",
                    "Nothing was sent. Fields that contain commas or quotes need quotes.",
                )
            yield start, dict(zip(header, cells, strict=True))
    except csv.Error as error:
        raise usage_error(
            f"The input is not valid CSV in line {reader.line_num:,}: {error}.",
            "Nothing was sent. A quote within a quoted field is written twice.",
        ) from None


def _check_header(header: list[str]) -> None:
    if not header:
        raise usage_error(
            "The input is empty: it has no line with the names of columns.",
            "CSV begins with such a line; for JSON give --format json or jsonl.",
        )
    for position, name in enumerate(header, 1):
        if not name:
            raise usage_error(f"Column {position} has no name.", "Give all columns a name.")
        if name in header[position:]:
            raise usage_error(f"Two columns are called {name!r}.", "Rename one of them.")


def _json_rows(text: str) -> Iterator[tuple[int, Any]]:
    try:
        found = read_json(text)
    except InvalidJson as error:
        raise _invalid_json(error, error.line) from None
    if not isinstance(found, list):
        raise usage_error(
            "The input is not a JSON array.",
            "Give an array of objects, or one object in each line with --format jsonl.",
        )
    items: list[Any] = [*found]
    yield from enumerate(items, 1)


def _json_lines(text: str) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                found = read_json(line)
            except InvalidJson as error:
                raise _invalid_json(error, number) from None
            yield number, found


def _invalid_json(error: InvalidJson, line: int | None) -> CommandError:
    place = "" if line is None else f" in line {line:,}"
    return usage_error(
        f"The input is not valid JSON{place}: {error}.",
        "Nothing was sent. JSON Lines has one object in each line; an array begins with [.",
    )
