"""Sign-in on another device, driven by hand: every wait is seen, none is waited for."""

from __future__ import annotations

import json
import time
from collections.abc import Generator
from typing import Any
from urllib.parse import parse_qsl

import httpx2
import pytest

from anaplan_sdk import AnaplanDeviceAuth, DeviceCode
from anaplan_sdk._runtime.flow import Call, Pause
from anaplan_sdk.auth.device import DeviceSignIn
from anaplan_sdk.auth.oauth_app import OAuthApp, OAuthToken
from anaplan_sdk.exceptions import (
    AnaplanConnectionException,
    AnaplanException,
    AnaplanResponseException,
    OAuthException,
    ServerException,
)
from anaplan_sdk.testing import EmulatedAnaplan

HOST = "https://us1a.app.anaplan.com"
CODE = {
    "device_code": "d3vice-secret",
    "user_code": "ABCD-EFGH",
    "verification_uri": f"{HOST}/activate",
    "verification_uri_complete": f"{HOST}/activate?user_code=ABCD-EFGH",
    "expires_in": 900,
    "interval": 5,
}
TOKEN = {"access_token": "a", "refresh_token": "r", "expires_in": 2100, "token_type": "Bearer"}

App = OAuthApp(
    client_id="c11ent",
    client_secret=None,
    redirect_uri=None,
    authorization_url=f"{HOST}/auth/prelogin",
    token_url=f"{HOST}/oauth/token",
    validation_url="https://auth.anaplan.com/token/validate",
    device_url=f"{HOST}/oauth/device/code",
    scope="openid",
)


class Driver:
    """Takes the steps of a sign-in, and answers its requests from a list.

    Attributes:
        waits: Seconds waited before each poll.
        sent: The form of each request.
        shown: What the person was shown.
    """

    def __init__(self, sign_in: DeviceSignIn, *answers: object) -> None:
        self.waits: list[float] = []
        self.sent: list[dict[str, str]] = []
        self._answers = iter(answers)
        self._steps: Generator[Any, Any, OAuthToken] = sign_in(App)

    def run(self) -> OAuthToken:
        waited = 0.0
        try:
            step = next(self._steps)
            while True:
                if isinstance(step, Pause):
                    assert step.seconds <= 1, "cancel() would go unnoticed"
                    waited += step.seconds
                    step = self._steps.send(None)
                elif isinstance(step, Call):
                    step = self._steps.send(step.function())
                else:
                    self.waits.append(waited)
                    waited = 0.0
                    step = self._answer(step)
        except StopIteration as end:
            token: OAuthToken = end.value
            return token

    def _answer(self, request: httpx2.Request) -> object:
        self.sent.append(dict(parse_qsl(request.content.decode())))
        answer = next(self._answers)
        if isinstance(answer, Exception):
            return self._steps.throw(answer)
        status, body = answer if isinstance(answer, tuple) else (200, answer)
        # Not by `json=`, which refuses the numbers that JSON does not have.
        content = json.dumps(body).encode()
        return self._steps.send(httpx2.Response(status, content=content, request=request))


def refusal(word: str, status: int = 403) -> tuple[int, dict[str, str]]:
    return status, {"error": word, "error_description": "Words."}


PENDING = refusal("authorization_pending")


def driver(*answers: object) -> Driver:
    return Driver(DeviceSignIn(lambda code: None), *answers)


