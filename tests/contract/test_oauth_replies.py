"""The responses of the emulator's authorization server conform to the OAuth specification.

The exchanges are made in order, because codes and tokens can be used only once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from anaplan_emulator import Emulator

if TYPE_CHECKING:
    from pathlib import Path

    from tests.contract.conftest import Amendments, Contract

TOKEN = "/oauth/token"
DEVICE_CODE = "/oauth/device/code"
AUTHORIZE = "/auth/authorize"
SCOPE = "openid profile email offline_access"

Exchange = tuple[httpx2.Response, str, str]


@pytest.fixture(scope="module")
def specification(specification_folder: Path) -> Mapping[str, Any]:
    read: Mapping[str, Any] = json.loads((specification_folder / "oauth.json").read_text("utf-8"))
    return read


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture(scope="module")
def exchanges(emulator: Emulator) -> Sequence[Exchange]:
    """Successful and failed exchanges of every operation."""
    made: list[Exchange] = []
    client = {
        "client_id": emulator.oauth_client_id,
        "client_secret": emulator.oauth_client_secret,
    }
    device_client = {"client_id": emulator.device_client_id}
    query = {
        "response_type": "code",
        "client_id": emulator.oauth_client_id,
        "redirect_uri": emulator.redirect_uri,
        "state": "a state",
    }

    with httpx2.Client(base_url=emulator.base_url) as http:

        def post(path: str, status: int, **body: str) -> dict[str, Any]:
            reply = http.post(path, json=body)
            assert reply.status_code == status, reply.text
            made.append((reply, "POST", path))
            return dict(reply.json())

        def authorize(status: int, **changes: str) -> None:
            reply = http.get(AUTHORIZE, params={**query, "scope": SCOPE, **changes})
            assert reply.status_code == status, reply.text
            made.append((reply, "GET", AUTHORIZE))

        def exchange(status: int, code: str, secret: Mapping[str, str] = client) -> dict[str, Any]:
            redirect_uri = emulator.redirect_uri
            grant = {"grant_type": "authorization_code", "redirect_uri": redirect_uri}
            return post(TOKEN, status, **grant, **secret, code=code)

        def new_code(scope: str) -> str:
            url = httpx2.URL(f"{emulator.base_url}{AUTHORIZE}", params={**query, "scope": scope})
            code: str = httpx2.URL(emulator.authorize(str(url))).params["code"]
            return code

        def poll(status: int, device_code: str) -> dict[str, Any]:
            grant_type = "urn:ietf:params:oauth:grant-type:device_code"
            grant = {"grant_type": grant_type, "device_code": device_code}
            return post(TOKEN, status, **grant, **device_client)

        authorize(302)
        authorize(400, redirect_uri="https://elsewhere.example/")
        authorize(401, client_id="0" * 32)
        exchange(200, new_code("email"))
        tokens = exchange(200, new_code(SCOPE))
        exchange(403, "unknown")
        exchange(401, "unknown", {**client, "client_secret": "wrong"})
        refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        post(TOKEN, 200, **refresh, **client)
        post(TOKEN, 403, **refresh, **client)
        post(TOKEN, 401, **client)
        post(DEVICE_CODE, 200, **device_client)
        post(DEVICE_CODE, 400)
        post(DEVICE_CODE, 403, client_id="0" * 32)
        device = post(DEVICE_CODE, 200, **device_client, scope=SCOPE, audience="https://a.example")
        poll(403, "unknown")
        poll(403, device["device_code"])
        poll(403, device["device_code"])
        emulator.approve_device(device["user_code"])
        poll(200, device["device_code"])
        denied = post(DEVICE_CODE, 200, **device_client)
        emulator.deny_device(denied["user_code"])
        poll(403, denied["device_code"])
        expired = post(DEVICE_CODE, 200, **device_client)
        emulator.advance(seconds=901)
        poll(403, expired["device_code"])
    return made


def succeeded(exchange: Exchange) -> bool:
    return not exchange[0].is_error


def test_every_exchange_conforms(
    exchanges: Sequence[Exchange],
    specification: Mapping[str, Any],
    amendments: Mapping[str, Amendments],
    read_contract: Callable[[Mapping[str, Any], Amendments], Contract],
) -> None:
    contract = read_contract(specification, amendments["oauth"])

    for exchange in exchanges:
        assert contract.violations(*exchange) == [], exchange[0].text


def test_every_operation_is_among_the_exchanges(
    exchanges: Sequence[Exchange],
    specification: Mapping[str, Any],
    read_contract: Callable[[Mapping[str, Any], Amendments], Contract],
) -> None:
    operations = set(read_contract(specification, {}).operations())

    assert {(method, path) for _, method, path in filter(succeeded, exchanges)} == operations


def test_every_error_code_is_among_the_exchanges(
    exchanges: Sequence[Exchange], specification: Mapping[str, Any]
) -> None:
    codes = specification["components"]["schemas"]["ErrorPayload"]["properties"]["error"]["enum"]

    assert {reply.json()["error"] for reply, *_ in exchanges if reply.is_error} == set(codes)


def test_every_amendment_is_needed(
    exchanges: Sequence[Exchange],
    specification: Mapping[str, Any],
    amendments: Mapping[str, Amendments],
    read_contract: Callable[[Mapping[str, Any], Amendments], Contract],
) -> None:
    for number in range(len(amendments["oauth"]["optional"])):
        others = list(amendments["oauth"]["optional"])
        del others[number]
        contract = read_contract(specification, {"optional": others})
        assert any(contract.violations(*exchange) for exchange in exchanges)
