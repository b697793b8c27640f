"""Calendar, current period and versions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from tests.contract.exchange import MODEL, Exchange, in_model

if TYPE_CHECKING:
    from tests.contract.conftest import RequestParts, Scenario

FORECAST = "107000000002"


def version(version_id: str = FORECAST) -> Callable[[Scenario], RequestParts]:
    """Use a version's id."""
    return lambda _: {"path": {"versionId": version_id}}


def calendar() -> Iterator[Exchange]:
    path = f"{MODEL}/modelCalendar"
    for name in ("Sales", "Locked", "Live"):
        yield Exchange("GET", path, 200, in_model(name))
    yield Exchange("GET", path, 404, user="eve")
    path = f"{path}/fiscalYear"
    yield Exchange("PUT", path, 200, json={"year": "FY27"})
    yield Exchange("PUT", path, 400, json={"year": "2027"})
    yield Exchange("PUT", path, 400, in_model("Live"), json={"year": "FY27"})
    yield Exchange("PUT", path, 403, json={"year": "FY27"}, user="bob")

    path = f"{MODEL}/currentPeriod"
    yield Exchange("GET", path, 200)
    yield Exchange("GET", path, 200, in_model("Locked"))
    yield Exchange("GET", path, 404, user="eve")
    yield Exchange("PUT", path, 200, query={"date": "2026-02-14"})
    yield Exchange("PUT", path, 200, json={"date": "2026-02-14"})
    yield Exchange("PUT", path, 400, query={"date": "2026-02-14"}, json={"date": "2026-02-14"})
    yield Exchange("PUT", path, 400, json={"date": "2031-02-14"})
    yield Exchange("PUT", path, 403, json={"date": "2026-02-14"}, user="bob")

    path = f"{MODEL}/versions"
    yield Exchange("GET", path, 200)
    yield Exchange("GET", path, 200, in_model("Locked"))
    yield Exchange("GET", path, 404, user="eve")
    path = f"{path}/{{versionId}}/switchover"
    yield Exchange("PUT", path, 200, version(), json={"date": "2026-02-14"})
    yield Exchange("PUT", path, 200, version(), json={"date": ""})
    yield Exchange("PUT", path, 400, version(), json={"date": "2031-02-14"})
    yield Exchange("PUT", path, 403, version(), json={"date": "2026-02-14"}, user="bob")
    yield Exchange("PUT", path, 404, json={"date": "2026-02-14"})


EXCHANGES = [*calendar()]
