"""Data on stdout: tables for people; JSON, JSON Lines and CSV for programs."""

from __future__ import annotations

import csv
import io
import os
import sys
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from itertools import accumulate, chain
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

from anaplan_sdk._printable import printable
from anaplan_sdk.cli.table_cells import is_amount, plain, text, title, to_json

if TYPE_CHECKING:
    from pydantic import BaseModel
    from rich.console import RenderableType

    from anaplan_sdk.cli.global_options import OutputFormat

Row: TypeAlias = "Mapping[str, Any] | BaseModel"

# Wide enough for any table that is not shown on a terminal.
_UNLIMITED = 100_000
# A column that is wider is folded.
_WIDEST_COLUMN = 32
_GAP = 2


class Output:
    """Prints data.

    Args:
        chosen: The format that `--output` names.
        colour: Whether colours are allowed.

    Attributes:
        is_terminal: Whether data is printed on a terminal.
        has_colour: Whether text may be coloured.
    """

    def __init__(self, chosen: OutputFormat | None, *, colour: bool) -> None:
        self._chosen = chosen
        self.is_terminal = sys.stdout is not None and sys.stdout.isatty()
        dumb = os.environ.get("TERM") == "dumb"
        self.has_colour = colour and not dumb and not os.environ.get("NO_COLOR")

    def rows(
        self,
        rows: Iterable[Row],
        columns: Sequence[str] | None = None,
        *,
        data: bool = False,
        optional: Sequence[str] = (),
    ) -> None:
        """Print rows.

        Args:
            rows: The rows. JSON has all fields of them.
            columns: The fields that tables and CSV have; those of the first row by default.
            data: Whether the rows are a model's data: without `--output`, they are CSV unless
                they are shown on a terminal. Other rows are a table.
            optional: Columns that a table on a narrow terminal may lack, in their order.
        """
        chosen = self._chosen or ("csv" if data and not self.is_terminal else "table")
        dicts = (_as_dict(row) for row in rows)
        if chosen == "jsonl":
            for row in dicts:
                print(to_json(row))
        elif chosen == "json":
            self._json_array(dicts)
        else:
            first = next(dicts, None)
            names = columns or list(first or {})
            found = dicts if first is None else chain([first], dicts)
            if chosen == "csv":
                writer = csv.writer(sys.stdout, lineterminator="\n")
                writer.writerow(names)
                writer.writerows([plain(row.get(name)) for name in names] for row in found)
            elif first is not None and data:
                self._data_table(names, found)
            elif first is not None:
                kept = list(found)
                names = self._fitting(names, kept, optional)
                self._table([(name, title(name)) for name in names], kept)

    def lines(self, rows: Iterable[Row], widths: Mapping[str, int]) -> None:
        """Print rows of a table one by one, as they come.

        Args:
            rows: The rows.
            widths: The least width of each column, by its field.
        """
        titles = {name: title(name) for name in widths}
        for number, row in enumerate(map(_as_dict, rows)):
            for line in (row,) if number else (titles, row):
                cells = (printable(plain(line.get(name))).ljust(widths[name]) for name in widths)
                print("  ".join(cells).rstrip(), flush=True)

    def record(self, record: Row, names: Sequence[str] | None = None) -> None:
        """Print one record: its fields below each other as a table, or a single row.

        Args:
            record: The record. JSON has all fields of it.
            names: The fields that tables and CSV have; all that have a value by default.
        """
        fields = _as_dict(record)
        if self._chosen == "json":
            print(to_json(fields, indent=2))
        elif self._chosen in ("jsonl", "csv"):
            self.rows([fields], names)
        else:
            shown = names or [name for name, value in fields.items() if value not in (None, [], {})]
            pairs = ({"": title(name), "value": text(fields.get(name), name)} for name in shown)
            self._table([("", ""), ("value", "")], pairs, header=False)

    def started(self, record: Mapping[str, Any]) -> None:
        """Print what was started; without `--output` a program gets its id only.

        Args:
            record: The record, whose first field is the id.
        """
        if self._chosen or self.is_terminal:
            self.record(record)
        else:
            print(next(iter(record.values())))

    def description(
        self,
        fields: Mapping[str, Any],
        tables: Mapping[str, Sequence[Row]],
        columns: Mapping[str, Sequence[str]],
    ) -> None:
        """Print an object with what belongs to it: a record, and a table for each kind of thing.

        JSON is one object, with the rows in fields of their own; CSV has the record only.

        Args:
            fields: The fields of the object.
            tables: Rows by what they are.
            columns: The fields that the tables have, likewise.
        """
        if self._chosen in ("json", "jsonl"):
            lists = {name: [_as_dict(row) for row in rows] for name, rows in tables.items()}
            print(to_json({**fields, **lists}, indent=2 if self._chosen == "json" else None))
            return
        known = {name: value for name, value in fields.items() if value not in (None, "", [], {})}
        self.record(fields if self._chosen == "csv" else known)
        for name, rows in tables.items():
            if rows and self._chosen != "csv":
                print(f"\n{name.replace('_', ' ').capitalize()} ({len(rows)})")
                self._table([(each, title(each)) for each in columns[name]], map(_as_dict, rows))

    def excerpt(self, rows: Sequence[Row]) -> None:
        """Print some rows of a model's data as a table, with as many columns as fit.

        Args:
            rows: The rows.
        """
        dicts = [_as_dict(row) for row in rows]
        names = list(dict.fromkeys(name for row in dicts for name in row))
        self._table([(name, name) for name in self._fitting_data(names, dicts)], dicts)

    def data(self, pieces: Iterable[bytes]) -> None:
        """Print bytes as they are.

        Args:
            pieces: The bytes.
        """
        from anaplan_sdk._runtime.targets import write_all

        with self.binary() as file:
            for piece in pieces:
                # With PYTHONUNBUFFERED a single write may write only a part.
                write_all(file, piece)

    @contextmanager
    def binary(self) -> Generator[BinaryIO]:
        """Return stdout for bytes.

        Yields:
            The file.
        """
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()

    def _json_array(self, rows: Iterable[Mapping[str, Any]]) -> None:
        separator = "[\n"
        for row in rows:
            print(separator, to_json(row), sep="  ", end="")
            separator = ",\n"
        print("[]" if separator == "[\n" else "\n]")

    def _data_table(self, names: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
        """Print a model's data, under the names that columns have there."""
        found = list(rows)
        fitting = self._fitting_data(names, found)
        self._table([(name, name) for name in fitting], found)
        if len(fitting) < len(names):
            left = len(names) - len(fitting)
            print(f"... and {left:,} more columns: --output csv prints all.", file=sys.stderr)

    def _fitting_data(
        self, names: Sequence[str], rows: Sequence[Mapping[str, Any]]
    ) -> Sequence[str]:
        """Return the first columns that fit the terminal: there may be more than can be read."""
        from rich.cells import cell_len

        widths = [
            max(cell_len(name), *(cell_len(plain(row.get(name))) for row in rows)) for name in names
        ]
        ends = accumulate(min(width, _WIDEST_COLUMN) + _GAP for width in widths)
        return names[: sum(end - _GAP <= self.text_width for end in ends) or 1]

    def _fitting(
        self, names: Sequence[str], rows: Sequence[Mapping[str, Any]], optional: Sequence[str]
    ) -> Sequence[str]:
        """Return the columns without optional ones for which names would be folded twice."""
        needed: dict[str, int] = {}
        for name in names:
            widest = max(len(title(name)), *(len(text(row.get(name), name)) for row in rows))
            # With less than that, a name would take three lines.
            needed[name] = (
                -(-widest * 2 // 3) if name == "name" or name.endswith("_name") else widest
            )
        for name in optional:
            if sum(needed.values()) + _GAP * (len(needed) - 1) <= self.text_width:
                break
            needed.pop(name, None)
        return [name for name in names if name in needed]

    @property
    def text_width(self) -> int:
        """The greatest width of lines of text: that of the terminal, if there is one."""
        from rich.console import Console

        return Console().width if self.is_terminal else _UNLIMITED

    def _table(
        self,
        columns: Sequence[tuple[str, str]],
        rows: Iterable[Mapping[str, Any]],
        *,
        header: bool = True,
    ) -> None:
        from rich.table import Table

        table = Table(box=None, pad_edge=False, show_header=header)
        for name, heading in columns:
            is_key = name in ("", "id") or name.endswith("_id")
            is_address = name == "tenant"
            is_time = name.endswith(("_on", "_date"))
            table.add_column(
                printable(heading),
                no_wrap=is_key or is_time or is_address,
                overflow="fold",
                justify="right" if is_amount(name) else "left",
                style="cyan" if is_key else None,
                header_style="bold",
            )
        for row in rows:
            table.add_row(*(printable(text(row.get(name), name)) for name, _ in columns))
        self.draw(table)

    def draw(self, shown: RenderableType) -> None:
        """Print what Rich draws, such as a table or a tree.

        Args:
            shown: What is drawn.
        """
        from rich.console import Console

        console = Console(
            # Rich would flush stdout, and what fails there must not hide how a run ended.
            file=io.StringIO(),
            force_terminal=self.is_terminal or None,
            width=self.text_width,
            no_color=not self.has_colour,
            highlight=False,
            markup=False,
            emoji=False,
            soft_wrap=False,
        )
        with console.capture() as capture:
            console.print(shown)
        for line in capture.get().splitlines():
            print(line.rstrip())


def _as_dict(row: Row) -> Mapping[str, Any]:
    if isinstance(row, dict):
        return row
    dump: Any = getattr(row, "model_dump", None)
    return dump(mode="json") if dump else dict(row)
