"""The page of an action: its definition, its last tasks, and a form to run it."""

import json
import sqlite3
from dataclasses import dataclass

from starlette.datastructures import Headers, QueryParams
from starlette.responses import Response

from anaplan_emulator.apis.access import Model, ModelNotOpen
from anaplan_emulator.apis.actions.routes import start_task
from anaplan_emulator.apis.actions.state import PREFIX_BY_COLLECTION
from anaplan_emulator.apis.calls import Call
from anaplan_emulator.apis.catalog.state import all_users
from anaplan_emulator.apis.files.routes import put_file
from anaplan_emulator.apis.replies import ApiError
from anaplan_emulator.console.models import requested_model
from anaplan_emulator.console.rendering import page, redirect
from anaplan_emulator.console.tasks import read_tasks
from anaplan_emulator.console.visits import PageError, Visit, pretty_json
from anaplan_emulator.engine.actions import Action, action_by_id, steps
from anaplan_emulator.engine.file_contents import content_of, file_by_name, is_complete
from anaplan_emulator.store.users import User, user_by_id
from anaplan_emulator.tenant.action_definitions import (
    DeleteDefinition,
    ExportDefinition,
    ImportDefinition,
    ListTarget,
    ModuleTarget,
    OptimizerDefinition,
    ProcessDefinition,
    SourceField,
)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that a run reads.

    Attributes:
        id: Its id.
        name: Its name.
        has_content: Whether there is complete content for the chosen user.
    """

    id: str
    name: str
    has_content: bool


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value that a run has to be given.

    Attributes:
        import_id: Id of the import that needs it.
        import_name: Name of the import.
        entity_type: Its name, Anaplan's `entityType`.
    """

    import_id: str
    import_name: str
    entity_type: str

    @property
    def field(self) -> str:
        """Name of the form's field."""
        return f"parameter-{self.import_id}-{self.entity_type}"


@dataclass(frozen=True, slots=True)
class Subject:
    """A file, list or module that an action reads or changes.

    Attributes:
        kind: `files`, `lists` or `modules`.
        name: Its name.
        id: Its id, or None if the model does not have it.
    """

    kind: str
    name: str
    id: str | None


def show_action(visit: Visit) -> Response:
    """GET /models/{model}/actions/{action}: an action, and a form to run it."""
    return _page(visit)


def run_action(visit: Visit) -> Response:
    """POST /models/{model}/actions/{action}: upload the given files, and start a task."""
    with visit.tenant.store.snapshot() as db:
        model = requested_model(db, visit)
        action = _requested_action(db, visit, model)
        user = _chosen_user(db, visit)
        files = _source_files(db, visit, model, action, user)
        parameters = _parameters(db, model, action)
    missing = [
        each.name
        for each in files
        if not each.has_content and f"file-{each.id}" not in visit.form.files
    ]
    if missing:
        return _page(visit, f"Choose a file for {', '.join(missing)}: it has no content yet.", 400)
    try:
        for file in files:
            if (content := visit.form.files.get(f"file-{file.id}")) is not None:
                _upload(visit, model, user, file, content)
        task_id = _start(visit, model, action, user, parameters)
    except ApiError as error:
        message = f"{user.email} cannot run this action: {error.status} {error.message}"
        return _page(visit, message, 400)
    except ModelNotOpen:
        return _page(visit, "The model is closed or being opened. Try again later.", 400)
    return redirect("tasks", task_id, done="started")


def _page(visit: Visit, problem: str = "", status: int = 200) -> Response:
    with visit.tenant.store.snapshot() as db:
        model = requested_model(db, visit)
        action = _requested_action(db, visit, model)
        user = _chosen_user(db, visit)
        context = {
            "files": _source_files(db, visit, model, action, user),
            "parameters": _parameters(db, model, action),
            "users": [each for each in all_users(db) if each.active],
            "subjects": _subjects(db, model, action),
            "steps": steps(db, model.key, action.definition)
            if isinstance(action.definition, ProcessDefinition)
            else [],
            "tasks": read_tasks(
                db,
                visit.tenant,
                where="tasks.model = ? AND object_id = ?",
                values=(model.key, action.id),
                limit=10,
            ),
        }
    definition = action.definition.model_dump(mode="json", exclude_defaults=True)
    return page(
        visit,
        "action.html",
        action.definition.name,
        status,
        model=model,
        action=action,
        user=user,
        problem=problem,
        definition=pretty_json({"kind": action.definition.kind, **definition}),
        **context,
    )


def _requested_action(db: sqlite3.Connection, visit: Visit, model: Model) -> Action:
    action = action_by_id(db, model.key, visit.parameters["action"])
    if action is None:
        raise PageError(404, f"{model.name} has no such action.")
    return action


