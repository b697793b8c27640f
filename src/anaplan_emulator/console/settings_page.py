"""The page of the settings."""

from pydantic import ValidationError
from starlette.responses import Response

from anaplan_emulator.console.model_forms import (
    as_texts,
    errors_by_field,
    form_fields,
    submitted,
)
from anaplan_emulator.console.rendering import page, redirect
from anaplan_emulator.console.visits import Visit
from anaplan_emulator.settings import Settings

_SECRETS = ("first_password",)

_FIRST = ("dialect", "hold_tasks", "task_polls", "rate_limit_per_minute", "closed_models")
"""The settings that are changed most often, which come first."""


def show_settings(visit: Visit) -> Response:
    """GET /settings: a form with all settings."""
    return _page(visit, as_texts(visit.tenant.settings))


def change_settings(visit: Visit) -> Response:
    """POST /settings: change all settings, or none if any value is not valid."""
    values = submitted(Settings, visit.form.fields, secrets=_SECRETS)
    try:
        visit.tenant.change_settings(values)
    except ValidationError as error:
        shown = dict.fromkeys(Settings.model_fields, "") | dict(visit.form.fields)
        return _page(visit, shown, errors_by_field(error), 400)
    return redirect("settings", done="settings")


def _page(
    visit: Visit,
    values: dict[str, str],
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    fields = form_fields(Settings, values, errors, secrets=_SECRETS)
    fields.sort(key=lambda field: _FIRST.index(field.name) if field.name in _FIRST else len(_FIRST))
    return page(
        visit,
        "settings.html",
        "Settings and dialect",
        status,
        first=fields[: len(_FIRST)],
        others=fields[len(_FIRST) :],
        errors=errors or {},
    )
