"""Models accept unknown fields and values, absent fields and null."""

import inspect
import json
import pickle
import re
from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, TypeVar

import httpx2
import pytest
from pydantic import TypeAdapter, ValidationError
from tests.pure import lifecycle_samples, people_samples, transactional_samples

from anaplan_sdk import models
from anaplan_sdk._http.replies import decode
from anaplan_sdk.exceptions import AnaplanResponseException
from anaplan_sdk.models import (
    Action,
    ActionMetadata,
    AnaplanModel,
    CompletedTask,
    ConnectorParameter,
    Export,
    ExportMetadata,
    FailureDump,
    File,
    FileChunk,
    Import,
    ImportMetadata,
    MappingParameter,
    Model,
    ModelDeletionResult,
    ModelWithTransactionInfo,
    Process,
    ProcessMetadata,
    Task,
    TaskSummary,
    User,
    Workspace,
)
from anaplan_sdk.models._decoding import decode_json
from anaplan_sdk.models._envelopes import ListReply, ObjectReply
from anaplan_sdk.models.tasks import TaggedTask

STATUS: TypeAdapter[Task | CompletedTask] = TypeAdapter(TaggedTask)
TASK = ObjectReply[Task | CompletedTask]("task", TaggedTask)
T = TypeVar("T")

NEW = {"newField": {"deep": [1, None, "x"]}, "new_snake": "kept", "NewPascal": None}

