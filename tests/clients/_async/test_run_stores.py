"""Runs that are recorded in a store, and that another process resumes."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.clients.memory_record import Killed, MemoryRecord, kill_when

from anaplan_sdk import AsyncClient
from anaplan_sdk.exceptions import (
    AnaplanActionCancelledException,
    AnaplanActionError,
    AnaplanException,
    AnaplanTimeoutException,
    ArgumentTypeException,
    InvalidArgumentException,
    OutcomeUnknownException,
    RunStoreException,
)
from anaplan_sdk.models import CompletedTask
from anaplan_sdk.testing import EmulatedAnaplan

SETTINGS: dict[str, Any] = {"settle_time": 0.3, "backoff": 0.01, "status_poll_delay": 0.05}
ADMIN = "admin@skyline.example"
FILE = 113000000000
AIRLINES = "carrier,name\nAA,American Airlines\n"
TASKS = "*/imports/112000000001/tasks"
ACTION = 112000000001
PROGRAM = """
import json, os, signal, sys
from anaplan_sdk import Client

options, path, place, action = json.loads(sys.argv[1])

class Store:
    def load(self):
        try:
            with open(path) as file:
                return file.read()
        except FileNotFoundError:
            return None

    def save(self, value):
        record = json.loads(value)
        is_started = record["started_id"] is not None
        stage = "end" if record["completed"] else "started" if is_started else "listed"
        if place == "before recording " + stage:
            os.kill(os.getpid(), signal.SIGKILL)
        with open(path, "w") as file:
            file.write(value)
        if place == "after recording " + stage:
            os.kill(os.getpid(), signal.SIGKILL)

with Client(**options) as client:
    client.run_action(action, run_store=Store())
