"""Gateways that repeat what they were sent: errors and log lines show no secret of it."""

from __future__ import annotations

import json
import logging
import traceback
from base64 import b64encode
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

import httpx2
import pytest

from anaplan_sdk import AnaplanRefreshTokenAuth, AsyncClient, ConsolidationAccess
from anaplan_sdk.exceptions import AnaplanException, InvalidArgumentException

if TYPE_CHECKING:
    from tests.clients.conftest import Origin, Received

# Each has characters that are escaped in some form.
PASSWORD = 'pa55 w0rd/+&é"<x>'
TOKEN = "t0ken/value+with=slashes.and-0123456789"
KEY = "auk_k3y-0123456789abcdefgh"
CLIENT_SECRET = "c1ient&secret/with+signs"
REFRESH_TOKEN = "r3fresh/token+with=signs"
CLOUD_KEY = 'c1oud/key+with"signs'
HEADER = "g4teway-key 0123456789"
SECRETS = (PASSWORD, TOKEN, KEY, CLIENT_SECRET, REFRESH_TOKEN, CLOUD_KEY, HEADER)

CONNECTIONS: list[dict[str, Any]] = [
    {
        "type": "AmazonS3",
        "body": {
            "name": "bucket",
            "bucketName": "b",
            "accessKeyId": CLOUD_KEY,
            "secretAccessKey": CLOUD_KEY,
        },
    },
    {
        "type": "AzureBlob",
        "body": {
            "name": "blob",
            "storageAccountName": "a",
            "containerName": "c",
            "sasToken": CLOUD_KEY,
        },
    },
    {
        "type": "GoogleBigQuery",
        "body": {
            "name": "query",
            "dataset": "d",
            "serviceAccountKey": {"type": "service_account", "private_key": CLOUD_KEY},
        },
    },
]


class OwnAuth(httpx2.Auth):
    """Signs with a header of its own."""

    def auth_flow(
        self, request: httpx2.Request
    ) -> Generator[httpx2.Request, httpx2.Response, None]:
        request.headers["X-Own"] = f"Scheme {TOKEN}"
        yield request


def ways_to_sign_in() -> dict[str, dict[str, Any]]:
    spent: Any = {"access_token": TOKEN, "refresh_token": REFRESH_TOKEN, "expires_at": 1}
    return {
        "password": {"user_email": "me@example.com", "password": PASSWORD},
        "token": {"token": TOKEN},
        "api key": {"api_key": KEY},
        "own": {"auth": OwnAuth()},
        "refresh token": {
            "auth": AnaplanRefreshTokenAuth(
                "id", CLIENT_SECRET, "http://localhost/callback", token=spent
            )
        },
        "consolidation": {"consolidation": ConsolidationAccess(TOKEN, "tenant")},
    }


Reply = tuple[int, dict[str, str], bytes]


def as_reason(request: Received) -> Reply:
    body = {"status": "FAILURE", "statusMessage": f"\x1b[31mRefused: {request.text}"}
    return 400, {"Content-Type": "application/json"}, json.dumps(body).encode()


def as_nested_reason(request: Received) -> Reply:
    body = {"status": {"code": 500, "message": json.dumps(request.text)}}
    return 500, {"Content-Type": "application/json"}, json.dumps(body).encode()


def as_code(request: Received) -> Reply:
    body = {"error": request.text, "error_description": quote(request.text)}
    return 403, {"Content-Type": "application/json"}, json.dumps(body).encode()


def as_page(request: Received) -> Reply:
    return 200, {"Content-Type": "text/html"}, f"<html>{request.text}</html>".encode()


def as_text(request: Received) -> Reply:
    text = request.text.partition("Authorization")[2] or request.text
    return 502, {"Content-Type": "text/plain"}, text.encode()


def as_what_should_be_json(request: Received) -> Reply:
    return 200, {"Content-Type": "application/json"}, f"?\x1b]0;\x07{request.body!r}".encode()


def as_key(request: Received) -> Reply:
    return 200, {}, json.dumps({"items": [{request.text: 1}], "status": request.text}).encode()


def in_headers(request: Received) -> Reply:
    sent = " ".join(request.headers.values())
    location = "https://elsewhere.example/" + quote(sent, safe="")
    return 302, {"X-Request-Id": sent, "Location": location, "Content-Type": sent}, b""


def in_base64(request: Received) -> Reply:
    body = {"status": "FAILURE", "statusMessage": b64encode(request.text.encode()).decode()}
    return 400, {}, json.dumps(body).encode()


def cut_off(request: Received) -> Reply:
    sent = " ".join(request.headers.values())
    return 400, {"Content-Type": "text/plain"}, sent[: sent.find("123456")].encode()


