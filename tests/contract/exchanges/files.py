"""Files and their chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from tests.contract.exchange import MODEL, Exchange, in_model, path_values

if TYPE_CHECKING:
    from tests.contract.conftest import RequestParts, Scenario


def uploaded(scenario: Scenario) -> RequestParts:
    return scenario.upload("names.csv", "Name\n")


def unfinished(*chunks: str) -> Callable[[Scenario], RequestParts]:
    return lambda scenario: scenario.unfinished_upload(*chunks)


def files() -> Iterator[Exchange]:
    path = f"{MODEL}/files"
    yield Exchange("GET", path, 200)
    yield Exchange("GET", path, 200, query={"sort": "-name", "limit": "2", "offset": "3"})
    yield Exchange("GET", path, 400, query={"limit": "0"})
    yield Exchange("GET", path, 404, user="eve")

    path = f"{MODEL}/files/{{fileId}}"
    count = {"chunkCount": 2}
    yield Exchange("POST", path, 200, uploaded, json=count)
    yield Exchange("POST", path, 200, path_values(fileId="new.csv"), json=count)
    yield Exchange("POST", path, 400, path_values(fileId="new.csv"), json={"chunkCount": 0})
    yield Exchange("POST", path, 404, path_values(fileId="new.csv"), json=count, user="eve")
    for status, model in ((422, "Sales 2020"), (423, "Locked"), (424, "Away")):
        yield Exchange("POST", path, status, in_model(model), json=count)
    yield Exchange("PUT", path, 204, uploaded, content=b"x")
    yield Exchange("PUT", path, 404, content=b"x")
    yield Exchange("PUT", path, 415, uploaded, json={})
    yield Exchange("GET", path, 200, uploaded)
    yield Exchange("GET", path, 404)
    yield Exchange("DELETE", path, 204, uploaded)
    yield Exchange("DELETE", path, 404)

    yield Exchange("POST", f"{path}/complete", 200, unfinished("Name\n"))
    yield Exchange("POST", f"{path}/complete", 400, unfinished())
    yield Exchange("POST", f"{path}/complete", 404)

    path = f"{path}/chunks"
    yield Exchange("GET", path, 200, unfinished("Na", "me\n"))
    yield Exchange("GET", path, 200, unfinished())
    yield Exchange("GET", path, 404)
    path = f"{path}/{{chunkId}}"
    yield Exchange("PUT", path, 204, unfinished("Na"), content=b"me\n")
    yield Exchange("PUT", path, 400, lambda scenario: scenario.file("names.csv"), content=b"x")
    yield Exchange("PUT", path, 404, content=b"x")
    yield Exchange("GET", path, 200, uploaded)
    yield Exchange("GET", path, 404, unfinished("Na"))


EXCHANGES = [*files()]