def test_it_polls_until_the_person_has_signed_in() -> None:
    drive = driver(CODE, PENDING, PENDING, TOKEN)
    token = drive.run()
    assert token["access_token"] == "a"
    assert token["expires_at"]
    assert drive.waits == [0, 5, 5, 5]
    begun, *polls = drive.sent
    assert begun == {"client_id": "c11ent", "scope": "openid"}
    assert polls == 3 * [
        {
            "client_id": "c11ent",
            "device_code": "d3vice-secret",
            "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        }
    ]


def test_it_slows_down_when_told_to() -> None:
    drive = driver(CODE, refusal("slow_down"), PENDING, refusal("slow_down", 429), PENDING, TOKEN)
    drive.run()
    assert drive.waits == [0, 5, 10, 10, 15, 15]


@pytest.mark.parametrize("status", [400, 401, 403, 428])
def test_words_count_whatever_the_status(status: int) -> None:
    drive = driver(CODE, refusal("authorization_pending", status), TOKEN)
    assert drive.run()["access_token"] == "a"


def test_an_interval_that_is_not_told() -> None:
    code = {name: value for name, value in CODE.items() if name != "interval"}
    drive = driver(code, TOKEN)
    drive.run()
    assert drive.waits == [0, 5]


def test_an_interval_of_nothing_still_lets_others_run() -> None:
    drive = driver({**CODE, "interval": 0}, PENDING, TOKEN)
    drive.run()
    assert len(drive.waits) == 3
    assert all(wait > 0 for wait in drive.waits[1:])


def test_trouble_on_the_way_ends_nothing() -> None:
    trouble = AnaplanConnectionException("The connection failed.", retryable=True)
    drive = driver(CODE, trouble, refusal("server_error", 503), TOKEN)
    drive.run()
    assert drive.waits == [0, 5, 10, 20]


@pytest.mark.parametrize("word", ["access_denied", "expired_token", "invalid_grant"])
def test_the_end_is_clear(word: str) -> None:
    with pytest.raises(OAuthException) as refused:
        driver(CODE, PENDING, refusal(word)).run()
    assert refused.value.code == word
    assert "d3vice-secret" not in str(refused.value)


def test_a_code_that_has_expired_is_not_asked_about() -> None:
    drive = driver({**CODE, "expires_in": 0})
    with pytest.raises(OAuthException, match="begin again") as refused:
        drive.run()
    assert refused.value.code == "expired_token"
    assert len(drive.sent) == 1


@pytest.mark.parametrize("interval", [-1, float("nan"), float("inf"), "soon", None])
def test_an_interval_that_is_none_counts_as_absent(interval: object) -> None:
    drive = driver({**CODE, "interval": interval}, TOKEN)
    drive.run()
    assert drive.waits == [0, 5]


def test_trouble_that_will_not_pass_ends_it() -> None:
    trouble = AnaplanConnectionException("Unsupported protocol.", retryable=False)
    with pytest.raises(AnaplanConnectionException):
        driver(CODE, trouble).run()


@pytest.mark.parametrize(
    "reply",
    [
        {},
        [],
        {**CODE, "expires_in": "soon"},
        {**CODE, "expires_in": float("nan")},
        {**CODE, "expires_in": 1e300},
        {name: CODE[name] for name in ("device_code", "expires_in")},
    ],
)
def test_a_reply_that_is_none(reply: object) -> None:
    with pytest.raises(AnaplanResponseException) as failed:
        driver(reply).run()
    assert "d3vice-secret" not in str(failed.value)


@pytest.mark.parametrize(
    ("reply", "error"),
    [(refusal("unauthorized_client"), OAuthException), ((503, {}), ServerException)],
)
def test_a_sign_in_that_does_not_begin(reply: object, error: type[AnaplanException]) -> None:
    with pytest.raises(error):
        driver(reply).run()


def test_it_can_be_cancelled_while_it_waits() -> None:
    sign_in = DeviceSignIn(lambda code: None)
    steps: Generator[Any, Any, OAuthToken] = sign_in(App)
    request = next(steps)
    shown = steps.send(httpx2.Response(200, json=CODE, request=request))
    assert isinstance(shown, Call)
    assert isinstance(steps.send(None), Pause)
    sign_in.cancelled.set()
    with pytest.raises(OAuthException) as cancelled:
        steps.send(None)
    assert cancelled.value.code == "cancelled"
    # The next one begins anew.
    assert isinstance(next(sign_in(App)), httpx2.Request)


def test_the_device_code_is_not_shown() -> None:
    code = DeviceCode.model_validate(CODE)
    assert "d3vice-secret" not in repr(code) + str(code)
    assert "ABCD-EFGH" in repr(code)


def test_hosts() -> None:
    assert "//eu3.app.anaplan.com/" in repr(AnaplanDeviceAuth("c11ent", region="eu3"))
    with pytest.raises(ValueError, match="client_id"):
        AnaplanDeviceAuth("")


@pytest.mark.parametrize("interval", [900, 5000, 1e300, 10**30, "9000"], ids=repr)
@pytest.mark.parametrize("lifetime", [900, 10**18, 10**400, "900"], ids=repr)
def test_an_interval_or_a_lifetime_beyond_all_bounds(interval: object, lifetime: object) -> None:
    """There is a poll before the code expires."""
    shown: list[DeviceCode] = []
    code = {**CODE, "expires_in": lifetime, "interval": interval}
    drive = Driver(DeviceSignIn(shown.append), code, PENDING, TOKEN)
    assert drive.run()["access_token"] == "a"
    assert 0 < shown[0].expires_in <= 86_400
    assert all(wait <= shown[0].expires_in / 2 for wait in drive.waits)


def test_an_interval_beyond_the_codes_life_is_not_waited_out(anaplan: EmulatedAnaplan) -> None:
    code = {**CODE, "expires_in": 1, "interval": 3600}
    refused = {"error": "authorization_pending"}
    anaplan.fault(path="/oauth/device/code", status=200, body=code)
    anaplan.fault(path="/oauth/token", status=403, body=refused, times=None)
    auth = AnaplanDeviceAuth("c11ent", prompt=lambda code: None)
    began = time.monotonic()
    with pytest.raises(OAuthException) as failed:
        anaplan.client(auth=auth).get_workspaces()
    assert failed.value.code == "expired_token"
    assert time.monotonic() - began < 3
    assert len(anaplan.requests(path="/oauth/token")) == 1


@pytest.mark.parametrize("lifetime", [1e300, 10**400, -1, "x", None, float("nan"), 0], ids=repr)
def test_the_lifetime_of_a_token_that_makes_no_sense(lifetime: object) -> None:
    token = driver(CODE, {**TOKEN, "expires_in": lifetime}).run()
    assert isinstance(token["expires_in"], int)
    assert 0 < token["expires_in"] < 1e9
    assert float(token["expires_at"]) > 0
