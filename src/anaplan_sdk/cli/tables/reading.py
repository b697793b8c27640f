"""Where and how model data is written that a command reads: DEST and `--format`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from anaplan_sdk.cli.destination import Destination
from anaplan_sdk.cli.failures import usage_error
from anaplan_sdk.cli.output import Output
from anaplan_sdk.cli.table_cells import to_json
from anaplan_sdk.cli.table_formats import TableFormat
from anaplan_sdk.cli.tables.column_types import type_advice
from anaplan_sdk.cli.tables.row_files import check_target, chosen_columns, write_rows, write_table

if TYPE_CHECKING:
    from collections.abc import Generator

    from anaplan_sdk import TableStream
    from anaplan_sdk.cli.invocation import Invocation

DestOption: TypeAlias = Annotated[
    str | None,
    typer.Argument(metavar="DEST", help="A file, or - for stdout (the default)."),
]


class Reading:
    """What becomes of data that a command reads.

    Args:
        invocation: The run of the command.
        dest: DEST, as it was typed.
        form: `--format`.

    Attributes:
        is_printed: Whether the data is printed as other output is: as a table for a person, or as
            `--output` says.

    Raises:
        CommandError: It cannot be written there, or in no format that is known.
        ImportError: The extra for the format is not installed.
    """

    def __init__(self, invocation: Invocation, dest: str | None, form: TableFormat | None) -> None:
        chosen = invocation.options.output
        if form is not None and chosen not in (None, form):
            raise usage_error(
                f"--format {form} and --output {chosen} contradict.", "Give one of the two."
            )
        self._invocation = invocation
        self._destination = Destination.of_file("-" if dest is None else dest)
        self._form: TableFormat | None = form or self._destination.form
        if self._form is None and not self._destination.is_stdout:
            if chosen not in ("csv", "jsonl"):
                raise usage_error(
                    f"The name {dest!r} shows no format.",
                    "It can end in .csv, .parquet, .arrow or .jsonl; or give --format.",
                )
            self._form = chosen
        check_target(self._destination, self._form, invocation.output)
        self.is_printed = self._destination.is_stdout and not self.is_table

    @property
    def is_table(self) -> bool:
        """Whether the format is one of typed columns: Parquet or Arrow."""
        return self._form in ("parquet", "arrow")

    @property
    def chosen(self) -> str | None:
        """The format that was chosen by `--format`, DEST or `--output`, if one was."""
        return self._form or self._invocation.options.output

    def check(self, **options: object) -> None:
        """Check the options that only some formats have.

        Args:
            **options: Whether each is given: `type` of Parquet and Arrow, all others of the rest.

        Raises:
            CommandError: One is given for a format that does not have it.
        """
        for name, given in options.items():
            if given and self.is_table == (name != "type"):
                only = "not for" if self.is_table else "only for"
                option = name.replace("_", "-")
                raise usage_error(f"--{option} is {only} Parquet and Arrow.", "See --help.")

    def rows(self, rows: Iterable[Mapping[str, Any]], columns: Sequence[str] | None = None) -> None:
        """Print rows, or write them to the file as CSV or JSON Lines.

        Args:
            rows: The rows. JSON has all fields of them.
            columns: The columns of tables and CSV; those of the first row by default.

        Raises:
            OSError: They cannot be written.
        """
        output = self._invocation.output
        if self.is_printed:
            if self._form in ("csv", "jsonl"):
                colour = not self._invocation.options.no_color
                output = Output("csv" if self._form == "csv" else "jsonl", colour=colour)
            output.rows(rows, columns, data=True)
            return
        if self._form == "jsonl":
            self._destination.write((f"{to_json(row)}\n".encode() for row in rows), output)
            return
        found: Iterator[Mapping[str, Any]] = iter(rows)
        if columns is None:
            first = next(found, None)
            columns = list(first or ())
            found = found if first is None else chain([first], found)
        write_rows(found, columns, self._form, self._destination, output)

    @contextmanager
    def saving(self) -> Generator[None]:
        """Say where the data was saved."""
        yield
        if not self._destination.is_stdout:
            self._invocation.say(f"Saved as {self._destination.path()}")

    def table(self, table: TableStream, columns: Sequence[str] | None, name: str) -> None:
        """Write a table.

        Args:
            table: The table, which is read and closed.
            columns: The columns to write; None for all.
            name: What messages call the table.

        Raises:
            CommandError: It does not have a column, or a value is not of its column's type.
            AnaplanException: Reading it failed.
        """
        from anaplan_sdk import TableStream
        from anaplan_sdk._formats.tables.arrow_types import BatchStream
        from anaplan_sdk.cli.table_formats import arrow_library

        with table, type_advice():
            if columns:
                library = arrow_library()
                stream = chosen_columns(
                    BatchStream(library.fields(table.schema), iter(table)), columns, name
                )
                schema = library.schema(stream.fields)
                table = TableStream(library, schema, (each for each in stream.batches))
            write_table(table, self._form or "arrow", self._destination, self._invocation.output)
