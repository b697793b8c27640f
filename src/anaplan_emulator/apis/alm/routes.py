"""Routes of the ALM API (docs/anaplan-behaviour.md#alm-api)."""

from datetime import date
from functools import partial
from typing import Any, TypeVar
from uuid import uuid4

from pydantic import BaseModel, ValidationError
from starlette.datastructures import URL
from starlette.responses import JSONResponse, Response

from anaplan_emulator.apis.access import (
    Model,
    has_access,
    is_workspace_admin,
    model_by_id,
    visible_model,
)
from anaplan_emulator.apis.alm import state
from anaplan_emulator.apis.calls import Call, Endpoint
from anaplan_emulator.apis.listings import listing, sort_leniently
from anaplan_emulator.apis.negotiation import accepts
from anaplan_emulator.apis.replies import INTEGRATION, ApiError, envelope
from anaplan_emulator.engine.alm_tasks import REPORTS, SYNC_TASKS
from anaplan_emulator.engine.revisions import (
    CREATED_BY_API,
    create_revision,
    history,
    is_changed,
    latest_revision,
    revision_of,
    revision_timestamp,
    syncable_revisions,
)
from anaplan_emulator.engine.tasks import Task, insert_task, task_by_id, tasks_of

Body = TypeVar("Body", bound=BaseModel)

_NAME_LENGTH, _DESCRIPTION_LENGTH = 60, 250
_REVISION_SORT = {
    "name": lambda revision: revision.name.lower(),
    "createdOn": lambda revision: revision.created_on,
    "appliedOn": lambda revision: revision.applied_on,
}
_FORBIDDEN = ApiError(403)
_FAILED_DEPENDENCY = ApiError(424, "")


def set_online_status(call: Call) -> Response:
    """PUT and POST /onlineStatus."""
    model = visible_model(call)
    request = _body(call, state.OnlineStatus, "status")
    _require_admin(call, model, _FORBIDDEN)
    _require_unarchived(model)
    if model.active_state == "LOCKED":
        raise ApiError(400, "The online status cannot be changed in locked mode")
    state.set_offline(call.db, model.key, offline=request.status == "offline")
    return Response(status_code=204)


def list_revisions(call: Call) -> Response:
    """GET /alm/revisions: the whole history unless a limit is given."""
    model = visible_model(call)
    after, before = _day(call, "appliedAfter"), _day(call, "appliedBefore")
    if after and before and after > before:
        raise ApiError(400, "appliedAfter must not be later than appliedBefore")
    _require_admin(call, model, _FORBIDDEN)
    found = state.applied_between(history(call.db, model.key), after, before)
    return listing(
        call,
        "revisions",
        sort_leniently(call, found, _REVISION_SORT),
        state.describe_revision,
        kind="revision",
        model_id=model.id,
        unlimited=True,
    )


def make_revision(call: Call) -> Response:
    """POST /alm/revisions."""
    model = visible_model(call)
    request = _body(call, state.RevisionRequest, "name")
    if len(request.name) > _NAME_LENGTH:
        raise ApiError(400, f"The revision tag name is longer than {_NAME_LENGTH} characters")
    if request.description and len(request.description) > _DESCRIPTION_LENGTH:
        raise ApiError(400, f"The description is longer than {_DESCRIPTION_LENGTH} characters")
    _require_admin(call, model, _FORBIDDEN)
    _require_unarchived(model)
    if model.active_state == "LOCKED":
        raise ApiError(423, "The model is locked")
    if model.active_state.startswith("PRODUCTION"):
        raise ApiError(400, "The model is deployed: revisions can only be created in standard mode")
    if not is_changed(call.db, model.key):
        raise ApiError(400, "The model has no structural changes since its last revision")
    revision_id = uuid4().hex.upper()
    create_revision(
        call.db,
        model.key,
        revision_id=revision_id,
        name=request.name,
        description=request.description,
        user_id=call.user.id,
        now=revision_timestamp(call.tenant.clock.now()),
        method=CREATED_BY_API,
    )
    revision = revision_of(call.db, model.key, revision_id)
    if revision is None:
        raise LookupError(f"revision {revision_id} does not exist")
    return _created("revision", model, revision=state.describe_revision(revision))


