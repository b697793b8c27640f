"""Rows and tables, written in the format of a file or to stdout."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from anaplan_sdk.cli.csv_pieces import csv_pieces
from anaplan_sdk.cli.failures import CommandError, usage_error
from anaplan_sdk.cli.table_cells import plain, to_json
from anaplan_sdk.cli.table_formats import TableFormat, arrow_library

if TYPE_CHECKING:
    from anaplan_sdk._formats.tables.arrow_library import ArrowLibrary
    from anaplan_sdk._formats.tables.arrow_types import BatchStream, Fields, RecordBatch
    from anaplan_sdk._formats.tables.table import Conversions
    from anaplan_sdk.cli.destination import Destination
    from anaplan_sdk.cli.output import Output

_BATCH_ROWS = 10_000


def check_target(destination: Destination, form: TableFormat | None, output: Output) -> None:
    """Check that a table can be written, before anything is sent.

    Args:
        destination: Where it is written.
        form: The format.
        output: The output of the command.

    Raises:
        CommandError: Binary data would be printed on a terminal.
        ImportError: The extra for the format is not installed.
    """
    if form not in ("parquet", "arrow"):
        return
    if destination.is_stdout and output.is_terminal:
        raise usage_error(
            f"{form.title()} is binary data, which a terminal does not show.",
            f"Redirect it to a file (> rows.{form}), or pipe it to another program.",
        )
    arrow_library()


def write_table(
    table: Conversions,
    form: TableFormat,
    destination: Destination,
    output: Output,
) -> None:
    """Write a table.

    Args:
        table: The table, which is read once.
        form: The format.
        destination: Where it is written; a file has it either completely or not at all.
        output: The output of the command.

    Raises:
        AnaplanException: Reading the table failed.
        OSError: It cannot be written.
    """
    with destination.opened(output) as file:
        table.write(file, form)


def write_rows(
    rows: Iterable[Mapping[str, Any]],
    columns: Sequence[str],
    form: TableFormat | None,
    destination: Destination,
    output: Output,
    *,
    integers: Sequence[str] = (),
) -> None:
    """Write rows of texts.

    Args:
        rows: The rows.
        columns: Their columns. CSV and JSON Lines of none are empty.
        form: The format; CSV by default.
        destination: Where they are written.
        output: The output of the command.
        integers: The columns that have integers.

    Raises:
        OSError: They cannot be written.
    """
    if form is None or form == "csv":
        destination.write(csv_pieces(columns, rows), output)
        return
    if form == "jsonl":
        ordered = ({name: row.get(name) for name in columns} for row in rows)
        destination.write((f"{to_json(row)}\n".encode() for row in ordered), output)
        return
    from anaplan_sdk import TableStream
    from anaplan_sdk._formats.tables.arrow_types import Kind

    library = arrow_library()
    fields = [
        (name, library.type(Kind.INTEGER if name in integers else Kind.TEXT)) for name in columns
    ]
    batches = _batches(library, rows, fields, integers)
    write_table(TableStream(library, library.schema(fields), batches), form, destination, output)


def chosen_columns(stream: BatchStream, columns: Sequence[str], source: str) -> BatchStream:
    """Return some columns of a table.

    Args:
        stream: The table.
        columns: The columns, in their order; none for all of the table.
        source: What messages call the table.

    Returns:
        The table with these columns.

    Raises:
        CommandError: The table does not have one.
    """
    from anaplan_sdk._formats.tables.arrow_types import BatchStream

    if not columns:
        return stream
    names = [name for name, _ in stream.fields]
    if unknown := [name for name in columns if name not in names]:
        raise no_column(source, unknown, names)
    places = [names.index(name) for name in columns]
    fields = [stream.fields[place] for place in places]
    library = arrow_library()
    return BatchStream(
        fields,
        (
            library.make_batch([batch.column(place) for place in places], fields)
            for batch in stream.batches
        ),
    )


def no_column(source: str, unknown: Sequence[str], names: Sequence[str]) -> CommandError:
    """Return the error for columns that a table does not have.

    Args:
        source: What messages call the table.
        unknown: The columns.
        names: Those that it has.

    Returns:
        The error, to be raised.
    """
    return usage_error(
        f"{source!r} has no column {' and no '.join(map(repr, unknown))}.",
        f"It has: {', '.join(names)}.",
    )


def _batches(
    library: ArrowLibrary,
    rows: Iterable[Mapping[str, Any]],
    fields: Fields,
    integers: Sequence[str],
) -> Generator[RecordBatch]:
    source = iter(rows)
    while some := list(islice(source, _BATCH_ROWS)):
        columns = [
            library.column(
                [row.get(name) if name in integers else _text(row.get(name)) for row in some], each
            )
            for name, each in fields
        ]
        yield library.make_batch(columns, fields)


def _text(value: object) -> str | None:
    return None if value is None else plain(value)
