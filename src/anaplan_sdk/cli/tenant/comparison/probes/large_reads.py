"""Probes of large reads. Each request that they create is deleted at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anaplan_sdk.cli.tenant.comparison.findings import Finding, NotApplicable
from anaplan_sdk.cli.tenant.comparison.polling import until
from anaplan_sdk.cli.tenant.comparison.probe import Probe, probe
from anaplan_sdk.cli.tenant.comparison.replies import Call, Reply

if TYPE_CHECKING:
    from anaplan_sdk.cli.tenant.comparison.view import View

_SHORT = "/2/0/models/{modelId}"
_LONG = "/2/0/workspaces/{workspaceId}/models/{modelId}"
_LIST = f"{_LONG}/lists/{{listId}}/readRequests"
_VIEW = f"{_LONG}/views/{{viewId}}/readRequests"
_CSV = {"Accept": "text/csv"}
_MULTI = {"exportType": "TABULAR_MULTI_COLUMN"}


def _delete(view: View, path: str, reply: Reply, *, compared: bool = False) -> Reply | None:
    """Delete the request that a reply reports, if it does."""
    for key in ("listReadRequest", "viewReadRequest"):
        if found := reply.member(f"{key}.requestId"):
            view.ids["requestId"] = str(found)
            call = Call(f"{path}/{{requestId}}", method="DELETE")
            return view.send(call, compared=compared)
    return None


def _created(view: View, path: str, key: str, body: object) -> Reply:
    """Create a read request, arrange that it is deleted, and wait until it has ended."""
    created = view.send(Call(path, method="POST", json=body, unsettled=True))
    request = created.member(f"{key}.requestId")
    if not created.is_success or not request:
        raise NotApplicable(f"the read request was refused with {created.status}")
    view.ids["requestId"] = str(request)
    poll = Call(f"{path}/{{requestId}}")
    return until(
        lambda: view.send(poll, compared=False),
        lambda reply: reply.member(f"{key}.requestState") not in ("NOT_STARTED", "IN_PROGRESS"),
    )


@probe(
    "large-read-of-a-view",
    "A large read of a view: created, polled, read from page 0 and deleted.",
    "large-reads",
)
def large_read_of_a_view(view: View) -> Finding | None:
    """Read a view of the model by pages."""
    try:
        _created(view, _VIEW, "viewReadRequest", _MULTI)
        view.send(Call(f"{_VIEW}/{{requestId}}"))
        view.send(Call(f"{_VIEW}/{{requestId}}/pages/0", headers=_CSV, begins=True))
        view.send(
            Call(f"{_VIEW}/{{requestId}}/pages/999999", headers=_CSV, begins=True, fails=True)
        )
    finally:
        _end(view, _VIEW)
    return None


@probe(
    "large-read-of-a-list",
    "A large read of a list: created, polled, read from page 0 and deleted.",
    "large-reads",
)
def large_read_of_a_list(view: View) -> Finding | None:
    """Read a list of the model by pages."""
    try:
        _created(view, _LIST, "listReadRequest", None)
        view.send(Call(f"{_LIST}/{{requestId}}"))
        view.send(Call(f"{_LIST}/{{requestId}}/pages/0", headers=_CSV, begins=True))
    finally:
        _end(view, _LIST)
    return None


def _end(view: View, path: str) -> None:
    if "requestId" in view.ids:
        view.send(Call(f"{path}/{{requestId}}", method="DELETE"))


@probe(
    "large-read-short-path",
    "Whether large reads work without the workspace in the path.",
    "large-reads",
)
def large_read_short_path(view: View) -> Finding | None:
    """Create a large read of a list by the short path."""
    path = f"{_SHORT}/lists/{{listId}}/readRequests"
    reply = view.send(Call(path, method="POST", fails=True, unsettled=True))
    if reply.is_success:
        _delete(view, path, reply)
    return Finding(None, f"{reply.status}")


@probe(
    "large-read-export-types",
    "Which values of exportType a large read of a view accepts.",
    "large-reads",
)
def large_read_export_types(view: View) -> Finding | None:
    """Create a large read of a view with each value in the sources."""
    found: list[str] = []
    for value in (
        "TABULAR_SINGLE_COLUMN",
        "GRID_ALL_PAGES",
        "GRID_CURRENT_PAGE",
        "TABULAR_SINGLE_ITEMS",
    ):
        body = {"exportType": value}
        call = Call(_VIEW, method="POST", json=body, fails=True, unsettled=True, note=value)
        reply = view.send(call)
        if reply.is_success:
            _delete(view, _VIEW, reply)
        found.append(f"{value}: {reply.status}")
    return Finding(None, "; ".join(found))


@probe(
    "large-read-pages",
    "Only page 0 of a large read has a header; how many rows a page has.",
    "large-reads",
)
def large_read_pages(view: View) -> Finding | None:
    """Read the first two pages of the first large view."""
    try:
        reply = _created(view, _VIEW, "viewReadRequest", _MULTI)
        pages = reply.member("viewReadRequest.availablePages")
        if not isinstance(pages, int) or pages < 2:
            raise NotApplicable("the view that was read has one page only")
        first, second = (
            view.send(Call(f"{_VIEW}/{{requestId}}/pages/{at}", headers=_CSV), compared=False)
            for at in (0, 1)
        )
    finally:
        _end(view, _VIEW)
    lines = first.text.splitlines(), second.text.splitlines()
    repeats = bool(lines[0] and lines[1]) and lines[0][0] == lines[1][0]
    header = "page 1 repeats the header" if repeats else "only page 0 has the header"
    return Finding(not repeats, f"{header}; page 0 has {len(lines[0]):,} lines")


LARGE_READS: tuple[Probe, ...] = (
    large_read_of_a_view,
    large_read_of_a_list,
    large_read_short_path,
    large_read_export_types,
    large_read_pages,
)
