"""Limits: how fast requests follow each other, and how long one may take."""

from __future__ import annotations

import time
from typing import Any

import httpx2
import pytest

from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk.exceptions import (
    AnaplanException,
    AnaplanTimeoutException,
    OutcomeUnknownException,
    RateLimitException,
    ServerException,
)
from anaplan_sdk.testing import EmulatedAnaplan

MODELS = "/2/0/models"
WORKSPACES = "/2/0/workspaces"


def token_of(anaplan: EmulatedAnaplan) -> str:
    """A token, so that a short deadline is for the request alone that is late."""
    emulator = anaplan.emulator
    credentials = (emulator.user_email, emulator.password)
    reply = httpx2.post(f"{emulator.base_url}/token/authenticate", auth=credentials)
    return str(reply.json()["tokenInfo"]["tokenValue"])


def refused(anaplan: EmulatedAnaplan) -> int:
    return sum(request.status == 429 for request in anaplan.requests())


async def test_a_limited_client_is_never_refused(anaplan_of_many_models: EmulatedAnaplan) -> None:
    anaplan = anaplan_of_many_models
    settings = anaplan.emulator.settings
    settings.rate_limit_per_minute, settings.rate_limit_burst = 3000, 25
    async with anaplan.async_client(requests_per_minute=3000, page_size=1) as client:
        models = await client.get_models()
    assert len(models) == len({model.id for model in models}) > 100
    assert refused(anaplan) == 0
    assert len(anaplan.requests(path=MODELS)) == len(models)


async def test_one_refusal_makes_every_caller_slower(
    anaplan_of_many_models: EmulatedAnaplan,
) -> None:
    anaplan = anaplan_of_many_models
    settings = anaplan.emulator.settings
    settings.rate_limit_per_minute, settings.rate_limit_burst = 600, 10
    async with anaplan.async_client(page_size=4) as client:
        models = await client.get_models()
    assert len(models) == len({model.id for model in models}) > 100
    # Only those that were on their way when the bucket was empty.
    assert 0 < refused(anaplan) <= 20


async def test_without_retries_a_refusal_makes_nobody_wait(anaplan: EmulatedAnaplan) -> None:
    anaplan.fault(path=WORKSPACES, status=429, headers={"Retry-After": "60"})
    async with anaplan.async_client(retry_count=0) as client:
        with pytest.raises(RateLimitException) as raised:
            await client.get_workspaces()
        assert raised.value.retry_after == 60
        started = time.monotonic()
        await client.get_workspaces()
    assert time.monotonic() - started < 30


async def test_a_busy_service_makes_only_its_own_callers_wait(anaplan: EmulatedAnaplan) -> None:
    anaplan.fault(path=WORKSPACES, status=503, headers={"Retry-After": "1"})
    order: list[str] = []

    async with anaplan.async_client(retry_count=2) as client:
        await client.authenticate()

        async def act(what: str) -> None:
            if what == "workspaces":
                await client.get_workspaces()
            else:
                while not anaplan.requests(path=WORKSPACES):
                    await runtime.sleep(0.01)
                await client.get_models()
            order.append(what)

        _ = [_ async for _ in runtime.ordered_map(act, ("workspaces", "models"), 2)]
    assert order == ["models", "workspaces"]


async def test_a_refusal_makes_all_callers_wait(anaplan: EmulatedAnaplan) -> None:
    anaplan.fault(path=WORKSPACES, status=429, headers={"Retry-After": "1"})
    async with anaplan.async_client() as client:
        await client.authenticate()
        began = time.monotonic()

        async def act(what: str) -> None:
            if what == "workspaces":
                await client.get_workspaces()
            else:
                while not anaplan.requests(path=WORKSPACES):
                    await runtime.sleep(0.01)
                await runtime.sleep(0.2)
                # Another model's calls and another client's of the same session wait, too.
                await client.with_model("0" * 32).get_models()
                assert time.monotonic() - began >= 1

        _ = [_ async for _ in runtime.ordered_map(act, ("workspaces", "models"), 2)]


@pytest.mark.parametrize(
    "trouble",
    [
        {"delay_seconds": 20},
        {"bytes_per_second": 30},
        {"hold_seconds": 20},
    ],
    ids=lambda trouble: next(iter(trouble)),
)
async def test_a_request_has_a_deadline(anaplan: EmulatedAnaplan, trouble: dict[str, Any]) -> None:
    anaplan.fault(path=WORKSPACES, times=None, **trouble)
    token = token_of(anaplan)
    async with anaplan.async_client(token=token, request_deadline=2, backoff=0.01) as client:
        began = time.monotonic()
        with pytest.raises(AnaplanTimeoutException, match="request") as late:
            await client.get_workspaces()
        assert 1.9 < time.monotonic() - began < 15
        assert late.value.retryable
        assert not late.value.not_performed
        assert late.value.url == f"{anaplan.emulator.base_url}{WORKSPACES}"


async def test_a_stream_has_a_deadline(anaplan: EmulatedAnaplan) -> None:
    anaplan.fault(path="/audit/*", bytes_per_second=20, times=None)
    async with anaplan.async_client(
        user_email="auditor@skyline.example", request_deadline=1
    ) as client:
        await client.authenticate()
        began = time.monotonic()
        with pytest.raises(AnaplanTimeoutException, match="deadline of 1 seconds"):
            _ = [line async for line in client.audit.get_cef_lines()]
    assert time.monotonic() - began < 10


