"""Every way to sign in, failing in every way we know of: what is seen of it holds no secret."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import anyio
import httpx
import httpx2
import pytest

from anaplan_sdk import (
    AnaplanDeviceAuth,
    AnaplanLocalOAuth,
    AnaplanRefreshTokenAuth,
    DeviceCode,
    MemoryStore,
    OAuthToken,
    PlaintextFileStore,
)
from anaplan_sdk.auth.stores import store_key
from anaplan_sdk.testing import EmulatedAnaplan

if TYPE_CHECKING:
    from pathlib import Path

    from tests.oauth.conftest import World

# Whatever travels under one of these names is a secret.
NAMES = {
    "access_token",
    "client_secret",
    "code",
    "device_code",
    "encodedSignedData",
    "id_token",
    "refresh_token",
    "state",
    "tokenValue",
}


class Wire:
    """Sees all that is sent and received, and remembers the secrets in it."""

    def __init__(self) -> None:
        self.secrets: set[str] = set()

    def sent(self, request: httpx2.Request, content: bytes) -> None:
        _, _, credentials = request.headers.get("Authorization", "").partition(" ")
        self.note(credentials)
        self.look_at(content)

    def received(self, response: httpx2.Response) -> None:
        self.look_at(response.content)

    def look_at(self, content: bytes) -> None:
        try:
            self.walk(json.loads(content))
        except ValueError:
            self.walk(dict(parse_qsl(content.decode("utf-8", "replace"))))

    def walk(self, value: object) -> None:
        if isinstance(value, dict):
            for name, item in value.items():
                if name in NAMES:
                    self.note(item)
                self.walk(item)
        elif isinstance(value, list):
            for item in value:
                self.walk(item)

    def note(self, *secrets: object) -> None:
        self.secrets |= {secret for secret in secrets if isinstance(secret, str) and secret}

    def transport(self) -> httpx2.HTTPTransport:
        wire = self

        class Transport(httpx2.HTTPTransport):
            def handle_request(self, request: httpx2.Request) -> httpx2.Response:
                wire.sent(request, request.read())
                response = super().handle_request(request)
                response.request = request
                response.read()
                wire.received(response)
                return response

        return Transport()

    def async_transport(self) -> httpx2.AsyncHTTPTransport:
        wire = self

        class Transport(httpx2.AsyncHTTPTransport):
            async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
                wire.sent(request, await request.aread())
                response = await super().handle_async_request(request)
                response.request = request
                await response.aread()
                wire.received(response)
                return response

        return Transport()


class Stage:
    """Where sign-ins fail; what was seen of them is kept.

    Attributes:
        seen: Reprs and texts, each with where it is from.
    """

    def __init__(self, anaplan: EmulatedAnaplan, world: World, wire: Wire) -> None:
        self.anaplan = anaplan
        self.world = world
        self.wire = wire
        self.seen: list[tuple[str, str]] = []
        self.failures = 0

    def fails(self, **arguments: Any) -> None:
        """Has a client ask, which must fail, and looks at the client and the error."""
        try:
            if self.world.backend is None:
                client = self.anaplan.client(
                    transport=self.wire.transport(), retry_count=0, **arguments
                )
                self.look_at("client", client)
                client.get_workspaces()
            else:
                anyio.run(self._ask, arguments, backend=self.world.backend)
        except Exception as error:  # noqa: BLE001 - of whatever kind it is
            self.look_at_error(error)
        else:
            pytest.fail("it did not fail")
        for name, argument in arguments.items():
            if isinstance(argument, httpx2.Auth):
                self.look_at(name, argument)

    def raises(self, call: Callable[..., object], *args: Any, **kwargs: Any) -> None:
        """Looks at an error that a call must raise."""
        try:
            call(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - of whatever kind it is
            self.look_at_error(error)
        else:
            pytest.fail("it did not fail")

    async def _ask(self, arguments: dict[str, Any]) -> None:
        async with self.anaplan.async_client(
            transport=self.wire.async_transport(), retry_count=0, **arguments
        ) as client:
            self.look_at("client", client)
            await client.get_workspaces()

    def look_at(self, place: str, thing: object) -> None:
        """Keeps the reprs of a thing of ours, and of ours that it is made of."""
        for path, part in parts(place, thing, set()):
            self.seen += [(path, repr(part)), (path, str(part)), (path, format(part))]

    def look_at_error(self, error: BaseException) -> None:
        self.failures += 1
        self.seen.append(("traceback", "".join(traceback.format_exception(error))))
        cause: BaseException | None = error
        while cause is not None:
            place = type(cause).__name__
            self.look_at(place, cause)
            self.seen += [(place, repr(cause)), (place, str(cause)), (place, repr(cause.args))]
            if type(cause).__module__.startswith("anaplan_sdk"):
                self.seen.append((f"{place}'s attributes", repr(vars(cause))))
            cause = cause.__cause__ or cause.__context__


def parts(place: str, thing: object, met: set[int]) -> Iterator[tuple[str, object]]:
    """Walks over a thing's objects whose classes are ours."""
    if id(thing) in met or not type(thing).__module__.startswith("anaplan_sdk"):
        return
    met.add(id(thing))
    yield place, thing
    slots = [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())]
    attributes = {name: getattr(thing, name, None) for name in slots} | getattr(
        thing, "__dict__", {}
    )
    for name, value in attributes.items():
        yield from parts(f"{place}.{name}", value, met)