MODEL: dict[str, Any] = {
    "id": "A" * 32,
    "activeState": "UNLOCKED",
    "name": "Plan",
    "currentWorkspaceId": "b" * 32,
    "currentWorkspaceName": "WS",
    "modelUrl": "https://us1a.app.anaplan.com/a",
    "categoryValues": [{"id": "c", "attribute": "Region", "categoryName": "EMEA"}],
    "memoryUsage": 98765,
    "isoCreationDate": "2026-01-31T08:05:37.000+0000",
    "lastModified": "2026-02-01T00:00:00.000+0000",
    "lastModifiedByUserGuid": "d" * 32,
    "lastSavedSerialNumber": 1234,
}
IMPORT: dict[str, Any] = {
    "id": "112000000001",
    "name": "Sales from sales.csv",
    "importType": "MODULE_DATA",
    "importDataSourceId": "113000000001",
    "importDataSource": {"importDataSourceId": "113000000001", "type": "FILE"},
}
DETAIL = {
    "type": "hierarchyRowsProcessed",
    "occurrences": 0,
    "localMessageText": "90 rows successful",
    "values": ["hierarchyName", "Employees", "successRowCount", "90", "ignoredCount", None],
}
RESULT: dict[str, Any] = {
    "successful": True,
    "objectId": "112000000001",
    "objectName": "Employees from emp.csv",
    "failureDumpAvailable": False,
    "details": [DETAIL],
}
COMPLETE: dict[str, Any] = {
    "taskId": "E" * 32,
    "taskState": "COMPLETE",
    "creationTime": 1780000000000,
    "progress": 1.0,
    "currentStep": "Complete.",
    "result": RESULT,
}
SAMPLES: list[tuple[type[AnaplanModel], dict[str, Any]]] = [
    (
        User,
        {
            "id": "a" * 32,
            "active": True,
            "email": "a@b.example",
            "emailOptIn": False,
            "firstName": "A",
            "lastName": "B",
            "customerId": "c" * 32,
            "lastLoginDate": "2026-01-31T08:05:37.000+0000",
        },
    ),
    (
        Workspace,
        {"id": "a", "name": "WS", "active": True, "sizeAllowance": 1 << 40, "currentSize": 7},
    ),
    (Model, MODEL),
    (ModelWithTransactionInfo, {**MODEL, "modelTransactionRunning": True}),
    (
        ModelDeletionResult,
        {"modelsDeleted": 1, "bulkDeleteModelsFailures": [{"modelId": "A", "message": "open"}]},
    ),
    (
        File,
        {
            "id": "113000000001",
            "name": "sales.csv",
            "chunkCount": 1,
            "delimiter": '"',
            "encoding": "UTF-8",
            "firstDataRow": 2,
            "format": "txt",
            "headerRow": 1,
            "separator": ",",
        },
    ),
    (FileChunk, {"id": "0", "name": "Chunk 0"}),
    (Import, IMPORT),
    (
        Export,
        {
            "id": "116000000001",
            "name": "Grid - Sales.csv",
            "exportType": "GRID_CURRENT_PAGE",
            "exportFormat": "text/csv",
            "encoding": "UTF-8",
            "layout": "GRID_CURRENT_PAGE",
        },
    ),
    (Action, {"id": "117000000001", "name": "Delete", "actionType": "DELETE_BY_SELECTION"}),
    (Process, {"id": "118000000001", "name": "Nightly"}),
    (
        ImportMetadata,
        {
            "name": "Sales",
            "type": "FILE",
            "source": {"textEncoding": "UTF-8", "headerRow": 1, "headerNames": ["A", "B"]},
        },
    ),
    (
        ExportMetadata,
        {
            "columnCount": 2,
            "rowCount": 100,
            "headerNames": ["A", "B"],
            "dataTypes": ["ENTITY", "TEXT"],
            "listNames": ["Region", None],
            "delimiter": '"',
            "separator": ",",
            "encoding": "UTF-8",
            "exportFormat": "text/csv",
        },
    ),
    (ActionMetadata, {"name": "Delete", "actionType": "DELETE_BY_SELECTION"}),
    (
        ProcessMetadata,
        {
            "name": "Nightly",
            "actions": [
                {
                    "id": "112000000001",
                    "name": "Load",
                    "actionType": "IMPORT",
                    "importType": "MODULE_DATA",
                    "importDataSourceId": "113000000001",
                },
                {"id": "116000000001", "name": "Out", "actionType": "EXPORT", "layout": "NEW"},
            ],
        },
    ),
    (TaskSummary, {"taskId": "E" * 32, "taskState": "NOT_STARTED", "creationTime": 1780000000000}),
    (Task, {"taskId": "E" * 32, "taskState": "IN_PROGRESS", "creationTime": 1, "progress": 0.5}),
    (CompletedTask, COMPLETE),
    (MappingParameter, {"entityType": "Version", "entityName": "Forecast"}),
    (ConnectorParameter, {"sourceIdOrType": "a", "parameterId": "b", "value": "c"}),
    *lifecycle_samples.SAMPLES,
    *transactional_samples.SAMPLES,
    *people_samples.SAMPLES,
]
# A field that Anaplan would ignore is refused in these, which are sent only.
SENT = (
    models.CellCoordinate,
    models.CellWrite,
    models.ListItemKey,
    models.ListItemUpdate,
    models.NewListItem,
)
each_sample = pytest.mark.parametrize(
    ("kind", "sample"), SAMPLES, ids=[kind.__name__ for kind, _ in SAMPLES]
)


def test_every_exported_model_has_a_sample_or_is_part_of_one() -> None:
    # There are samples, too, of models that are not names of the package.
    seen = {kind for kind, _ in SAMPLES if getattr(models, kind.__name__, None) is kind}
    parts = {models.CategoryValue, models.DeletionFailure, models.ImportSource, models.ProcessStep}
    parts |= {models.TaskResult, models.TaskResultDetail, AnaplanModel}
    parts |= {models.SummaryDifferences, models.SummaryTotals, models.ComparisonSummary}
    # These are only sent.
    parts |= {models.CellCoordinate, models.CellWrite, models.ListItemKey, models.ListItemUpdate}
    exported = {
        value
        for value in (getattr(models, name) for name in dir(models))
        if isinstance(value, type) and issubclass(value, AnaplanModel)
    }
    assert exported == seen | parts


def public_classes() -> list[type]:
    modules = [
        import_module(f"{models.__name__}.{info.name}")
        for info in iter_modules(models.__path__)
        if not info.name.startswith("_")
    ]
    return [
        value
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, type)
        if value.__module__ == module.__name__ and not name.startswith("_")
    ]