def _chosen_user(db: sqlite3.Connection, visit: Visit) -> User:
    """Return the user of the form or the query, by default the main user."""
    requested = visit.form.fields.get("user") or visit.query.get("user", "")
    user = user_by_id(db, requested) if requested else None
    if requested and user is None:
        raise PageError(404, "The tenant has no such user.")
    main = visit.tenant.description.main_user.email
    found = user or next((each for each in all_users(db) if each.email == main), None)
    found = found or next(iter(all_users(db)), None)
    if found is None:
        raise PageError(404, "The tenant has no users.")
    return found


def _imports(db: sqlite3.Connection, model: Model, action: Action) -> list[Action]:
    """Return the imports that a run consists of."""
    match action.definition:
        case ImportDefinition():
            return [action]
        case ProcessDefinition() as process:
            nested = [_imports(db, model, step) for step in steps(db, model.key, process)]
            return [each for imports in nested for each in imports]
    return []


def _source_files(
    db: sqlite3.Connection, visit: Visit, model: Model, action: Action, user: User
) -> list[SourceFile]:
    names = dict.fromkeys(
        each.definition.file
        for each in _imports(db, model, action)
        if isinstance(each.definition, ImportDefinition)
    )
    now = visit.tenant.clock.timestamp()
    found = []
    for name in names:
        file = file_by_name(db, model.key, name)
        if file is not None:
            content = content_of(db, file, user.id, now)
            complete = content is not None and is_complete(db, content)
            found.append(SourceFile(file.id, file.name, complete))
    return found


def _parameters(db: sqlite3.Connection, model: Model, action: Action) -> list[Parameter]:
    found = []
    for each in _imports(db, model, action):
        if isinstance(each.definition, ImportDefinition):
            types = dict.fromkeys(source.ask for source in _sources(each.definition) if source.ask)
            found += [Parameter(each.id, each.definition.name, name) for name in types]
    return found


def _subjects(db: sqlite3.Connection, model: Model, action: Action) -> list[Subject]:
    """Return the file, lists and modules that an action reads or changes."""
    names: list[tuple[str, str]] = []
    match action.definition:
        case ImportDefinition(target=target) as definition:
            names.append(("files", definition.file))
            if isinstance(target, ListTarget):
                names.append(("lists", target.list))
            elif isinstance(target, ModuleTarget):
                names.append(("modules", target.module))
        case DeleteDefinition() as definition:
            names += [("lists", definition.list), ("modules", definition.module)]
        case ExportDefinition() | OptimizerDefinition() as definition:
            names.append(("modules", definition.module))
    return [Subject(kind, name, _id(db, model, kind, name)) for kind, name in names if name]


def _id(db: sqlite3.Connection, model: Model, kind: str, name: str) -> str | None:
    row = db.execute(
        f"SELECT id FROM {kind} WHERE model = ? AND name = ?",  # noqa: S608 (constant names)
        (model.key, name),
    ).fetchone()
    return row["id"] if row else None


def _sources(definition: ImportDefinition) -> list[SourceField]:
    match definition.target:
        case ListTarget() as target:
            own = [target.code, target.name, target.parent]
            return [*filter(None, own), *target.properties.values()]
        case ModuleTarget() as target:
            return [*target.dimensions.values(), *target.line_items.values()]
    return []


def _upload(visit: Visit, model: Model, user: User, file: SourceFile, content: bytes) -> None:
    with visit.tenant.store.snapshot() as db:
        put_file(
            _call(
                visit,
                db,
                user,
                {"modelId": model.id, "fileId": file.id},
                content,
                "application/octet-stream",
            )
        )


def _start(
    visit: Visit, model: Model, action: Action, user: User, parameters: list[Parameter]
) -> str:
    """Start a task as a request of the user would, with the same checks, and return its id."""
    collection = next(
        name for name, prefix in PREFIX_BY_COLLECTION.items() if action.id.startswith(prefix)
    )
    request = {
        "localeName": "en_US",
        "mappingParameters": [
            {
                "entityType": each.entity_type,
                "entityName": visit.form.fields.get(each.field, ""),
                "importId": each.import_id,
            }
            for each in parameters
        ],
    }
    path = {"modelId": model.id, "actionId": action.id}
    with visit.tenant.store.snapshot() as db:
        call = _call(visit, db, user, path, json.dumps(request).encode(), "application/json")
        reply = start_task(collection, call)
    return str(json.loads(bytes(reply.body))["task"]["taskId"])


def _call(
    visit: Visit,
    db: sqlite3.Connection,
    user: User,
    path: dict[str, str],
    body: bytes,
    content_type: str,
) -> Call:
    """Return a call of a user, whose audit events are not kept."""
    return Call(
        tenant=visit.tenant,
        db=db,
        caller=user,
        method="POST",
        url=visit.tenant.base_url,
        path=path,
        query=QueryParams(),
        headers=Headers({"content-type": content_type}),
        body=body,
    )
