"""Routes of imports, exports, processes and other actions, their tasks and dumps."""

from collections.abc import Callable
from functools import partial

from pydantic import ValidationError
from starlette.responses import Response

from anaplan_emulator.apis.access import (
    Model,
    addressed_model,
    changeable_model,
    is_workspace_admin,
    model_by_id,
    readable_model,
    sees_inside,
    set_open,
    visible_model,
)
from anaplan_emulator.apis.actions import metadata, state
from anaplan_emulator.apis.listings import listing, sort_leniently
from anaplan_emulator.calls import Call, Endpoint, whole_number
from anaplan_emulator.engine.actions import actions
from anaplan_emulator.engine.definitions import (
    ExportDefinition,
    ImportDefinition,
    ProcessDefinition,
)
from anaplan_emulator.engine.optimizers import solution_log
from anaplan_emulator.engine.tasks import Task, insert_task, task_by_id, tasks_of
from anaplan_emulator.replies import INTEGRATION, ApiError, envelope

# Reading keeps a dump alive; noting that once a minute spares readers from waiting to write.
_NOTED_SECONDS = 60

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
        # Observed of imports alone (facts 4.13).
        live = call.world.settings.quirks == "live"
        raise ApiError(500 if collection == "imports" and live else 404)
    answer = partial(envelope, _KINDS[collection], model_id=model.id)
    match action.definition:
        case ImportDefinition() as definition:
            now = call.world.clock.timestamp()
            return answer(
                importMetadata=metadata.describe_import(
                    call.db, model.key, definition, call.user.id, now
                )
            )
        case ExportDefinition() as definition:
            body = metadata.describe_export(call.db, model.key, definition)
            return answer(exportMetadata=body)
        case ProcessDefinition() as definition:
            data_sources = call.query.get("showImportDataSource") == "true"
            return answer(
                processMetadata=metadata.describe_process(
                    call.db, model.key, definition, data_sources=data_sources
                )
            )
        case _:
            return answer(action=metadata.describe_other(call.db, model.key, action))


def start_task(collection: str, call: Call) -> Response:
    """POST …/tasks."""
    model = visible_model(call)
    action = state.find_action(call.db, model.key, collection, call.path["actionId"])
    if action is None:
        raise ApiError(404)
    request = _run_request(call)
    changeable_model(call)
    if model.active_state == "PRODUCTION" and state.changes_structure(call.db, model.key, action):
        raise ApiError(425, "The model is deployed: its structural lists can't be changed")
    with call.world.store.transaction() as db:
        # Work loads a model that was closed.
        set_open(db, model, is_open=True)
        task_id = insert_task(
            db,
            model=model.key,
            object_id=action.id,
            user_id=call.user.id,
            request=request.model_dump(),
            created_at=call.world.clock.milliseconds(),
        )
        task = task_by_id(db, model.key, action.id, task_id)
    call.world.tasks.start(model.key, task_id)
    if task is None:
        raise LookupError(f"task {task_id} is gone")
    return envelope("task", model_id=model.id, task=state.describe_queued(task))


def list_tasks(collection: str, call: Call) -> Response:
    """GET …/tasks: those of all users; none where there is no such action, or no access."""
    model = addressed_model(call)
    tasks: list[Task] = []
    in_collection = call.path["actionId"].startswith(state.PREFIX_BY_COLLECTION[collection])
    if in_collection and sees_inside(call.db, call.user, model):
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
    task = call.world.tasks.observe(task)
    process_details = call.query.get("includeProcessDetails") == "true"
    body = state.describe_task(task, process_details=process_details)
    return envelope("task", model_id=model.id, task=body)


def cancel_task(collection: str, call: Call) -> Response:
    """DELETE …/tasks/{t}: a finished task stays as it is."""
    model, task = _task(collection, call)
    if task.user_id != call.user.id and not is_workspace_admin(
        call.db, call.user, model.workspace_id
    ):
        raise ApiError(403)
    call.world.tasks.cancel(task, call.user.id)
    # The call's own snapshot is older than what just happened.
    with call.world.store.snapshot() as db:
        after = task_by_id(db, model.key, task.object_id, task.id) or task
    body = state.describe_task(after, process_details=False)
    return envelope("task", model_id=model.id, task=body)


def get_dump(collection: str, call: Call) -> Response:
    """GET …/tasks/{t}/dump: 204 where the run had no failures."""
    _, task = _task(collection, call)
    if task.result is not None and not task.result["failureDumpAvailable"]:
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
    """GET /optimizeActions/{id}/tasks/{t}/solutionLogs: an optimizer's own id, whatever ran it.

    The role is looked at before any id (facts 4.19).
    """
    model = model_by_id(call.db, call.path["modelId"])
    if model is None or not is_workspace_admin(call.db, call.user, model.workspace_id):
        raise ApiError(403)
    now = call.world.clock.timestamp()
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
    """Find the dump in the path, and note that it is being read."""
    object_id = call.path.get("objectId") or state.dumped_object(task)
    now = call.world.clock.timestamp()
    dump = state.find_dump(call.db, task, object_id, call.user.id, now)
    if dump is None:
        raise ApiError(404)
    if now - dump.used_at > _NOTED_SECONDS:
        with call.world.store.transaction() as db:
            state.dump_used(db, dump, now)
    return dump


def _run_request(call: Call) -> state.RunRequest:
    try:
        return state.RunRequest.model_validate(call.json())
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
    if collection == "imports":
        # The documentation's spelling (facts 4.1).
        routes.append(("GET", f"{root}/", list_actions))
    if collection != "exports":
        routes += [
            ("GET", f"{task}/dump", get_dump),
            ("GET", f"{task}/dump/chunks", list_dump_chunks),
            ("GET", f"{task}/dump/chunks/{{chunkId}}", get_dump_chunk),
        ]
    if collection in ("imports", "processes"):
        routes += [
            ("GET", f"{task}/dumps/{{objectId}}/chunks", list_dump_chunks),
            ("GET", f"{task}/dumps/{{objectId}}/chunks/{{chunkId}}", get_dump_chunk),
        ]
    # Starting and cancelling tasks commit on their own before the runner is told.
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