def described(kind: type) -> set[str]:
    """Find the names in the Attributes section of a class."""
    # Python 3.13 removes the indentation of docstrings.
    text = inspect.cleandoc(kind.__doc__ or "")
    section = text.partition("Attributes:\n")[2].partition("\n\n")[0]
    return set(re.findall(r"^    (\w+):", section, re.MULTILINE))


@pytest.mark.parametrize("kind", public_classes(), ids=lambda kind: kind.__name__)
def test_every_field_is_described(kind: type) -> None:
    own = {name for name in vars(kind).get("__annotations__", {}) if name[0] != "_"}
    assert own == described(kind)


def read(kind: type[T], sample: Mapping[str, object]) -> T:
    return decode_json(TypeAdapter(kind), json.dumps(sample).encode())


@each_sample
def test_unknown_fields_survive_a_round_trip(
    kind: type[AnaplanModel], sample: dict[str, Any]
) -> None:
    if kind in SENT:
        with pytest.raises(ValidationError, match="unknown fields 'newField', 'new_snake'"):
            read(kind, {**sample, **NEW})
        return
    model = read(kind, {**sample, **NEW})
    assert model.model_extra is not None
    assert NEW.items() <= model.model_extra.items()
    for copy in (
        kind.model_validate(model.model_dump()),
        kind.model_validate(model.model_dump(by_alias=True)),
        kind.model_validate_json(model.model_dump_json()),
        kind.model_validate_json(model.model_dump_json(by_alias=True)),
        kind.model_validate(model.model_dump(by_alias=True, exclude_none=True) | NEW),
        pickle.loads(pickle.dumps(model)),
    ):
        assert copy == model


@each_sample
def test_every_optional_field_may_be_absent_or_null(
    kind: type[AnaplanModel], sample: dict[str, Any]
) -> None:
    required = {
        key: value
        for key, value in kind.model_validate(sample).model_dump().items()
        if key in kind.model_fields and kind.model_fields[key].is_required()
    }
    optional = [name for name, field in kind.model_fields.items() if not field.is_required()]
    absent = kind.model_validate_json(json.dumps(required))
    null = read(kind, {**required, **dict.fromkeys(optional)})
    assert null == absent


@pytest.mark.parametrize(
    ("kind", "field", "attribute"),
    [
        (Model, "activeState", "active_state"),
        (Import, "importType", "type"),
        (Export, "exportType", "type"),
        (Export, "layout", "layout"),
        (Action, "actionType", "type"),
        (TaskSummary, "taskState", "task_state"),
        (Task, "taskState", "task_state"),
    ],
)
def test_an_unknown_enumeration_value_is_text(
    kind: type[AnaplanModel], field: str, attribute: str
) -> None:
    sample = next(sample for other, sample in SAMPLES if other is kind)
    read = kind.model_validate({**sample, field: "SOMETHING_NEW"})
    assert getattr(read, attribute) == "SOMETHING_NEW"


def test_fields_are_read_by_anaplans_name_and_by_ours() -> None:
    read = Import.model_validate(IMPORT)
    assert (read.id, read.type, read.file_id) == (112000000001, "MODULE_DATA", 113000000001)
    assert read == Import.model_validate(
        {
            "id": 112000000001,
            "name": read.name,
            "type": "MODULE_DATA",
            "file_id": 113000000001,
            "importDataSource": IMPORT["importDataSource"],
        }
    )
    dumped = read.model_dump(by_alias=True)
    assert dumped["fileId"] == 113000000001
    assert "file_id" not in dumped


@pytest.mark.parametrize("source", ["", "102000000001", "A" * 32, None, 112000000001])
def test_only_files_can_be_uploaded_to(source: object) -> None:
    sample = {**IMPORT, "importDataSourceId": source}
    assert read(Import, sample).file_id is None


def test_defaults_are_not_shared() -> None:
    one, other = (read(Model, {**MODEL, "categoryValues": None}) for _ in range(2))
    one.category_values.append(models.CategoryValue())
    assert other.category_values == []


