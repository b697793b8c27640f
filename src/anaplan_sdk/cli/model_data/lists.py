"""Items of lists: `anaplan list read`, `insert`, `update`, `upsert` and `delete`."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeAlias, TypeVar

import typer

from anaplan_sdk.cli.command import examples
from anaplan_sdk.cli.exit_codes import ExitCode
from anaplan_sdk.cli.failures import usage_error
from anaplan_sdk.cli.invocation import Invocation
from anaplan_sdk.cli.model_data.input_rows import (
    FormatOption,
    InputFormat,
    InputRow,
    Problems,
    Source,
    read_rows,
)
from anaplan_sdk.cli.model_data.list_items import (
    MOST_WITH_IDS,
    ItemReader,
    existing_items,
    flat,
    flat_columns,
    flattened,
    item_reader,
)
from anaplan_sdk.cli.model_data.list_upsert import ListUpsert
from anaplan_sdk.cli.model_data.named_items import rows_of_items, with_ids
from anaplan_sdk.cli.model_data.row_writes import RowWrite
from anaplan_sdk.cli.name_completion import completing
from anaplan_sdk.cli.options import AllowRefused, Refused, assignments
from anaplan_sdk.cli.references import find_id
from anaplan_sdk.cli.table_formats import FormatOption as TableFormatOption
from anaplan_sdk.cli.tables.column_types import TypeOption, column_types
from anaplan_sdk.cli.tables.reading import DestOption, Reading
from anaplan_sdk.cli.wording import counted

if TYPE_CHECKING:
    from anaplan_sdk import Client
    from anaplan_sdk.models import ListMetadata, WriteResult

_MOST_NAMED = 3
_R = TypeVar("_R", bound="WriteResult")

ListArgument: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="LIST", help="The list: name or id.", autocompletion=completing("lists")
    ),
]
MapOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--map", metavar="FIELD=COLUMN", help="Use a column for a field or property; repeatable."
    ),
]
IgnoreOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--ignore", metavar="COLUMN", help="Skip a column of the input; repeatable."),
]
KeepOption: TypeAlias = Annotated[
    bool,
    typer.Option("--keep", help="Leave properties as they are where a cell is empty."),
]


@examples(
    "anaplan list read Countries",
    "anaplan list read Airports --column code --column Latitude > airports.csv",
    "anaplan list read Airports airports.parquet",
)
def read(
    context: typer.Context,
    ref: ListArgument,
    dest: DestOption = None,
    column: Annotated[
        list[str] | None,
        typer.Option("--column", metavar="NAME", help="Print only this column; repeatable."),
    ] = None,
    no_ids: Annotated[
        bool, typer.Option("--no-ids", help="Read page by page, without the items' ids.")
    ] = False,
    form: TableFormatOption = None,
    types: TypeOption = None,
) -> None:
    """Print the items of a list, or write them to a file.

    Columns are id, name, code and parent, then a column 'subset: NAME' for each subset, then the
    properties: what 'anaplan list update' and the like read. In JSON, properties and subsets are
    objects of their own. Off a terminal it prints CSV.

    Anaplan returns up to 1,000,000 items at once, with their ids. A larger list is read page by
    page and takes little memory, but has no ids; with --no-ids every list is read in this way.

    Parquet and Arrow have the columns name, code, parent, the properties, as numbers, booleans,
    dates or texts, and the subsets; they have no ids.
    """
    invocation = Invocation.of(context)
    schema = column_types(types)
    reading = Reading(invocation, dest, form)
    reading.check(no_ids=no_ids, type=types)
    with invocation.client() as client, reading.saving():
        list_id = find_id(client, ("lists",), ref)
        if reading.is_table:
            with invocation.progress(f"Reading {ref}", prints=True) as show:
                table = client.tr.list_table(list_id, schema=schema or None, on_progress=show)
                reading.table(table, column, ref)
            return
        metadata = client.tr.get_list_metadata(list_id)
        with_ids = not no_ids and metadata.item_count <= MOST_WITH_IDS
        if not (with_ids or no_ids):
            invocation.say("Anaplan returns no ids for lists of more than 1,000,000 items.")
        columns = _chosen(column, flat_columns(metadata, with_ids=with_ids))
        with invocation.progress(f"Reading {metadata.name}", prints=True) as show:
            items = existing_items(client, list_id, metadata, with_ids=with_ids, on_progress=show)
            is_nested = reading.chosen in ("json", "jsonl") and not column
            rows = items if is_nested else map(flat, items)
            if column:
                rows = ({name: row.get(name) for name in columns} for row in rows)
            reading.rows(rows, columns)


@examples(
    "anaplan list insert Airlines airlines.csv",
    "anaplan list insert Airports airports.csv --map code=iata --ignore country",
    "jq -c '.[]' new.json | anaplan list insert Airlines -",
)
def insert(
    context: typer.Context,
    ref: ListArgument,
    source: Source,
    map_: MapOption = None,
    ignore: IgnoreOption = None,
    allow_refused: AllowRefused = "0",
    refused: Refused = None,
    form: FormatOption = None,
) -> ExitCode:
    """Add items to a list.

    Each row is an item. The columns name, code and parent are the item's own; 'subset: NAME' is
    true or false; every other column is a property ('property: NAME' if it has the name of one
    of these). In JSON, properties and subsets may be objects of their own.

    All rows are checked before anything is sent. Anaplan refuses items whose name or code exists.
    """
    options = _Options(source, form, allow_refused, refused, map_, ignore)
    with _opened(Invocation.of(context), ref, options) as job:
        items = job.items(ItemReader.new_item)
        result = job.send(
            "Adding",
            job.rows,
            lambda: job.client.tr.insert_list_items(job.list_id, items),
            "added",
        )
        # What was neither added nor refused has been ignored without a reason.
        return job.write.finish(added=result.added, refused=len(items) - result.added)


@examples(
    "anaplan list update Countries countries.csv",
    "anaplan list update Airports airports.csv --map code=iata --ignore country",
)
def update(
    context: typer.Context,
    ref: ListArgument,
    source: Source,
    map_: MapOption = None,
    ignore: IgnoreOption = None,
    keep: KeepOption = False,
    allow_refused: AllowRefused = "0",
    refused: Refused = None,
    form: FormatOption = None,
) -> ExitCode:
    """Change items of a list.

    Each row is an item, found by its id, code or name; Anaplan requires the code of an item that
    has one. The columns are those of 'anaplan list insert'. What has no column stays as it is. An
    empty cell empties a property, unless --keep is given; otherwise it changes nothing.
    """
    options = _Options(source, form, allow_refused, refused, map_, ignore, keep)
    with _opened(Invocation.of(context), ref, options) as job:
        items = job.items(ItemReader.update)
        result = job.send(
            "Changing",
            job.rows,
            lambda: job.client.tr.update_list_items(job.list_id, items),
            "updated",
        )
        return job.write.finish(updated=result.updated)


@examples(
    "anaplan list upsert Airlines airlines.csv",
    "anaplan list upsert Airlines airlines.csv --refused no.csv --allow-refused all",
)
def upsert(
    context: typer.Context,
    ref: ListArgument,
    source: Source,
    map_: MapOption = None,
    ignore: IgnoreOption = None,
    keep: KeepOption = False,
    allow_refused: AllowRefused = "0",
    refused: Refused = None,
    form: FormatOption = None,
) -> ExitCode:
    """Change items of a list, and add those that are new.

    The list is read first. A row whose id, code or name the list has is a change, else a new item.
    A code decides before a name: a name that the list has with another code is refused. New items
    are added first, then changes are made. The columns are those of 'anaplan list update'.
    """
    options = _Options(source, form, allow_refused, refused, map_, ignore, keep)
    with _opened(Invocation.of(context), ref, options) as job:
        plan = ListUpsert(job.reader)
        problems = job.reader.source.problems()
        if job.rows:
            with job.invocation.progress(f"Reading {job.metadata.name}") as show:
                is_small = job.metadata.item_count <= MOST_WITH_IDS
                items = existing_items(
                    job.client, job.list_id, job.metadata, with_ids=is_small, on_progress=show
                )
                plan.divide(items, problems)
        problems.raise_if_any()
        added = job.send(
            "Adding",
            [row for row, _ in plan.added],
            lambda: job.client.tr.insert_list_items(job.list_id, [each for _, each in plan.added]),
            "added",
        )
        changed = job.send(
            "Changing",
            [row for row, _ in plan.changed],
            lambda: job.client.tr.update_list_items(
                job.list_id, [each for _, each in plan.changed]
            ),
            "updated",
        )
        return job.write.finish(
            added=added.added,
            updated=changed.updated,
            refused=len(plan.added) - added.added + len(changed.failures),
        )


@examples(
    "anaplan list delete Airlines --item 'US Airways' --item VX",
    "anaplan list delete Airlines closed.csv --yes",
)
def delete(
    context: typer.Context,
    ref: ListArgument,
    source: Annotated[
        str | None,
        typer.Argument(metavar="SRC", help="A file with rows, or - for stdin; or give --item."),
    ] = None,
    item: Annotated[
        list[str] | None,
        typer.Option(
            "--item", metavar="ITEM", help="Delete this item: name, code or id; repeatable."
        ),
    ] = None,
    map_: MapOption = None,
    ignore: IgnoreOption = None,
    allow_refused: AllowRefused = "0",
    refused: Refused = None,
    form: FormatOption = None,
) -> ExitCode:
    """Delete items of a list.

    Each row is an item, found by its id, else by its code, else by its name. Other columns have no
    effect, so that the output of 'anaplan list read' can be used. Deleting an item deletes the
    cells that it is a dimension of: the command asks first, unless --yes is given.
    """
    if (source is None) == (not item):
        raise usage_error(
            "Give the items to delete: either SRC or --item.",
            "SRC is a file with rows; --item names one item, and can be repeated.",
        )
    if item and (map_ or ignore or form):
        raise usage_error("--map, --ignore and --format are about SRC: leave them out with --item.")
    options = _Options(source, form, allow_refused, refused, map_, ignore, items=item)
    with _opened(Invocation.of(context), ref, options) as job:
        items = job.items(ItemReader.identity)
        if items:
            what = counted(len(items), "item")
            if item and len(items) <= _MOST_NAMED:
                what = " and ".join(repr(row.values["name"]) for row in job.rows)
            job.invocation.confirm(f"Delete {what} of the list {job.metadata.name!r}?")
        result = job.send(
            "Deleting",
            job.rows,
            lambda: job.client.tr.delete_list_items(job.list_id, items),
            "deleted",
        )
        return job.write.finish(deleted=result.deleted, refused=len(items) - result.deleted)


class _Options(NamedTuple):
    """What the commands that write items have in common."""

    source: str | None
    form: InputFormat | None
    allow_refused: str
    refused: str | None
    mapped: list[str] | None
    ignored: list[str] | None
    keep: bool = False
    items: list[str] | None = None


@dataclass(frozen=True)
class _Job:
    """The rows, and the list that they are for."""

    invocation: Invocation
    client: Client
    list_id: str
    metadata: ListMetadata
    reader: ItemReader
    write: RowWrite

    @property
    def rows(self) -> list[InputRow]:
        return self.reader.source.rows

    def items(
        self, make: Callable[[ItemReader, InputRow, Problems], dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """Make items of all rows, and check all of them before any is sent."""
        problems = self.reader.source.problems()
        items = [make(self.reader, row, problems) for row in self.rows]
        problems.raise_if_any()
        return items

    def send(self, verb: str, rows: list[InputRow], call: Callable[[], _R], counter: str) -> _R:
        """Send rows, unless there are none."""
        shown = (
            self.invocation.progress(f"{verb} {counted(len(rows), 'item')}")
            if rows
            else nullcontext()
        )
        with shown:
            return self.write.send(call, rows, counter)


@contextmanager
def _opened(invocation: Invocation, ref: str, options: _Options) -> Generator[_Job]:
    """Read the input and the list's definition."""
    mapped = assignments("--map", "FIELD=COLUMN", options.mapped)
    if options.source is None:
        source = rows_of_items(options.items or ())
    else:
        source = flattened(read_rows(options.source, options.form))
    write = RowWrite.prepared(invocation, source, options.allow_refused, options.refused)
    with invocation.client() as client:
        list_id = find_id(client, ("lists",), ref)
        metadata = client.tr.get_list_metadata(list_id)
        if options.items:
            write.source = source = with_ids(client, list_id, metadata.name, source)
            write.total = len(source)
        reader = item_reader(
            source,
            metadata,
            mapped=mapped,
            ignored=options.ignored or (),
            skips_empty=options.keep,
        )
        yield _Job(invocation, client, list_id, metadata, reader, write)


def _chosen(wanted: Sequence[str] | None, columns: Sequence[str]) -> Sequence[str]:
    for name in wanted or ():
        if name not in columns:
            raise usage_error(
                f"The list has no column {name!r}.", f"Columns are: {', '.join(columns)}."
            )
    return wanted or columns
