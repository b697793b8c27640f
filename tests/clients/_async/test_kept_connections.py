"""Connections that are kept for further requests, and turn out to be closed."""

from __future__ import annotations

import copy
import logging
import pickle
import time

import httpx2
import pytest

from anaplan_sdk.exceptions import AnaplanConnectionException, ArgumentTypeException
from anaplan_sdk.testing import EmulatedAnaplan

MODELS = "/2/0/models"
TOKEN = "/token/authenticate"


async def test_a_kept_connection_that_was_closed_costs_no_pause(
    anaplan: EmulatedAnaplan, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "anaplan_sdk")
    async with anaplan.async_client(backoff=30) as client:
        for number in range(60):
            if number % 7 == 3:
                anaplan.fault(path=MODELS, reset_before=True)
            assert await client.get_models()
    assert len(anaplan.requests(path=MODELS)) == 69
    assert caplog.text.count("Retrying in 0.0 s") == 9


async def test_only_one_repetition_is_made_at_once(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(backoff=0.3) as client:
        await client.get_models()
        anaplan.fault(path=MODELS, reset_before=True, times=2)
        began = time.monotonic()
        assert await client.get_models()
        assert time.monotonic() - began > 0.3
        anaplan.fault(path=MODELS, reset_before=True, times=None)
        with pytest.raises(AnaplanConnectionException) as failed:
            await client.get_models()
    assert failed.value.attempts == 3


async def test_a_new_connection_that_is_reset_is_no_reason_to_hurry(
    anaplan: EmulatedAnaplan,
) -> None:
    emulator = anaplan.emulator
    credentials = (emulator.user_email, emulator.password)
    reply = httpx2.post(f"{emulator.base_url}{TOKEN}", auth=credentials)
    token = reply.json()["tokenInfo"]["tokenValue"]
    anaplan.fault(path=MODELS, reset_before=True)
    began = time.monotonic()
    async with anaplan.async_client(token=token, backoff=0.4) as client:
        assert await client.get_models()
    assert time.monotonic() - began > 0.4


async def test_without_retries_nothing_is_repeated(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(retry_count=0) as client:
        await client.get_models()
        anaplan.fault(path=MODELS, reset_before=True)
        with pytest.raises(AnaplanConnectionException):
            await client.get_models()
    assert len(anaplan.requests(path=MODELS)) == 2


async def test_a_start_is_not_repeated_at_once(anaplan: EmulatedAnaplan) -> None:
    """Its request has been sent, so Anaplan may have received it: the list of tasks is read."""
    async with anaplan.async_client(settle_time=0.2) as client:
        exports = await client.get_exports()
        anaplan.fault(method="POST", path="*/tasks", reset_before=True)
        await client.run_action(exports[0].id)
    requests = [each.method for each in anaplan.requests(path="*/tasks")]
    assert requests[:2] == ["POST", "GET"]
    assert requests.count("POST") == 2


async def test_a_sign_in_over_a_kept_connection_is_repeated_at_once(
    anaplan: EmulatedAnaplan,
) -> None:
    async with anaplan.async_client(backoff=30) as client:
        await client.get_models()
        anaplan.advance(minutes=40)
        anaplan.fault(path=TOKEN, reset_before=True)
        assert await client.get_models()


async def test_clients_are_not_copied(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        await client.get_models()
        for act in (copy.copy, copy.deepcopy, pickle.dumps):
            for each in (client, client.tr):
                with pytest.raises(ArgumentTypeException, match="in each process"):
                    act(each)
            with pytest.raises(TypeError, match="in each process"):
                act(client._session._auth)
        assert await client.with_model("0" * 32).get_models()
