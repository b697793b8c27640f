"""What the probes that write have in common: each step, and how it is undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from anaplan_sdk.cli.tenant.comparison.findings import NotApplicable
from anaplan_sdk.cli.tenant.comparison.polling import until
from anaplan_sdk.cli.tenant.comparison.replies import Call, Json, Reply

if TYPE_CHECKING:
    from anaplan_sdk.cli.tenant.comparison.view import View

MODEL = "/2/0/models/{modelId}"
ITEMS = f"{MODEL}/lists/{{probeListId}}/items"
CELLS = f"{MODEL}/modules/{{probeModuleId}}/data"
# All codes of a run begin with it, so that its items can be distinguished.
PREFIX = "sdk-probe-"
_ENDED = ("COMPLETE", "CANCELLED")
_BYTES = {"Content-Type": "application/octet-stream"}


def item(number: int, **members: object) -> dict[str, object]:
    """Return an item to be added to the list.

    Args:
        number: Number that its code and name end with.
        **members: Further members.

    Returns:
        The item.
    """
    return {"code": f"{PREFIX}{number}", "name": f"{PREFIX}item {number}", **members}


def items_of(view: View) -> list[dict[str, Json]]:
    """Return the items that the run has added and not deleted.

    Args:
        view: The side.

    Returns:
        The items.

    Raises:
        LookupError: They cannot be listed.
    """
    reply = view.send(Call(ITEMS), compared=False)
    if not reply.is_success:
        raise LookupError("the items cannot be listed")
    rows = reply.rows("listItems")
    return [each for each in rows if str(each.get("code", "")).startswith(PREFIX)]


def add(view: View, *items: dict[str, object], compared: bool = True, note: str = "") -> Reply:
    """Add items to the list, to be deleted at the end.

    Args:
        view: The side.
        *items: The items.
        compared: Whether the reply is compared.
        note: What distinguishes the call.

    Returns:
        The reply.
    """
    undo_items(view)
    call = Call(ITEMS, method="POST", query={"action": "add"}, json={"items": items}, note=note)
    return view.send(call, compared=compared)


def undo_items(view: View) -> None:
    """Arrange that the run's items are deleted at the end.

    Args:
        view: The side.
    """
    view.id("probeListId")
    view.at_the_end(f"items of the list Probe whose codes begin with {PREFIX}", lambda: clear(view))


def clear(view: View) -> None:
    """Delete the run's items.

    Args:
        view: The side.

    Raises:
        LookupError: Some are still there.
    """
    found = [{"id": each["id"]} for each in items_of(view)]
    if not found:
        return
    call = Call(ITEMS, method="POST", query={"action": "delete"}, json={"items": found})
    view.send(call, compared=False)
    if items_of(view):
        raise LookupError("items are left")


def begin_upload(view: View, file: str, count: int, *, compared: bool = True) -> Reply:
    """Set the number of chunks of a file, whose content is deleted at the end.

    Args:
        view: The side.
        file: The placeholder of the file.
        count: How many chunks.
        compared: Whether the reply is compared.

    Returns:
        The reply.
    """
    view.id(file)
    path = f"{MODEL}/files/{{{file}}}"

    view.at_the_end(
        f"the content of the file of the scratch model's import ({file.removesuffix('FileId')})",
        lambda: delete_content(view, path),
    )
    call = Call(path, method="POST", json={"chunkCount": count}, note=f"{count} chunks")
    return view.send(call, compared=compared)


def delete_content(view: View, path: str) -> None:
    """Delete the content of a file.

    Args:
        view: The side.
        path: The path of the file.

    Raises:
        LookupError: It was refused.
    """
    reply = view.send(Call(path, method="DELETE"), compared=False)
    if not reply.is_success and reply.status != 404:
        raise LookupError("the content is left")


def put_chunk(
    view: View, file: str, number: int, content: bytes, *, compared: bool = True
) -> Reply:
    """Upload a chunk.

    Args:
        view: The side.
        file: The placeholder of the file.
        number: Number of the chunk, from 0.
        content: Its content.
        compared: Whether the reply is compared.

    Returns:
        The reply.
    """
    path = f"{MODEL}/files/{{{file}}}/chunks/{number}"
    return view.send(Call(path, method="PUT", content=content, headers=_BYTES), compared=compared)


def upload(view: View, file: str, lines: Sequence[str]) -> None:
    """Upload a file as one chunk.

    Args:
        view: The side.
        file: The placeholder of the file.
        lines: Its lines.

    Raises:
        NotApplicable: The upload was refused.
    """
    begun = begin_upload(view, file, 1)
    content = "".join(f"{line}\n" for line in lines).encode()
    if not begun.is_success or not put_chunk(view, file, 0, content).is_success:
        raise NotApplicable("the upload was refused")


def start(view: View, kind: str, action: str) -> Reply:
    """Start an action; its task is the placeholder `taskId` then.

    Args:
        view: The side.
        kind: `imports` or `exports`.
        action: The placeholder of the action.

    Returns:
        The reply.

    Raises:
        NotApplicable: The start was refused.
    """
    path = f"{MODEL}/{kind}/{{{action}}}/tasks"
    view.id(action)
    # Otherwise a run might write after the rest was deleted. Its start may be interrupted before
    # the reply, so that its id is not known.
    view.at_the_end(
        f"runs of an action in the scratch model ({action.removesuffix('Id')})",
        lambda: _stop(view, path),
    )
    reply = view.send(Call(path, method="POST", json={"localeName": "en_US"}, unsettled=True))
    task = reply.member("task.taskId") or reply.member("taskId")
    if not reply.is_success or not task:
        raise NotApplicable(f"starting the action was refused with {reply.status}")
    view.ids["taskId"] = str(task)
    return reply


def _stop(view: View, path: str) -> None:
    """Cancel the tasks of an action that have not ended, and wait for their end."""

    def has_ended(reply: Reply) -> bool:
        return reply.member("task.taskState") in _ENDED

    listing = view.send(Call(path), compared=False)
    if not listing.is_success:
        raise LookupError("the tasks cannot be listed")
    for row in listing.rows("tasks"):
        call = Call(f"{path}/{row['taskId']}")
        if row.get("taskState") in _ENDED or has_ended(view.send(call, compared=False)):
            continue
        view.send(replace(call, method="DELETE"), compared=False)
        if not has_ended(until(partial(view.send, call, compared=False), has_ended)):
            raise LookupError("a task runs on")


def wait(view: View, kind: str, action: str, *, compared: bool = True) -> Reply:
    """Wait for the end of the task that was started last.

    Args:
        view: The side.
        kind: `imports` or `exports`.
        action: The placeholder of the action.
        compared: Whether the last reply is compared.

    Returns:
        The last reply.
    """
    call = Call(f"{MODEL}/{kind}/{{{action}}}/tasks/{{taskId}}")
    until(
        lambda: view.send(call, compared=False),
        lambda reply: reply.member("task.taskState") in _ENDED,
    )
    return view.send(call, compared=compared)


def run(view: View, kind: str, action: str) -> Reply:
    """Run an action to its end.

    Args:
        view: The side.
        kind: `imports` or `exports`.
        action: The placeholder of the action.

    Returns:
        The task.
    """
    start(view, kind, action)
    return wait(view, kind, action)


def details_of(task: Reply) -> list[dict[str, Json]]:
    """Return the details of a task's result.

    Args:
        task: The reply with the task.

    Returns:
        The details.
    """
    return task.rows("task.result.details")


def counters_of(detail: dict[str, Json]) -> dict[str, str]:
    """Return the counters in a detail.

    Args:
        detail: The detail, whose `values` alternate keys and values.

    Returns:
        The values by key.
    """
    values = detail.get("values")
    texts = [str(each) for each in values] if isinstance(values, list) else []
    return dict(zip(texts[::2], texts[1::2], strict=False))
