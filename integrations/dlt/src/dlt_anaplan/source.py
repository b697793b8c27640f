"""A dlt source: lists, views, exports and audit events of Anaplan as Arrow tables."""

# dlt reads the annotations of sources and resources, so they must not be texts.
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import dlt
import pyarrow as pa
from dlt.common import logger
from dlt.extract import DltResource

from anaplan_sdk import TableStream
from dlt_anaplan.credentials import AnaplanCredentials

Objects = Mapping[str, int | str] | Sequence[int | str]
"""Objects of a model: names of tables with ids or names, or ids or names alone."""

Invalid = Literal["error", "null"]

_SECTION = "anaplan"
# Anaplan keeps audit events for 30 days. Anaplan Audit API guide.
_RETENTION = timedelta(days=30)
# Anaplan refuses a window of more than 30 days by its own clock, which may differ from this one.
_CLOCK_MARGIN = timedelta(minutes=10)


@dlt.source(name="anaplan", section=_SECTION)
def anaplan_source(
    lists: Objects = (),
    views: Objects = (),
    exports: Objects = (),
    audit_events: bool = False,
    credentials: AnaplanCredentials = dlt.secrets.value,
    model_id: str | None = dlt.config.value,
    batch_rows: int = 50_000,
) -> list[DltResource]:
    """Read lists, views and exports of a model, and the tenant's audit events.

    Nothing is sent before dlt extracts a resource. Each resource reads in bounded memory and yields
    Arrow record batches. Failed requests are repeated by the SDK.

    Args:
        lists: The lists: ids (101…) or names; or a mapping from names of tables to them.
        views: The views, likewise: a saved view, a module or a line item.
        exports: The exports, likewise: to CSV or text, in a tabular layout. Each is run.
        audit_events: Whether to read audit events as well. The user must be a Tenant Auditor.
        credentials: How to sign in; by default dlt's secrets in `sources.anaplan.credentials`.
        model_id: Id of the model; by default `sources.anaplan.model_id`, else the profile's.
        batch_rows: The most rows of a record batch, at least 1.

    Returns:
        The resources. An object that was given by name has a resource and table of this name; one
        that was given by id alone is `list_<id>`, `view_<id>` or `export_<id>`.
    """
    options: dict[str, Any] = {
        "credentials": credentials,
        "model_id": model_id,
        "batch_rows": batch_rows,
    }
    resources: list[DltResource] = []
    makers: tuple[tuple[Callable[..., DltResource], Objects], ...] = (
        (anaplan_list, lists),
        (anaplan_view, views),
        (anaplan_export, exports),
    )
    for make, objects in makers:
        named = objects.items() if isinstance(objects, Mapping) else ((None, o) for o in objects)
        resources += [make(each, table_name=name, **options) for name, each in named]
    if audit_events:
        resources.append(
            anaplan_audit_events(credentials=credentials, batch_rows=batch_rows),
        )
    return resources


def _table_name(kind: str) -> Callable[[dict[str, Any]], str]:
    def name(arguments: dict[str, Any]) -> str:
        given, found = arguments.get("table_name"), arguments[f"{kind}_id"]
        return str(given or (f"{kind}_{found}" if _is_id(found) else found))

    return name


@dlt.resource(name=_table_name("list"), write_disposition="replace", section=_SECTION)
def anaplan_list(
    list_id: int | str,
    table_name: str | None = None,  # noqa: ARG001 - dlt names the resource by it
    invalid: Invalid = "error",
    batch_rows: int = 50_000,
    credentials: AnaplanCredentials = dlt.secrets.value,
    model_id: str | None = dlt.config.value,
) -> Iterator[pa.RecordBatch]:
    """Read the items of a list, with their properties and subsets.

    The columns are those of `client.tr.list_table`, typed by the properties' formats. The user must
    be a workspace administrator.

    Args:
        list_id: The list: its id (101…) or its name.
        table_name: Name of the resource and table; None uses the list's name, or `list_<id>`.
        invalid: What a text that is not of its column's type becomes: "error" (the default) raises,
            "null" makes it a null.
        batch_rows: The most rows of a record batch, at least 1.
        credentials: How to sign in; by default dlt's secrets in `sources.anaplan.credentials`.
        model_id: Id of the model; by default `sources.anaplan.model_id`, else the profile's.

    Yields:
        Record batches; one without rows if the list has no items.

    Raises:
        AnaplanException: A request failed, or there is no such list; see the subclasses.
    """
    with credentials.client(model_id) as client:
        found = _id_of(list_id, client.resolve.list)
        yield from _batches(
            client.tr.list_table(found, invalid=invalid, batch_rows=batch_rows),
        )


@dlt.resource(name=_table_name("view"), write_disposition="replace", section=_SECTION)
def anaplan_view(
    view_id: int | str,
    table_name: str | None = None,  # noqa: ARG001 - dlt names the resource by it
    pages: Sequence[tuple[int | str, int | str]] | None = None,
    invalid: Invalid = "error",
    batch_rows: int = 50_000,
    credentials: AnaplanCredentials = dlt.secrets.value,
    model_id: str | None = dlt.config.value,
) -> Iterator[pa.RecordBatch]:
    """Read a view: a row for each combination of items, with a column for each line item.

    The columns are those of `client.tr.view_table`, typed by the line items' formats. The user must
    be a workspace administrator.

    Args:
        view_id: The view: the id or name of a saved view, a module or a line item.
        table_name: Name of the resource and table; None uses the view's name, or `view_<id>`.
        pages: Pairs of a dimension on the view's pages and the item to select there; None (the
            default) reads all items. Only for views of at most 1,000,000 cells.
        invalid: What a text that is not of its column's type becomes: "error" (the default) raises,
            "null" makes it a null.
        batch_rows: The most rows of a record batch, at least 1.
        credentials: How to sign in; by default dlt's secrets in `sources.anaplan.credentials`.
        model_id: Id of the model; by default `sources.anaplan.model_id`, else the profile's.

    Yields:
        Record batches; one without rows if the view is empty.

    Raises:
        AnaplanException: A request failed, or there is no such view; see the subclasses.
    """
    with credentials.client(model_id) as client:
        found = _id_of(view_id, client.resolve.view)
        yield from _batches(
            client.tr.view_table(found, pages=pages, invalid=invalid, batch_rows=batch_rows),
        )


