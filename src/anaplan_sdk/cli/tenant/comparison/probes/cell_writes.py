"""Probes that write to the cells of a scratch model, and to its status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from anaplan_sdk.cli.tenant.comparison.findings import Finding, NotApplicable
from anaplan_sdk.cli.tenant.comparison.probe import Probe, probe
from anaplan_sdk.cli.tenant.comparison.probes import writing
from anaplan_sdk.cli.tenant.comparison.probes.reads import rows_of
from anaplan_sdk.cli.tenant.comparison.probes.writing import CELLS, MODEL, PREFIX, item
from anaplan_sdk.cli.tenant.comparison.replies import Call, Reply
from anaplan_sdk.cli.tenant.comparison.vocabulary import shown_value

if TYPE_CHECKING:
    from anaplan_sdk.cli.tenant.comparison.view import View

_IMPORT = ("imports", "cellsImportId")


def _cell(value: object, line_item: str = "Amount", **of_item: object) -> dict[str, object]:
    named = of_item or {"itemName": f"{PREFIX}item 1"}
    dimension = {"dimensionName": "Probe", **named}
    return {"lineItemName": line_item, "dimensions": [dimension], "value": value}


def _write(view: View, *cells: object, note: str, compared: bool = True) -> Reply:
    call = Call(CELLS, method="POST", json=list(cells), note=note)
    return view.send(call, compared=compared)


def _prepare(view: View) -> Mapping[str, str]:
    """Add two items, and return the first one's id and code."""
    view.id("probeModuleId")
    writing.add(view, item(1), item(2), compared=False)
    items = writing.items_of(view)
    if len(items) < 2:
        raise NotApplicable("the items were not added")
    return {"id": str(items[0]["id"]), "code": str(items[0]["code"])}


def _changed(reply: Reply) -> str:
    count = reply.member("numberOfCellsChanged")
    changed = f"{count} changed" if isinstance(count, int) and count < 3 else "no count"
    failures = reply.rows("failures")
    kind = str(failures[0].get("failureType", "")) if failures else ""
    shown = shown_value("failureType", kind)
    return f"{reply.status}, {changed}" + (f", {shown}" if kind else "")


@probe(
    "cell-write-unchanged",
    "A cell whose value does not change is not counted in numberOfCellsChanged.",
    "cell-writes",
    writes=True,
)
def cell_write_unchanged(view: View) -> Finding | None:
    """Write the same value twice."""
    _prepare(view)
    first = _write(view, _cell(7), note="first time")
    second = _write(view, _cell(7), note="same value")
    writing.clear(view)
    holds = second.member("numberOfCellsChanged") == 0
    return Finding(holds, f"first: {_changed(first)}; again: {_changed(second)}")


@probe(
    "cell-write-failures",
    "A calculated cell and an unknown item fail on their own; a value of another type fails all.",
    "cell-writes",
    writes=True,
)
def cell_write_failures(view: View) -> Finding | None:
    """Write cells that cannot be written."""
    _prepare(view)
    cases = (
        ("calculated", _cell(1, "Double")),
        ("unknown item", _cell(1, itemName=f"{PREFIX}none")),
        ("text for a number", _cell("text")),
        ("null", _cell(None)),
    )
    found = [f"{note}: {_changed(_write(view, _cell(8), each, note=note))}" for note, each in cases]
    writing.clear(view)
    return Finding(None, "; ".join(found))


@probe(
    "cell-write-list-values",
    "Whether a cell with the format of a list accepts the code and the id of an item.",
    "cell-writes",
    writes=True,
)
def cell_write_list_values(view: View) -> Finding | None:
    """Write an item of a list by its name, code and id."""
    ids = _prepare(view)
    found: list[str] = []
    for note, value in (("name", f"{PREFIX}item 2"), ("code", f"{PREFIX}1"), ("id", ids["id"])):
        found.append(f"{note}: {_changed(_write(view, _cell(value, 'Partner'), note=note))}")
    writing.clear(view)
    return Finding(None, "; ".join(found))


@probe(
    "cell-write-too-large",
    "More than 100,000 cells are refused with 400 or 413.",
    "cell-writes",
    writes=True,
)
def cell_write_too_large(view: View) -> Finding | None:
    """Write 100,001 cells of a line item that does not exist."""
    view.id("probeModuleId")
    cell = {"lineItemId": "0", "value": 1}
    reply = view.send(
        Call(CELLS, method="POST", json=[cell] * 100_001, fails=True, note="100,001 cells")
    )
    return Finding(reply.status in (400, 413), str(reply.status))


