"""The shapes of replies in the dialects other than `live`.

The routes reply as Anaplan was observed to. `guide` reduces the replies to what the samples of
Anaplan's guides and the fixtures of its Java client contain; `odd` removes members that no client
needs, adds unknown members, and changes types. Neither touches what identifies an object.

Source: docs/anaplan-behaviour.md#how-to-read-this-page.
"""

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

from starlette.responses import JSONResponse, Response

from anaplan_emulator.apis.calls import parse_json
from anaplan_emulator.settings import Dialect

Transformation = Callable[[Any], Any]


def translate(dialect: Dialect, method: str, path: str, response: Response) -> Response:
    """Return a response in a dialect.

    Args:
        dialect: The dialect.
        method: HTTP method of the endpoint.
        path: Path of the endpoint, with parameters in braces.
        response: The response in the dialect `live`.
    """
    if not isinstance(response, JSONResponse) or response.status_code >= 300:
        return response
    transformation: Transformation | None = None
    if dialect == "guide":
        transformation = _GUIDE.get((method, path.removeprefix("/cloudworks")))
    elif dialect == "odd" and not path.startswith("/oauth"):
        transformation = make_odd
    if transformation is not None:
        response.body = response.render(transformation(parse_json(bytes(response.body))))
        response.headers["Content-Length"] = str(len(response.body))
    return response


def _task_id_only(body: Any) -> Any:
    return {**body, "task": {"taskId": body["task"]["taskId"]}}


def _bare_task_id(body: Any) -> Any:
    return {"taskId": body["task"]["taskId"]}


def _fiscal_year_only(body: Any) -> Any:
    year = dict(body["modelCalendar"]["fiscalYear"])
    year.pop("fiscalYearLabel", None)
    return {**body, "modelCalendar": {"fiscalYear": year} if year else {}}


def _nested_connection_id(body: Any) -> Any:
    return {name: value for name, value in body.items() if name != "connectionId"}


def _without_status(body: Any) -> Any:
    return {name: value for name, value in body.items() if name != "status"}


def _dated_runs(body: Any) -> Any:
    history = body["history_of_runs"]
    runs = [{**run, "lastRun": run["endDate"] or run["startDate"]} for run in history["runs"]]
    return {**body, "history_of_runs": {**history, "runs": runs}}


def _array_of_errors(body: Any) -> Any:
    return {**body, "runs": [body["runs"]] if body["runs"] else {}}


def _changed(removed: Collection[str], renamed: Mapping[str, str]) -> Transformation:
    """Return a transformation that removes or renames members, wherever they are."""

    def change(value: Any) -> Any:
        if isinstance(value, list):
            return [change(each) for each in value]
        if isinstance(value, dict):
            return {
                renamed.get(name, name): change(each)
                for name, each in value.items()
                if name not in removed
            }
        return value

    return change


def _references_as_text(body: Any) -> Any:
    metadata = body["metadata"]
    fields = [{**each, "referencedBy": ""} for each in metadata["properties"]]
    return {**body, "metadata": {**metadata, "properties": fields}}


_MODEL = "/2/0/models/{modelId}"
_TASKS = {
    kind: f"{_MODEL}/{kind}/{{actionId}}/tasks"
    for kind in ("imports", "exports", "actions", "processes")
}
_CLOUD_DATES = {"creationDate": "isoCreationDate", "modificationDate": "isoModificationDate"}
_TERSE_CONNECTION = _changed({"creationDate", "modificationDate"}, {})
_TERSE_INTEGRATION = _changed({"workspaceId", "modelId"}, _CLOUD_DATES)
_TERSE_FLOW = _changed({"creationDate", "modificationDate", "latestRun"}, {})
_TERSE_REVISION = _changed({"appliedOn", "appliedBy", "appliedMethod"}, {})

