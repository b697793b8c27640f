"""The audit events of a request that records none itself, by its path and status."""

import re
from collections.abc import Iterator, Mapping

from anaplan_emulator.store.audit_events import API_REQUEST, Event

_TASKS = re.compile(r"/(imports|exports|actions|processes)/\{\w+\}/tasks$")
_DATA = re.compile(
    r"/views/\{\w+\}/data$|/lists/\{\w+\}/items$|/readRequests/\{\w+\}/pages/\{\w+\}$"
)

# Events of successful requests outside of models.
_INTEGRATION = r"/2/0/integration(?:s|flows)"
_CONNECTION = r"/2/0/integrations/connections"
_USER = r"/scim/1/0/v2/Users"
_OUTSIDE_MODELS = [
    (method, re.compile(pattern), code)
    for method, pattern, code in (
        ("POST", rf"{_CONNECTION}$", "CONN-1"),
        ("PUT", rf"{_CONNECTION}/(\w+)$", "CONN-2"),
        ("PATCH", rf"{_CONNECTION}/(\w+)$", "CONN-2"),
        ("DELETE", rf"{_CONNECTION}/(\w+)$", "CONN-3"),
        ("POST", rf"{_INTEGRATION}$", "INT-1"),
        ("PUT", rf"{_INTEGRATION}/(\w+)$", "INT-2"),
        ("DELETE", rf"{_INTEGRATION}/(\w+)$", "INT-3"),
        ("POST", rf"{_INTEGRATION}/(\w+)/run$", "INT-4"),
        ("POST", rf"{_INTEGRATION}/(\w+)/cancel$", "INT-5"),
        ("POST", rf"{_USER}$", "USR-1"),
        ("PUT", rf"{_USER}/(\w+)$", "USR-5"),
        ("PATCH", rf"{_USER}/(\w+)$", "USR-5"),
        ("PATCH", r"/admin/1/0/permissions/exception-users/users/(\w+)$", "USR-5"),
    )
]


def events_of(
    method: str, path: str, template: str, parameters: Mapping[str, str], status: int
) -> list[Event]:
    """Return the events of a request.

    Args:
        method: HTTP method.
        path: The requested path.
        template: Path of the endpoint, with parameters in braces; empty if there is none.
        parameters: Path parameters.
        status: HTTP status of the response.
    """
    if status < 400:
        if "modelId" in parameters:
            events = list(_events_in_model(method, template, parameters))
        else:
            events = list(_events_outside_models(method, path))
        if events:
            return events
    return [
        Event(
            code=API_REQUEST,
            object_id=parameters.get("modelId"),
            attributes={"method": method, "path": path, "status": status},
            success=status < 400,
            error_number=str(status) if status >= 400 else None,
        )
    ]


def _events_in_model(method: str, template: str, parameters: Mapping[str, str]) -> Iterator[Event]:
    model_id = parameters["modelId"]
    attributes = {"modelId": model_id}
    if method == "POST" and (started := _TASKS.search(template)):
        attributes["actionId"] = parameters["actionId"]
        yield Event(code="USR-20", object_id=model_id, attributes=attributes)
        if started[1] == "exports":
            yield Event(code="USR-36", object_id=model_id, attributes=attributes)
    elif method == "POST" and template.endswith("/open"):
        yield Event(code="USR-13", object_id=model_id, attributes=attributes)
    elif method == "GET" and _DATA.search(template):
        yield Event(code="USR-32", object_id=model_id, attributes=attributes)


def _events_outside_models(method: str, path: str) -> Iterator[Event]:
    for event_method, pattern, code in _OUTSIDE_MODELS:
        if method == event_method and (found := pattern.search(path)):
            yield Event(code=code, object_id=found[1] if found.groups() else None)
            return
