"""Signing in with the authentication service."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from functools import partial

from tests.contract.exchange import Exchange

_Exchange = partial(Exchange, specification="authentication")


def signing_in() -> Iterator[Exchange]:
    def basic(password: str) -> dict[str, str]:
        value = base64.b64encode(f"ada@shop.example:{password}".encode()).decode()
        return {"Authorization": f"Basic {value}"}

    foreign = {"Authorization": "Bearer token"}
    unknown = {"Authorization": "AnaplanAuthToken token"}
    data = os.urandom(142)

    path = "/token/authenticate"
    yield _Exchange("POST", path, 201, who=None, headers=basic("ada"))
    yield _Exchange("POST", path, 201, lambda it: it.signed_by_certificate(data), who=None)
    yield _Exchange(
        "POST",
        path,
        201,
        lambda it: it.signed_by_certificate(it.timestamp() + data, encodedDataFormat="v2"),
        who=None,
    )
    yield _Exchange("POST", path, 401, who=None, headers=basic("wrong"))
    yield _Exchange("POST", path, 401, who=None, headers=foreign)
    yield _Exchange("POST", path, 401, lambda it: it.signed_by_certificate(b"too little"), who=None)
    for method, path, success, malformed in (
        ("POST", "/token/refresh", 200, 400),
        ("GET", "/token/validate", 200, 400),
        ("POST", "/token/logout", 204, 401),
    ):
        yield _Exchange(method, path, success)
        yield _Exchange(method, path, malformed, who=None, headers=foreign)
        yield _Exchange(method, path, 401, who=None, headers=unknown)
        yield _Exchange(method, path, 401, lambda it: it.ended_session(), who=None)


EXCHANGES = [*signing_in()]
