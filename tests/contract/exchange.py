"""An exchange with the emulator: a request, and the status of its response."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx2
    from tests.contract.conftest import RequestParts, Scenario

MODEL = "/models/{modelId}"
MODEL_BY_WORKSPACE = f"/workspaces/{{workspaceId}}{MODEL}"


def no_preparation(_: Scenario) -> RequestParts:
    """Leave the tenant as it is after a reset."""
    return {}


def path_values(**values: str) -> Callable[[Scenario], RequestParts]:
    """Use values in the path that are known in advance."""
    return lambda _: {"path": values}


def in_model(name: str) -> Callable[[Scenario], RequestParts]:
    """Use another model than the default one."""
    return lambda scenario: {"path": {"modelId": scenario.model(name)}}


@dataclass(frozen=True)
class Exchange:
    """A request and the status of its response.

    A path below a model is also requested below the model's workspace.
    """

    method: str
    path: str
    status: int
    prepare: Callable[[Scenario], RequestParts] = no_preparation
    user: str | None = "ada"
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    json: object = None
    content: bytes | None = None
    specification: str = "integration"

    @property
    def path_forms(self) -> list[str]:
        below_a_model = self.path.startswith(f"{MODEL}/")
        longer = [self.path.replace(MODEL, MODEL_BY_WORKSPACE)] if below_a_model else []
        return [self.path, *longer]

    def send(self, scenario: Scenario, path: str, prefix: str) -> httpx2.Response:
        parts = self.prepare(scenario)
        authorization = scenario.authorization(self.user) if self.user else {}
        body = self.json if self.json is not None else parts.get("json")
        return scenario.http.request(
            self.method,
            prefix + fill(path, scenario, parts.get("path", {})),
            params=self.query,
            headers=authorization | dict(parts.get("headers", {})) | dict(self.headers),
            content=self.content,
            json=body,
        )


def fill(path: str, scenario: Scenario, values: Mapping[str, str]) -> str:
    """Insert values into a path. The default is 1, which is not the id of any object."""
    start = {"workspaceId": scenario.emulator.workspace_id, "modelId": scenario.emulator.model_id}
    return path.format_map(defaultdict(lambda: "1", {**start, **values}))
