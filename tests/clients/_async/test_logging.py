"""What the SDK logs: each event once, with what a reader of the log needs, and no secrets."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from anaplan_sdk.exceptions import (
    AnaplanConnectionException,
    AnaplanException,
    ModelUnavailableException,
    OutcomeUnknownException,
    UploadIncompleteException,
)
from anaplan_sdk.testing import EmulatedAnaplan

WORKSPACES = "/2/0/workspaces"
AIRLINES = 101000000001
FILE = 113000000000
EXPORT = 116000000001
QUICK: dict[str, Any] = {"backoff": 0.01, "settle_time": 0.3, "status_poll_delay": 0.05}
DATA = b"code,name\n" + b"AA,American\n" * 100

Logged = Callable[..., list[str]]


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Logged:
    """The SDK's records of one logger at one level, in the order of their times."""
    caplog.set_level(logging.DEBUG, "anaplan_sdk")

    def lines(name: str, level: int = logging.INFO) -> list[str]:
        return [
            record.getMessage()
            for record in caplog.records
            if record.name == f"anaplan_sdk.{name}" and record.levelno == level
        ]

    return lines


async def test_every_request_is_one_line(anaplan: EmulatedAnaplan, logged: Logged) -> None:
    async with anaplan.async_client() as client:
        anaplan.fault(path=WORKSPACES, headers={"X-Request-Id": "r-200"})
        await client.get_workspaces()
    base = anaplan.emulator.base_url
    signing_in, reading = logged("http", logging.DEBUG)
    assert signing_in.startswith(f"POST {base}/token/authenticate: 201 in ")
    assert reading.startswith(f"GET {base}{WORKSPACES}: 200 in ")
    assert " ms, " in reading
    assert reading.endswith(" bytes, request id r-200, attempt 1")
    assert "?" not in reading
    assert logged("http") == []


async def test_each_sign_in_is_logged(anaplan: EmulatedAnaplan, logged: Logged) -> None:
    async with anaplan.async_client() as client:
        await client.get_workspaces()
        anaplan.advance(minutes=40)  # Anaplan's tokens are valid for 35.
        await client.get_workspaces()
    lines = logged("auth", logging.DEBUG)
    assert [line.split(" a token")[0] for line in lines] == ["Obtaining", "Obtained"] * 2


async def test_a_request_without_a_reply_is_one_line(
    anaplan: EmulatedAnaplan, logged: Logged
) -> None:
    async with anaplan.async_client(retry_count=0) as client:
        await client.authenticate()
        anaplan.fault(path=WORKSPACES, lose_reply=True)
        with pytest.raises(AnaplanConnectionException):
            await client.get_workspaces()
    line = logged("http", logging.DEBUG)[-1]
    assert line.startswith(f"GET {anaplan.emulator.base_url}{WORKSPACES}: ")
    assert "Error after " in line
    assert line.endswith(" ms, attempt 1")


async def test_a_streamed_reply_is_one_line(anaplan: EmulatedAnaplan, logged: Logged) -> None:
    async with anaplan.async_client(user_email="auditor@skyline.example") as client:
        assert [line async for line in client.audit.get_cef_lines()]
    [line] = [line for line in logged("http", logging.DEBUG) if "streamed" in line]
    assert "/audit/api/1/events: 200 in " in line


async def test_a_retry_names_its_reason_and_its_pause(
    anaplan: EmulatedAnaplan, logged: Logged
) -> None:
    headers = {"Retry-After": "1", "X-Request-Id": "r-503"}
    anaplan.fault(path=WORKSPACES, status=503, headers=headers)
    async with anaplan.async_client() as client:
        await client.get_workspaces()
    [retry] = logged("http")
    assert retry.startswith("Retrying in 1.0 s, attempt 2 of 3, after: Anaplan could not answer")
    assert f"GET {anaplan.emulator.base_url}{WORKSPACES} [HTTP 503, request id r-503]" in retry
    assert logged("http", logging.WARNING) == []


