"""The violations that a contract finds, with a small specification."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

if TYPE_CHECKING:
    from tests.contract.conftest import Amendments, Contract

Read = Callable[[Mapping[str, Any], "Amendments"], "Contract"]

THING = {"name": "Chair", "color": "red"}
REPLY = {"meta": {}, "thing": THING}
PAGE = {"meta": {"paging": {"currentPageSize": 1}}, "things": [THING]}
EMPTY = {"meta": {"paging": {"currentPageSize": 0}}}

GET = ("GET", "/models/{modelId}/things/{thingId}")
LIST = ("GET", "/models/{modelId}/things")
PUT = ("PUT", "/models/{modelId}/things/{thingId}")
DELETE = ("DELETE", "/models/{modelId}/things/{thingId}")


def as_json(schema: object) -> dict[str, object]:
    return {"content": {"application/json": {"schema": schema}}}


def reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{name}"}


META = {"type": "object"}
SPECIFICATION = {
    "servers": [{"url": "https://api.example/2/0"}],
    "paths": {
        "/models/{modelId}/things": {
            "get": {
                "parameters": [reference("parameters/Offset")],
                "responses": {
                    "200": as_json(
                        {
                            "properties": {
                                "meta": META,
                                "things": {"type": "array", "items": reference("schemas/Thing")},
                            }
                        }
                    )
                },
            },
        },
        "/models/{modelId}/things/{thingId}": {
            "get": {
                "responses": {
                    "200": as_json(
                        {"properties": {"meta": META, "thing": reference("schemas/Thing")}}
                    ),
                    "403": as_json({"properties": {"why": {"type": "string"}}}),
                    "404": reference("responses/NotFound"),
                },
            },
            "put": {
                "requestBody": as_json(reference("schemas/Thing")),
                "responses": {"204": {}},
            },
        },
    },
    "components": {
        "parameters": {"Offset": {"name": "offset", "in": "query"}},
        "responses": {"NotFound": as_json({"properties": {"lost": {"type": "string"}}})},
        "schemas": {
            "Thing": {
                "properties": {
                    "name": {"type": "string"},
                    "color": {"type": "string", "nullable": True},
                }
            },
            "ErrorResponse": {"properties": {"path": {"type": "string"}}},
        },
    },
}


def reply(body: object = None, status: int = 200, sent: object = None) -> httpx2.Response:
    request = httpx2.Request("PUT", "https://api.example", json=sent)
    return httpx2.Response(status, json=body, request=request)


def text(status: int = 200) -> httpx2.Response:
    request = httpx2.Request("GET", "https://api.example")
    return httpx2.Response(status, text="text", request=request)


@pytest.mark.parametrize(
    ("exchange", "operation"),
    [
        pytest.param(reply(REPLY), GET, id="all members"),
        pytest.param(reply({**REPLY, "thing": {**THING, "color": None}}), GET, id="null"),
        pytest.param(reply(REPLY), ("GET", "/workspaces/{w}/models/{m}/things/{t}/"), id="form"),
        pytest.param(reply(PAGE), LIST, id="page"),
        pytest.param(reply(EMPTY), LIST, id="missing collection of an empty page"),
        pytest.param(reply(status=204, sent=THING), PUT, id="no content"),
        pytest.param(reply({"why": "so"}, 403), GET, id="error of the operation"),
        pytest.param(reply({"lost": "yes"}, 404), GET, id="error by reference"),
        pytest.param(reply({"path": "/"}, 500), GET, id="error of the API"),
    ],
)
def test_conforming(
    read_contract: Read, exchange: httpx2.Response, operation: tuple[str, str]
) -> None:
    assert read_contract(SPECIFICATION, {}).violations(exchange, *operation) == []


@pytest.mark.parametrize(
    ("exchange", "operation", "violation"),
    [
        (reply({"meta": {}, "thing": {"name": "Chair"}}), GET, "'color' is a required property"),
        (reply({**REPLY, "thing": {**THING, "size": 1}}), GET, "('size' was unexpected)"),
        (reply({**REPLY, "thing": {**THING, "name": 1}}), GET, "$.thing.name: 1 is not of type"),
        (reply({**REPLY, "thing": "Chair"}), GET, "'Chair' is not of type 'object'"),
        (reply({**PAGE, "things": [{}]}), LIST, "'name' is a required property"),
        (reply({"meta": PAGE["meta"]}), LIST, "'things' is a required property"),
        (reply({"meta": {}, "things": []}), LIST, "$.meta.paging is missing"),
        (reply({**EMPTY, "thing": THING}), GET, "$.meta.paging of an operation without pages"),
        (reply(REPLY, 201), GET, "201 is not in the specification"),
        (reply({}, 204), PUT, "application/json, 2 bytes"),
        (reply(status=204, sent={"name": "Chair"}), PUT, "'color' is a required property"),
        (reply(status=200), GET, "None instead of application/json"),
        (text(), GET, "text/plain; charset=utf-8 instead of application/json"),
        (text(500), GET, "an error is text/plain; charset=utf-8"),
        (reply({"path": "/"}, 403), GET, "'why' is a required property"),
        (reply({"path": "/"}, 404), GET, "'lost' is a required property"),
        (reply({"why": "so"}, 500), GET, "'path' is a required property"),
        (reply(REPLY), DELETE, "is not in the specification"),
    ],
)
def test_violating(
    read_contract: Read, exchange: httpx2.Response, operation: tuple[str, str], violation: str
) -> None:
    violations = read_contract(SPECIFICATION, {}).violations(exchange, *operation)

    assert any(violation in each for each in violations), violations


@pytest.mark.parametrize(
    ("amendments", "exchange", "operation"),
    [
        (
            {"replace": [{"at": "#/components/schemas/Thing/properties/name", "with": {}}]},
            reply({**REPLY, "thing": {**THING, "name": 1}}),
            GET,
        ),
        (
            {
                "replace": [
                    {"at": f"#/paths/{GET[1].replace('/', '~1')}/put/responses/200", "with": {}}
                ]
            },
            reply(),
            PUT,
        ),
        (
            {"optional": [{"schema": "#/components/schemas/Thing", "members": ["color"]}]},
            reply({**REPLY, "thing": {"name": "Chair"}}),
            GET,
        ),
        (
            {"like": [{"operation": " ".join(DELETE), "as": " ".join(GET)}]},
            reply(REPLY),
            DELETE,
        ),
    ],
    ids=["replace", "add", "optional", "like"],
)
def test_conforming_with_amendments(
    read_contract: Read,
    amendments: Amendments,
    exchange: httpx2.Response,
    operation: tuple[str, str],
) -> None:
    assert read_contract(SPECIFICATION, {}).violations(exchange, *operation)
    assert read_contract(SPECIFICATION, amendments).violations(exchange, *operation) == []
