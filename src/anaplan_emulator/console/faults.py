"""The page of faults: adding and removing them."""

import json
from dataclasses import dataclass

from pydantic import ValidationError
from starlette.responses import Response

from anaplan_emulator.console.model_forms import (
    as_texts,
    errors_by_field,
    form_fields,
    submitted,
)
from anaplan_emulator.console.rendering import page, redirect
from anaplan_emulator.console.visits import PageError, Visit
from anaplan_emulator.faults import ActiveFault, Fault, UnknownFaultError

PRESETS: dict[str, tuple[str, Fault]] = {
    "upload-503": (
        "503 for the next chunk upload",
        Fault(method="PUT", path="*/files/*/chunks/*", status=503),
    ),
    "start-lost": (
        "Lose the reply of the next task start",
        Fault(method="POST", path="*/tasks", lose_reply=True),
    ),
    "rate-limit": (
        "429 for the next request, to be sent again after 2 s",
        Fault(status=429, headers={"Retry-After": "2"}),
    ),
    "token-refused": (
        "401 for the next request to a model",
        Fault(path="/2/0/*", status=401),
    ),
    "download-cut": (
        "Break off the next download after 1,000 bytes",
        Fault(method="GET", path="*/chunks/*", reset_after_bytes=1000),
    ),
    "never-connects": (
        "Reset the next three connections",
        Fault(reset_before=True, times=3),
    ),
    "slow": (
        "Answer every request one second late",
        Fault(delay_seconds=1, times=None),
    ),
    "poll-503": (
        "503 for the next three polls of a task",
        Fault(method="GET", path="*/tasks/*", status=503, times=3),
    ),
}
"""Faults that clients should survive, by id, with what they do."""


@dataclass(frozen=True, slots=True)
class FaultRow:
    """A fault in the table, with what it does in words."""

    active: ActiveFault
    effect: str


def show_faults(visit: Visit) -> Response:
    """GET /faults: the faults, and a form to add one, filled in from a preset if requested."""
    _, preset = PRESETS.get(visit.query.get("preset", ""), ("", None))
    values = as_texts(preset) if preset is not None else {}
    return _page(visit, values)


def add_fault(visit: Visit) -> Response:
    """POST /faults: add the fault of the form, or a preset."""
    _, preset = PRESETS.get(visit.form.fields.get("preset", ""), ("", None))
    if preset is not None:
        visit.tenant.faults.add(preset)
        return redirect("faults", done="fault-added")
    try:
        fault = Fault.model_validate(submitted(Fault, visit.form.fields))
    except ValidationError as error:
        values = dict.fromkeys(Fault.model_fields, "") | dict(visit.form.fields)
        return _page(visit, values, errors_by_field(error), 400)
    visit.tenant.faults.add(fault)
    return redirect("faults", done="fault-added")


def remove_fault(visit: Visit) -> Response:
    """POST /faults/{fault}/remove: remove a fault."""
    text = visit.parameters["fault"]
    try:
        visit.tenant.faults.remove(int(text) if text.isdecimal() and len(text) < 10 else -1)
    except UnknownFaultError as error:
        raise PageError(404, "There is no such fault: it was removed before.") from error
    return redirect("faults", done="fault-removed")


def clear_faults(visit: Visit) -> Response:
    """POST /faults/clear: remove all faults."""
    visit.tenant.faults.clear()
    return redirect("faults", done="faults-cleared")


def _page(
    visit: Visit,
    values: dict[str, str],
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    rows = [FaultRow(each, _effect(each.fault)) for each in visit.tenant.faults.active()]
    return page(
        visit,
        "faults.html",
        "Faults",
        status,
        rows=rows,
        presets=[(key, title) for key, (title, _) in PRESETS.items()],
        fields=form_fields(Fault, values, errors),
        errors=errors or {},
    )


def _effect(fault: Fault) -> str:
    """Return what a fault does: its fields that are set, without those that select requests."""
    values = fault.model_dump(
        mode="json", exclude_defaults=True, exclude={"method", "path", "skip", "times"}
    )
    return ", ".join(
        name if value is True else f"{name} {_shown(value)}" for name, value in values.items()
    )


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{name}: {text or 'removed'}" for name, text in value.items())
    return value if isinstance(value, str) else json.dumps(value)