async def test_a_pause_of_all_requests_is_logged_before_the_retry(
    anaplan: EmulatedAnaplan, logged: Logged
) -> None:
    anaplan.fault(path=WORKSPACES, status=429, headers={"Retry-After": "1"})
    async with anaplan.async_client() as client:
        await client.get_workspaces()
    pause, retry = logged("http")
    assert pause.startswith("Anaplan asks for fewer requests: all requests wait 1.")
    assert retry.startswith("Retrying in 1.0 s, attempt 2 of 3")


async def test_a_wait_for_a_model_is_logged(anaplan: EmulatedAnaplan, logged: Logged) -> None:
    status = {"currentStep": "Processing import", "progress": 0.5, "creationTime": 1}
    anaplan.fault(path="*/lists", status=409)
    anaplan.fault(path="*/status", body={"requestStatus": status}, times=2)
    async with anaplan.async_client(model_wait=20, **QUICK) as client:
        await client.tr.get_lists()
    [wait] = logged("http")
    assert wait.startswith("Waiting for the model, which is 'Processing import', up to ")
    assert "HTTP 409" in wait
    assert logged("http", logging.WARNING) == []


async def test_a_model_whose_status_is_unknown_is_a_warning(
    anaplan: EmulatedAnaplan, logged: Logged
) -> None:
    anaplan.emulator.set_active_state(anaplan.emulator.model_id or "", "LOCKED")
    anaplan.fault(path="*/status", status=403)
    async with anaplan.async_client(model_wait=20, **QUICK) as client:
        with pytest.raises(ModelUnavailableException):
            await client.tr.insert_list_items(AIRLINES, [{"name": "Air One", "code": "A1"}])
    [warning] = logged("http", logging.WARNING)
    assert warning.startswith("The status of the model can't be read: ")
    assert "HTTP 403" in warning


async def test_a_started_and_a_cancelled_task_are_logged(
    anaplan: EmulatedAnaplan, logged: Logged
) -> None:
    anaplan.emulator.settings.hold_tasks = "IN_PROGRESS"
    async with anaplan.async_client() as client:
        task = await client.run_action(EXPORT, wait_for_completion=False)
        await client.cancel_task(EXPORT, task.id)
    started, cancelled = logged("tasks")
    assert started == f"Action {EXPORT} was started: {task.id}"
    assert cancelled.startswith(f"Task {task.id} of action {EXPORT} was asked to cancel: CANCEL")


async def test_a_recovered_task_is_a_warning(anaplan: EmulatedAnaplan, logged: Logged) -> None:
    anaplan.fault(method="POST", path="*/tasks", status=504, processed=True)
    async with anaplan.async_client(**QUICK) as client:
        task = await client.run_action(EXPORT)
    [warning] = logged("tasks", logging.WARNING)
    assert warning.startswith(
        f"Action {EXPORT} was started, although its request got no clear reply: recovered "
        f"{task.id}, which may be somebody else's, after Anaplan could not answer"
    )
    assert "HTTP 504" in warning
    looking, ended = logged("tasks")
    assert looking.startswith(
        f"Action {EXPORT} may have been started: looking for it for up to 0.3 s"
    )
    assert ended.startswith(f"Task {task.id} of action {EXPORT} is COMPLETE after ")


async def test_a_second_start_is_logged(anaplan: EmulatedAnaplan, logged: Logged) -> None:
    anaplan.fault(method="POST", path="*/tasks", status=502)
    async with anaplan.async_client(**QUICK) as client:
        task = await client.run_action(EXPORT)
    _, again, started, _ = logged("tasks")
    assert again.startswith(
        f"Action {EXPORT} was not started: sending the request again, attempt 2 of 3, after: "
    )
    assert started == f"Action {EXPORT} was started: {task.id}"
    assert logged("tasks", logging.WARNING) == []


async def test_recovered_items_are_a_warning(anaplan: EmulatedAnaplan, logged: Logged) -> None:
    items = [{"name": f"Airline {number}", "code": f"A{number}"} for number in range(3)]
    anaplan.fault(method="POST", path="*/items", lose_reply=True)
    async with anaplan.async_client(**QUICK) as client:
        await client.tr.insert_list_items(AIRLINES, items)
    [warning] = logged("tasks", logging.WARNING)
    assert warning.startswith("3 items of ")
    assert f"/lists/{AIRLINES}/items were inserted, although" in warning


