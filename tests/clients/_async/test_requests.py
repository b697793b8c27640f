"""What becomes of replies that are late, odd or refuse, and of arguments that can't be right."""

from __future__ import annotations

import time
from contextlib import aclosing
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from anaplan_sdk import AsyncClient
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk.exceptions import (
    AnaplanConnectionException,
    AnaplanRequestException,
    AnaplanResponseException,
    AnaplanTimeoutException,
    ClientClosedException,
    InvalidCredentialsException,
    InvalidPrivateKeyException,
    ModelUnavailableException,
    PermissionDeniedException,
    RateLimitException,
    ServerException,
)
from anaplan_sdk.testing import EmulatedAnaplan

WORKSPACES = "/2/0/workspaces"


@pytest.mark.parametrize("retry_count", [0, 1, 3])
@pytest.mark.parametrize(
    "trouble",
    [
        {"status": 500},
        {"status": 503},
        {"status": 504},
        {"reset_before": True},
        {"lose_reply": True},
    ],
)
async def test_reads_are_retried_up_to_retry_count(
    anaplan: EmulatedAnaplan, trouble: dict[str, Any], retry_count: int
) -> None:
    anaplan.fault(path=WORKSPACES, times=retry_count + 1, **trouble)
    async with anaplan.async_client(retry_count=retry_count, backoff=0.01) as client:
        with pytest.raises((ServerException, AnaplanConnectionException)) as failed:
            await client.get_workspaces()
        assert await client.get_workspaces()
    assert failed.value.attempts == retry_count + 1
    assert failed.value.retryable
    assert len(anaplan.requests(path=WORKSPACES)) == retry_count + 2


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, AnaplanRequestException),
        (403, PermissionDeniedException),
        (409, AnaplanRequestException),
        (422, ModelUnavailableException),
        (423, ModelUnavailableException),
        (424, ModelUnavailableException),
        (425, ModelUnavailableException),
    ],
)
async def test_refusals_are_not_retried(
    anaplan: EmulatedAnaplan, status: int, error: type[Exception]
) -> None:
    anaplan.fault(path=WORKSPACES, status=status, times=None)
    async with anaplan.async_client(backoff=0.01) as client:
        with pytest.raises(error) as refused:
            await client.get_workspaces()
    assert isinstance(refused.value, AnaplanRequestException)
    assert refused.value.status_code == status
    assert refused.value.method == "GET"
    assert refused.value.url == f"{anaplan.emulator.base_url}{WORKSPACES}"
    assert not refused.value.retryable
    assert len(anaplan.requests(path=WORKSPACES)) == 1


def token_of(anaplan: EmulatedAnaplan) -> str:
    emulator = anaplan.emulator
    credentials = (emulator.user_email, emulator.password)
    reply = httpx2.post(f"{emulator.base_url}/token/authenticate", auth=credentials)
    return str(reply.json()["tokenInfo"]["tokenValue"])


async def test_retry_after_is_waited_for(anaplan: EmulatedAnaplan) -> None:
    anaplan.fault(path=WORKSPACES, status=429, headers={"Retry-After": "1"})
    started = time.monotonic()
    async with anaplan.async_client(backoff=30) as client:
        await client.get_workspaces()
    assert 1 <= time.monotonic() - started < 20


async def test_a_date_in_retry_after_is_read_by_anaplans_clock(anaplan: EmulatedAnaplan) -> None:
    """Whatever the clock of this machine says: here Anaplan's is an hour ahead."""
    anaplan.advance(hours=1)
    moment = anaplan.emulator.now() + timedelta(seconds=2)
    headers = {"Retry-After": format_datetime(moment, usegmt=True)}
    anaplan.fault(path=WORKSPACES, status=429, headers=headers)
    started = time.monotonic()
    async with anaplan.async_client(backoff=30) as client:
        await client.get_workspaces()
    assert time.monotonic() - started < 20


async def test_a_longer_retry_after_than_the_cap_is_raised(anaplan: EmulatedAnaplan) -> None:
    anaplan.fault(path=WORKSPACES, status=429, headers={"Retry-After": "3600"})
    async with anaplan.async_client() as client:
        with pytest.raises(RateLimitException) as refused:
            await client.get_workspaces()
    assert refused.value.retry_after == 3600
    assert refused.value.retryable


async def test_a_late_answer(anaplan: EmulatedAnaplan) -> None:
    anaplan.fault(path=WORKSPACES, delay_seconds=20, times=None)
    # It is signed in already, so that its impatience is for this request alone.
    timeout = httpx2.Timeout(30, read=0.2)
    token = token_of(anaplan)
    async with anaplan.async_client(
        token=token, timeout=timeout, retry_count=1, backoff=0.01
    ) as client:
        with pytest.raises(AnaplanTimeoutException) as late:
            await client.get_workspaces()
    assert late.value.attempts == 2
    assert isinstance(late.value.__cause__, httpx2.ReadTimeout)


@pytest.mark.parametrize(
    "reply",
    [
        {"body": "this is not JSON"},
        {"body": "<html>Welcome</html>", "headers": {"Content-Type": "text/html"}},
        {"body": ""},
        {"status": 204},
        {"body": ["a", "list"]},
        {"body": {"workspace": "a text"}},
        {"body": {"other": {}}},
    ],
)
async def test_replies_that_make_no_sense(anaplan: EmulatedAnaplan, reply: dict[str, Any]) -> None:
    anaplan.fault(path="*/workspaces/*", **reply)
    async with anaplan.async_client() as client:
        with pytest.raises(AnaplanResponseException) as odd:
            await client.get_workspace()
    assert odd.value.url is not None
    assert odd.value.__cause__ is None


