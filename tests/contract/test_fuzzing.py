"""No request makes the emulator fail with an internal error.

Schemathesis generates valid and invalid requests from the specifications. Half of the ids in paths
belong to existing objects, so that code behind a 404 is reached as well.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args
from urllib.parse import urlsplit

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

from anaplan_emulator import Emulator, TenantDescription
from anaplan_emulator.tenant.tenant_file import read_tenant
from anaplan_emulator.tenant.user_description import TenantRole

if TYPE_CHECKING:
    from schemathesis import APIOperation, Case

SPECIFICATIONS = [
    "authentication",
    "oauth",
    "integration",
    "alm",
    "audit",
    "scim",
    "cloudworks",
    "exception",
    "administration",
    "financial-consolidation",
]
# Examples per operation. For a more thorough run: ANAPLAN_FUZZ=200 make test ARGS='-k fuzz'
EXAMPLES = int(os.environ.get("ANAPLAN_FUZZ", "2"))
TIMEOUT_SECONDS = 20.0
OWN_HEADERS = ("authorization", "x_api_token", "x-api-token", "tenant")

# Listings with ids for paths: a path relative to the model (or absolute, with a leading slash), the
# key of the listing, and the member with the id.
IDS: Mapping[str, tuple[str, str, str]] = {
    "actionId": ("actions", "actions", "id"),
    "connectionId": ("/2/0/integrations/connections", "connections", "connectionId"),
    "dimensionId": ("lists", "lists", "id"),
    "exportId": ("exports", "exports", "id"),
    "fileId": ("files", "files", "id"),
    "importId": ("imports", "imports", "id"),
    "integrationFlowId": ("/2/0/integrationflows", "integrationFlows", "id"),
    "integrationId": ("/2/0/integrations", "integrations", "integrationId"),
    "lineItemId": ("lineItems", "items", "id"),
    "listId": ("lists", "lists", "id"),
    "moduleId": ("modules", "modules", "id"),
    "processId": ("processes", "processes", "id"),
    "revisionId": ("alm/revisions", "revisions", "id"),
    "sourceRevisionId": ("alm/revisions", "revisions", "id"),
    "targetRevisionId": ("alm/revisions", "revisions", "id"),
    "userGuid": ("/2/0/users", "users", "id"),
    "userId": ("/2/0/users", "users", "id"),
    "versionId": ("versions", "versionMetadata", "id"),
    "viewId": ("views", "views", "id"),
}


class Target:
    """An emulator, and a client signed in as a user with all roles."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self._http = httpx2.Client(base_url=emulator.base_url, timeout=TIMEOUT_SECONDS)
        self.reset()
        # The ids are the same after every reset.
        tenant = emulator.tenant.description
        self._known: dict[str, list[str]] = {
            "modelId": [self.emulator.model_id or ""],
            "workspaceId": [self.emulator.workspace_id or ""],
            "chunkId": ["0"],
            "pageNo": ["0"],
            **{name: self._ids(*listing) for name, listing in IDS.items()},
        }
        if (consolidation := tenant.consolidation) is not None:
            self._known |= {
                "dimensionName": [each.name for each in consolidation.dimensions],
                "modelName": list(consolidation.models),
                "name_of_workflow": [each.name for each in consolidation.workflows],
                "path": [each.path for each in consolidation.workflows],
                "tableName": [each.name for each in consolidation.tables],
                "username": [each.name for each in consolidation.users],
            }

    def reset(self) -> None:
        """Reset the tenant, and sign in."""
        self.emulator.reset()
        tenant = self.emulator.tenant.description
        auth = (tenant.users[0].email, tenant.users[0].password)
        reply = self._http.post("/token/authenticate", auth=auth).raise_for_status()
        token = reply.json()["tokenInfo"]["tokenValue"]
        self.headers = {"Authorization": f"AnaplanAuthToken {token}"}
        if (consolidation := tenant.consolidation) is not None:
            self.headers |= {"X_API_TOKEN": consolidation.api_token, "TENANT": consolidation.tenant}

    def ids(self, parameter: str) -> list[str]:
        """Return ids of existing objects."""
        return self._known.get(parameter, [])

    def send(self, case: Case[Any], prefix: str) -> httpx2.Response:
        """Send a generated request with valid credentials."""
        request = case.as_transport_kwargs(base_url=f"{self.emulator.base_url}{prefix}")
        headers = {
            name: value
            for name, value in request["headers"].items()
            if name.lower() not in OWN_HEADERS
        }
        return self._http.request(
            request["method"],
            request["url"],
            params=request.get("params"),
            headers={**headers, **self.headers},
            content=_content(request),
        )

    def close(self) -> None:
        self._http.close()

    def _ids(self, path: str, key: str, member: str) -> list[str]:
        if not path.startswith("/"):
            path = f"/2/0/models/{self.emulator.model_id}/{path}"
        reply = self._http.get(path, headers=self.headers)
        return [each[member] for each in reply.json().get(key, [])] if reply.is_success else []