def get_latest_revision(call: Call) -> Response:
    """GET /alm/latestRevision: `revisions` is left out if there is none."""
    model = visible_model(call)
    _require_admin(call, model, _FORBIDDEN)
    latest = latest_revision(call.db, model.key)
    return _collection(
        "revision", model, "revisions", [state.describe_revision(latest)] if latest else []
    )


def list_syncable_revisions(call: Call) -> Response:
    """GET /alm/syncableRevisions: revisions to which the model can be synchronized."""
    model = visible_model(call)
    source_id = call.query.get("sourceModelId")
    if not source_id:
        raise ApiError(400, "The required parameter sourceModelId is missing")
    source = _source_model(call, source_id)
    _require_admin(call, model, _FORBIDDEN)
    _require_admin(call, source, _FORBIDDEN)
    found = syncable_revisions(call.db, model.key, source.key)
    return _collection("revision", model, "revisions", [*map(state.describe_revision, found)])


def list_applied_to_models(call: Call) -> Response:
    """GET /alm/revisions/{id}/appliedToModels."""
    model = visible_model(call)
    _require_admin(call, model, _FORBIDDEN)
    revision = revision_of(call.db, model.key, call.path["revisionId"])
    if revision is None:
        raise ApiError(404)
    rows = state.applied_to_models(call.db, revision)
    return _collection("appliedToModel", model, "appliedToModels", rows)


def start_task(kind: str, call: Call) -> Response:
    """POST /alm/syncTasks, /alm/comparisonReportTasks and /alm/summaryReportTasks."""
    model = visible_model(call)
    request = _body(call, state.AlmTaskBody, "sourceRevisionId, sourceModelId and targetRevisionId")
    source = _source_model(call, request.source_model_id)
    for each in (model, source):
        _require_admin(call, each, _error_for(kind))
    for each in (model, source):
        _require_unarchived(each)
    if kind == SYNC_TASKS and model.active_state == "LOCKED":
        raise ApiError(423, "The model is locked")
    with call.tenant.store.transaction() as db:
        task = insert_task(
            db,
            model=model.key,
            object_id=kind,
            user_id=call.user.id,
            request=request.model_dump(by_alias=True),
            created_at=call.tenant.clock.milliseconds(),
        )
    call.tenant.task_runner.start(model.key, task.id)
    url = _task_url(call, model, kind, task)
    body = state.describe_started(task, url)
    return _created("task", model, headers={"Location": url}, task=body)


def list_sync_tasks(call: Call) -> Response:
    """GET /alm/syncTasks: `tasks` is left out if there are none."""
    model = visible_model(call)
    _require_admin(call, model, _FORBIDDEN)
    tasks = state.recent_tasks(
        tasks_of(call.db, model.key, SYNC_TASKS), call.tenant.clock.timestamp()
    )
    rows = [
        state.describe_started(task, _task_url(call, model, SYNC_TASKS, task)) for task in tasks
    ]
    return _collection("task", model, "tasks", rows)


def get_task(kind: str, call: Call) -> Response:
    """GET /alm/syncTasks/{id}, /alm/comparisonReportTasks/{id} and /alm/summaryReportTasks/{id}."""
    model = visible_model(call)
    _require_admin(call, model, _error_for(kind))
    task = task_by_id(call.db, model.key, kind, call.path["taskId"])
    if task is None:
        raise ApiError(404)
    task = call.tenant.task_runner.poll(task)
    report_url = None
    if kind in REPORTS:
        ids = f"{task.request['targetRevisionId']}/{task.request['sourceRevisionId']}"
        report_url = _url(call, model, f"{state.REPORT_PATHS[kind]}/{ids}")
    return envelope("task", model_id=model.id, task=state.describe_task(task, report_url))


def get_report(kind: str, call: Call) -> Response:
    """GET /alm/comparisonReports/… and /alm/summaryReports/…."""
    model = visible_model(call)
    binary = REPORTS[kind] == "comparison"
    if binary and not accepts(call.headers, "application/octet-stream"):
        raise ApiError(406)
    _require_admin(call, model, _error_for(kind))
    target, source = call.path["targetRevisionId"], call.path["sourceRevisionId"]
    now = call.tenant.clock.timestamp()
    body = state.read_report(call.db, model.key, kind, target, source, now)
    if body is None:
        raise ApiError(404)
    if binary:
        return Response(body.encode(), media_type="application/octet-stream")
    report = state.summary_report(body, target, source)
    return envelope("summaryReport", model_id=model.id, summaryReport=report)


