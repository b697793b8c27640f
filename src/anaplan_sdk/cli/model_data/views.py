"""Views and cells: `anaplan view read` and `anaplan cells write`."""

from __future__ import annotations

from contextlib import closing
from itertools import islice
from typing import Annotated, Literal

import typer

from anaplan_sdk.cli.command import examples
from anaplan_sdk.cli.exit_codes import ExitCode
from anaplan_sdk.cli.invocation import Invocation
from anaplan_sdk.cli.model_data.cell_rows import CellReader
from anaplan_sdk.cli.model_data.input_rows import FormatOption as InputFormatOption
from anaplan_sdk.cli.model_data.input_rows import Source, read_rows
from anaplan_sdk.cli.model_data.row_writes import RowWrite
from anaplan_sdk.cli.model_data.view_pages import ViewPage, selected_pages
from anaplan_sdk.cli.name_completion import completing
from anaplan_sdk.cli.options import AllowRefused, Refused, assignments
from anaplan_sdk.cli.references import find_id
from anaplan_sdk.cli.table_formats import FormatOption
from anaplan_sdk.cli.tables.column_types import TypeOption, column_types
from anaplan_sdk.cli.tables.reading import DestOption, Reading
from anaplan_sdk.cli.wording import counted

Layout = Literal["grid", "multi", "single"]


@examples(
    "anaplan view read 'Passenger Plan.Passengers by Month'",
    "anaplan view read 'Passenger Plan' --page Versions=Forecast --layout grid",
    "anaplan view read 'Passenger Plan' plan.parquet",
)
def read(
    context: typer.Context,
    ref: Annotated[
        str,
        typer.Argument(
            metavar="VIEW",
            help="The view: Module.View, module or id.",
            autocompletion=completing("views"),
        ),
    ],
    dest: DestOption = None,
    page: Annotated[
        list[str] | None,
        typer.Option("--page", metavar="DIM=ITEM", help="Read only this page; repeatable."),
    ] = None,
    layout: Annotated[
        Layout,
        typer.Option(metavar="LAYOUT", help="multi, single or grid."),
    ] = "multi",
    max_rows: Annotated[
        int | None,
        typer.Option("--max-rows", metavar="N", min=1, help="Print at most N rows."),
    ] = None,
    form: FormatOption = None,
    types: TypeOption = None,
) -> None:
    """Print a view, or write it to a file.

    A view is called Module.View; the name of a module is its default view. Layouts are those of
    exports: multi has a column for each dimension and each line item, single has one column for
    all values, grid looks like the view. Off a terminal it prints CSV.

    Without --page, multi and single read all pages of views of any size. With --page they read one
    page, and grid always does: dimensions without --page have their default item. Anaplan limits
    one page to 1,000,000 cells.

    Parquet and Arrow have the layout multi, with columns of the types of line items: numbers,
    booleans, dates and texts.
    """
    invocation = Invocation.of(context)
    selected = assignments("--page", "DIM=ITEM", page)
    schema = column_types(types)
    reading = Reading(invocation, dest, form)
    reading.check(layout=layout != "multi", max_rows=max_rows, type=types)
    with invocation.client() as client, reading.saving():
        view_id = find_id(client, ("views",), ref)
        if reading.is_table:
            chosen = selected_pages(client, view_id, selected) if selected else None
            with invocation.progress(f"Reading {ref}", prints=True) as show:
                table = client.tr.view_table(
                    view_id, pages=chosen, schema=schema or None, on_progress=show
                )
                reading.table(table, None, ref)
            return
        if selected or layout == "grid":
            one = ViewPage.read(client, view_id, selected, max_rows if layout == "grid" else None)
            if one.selection:
                pages = ", ".join(f"{name} = {item}" for name, item in one.selection.items())
                invocation.say(f"Page: {pages}")
            rows = one.grid() if layout == "grid" else one.table(single=layout == "single")
            reading.rows(islice(rows, max_rows))
            return
        with (
            invocation.progress(f"Reading {ref}", prints=True) as show,
            closing(
                client.tr.read_view(
                    view_id,
                    "TABULAR_SINGLE_COLUMN" if layout == "single" else "TABULAR_MULTI_COLUMN",
                    on_progress=show,
                )
            ) as all_rows,
        ):
            reading.rows(islice(all_rows, max_rows))


@examples(
    "anaplan cells write 'Passenger Plan' plan.csv",
    "anaplan cells write 'Flight Facts' facts.csv --by-code Flights",
    "anaplan cells write 'Passenger Plan' plan.csv --keep --refused refused.csv",
)
def write(
    context: typer.Context,
    ref: Annotated[
        str,
        typer.Argument(
            metavar="MODULE",
            help="The module: name or id.",
            autocompletion=completing("modules"),
        ),
    ],
    source: Source,
    by_code: Annotated[
        list[str] | None,
        typer.Option(
            "--by-code", metavar="DIM", help="This dimension's items are given by code; repeatable."
        ),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Write nothing to a cell whose value is empty.")
    ] = False,
    allow_refused: AllowRefused = "0",
    refused: Refused = None,
    form: InputFormatOption = None,
) -> ExitCode:
    """Write cells.

    Rows have a column for each dimension, with names of items, and either a column for each line
    item, or the columns 'Line Items' (or line_item) and 'Value': as 'anaplan view read' prints
    them. Numbers are written as 1234.5, booleans as true and false, dates as 2026-01-31.

    All rows are checked before anything is sent. An empty value empties the cell, unless --keep is
    given.
    """
    invocation = Invocation.of(context)
    rows = read_rows(source, form)
    job = RowWrite.prepared(invocation, rows, allow_refused, refused)
    with invocation.client() as client:
        module_id = find_id(client, ("modules",), ref)
        reader = CellReader.of_module(client, module_id, rows, by_code or (), keeps=keep)
        cells, origins = reader.cells()
        job.noun, job.total = "cell", len(cells)
        if not cells:
            return job.finish(rows=len(rows), cells=0, changed=0)
        with invocation.progress(f"Writing {counted(len(cells), 'cell')}"):
            result = job.send(
                lambda: client.tr.write_cells(module_id, cells), origins, "cells_changed"
            )
        return job.finish(rows=len(rows), cells=len(cells), changed=result.cells_changed)