@dlt.resource(name=_table_name("export"), write_disposition="replace", section=_SECTION)
def anaplan_export(
    export_id: int | str,
    table_name: str | None = None,  # noqa: ARG001 - dlt names the resource by it
    run: bool = True,
    locale: str = "en_US",
    invalid: Invalid = "error",
    batch_rows: int = 50_000,
    credentials: AnaplanCredentials = dlt.secrets.value,
    model_id: str | None = dlt.config.value,
) -> Iterator[pa.RecordBatch]:
    """Run an export, and read its output.

    The columns are those of `client.export_table`, typed as Anaplan reports them for the export.

    Args:
        export_id: The export: its id (116…) or its name. It writes CSV or text, in a tabular
            layout.
        table_name: Name of the resource and table; None uses the export's name, or `export_<id>`.
        run: Whether to run the export first (default), or to read the output of its last run.
        locale: The locale in which Anaplan writes numbers and dates.
        invalid: What a text that is not of its column's type becomes: "error" (the default) raises,
            "null" makes it a null.
        batch_rows: The most rows of a record batch, at least 1.
        credentials: How to sign in; by default dlt's secrets in `sources.anaplan.credentials`.
        model_id: Id of the model; by default `sources.anaplan.model_id`, else the profile's.

    Yields:
        Record batches; one without rows if the output has no rows.

    Raises:
        AnaplanActionError: The export failed.
        AnaplanException: A request failed, or there is no such export; see the subclasses.
    """
    with credentials.client(model_id) as client:
        found = _id_of(export_id, client.resolve.action)
        yield from _batches(
            client.export_table(
                found, run=run, locale=locale, invalid=invalid, batch_rows=batch_rows
            ),
        )


@dlt.resource(name="audit_events", primary_key="id", write_disposition="merge", section=_SECTION)
def anaplan_audit_events(
    event_date: dlt.sources.incremental[datetime] = dlt.sources.incremental(  # noqa: B008
        "event_date", lag=300
    ),
    event_type: str = "all",
    batch_rows: int = 50_000,
    credentials: AnaplanCredentials = dlt.secrets.value,
) -> Iterator[pa.RecordBatch]:
    """Read the audit events since the last run; the user must be a Tenant Auditor.

    Anaplan may list an event some time after it has happened. So each run reads the last 300
    seconds before the newest event of the last run again, and dlt merges them by `id`. A
    destination that can't merge needs `write_disposition="append"` and an incremental without
    `lag`; it misses late events.

    Args:
        event_date: dlt's cursor. Pass `dlt.sources.incremental("event_date", initial_value=...,
            lag=...)` to begin later than 30 days ago, or to read more of the past again.
        event_type: Family of events, "all" by default.
        batch_rows: The most rows of a record batch, at least 1.
        credentials: How to sign in; by default dlt's secrets in `sources.anaplan.credentials`.

    Yields:
        Record batches; one without rows if there were no events.

    Raises:
        PermissionDeniedException: The user is not a Tenant Auditor.
        AnaplanException: A request failed; see the subclasses.
    """
    with credentials.client() as client:
        start = _start_of_events(event_date.last_value)
        stream = client.audit.events_table(start, event_type=event_type, batch_rows=batch_rows)
        schema = _schema_of_events(pa.schema(stream.schema))
        for batch in _batches(stream):
            yield batch.cast(schema)


def _start_of_events(wanted: datetime | None) -> datetime | None:
    """Return where to begin; None for the oldest events that Anaplan keeps."""
    if wanted is None:
        return None
    oldest = datetime.now(UTC) - _RETENTION
    if wanted < oldest:
        logger.warning(
            "Anaplan keeps audit events for 30 days: those from %s to %s can't be read any more.",
            wanted.isoformat(timespec="seconds"),
            oldest.isoformat(timespec="seconds"),
        )
    return None if wanted < oldest + _CLOCK_MARGIN else wanted


def _schema_of_events(schema: pa.Schema) -> pa.Schema:
    """Return types of dlt's default precision, which every destination has, and a key."""
    fields = [
        field.with_type(pa.timestamp("us", "UTC")) if pa.types.is_timestamp(field.type) else field
        for field in schema
    ]
    return pa.schema([field.with_nullable(field.name != "id") for field in fields])


def _batches(stream: TableStream) -> Iterator[pa.RecordBatch]:
    with stream:
        is_empty = True
        for batch in stream:
            is_empty = False
            yield pa.record_batch(batch)
        if is_empty:  # dlt creates the table, with its columns, all the same.
            schema = pa.schema(stream.schema)
            yield pa.RecordBatch.from_pylist([], schema=schema)


def _id_of(given: int | str, resolve: Callable[[str], int]) -> int | str:
    return given if _is_id(given) else resolve(str(given))


def _is_id(given: int | str) -> bool:
    return str(given).isdecimal()