async def test_the_deadline_includes_the_wait_for_admission(anaplan: EmulatedAnaplan) -> None:
    token = token_of(anaplan)
    async with anaplan.async_client(
        token=token, requests_per_minute=1, request_deadline=20
    ) as client:
        await client.get_workspaces()
        began = time.monotonic()
        with pytest.raises(AnaplanTimeoutException, match="it was not sent") as late:
            await client.get_models()
        # The limiter admits the next request in a minute, so the call fails at once.
        assert time.monotonic() - began < 20
    assert late.value.not_performed
    assert late.value.attempts == 0
    assert not anaplan.requests(path=MODELS)


async def test_waiting_for_a_semaphore_is_limited() -> None:
    semaphore = runtime.Semaphore(1)
    assert await semaphore.acquire(None)
    began = time.monotonic()
    assert not await semaphore.acquire(0.1)
    assert time.monotonic() - began > 0.09
    semaphore.release()
    assert await semaphore.acquire(30)


async def test_each_of_many_callers_has_a_deadline(anaplan: EmulatedAnaplan) -> None:
    anaplan.fault(path=WORKSPACES, delay_seconds=60, times=None)
    token = token_of(anaplan)
    async with anaplan.async_client(token=token, request_deadline=0.7, max_concurrency=1) as client:

        async def act(_: int) -> AnaplanException | None:
            try:
                await client.get_workspaces()
            except AnaplanTimeoutException as error:
                return error
            return None

        began = time.monotonic()
        errors = [error async for error in runtime.ordered_map(act, range(8), 8)]
        assert time.monotonic() - began < 60
        assert [type(error) for error in errors] == [AnaplanTimeoutException] * 8
        # Of those that never had a turn it is known that nothing was sent.
        unsent = [error for error in errors if error is not None and error.not_performed]
        assert all("it was not sent" in str(error) for error in unsent)
    assert len(anaplan.requests(path=WORKSPACES)) <= 8 - len(unsent)


async def test_the_deadline_includes_pauses(anaplan: EmulatedAnaplan) -> None:
    anaplan.fault(path=WORKSPACES, status=429, headers={"Retry-After": "30"})
    async with anaplan.async_client(request_deadline=5, backoff=0.01) as client:
        began = time.monotonic()
        with pytest.raises(RateLimitException):
            await client.get_workspaces()
        # All wait, and who can't wait so long is told at once.
        with pytest.raises(AnaplanTimeoutException) as late:
            await client.get_models()
        assert time.monotonic() - began < 5
    assert late.value.not_performed
    assert late.value.attempts == 0
    assert not anaplan.requests(path=MODELS)


async def test_a_request_that_times_out_reserves_nothing(anaplan: EmulatedAnaplan) -> None:
    anaplan.fault(path=WORKSPACES, status=429, headers={"Retry-After": "2"})
    async with anaplan.async_client(token=token_of(anaplan), request_deadline=1.5) as client:
        with pytest.raises(RateLimitException):
            await client.get_workspaces()
        for _ in range(40):
            with pytest.raises(AnaplanTimeoutException):
                await client.get_models()
        await runtime.sleep(2.3)
        assert await client.get_models()


async def test_no_retry_begins_that_the_deadline_has_no_time_for(
    anaplan: EmulatedAnaplan,
) -> None:
    anaplan.fault(path=WORKSPACES, status=503, times=None)
    async with anaplan.async_client(retry_count=9, backoff=10, request_deadline=5) as client:
        with pytest.raises(ServerException) as failed:
            await client.get_workspaces()
    assert failed.value.attempts == 1


async def test_the_deadline_includes_signing_in(anaplan: EmulatedAnaplan) -> None:
    """A sign-in that takes too long ends with its caller, and the next request signs in."""
    anaplan.fault(path="/token/authenticate", delay_seconds=1.5)
    async with anaplan.async_client(request_deadline=0.5) as client:
        with pytest.raises(AnaplanTimeoutException) as late:
            await client.get_workspaces()
        assert late.value.not_performed
        assert not anaplan.requests(path=WORKSPACES)
        await runtime.sleep(2)
        assert await client.get_workspaces()
    # A thread can't be cancelled: its token serves the next request of a synchronous client.
    sign_ins = 2  # sync: sign_ins = 1
    assert len(anaplan.requests(path="/token/authenticate")) == sign_ins


async def test_an_earlier_attempt_may_have_been_performed(anaplan: EmulatedAnaplan) -> None:
    """A last attempt that certainly had no effect says nothing of the one before it."""
    anaplan.fault(method="PUT", path="*/items", lose_reply=True)
    anaplan.fault(method="PUT", path="*/items", status=423)
    async with anaplan.async_client(backoff=0.01) as client:
        airports = await client.resolve.list("Airports")
        with pytest.raises(AnaplanException) as failed:
            await client.tr.update_list_items(airports, [{"code": "JFK", "name": "Kennedy"}])
    assert failed.value.status_code == 423
    assert failed.value.attempts == 2
    assert not failed.value.not_performed


async def test_a_start_after_its_deadline_is_reported_and_not_repeated(
    anaplan: EmulatedAnaplan,
) -> None:
    anaplan.fault(method="POST", path="*/tasks", hold_seconds=2)
    async with anaplan.async_client(request_deadline=1, settle_time=5) as client:
        exports = await client.get_exports()
        with pytest.raises(OutcomeUnknownException) as unknown:
            await client.run_action(exports[0].id)
        tasks = await client.get_task_summaries(exports[0].id)
    # It began after the caller had given up, and so may be anybody's.
    assert unknown.value.candidates == [task.id for task in tasks]
    assert len(tasks) == 1
