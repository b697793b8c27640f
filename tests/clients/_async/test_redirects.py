"""Redirects that a client was asked to follow: none carries a secret to another origin."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from anaplan_sdk import AnaplanRefreshTokenAuth, AsyncClient, ConsolidationAccess
from anaplan_sdk.exceptions import AnaplanConnectionException, AnaplanException
from anaplan_sdk.testing import EmulatedAnaplan

if TYPE_CHECKING:
    from tests.clients.conftest import Answer, Origin

SECRETS = ("pa55word", "t0ken-value", "auk_k3y-value", "c1ient-secret", "r3fresh-token", "5ecret")
CONNECTION = {
    "type": "AmazonS3",
    "body": {
        "name": "bucket",
        "bucketName": "b",
        "accessKeyId": "5ecret-id",
        "secretAccessKey": "5ecret-key",
    },
}

CELL: dict[str, Any] = {"lineItemName": "Seats", "dimensions": [], "value": 1}


class OwnAuth(httpx2.Auth):
    """Signs with a header of its own, for which it asks with a password."""

    requires_response_body = True

    def auth_flow(
        self, request: httpx2.Request
    ) -> Generator[httpx2.Request, httpx2.Response, None]:
        url = request.url.copy_with(path="/own/token", query=None)
        yield httpx2.Request("POST", url, json={"password": "pa55word"})
        request.headers["X-Own"] = "t0ken-value"
        yield request


def ways_to_sign_in() -> dict[str, dict[str, Any]]:
    return {
        "password": {"user_email": "me@example.com", "password": "pa55word"},
        "token": {"token": "t0ken-value"},
        "api key": {"api_key": "auk_k3y-value"},
        "own": {"auth": OwnAuth()},
        "refresh token": {
            "auth": AnaplanRefreshTokenAuth(
                "id",
                "c1ient-secret",
                "http://localhost/callback",
                token={"access_token": "t0ken-value", "refresh_token": "r3fresh-token"}
                | {"expires_at": 1},
            )
        },
        "consolidation": {"consolidation": ConsolidationAccess("t0ken-value", "tenant")},
    }


def to(origin: Origin, status: int) -> Answer:
    return lambda request: (status, {"Location": f"{origin.url}{request.path}"}, b"")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("way", ways_to_sign_in())
async def test_no_secret_goes_to_another_origin(
    new_origin: Callable[[], Origin], way: str, status: int
) -> None:
    here, elsewhere = new_origin(), new_origin()
    here.answer = to(elsewhere, status)
    options: dict[str, Any] = {
        "base_url": here.url,
        "model_id": "M",
        "follow_redirects": True,
        "retry_count": 0,
        "headers": {"X-Gateway-Key": "5ecret-header"},
        "cookies": {"session": "5ecret-cookie"},
    }
    async with AsyncClient(**options, **ways_to_sign_in()[way]) as client:
        for call in (
            client.get_workspaces,
            client.scim.get_users,
            client.consolidation.get_users,
            lambda: client.cw.create_connection(CONNECTION),
            lambda: client.tr.insert_list_items(101000000000, [{"name": "5ecret", "code": "C"}]),
        ):
            with suppress(AnaplanException):  # A GET may be answered, without its token.
                await call()
    assert here.received
    assert [each.text for each in elsewhere.received if any(s in each.text for s in SECRETS)] == []
    assert {each.method for each in elsewhere.received} <= {"GET"}


async def test_content_from_another_origin_is_read(new_origin: Callable[[], Origin]) -> None:
    here, elsewhere = new_origin(), new_origin()
    here.answer = to(elsewhere, 307)
    elsewhere.answer = lambda request: (
        (307, {"Location": "/again"}, b"") if request.path != "/again" else (200, {}, b"a,b\n")
    )
    options: Any = {"base_url": here.url, "model_id": "M", "token": "t0ken-value"}
    async with AsyncClient(
        **options, follow_redirects=True, cookies={"session": "5ecret-cookie"}
    ) as client:
        assert await client.get_small_file(113000000001) == b"a,b\n"
    assert [each.text for each in elsewhere.received if any(s in each.text for s in SECRETS)] == []


async def test_within_an_origin_they_are_followed_with_all(
    anaplan: EmulatedAnaplan, new_origin: Callable[[], Origin]
) -> None:
    here = new_origin()
    here.answer = lambda request: (
        (200, {}, b"{}") if request.path == "/new" else (308, {"Location": "/new"}, b"")
    )
    options: Any = {
        "base_url": here.url,
        "token": "t0ken-value",
        "retry_count": 0,
        "settle_time": 0,
    }
    async with AsyncClient(**options, follow_redirects=True) as client:
        with suppress(AnaplanException):
            await client.cw.create_connection(CONNECTION)
        first, second, *_ = here.received
        assert first.body == second.body
        assert first.headers["Authorization"] == second.headers["Authorization"]
        here.answer = lambda _: (308, {"Location": "/old"}, b"")
        with pytest.raises(AnaplanConnectionException, match="redirects"):
            await client.get_workspaces()
    async with AsyncClient(**options) as client:
        with pytest.raises(AnaplanException, match="redirects to"):
            await client.get_workspaces()


@pytest.mark.parametrize("status", [301, 302, 303])
async def test_a_request_that_writes_is_not_continued_as_a_get(
    new_origin: Callable[[], Origin], status: int
) -> None:
    """A listing of earlier tasks, for instance, would pass for the reply to a start."""
    here = new_origin()
    old = {"taskId": "OLD", "taskState": "COMPLETE", "result": {"successful": True}}
    found = json.dumps({"tasks": [old], "task": old}).encode()
    here.answer = lambda request: (
        (200, {}, found)
        if request.method == "GET"
        else (status, {"Location": f"{request.path}/"}, b"")
    )
    options: Any = {"base_url": here.url, "model_id": "M", "token": "t0ken-value"}
    async with AsyncClient(**options, follow_redirects=True, retry_count=0) as client:
        for call in (
            lambda: client.run_action(112000000000),
            lambda: client.cancel_task(112000000000, "OLD"),
            lambda: client.tr.write_cells(101000000000, [CELL]),
        ):
            with pytest.raises(AnaplanException, match="redirects"):
                await call()
    assert [each.method for each in here.received if each.method == "GET"] == []
