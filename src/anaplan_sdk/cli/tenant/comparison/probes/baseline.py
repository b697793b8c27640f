"""Probes that make each GET of Anaplan's APIs, and compare the replies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from anaplan_sdk.cli.tenant.comparison.findings import Finding, NotApplicable
from anaplan_sdk.cli.tenant.comparison.probe import Probe
from anaplan_sdk.cli.tenant.comparison.replies import Call

if TYPE_CHECKING:
    from anaplan_sdk.cli.tenant.comparison.view import View

MODEL = "/2/0/models/{modelId}"
WORKSPACE = "/2/0/workspaces/{workspaceId}"
_JSON = {"Accept": "application/json"}
_CSV = {"Accept": "text/csv"}
_ESCAPED = {"Accept": "text/csv;escaped=true"}


def compared(name: str, statement: str, anchor: str, *calls: Call) -> Probe:
    """Return a probe that only compares replies.

    Args:
        name: Name in kebab case.
        statement: What it compares.
        anchor: The heading of docs/anaplan-behaviour.md.
        *calls: The calls.

    Returns:
        The probe.
    """

    def observe(view: View) -> Finding | None:
        reasons: list[str] = []
        for call in calls:
            try:
                view.send(call)
            except NotApplicable as reason:
                reasons.append(str(reason))
        if len(reasons) == len(calls):
            raise NotApplicable(", ".join(dict.fromkeys(reasons)))
        return None

    return Probe(name, statement, anchor, observe)


def _view_data(headers: Mapping[str, str], **query: str | int) -> Call:
    return Call(f"{MODEL}/views/{{viewId}}/data", query={**query, "maxRows": 20}, headers=headers)


def _with_tasks(kind: str, object_id: str) -> Call:
    return Call(f"{MODEL}/{kind}/{{{object_id}}}/tasks", captured=False)


BASELINE = (
    compared(
        "token",
        "A token can be validated.",
        "token-replies",
        Call("/token/validate", service="auth"),
    ),
    compared(
        "users",
        "The listing of users, the user who signed in, and a user.",
        "users-workspaces-and-models",
        Call("/2/0/users/me"),
        Call("/2/0/users", query={"limit": 50}, captured=False),
        Call("/2/0/users/{userId}"),
    ),
    compared(
        "workspaces",
        "The listing of workspaces, and one with its details.",
        "users-workspaces-and-models",
        Call("/2/0/workspaces", captured=False),
        Call("/2/0/workspaces", query={"tenantDetails": "true"}, captured=False),
        Call(WORKSPACE),
        Call(WORKSPACE, query={"tenantDetails": "true"}),
        Call(f"{WORKSPACE}/admins", captured=False),
        Call(f"{WORKSPACE}/visitors", captured=False),
    ),
    compared(
        "models",
        "The listings of models, and one with its details.",
        "users-workspaces-and-models",
        Call("/2/0/models", captured=False),
        Call("/2/0/models", query={"modelDetails": "true", "limit": 20}, captured=False),
        Call(f"{WORKSPACE}/models", captured=False),
        Call(MODEL),
        Call(MODEL, query={"modelDetails": "true"}),
        Call(f"{WORKSPACE}/models/{{modelId}}", fails=True),
    ),
    compared(
        "model-status",
        "The status of a model.",
        "model-status-and-loading",
        Call(f"{MODEL}/status"),
    ),
    compared(
        "modules",
        "Modules, line items and their dimensions.",
        "modules-line-items-and-views",
        Call(f"{MODEL}/modules"),
        Call(f"{MODEL}/lineItems"),
        Call(f"{MODEL}/modules/{{moduleId}}/lineItems"),
        Call(f"{MODEL}/modules/{{moduleId}}/lineItems", query={"includeAll": "true"}),
        Call(f"{MODEL}/lineItems/{{lineItemId}}/dimensions"),
        Call(f"{MODEL}/dashboards", captured=False),
    ),
    compared(
        "views",
        "Views and their metadata.",
        "modules-line-items-and-views",
        Call(f"{MODEL}/views"),
        Call(f"{MODEL}/modules/{{moduleId}}/views"),
        Call(f"{MODEL}/views", query={"includesubsidiaryviews": "true"}),
        Call(f"{MODEL}/views/{{viewId}}"),
        Call(f"{MODEL}/views/{{pagedViewId}}"),
    ),
    compared(
        "view-data",
        "The data of a view, as JSON and CSV.",
        "view-data",
        _view_data(_JSON, format="v1"),
        _view_data(_CSV),
        _view_data(_ESCAPED),
    ),
    compared(
        "dimension-items",
        "The items of a dimension, of a line item's dimension and of a view's; not of Time.",
        "dimension-items",
        Call(f"{MODEL}/dimensions/{{listId}}/items"),
        Call(f"{MODEL}/lineItems/{{lineItemId}}/dimensions/{{dimensionId}}/items", begins=True),
        Call(f"{MODEL}/views/{{viewId}}/dimensions/{{viewDimensionId}}/items", begins=True),
        Call(f"{MODEL}/dimensions/20000000003/items", fails=True),
    ),
    compared(
        "lists",
        "Lists, their metadata and items.",
        "lists",
        Call(f"{MODEL}/lists"),
        Call(f"{MODEL}/lists", query={"limit": 2, "offset": 1}),
        Call(f"{MODEL}/lists/{{listId}}"),
        Call(f"{MODEL}/lists/{{propertyListId}}"),
        Call(f"{MODEL}/lists/{{listId}}/items"),
        Call(f"{MODEL}/lists/{{listId}}/items", query={"includeAll": "true"}),
        Call(f"{MODEL}/lists/{{listId}}/items", headers=_CSV),
        Call(f"{WORKSPACE}/models/{{modelId}}/lists/{{listId}}/preview", headers=_CSV, begins=True),
    ),
    compared(
        "calendar-and-versions",
        "The calendar, the current period and versions; the fiscal year alone cannot be read.",
        "calendar-and-versions",
        Call(f"{MODEL}/modelCalendar"),
        Call(f"{MODEL}/currentPeriod"),
        Call(f"{MODEL}/versions"),
        Call(f"{MODEL}/modelCalendar/fiscalYear", fails=True),
    ),
    compared(
        "files",
        "Files, their chunks and content.",
        "files-and-chunks",
        Call(f"{MODEL}/files"),
        Call(f"{WORKSPACE}/models/{{modelId}}/files"),
        Call(f"{MODEL}/files/{{fileId}}/chunks", captured=False),
        Call(f"{MODEL}/files/{{fileId}}", begins=True, captured=False),
    ),
    compared(
        "action-metadata",
        "Imports, exports, actions and processes, and the metadata of each.",
        "action-metadata",
        Call(f"{MODEL}/imports"),
        Call(f"{MODEL}/exports"),
        Call(f"{MODEL}/actions"),
        Call(f"{MODEL}/processes"),
        Call(f"{MODEL}/imports/{{importId}}"),
        Call(f"{MODEL}/exports/{{exportId}}"),
        Call(f"{MODEL}/actions/{{actionId}}"),
        Call(f"{MODEL}/processes/{{processId}}"),
        Call(f"{MODEL}/processes/{{processId}}", query={"showImportDataSource": "true"}),
        Call(f"{MODEL}/imports/112999999999", fails=True),
    ),
    compared(
        "task-listings",
        "The tasks of each kind of action.",
        "tasks",
        _with_tasks("imports", "importId"),
        _with_tasks("exports", "exportId"),
        _with_tasks("actions", "actionId"),
        _with_tasks("processes", "processId"),
        Call(f"{MODEL}/imports/{{importId}}/tasks/00000000000000000000000000000000", fails=True),
    ),
    compared(
        "refused-requests",
        "Unknown ids, an upper-case workspace id, an unknown sort field and no token.",
        "access-rules",
        Call("/2/0/models/00000000000000000000000000000000/lists", fails=True),
        Call(f"{MODEL}/lists/101999999998", fails=True),
        Call(f"{MODEL}/lineItems/299999999999/dimensions", fails=True),
        Call("/2/0/models", query={"sort": "name"}, fails=True),
        Call("/2/0/models", query={"sort": "+unknown"}, fails=True),
        Call("/2/0/users/me", unsigned="", fails=True, note="no token"),
        Call("/2/0/users/me", unsigned="AnaplanAuthToken invented", fails=True, note="bad token"),
    ),
    compared(
        "alm",
        "Revisions and synchronization tasks.",
        "revisions",
        Call(f"{MODEL}/alm/revisions", captured=False),
        Call(f"{MODEL}/alm/latestRevision", captured=False),
        Call(f"{MODEL}/alm/syncTasks", captured=False),
        Call(
            f"{MODEL}/alm/syncableRevisions", query={"sourceModelId": "{modelId}"}, captured=False
        ),
        Call(f"{MODEL}/alm/revisions/{{revisionId}}/appliedToModels", captured=False),
    ),
    compared(
        "audit",
        "Audit events as JSON.",
        "audit-events",
        Call("/events", service="audit", query={"intervalInHours": 1, "limit": 20}, captured=False),
    ),
    compared(
        "scim",
        "Users in SCIM, and discovery.",
        "scim-users",
        Call("/Users", service="scim", query={"startIndex": 1, "count": 10}, captured=False),
        Call("/Users/{scimUserId}", service="scim", captured=False),
        Call("/Users/00000000000000000000000000000000", service="scim", captured=False, fails=True),
        Call("/ServiceProviderConfig", service="scim"),
        Call("/ResourceTypes", service="scim"),
        Call("/Schemas", service="scim"),
    ),
    compared(
        "cloudworks",
        "Connections, integrations, their runs and flows in CloudWorks.",
        "integrations",
        Call("/integrations/connections", service="cloudworks", captured=False),
        Call("/integrations", service="cloudworks", captured=False),
        Call("/integrations/{integrationId}", service="cloudworks", captured=False),
        Call("/integrations/runs/{integrationId}", service="cloudworks", captured=False),
        Call("/integrationflows", service="cloudworks", captured=False),
        Call("/integrationflows/{integrationFlowId}", service="cloudworks", captured=False),
    ),
    compared(
        "administration",
        "The export of users by the Administration API.",
        "administration-api",
        Call(
            "/admin/1/0/users/export",
            query={"Limit": 10, "Offset": 0},
            headers={"Accept": "text/csv"},
            captured=False,
        ),
    ),
)
