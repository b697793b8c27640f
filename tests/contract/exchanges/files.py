"""Files and their chunks."""

from __future__ import annotations

from collections.abc import Iterator

from tests.contract.exchange import MODEL, Exchange, at, in_model


def files() -> Iterator[Exchange]:
    path = f"{MODEL}/files"
    yield Exchange("GET", path, 200)
    yield Exchange("GET", path, 200, query={"sort": "-name", "limit": "2", "offset": "3"})
    yield Exchange("GET", path, 400, query={"limit": "0"})
    yield Exchange("GET", path, 404, who="eve")

    path = f"{MODEL}/files/{{fileId}}"
    count = {"chunkCount": 2}
    yield Exchange("POST", path, 200, lambda it: it.upload("names.csv", "Name\n"), json=count)
    yield Exchange("POST", path, 200, at(fileId="new.csv"), json=count)
    yield Exchange("POST", path, 400, at(fileId="new.csv"), json={"chunkCount": 0})
    yield Exchange("POST", path, 404, at(fileId="new.csv"), json=count, who="eve")
    for status, model in ((422, "Sales 2020"), (423, "Locked"), (424, "Away")):
        yield Exchange("POST", path, status, in_model(model), json=count)
    yield Exchange("PUT", path, 204, lambda it: it.upload("names.csv", "Name\n"), content=b"x")
    yield Exchange("PUT", path, 404, content=b"x")
    yield Exchange("PUT", path, 415, lambda it: it.upload("names.csv", "Name\n"), json={})
    yield Exchange("GET", path, 200, lambda it: it.upload("names.csv", "Name\n"))
    yield Exchange("GET", path, 404)
    yield Exchange("DELETE", path, 204, lambda it: it.upload("names.csv", "Name\n"))
    yield Exchange("DELETE", path, 404)

    yield Exchange("POST", f"{path}/complete", 200, lambda it: it.upload_under_way("Name\n"))
    yield Exchange("POST", f"{path}/complete", 400, lambda it: it.upload_under_way())
    yield Exchange("POST", f"{path}/complete", 404)

    path = f"{path}/chunks"
    yield Exchange("GET", path, 200, lambda it: it.upload_under_way("Na", "me\n"))
    yield Exchange("GET", path, 200, lambda it: it.upload_under_way())
    yield Exchange("GET", path, 404)
    path = f"{path}/{{chunkId}}"
    yield Exchange("PUT", path, 204, lambda it: it.upload_under_way("Na"), content=b"me\n")
    yield Exchange("PUT", path, 400, lambda it: it.file("names.csv"), content=b"x")
    yield Exchange("PUT", path, 404, content=b"x")
    yield Exchange("GET", path, 200, lambda it: it.upload("names.csv", "Name\n"))
    yield Exchange("GET", path, 404, lambda it: it.upload_under_way("Na"))


EXCHANGES = [*files()]
