"""Checking a table against an import before it is sent."""

from __future__ import annotations

from collections.abc import Mapping

from anaplan_sdk._async.api.outgoing_tables import (
    FileOfImport,
    OpenedTable,
    OutgoingTables,
    check_header,
)
from anaplan_sdk._formats.tables.arguments import ISO_DATE, ColumnsArgument, TableLike, Timestamps
from anaplan_sdk._formats.tables.results import CheckReport
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk._table_checks import CheckProblem
from anaplan_sdk.exceptions import ColumnMismatchException, InvalidArgumentException


class TableChecks(OutgoingTables):
    """Checks tables against imports."""

    async def check_table(
        self,
        import_id: int | str,
        table: TableLike,
        *,
        columns: ColumnsArgument | None = None,
        members: bool = True,
        target: int | str | None = None,
        lists: Mapping[str, int | str] | None = None,
        date_format: str = ISO_DATE,
        timestamps: Timestamps = "date",
    ) -> CheckReport:
        """Check a table against an import: what could not be written, and what would be refused.

        Nothing is changed at Anaplan, and nothing is uploaded. The columns are compared with those
        of the import's file. Each value is written as `import_table` would write it. The API does
        not show which line item, property or dimension an import reads a column into, so columns
        are compared by name with those of the module or list that `target` names. If it names none,
        the module or list that the import is named after is taken, as in "Sales from sales.csv",
        Anaplan's default name; problems that rest on this are marked as inferred.

        Only what is certainly no number, no boolean or no date counts, and integers of more than 53
        bits in a column of numbers, which Anaplan rounds. The table is read once, in bounded
        memory; the names and codes of a list are all held in memory.

        Args:
            import_id: The import (112…), which reads a file.
            table: A polars, pandas or pyarrow table, a duckdb relation or another object with the
                Arrow PyCapsule interface; a path to a CSV, Parquet, Arrow IPC or JSON Lines file
                (also `.csv.gz`); or an iterable of record batches or tables of the same columns. An
                index of pandas is a column after the others if it has a name. An
                iterator or a reader is used up.
            columns: A mapping from names in the table to names in the file, which renames columns;
                or a sequence of names, which chooses these columns in this order. By default all
                columns are checked under their own names.
            members: Whether to read the lists, each once, and to report values that are neither a
                name nor a code of an item (default). Case is ignored. The user must be a workspace
                administrator.
            target: The module (102…) or list (101…) that the import writes to; None (the default)
                infers it from the import's name.
            lists: The list (101…) or list subset (109…) whose items the values of a column are, by
                the table's name of the column; it takes precedence over what the target shows.
            date_format: How dates are written, as `datetime.strftime` takes it; ISO 8601 by
                default. Anaplan does not report which format an import expects.
            timestamps: "date" (the default) writes timestamps as dates, and counts one with a time
                of day as a problem; "text" writes them in ISO 8601.

        Returns:
            The problems, each of one column and one reason with the number of rows, the first of
            them and examples; how many rows have problems; and which columns were not checked.

        Raises:
            ColumnMismatchException: `columns` names a column that the table does not have.
            InvalidArgumentException: The import does not read a text file, `lists` names a column
                that is not sent, or the client has no model.
            InvalidTableException: A file can't be read as a table.
            ArgumentTypeException: `table` is no table.
            ImportError: The extra `tables` is not installed.
            InvalidIdentifierException: The model has no such import, or no list or module that
                `lists` or `target` names.
            OSError: A file cannot be read.
            AnaplanException: A request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Import Actions", "Line Items" and "Retrieve list
        metadata"; Arrow specification, "The Arrow PyCapsule Interface".
        """
        found = await self._find_import(import_id)
        opened = await self._open_table(
            found.file_id,
            table,
            columns,
            found.sources,
            date_format=date_format,
            timestamps=timestamps,
        )
        return await self._check(found, opened, members=members, target=target, lists=lists)

    async def _check(
        self,
        found: FileOfImport,
        table: OpenedTable,
        *,
        members: bool,
        target: int | str | None,
        lists: Mapping[str, int | str] | None,
    ) -> CheckReport:
        from anaplan_sdk._async.api.table_targets import TableTargets
        from anaplan_sdk._formats.tables.table_check import TableCheck, header_problems

        columns = [
            (place, own, name)
            for (place, name), own in zip(table.columns, table.own_names, strict=True)
        ]
        known = await self._namespace(TableTargets).expectations(
            found.action,
            columns,
            target=target,
            lists=_lists_by_place(lists or {}, columns),
            members=members,
        )
        problems: list[CheckProblem] = []
        try:
            check_header(table, found.sources)
        except ColumnMismatchException as error:
            problems += header_problems(error)
        stream = table.stream
        check = TableCheck(
            table.library, stream.fields, table.columns, table.file_format, known.by_place
        )
        while (batch := await runtime.run_in_thread(next, stream.batches, None)) is not None:
            await runtime.run_in_thread(check.add, batch)
        return CheckReport(
            import_id=str(found.action.id),
            import_name=found.action.name,
            rows=check.rows,
            refused=check.refused,
            problems=(*problems, *check.problems()),
            unchecked=known.unchecked,
            target=known.target,
        )


def _lists_by_place(
    lists: Mapping[str, int | str], columns: list[tuple[int, str, str]]
) -> dict[int, int | str]:
    from anaplan_sdk._formats.tables.names import listed

    places = {own: place for place, own, _ in columns}
    if unknown := [name for name in lists if name not in places]:
        raise InvalidArgumentException(
            f"lists: there is no column {listed(unknown)}; the columns that are sent are "
            f"{listed(places)}."
        )
    return {places[name]: list_id for name, list_id in lists.items()}