_GUIDE: Mapping[tuple[str, str], Transformation] = {
    **{("POST", path): _task_id_only for path in _TASKS.values()},
    ("POST", _TASKS["imports"]): _bare_task_id,
    **{("GET", f"{path}/{{taskId}}"): _changed({"creationTime"}, {}) for path in _TASKS.values()},
    ("GET", f"{_MODEL}/modelCalendar"): _fiscal_year_only,
    ("PUT", f"{_MODEL}/modelCalendar/fiscalYear"): _fiscal_year_only,
    ("GET", f"{_MODEL}/lists/{{listId}}"): _references_as_text,
    ("GET", f"{_MODEL}/alm/revisions"): _TERSE_REVISION,
    ("GET", "/2/0/integrations/connections"): _TERSE_CONNECTION,
    ("GET", "/scim/1/0/v2/ServiceProviderConfig"): _changed(
        {"etag", "meta", "documentationUri", "specUri"}, {}
    ),
    ("POST", "/2/0/integrations/connections"): _nested_connection_id,
    ("GET", "/2/0/integrations"): _TERSE_INTEGRATION,
    ("GET", "/2/0/integrations/{integrationId}"): _TERSE_INTEGRATION,
    ("POST", "/2/0/integrations/{integrationId}/cancel"): _without_status,
    ("GET", "/2/0/integrations/runs/{integrationId}"): _dated_runs,
    ("GET", "/2/0/integrations/runerror/{runId}"): _array_of_errors,
    ("GET", "/2/0/integrationflows"): _TERSE_FLOW,
    ("GET", "/2/0/integrationflows/{integrationFlowId}"): _TERSE_FLOW,
}

OPTIONAL = frozenset(
    """
    active activeState actionType appliedBy appliedMethod appliedOn appliesTo authMethod breakback
    broughtForward calendarType categoryValues cellCount columnCount createdBy createdDate createdOn
    creationDate creationMethod creationTime currentPeriod currentSize currentStep
    currentWorkspaceName dataTags delimiter description details displayName emailOptIn encoding
    entitlements etag eventTimeZone executionErrorCode exportFormat exportType filter firstDataRow
    firstName format formatMetadata formula formulaScope futureYearsCount hasSelectiveAccess
    headerRow hostName importDataSource importType integrationErrorCode integrationType ipAddress
    isActual isCurrent isSummary isoCreationDate isoModificationDate itemCount lastLoginDate
    lastModified lastModifiedByUserGuid lastName lastRun lastSavedSerialNumber latestRun layout
    leafLevel managedBy memoryUsage modelTransactionRunning modelUrl modificationDate modifiedBy
    modifiedDate notes numberedList nuxVisible occurrences otherWorkspaces pastYearsCount
    permittedItems productionData readAccessDriver referencedBy rowCount schedule
    selectiveAccessApplied separator sizeAllowance startOfSection stepsCount style textEncoding
    timeRange timeScale tooltip totalsSelection triggerSource triggeredBy unitsType usedInAppliesTo
    userAgent userName useSwitchover useTopLevelAsPageDefault version weekFormat weeksCount
    workflowEnabled writeAccessDriver
    """.split()  # noqa: SIM905 (as a list it is a page long)
)
"""Members that `odd` removes and changes. Ids, names and e-mail addresses are not among them, and
neither is what a client needs to go on: states, results, counts of chunks and pages."""

_UNKNOWN = {"unknownFlag": True, "unknownParts": [{"id": "0", "parts": []}]}

# The names of the members of these objects are a model's own.
_MAPS = frozenset({"properties", "subsets"})


def make_odd(body: Any) -> Any:
    """Return a reply with fewer members, more members and other types.

    Of an object by itself, the 1st, 3rd, … optional member is removed, and the others have another
    type. Of three rows of an array, the first only has more members, the second has no optional
    ones, and the third has those with other types.
    """
    changed = _odd(body, None)
    return {**changed, **_UNKNOWN} if isinstance(changed, dict) else changed


def _odd(value: Any, row: int | None) -> Any:
    if isinstance(value, list):
        return [_odd(each, index) for index, each in enumerate(value)]
    if not isinstance(value, dict):
        return value
    changed: dict[str, Any] = {}
    optional = 0
    for name, each in value.items():
        if name not in OPTIONAL:
            keep = name in _MAPS and isinstance(each, dict)
            changed[name] = each if keep else _odd(each, None)
            continue
        action = 1 + optional % 2 if row is None else row % 3
        optional += 1
        if action == 0:
            changed[name] = _odd(each, None)
        elif action == 2:
            changed[name] = _other_type(each)
    return {**changed, **_UNKNOWN} if optional else changed


def _other_type(value: Any) -> Any:
    """Return a value of another JSON type: text for numbers and booleans, otherwise null."""
    return json.dumps(value) if isinstance(value, bool | int | float) else None
