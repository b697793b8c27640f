"""A tenant of one model, an administrator's client, and a walk through all listings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Self

import httpx2

from anaplan_emulator import Emulator, TenantDescription

if TYPE_CHECKING:
    from collections.abc import Iterator

_VOLATILE = {
    "lastLoginDate",
    "lastModified",
    "lastModifiedByUserGuid",
    "lastSavedSerialNumber",
    "meta",
    "timestamp",
}


def tenant_with(**model: object) -> TenantDescription:
    """Return a tenant whose only model has the given content."""
    user = {
        "email": "ada@example.com",
        "password": "correct horse",
        "first_name": "Ada",
        "last_name": "Lovelace",
        "roles": ["tenant_admin"],
        "workspaces": {"Workspace": "admin"},
    }
    workspaces = [{"name": "Workspace", "models": [{"name": "Model", **model}]}]
    return TenantDescription.model_validate(
        {"name": "Any", "users": [user], "workspaces": workspaces}
    )


class AdminClient:
    """A client of a user who may see everything, in the emulator's default model."""

    def __init__(self, emulator: Emulator, email: str = "", model_id: str = "") -> None:
        self.emulator = emulator
        users = emulator.describe(secrets=True).users
        user = next(user for user in users if user.email == (email or emulator.user_email))
        self.http = httpx2.Client(base_url=emulator.base_url, timeout=30)
        reply = self.http.post("/token/authenticate", auth=(user.email, user.password))
        token = reply.json()["tokenInfo"]["tokenValue"]
        self.http.headers["Authorization"] = f"AnaplanAuthToken {token}"
        self.model = f"/2/0/models/{model_id or emulator.model_id}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def get(self, path: str) -> Any:
        """Return the JSON of a path in the model."""
        return self.http.get(f"{self.model}{path}").json()

    def cells(self, view_id: str) -> list[list[str]]:
        """Return a view's cells as a grid."""
        reply = self.http.get(
            f"{self.model}/views/{view_id}/data", headers={"Accept": "text/csv;escaped=true"}
        )
        assert reply.status_code == 200, reply.text
        return [line.split(",") for line in reply.text.splitlines()]

    def run(self, collection: str, action_id: str) -> dict[str, Any]:
        """Run an action, and return its result."""
        tasks = f"{self.model}/{collection}/{action_id}/tasks"
        reply = self.http.post(tasks, json={"localeName": "en_US"})
        assert reply.status_code == 200, reply.text
        task = f"{tasks}/{reply.json()['task']['taskId']}"
        while True:
            body: dict[str, Any] = self.http.get(task).json()["task"]
            if body["taskState"] in ("COMPLETE", "CANCELLED", "FAILED"):
                result: dict[str, Any] = body["result"]
                return result


def all_listings(emulator: Emulator, *emails: str) -> dict[str, Any]:
    """Return what every listing of the Integration API and of ALM shows to users, by path."""
    found: dict[str, Any] = {}
    for email in emails or [emulator.user_email]:
        with AdminClient(emulator, email) as client:
            found |= _Walk(client, email).replies
    return found


class _Walk:
    def __init__(self, client: AdminClient, email: str) -> None:
        self.replies: dict[str, Any] = {}
        self._http = client.http
        self._email = email
        for path in ("/2/0/users", "/2/0/users/me", "/2/0/workspaces?tenantDetails=true"):
            self._get(path)
        for model in self._listed("/2/0/models?modelDetails=true", "models"):
            for path in self._paths(f"/2/0/models/{model['id']}"):
                self._get(path)

    def _paths(self, model: str) -> Iterator[str]:
        for name in (
            "",
            "?modelDetails=true",
            "/versions",
            "/modelCalendar",
            "/currentPeriod",
            "/users",
            "/alm/revisions",
            "/alm/latestRevision",
            "/lineItems?includeAll=true",
            "/views?includesubsidiaryviews=true",
            "/dimensions/101999999999/items",
        ):
            yield f"{model}{name}"
        for each in self._listed(f"{model}/lists", "lists"):
            path = f"{model}/lists/{each['id']}"
            metadata = self._get(path).get("metadata", {})
            yield f"{path}/items?includeAll=true"
            for dimension in (each, *metadata.get("subsets", [])):
                yield f"{model}/dimensions/{dimension['id']}/items"
        for item in self._listed(f"{model}/lineItems", "items"):
            path = f"{model}/lineItems/{item['id']}/dimensions"
            for dimension in self._listed(path, "dimensions"):
                yield f"{path}/{dimension['id']}/items"
        for view in self._listed(f"{model}/views", "views"):
            yield f"{model}/views/{view['id']}"
            yield f"{model}/views/{view['id']}/data?format=v1"
        for each in self._listed(f"{model}/files", "files"):
            yield f"{model}/files/{each['id']}/chunks"
        for kind in ("imports", "exports", "actions", "processes"):
            for each in self._listed(f"{model}/{kind}", kind):
                yield f"{model}/{kind}/{each['id']}"
                yield f"{model}/{kind}/{each['id']}?showImportDataSource=true"

    def _listed(self, path: str, member: str) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self._get(path).get(member, [])
        return listed

    def _get(self, path: str) -> dict[str, Any]:
        reply = self._http.get(path, headers={"Accept": "application/json"})
        body = json.loads(reply.text, object_hook=_lasting)
        self.replies[f"{self._email} {path}"] = [reply.status_code, body]
        return body if isinstance(body, dict) else {}


def _lasting(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if name not in _VOLATILE}
