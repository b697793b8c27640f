"""One exchange with the emulator: what is asked, and the status of the answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx2
    from tests.contract.conftest import Given, Place

MODEL = "/models/{modelId}"
MODEL_BY_WORKSPACE = f"/workspaces/{{workspaceId}}{MODEL}"


def nothing(_: Place) -> Given:
    """Nothing but the tenant as it is at the start."""
    return {}


def at(**values: str) -> Callable[[Place], Given]:
    """Values in the path, known before."""
    return lambda _: {"at": values}


def in_model(name: str) -> Callable[[Place], Given]:
    """Another model than that to begin with."""
    return lambda it: {"at": {"modelId": it.model(name)}}


@dataclass(frozen=True)
class Exchange:
    """A request and the status of its reply.

    A path below a model is asked for below the model's workspace, too.
    """

    method: str
    path: str
    status: int
    given: Callable[[Place], Given] = nothing
    who: str | None = "ada"
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    json: object = None
    content: bytes | None = None
    specification: str = "integration"

    @property
    def forms(self) -> list[str]:
        below_a_model = self.path.startswith(f"{MODEL}/")
        longer = [self.path.replace(MODEL, MODEL_BY_WORKSPACE)] if below_a_model else []
        return [self.path, *longer]

    def send(self, place: Place, path: str, prefix: str) -> httpx2.Response:
        given = self.given(place)
        authorization = place.authorization(self.who) if self.who else {}
        body = self.json if self.json is not None else given.get("json")
        return place.http.request(
            self.method,
            prefix + fill(path, place, given.get("at", {})),
            params=self.query,
            headers=authorization | dict(given.get("headers", {})) | dict(self.headers),
            content=self.content,
            json=body,
        )


def fill(path: str, place: Place, values: Mapping[str, str]) -> str:
    """Put values into a path; nothing has the id 1."""
    start = {"workspaceId": place.emulator.workspace_id, "modelId": place.emulator.model_id}
    return path.format_map(defaultdict(lambda: "1", {**start, **values}))