def _content(request: Mapping[str, Any]) -> bytes | None:
    if "json" in request:
        return json.dumps(request["json"]).encode()
    data = request.get("data")
    return data.encode("utf-8", "replace") if isinstance(data, str) else data


def can_be_invalid(operation: APIOperation[Any, Any, Any, Any]) -> bool:
    """Return whether a request has parts that can be invalid.

    Schemathesis would search for them for a long time otherwise.
    """
    ids = [each.definition["schema"] for each in operation.path_parameters]
    headers = [each.definition for each in operation.headers]
    return bool(
        list(operation.body)
        or list(operation.query)
        # Authentication headers are always replaced by valid ones.
        or any("x-original-security-type" not in header for header in headers)
        or any(schema.keys() - {"type", "example", "description"} for schema in ids)
        or any(schema["type"] != "string" for schema in ids)
    )


def tenant_with_administrator() -> TenantDescription:
    """Return the default tenant with all roles for its first user."""
    tenant = read_tenant(None)
    first, *others = tenant.users
    workspaces = dict.fromkeys([workspace.name for workspace in tenant.workspaces], "admin")
    # An exception user can sign in with a password despite single sign-on.
    changes = {
        "roles": list(get_args(TenantRole)),
        "workspaces": workspaces,
        "exception_user": True,
    }
    first = first.model_copy(update=changes)
    return tenant.model_copy(update={"users": [first, *others]})


@pytest.fixture(scope="module")
def running_target() -> Iterator[Target]:
    with Emulator(tenant_with_administrator()) as emulator:
        target = Target(emulator)
        yield target
        target.close()


@pytest.fixture
def target(running_target: Target) -> Target:
    running_target.reset()
    return running_target


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("name", SPECIFICATIONS)
def test_no_request_causes_an_internal_error(
    specification_folder: Path,
    target: Target,
    caplog: pytest.LogCaptureFixture,
    name: str,
    mode: GenerationMode,
) -> None:
    document = json.loads((specification_folder / f"{name}.json").read_text("utf-8"))
    prefix = urlsplit(document["servers"][0]["url"]).path
    del document["servers"]
    failures: list[str] = []

    for result in schemathesis.openapi.from_dict(document).get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()
        if mode is GenerationMode.NEGATIVE and not can_be_invalid(operation):
            continue
        if operation.method != "get":
            target.reset()

        @settings(
            max_examples=EXAMPLES,
            database=None,
            deadline=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode), data=st.data())
        def check(case: Case[Any], data: st.DataObject) -> None:
            for parameter in case.path_parameters or {}:
                if known := target.ids(parameter):
                    generated = st.just(case.path_parameters[parameter])
                    choice = st.one_of(st.sampled_from(known), generated)
                    case.path_parameters[parameter] = data.draw(choice)
            target.send(case, prefix)
            if failed := [each.getMessage() for each in caplog.records if each.exc_info]:
                failures.append(f"{failed[0]}: {case.as_curl_command()}")
                caplog.clear()

        try:
            check()
        except Unsatisfiable:
            continue
    assert failures == []
