"""Routes of imports, exports, processes and other actions, their tasks and dumps."""

from collections.abc import Callable
from functools import partial

from pydantic import ValidationError
from starlette.responses import Response

from anaplan_emulator.apis.access import (
    Model,
    changeable_model,
    existing_model,
    has_access,
    is_workspace_admin,
    model_by_id,
    readable_model,
    visible_model,
)
from anaplan_emulator.apis.actions import metadata, state
from anaplan_emulator.apis.calls import Call, Endpoint, whole_number
from anaplan_emulator.apis.listings import listing, sort_leniently
from anaplan_emulator.apis.replies import INTEGRATION, ApiError, envelope
from anaplan_emulator.engine.actions import actions
from anaplan_emulator.engine.model_memory import set_open
from anaplan_emulator.engine.optimizers import solution_log
from anaplan_emulator.engine.tasks import Task, insert_task, task_by_id, tasks_of
from anaplan_emulator.tenant.action_definitions import (
    ExportDefinition,
    ImportDefinition,
    ProcessDefinition,
)

# Reading extends the retention of a dump. This is recorded once a minute only, as readers would
# have to wait for the writer otherwise.
_MARK_USED_SECONDS = 60

_ACTION_SORT = {
    "id": lambda action: action.id,
    "name": lambda action: action.definition.name,
}
_TASK_SORT = {
    "creationTime": lambda task: task.created_at,
    "creationDate": lambda task: task.created_at,
    "taskId": lambda task: task.id,
    "taskState": lambda task: task.state,
    "progress": lambda task: task.progress,
}
_KINDS = {"imports": "import", "exports": "export", "actions": "action", "processes": "process"}


def list_actions(collection: str, call: Call) -> Response:
    """GET /imports, /exports, /processes, /actions."""
    model = readable_model(call)
    found = actions(call.db, model.key, state.PREFIX_BY_COLLECTION[collection])
    return listing(
        call,
        collection,
        sort_leniently(call, found, _ACTION_SORT),
        lambda action: metadata.describe_action(call.db, model.key, action),
        kind=_KINDS[collection],
        model_id=model.id,
    )


def get_action(collection: str, call: Call) -> Response:
    """GET /imports/{id}, /exports/{id}, /processes/{id}, /actions/{id}."""
    model = readable_model(call)
    action = state.find_action(call.db, model.key, collection, call.path["actionId"])
    if action is None:
        # Observed for imports only (docs/anaplan-behaviour.md#action-metadata).
        raise ApiError(500 if collection == "imports" and call.is_live else 404)
    reply = partial(envelope, _KINDS[collection], model_id=model.id)
    match action.definition:
        case ImportDefinition() as definition:
            now = call.tenant.clock.timestamp()
            return reply(
                importMetadata=metadata.describe_import(
                    call.db, model.key, definition, call.user.id, now
                )
            )
        case ExportDefinition() as definition:
            body = metadata.describe_export(call.db, model.key, definition)
            return reply(exportMetadata=body)
        case ProcessDefinition() as definition:
            data_sources = call.query.get("showImportDataSource") == "true"
            return reply(
                processMetadata=metadata.describe_process(
                    call.db, model.key, definition, data_sources=data_sources
                )
            )
        case _:
            return reply(action=metadata.describe_other(call.db, model.key, action))


def start_task(collection: str, call: Call) -> Response:
    """POST …/tasks."""
    model = visible_model(call)
    action = state.find_action(call.db, model.key, collection, call.path["actionId"])
    if action is None:
        raise ApiError(404)
    request = _task_request(call)
    changeable_model(call)
    if model.active_state == "PRODUCTION" and state.changes_structure(call.db, model.key, action):
        raise ApiError(425, "The model is deployed: its structural lists cannot be changed")
    with call.tenant.store.transaction() as db:
        # A task opens a closed model.
        set_open(db, model.key)
        task = insert_task(
            db,
            model=model.key,
            object_id=action.id,
            user_id=call.user.id,
            request=request.model_dump(),
            created_at=call.tenant.clock.milliseconds(),
        )
    call.tenant.task_runner.start(model.key, task.id)
    return envelope("task", model_id=model.id, task=state.describe_queued(task))


def list_tasks(collection: str, call: Call) -> Response:
    """GET …/tasks: tasks of all users; none for an unknown action or without access."""
    model = existing_model(call)
    tasks: list[Task] = []
    in_collection = call.path["actionId"].startswith(state.PREFIX_BY_COLLECTION[collection])
    if in_collection and has_access(call.db, call.user, model):
        tasks = tasks_of(call.db, model.key, call.path["actionId"])
    return listing(
        call,
        "tasks",
        sort_leniently(call, tasks, _TASK_SORT),
        state.describe_queued,
        kind="task",
        model_id=model.id,
    )


def get_task(collection: str, call: Call) -> Response:
    """GET …/tasks/{t}."""
    model, task = _task(collection, call)
    task = call.tenant.task_runner.poll(task)
    process_details = call.query.get("includeProcessDetails") == "true"
    body = state.describe_task(task, process_details=process_details)
    return envelope("task", model_id=model.id, task=body)


def cancel_task(collection: str, call: Call) -> Response:
    """DELETE …/tasks/{t}: a finished task is not changed."""
    model, task = _task(collection, call)
    if task.user_id != call.user.id and not is_workspace_admin(
        call.db, call.user, model.workspace_id
    ):
        raise ApiError(403)
    call.tenant.task_runner.cancel(task, call.user.id)
    # The request's own transaction does not see the change.
    with call.tenant.store.snapshot() as db:
        updated = task_by_id(db, model.key, task.object_id, task.id) or task
    body = state.describe_task(call.tenant.task_runner.poll(updated), process_details=False)
    return envelope("task", model_id=model.id, task=body)


