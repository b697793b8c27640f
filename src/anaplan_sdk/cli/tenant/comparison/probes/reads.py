"""Probes of the Integration API that only read."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from anaplan_sdk.cli.tenant.comparison.findings import Finding, NotApplicable
from anaplan_sdk.cli.tenant.comparison.probe import Probe, probe
from anaplan_sdk.cli.tenant.comparison.replies import Call, Json, Reply

if TYPE_CHECKING:
    from anaplan_sdk.cli.tenant.comparison.view import View

MODEL = "/2/0/models/{modelId}"
_JSON = {"Accept": "application/json"}
_FAR = 99_999_999
_ACTION_KINDS = (
    ("imports", "importId"),
    ("exports", "exportId"),
    ("actions", "actionId"),
    ("processes", "processId"),
)
# How many tasks, views and files are looked at.
_TRIES = 8


@probe(
    "offset-beyond-the-end",
    "An offset beyond the end gives an empty page.",
    "paging",
)
def offset_beyond_the_end(view: View) -> Finding | None:
    """Read a page of lists far beyond the end."""
    reply = view.send(
        Call(f"{MODEL}/lists", query={"limit": 10, "offset": _FAR}, fails=True, captured=False)
    )
    rows, paging = reply.rows("lists"), reply.member("meta.paging")
    key = "no key" if reply.member("lists") is None else f"{'rows' if rows else 'no rows'}"
    text = f"{reply.status}, {key}, {'paging' if paging else 'no paging'} in meta"
    return Finding(reply.is_success and not rows, text)


@probe(
    "limits-that-are-not-valid",
    "What a listing replies to negative and non-numeric values of limit and offset.",
    "paging",
)
def limits_that_are_not_valid(view: View) -> Finding | None:
    """Read lists with values that are no counts."""
    found: list[str] = []
    for name, value in (
        ("limit", -1),
        ("limit", "x"),
        ("limit", 0),
        ("offset", -1),
        ("offset", "x"),
    ):
        reply = view.send(Call(f"{MODEL}/lists", query={name: value}, fails=True))
        rows = "with rows" if reply.rows("lists") else "without rows"
        found.append(f"{name}={value}: {reply.status} {rows if reply.is_success else ''}".strip())
    return Finding(None, "; ".join(found))


@probe(
    "users-list",
    "The items of 101999999999 are the users.",
    "id-prefixes",
)
def users_list(view: View) -> Finding | None:
    """Read the items of the list of users."""
    reply = view.send(
        Call(f"{MODEL}/dimensions/101999999999/items", captured=False, fails=True, begins=True)
    )
    if not reply.is_success:
        return Finding(False, str(reply.status))
    items = reply.rows("items")
    addresses = bool(items) and all("@" in str(each.get("name")) for each in items)
    names = "are e-mail addresses" if addresses else "are not all e-mail addresses"
    return Finding(None if not items else addresses, f"{reply.status}, names of items {names}")


@probe(
    "users-sort-field",
    "Users can be sorted by emailAddress as well as by email.",
    "sorting-and-searching",
)
def users_sort_field(view: View) -> Finding | None:
    """List users, sorted by either name of the field."""
    by_email, by_address = (
        view.send(
            Call("/2/0/users", query={"sort": f"+{name}", "limit": 5}, fails=True, captured=False)
        )
        for name in ("email", "emailAddress")
    )
    if by_email.status in (401, 403):
        raise NotApplicable("the profile may not list users")
    return Finding(None, f"email: {by_email.status}; emailAddress: {by_address.status}")


@probe(
    "import-source-types",
    "The type of an import's source is FILE or MODEL.",
    "enumerations",
)
def import_source_types(view: View) -> Finding | None:
    """Look at the sources of all imports."""
    rows = view.get(f"{MODEL}/imports").rows("imports")
    types = {_source_type(each) for each in rows}
    if not types - {None}:
        raise NotApplicable("no import has a source with a type")
    others = types - {"FILE", "MODEL", None}
    seen = sorted(str(each) for each in types & {"FILE", "MODEL"})
    return Finding(not others, " and ".join([*seen, *(["other types"] if others else [])]))


def _source_type(row: dict[str, Json]) -> str | None:
    source = row.get("importDataSource")
    found = source.get("type") if isinstance(source, dict) else None
    return None if found is None else str(found)


@probe(
    "view-boolean-cells",
    'A boolean cell is "true" or "false" in the JSON of a view.',
    "view-data",
)
def view_boolean_cells(view: View) -> Finding | None:
    """Read the view of a line item that is a boolean."""
    items = view.send(Call(f"{MODEL}/lineItems", query={"includeAll": "true"})).rows("items")
    for item in [each for each in items if each.get("format") == "BOOLEAN"][:_TRIES]:
        view.ids["viewId"] = str(item["id"])
        reply = view.send(
            Call(
                f"{MODEL}/views/{{viewId}}/data",
                query={"format": "v1", "maxRows": 50},
                headers=_JSON,
            ),
            compared=False,
        )
        cells = [str(cell) for row in reply.rows("rows") for cell in _cells(row)]
        if filled := {each for each in cells if each}:
            known = filled & {"true", "false", "TRUE", "FALSE", "1", "0"}
            others = ["other texts"] if filled - known else []
            return Finding(filled <= {"true", "false"}, " and ".join([*sorted(known), *others]))
    raise NotApplicable("no boolean line item has cells in a view of its own")


def _cells(row: dict[str, Json]) -> list[Json]:
    cells = row.get("cells")
    return cells if isinstance(cells, list) else []


@probe(
    "page-selectors-length",
    "How long a list of page selectors may be.",
    "view-data",
)
def page_selectors_length(view: View) -> Finding | None:
    """Read a view with the same page selector again and again."""
    dimension = view.id("pageDimensionId")
    items = view.get(f"{MODEL}/views/{{pagedViewId}}/dimensions/{{pageDimensionId}}/items").rows(
        "items"
    )
    if not items:
        raise NotApplicable("the dimension on pages has no items")
    selector = f"{dimension}:{items[0]['id']}"
    found: list[str] = []
    for size in (2_000, 4_000, 8_000, 16_000, 32_000, 60_000):
        selectors = ",".join([selector] * (size // (len(selector) + 5)))
        reply = view.send(
            Call(
                f"{MODEL}/views/{{pagedViewId}}/data",
                query={"format": "v1", "maxRows": 1, "pages": selectors},
                headers=_JSON,
                fails=True,
            ),
            compared=False,
        )
        found.append(f"about {size:,} characters: {reply.status}")
        if not reply.is_success:
            break
    return Finding(None, "; ".join(found))


def _tasks(view: View) -> list[tuple[str, str, list[str]]]:
    """Return the kinds of actions, with an action and its tasks, newest last as listed."""
    found: list[tuple[str, str, list[str]]] = []
    for kind, name in _ACTION_KINDS:
        actions = view.get(f"{MODEL}/{kind}").rows(kind)
        for action in actions[:_TRIES]:
            view.ids[name] = str(action["id"])
            reply = view.send(Call(f"{MODEL}/{kind}/{{{name}}}/tasks"), compared=False)
            tasks = [str(each["taskId"]) for each in reply.rows("tasks") if "taskId" in each]
            if tasks:
                found.append((kind, str(action["id"]), tasks))
    if not found:
        raise NotApplicable("none of the first actions has been run since the model was loaded")
    return found


def _task(view: View, kind: str, action: str, task: str) -> Reply:
    view.ids.update(actionOfTaskId=action, taskId=task)
    return view.send(Call(f"{MODEL}/{kind}/{{actionOfTaskId}}/tasks/{{taskId}}"), compared=False)


@probe(
    "task-success-is-named",
    "A task that is COMPLETE has result.successful.",
    "tasks",
)
def task_success_is_named(view: View) -> Finding | None:
    """Look at tasks that ended."""
    seen = lacking = 0
    for kind, action, tasks in _tasks(view):
        for task in tasks[:3]:
            reply = _task(view, kind, action, task)
            if reply.member("task.taskState") == "COMPLETE":
                seen += 1
                lacking += not isinstance(reply.member("task.result.successful"), bool)
    if not seen:
        raise NotApplicable("no listed task is COMPLETE")
    text = "some tasks lack it" if lacking else "every task that was read has it"
    return Finding(not lacking, text)


@probe("task-listing-order", "The order of a listing of tasks.", "tasks")
def task_listing_order(view: View) -> Finding | None:
    """Compare the times of listed tasks."""
    for kind, action, _ in _tasks(view):
        view.ids["actionOfTaskId"] = action
        call = Call(f"{MODEL}/{kind}/{{actionOfTaskId}}/tasks")
        rows = view.send(call, compared=False).rows("tasks")
        times = [each["creationTime"] for each in rows if isinstance(each.get("creationTime"), int)]
        if len(set(times)) > 1:
            ascending = times == sorted(times)  # type: ignore[type-var]
            descending = times == sorted(times, reverse=True)  # type: ignore[type-var]
            text = "ascending" if ascending else "descending" if descending else "neither way"
            return Finding(None, f"by creationTime: {text}")
    raise NotApplicable("no action has two tasks with different times")


@probe(
    "paging-of-single-replies",
    "Whether meta.paging occurs in a task's result and in a listing of chunks.",
    "task-results",
)
def paging_of_single_replies(view: View) -> Finding | None:
    """Look for paging where samples have it."""
    found: list[str] = []
    try:
        kind, action, tasks = _tasks(view)[0]
    except NotApplicable:
        found.append("no task to read")
    else:
        has = _task(view, kind, action, tasks[-1]).member("meta.paging") is not None
        found.append(f"task: {'paging' if has else 'no paging'}")
    view.ids.clear()
    try:
        reply = view.send(Call(f"{MODEL}/files/{{fileId}}/chunks", captured=False))
    except NotApplicable:
        found.append("no file to read")
    else:
        has = reply.member("meta.paging") is not None
        found.append(f"chunks: {'paging' if has else 'no paging'}")
    if found == ["no task to read", "no file to read"]:
        raise NotApplicable("there is neither a task nor a file")
    return Finding(None, "; ".join(found))


@probe("export-chunk-size", "The size of the chunks of an export.", "export-output")
def export_chunk_size(view: View) -> Finding | None:
    """Read the first of several chunks of an export's output."""
    files = view.get(f"{MODEL}/files").rows("files")
    for file in [each for each in files if str(each.get("id")).startswith("116")][:_TRIES]:
        view.ids["outputId"] = str(file["id"])
        call = Call(f"{MODEL}/files/{{outputId}}/chunks")
        chunks = view.send(call, compared=False).rows("chunks")
        if len(chunks) > 1:
            size = view.size(Call(f"{MODEL}/files/{{outputId}}/chunks/0"))
            return Finding(None, f"the first of several chunks has {size:,} bytes")
    raise NotApplicable("the user has no output of an export in several chunks")


def rows_of(text: str) -> list[list[str]]:
    """Return the rows of CSV.

    Args:
        text: The CSV.

    Returns:
        The rows.
    """
    return list(csv.reader(io.StringIO(text)))


READS: tuple[Probe, ...] = (
    offset_beyond_the_end,
    limits_that_are_not_valid,
    users_list,
    users_sort_field,
    import_source_types,
    view_boolean_cells,
    page_selectors_length,
    task_success_is_named,
    task_listing_order,
    paging_of_single_replies,
    export_chunk_size,
)
