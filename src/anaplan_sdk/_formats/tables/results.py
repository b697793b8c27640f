"""What the methods for tables return."""

from __future__ import annotations

# The type hints of inherited fields are read with the names of this module.
# pyright: reportUnusedImport=false
from collections.abc import Mapping  # noqa: F401
from dataclasses import dataclass

from anaplan_sdk import models
from anaplan_sdk._formats.tables.table import Table
from anaplan_sdk._table_checks import CheckedTable, CheckProblem, CheckTarget  # noqa: F401
from anaplan_sdk.exceptions import AnaplanException


@dataclass(frozen=True)
class TableImport:
    """The result of importing a table.

    Attributes:
        task: The task, which was successful.
        rows: The number of rows that were sent.
        refused: The rows that Anaplan refused, or imported without an invalid value: `row`, the
            index in the table, `reason`, `status` (`E` for a refused row, `W` for one that was
            imported without a value; null where Anaplan does not report it), and the columns of
            the row, as texts, under the table's own names. None if they are unknown, since the
            failure dump could not be read.
        dump_error: Why the failure dump could not be read; None if it was read, or the task
            left no dump.
    """

    task: models.CompletedTask
    rows: int
    refused: Table | None
    dump_error: AnaplanException | None = None


@dataclass(frozen=True)
class CheckReport(CheckedTable):
    """What checking a table against an import has found. Nothing was changed at Anaplan.

    Attributes:
        import_id: The import.
        import_name: Its name.
        rows: The number of rows of the table.
        refused: The number of rows that have a problem.
        problems: The problems, each of one column and one reason.
        unchecked: The columns whose values were not checked against anything, each with the reason.
        target: The module or list that the columns were compared with; None if it is unknown.
    """

    def to_table(self) -> Table:
        """Return the problems as a table.

        Returns:
            A row for each problem: `column`, `reason`, `rows` (how many have it), `first_row`,
            `examples`, `target`, `inferred` and `message`.

        Raises:
            ImportError: The extra `tables` is not installed.
        """
        from anaplan_sdk._formats.tables.arrow_types import Kind
        from anaplan_sdk._formats.tables.installed_library import arrow_library
        from anaplan_sdk._formats.tables.table_builder import TableBuilder

        library = arrow_library()
        text, integer = library.type(Kind.TEXT), library.type(Kind.INTEGER)
        fields = [
            ("column", text),
            ("reason", text),
            ("rows", integer),
            ("first_row", integer),
            ("examples", text),
            ("target", text),
            ("inferred", library.type(Kind.BOOLEAN)),
            ("message", text),
        ]
        builder = TableBuilder(library, fields)
        for each in self.problems:
            builder.add(
                [
                    each.column,
                    each.reason.value,
                    each.count,
                    each.rows[0] if each.rows else None,
                    ", ".join(each.examples),
                    each.target,
                    each.is_inferred,
                    each.message,
                ]
            )
        return builder.table()


@dataclass(frozen=True)
class TableWrite:
    """The result of writing a table to the cells of a module.

    Attributes:
        rows: The number of rows of the table.
        cells_changed: The number of cells whose value is another than before.
        refused: The cells that were not written: `row`, the index in the table, `line_item` (null
            for a whole row), `reason`, and the columns of the row, as texts.
    """

    rows: int
    cells_changed: int
    refused: Table


@dataclass(frozen=True)
class ListUpsert:
    """The result of adding the rows of a table to a list, or changing the items they stand for.

    Attributes:
        inserted: The number of items that were added.
        updated: The number of items that were changed.
        unchanged: The number of rows whose item had these values before.
        refused: The rows that were neither: `row`, the index in the table, `reason`, and the
            columns of the row, as texts.
    """

    inserted: int
    updated: int
    unchanged: int
    refused: Table