def as_utf_16(request: Received) -> Reply:
    return 400, {"Content-Type": "text/plain"}, request.text.encode("utf-16-le")


def as_broken_http(request: Received) -> Reply:
    return 200, {"X-Sent: \x00": " ".join(request.headers.values())}, b""


REPLIES: list[Callable[[Received], Reply]] = [
    as_reason,
    as_nested_reason,
    as_code,
    as_page,
    as_text,
    as_what_should_be_json,
    as_key,
    in_headers,
    in_base64,
    cut_off,
    as_utf_16,
    as_broken_http,
]


def forms_of(secret: str) -> Iterator[str]:
    yield from (secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1])
    yield from (repr(secret)[1:-1], secret[:16], secret[-16:])
    for before in range(3):
        encoded = b64encode(bytes(before) + secret.encode()).decode().rstrip("=")
        yield encoded[4:-1]


def shown_of(error: BaseException) -> Iterator[str]:
    yield "".join(traceback.format_exception(error))
    cause: BaseException | None = error
    while cause is not None:
        yield from (str(cause), repr(cause), repr(cause.args))
        if isinstance(cause, AnaplanException):
            yield repr(vars(cause))
        cause = cause.__cause__ or cause.__context__


@pytest.mark.parametrize("reply", REPLIES, ids=lambda reply: reply.__name__)
async def test_what_was_sent_is_masked(
    new_origin: Callable[[], Origin],
    caplog: pytest.LogCaptureFixture,
    reply: Callable[[Received], Reply],
) -> None:
    origin = new_origin()
    origin.answer = reply
    shown: list[str] = []
    for way in ways_to_sign_in().values():
        with caplog.at_level(logging.DEBUG, "anaplan_sdk"):
            async with AsyncClient(
                base_url=origin.url,
                model_id="M",
                retry_count=1,
                backoff=0,
                settle_time=0,
                headers={"X-Gateway-Key": HEADER},
                cookies={"session": TOKEN},
                **way,
            ) as client:
                calls: list[Any] = [
                    client.get_workspaces,
                    client.scim.get_users,
                    client.consolidation.get_users,
                    lambda: client.get_small_file(113000000001),
                ]
                calls += [
                    lambda body=body: client.cw.create_connection(body) for body in CONNECTIONS
                ]
                for call in calls:
                    try:
                        await call()
                    except AnaplanException as error:
                        shown += shown_of(error)
    assert len(shown) > 20
    shown += [f"{record.getMessage()} {vars(record)!r}" for record in caplog.records]
    found = {
        (secret, form, text)
        for secret in SECRETS
        for form in forms_of(secret)
        for text in shown
        if form in text
    }
    assert found == set()
    controls = {text for text in shown if any(c in text for c in "\x1b\x07\x9b\r\u202e")}
    assert controls == set()
    assert any("***" in text for text in shown) or reply in (as_broken_http, as_key)


async def test_what_is_said_of_other_things_stays(new_origin: Callable[[], Origin]) -> None:
    origin = new_origin()
    origin.answer = lambda _: (400, {}, b'{"status": "FAILURE_X", "statusMessage": "No list 5."}')
    async with AsyncClient(base_url=origin.url, token=TOKEN, retry_count=0) as client:
        with pytest.raises(AnaplanException) as caught:
            await client.get_workspaces()
    assert (caught.value.code, caught.value.reason) == ("FAILURE_X", "No list 5.")


class SignsWith(httpx2.Auth):
    """Puts any value into a header."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def auth_flow(
        self, request: httpx2.Request
    ) -> Generator[httpx2.Request, httpx2.Response, None]:
        request.headers["X-Own"] = self._value
        yield request


@pytest.mark.parametrize("end", ["\n", "\r\n", " ", "\t", "\0", "\ud800", "\r\nX: y"])
async def test_an_own_header_that_cannot_be_sent(
    new_origin: Callable[[], Origin], caplog: pytest.LogCaptureFixture, end: str
) -> None:
    origin = new_origin()
    async with AsyncClient(
        base_url=origin.url, auth=SignsWith(f"{TOKEN}{end}"), retry_count=2, backoff=0
    ) as client:
        with pytest.raises(InvalidArgumentException, match="headers") as caught:
            await client.get_workspaces()
    error = caught.value
    assert (error.attempts, error.retryable, error.not_performed) == (1, False, True)
    assert error.__cause__ is None
    assert error.__context__ is None
    assert not any(TOKEN[:12] in text for text in [*shown_of(error), caplog.text])
    assert origin.received == []
