"""The Authentication Service API."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from tests.contract.exchange import Exchange

if TYPE_CHECKING:
    from tests.contract.conftest import RequestParts, Scenario

_Exchange = partial(Exchange, specification="authentication")


def authentication() -> Iterator[Exchange]:
    def basic(password: str) -> dict[str, str]:
        value = base64.b64encode(f"ada@shop.example:{password}".encode()).decode()
        return {"Authorization": f"Basic {value}"}

    bearer = {"Authorization": "Bearer token"}
    unknown = {"Authorization": "AnaplanAuthToken token"}
    data = os.urandom(142)

    def version_1(scenario: Scenario) -> RequestParts:
        return scenario.certificate_credential(data)

    def version_2(scenario: Scenario) -> RequestParts:
        return scenario.certificate_credential(
            scenario.encoded_time() + data, encodedDataFormat="v2"
        )

    def too_short(scenario: Scenario) -> RequestParts:
        return scenario.certificate_credential(b"too little")

    path = "/token/authenticate"
    yield _Exchange("POST", path, 201, user=None, headers=basic("ada"))
    yield _Exchange("POST", path, 201, version_1, user=None)
    yield _Exchange(
        "POST",
        path,
        201,
        version_2,
        user=None,
    )
    yield _Exchange("POST", path, 401, user=None, headers=basic("wrong"))
    yield _Exchange("POST", path, 401, user=None, headers=bearer)
    yield _Exchange(
        "POST",
        path,
        401,
        too_short,
        user=None,
    )
    for method, path, success, malformed in (
        ("POST", "/token/refresh", 200, 400),
        ("GET", "/token/validate", 200, 400),
        ("POST", "/token/logout", 204, 401),
    ):
        yield _Exchange(method, path, success)
        yield _Exchange(method, path, malformed, user=None, headers=bearer)
        yield _Exchange(method, path, 401, user=None, headers=unknown)
        yield _Exchange(method, path, 401, lambda scenario: scenario.ended_session(), user=None)


EXCHANGES = [*authentication()]
