"""Signing in and out, and what one token is enough for."""

from __future__ import annotations

import ssl
import time
from collections.abc import Generator
from typing import Any

import httpx2
import pytest

from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk.auth.basic import BasicCredentials
from anaplan_sdk.auth.bearer import Bearer
from anaplan_sdk.auth.token_service import AnaplanTokenCache
from anaplan_sdk.exceptions import (
    AnaplanConnectionException,
    AnaplanException,
    ClientClosedException,
    InvalidCredentialsException,
    ServerException,
)
from anaplan_sdk.testing import EmulatedAnaplan

SIGN_IN = "/token/authenticate"
REFRESH = "/token/refresh"


async def test_another_user_of_the_tenant(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(user_email="planner@skyline.example") as client:
        assert (await client.audit.get_user()).email == "planner@skyline.example"


async def test_nothing_is_sent_before_the_first_request(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        assert anaplan.requests() == []
        await client.get_workspaces()
    assert [request.path for request in anaplan.requests()] == [SIGN_IN, "/2/0/workspaces"]


async def test_password(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        await client.authenticate()
    signed_in, validated = anaplan.requests()
    assert (signed_in.path, signed_in.status) == (SIGN_IN, 201)
    assert signed_in.headers["authorization"].startswith("Basic ")
    assert (validated.path, validated.status) == ("/token/validate", 200)


@pytest.mark.parametrize("payload", ["auto", "v1", "v2"])
async def test_certificate(anaplan: EmulatedAnaplan, payload: str) -> None:
    emulator = anaplan.emulator
    async with anaplan.async_client(
        certificate=emulator.certificate,
        private_key=emulator.private_key,
        certificate_payload=payload,
    ) as client:
        await client.authenticate()
    (signed_in,) = anaplan.requests(path=SIGN_IN)
    assert signed_in.headers["authorization"].startswith("CACertificate ")
    assert ('"encodedDataFormat"' in (signed_in.body or "")) == (payload != "v1")


def formats(anaplan: EmulatedAnaplan) -> list[str]:
    """The formats of the payloads that were received."""
    received = anaplan.requests(path=SIGN_IN)
    return ["v2" if '"encodedDataFormat"' in (each.body or "") else "v1" for each in received]


@pytest.mark.parametrize("refused", ["v1", "v2"])
async def test_a_format_of_certificate_payloads_that_anaplan_refuses(
    anaplan: EmulatedAnaplan, refused: str
) -> None:
    if refused == "v2":
        anaplan.emulator.settings.certificate_tolerance_seconds = 1e-9
    emulator = anaplan.emulator
    async with anaplan.async_client(
        certificate=emulator.certificate, private_key=emulator.private_key
    ) as client:
        await client.get_workspaces()
        assert formats(anaplan) == (["v2", "v1"] if refused == "v2" else ["v2"])
        # The one that was accepted is used from then on.
        anaplan.advance(hours=1)
        await client.get_workspaces()
        assert formats(anaplan)[-1] == ("v1" if refused == "v2" else "v2")
        assert len(formats(anaplan)) == (3 if refused == "v2" else 2)


@pytest.mark.parametrize("payload", ["v1", "v2"])
async def test_no_other_format_is_tried_than_the_one_asked_for(
    anaplan: EmulatedAnaplan, payload: str
) -> None:
    anaplan.fault(path=SIGN_IN, status=401, body={"status": "FAILURE_BAD_CREDENTIAL"})
    emulator = anaplan.emulator
    async with anaplan.async_client(
        certificate=emulator.certificate,
        private_key=emulator.private_key,
        certificate_payload=payload,
    ) as client:
        with pytest.raises(InvalidCredentialsException):
            await client.get_workspaces()
    assert formats(anaplan) == [payload]


async def test_the_other_format_is_not_tried_after_a_success_or_a_failure(
    anaplan: EmulatedAnaplan,
) -> None:
    emulator = anaplan.emulator
    async with anaplan.async_client(
        certificate=emulator.certificate, private_key=emulator.private_key, backoff=0.01
    ) as client:
        anaplan.fault(path=SIGN_IN, status=503)
        await client.get_workspaces()
        assert formats(anaplan) == ["v2", "v2"]
        anaplan.advance(hours=1)
        anaplan.fault(path=SIGN_IN, status=401, body={"status": "FAILURE_BAD_CREDENTIAL"})
        with pytest.raises(InvalidCredentialsException):
            await client.get_workspaces()
        assert formats(anaplan) == ["v2", "v2", "v2"]


async def test_certificate_of_another_authority_is_refused(
    anaplan: EmulatedAnaplan, foreign_certificate: tuple[bytes, bytes]
) -> None:
    certificate, private_key = foreign_certificate
    async with anaplan.async_client(certificate=certificate, private_key=private_key) as client:
        for _ in range(2):
            with pytest.raises(InvalidCredentialsException) as refused:
                await client.get_workspaces()
    assert refused.value.code == "FAILURE_BAD_CREDENTIAL"
    assert formats(anaplan) == ["v2", "v1"]


async def test_wrong_password_is_tried_once_whatever_is_asked_for(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(
        user_email=anaplan.emulator.user_email, password="not it"
    ) as client:
        for _ in range(3):
            with pytest.raises(InvalidCredentialsException) as refused:
                await client.get_workspaces()
        assert refused.value.status_code == 401
        assert refused.value.code == "FAILURE_BAD_CREDENTIAL"
        assert refused.value.reason
        assert refused.value.reason in str(refused.value)
        assert len(anaplan.requests(path=SIGN_IN)) == 1
        with pytest.raises(InvalidCredentialsException):
            await client.authenticate()
    assert len(anaplan.requests(path=SIGN_IN)) == 2


async def test_an_expired_token_is_replaced_and_the_request_repeated(
    anaplan: EmulatedAnaplan,
) -> None:
    async with anaplan.async_client() as client:
        await client.get_workspaces()
        anaplan.advance(minutes=36)
        assert await client.get_workspaces()
    assert [(request.path, request.status) for request in anaplan.requests()] == [
        (SIGN_IN, 201),
        ("/2/0/workspaces", 200),
        ("/2/0/workspaces", 401),
        (SIGN_IN, 201),
        ("/2/0/workspaces", 200),
    ]


async def test_a_request_is_repeated_once_only(anaplan: EmulatedAnaplan) -> None:
    anaplan.fault(path="/2/0/workspaces", status=401, times=None)
    async with anaplan.async_client() as client:
        with pytest.raises(InvalidCredentialsException):
            await client.get_workspaces()
    assert len(anaplan.requests(path="/2/0/workspaces")) == 2
    assert len(anaplan.requests(path=SIGN_IN)) == 2


async def test_many_callers_share_one_new_token(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(max_concurrency=20) as client:
        await client.get_workspaces()
        anaplan.advance(minutes=36)
        # The callers meet at the token while it is on its way.
        anaplan.fault(path=SIGN_IN, delay_seconds=0.3)
        calls = runtime.ordered_map(lambda _: client.get_workspaces(), range(20), 20)
        assert len([answer async for answer in calls if answer]) == 20
    assert len(anaplan.requests(path=SIGN_IN)) == 2


class Clock:
    """The client's clock, so that a token can grow old on this side only."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now

    def auth(self, anaplan: EmulatedAnaplan) -> Bearer:
        emulator = anaplan.emulator
        credentials = BasicCredentials(emulator.user_email, emulator.password)
        return Bearer(AnaplanTokenCache(emulator.base_url, credentials, clock=self))


async def test_the_token_is_refreshed_before_it_ends(anaplan: EmulatedAnaplan) -> None:
    clock = Clock()
    async with anaplan.async_client(auth=clock.auth(anaplan)) as client:
        await client.get_workspaces()
        clock.now += 29 * 60
        await client.get_workspaces()
        assert not anaplan.requests(path=REFRESH)
        clock.now += 3 * 60
        for _ in range(2):
            await client.get_workspaces()
        anaplan.advance(minutes=20)  # the first 35 minutes are over, the next are not
        clock.now += 20 * 60
        await client.get_workspaces()
    assert [request.status for request in anaplan.requests(path=REFRESH)] == [200]
    assert len(anaplan.requests(path=SIGN_IN)) == 1


@pytest.mark.parametrize("trouble", [{"status": 503}, {"reset_before": True}])
async def test_a_failed_refresh_leaves_the_old_token_in_use(
    anaplan: EmulatedAnaplan, trouble: dict[str, Any]
) -> None:
    clock = Clock()
    anaplan.fault(path=REFRESH, times=None, **trouble)
    async with anaplan.async_client(auth=clock.auth(anaplan), retry_count=0) as client:
        await client.get_workspaces()
        clock.now += 32 * 60
        for _ in range(2):
            await client.get_workspaces()
        clock.now += 31
        await client.get_workspaces()
    assert len(anaplan.requests(path=REFRESH)) == 2
    assert len(anaplan.requests(path=SIGN_IN)) == 1


async def test_a_refused_refresh_leads_to_a_new_sign_in(anaplan: EmulatedAnaplan) -> None:
    clock = Clock()
    anaplan.fault(path=REFRESH, status=401)
    async with anaplan.async_client(auth=clock.auth(anaplan)) as client:
        await client.get_workspaces()
        clock.now += 32 * 60
        await client.get_workspaces()
    assert len(anaplan.requests(path=REFRESH)) == 1
    assert len(anaplan.requests(path=SIGN_IN)) == 2


async def test_sign_in_is_repeated_when_anaplan_is_unwell(anaplan: EmulatedAnaplan) -> None:
    anaplan.fault(path=SIGN_IN, status=503)
    async with anaplan.async_client(backoff=0.01) as client:
        assert await client.get_workspaces()
    assert [request.status for request in anaplan.requests(path=SIGN_IN)] == [503, 201]


async def test_sign_in_that_never_gets_an_answer(anaplan: EmulatedAnaplan) -> None:
    anaplan.fault(path=SIGN_IN, reset_before=True, times=None)
    async with anaplan.async_client(retry_count=1, backoff=0.01) as client:
        with pytest.raises(AnaplanConnectionException) as failed:
            await client.get_workspaces()
    assert failed.value.not_performed
    assert failed.value.url == f"{anaplan.emulator.base_url}{SIGN_IN}"
    assert failed.value.attempts == 2


async def test_sign_in_keeps_the_clients_timeout(anaplan: EmulatedAnaplan) -> None:
    anaplan.fault(path=SIGN_IN, delay_seconds=60)
    started = time.monotonic()
    async with anaplan.async_client(timeout=0.3, retry_count=0) as client:
        with pytest.raises(Exception, match="No answer in time"):
            await client.get_workspaces()
    assert time.monotonic() - started < 30


async def test_sign_in_names_us(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        await client.get_workspaces()
    sign_in, listing = anaplan.requests()
    assert sign_in.headers["user-agent"].startswith("anaplan-sdk/")
    assert listing.headers["user-agent"].startswith("anaplan-sdk/")


async def test_a_token_alone_is_used_until_it_ends(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(token=_buy_token(anaplan)) as client:
        assert await client.get_workspaces()
        anaplan.advance(minutes=36)
        with pytest.raises(InvalidCredentialsException, match="token"):
            await client.get_workspaces()
    assert not anaplan.requests(path=REFRESH)
    assert len(anaplan.requests(path=SIGN_IN)) == 1  # the one that bought the token


async def test_a_token_beside_a_password_saves_the_first_sign_in(anaplan: EmulatedAnaplan) -> None:
    emulator = anaplan.emulator
    async with anaplan.async_client(
        token=_buy_token(anaplan), user_email=emulator.user_email, password=emulator.password
    ) as client:
        await client.get_workspaces()
        assert len(anaplan.requests(path=SIGN_IN)) == 1
        anaplan.advance(minutes=36)
        await client.get_workspaces()
    assert len(anaplan.requests(path=SIGN_IN)) == 2


async def test_logout_ends_the_session(anaplan: EmulatedAnaplan) -> None:
    token = _buy_token(anaplan)
    async with anaplan.async_client(token=token) as client:
        await client.get_workspaces()
        await client.logout()
        await client.logout()
        with pytest.raises(InvalidCredentialsException):
            await client.get_workspaces()
    assert [request.status for request in anaplan.requests(path="/token/logout")] == [204]
    async with anaplan.async_client(token=token) as other:
        with pytest.raises(InvalidCredentialsException):
            await other.get_workspaces()


async def test_logout_of_a_session_that_has_ended(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        await client.get_workspaces()
        anaplan.advance(minutes=36)
        await client.logout()
    assert [request.status for request in anaplan.requests(path="/token/logout")] == [401]


async def test_clients_for_other_models_share_the_token(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        other = client.with_model("ANOTHER")
        await client.get_workspaces()
        async with other:
            await other.get_workspaces()
        assert await client.get_workspaces()
    assert len(anaplan.requests(path=SIGN_IN)) == 1
    assert "ANOTHER" in repr(other)


async def test_a_closed_client_says_so(anaplan: EmulatedAnaplan) -> None:
    client = anaplan.async_client()
    other = client.with_model("ANOTHER")
    await client.get_workspaces()
    await client.aclose()
    await client.aclose()
    for closed in (client, other):
        with pytest.raises(ClientClosedException):
            await closed.get_workspaces()


async def test_no_secret_is_shown(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(password="s3cret-word", user_email="a@b.example") as client:
        assert "s3cret-word" not in repr(client)
        with pytest.raises(InvalidCredentialsException) as refused:
            await client.authenticate()
    assert "s3cret-word" not in repr(refused.value) + str(refused.value)


async def test_a_gateway_page_instead_of_a_token(anaplan: EmulatedAnaplan) -> None:
    anaplan.fault(path=SIGN_IN, status=502, times=None)
    async with anaplan.async_client(retry_count=0) as client:
        with pytest.raises(ServerException) as failed:
            await client.get_workspaces()
    assert failed.value.retryable


@pytest.mark.parametrize(
    "reply",
    [
        {"status": 404},
        {"status": 405},
        {"body": "<html>Welcome</html>", "headers": {"Content-Type": "text/html"}},
    ],
)
async def test_an_address_that_is_not_anaplans(
    anaplan: EmulatedAnaplan, reply: dict[str, Any]
) -> None:
    anaplan.fault(path=SIGN_IN, **reply)
    async with anaplan.async_client() as client:
        with pytest.raises(AnaplanException) as failed:
            await client.get_workspaces()
        assert not isinstance(failed.value, InvalidCredentialsException)
        assert "address" in failed.value.__notes__[0]
        assert await client.get_workspaces()


async def test_tls_settings_hold_for_sign_in(anaplan_over_tls: EmulatedAnaplan) -> None:
    trust = ssl.create_default_context(cafile=anaplan_over_tls.emulator.ca_certificate)
    async with anaplan_over_tls.async_client(verify=trust) as client:
        assert await client.get_workspaces()
    async with anaplan_over_tls.async_client(retry_count=0) as client:
        with pytest.raises(AnaplanConnectionException, match="CERTIFICATE_VERIFY_FAILED") as failed:
            await client.get_workspaces()
    assert not failed.value.retryable


async def test_sign_in_takes_the_clients_transport(anaplan: EmulatedAnaplan) -> None:
    sent: list[str] = []

    class Recorder(httpx2.AsyncHTTPTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            sent.append(request.url.path)
            return await super().handle_async_request(request)

    async with anaplan.async_client(transport=Recorder()) as client:
        await client.get_workspaces()
    assert sent == [SIGN_IN, "/2/0/workspaces"]


async def test_headers_and_hooks_of_the_user(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(
        headers={"User-Agent": "nightly-load/1", "X-Team": "a"}
    ) as client:
        await client.get_workspaces()
    signed_in, listed = anaplan.requests()
    assert signed_in.headers["user-agent"] == listed.headers["user-agent"] == "nightly-load/1"
    assert listed.headers["x-team"] == "a"


class OwnAuth(httpx2.Auth):
    requires_response_body = True

    def __init__(self, email: str, password: str) -> None:
        self.credentials = email, password
        self.token = "none yet"

    def auth_flow(
        self, request: httpx2.Request
    ) -> Generator[httpx2.Request, httpx2.Response, None]:
        request.headers["Authorization"] = f"AnaplanAuthToken {self.token}"
        response = yield request
        if response.status_code == 401:
            url = request.url.copy_with(path=SIGN_IN, query=None)
            sign_in = httpx2.Request("POST", url)
            basic = httpx2.BasicAuth(*self.credentials)
            answer = yield next(basic.auth_flow(sign_in))
            self.token = answer.json()["tokenInfo"]["tokenValue"]
            request.headers["Authorization"] = f"AnaplanAuthToken {self.token}"
            yield request


async def test_an_auth_of_ones_own(anaplan: EmulatedAnaplan) -> None:
    own = OwnAuth(anaplan.emulator.user_email, anaplan.emulator.password)
    async with anaplan.async_client(auth=own) as client:
        await client.authenticate()
        assert await client.get_workspaces()
        await client.logout()
    assert [request.status for request in anaplan.requests(path=SIGN_IN)] == [201]
    assert [request.status for request in anaplan.requests(path="/token/logout")] == [204]
    with pytest.raises(TypeError, match="auth"):
        anaplan.async_client(auth=object())


async def test_redirects_carry_no_token_elsewhere(
    anaplan: EmulatedAnaplan, anaplan_elsewhere: EmulatedAnaplan
) -> None:
    target = f"{anaplan_elsewhere.emulator.base_url}/2/0/workspaces"
    anaplan.fault(path="/2/0/workspaces", status=307, headers={"Location": target}, times=None)
    async with anaplan.async_client(follow_redirects=True, retry_count=0) as client:
        with pytest.raises(InvalidCredentialsException):
            await client.get_workspaces()
    assert {"authorization" in r.headers for r in anaplan_elsewhere.requests()} == {False}


def _buy_token(anaplan: EmulatedAnaplan) -> str:
    with httpx2.Client(base_url=anaplan.emulator.base_url) as http:
        reply = http.post(SIGN_IN, auth=(anaplan.emulator.user_email, anaplan.emulator.password))
    return str(reply.json()["tokenInfo"]["tokenValue"])
