"""Which events a call leaves by itself, by its path and how it was answered."""

import re
from collections.abc import Iterator, Mapping

from anaplan_emulator.audit import API_REQUEST, Event

_TASKS = re.compile(r"/(imports|exports|actions|processes)/\{\w+\}/tasks$")
_DATA = re.compile(
    r"/views/\{\w+\}/data$|/lists/\{\w+\}/items$|/readRequests/\{\w+\}/pages/\{\w+\}$"
)


def events_of(
    method: str, path: str, template: str, parameters: Mapping[str, str], status: int
) -> list[Event]:
    """Tell what a call was, as far as its path and status say.

    Args:
        method: HTTP method.
        path: Path as asked for.
        template: The path of its endpoint, parameters in braces; empty where there is none.
        parameters: Path parameters.
        status: HTTP status of the answer.
    """
    if status < 400 and "modelId" in parameters:
        events = list(_events_in_model(method, template, parameters))
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
    told = {"modelId": model_id}
    if method == "POST" and (started := _TASKS.search(template)):
        told["actionId"] = parameters["actionId"]
        yield Event(code="USR-20", object_id=model_id, attributes=told)
        if started[1] == "exports":
            yield Event(code="USR-36", object_id=model_id, attributes=told)
    elif method == "POST" and template.endswith("/open"):
        yield Event(code="USR-13", object_id=model_id, attributes=told)
    elif method == "GET" and _DATA.search(template):
        yield Event(code="USR-32", object_id=model_id, attributes=told)
