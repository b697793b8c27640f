"""An HTTP client for the models Plan and Plan Live and their revisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx2
    from tests.emulator.conftest import TenantClient


class AlmClient:
    def __init__(self, shop: TenantClient) -> None:
        self.shop = shop
        listed = shop.http.get("/2/0/models").json()["models"]
        self._models = {each["name"]: each for each in listed}
        self.workspace_id = self._models["Plan"]["currentWorkspaceId"]

    def id(self, model: str) -> str:
        return str(self._models[model]["id"])

    def path(self, path: str, model: str = "Plan") -> str:
        return f"/2/0/models/{self.id(model)}{path}"

    def get(self, path: str, model: str = "Plan", **options: Any) -> httpx2.Response:
        return self.shop.http.get(self.path(path, model), **options)

    def post(self, path: str, body: object, model: str = "Plan") -> httpx2.Response:
        return self.shop.http.post(self.path(path, model), json=body)

    def post_text(self, path: str, text: bytes) -> httpx2.Response:
        return self.shop.http.post(self.path(path), content=text)

    def revision(self, name: str, model: str = "Plan") -> str:
        listed = self.get("/alm/revisions", model).json()["revisions"]
        return str(next(each["id"] for each in listed if each["name"] == name))

    def ids(self, source: str = "Second", target: str = "First") -> dict[str, str]:
        return {
            "sourceRevisionId": self.revision(source),
            "sourceModelId": self.id("Plan"),
            "targetRevisionId": self.revision(target),
        }

    def restructure(self, model: str, change: Mapping[str, object]) -> None:
        self.shop.emulator.restructure(model, change)

    def start(self, kind: str, ids: Mapping[str, str], model: str = "Plan Live") -> str:
        """Start a task, and return its path."""
        reply = self.post(f"/alm/{kind}", ids, model)
        assert reply.status_code == 201, reply.text
        return f"/alm/{kind}/{reply.json()['task']['taskId']}"

    def wait(self, task: str, *states: str, model: str = "Plan Live") -> dict[str, Any]:
        while True:
            body: dict[str, Any] = self.get(task, model).json()["task"]
            if body["taskState"] in ("COMPLETE", *states):
                return body

    def run(self, kind: str, ids: Mapping[str, str], model: str = "Plan Live") -> dict[str, Any]:
        """Run a task to its end, and return its result."""
        result: dict[str, Any] = self.wait(self.start(kind, ids, model), model=model)["result"]
        return result

    def id_of(self, collection: str, name: str, model: str = "Plan") -> str:
        listed = self.get(f"/{collection}", model).json()[collection]
        return str(next(each["id"] for each in listed if each["name"] == name))

    def run_import(self, name: str, content: bytes = b"", model: str = "Plan") -> None:
        if content:
            file = self.id_of("files", f"{name.lower()}.csv", model)
            self.shop.http.put(self.path(f"/files/{file}", model), content=content)
        tasks = f"/imports/{self.id_of('imports', name, model)}/tasks"
        task = self.post(tasks, {"localeName": "en_US"}, model).json()["task"]["taskId"]
        assert self.wait(f"{tasks}/{task}", model=model)["result"]["successful"]