def test_counters_are_read_from_alternating_names_and_values() -> None:
    detail = models.TaskResultDetail.model_validate(DETAIL)
    assert detail.counters == {
        "hierarchyName": "Employees",
        "successRowCount": "90",
        "ignoredCount": None,
    }
    odd = models.TaskResultDetail.model_validate({**DETAIL, "values": ["a", "1", "b"]})
    assert odd.counters == {"a": "1"}
    null = read(models.TaskResultDetail, {**DETAIL, "values": None})
    assert null.counters == {}


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("NOT_STARTED", Task),
        ("IN_PROGRESS", Task),
        ("CANCELLING", Task),
        ("CANCELLED", Task),
        ("SOMETHING_NEW", CompletedTask),
        ("COMPLETE", CompletedTask),
    ],
)
def test_only_a_completed_task_has_a_result(state: str, kind: type[Task]) -> None:
    task = STATUS.validate_json(json.dumps({**COMPLETE, "taskState": state}))
    assert type(task) is kind
    assert STATUS.validate_python(task) is task
    for dumped in (task.model_dump(), task.model_dump(by_alias=True)):
        assert STATUS.validate_python(dumped) == task


def test_a_task_lists_its_failure_dumps() -> None:
    plain = CompletedTask.model_validate(COMPLETE)
    assert plain.dumps == []
    refused = {**COMPLETE, "result": {**RESULT, "failureDumpAvailable": True}}
    assert CompletedTask.model_validate(refused).dumps == [FailureDump(112000000001, "E" * 32)]
    process = {
        **RESULT,
        "objectId": "118000000001",
        "failureDumpAvailable": True,
        "nestedResults": [RESULT, {**RESULT, "failureDumpAvailable": True}],
    }
    assert CompletedTask.model_validate({**COMPLETE, "result": process}).dumps == [
        FailureDump(118000000001, "E" * 32, 112000000001)
    ]


LISTING = ListReply("files", File)
CHUNK = {"id": "113000000001", "name": "a"}
PAGING = {"currentPageSize": 1, "totalSize": 7, "offset": 0}


@pytest.mark.parametrize(
    ("body", "count", "total"),
    [
        ({"meta": {"paging": PAGING}, "files": [CHUNK]}, 1, 7),
        ({"meta": {"paging": {**PAGING, "next": "x"}}, "files": [CHUNK], "status": {}}, 1, 7),
        ({"meta": {"paging": PAGING}, "files": []}, 0, 7),
        ({"meta": {"paging": PAGING}}, 0, 7),
        ({"meta": {"paging": PAGING}, "files": None}, 0, 7),
        ({"meta": {"schema": "x"}, "files": [CHUNK]}, 1, None),
        ({"meta": {"paging": None}, "files": [CHUNK]}, 1, None),
        ({"meta": {"paging": {}}, "files": [CHUNK]}, 1, None),
        ({"meta": None, "files": [CHUNK]}, 1, None),
        ({"files": [CHUNK]}, 1, None),
        ({}, 0, None),
    ],
)
def test_listings_are_read_with_and_without_their_keys(
    body: dict[str, object], count: int, total: int | None
) -> None:
    page = decode_json(LISTING.adapter, json.dumps(body).encode())
    assert page.items == [File(id=113000000001, name="a")] * count
    assert page.total == total


def reply(body: object) -> httpx2.Response:
    request = httpx2.Request("GET", "https://api.anaplan.com/2/0/x")
    return httpx2.Response(200, content=json.dumps(body).encode(), request=request)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"files": "none"}, "files"),
        ({"files": [CHUNK], "meta": 5}, "meta"),
        (None, ""),
    ],
)
def test_errors_in_a_listing_are_located(body: object, place: str) -> None:
    with pytest.raises(AnaplanResponseException, match=f"at '{place}"):
        decode(LISTING.adapter, reply(body))


@pytest.mark.parametrize(
    "body",
    [{}, {"task": None}, {"task": []}, {"task": "x"}, {"task": {}}, {"task": {"taskState": {}}}],
    ids=str,
)
def test_malformed_tasks_are_errors_of_the_sdk(body: object) -> None:
    with pytest.raises(AnaplanResponseException):
        decode(TASK.adapter, reply(body))


def test_a_completed_task_needs_its_result() -> None:
    with pytest.raises(ValidationError, match="result"):
        STATUS.validate_python({**COMPLETE, "result": None})