@probe(
    "module-import-counters",
    "The counters of a module import, and whether its dump has _Status_.",
    "task-results",
    writes=True,
)
def module_import_counters(view: View) -> Finding | None:
    """Import cells, one of which is refused."""
    _prepare(view)
    lines = ["code,amount", f"{PREFIX}1,1", f"{PREFIX}2,bad", f"{PREFIX}none,1"]
    writing.upload(view, "cellsFileId", lines)
    task = writing.run(view, *_IMPORT)
    details = writing.details_of(task)
    counters = sorted(writing.counters_of(details[0])) if details else []
    known = [each for each in counters if each.endswith(("Count", "Name")) and each.isalpha()]
    text = f"counters: {', '.join(known) or 'none'}"
    if task.member("task.result.failureDumpAvailable") is True:
        path = f"{MODEL}/imports/{{cellsImportId}}/tasks/{{taskId}}/dump"
        rows = rows_of(view.send(Call(path)).text)
        has = bool(rows) and "_Status_" in rows[0]
        text += f"; the dump has {'' if has else 'no '}_Status_"
    else:
        text += "; no dump"
    writing.clear(view)
    return Finding(None, text)


@probe(
    "empty-export",
    "An empty export has no chunk, or only a header.",
    "export-output",
    writes=True,
)
def empty_export(view: View) -> Finding | None:
    """Export the module while the list is empty."""
    writing.clear(view)
    view.id("probeExportId")
    path = f"{MODEL}/files/{{probeExportId}}"
    view.at_the_end(
        "the output of the export in the scratch model",
        lambda: writing.delete_content(view, path),
    )
    writing.run(view, "exports", "probeExportId")
    chunks = view.send(Call(f"{path}/chunks")).rows("chunks")
    content = view.send(Call(path, begins=True, fails=True))
    lines = len(content.text.splitlines()) if content.is_success else 0
    text = (
        f"{'a chunk' if chunks else 'no chunk'}, {'a header' if lines == 1 else f'{lines} lines'}"
    )
    return Finding(not chunks or lines <= 1, text)


@probe(
    "model-status-by-post",
    "Whether the status of a model can be read by POST.",
    "model-status-and-loading",
    writes=True,
)
def model_status_by_post(view: View) -> Finding | None:
    """Read the status by both methods, and open the model, which is open."""
    path = "/2/0/workspaces/{workspaceId}/models/{modelId}/status"
    by_get = view.send(Call(f"{MODEL}/status"))
    by_post = view.send(Call(path, method="POST", fails=True))
    envelope = "with" if by_post.member("status") else "without"
    text = f"GET: {by_get.status}; POST: {by_post.status} {envelope} an envelope"
    return Finding(None, text)


@probe(
    "open-an-open-model",
    "What opening a model replies that is open already.",
    "model-status-and-loading",
    writes=True,
)
def open_an_open_model(view: View) -> Finding | None:
    """Read a list, so that the model is open, and open it."""
    view.get(f"{MODEL}/lists")
    headers = {"Content-Type": "application/text"}
    call = Call(f"{MODEL}/open", method="POST", content=b"", headers=headers, fails=True)
    return Finding(None, str(view.send(call).status))


@probe(
    "offline-model",
    "Workspace administrators can work on while a model is offline.",
    "online-status",
    writes=True,
)
def offline_model(view: View) -> Finding | None:
    """Take the scratch model offline, read it, and bring it online again."""
    path = f"{MODEL}/onlineStatus"
    online = Call(path, method="PUT", json={"status": "online"}, note="online")

    def bring_online() -> None:
        if not view.send(online, compared=False).is_success:
            raise LookupError("the model is offline")

    view.at_the_end("the scratch model, which is offline", bring_online)
    offline = view.send(
        Call(path, method="PUT", json={"status": "offline"}, fails=True, note="offline")
    )
    if not offline.is_success:
        raise NotApplicable(f"the model cannot be taken offline ({offline.status})")
    reply = view.send(Call(f"{MODEL}/lists", fails=True, note="offline"))
    view.send(online)
    return Finding(reply.is_success, f"a listing gives {reply.status} while it is offline")


CELL_WRITES: tuple[Probe, ...] = (
    empty_export,
    cell_write_unchanged,
    cell_write_failures,
    cell_write_list_values,
    cell_write_too_large,
    module_import_counters,
    model_status_by_post,
    open_an_open_model,
    offline_model,
)