os._exit(9 if place == "after the run" else 0)
"""


def run_program(arguments: str) -> int:
    command = [sys.executable, "-c", PROGRAM, arguments]
    return subprocess.run(command, timeout=60, check=False).returncode


def starts(anaplan: EmulatedAnaplan) -> int:
    return len(anaplan.requests("POST", "*/tasks"))


async def upload(client: AsyncClient, content: str = AIRLINES) -> None:
    await client.upload_file(FILE, content)


async def task_count(client: AsyncClient) -> int:
    return len(await client.get_task_summaries(ACTION))


async def listed_store(anaplan: EmulatedAnaplan) -> MemoryRecord:
    """Return the store of a process that ended before it sent the start."""
    store = MemoryRecord()
    async with anaplan.async_client(retry_count=0, **SETTINGS) as client:
        await upload(client)
        anaplan.fault(method="POST", path=TASKS, status=502)
        with pytest.raises(AnaplanException):
            await client.run_action(ACTION, run_store=store)
        assert await task_count(client) == 0
    assert store.fields["started_id"] is None
    return store


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
@pytest.mark.parametrize(
    ("place", "code", "first_starts"),
    [
        ("after recording listed", -9, 0),
        ("before recording started", -9, 1),
        ("before recording end", -9, 1),
        ("after the run", 9, 1),
    ],
)
async def test_a_killed_process(
    anaplan: EmulatedAnaplan, tmp_path: Path, place: str, code: int, first_starts: int
) -> None:
    path = tmp_path / "run.json"
    emulator = anaplan.emulator
    password = next(
        each.password
        for each in emulator.tenant.description.users
        if each.email == emulator.user_email
    )
    options = {
        "base_url": emulator.base_url,
        "workspace_id": emulator.workspace_id,
        "model_id": emulator.model_id,
        "user_email": emulator.user_email,
        "password": password,
        **SETTINGS,
    }
    async with anaplan.async_client(**SETTINGS) as client:
        await upload(client)
        arguments = json.dumps([options, str(path), place, ACTION])
        assert run_program(arguments) == code
        assert starts(anaplan) == first_starts
        task = await client.run_action(ACTION, run_store=path)
        again = await client.run_action(ACTION, run_store=path)
        assert again.id == task.id
        assert again.result == task.result
        assert task.result.successful
        assert await task_count(client) == 1
    assert starts(anaplan) == 1


async def test_a_process_that_dies_while_it_waits(anaplan: EmulatedAnaplan) -> None:
    store = MemoryRecord()
    async with anaplan.async_client(**SETTINGS) as client:
        await upload(client)
        anaplan.emulator.settings.hold_tasks = "NOT_STARTED"
        with pytest.raises(AnaplanTimeoutException):
            await client.run_action(ACTION, run_store=store, timeout=1)
    async with anaplan.async_client(**SETTINGS) as client:
        task = await client.run_action(ACTION, False, run_store=store)
        assert (task.id, task.task_state) == (store.fields["started_id"], "NOT_STARTED")
        assert not task.recovered
        anaplan.emulator.settings.hold_tasks = None
        assert (await client.run_action(ACTION, run_store=store)).id == task.id
        assert store.fields["completed"] is not None
    assert starts(anaplan) == 1


async def test_a_task_that_was_not_recorded_is_marked(
    anaplan: EmulatedAnaplan, caplog: pytest.LogCaptureFixture
) -> None:
    store = MemoryRecord()
    store.trouble = kill_when(lambda record: record["started_id"] is not None)
    async with anaplan.async_client(**SETTINGS) as client:
        await upload(client)
        await client.run_action(ACTION)  # An earlier task, which is not taken for it.
        with pytest.raises(Killed):
            await client.run_action(ACTION, run_store=store)
    store.trouble = lambda _: None
    async with anaplan.async_client(**SETTINGS) as client:
        with caplog.at_level(logging.WARNING, "anaplan_sdk"):
            task = await client.run_action(ACTION, run_store=store)
        assert task.recovered
        assert "by an earlier process" in caplog.text
        assert await task_count(client) == 2
    assert starts(anaplan) == 2


async def test_a_failed_run_is_started_again(anaplan: EmulatedAnaplan) -> None:
    store = MemoryRecord()
    async with anaplan.async_client(**SETTINGS) as client:
        with pytest.raises(AnaplanActionError):  # There is no content.
            await client.run_action(ACTION, run_store=store)
        assert store.text is None
        await client.run_action(ACTION, False, run_store=store)
        await upload(client)
        assert (await client.run_action(ACTION, run_store=store)).result.successful
    assert starts(anaplan) == 3


async def test_a_cancelled_run_is_started_again(anaplan: EmulatedAnaplan) -> None:
    store = MemoryRecord()
    async with anaplan.async_client(**SETTINGS) as client:
        await upload(client)
        anaplan.emulator.settings.hold_tasks = "IN_PROGRESS"
        task = await client.run_action(ACTION, False, run_store=store)
        await client.cancel_task(ACTION, task.id)
        anaplan.emulator.settings.hold_tasks = None
        again = await client.run_action(ACTION, run_store=store)
        assert again.id != task.id
        anaplan.emulator.settings.hold_tasks = "IN_PROGRESS"
        other = MemoryRecord()
        task = await client.run_action(ACTION, False, run_store=other)

        async def cancel() -> None:
            await client.cancel_task(ACTION, task.id)

        await cancel()
        with pytest.raises(AnaplanActionCancelledException):
            await client.wait_for_task(ACTION, task.id)
    assert starts(anaplan) == 3


@pytest.mark.parametrize("status", [400, 403, 404])
async def test_a_refused_start_is_not_recorded(anaplan: EmulatedAnaplan, status: int) -> None:
    store = MemoryRecord()
    async with anaplan.async_client(**SETTINGS) as client:
        await upload(client)
        anaplan.fault(method="POST", path=TASKS, status=status)
        with pytest.raises(AnaplanException):
            await client.run_action(ACTION, run_store=store)
        assert store.text is None
        await client.run_action(ACTION, run_store=store)
    assert starts(anaplan) == 2


async def test_several_new_tasks_are_an_unknown_outcome(anaplan: EmulatedAnaplan) -> None:
    store = await listed_store(anaplan)
    async with anaplan.async_client(**SETTINGS) as client:
        tasks = {(await client.run_action(ACTION)).id for _ in range(2)}
        before, text = starts(anaplan), store.text
        with pytest.raises(OutcomeUnknownException, match="several match it") as unknown:
            await client.run_action(ACTION, run_store=store)
        assert set(unknown.value.candidates) == tasks
        assert not unknown.value.retryable
    assert (starts(anaplan), store.text) == (before, text)


async def test_a_task_of_much_later_is_not_taken_for_it(anaplan: EmulatedAnaplan) -> None:
    store = await listed_store(anaplan)
    anaplan.advance(minutes=11)
    async with anaplan.async_client(**SETTINGS) as client:
        task = await client.run_action(ACTION)
        before = starts(anaplan)
        with pytest.raises(OutcomeUnknownException, match="somebody else's") as unknown:
            await client.run_action(ACTION, run_store=store)
        assert unknown.value.candidates == [task.id]
    assert starts(anaplan) == before


@pytest.mark.parametrize("is_recorded", [True, False])
async def test_tasks_that_were_removed_with_the_model(
    anaplan: EmulatedAnaplan, is_recorded: bool
) -> None:
    anaplan.emulator.settings.unloading_removes_tasks = True
    store = MemoryRecord()
    field = "completed" if is_recorded else "started_id"
    store.trouble = kill_when(lambda record: record[field] is not None)
    async with anaplan.async_client(**SETTINGS) as client:
        await upload(client)
        with pytest.raises(Killed):
            await client.run_action(ACTION, run_store=store)
        [task] = await client.get_task_summaries(ACTION)
        await client.wait_for_task(ACTION, task.id)
    store.trouble = lambda _: None
    anaplan.advance(minutes=61)
    async with anaplan.async_client(user_email=ADMIN, **SETTINGS) as client:
        await client.tr.close_model()
        assert await task_count(client) == 0
        with pytest.raises(OutcomeUnknownException, match="remove"):
            await client.run_action(ACTION, run_store=store)
    assert starts(anaplan) == 1
    assert store.text is not None


async def test_strict_starts(anaplan: EmulatedAnaplan) -> None:
    store = await listed_store(anaplan)
    before = starts(anaplan)
    async with anaplan.async_client(strict_starts=True, **SETTINGS) as client:
        with pytest.raises(OutcomeUnknownException, match="strict_starts is set"):
            await client.run_action(ACTION, run_store=store)
    assert starts(anaplan) == before


async def test_a_list_that_can_not_be_read(anaplan: EmulatedAnaplan) -> None:
    store = await listed_store(anaplan)
    before, text = starts(anaplan), store.text
    async with anaplan.async_client(**SETTINGS) as client:
        anaplan.fault(method="GET", path=TASKS, status=503, times=None)
        with pytest.raises(AnaplanException):
            await client.run_action(ACTION, run_store=store)
    assert (starts(anaplan), store.text) == (before, text)


async def test_a_store_that_fails_before_the_start(
    anaplan: EmulatedAnaplan, tmp_path: Path
) -> None:
    class Unreadable(MemoryRecord):
        def load(self) -> str | None:
            raise OSError("disk failure")

    def fail(_: str | None) -> None:
        raise OSError("disk failure")

    store = MemoryRecord()
    store.trouble = fail
    async with anaplan.async_client(**SETTINGS) as client:
        await upload(client)
        for wrong, message in (
            (Unreadable(), "can't be read: OSError: disk failure"),
            (store, "can't be written: OSError: disk failure"),
            (tmp_path / "missing" / "run.json", "can't be written"),
            (tmp_path, "can't be read"),
        ):
            with pytest.raises(RunStoreException, match=message) as failed:
                await client.run_action(ACTION, run_store=wrong)
            assert failed.value.not_performed
    assert starts(anaplan) == 0


async def test_a_store_that_fails_after_the_start(
    anaplan: EmulatedAnaplan, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: str | None) -> None:
        if store.saves > 1:
            raise OSError("disk failure")

    store = MemoryRecord()
    store.trouble = fail
    async with anaplan.async_client(**SETTINGS) as client:
        await upload(client)
        task = await client.run_action(ACTION, run_store=store)
        assert task.result.successful
        assert caplog.text.count("can't be written: OSError: disk failure") == 2
        store.trouble = lambda _: None
        assert (await client.run_action(ACTION, run_store=store)).id == task.id
    assert starts(anaplan) == 1


async def test_wrong_stores(anaplan: EmulatedAnaplan) -> None:
    other = MemoryRecord()
    wrong: Any = 3
    content: Any = {"a": 1}
    async with anaplan.async_client(**SETTINGS) as client:
        await upload(client)
        await client.run_action(ACTION, run_store=other)
        before = starts(anaplan)
        with pytest.raises(InvalidArgumentException, match="record of another run"):
            await client.run_action(112000000000, run_store=other)
        incomplete = json.dumps({**other.fields, "completed": {"a": 1}})
        endless = json.dumps({**other.fields, "began": float("inf")})
        for text in ("{", '{"kind": "x"}', "other", "", "\ud800", incomplete, endless, content):
            with pytest.raises(InvalidArgumentException, match="something else"):
                await client.run_action(ACTION, run_store=MemoryRecord(text))
        with pytest.raises(ArgumentTypeException, match="run_store must be a path or have load"):
            await client.run_action(ACTION, run_store=wrong)
    assert starts(anaplan) == before


async def test_a_path_in_the_home_folder(
    anaplan: EmulatedAnaplan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    async with anaplan.async_client(**SETTINGS) as client:
        await upload(client)
        task = await client.run_action(ACTION, run_store="~/run.json")
        assert (await client.run_action(ACTION, run_store=tmp_path / "run.json")).id == task.id
    assert os.listdir(tmp_path) == ["run.json"]  # noqa: PTH208
    assert starts(anaplan) == 1


async def test_nothing_is_uploaded_once_the_action_was_started(anaplan: EmulatedAnaplan) -> None:
    store = MemoryRecord()
    store.trouble = kill_when(lambda record: record["started_id"] is not None)
    async with anaplan.async_client(**SETTINGS) as client:
        with pytest.raises(Killed):
            await client.upload_and_import(FILE, AIRLINES, ACTION, run_store=store)
    store.trouble = lambda _: None
    async with anaplan.async_client(**SETTINGS) as client:
        task = await client.upload_and_import(FILE, AIRLINES, ACTION, run_store=store)
        assert isinstance(task, CompletedTask)
        again = await client.upload_and_import(FILE, AIRLINES, ACTION, run_store=store)
        assert again.id == task.id
    assert len(anaplan.requests("PUT", "*/chunks/0")) == 1
    assert starts(anaplan) == 1


async def test_a_failed_import_is_uploaded_again(anaplan: EmulatedAnaplan) -> None:
    store = MemoryRecord()
    async with anaplan.async_client(**SETTINGS) as client:
        with pytest.raises(AnaplanActionError):
            await client.upload_and_import(FILE, "wrong\nAA\n", ACTION, run_store=store)
        await client.upload_and_import(FILE, AIRLINES, ACTION, run_store=store)
    assert len(anaplan.requests("PUT", "*/chunks/0")) == 2
    assert starts(anaplan) == 2


async def test_an_export_is_downloaded_again_but_not_run(anaplan: EmulatedAnaplan) -> None:
    store = MemoryRecord()
    async with anaplan.async_client(**SETTINGS) as client:
        export = (await client.get_exports())[0].id
        content = await client.export_and_download(export, run_store=store)
        assert await client.export_and_download(export, run_store=store) == content
    assert starts(anaplan) == 1


@pytest.mark.parametrize("is_recorded", [True, False])
async def test_a_run_of_an_integration(anaplan: EmulatedAnaplan, is_recorded: bool) -> None:
    store = MemoryRecord()
    if not is_recorded:
        store.trouble = kill_when(lambda record: record["started_id"] is not None)
    async with anaplan.async_client(**SETTINGS) as client:
        integration = (await client.cw.get_integrations("name"))[0].id
        before = {each.id for each in await client.cw.get_run_history(integration)}
        if is_recorded:
            await client.cw.run_integration(integration, run_store=store)
        else:
            with pytest.raises(Killed):
                await client.cw.run_integration(integration, run_store=store)
    store.trouble = lambda _: None
    async with anaplan.async_client(**SETTINGS) as client:
        run = await client.cw.run_integration(integration, run_store=store)
        await client.cw.wait_for_run(run)
        assert await client.cw.run_integration(integration, run_store=store) == run
        after = {each.id for each in await client.cw.get_run_history(integration)}
        assert after == before | {run}
        anaplan.fault(method="GET", path="*/integrations/run/*", status=404)
        with pytest.raises(OutcomeUnknownException, match="can no longer be read"):
            await client.cw.run_integration(integration, run_store=store)
    assert len(anaplan.requests("POST", "*/integrations/*/run")) == 1


async def test_a_run_of_a_flow(anaplan: EmulatedAnaplan) -> None:
    store = MemoryRecord()
    async with anaplan.async_client(**SETTINGS) as client:
        flow = (await client.cw.flows.get_flows())[0].id
        run = await client.cw.flows.run_flow(flow, run_store=store)
        assert await client.cw.flows.run_flow(flow, run_store=store) == run
    assert len(anaplan.requests("POST", "*/integrationflows/*/run")) == 1