def get_dump(collection: str, call: Call) -> Response:
    """GET …/tasks/{t}/dump, 204 if there were no failures; …/dumps/{objectId} of a step."""
    _, task = _task(collection, call)
    if (
        "objectId" not in call.path
        and task.result is not None
        and not task.result["failureDumpAvailable"]
    ):
        return Response(status_code=204)
    dump = _dump(call, task)
    chunks = [
        state.dump_chunk(call.db, dump, number)
        for number in state.dump_chunk_numbers(call.db, dump)
    ]
    return _text(b"".join(chunk for chunk in chunks if chunk))


def list_dump_chunks(collection: str, call: Call) -> Response:
    """GET …/tasks/{t}/dump/chunks, and …/dumps/{objectId}/chunks of a process's steps."""
    model, task = _task(collection, call)
    return listing(
        call,
        "chunks",
        state.dump_chunk_numbers(call.db, _dump(call, task)),
        lambda number: {"id": str(number), "name": f"Chunk {number}"},
        kind="chunk",
        model_id=model.id,
    )


def get_dump_chunk(collection: str, call: Call) -> Response:
    """GET …/tasks/{t}/dump/chunks/{n}, and …/dumps/{objectId}/chunks/{n}."""
    _, task = _task(collection, call)
    dump = _dump(call, task)
    number = whole_number(call.path["chunkId"])
    chunk = state.dump_chunk(call.db, dump, number) if number is not None else None
    if chunk is None:
        raise ApiError(404)
    return _text(chunk)


def get_optimizer_log(call: Call) -> Response:
    """GET /optimizeActions/{id}/tasks/{t}/solutionLogs.

    The id is that of the optimizer, also if a process ran it. The role is checked before the ids
    (docs/anaplan-behaviour.md#optimizer-logs).
    """
    model = model_by_id(call.db, call.path["modelId"])
    if model is None or not is_workspace_admin(call.db, call.user, model.workspace_id):
        raise ApiError(403)
    now = call.tenant.clock.timestamp()
    action_id, task_id = call.path["actionId"], call.path["correlationId"]
    log = solution_log(call.db, model.key, action_id, task_id, now)
    if log is None:
        raise ApiError(404)
    return _text(log.encode())


def _task(collection: str, call: Call) -> tuple[Model, Task]:
    model = visible_model(call)
    action_id = call.path["actionId"]
    task = task_by_id(call.db, model.key, action_id, call.path["taskId"])
    if task is None or not action_id.startswith(state.PREFIX_BY_COLLECTION[collection]):
        raise ApiError(404)
    return model, task


def _dump(call: Call, task: Task) -> state.Dump:
    """Return the dump in the path, and mark it as used."""
    object_id = call.path.get("objectId") or state.dumped_object(task)
    now = call.tenant.clock.timestamp()
    dump = state.find_dump(call.db, task, object_id, call.user.id, now)
    if dump is None:
        raise ApiError(404)
    if now - dump.used_at > _MARK_USED_SECONDS:
        with call.tenant.store.transaction() as db:
            state.mark_dump_used(db, dump, now)
    return dump


def _task_request(call: Call) -> state.TaskRequest:
    try:
        return state.TaskRequest.model_validate(call.labelled_json())
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise ApiError(400, f"{field or 'body'}: {first['msg']}") from error


def _text(body: bytes) -> Response:
    return Response(body, media_type="text/plain")


def _endpoints(collection: str) -> list[Endpoint]:
    root = f"/2/0/models/{{modelId}}/{collection}"
    task = f"{root}/{{actionId}}/tasks/{{taskId}}"
    routes: list[tuple[str, str, Callable[[str, Call], Response]]] = [
        ("GET", root, list_actions),
        ("GET", f"{root}/{{actionId}}", get_action),
        ("GET", f"{root}/{{actionId}}/tasks", list_tasks),
        ("POST", f"{root}/{{actionId}}/tasks", start_task),
        ("GET", task, get_task),
        ("DELETE", task, cancel_task),
    ]
    if collection != "exports":
        routes += [
            ("GET", f"{task}/dump", get_dump),
            ("GET", f"{task}/dump/chunks", list_dump_chunks),
            ("GET", f"{task}/dump/chunks/{{chunkId}}", get_dump_chunk),
        ]
    if collection in ("imports", "processes"):
        routes += [
            ("GET", f"{task}/dumps/{{objectId}}", get_dump),
            ("GET", f"{task}/dumps/{{objectId}}/chunks", list_dump_chunks),
            ("GET", f"{task}/dumps/{{objectId}}/chunks/{{chunkId}}", get_dump_chunk),
        ]
    # Starting and cancelling tasks is committed before the task runner is called.
    return [
        Endpoint(method, path, partial(handler, collection), INTEGRATION, writes=False)
        for method, path, handler in routes
    ]


_OPTIMIZER_LOG = (
    "/2/0/models/{modelId}/optimizeActions/{actionId}/tasks/{correlationId}/solutionLogs"
)

ENDPOINTS = [
    *(endpoint for collection in state.PREFIX_BY_COLLECTION for endpoint in _endpoints(collection)),
    Endpoint("GET", _OPTIMIZER_LOG, get_optimizer_log, INTEGRATION),
]