async def test_a_second_start_of_an_upload_is_logged_with_uploads(
    anaplan: EmulatedAnaplan, logged: Logged
) -> None:
    anaplan.fault(method="POST", path=f"*/files/{FILE}", reset_before=True)
    async with anaplan.async_client(**QUICK) as client:
        await client.upload_file(FILE, DATA)
    again, *_ = logged("uploads")
    assert again.startswith(f"The upload to file {FILE} was not begun: sending the request again")
    assert logged("tasks") == []


async def test_an_upload_that_begins_resumes_and_completes_is_logged(
    anaplan: EmulatedAnaplan, logged: Logged, tmp_path: Path
) -> None:
    options: dict[str, Any] = {**QUICK, "upload_chunk_size": 300, "retry_count": 0}
    anaplan.fault(method="PUT", path="*/chunks/3", status=500)
    async with anaplan.async_client(**options) as client:
        with pytest.raises(UploadIncompleteException):
            await client.upload_file(FILE, DATA, journal=tmp_path / "journal")
        await client.upload_file(FILE, DATA, journal=tmp_path / "journal")
    begun, resumed, complete = logged("uploads")
    assert begun == f"The upload to file {FILE} has begun, chunks: 5"
    assert resumed.startswith(f"The upload to file {FILE} is resumed, chunks that have arrived: ")
    assert complete == f"The upload to file {FILE} is complete, chunks: 5"
    assert logged("uploads", logging.WARNING) == []


async def test_an_upload_that_has_begun_unnoticed_is_a_warning(
    anaplan: EmulatedAnaplan, logged: Logged
) -> None:
    async with anaplan.async_client(**QUICK) as client:
        await client.get_files()
        anaplan.fault(method="POST", path=f"*/files/{FILE}", lose_reply=True)
        await client.upload_file(FILE, DATA)
    [warning] = logged("uploads", logging.WARNING)
    assert warning.startswith(f"The upload to file {FILE} has begun, although its request got")


async def test_nothing_is_shown_unless_logging_is_configured(
    anaplan: EmulatedAnaplan, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    logger = logging.getLogger("anaplan_sdk")
    logger.propagate = False  # As in a program that has not configured logging.
    try:
        anaplan.fault(method="POST", path="*/tasks", lose_reply=True)
        async with anaplan.async_client(**QUICK) as client:
            await client.run_action(EXPORT)
    finally:
        logger.propagate = True
    assert "recovered" not in "".join(capfd.readouterr())


async def test_no_secret_is_logged(
    anaplan: EmulatedAnaplan, logged: Logged, caplog: pytest.LogCaptureFixture
) -> None:
    sent = []

    async def note(request: Any) -> None:
        sent.append(request.headers.get("Authorization", ""))

    hooks = {"request": [note]}
    url = anaplan.emulator.base_url.replace("://", "://gate:keeper-secret@")
    async with anaplan.async_client(event_hooks=hooks, retry_count=1, **QUICK) as client:
        await client.get_workspaces()
        anaplan.advance(hours=1)
        anaplan.fault(path=WORKSPACES, status=503, headers={"Set-Cookie": "cookie-secret"})
        await client.get_workspaces()
        anaplan.fault(method="POST", path="*/tasks", lose_reply=True, times=2)
        anaplan.fault(method="GET", path="*/tasks", status=500, times=None)
        with pytest.raises(OutcomeUnknownException):
            await client.run_action(EXPORT, mapping_parameters=[parameter("body-secret")])
        with pytest.raises(AnaplanException):
            await client._session.send("GET", f"{url}/nothing", params={"code": "query-secret"})
    records = [f"{record.getMessage()} {vars(record)}" for record in caplog.records if ours(record)]
    assert len(records) > 10
    tokens = {header.split()[-1] for header in sent if header}
    assert len(tokens) >= 3  # the password's and two tokens
    secrets = {*tokens, anaplan.emulator.password, "keeper-secret", "query-secret"}
    secrets |= {"cookie-secret", "body-secret"}
    assert [(secret, text) for secret in secrets for text in records if secret in text] == []


def ours(record: logging.LogRecord) -> bool:
    return record.name.startswith("anaplan_sdk")


def parameter(name: str) -> dict[str, str]:
    return {"entityType": "Version", "entityName": name}
