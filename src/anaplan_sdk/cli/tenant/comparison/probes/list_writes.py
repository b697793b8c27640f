"""Probes that write to the list and the files of a scratch model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from anaplan_sdk.cli.tenant.comparison.findings import Finding, NotApplicable
from anaplan_sdk.cli.tenant.comparison.probe import Probe, probe
from anaplan_sdk.cli.tenant.comparison.probes import writing
from anaplan_sdk.cli.tenant.comparison.probes.reads import rows_of
from anaplan_sdk.cli.tenant.comparison.probes.writing import ITEMS, MODEL, PREFIX, item
from anaplan_sdk.cli.tenant.comparison.replies import Call, Reply

if TYPE_CHECKING:
    from anaplan_sdk.cli.tenant.comparison.view import View

_IMPORT = ("imports", "probeImportId")
_CHUNKS = f"{MODEL}/files/{{probeFileId}}/chunks"
_DUMP = f"{MODEL}/imports/{{probeImportId}}/tasks/{{taskId}}/dump"
_COLUMNS = "code,name,amount,day"


def _row(number: int, amount: str = "1", day: str = "2026-01-31") -> str:
    return f"{PREFIX}{number},{PREFIX}item {number},{amount},{day}"


@probe(
    "list-delete-envelope",
    "Whether the reply to deleting list items has meta and status.",
    "list-changes",
    writes=True,
)
def list_delete_envelope(view: View) -> Finding | None:
    """Add an item, and delete it."""
    writing.add(view, item(1))
    ids = [{"id": each["id"]} for each in writing.items_of(view)]
    if not ids:
        raise NotApplicable("the item was not added")
    call = Call(ITEMS, method="POST", query={"action": "delete"}, json={"items": ids})
    reply = view.send(call)
    body = reply.body if isinstance(reply.body, dict) else {}
    found = [f"{name}: {'yes' if name in body else 'no'}" for name in ("meta", "status", "result")]
    return Finding(None, f"{reply.status}; " + ", ".join(found))


@probe(
    "list-update-by-several-identifiers",
    "Whether an update may name an item by its id and its code, or by its code and its name.",
    "list-changes",
    writes=True,
)
def list_update_by_several_identifiers(view: View) -> Finding | None:
    """Update an item that is identified twice."""
    writing.add(view, item(1), item(2))
    added = writing.items_of(view)
    if not added:
        raise NotApplicable("the items were not added")
    first = added[0]
    found: list[str] = []
    for note, names in (
        ("id and code", ("id", "code")),
        ("code and name", ("code", "name")),
        ("id, code and name", ("id", "code", "name")),
    ):
        members = {**{name: first[name] for name in names}, "properties": {"Amount": 2}}
        reply = view.send(Call(ITEMS, method="PUT", json={"items": [members]}, note=note))
        updated = reply.member("updated")
        found.append(f"{note}: {reply.status}, {'updated' if updated == 1 else 'not updated'}")
    writing.clear(view)
    return Finding(None, "; ".join(found))


@probe(
    "list-import-counters",
    "The numbers in brackets in the message of an import are created and updated rows.",
    "task-results",
    writes=True,
)
def list_import_counters(view: View) -> Finding | None:
    """Import two new items and one that exists."""
    writing.add(view, item(1), compared=False)
    writing.upload(view, "probeFileId", [_COLUMNS, _row(1, "5"), _row(2), _row(3)])
    task = writing.run(view, *_IMPORT)
    view.send(Call(_DUMP, fails=True))
    for detail in writing.details_of(task):
        counters = writing.counters_of(detail)
        shown = re.search(r"\((\d+)/(\d+)\)", str(detail.get("localMessageText", "")))
        if shown and "successCreateCount" in counters:
            expected = counters["successCreateCount"], counters.get("successUpdateCount")
            found = (shown[1], shown[2])
            kind = "created/updated" if found == expected else "neither order"
            return Finding(found == expected, f"in brackets: {kind}")
    return Finding(None, "no message with brackets")


@probe(
    "list-dump-columns",
    "A dump of a list import has _Status_, _Line_ (of the file) and an _Error_n_ for each error.",
    "failure-dumps",
    writes=True,
)
def list_dump_columns(view: View) -> Finding | None:
    """Import a row with two bad values."""
    writing.undo_items(view)
    writing.upload(view, "probeFileId", [_COLUMNS, _row(4), _row(5, "bad", "bad")])
    task = writing.run(view, *_IMPORT)
    if task.member("task.result.failureDumpAvailable") is not True:
        return Finding(False, "no dump")
    view.send(Call(f"{_DUMP}/chunks"))
    view.send(Call(f"{_DUMP}/chunks/0"))
    rows = rows_of(view.send(Call(_DUMP)).text)
    return _dump_finding(rows, line="3")


def _dump_finding(rows: list[list[str]], line: str) -> Finding:
    names = [each for each in rows[0] if re.fullmatch(r"_[A-Za-z]+_(\d+_)?", each)] if rows else []
    at = rows[0].index("_Line_") if "_Line_" in names else None
    is_line = at is not None and len(rows) > 1 and rows[1][at] == line
    shown = ", ".join(names) or "no columns of Anaplan's own"
    place = "_Line_ counts the header" if is_line else "_Line_ is another number"
    holds = is_line and {"_Status_", "_Error_1_", "_Error_2_"} <= set(names)
    return Finding(holds, f"{shown}; {place}")


@probe(
    "chunk-listing",
    "The chunk listing of an upload shows as many chunks as were declared.",
    "what-a-chunk-listing-shows",
    writes=True,
)
def chunk_listing(view: View) -> Finding | None:
    """Declare three chunks, and upload one."""
    writing.begin_upload(view, "probeFileId", 3)
    writing.put_chunk(view, "probeFileId", 0, f"{_COLUMNS}\n".encode())
    reply = view.send(Call(_CHUNKS))
    count = len(reply.rows("chunks"))
    text = {3: "as many as declared", 1: "those that have arrived"}.get(count, f"{count} chunks")
    return Finding(count == 3, text)


@probe(
    "chunks-as-sent",
    "The chunks of an upload are listed as they were sent.",
    "what-a-chunk-listing-shows",
    writes=True,
)
def chunks_as_sent(view: View) -> Finding | None:
    """Upload two chunks, the first of more than 1 MB, without a count, and complete the file."""
    lines = [_COLUMNS, *(_row(number % 1000) for number in range(25_000))]
    writing.begin_upload(view, "probeFileId", -1)
    writing.put_chunk(view, "probeFileId", 0, "\n".join([*lines, ""]).encode())
    writing.put_chunk(view, "probeFileId", 1, f"{_row(1)}\n".encode())
    body = {"id": "{probeFileId}"}
    view.send(Call(f"{MODEL}/files/{{probeFileId}}/complete", method="POST", json=body))
    count = len(view.send(Call(_CHUNKS)).rows("chunks"))
    return Finding(count == 2, "as sent" if count == 2 else f"{count} chunks for 2 that were sent")


@probe(
    "complete-without-a-body",
    "/complete without a body is answered with 500.",
    "files-and-chunks",
    writes=True,
)
def complete_without_a_body(view: View) -> Finding | None:
    """Complete a file of unknown length without a body."""
    writing.begin_upload(view, "probeFileId", -1)
    writing.put_chunk(view, "probeFileId", 0, f"{_COLUMNS}\n".encode())
    path = f"{MODEL}/files/{{probeFileId}}/complete"
    reply = view.send(Call(path, method="POST", fails=True, note="no body"))
    return Finding(reply.status == 500, str(reply.status))


@probe(
    "count-removes-content",
    "Setting the chunk count removes earlier content.",
    "files-and-chunks",
    writes=True,
)
def count_removes_content(view: View) -> Finding | None:
    """Upload a chunk, set the count again, and read the chunk."""
    writing.upload(view, "probeFileId", [_COLUMNS, _row(1)])
    writing.begin_upload(view, "probeFileId", 1, compared=False)
    chunk = view.send(Call(f"{_CHUNKS}/0", begins=True, fails=True))
    removed = not (chunk.is_success and chunk.content)
    text = "the chunk is gone" if removed else "the chunk can still be read"
    return Finding(removed, f"{text} ({chunk.status})")


@probe(
    "empty-file",
    "A file without content has no chunks in its listing, and its own GET replies 404.",
    "files-and-chunks",
    writes=True,
)
def empty_file(view: View) -> Finding | None:
    """Upload one empty chunk, then delete the content."""
    file = Call(f"{MODEL}/files/{{probeFileId}}", fails=True, note="after deletion")
    writing.begin_upload(view, "probeFileId", 1, compared=False)
    put = writing.put_chunk(view, "probeFileId", 0, b"")
    empty = _listing(view, "an empty chunk")
    deleted = Call(f"{MODEL}/files/{{probeFileId}}", method="DELETE")
    view.send(deleted)
    gone, content = _listing(view, "after deletion"), view.send(file)
    text = f"empty chunk: {put.status}, listed {empty}; deleted: listed {gone}, {content.status}"
    return Finding(gone == "none" and content.status == 404, text)


def _listing(view: View, note: str) -> str:
    reply = view.send(Call(_CHUNKS, fails=True, note=note))
    if not reply.is_success:
        return str(reply.status)
    return "some" if reply.rows("chunks") else "none"


@probe(
    "import-with-a-missing-chunk",
    "An import that starts while a chunk is missing fails.",
    "private-and-default-files",
    writes=True,
)
def import_with_a_missing_chunk(view: View) -> Finding | None:
    """Declare two chunks, upload one, and run the import."""
    writing.undo_items(view)
    writing.begin_upload(view, "probeFileId", 2)
    writing.put_chunk(view, "probeFileId", 0, f"{_COLUMNS}\n{_row(6)}\n".encode())
    task = writing.run(view, *_IMPORT)
    return Finding(*_failure(task))


def _failure(task: Reply) -> tuple[bool, str]:
    details = writing.details_of(task)
    kind = str(details[0].get("type", "")) if details else ""
    # The codes are Anaplan's, in camel case.
    shown = kind if re.fullmatch(r"[a-z]+[A-Za-z]{0,60}", kind) else "no detail"
    successful = task.member("task.result.successful")
    return successful is False, f"successful: {str(successful).lower()}, {shown}"


@probe(
    "cancelled-task",
    "The reply to cancelling a task.",
    "tasks",
    writes=True,
)
def cancelled_task(view: View) -> Finding | None:
    """Start an import, and cancel it at once."""
    writing.undo_items(view)
    writing.upload(view, "probeFileId", [_COLUMNS, *(_row(number) for number in range(10, 2_000))])
    settings = view.settings
    if settings is not None:
        settings.hold_tasks = "IN_PROGRESS"
    try:
        started = writing.start(view, *_IMPORT)
        path = f"{MODEL}/imports/{{probeImportId}}/tasks/{{taskId}}"
        reply = view.send(Call(path, method="DELETE", fails=True, unsettled=True))
    finally:
        if settings is not None:
            settings.hold_tasks = None
    end = writing.wait(view, *_IMPORT, compared=False).member("task.taskState")
    body = "a task" if reply.member("task") else "JSON" if reply.is_json else "no body"
    ended = end if end in ("COMPLETE", "CANCELLED") else "still running"
    writing.clear(view)
    return Finding(None, f"start: {started.status}; cancel: {reply.status}, {body}; then {ended}")


LIST_WRITES: tuple[Probe, ...] = (
    list_delete_envelope,
    list_update_by_several_identifiers,
    list_import_counters,
    list_dump_columns,
    chunk_listing,
    chunks_as_sent,
    complete_without_a_body,
    count_removes_content,
    empty_file,
    import_with_a_missing_chunk,
    cancelled_task,
)