def _body(call: Call, shape: type[Body], expected: str) -> Body:
    """Parse the body.

    Raises:
        ApiError: 400, with the first error.
    """
    content = call.labelled_json()
    if not isinstance(content, dict):
        raise ApiError(400, "The request body is null, or not an object")
    try:
        return shape.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        field = first["loc"][-1] if first["loc"] else ""
        if first["type"] == "extra_forbidden":
            message = f"Unrecognised property {field}"
        elif first["type"] == "missing":
            message = f"The mandatory property {field} is missing; expected: {expected}"
        else:
            message = f"Invalid value of {field}: {first['msg']}"
        raise ApiError(400, message) from error


def _day(call: Call, name: str) -> date | None:
    text = call.query.get(name)
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ApiError(400, f"{name} is not a date of the form YYYY-MM-DD: '{text}'") from error


def _source_model(call: Call, model_id: str) -> Model:
    model = model_by_id(call.db, model_id)
    if model is None or not has_access(call.db, call.user, model):
        raise ApiError(404)
    return model


def _require_admin(call: Call, model: Model, error: ApiError) -> None:
    if not is_workspace_admin(call.db, call.user, model.workspace_id):
        raise ApiError(error.status, error.message)


def _require_unarchived(model: Model) -> None:
    if model.active_state == "ARCHIVED":
        raise ApiError(422, "The model is archived")


def _error_for(kind: str) -> ApiError:
    return _FAILED_DEPENDENCY if kind in REPORTS else _FORBIDDEN


def _url(call: Call, model: Model, path: str) -> str:
    url = URL(call.url)
    return f"{url.scheme}://{url.netloc}/2/0/models/{model.id}/alm/{path}"


def _task_url(call: Call, model: Model, kind: str, task: Task) -> str:
    return _url(call, model, f"{kind}/{task.id}")


def _collection(kind: str, model: Model, key: str, rows: list[dict[str, Any]]) -> JSONResponse:
    """Return a response with rows but without paging. The member is left out if there are none."""
    payload: dict[str, Any] = {key: rows} if rows else {}
    return envelope(kind, model_id=model.id, **payload)


def _created(
    kind: str, model: Model, *, headers: dict[str, str] | None = None, **payload: Any
) -> JSONResponse:
    return envelope(
        kind,
        model_id=model.id,
        status_code=201,
        message="Created",
        headers=headers,
        **payload,
    )


_ALM = "/2/0/models/{modelId}/alm"
_ONLINE_STATUS = "/2/0/models/{modelId}/onlineStatus"


def _task_endpoints(kind: str) -> list[Endpoint]:
    # The task is committed before the task runner is called.
    return [
        Endpoint("POST", f"{_ALM}/{kind}", partial(start_task, kind), INTEGRATION, writes=False),
        Endpoint("GET", f"{_ALM}/{kind}/{{taskId}}", partial(get_task, kind), INTEGRATION),
    ]


ENDPOINTS = [
    Endpoint("PUT", _ONLINE_STATUS, set_online_status, INTEGRATION),
    Endpoint("POST", _ONLINE_STATUS, set_online_status, INTEGRATION),
    Endpoint("GET", f"{_ALM}/revisions", list_revisions, INTEGRATION),
    Endpoint("POST", f"{_ALM}/revisions", make_revision, INTEGRATION),
    Endpoint("GET", f"{_ALM}/latestRevision", get_latest_revision, INTEGRATION),
    Endpoint("GET", f"{_ALM}/syncableRevisions", list_syncable_revisions, INTEGRATION),
    Endpoint(
        "GET",
        f"{_ALM}/revisions/{{revisionId}}/appliedToModels",
        list_applied_to_models,
        INTEGRATION,
    ),
    Endpoint("GET", f"{_ALM}/{SYNC_TASKS}", list_sync_tasks, INTEGRATION),
    *(endpoint for kind in (SYNC_TASKS, *REPORTS) for endpoint in _task_endpoints(kind)),
    # Reading a report extends its retention.
    *(
        Endpoint(
            "GET",
            f"{_ALM}/{path}/{{targetRevisionId}}/{{sourceRevisionId}}",
            partial(get_report, kind),
            INTEGRATION,
            writes=True,
        )
        for kind, path in state.REPORT_PATHS.items()
    ),
]