async def test_a_truncated_body(anaplan: EmulatedAnaplan) -> None:
    anaplan.fault(path=WORKSPACES, truncate_after_bytes=20)
    async with anaplan.async_client(retry_count=0) as client:
        with pytest.raises(AnaplanConnectionException):
            await client.get_workspaces()


async def test_a_gateways_page_is_not_shown(anaplan: EmulatedAnaplan) -> None:
    anaplan.fault(path=WORKSPACES, status=502)
    async with anaplan.async_client(retry_count=0) as client:
        with pytest.raises(ServerException) as failed:
            await client.get_workspaces()
    assert "<" not in str(failed.value)


async def test_nobody_listens() -> None:
    async with AsyncClient(base_url="http://127.0.0.1:1", token="t", retry_count=0) as client:
        with pytest.raises(AnaplanConnectionException) as failed:
            await client.get_workspaces()
    assert failed.value.not_performed


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"user_email": "a@b.example"},
        {"password": "p"},
        {"user_email": "", "password": "p"},
        {"private_key": "k"},
        {"private_key_password": "p"},
        {"token": ""},
        {"token": "t", "auth": httpx2.BasicAuth("a", "b")},
        {"user_email": "a@b.example", "password": "p", "certificate": "c"},
        {"token": "t", "page_size": 0},
        {"token": "t", "status_poll_delay": -1},
        {"token": "t", "upload_chunk_size": -1},
        {"token": "t", "upload_chunk_size": 50_000_001},
        {"token": "t", "retry_count": -1},
        {"token": "t", "backoff": -1},
        {"token": "t", "max_concurrency": 0},
        {"token": "t", "base_url": "api.anaplan.com"},
        {"token": "t", "base_url": "ftp://api.anaplan.com"},
        {"token": "t", "base_url": "http://api.anaplan.com"},
        {"token": "t", "base_url": "https://user:word@api.anaplan.com"},
        {"token": "t", "region": "mars"},
        {"token": "t", "timeout": -1},
        {"token": "t", "settle_time": -1},
        {"token": "t", "max_retry_time": -1},
        {"token": "t", "request_deadline": 0},
        {"token": "t", "requests_per_minute": 0},
        {"token": "t", "model_wait": -1},
        {"token": "t", "proxy": "ftp://proxy.example.com"},
        {"token": "t", "region": "eu3", "base_url": "https://api.anaplan.com"},
    ],
)
async def test_arguments_that_cannot_be_right(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w{4}"):
        AsyncClient(**arguments)


async def test_a_misspelt_argument_is_named() -> None:
    with pytest.raises(TypeError, match="timout"):
        AsyncClient(token="t", timout=3)  # type: ignore[call-arg]


async def test_retries_end_with_the_time_for_them(anaplan: EmulatedAnaplan) -> None:
    anaplan.fault(path=WORKSPACES, status=503, times=None)
    async with anaplan.async_client(retry_count=9, backoff=1, max_retry_time=0.5) as client:
        with pytest.raises(ServerException) as failed:
            await client.get_workspaces()
    assert failed.value.attempts == 1


async def test_requests_that_wait_for_admission_are_not_sent_after_closing(
    anaplan: EmulatedAnaplan,
) -> None:
    client = anaplan.async_client(max_concurrency=1)
    await client.authenticate()
    anaplan.fault(path=WORKSPACES, delay_seconds=0.5)

    async def act(what: str) -> Exception | None:
        try:
            if what == "list":
                await client.get_workspaces()
            else:
                while not anaplan.requests(path=WORKSPACES):
                    await runtime.sleep(0.01)
                await client.aclose()
        except ClientClosedException as error:
            return error
        return None

    outcomes = [outcome async for outcome in runtime.ordered_map(act, ("list", "list", "close"), 3)]
    # The one under way may come to its end, where a thread waits for it.
    assert ClientClosedException in [type(outcome) for outcome in outcomes[:2]]
    assert len(anaplan.requests(path=WORKSPACES)) == 1


async def test_files_that_are_no_certificates(tmp_path: Path, anaplan: EmulatedAnaplan) -> None:
    certificate, private_key = anaplan.emulator.certificate, anaplan.emulator.private_key
    junk = tmp_path / "junk.pem"
    junk.write_text("junk")
    missing = tmp_path / "missing.pem"
    for unreadable in (missing, junk):
        with pytest.raises(InvalidCredentialsException):
            AsyncClient(certificate=unreadable, private_key=private_key)
        with pytest.raises(InvalidPrivateKeyException):
            AsyncClient(certificate=certificate, private_key=unreadable)
    with pytest.raises(InvalidPrivateKeyException):
        AsyncClient(certificate=certificate, private_key=private_key, private_key_password="wrong")


async def test_methods_that_need_a_model_say_so(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(model_id=None, workspace_id=None) as client:
        with pytest.raises(ValueError, match="model_id"):
            await client.get_files()
        with pytest.raises(ValueError, match="workspace_id"):
            await client.get_workspace()
        with pytest.raises(ValueError, match="sort_by"):
            await client.get_models(sort_by="colour")  # type: ignore[arg-type]
    assert anaplan.requests() == []


async def test_no_connection_is_waited_for_once_a_request_is_admitted(
    anaplan: EmulatedAnaplan,
) -> None:
    width = 110  # more than the HTTP library has connections, unless it is told to
    anaplan.fault(path=WORKSPACES, delay_seconds=0.5, times=None)
    timeout = httpx2.Timeout(30, pool=0.3)
    async with anaplan.async_client(
        max_concurrency=width, timeout=timeout, retry_count=0
    ) as client:
        await client.authenticate()
        calls = runtime.ordered_map(lambda _: client.get_workspaces(), range(width), width)
        async with aclosing(calls):
            assert len([found async for found in calls]) == width