def basic(stage: Stage, _: Path) -> None:
    emulator = stage.anaplan.emulator
    stage.wire.note("wr0ng-password", emulator.password)
    stage.fails(user_email=emulator.user_email, password="wr0ng-password")
    stage.anaplan.fault(path="/2/0/workspaces", status=403)
    stage.fails()
    stage.anaplan.fault(path="/token/authenticate", reset_before=True)
    stage.fails()
    stage.anaplan.fault(path="/token/authenticate", body={"tokenInfo": {"tokenValue": "a\nb-c"}})
    stage.fails()


def certificate(stage: Stage, _: Path) -> None:
    emulator = stage.anaplan.emulator
    key = emulator.private_key.read_text()
    stage.wire.note(*key.splitlines()[1:-1], "key-passw0rd")
    given = {"certificate": emulator.certificate, "private_key": key}
    stage.anaplan.fault(path="/token/authenticate", status=401, times=2)  # in both formats
    stage.fails(**given)
    stage.anaplan.fault(path="/token/authenticate", lose_reply=True)
    stage.fails(**given)
    stage.fails(**given, private_key_password="key-passw0rd")
    stage.fails(certificate=emulator.certificate, private_key=key[:-200])


def token(stage: Stage, _: Path) -> None:
    stage.wire.note("t0ken-of-nobody", "two\nlines-t0ken")
    stage.fails(token="t0ken-of-nobody")
    stage.fails(token="two\nlines-t0ken")


def api_key(stage: Stage, _: Path) -> None:
    stage.wire.note("auk_us1_s3cret")
    stage.fails(api_key="auk_us1_s3cret")


def foreign(stage: Stage, _: Path) -> None:
    stage.wire.note("f0reign")
    stage.fails(auth=httpx.BasicAuth("ann", "f0reign"))
    stage.fails(auth=httpx2.BasicAuth("ann", "f0reign"))


def registration(stage: Stage) -> dict[str, Any]:
    emulator = stage.anaplan.emulator
    stage.wire.note(emulator.oauth_client_secret)
    return {
        "client_id": emulator.oauth_client_id,
        "client_secret": emulator.oauth_client_secret,
        "redirect_uri": emulator.redirect_uri,
        "base_url": emulator.base_url,
    }


def repeat_what_is_sent(stage: Stage, *secrets: object) -> None:
    words = " ".join(str(secret) for secret in secrets)
    body = {"error": "invalid_grant", "error_description": f"What is {words}?"}
    stage.anaplan.fault(path="/oauth/token", status=403, body=body)


def a_token(stage: Stage) -> OAuthToken:
    oauth = stage.world.oauth(stage.anaplan)
    url, state = oauth.authorization_url()
    callback = stage.anaplan.emulator.authorize(url)
    token = oauth.fetch_token(callback, state)
    stage.wire.walk([token, dict(parse_qsl(urlsplit(callback).query))])
    return token


def web(stage: Stage, _: Path) -> None:
    secret = registration(stage)["client_secret"]
    oauth = stage.world.oauth(stage.anaplan)
    url, state = oauth.authorization_url()
    callback = stage.anaplan.emulator.authorize(url)
    code = dict(parse_qsl(urlsplit(callback).query))["code"]
    stage.wire.note(code, state, "0ther-state", "r3fresh", "acc3ss", "two\nlines-acc3ss")
    stage.raises(oauth.fetch_token, callback, "0ther-state")
    repeat_what_is_sent(stage, code, secret)
    stage.raises(oauth.fetch_token, callback, state)
    stage.wire.walk(oauth.fetch_token(callback, state))
    stage.raises(oauth.fetch_token, callback, state)
    stage.raises(oauth.fetch_token, callback.replace("code=", "kode="), state)
    for fault in ({"status": 503}, {"reset_before": True}, {"truncate_after_bytes": 40}):
        stage.anaplan.fault(path="/oauth/token", **fault)
        stage.raises(oauth.refresh_token, "r3fresh")
    stage.anaplan.fault(path="/oauth/token", body='{"access_token": "acc3ss')
    stage.raises(oauth.refresh_token, "r3fresh")
    stage.raises(oauth.validate_token, "acc3ss")
    stage.raises(oauth.validate_token, "two\nlines-acc3ss")
    stage.look_at("oauth", oauth.shared)


