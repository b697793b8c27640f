"""A 2xx to a start is a start, whatever its body contains: it is never sent again."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

import httpx2
import pytest

from anaplan_sdk import AsyncClient
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk.exceptions import (
    AnaplanActionError,
    AnaplanException,
    IntegrationRunException,
    InvalidIdentifierException,
    OutcomeUnknownException,
    WriteInterruptedException,
)
from anaplan_sdk.models import CompletedTask, Task
from anaplan_sdk.testing import EmulatedAnaplan

ADMIN = "admin@skyline.example"
CREW = "6F96BC067CE7F764EEF4839FC6342965"
LIVE = "74B6E7A71F0A2E5851A4C614F9CF3401"
ROSTERS = "BB26F8DB59E12021FB2E2C1072F3BB7C"
TRAINING = "36B26109A41D24DB3F2EA76046767D21"
COMPARED = TRAINING, CREW, ROSTERS
AIRLINES = 101000000001
PLAN = 102000000001
SETTINGS: dict[str, Any] = {"settle_time": 0.2, "backoff": 0.01, "status_poll_delay": 0.05}

# An envelope's key, the id's key and the id, and what is sent instead of the reply.
Form: TypeAlias = Callable[[str, str, str], tuple[int, str, str]]
JSON = "application/json"

WITH_ID: dict[str, Form] = {
    "the id alone": lambda key, name, it: (200, JSON, json.dumps({key: {name: it}})),
    "the id bare": lambda _, name, it: (200, JSON, json.dumps({name: it})),
    "a list": lambda key, name, it: (201, JSON, json.dumps({key: [{name: it}]})),
    "another envelope": lambda key, name, it: (
        202,
        JSON,
        json.dumps({"meta": None, "data": {"items": [{key: {name: it, "state": 7}}]}}),
    ),
    "members of other types": lambda key, name, it: (
        200,
        JSON,
        json.dumps({key: {name: it, "creationTime": [], "taskState": {}, "name": {}}}),
    ),
    "nameless": lambda key, name, it: (200, "", json.dumps({key: {name: it}})),
}
WITHOUT_ID: dict[str, Form] = {
    "a status": lambda *_: (200, JSON, '{"status":{"code":200,"message":"Success"}}'),
    "null": lambda *_: (200, JSON, "null"),
    "empty": lambda *_: (200, JSON, ""),
    "204": lambda *_: (204, "", ""),
    "text": lambda *_: (200, "text/plain", "accepted"),
    "a page": lambda *_: (200, "text/html", "<html>proxy</html>"),
}


@dataclass(frozen=True)
class Start:
    """A way to start or create something; the reply to it is replaced.

    Attributes:
        path: The path of its request, a glob.
        key: The key of the envelope in the usual reply.
        name: The key of the id.
        call: Makes the call and returns the id, if the caller gets one.
        is_admin: Whether an administrator makes it.
    """

    path: str
    key: str
    name: str
    call: runtime.Function[AsyncClient, object]
    is_admin: bool = False


@dataclass
class Replaced:
    """Which replies are replaced, and the ids that they had."""

    form: Form | None = None
    start: Start | None = None
    ids: list[str] = field(default_factory=list[str])


class Replacing(httpx2.AsyncHTTPTransport):
    """Replaces the replies to one kind of start by another form."""

    def __init__(self, replaced: Replaced) -> None:
        super().__init__()
        self.replaced = replaced

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await super().handle_async_request(request)
        form, start = self.replaced.form, self.replaced.start
        if form is None or start is None or request.method != "POST":
            return response
        if not fnmatchcase(request.url.path, start.path) or response.status_code >= 300:
            return response
        body = json.loads(await response.aread())
        await response.aclose()
        self.replaced.ids.append(str(id_in(body, start.name)))
        status, kind, content = form(start.key, start.name, self.replaced.ids[-1])
        headers = {"Date": response.headers["Date"], **({"Content-Type": kind} if kind else {})}
        return httpx2.Response(status, headers=headers, content=content.encode())


@asynccontextmanager
async def clients(
    anaplan: EmulatedAnaplan, replaced: Replaced | None = None, **options: Any
) -> AsyncGenerator[dict[bool, AsyncClient]]:
    """Clients of an administrator and of another user."""
    there = replaced or Replaced()
    options = SETTINGS | options
    async with (
        anaplan.async_client(transport=Replacing(there), **options) as usual,
        anaplan.async_client(user_email=ADMIN, transport=Replacing(there), **options) as admin,
    ):
        yield {False: usual, True: admin}


def id_in(value: object, name: str) -> object:
    if isinstance(value, dict):
        return value.get(name) or next(filter(None, (id_in(v, name) for v in value.values())), None)
    return None


async def exports(client: AsyncClient) -> object:
    return (await client.run_action((await client.get_exports())[0].id, False)).id


async def imports(client: AsyncClient) -> object:
    return (await client.run_action((await client.get_imports())[0].id, False)).id


async def processes(client: AsyncClient) -> object:
    return (await client.run_action((await client.get_processes())[0].id, False)).id


async def actions(client: AsyncClient) -> object:
    return (await client.run_action((await client.get_actions())[0].id, False)).id


async def revision(client: AsyncClient) -> object:
    return (await client.alm.create_revision("1.0", "The first one")).id


async def synchronization(client: AsyncClient) -> object:
    return (await client.with_model(LIVE).alm.sync_models(*COMPARED, False)).id


async def report(client: AsyncClient) -> object:
    return (await client.with_model(LIVE).alm.create_comparison_report(*COMPARED, False)).id


async def summary(client: AsyncClient) -> object:
    return (await client.with_model(LIVE).alm.create_comparison_summary(*COMPARED, False)).id


async def large_read(client: AsyncClient) -> object:
    async with aclosing(client.tr.read_view_pages(PLAN)) as pages:
        assert [page async for page in pages]
    return None


async def user(client: AsyncClient) -> object:
    name = {"givenName": "Ada", "familyName": "Byron"}
    return (await client.scim.add_user({"userName": "ada@skyline.example", "name": name})).id


async def connection(client: AsyncClient) -> object:
    body = {
        "name": "Second way to S3",
        "bucketName": "skyline-flight-data",
        "accessKeyId": "AKIASKYLINEEXAMPLE01",
        "secretAccessKey": "skyline-s3-example-secret",
    }
    return await client.cw.create_connection({"type": "AmazonS3", "body": body})


async def integration(client: AsyncClient) -> object:
    known = await client.cw.get_integration((await client.cw.get_integrations("name"))[0].id)
    source = {
        "type": "AmazonS3",
        "connectionId": (await client.cw.get_connections())[0].id,
        "file": "a.csv",
    }
    target = {"type": "Anaplan", "actionId": 112000000001, "fileId": 113000000000}
    job = {"type": "AmazonS3ToAnaplan", "sources": [source], "targets": [target]}
    model = {"workspaceId": known.workspace_id, "modelId": known.model_id}
    return await client.cw.create_integration({"name": "Airlines again", **model, "jobs": [job]})


async def flow(client: AsyncClient) -> object:
    steps = [{"referrer": each.id, "dependsOn": []} for each in await client.cw.get_integrations()]
    return await client.cw.flows.create_flow({"name": "Every morning", "steps": steps[:2]})


async def flow_run(client: AsyncClient) -> object:
    return await client.cw.flows.run_flow((await client.cw.flows.get_flows())[0].id)


async def run(client: AsyncClient) -> object:
    return await client.cw.run_integration((await client.cw.get_integrations("name"))[0].id)


async def notification(client: AsyncClient) -> object:
    known = (await client.cw.get_integrations("name"))[0].id
    await client.cw.delete_notification_config(integration_id=known)
    me = await client.audit.get_user()
    notifications = {"config": [{"type": "success", "users": [me.id]}]}
    return await client.cw.create_notification_config(
        {"integrationIds": [known], "channels": ["email"], "notifications": notifications}
    )


STARTS = [
    Start("*/exports/*/tasks", "task", "taskId", exports),
    Start("*/imports/*/tasks", "task", "taskId", imports),
    Start("*/actions/*/tasks", "task", "taskId", actions),
    Start("*/processes/*/tasks", "task", "taskId", processes),
    Start("*/alm/revisions", "revision", "id", revision),
    Start("*/alm/syncTasks", "task", "taskId", synchronization, is_admin=True),
    Start("*/alm/comparisonReportTasks", "task", "taskId", report, is_admin=True),
    Start("*/alm/summaryReportTasks", "task", "taskId", summary, is_admin=True),
    Start("*/views/*/readRequests", "viewReadRequest", "requestId", large_read),
    Start("*/Users", "user", "id", user, is_admin=True),
    Start("*/integrations/connections", "connections", "connectionId", connection),
    Start("*/2/0/integrations", "integration", "integrationId", integration),
    Start("*/integrationflows", "integrationFlow", "integrationFlowId", flow),
    Start("*/integrationflows/*/run", "run", "id", flow_run),
    Start("*/integrations/*/run", "run", "id", run),
    Start("*/integrations/notification", "notification", "notificationId", notification),
]


def name_of(start: Start) -> str:
    return start.path


@pytest.mark.parametrize("form", WITH_ID)
async def test_the_id_is_used_in_whatever_form_it_comes(
    anaplan: EmulatedAnaplan, form: str
) -> None:
    replaced = Replaced(WITH_ID[form])
    async with clients(anaplan, replaced) as users:
        for start in STARTS:
            replaced.start, replaced.ids = start, []
            assert await start.call(users[start.is_admin]) in (*replaced.ids, None), start.path
            assert len(anaplan.requests("POST", start.path)) == 1, start.path


async def outcomes(anaplan: EmulatedAnaplan, replaced: Replaced, **fault: Any) -> dict[str, str]:
    """Make each call once, and return what became of those that did not return the right id."""
    seen: dict[str, str] = {}
    async with clients(anaplan, replaced) as users:
        for start in STARTS:
            replaced.start, replaced.ids = start, []
            if fault:
                anaplan.fault(method="POST", path=start.path, **fault)
            try:
                started = await start.call(users[start.is_admin])
                assert not replaced.ids or started in replaced.ids, start.path
            except AnaplanException as error:
                seen[start.path] = type(error).__name__
            assert len(anaplan.requests("POST", start.path)) == 1, start.path
    return seen


# What Anaplan does not list is not recovered. A large read only reads.
NOT_LISTED = {
    "*/alm/comparisonReportTasks": "OutcomeUnknownException",
    "*/alm/summaryReportTasks": "OutcomeUnknownException",
    "*/integrations/notification": "OutcomeUnknownException",
}


@pytest.mark.parametrize("form", WITHOUT_ID)
async def test_a_start_without_an_id_is_recovered_or_unknown(
    anaplan: EmulatedAnaplan, form: str
) -> None:
    seen = await outcomes(anaplan, Replaced(WITHOUT_ID[form]))
    assert seen == NOT_LISTED | {"*/views/*/readRequests": "AnaplanResponseException"}


async def test_a_reply_that_breaks_off_after_its_status_is_a_start(
    anaplan: EmulatedAnaplan,
) -> None:
    seen = await outcomes(anaplan, Replaced(), truncate_after_bytes=3)
    assert seen == NOT_LISTED | {"*/views/*/readRequests": "AnaplanConnectionException"}


@pytest.mark.parametrize("start", STARTS[:1] + STARTS[-2:-1], ids=name_of)
async def test_an_accepted_start_that_is_not_listed_is_not_repeated(
    anaplan: EmulatedAnaplan, start: Start
) -> None:
    anaplan.fault(method="POST", path=start.path, body={}, times=None)
    async with anaplan.async_client(**SETTINGS) as client:
        with pytest.raises(OutcomeUnknownException, match="can't be found"):
            await start.call(client)
    assert len(anaplan.requests("POST", start.path)) == 1


TROUBLES: list[dict[str, Any]] = [
    {"lose_reply": True},
    {"status": 504, "processed": True},
    {"reset_before": True},
    {"body": {}, "processed": True},
]


@pytest.mark.parametrize("trouble", TROUBLES, ids=str)
async def test_a_strict_client_neither_recovers_nor_repeats(
    anaplan: EmulatedAnaplan, trouble: dict[str, Any]
) -> None:
    async with clients(anaplan, strict_starts=True) as users:
        for start in STARTS:
            if start.call is large_read:
                continue
            anaplan.emulator.clear_faults()
            anaplan.fault(method="POST", path=start.path, times=None, **trouble)
            with pytest.raises(OutcomeUnknownException) as unknown:
                await start.call(users[start.is_admin])
            assert unknown.value.candidates == []
            assert len(anaplan.requests("POST", start.path)) == 1, start.path
        anaplan.emulator.clear_faults()
        if "body" not in trouble:  # A write's result has no id.
            anaplan.fault(method="POST", path="*/items", times=None, **trouble)
            with pytest.raises(WriteInterruptedException) as interrupted:
                await users[False].tr.insert_list_items(AIRLINES, [{"name": "A", "code": "A1"}])
            assert interrupted.value.in_doubt == [range(1)]
            assert len(anaplan.requests("POST", "*/items")) == 1


async def test_another_users_run_is_not_taken(anaplan: EmulatedAnaplan) -> None:
    """Nothing was started here; somebody else starts the same a little later."""
    async with (
        anaplan.async_client(**{**SETTINGS, "settle_time": 3}) as client,
        anaplan.async_client(user_email=ADMIN) as another,
    ):
        export = (await client.get_exports())[0].id
        await another.authenticate()
        anaplan.fault(method="POST", path="*/tasks", reset_before=True)

        async def start(number: int) -> str | OutcomeUnknownException:
            if number:
                await runtime.sleep(0.4)
                return (await another.run_action(export, False)).id
            try:
                return (await client.run_action(export, False)).id
            except OutcomeUnknownException as error:
                return error

        mine, theirs = [each async for each in runtime.ordered_map(start, range(2), 2)]
    assert isinstance(mine, OutcomeUnknownException)
    assert mine.candidates == [theirs]
    assert len(anaplan.requests("POST", "*/tasks")) == 2


async def test_a_recovered_task_is_marked_wherever_it_is_read(
    anaplan: EmulatedAnaplan, caplog: pytest.LogCaptureFixture
) -> None:
    async with clients(anaplan) as users:
        client = users[False]
        export = (await client.get_exports())[0].id
        assert not (await client.run_action(export)).recovered
        anaplan.fault(method="POST", path="*/tasks", lose_reply=True)
        done = await client.run_action(export)
        assert done.recovered
        first, second = await client.get_task_summaries(export)
        assert (first.recovered, second.recovered) == (False, True)
        [warning] = [each.getMessage() for each in caplog.records if each.levelname == "WARNING"]
        assert done.id in warning
        assert "somebody else's" in warning

        anaplan.fault(method="POST", path="*/tasks", lose_reply=True)
        assert (await client.run_action(export, False)).recovered

        alm = users[True].with_model(LIVE).alm
        anaplan.fault(method="POST", path="*/syncTasks", lose_reply=True)
        assert (await alm.sync_models(*COMPARED)).recovered
        assert [task.recovered for task in await alm.get_sync_tasks()] == [True]

        known = (await client.cw.get_integrations("name"))[0].id
        anaplan.fault(method="POST", path="*/run", lose_reply=True)
        made = await client.cw.run_integration(known)
        assert (await client.cw.wait_for_run(made)).recovered
        marks = {each.id: each.recovered for each in await client.cw.get_run_history(known)}
        assert [each for each, is_recovered in marks.items() if is_recovered] == [made]


TASK = "*/tasks/A1"


@pytest.mark.parametrize(
    "result",
    [
        {"successful": True, "details": [None, {"localMessageText": "Done."}, {}]},
        {"successful": True, "startTime": "1780000000000", "duration": "12", "objectId": "116"},
        {"successful": True, "startTime": 1.5, "duration": 1, "objectId": "9A"},
        {"nestedResults": [{"successful": True}, None]},
    ],
    ids=str,
)
async def test_minimal_tasks_are_read(anaplan: EmulatedAnaplan, result: dict[str, Any]) -> None:
    async with anaplan.async_client(**SETTINGS) as client:
        export = (await client.get_exports())[0].id
        anaplan.fault(path=TASK, body={"task": {"taskId": "A1"}}, times=1)
        waiting = await client.get_task_status(export, "A1")
        assert type(waiting) is Task
        assert (waiting.task_state, waiting.creation_time) == ("NOT_STARTED", None)
        anaplan.fault(path=TASK, body={"task": {"taskId": "A1"}}, times=2)
        anaplan.fault(path=TASK, body={"task": {"taskId": "A1", "result": result}})
        done = await client.wait_for_task(export, "A1")
        assert done.task_state == "COMPLETE"
        assert done.result.successful
        rows = [{"taskId": 17}, {"taskId": "A2", "creationTime": "2026-01-31T08:00:00Z"}]
        for key in ("tasks", "task"):
            anaplan.fault(method="GET", path="*/tasks", body={key: rows})
            first, second = await client.get_task_summaries(export)
            assert (first.id, first.creation_time) == ("17", None)
            assert second.creation_time == 1769846400000


@pytest.mark.parametrize("result", [{}, {"details": []}, {"nestedResults": [{}]}], ids=str)
async def test_an_end_without_an_outcome_is_neither_success_nor_failure(
    anaplan: EmulatedAnaplan, result: dict[str, Any]
) -> None:
    ended = {"task": {"taskId": "A1", "taskState": "COMPLETE", "result": result or None}}
    whole = {"task": {"taskId": "A1", "taskState": "COMPLETE", "result": {"successful": True}}}
    async with anaplan.async_client(**SETTINGS) as client:
        export = (await client.get_exports())[0].id
        anaplan.fault(path=TASK, body=ended, times=1)
        anaplan.fault(path=TASK, body=whole)
        assert (await client.wait_for_task(export, "A1")).result.successful
        anaplan.fault(path=TASK, body=ended, times=None)
        with pytest.raises(OutcomeUnknownException, match="does not report") as unknown:
            await client.wait_for_task(export, "A1")
        assert unknown.value.task_id == "A1"
        task = await client.get_task_status(export, "A1")
        assert isinstance(task, CompletedTask)
        assert task.result.successful is None


@pytest.mark.parametrize("first", [{"successful": True}, {}], ids=str)
async def test_a_step_that_failed_is_a_failure(
    anaplan: EmulatedAnaplan, first: dict[str, Any]
) -> None:
    steps = [first, {"successful": False, "objectName": "Second"}]
    task = {"taskId": "A1", "taskState": "FAILED", "result": {"nestedResults": steps}}
    anaplan.fault(path=TASK, body={"task": task})
    async with anaplan.async_client(**SETTINGS) as client:
        process = (await client.get_processes())[0].id
        with pytest.raises(AnaplanActionError, match="Second"):
            await client.wait_for_task(process, "A1")


async def test_a_task_that_vanishes_has_an_unknown_outcome(anaplan: EmulatedAnaplan) -> None:
    """Anaplan removes tasks when it unloads their model."""
    async with anaplan.async_client(**SETTINGS) as client:
        export = (await client.get_exports())[0].id
        with pytest.raises(InvalidIdentifierException) as missing:
            await client.wait_for_task(export, "A1")
        assert missing.value.task_id == "A1"
        anaplan.emulator.settings.hold_tasks = "IN_PROGRESS"
        anaplan.fault(method="GET", path="*/tasks/*", skip=1, status=404, times=None)
        with pytest.raises(OutcomeUnknownException, match="unloads") as vanished:
            await client.run_action(export)
        [task] = await client.get_task_summaries(export)
        assert vanished.value.task_id == task.id
        assert vanished.value.candidates == [task.id]
        anaplan.emulator.clear_faults()
        anaplan.emulator.settings.hold_tasks = None
        # One that is not visible at first is found a moment later.
        anaplan.fault(method="GET", path="*/tasks/*", status=404)
        assert (await client.run_action(export)).result.successful
        anaplan.fault(method="GET", path="*/tasks/*", status=404, times=None)
        with pytest.raises(OutcomeUnknownException, match="unloads"):
            await client.run_action(export)


@pytest.mark.parametrize("message", ["Running", "queued", "In Progress "])
async def test_a_run_that_is_shown_with_its_end_is_still_running(
    anaplan: EmulatedAnaplan, message: str
) -> None:
    body = {
        "id": "r1",
        "integrationId": "i1",
        "startDate": "2026-01-31T08:00:00Z",
        "endDate": "2026-01-31T08:00:00Z",
        "success": False,
        "message": message,
    }
    path = "*/integrations/run/r1"
    async with anaplan.async_client(**SETTINGS) as client:
        anaplan.fault(path=path, body={"run": body}, times=2)
        # A failure that nothing explains is read once more.
        anaplan.fault(path=path, body={"run": body | {"message": ""}})
        anaplan.fault(path=path, body={"run": body | {"success": True, "message": "Success"}})
        assert (await client.cw.wait_for_run("r1")).success
        assert len(anaplan.requests("GET", path)) == 4
        anaplan.fault(path=path, body={"run": body | {"executionErrorCode": 5}}, times=None)
        with pytest.raises(IntegrationRunException):
            await client.cw.wait_for_run("r1")


async def test_a_dump_that_was_removed(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(**SETTINGS) as client:
        action = (await client.get_imports())[0].id
        task = await client.run_action(action, False)
        anaplan.fault(path="*/dump*", status=404, times=None)
        with pytest.raises(InvalidIdentifierException, match="another task has run since"):
            await client.get_dump(action, task.id)
        with pytest.raises(InvalidIdentifierException, match="another task has run since"):
            _ = [row async for row in client.get_dump_rows(action, task.id)]
        with pytest.raises(InvalidIdentifierException, match="another task has run since"):
            await client.get_dump(action, task.id, 112000000000)
