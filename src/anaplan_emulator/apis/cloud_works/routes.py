"""Routes of CloudWorks, with the paths of both hosts."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from starlette.responses import HTMLResponse, Response

from anaplan_emulator.apis.calls import Call, Endpoint
from anaplan_emulator.apis.cloud_works import (
    connections,
    flows,
    integrations,
    notifications,
    runs,
    schedules,
    state,
)
from anaplan_emulator.apis.cloud_works.requests import (
    Body,
    ConnectionChange,
    ConnectionRequest,
    FlowRequest,
    IntegrationRequest,
    NotificationRequest,
    ScheduleRequest,
    parse_body,
)
from anaplan_emulator.apis.replies import Api, ApiError, nanosecond_timestamp

PATH_PREFIXES = ("/2/0", "/cloudworks/2/0")
"""The prefixes of CloudWorks' own host, and of the host of all APIs.

Source: docs/anaplan-behaviour.md#hosts-and-regions.
"""


def _error_body(error: ApiError, path: str, now: datetime) -> Any:
    body: dict[str, Any] = {"status": {"code": error.status, "message": error.message}}
    # Errors of Anaplan's web framework also contain path and time
    # (docs/anaplan-behaviour.md#cloudworks-api).
    if error.status in (401, 405):
        body |= {"path": path, "timestamp": nanosecond_timestamp(now)}
    return body


CLOUD_WORKS = Api(
    name="CloudWorks API",
    schemes=frozenset({"AnaplanAuthToken", "Bearer"}),
    error_body=_error_body,
)

_NOT_FOUND = """<html>
<head><title>404 Not Found</title></head>
<body>
<center><h1>404 Not Found</h1></center>
<hr><center>nginx</center>
</body>
</html>
"""

_ONE = "/integrations/{integrationId}"
_CONNECTION = "/integrations/connections/{connectionId}"
_SCHEDULE = f"{_ONE}/schedule"
_RUN = "/integrations/run/{runId}"
_NOTIFICATION = "/integrations/notification/{notificationId}"
_FLOW = "/integrationflows/{integrationFlowId}"

_WITHOUT_BODY: list[tuple[str, str, Callable[[Call], Response]]] = [
    ("GET", "/integrations/connections", connections.list_connections),
    ("DELETE", _CONNECTION, connections.delete_connection),
    ("GET", "/integrations", integrations.list_integrations),
    ("GET", _ONE, integrations.get_integration),
    ("DELETE", _ONE, integrations.delete_integration),
    ("POST", f"{_ONE}/run", runs.run_integration),
    ("POST", f"{_ONE}/cancel", runs.cancel_integration),
    ("GET", "/integrations/runs/{integrationId}", runs.list_runs),
    ("GET", _RUN, runs.get_run),
    ("GET", "/integrations/runerror/{runId}", runs.get_errors),
    ("GET", f"{_RUN}/dumps", runs.get_dump),
    ("GET", f"{_RUN}/process/import/{{actionId}}/dumps", runs.get_dump),
    ("DELETE", _SCHEDULE, schedules.delete_schedule),
    ("POST", f"{_SCHEDULE}/status/{{status}}", schedules.set_status),
    # The Postman collection uses PUT (docs/anaplan-behaviour.md#schedules).
    ("PUT", f"{_SCHEDULE}/status/{{status}}", schedules.set_status),
    ("GET", _NOTIFICATION, notifications.get_notification),
    ("DELETE", _NOTIFICATION, notifications.delete_notification),
    ("GET", "/integrationflows", flows.list_flows),
    ("GET", _FLOW, flows.get_flow),
    ("DELETE", _FLOW, flows.delete_flow),
    ("POST", f"{_FLOW}/run", flows.run_flow),
]

_WITH_BODY: list[tuple[str, str, Callable[..., Response], type[Body]]] = [
    ("POST", "/integrations/connections", connections.create_connection, ConnectionRequest),
    ("PUT", _CONNECTION, connections.replace_connection, ConnectionChange),
    ("PATCH", _CONNECTION, connections.change_connection, ConnectionChange),
    ("POST", "/integrations", integrations.create_integration, IntegrationRequest),
    ("PUT", _ONE, integrations.replace_integration, IntegrationRequest),
    ("POST", _SCHEDULE, schedules.create_schedule, ScheduleRequest),
    ("PUT", _SCHEDULE, schedules.replace_schedule, ScheduleRequest),
    (
        "POST",
        "/integrations/notification",
        notifications.create_notification,
        NotificationRequest,
    ),
    ("PUT", _NOTIFICATION, notifications.replace_notification, NotificationRequest),
    ("POST", "/integrationflows", flows.create_flow, FlowRequest),
    ("PUT", _FLOW, flows.replace_flow, FlowRequest),
]

# These commit before they call the runner.
_WITH_OWN_TRANSACTION = {runs.run_integration, runs.cancel_integration, flows.run_flow}


def _without_body(path: str, handler: Callable[[Call], Response], call: Call) -> Response:
    if handler is not flows.run_flow:  # It parses its body first.
        _check_permissions(path, call)
    return handler(call)


def _with_body(
    path: str, handler: Callable[..., Response], shape: type[Body], call: Call
) -> Response:
    request = parse_body(call, shape)
    _check_permissions(path, call)
    return handler(call, request)


def _check_permissions(path: str, call: Call) -> None:
    state.require_role(call)
    if path.startswith(_SCHEDULE) or path.endswith("/dumps"):
        state.require_entitlement(call)


def _not_found(_: Call) -> Response:
    return HTMLResponse(_NOT_FOUND, 404)


def _endpoints(prefix: str) -> list[Endpoint]:
    found = [
        Endpoint(
            method,
            f"{prefix}{path}",
            partial(_without_body, path, handler),
            CLOUD_WORKS,
            writes=False if handler in _WITH_OWN_TRANSACTION else None,
        )
        for method, path, handler in _WITHOUT_BODY
    ]
    found += [
        Endpoint(method, f"{prefix}{path}", partial(_with_body, path, handler, shape), CLOUD_WORKS)
        for method, path, handler, shape in _WITH_BODY
    ]
    unknown = [f"{prefix}/integrations/{{rest:path}}", f"{prefix}/integrationflows/{{rest:path}}"]
    if prefix.startswith("/cloudworks"):
        unknown = ["/cloudworks/{rest:path}"]
    found += [
        Endpoint(method, path, _not_found, CLOUD_WORKS, authenticated=False, writes=False)
        for path in unknown
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
    ]
    return found


ENDPOINTS = [endpoint for prefix in PATH_PREFIXES for endpoint in _endpoints(prefix)]