def refreshing(stage: Stage, folder: Path) -> None:
    given = registration(stage)
    auth = AnaplanRefreshTokenAuth(token=a_token(stage), **given)
    stage.anaplan.advance(minutes=36)
    stage.anaplan.fault(path="/oauth/token", status=500)
    stage.fails(auth=auth)
    repeat_what_is_sent(stage, auth.token["refresh_token"], given["client_secret"])
    stage.fails(auth=auth)
    stage.fails(auth=auth)
    damaged = folder / "tokens.json"
    damaged.write_text(f'{{"key": "{auth.token["refresh_token"]}"')
    ended = {**a_token(stage), "expires_at": 1}
    stage.fails(
        auth=AnaplanRefreshTokenAuth(token=ended, store=PlaintextFileStore(damaged), **given)
    )


def local(stage: Stage, _: Path) -> None:
    given = registration(stage)
    store = MemoryStore()
    kept = "k3pt-refresh-token"
    stage.wire.note(kept)
    store.save(store_key(given["base_url"], given["client_id"]), kept)

    def denied(url: str) -> str:
        stage.wire.walk(dict(parse_qsl(urlsplit(url).query)))
        return stage.anaplan.emulator.authorize(url, allow=False)

    def forged(url: str) -> str:
        return stage.anaplan.emulator.authorize(url).replace("state=", "state=x")

    def signed_in(url: str) -> str:
        return stage.anaplan.emulator.authorize(url)

    for prompt in (denied, forged):
        stage.fails(auth=AnaplanLocalOAuth(**given, store=store, prompt=prompt))
    stage.anaplan.fault(path="/oauth/token", status=403, body={"error": "invalid_request"})
    stage.fails(auth=AnaplanLocalOAuth(**given, prompt=signed_in))
    stage.anaplan.fault(path="/2/0/workspaces", status=500)
    stage.fails(auth=AnaplanLocalOAuth(**given, store=store, prompt=signed_in))
    stage.look_at("store", store)


def device(stage: Stage, _: Path) -> None:
    emulator = stage.anaplan.emulator
    emulator.settings.device_poll_seconds = 0

    def prompt(code: DeviceCode) -> None:
        stage.wire.note(code.device_code)
        stage.look_at("code", code)
        emulator.deny_device(code.user_code)

    given: dict[str, Any] = {
        "client_id": emulator.device_client_id,
        "base_url": emulator.base_url,
    }
    stage.fails(auth=AnaplanDeviceAuth(**given, prompt=prompt))
    stage.anaplan.fault(path="/oauth/device/code", body={"device_code": "d3vice", "user_code": 1})
    stage.fails(auth=AnaplanDeviceAuth(**given, prompt=prompt))


WAYS = [basic, certificate, token, api_key, foreign, web, refreshing, local, device]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_no_secret_is_seen(
    way: Callable[[Stage, Path], None],
    anaplan: EmulatedAnaplan,
    world: World,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    stage = Stage(anaplan, world, Wire())
    with caplog.at_level(logging.DEBUG):
        way(stage, tmp_path)
    stage.seen += [
        (f"log of {record.name}", f"{record.getMessage()} {vars(record)!r}")
        for record in caplog.records
    ]
    stage.seen += [("output", text) for text in capfd.readouterr()]
    secrets = {secret for secret in stage.wire.secrets if len(secret) > 3}
    assert secrets
    assert stage.failures
    assert len(stage.seen) > stage.failures
    assert [
        (secret, place, text)
        for place, text in stage.seen
        for secret in secrets
        if secret in text or repr(secret)[1:-1] in text
    ] == []


def test_the_test_would_see_one(
    anaplan: EmulatedAnaplan, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    wire = Wire()
    stage = Stage(anaplan, world, wire)
    with caplog.at_level(logging.DEBUG):
        stage.fails(user_email=anaplan.emulator.user_email, password="wr0ng-password")
    assert any(len(secret) > 20 for secret in wire.secrets)  # the header's
    assert any(record.name.startswith("httpcore") for record in caplog.records)
    assert any("Credentials" in text for _, text in stage.seen)
