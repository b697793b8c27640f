"""Revisions of a model's structure, and bringing one model to another one's."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from anaplan_sdk import AsyncClient, Progress
from anaplan_sdk.exceptions import (
    AnaplanActionError,
    AnaplanRequestException,
    AnaplanResponseException,
    AnaplanTimeoutException,
    InvalidIdentifierException,
    ModelUnavailableException,
    NotSyncableException,
    OutcomeUnknownException,
    PermissionDeniedException,
    SynchronizationException,
)
from anaplan_sdk.models import CompletedReportTask, CompletedSyncTask, PendingTask, SummaryReport
from anaplan_sdk.testing import EmulatedAnaplan

ADMIN = "admin@skyline.example"
PLANNER = "planner@skyline.example"
CREW = "6F96BC067CE7F764EEF4839FC6342965"
LIVE = "74B6E7A71F0A2E5851A4C614F9CF3401"
ROSTERS = "BB26F8DB59E12021FB2E2C1072F3BB7C"
TRAINING = "36B26109A41D24DB3F2EA76046767D21"
IDS = TRAINING, CREW, ROSTERS
NOWHERE = "0" * 32


def live(anaplan: EmulatedAnaplan, **arguments: Any) -> AsyncClient:
    """A client for the model that is brought to the other one's revisions."""
    chosen: dict[str, Any] = {
        "user_email": ADMIN,
        "model_id": LIVE,
        "status_poll_delay": 0.05,
        "settle_time": 0.2,
    }
    return anaplan.async_client(**chosen | arguments)


async def test_revisions(anaplan: EmulatedAnaplan) -> None:
    async with live(anaplan, model_id=CREW) as client:
        revisions = await client.alm.get_revisions("name", True)
        assert [revision.name for revision in revisions] == ["1.1 Training", "1.0 Rosters"]
        assert await client.alm.get_revisions("created_on") == revisions[::-1]
        assert await client.alm.get_latest_revision() == revisions[0]
        assert revisions[1].description == "What crew planning starts with."
        assert await client.alm.get_revisions(applied_after="2026-01-06") == revisions[:1]
        assert await client.alm.get_revisions(applied_before=date(2026, 1, 5)) == revisions[1:]
        assert await client.alm.get_revisions(applied_after="2026-01-07") == []
        models = await client.alm.get_models_for_revision(ROSTERS)
        assert [(model.id, model.name) for model in models] == [
            (CREW, "Crew Planning"),
            (LIVE, "Crew Planning Live"),
        ]
        assert await client.alm.get_syncable_revisions(LIVE) == []
        target = client.with_model(LIVE).alm
        assert await target.get_syncable_revisions(CREW) == revisions[:1]


async def test_a_model_without_revisions(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        assert await client.alm.get_revisions() == []
        assert await client.alm.get_latest_revision() is None
        assert await client.alm.get_sync_tasks() == []


async def test_a_new_revision(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        revision = await client.alm.create_revision("1.0", "As it is")
        assert (revision.name, revision.description) == ("1.0", "As it is")
        assert await client.alm.get_latest_revision() == revision
        with pytest.raises(AnaplanRequestException) as refused:
            await client.alm.create_revision("1.1")
        assert refused.value.status_code == 400
        assert await client.alm.get_revisions() == [revision]


@pytest.mark.parametrize(
    "fault", [{"lose_reply": True}, {"status": 502, "processed": True}, {"hold_seconds": 0.3}]
)
async def test_a_revision_whose_answer_is_lost(
    anaplan: EmulatedAnaplan, fault: dict[str, Any]
) -> None:
    timeout = 0.2 if "hold_seconds" in fault else 30
    async with anaplan.async_client(settle_time=5, timeout=timeout) as client:
        await client.authenticate()
        anaplan.fault(method="POST", path="*/alm/revisions", **fault)
        revision = await client.alm.create_revision("1.0")
        assert revision.name == "1.0"
        assert await client.alm.get_revisions() == [revision]
    assert len(anaplan.requests("POST", "*/alm/revisions")) == 1


async def test_a_revision_that_may_have_been_made(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(settle_time=0.1) as client:
        anaplan.fault(method="POST", path="*/alm/revisions", status=502)
        with pytest.raises(OutcomeUnknownException, match=r"'1\.0' may have been created"):
            await client.alm.create_revision("1.0")
        anaplan.fault(method="POST", path="*/alm/revisions", lose_reply=True)
        anaplan.fault(method="GET", path="*/alm/revisions", status=403, times=2)
        with pytest.raises(OutcomeUnknownException, match="can't be looked up"):
            await client.alm.create_revision("1.0")
        undated = {"id": "R", "name": "1.1", "createdOn": "some day"}
        anaplan.fault(method="POST", path="*/alm/revisions", status=502)
        anaplan.fault(
            method="GET", path="*/alm/revisions", body={"revisions": [undated]}, times=None
        )
        with pytest.raises(OutcomeUnknownException, match="can't be found"):
            await client.alm.create_revision("1.1")
    assert len(anaplan.requests("POST", "*/alm/revisions")) == 3


async def test_what_is_refused_before_it_is_sent(anaplan: EmulatedAnaplan) -> None:
    async with live(anaplan) as client:
        alm = client.alm
        for name, description in (("", ""), (" ", ""), ("x" * 61, ""), ("x", "y" * 251)):
            with pytest.raises(ValueError, match="characters"):
                await alm.create_revision(name, description)
        for text in ("31.01.2026", "2026-02-30", "20260131", "2026-01-31T00:00:00"):
            with pytest.raises(ValueError, match="applied"):
                await alm.get_revisions(applied_after=text)
        with pytest.raises(ValueError, match="later"):
            await alm.get_revisions(applied_after="2026-02-01", applied_before=date(2026, 1, 1))
        with pytest.raises(ValueError, match="sort_by"):
            await alm.get_revisions("size")  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="online"):
            await alm.change_model_status("asleep")  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="targetRevisionId"):
            await alm.sync_models(TRAINING, CREW, "")
        with pytest.raises(ValueError, match="timeout"):
            await alm.sync_models(*IDS, timeout=-1)
        with pytest.raises(ValueError, match="not a valid id"):
            await alm.get_sync_task("")
        with pytest.raises(ValueError, match="create_revision"):
            await alm.promote(CREW, create_revision="2.0", dry_run=True)
        with pytest.raises(ValueError, match="create_revision"):
            await alm.promote(CREW, TRAINING, create_revision="2.0")
    assert anaplan.requests() == []


async def test_a_synchronization(anaplan: EmulatedAnaplan) -> None:
    reports: list[Progress] = []
    async with live(anaplan) as client:
        task = await client.alm.sync_models(*IDS, timeout=20, on_progress=reports.append)
        assert task.result.successful
        assert (task.result.source_revision_id, task.result.target_revision_id) == (
            TRAINING,
            ROSTERS,
        )
        assert await client.alm.get_sync_task(task.id) == task
        assert [run.id for run in await client.alm.get_sync_tasks()] == [task.id]
        latest = await client.alm.get_latest_revision()
        assert latest is not None
        assert latest.id == TRAINING
    assert reports[-1].completed == 1


async def test_a_synchronization_without_waiting(anaplan: EmulatedAnaplan) -> None:
    async with live(anaplan) as client:
        task = await client.alm.sync_models(*IDS, False)
        assert isinstance(task, PendingTask)
        with pytest.raises(InvalidIdentifierException):
            await client.alm.get_sync_task(NOWHERE)


async def test_a_synchronization_that_fails(anaplan: EmulatedAnaplan) -> None:
    async with live(anaplan) as client:
        with pytest.raises(SynchronizationException) as failed:
            await client.alm.sync_models(TRAINING, CREW, TRAINING)
        latest = await client.alm.get_latest_revision()
        assert latest is not None
        assert latest.id == ROSTERS
    error = failed.value
    assert isinstance(error, AnaplanActionError)
    assert isinstance(error.task, CompletedSyncTask)
    assert error.task_id == error.task.id
    assert error.title == "Model Synchronization Failed"
    assert error.text
    assert error.text in str(error)
    assert error.result is None
    assert not error.retryable


async def test_a_synchronization_that_takes_too_long(anaplan: EmulatedAnaplan) -> None:
    async with live(anaplan) as client:
        running = {"taskId": NOWHERE, "taskState": "IN_PROGRESS", "creationTime": 1}
        anaplan.fault(method="GET", path="*/syncTasks/*", body={"task": running}, times=None)
        with pytest.raises(AnaplanTimeoutException, match="IN_PROGRESS") as late:
            await client.alm.sync_models(*IDS, timeout=1)
        assert late.value.task_id
    assert len(anaplan.requests("POST", "*/syncTasks")) == 1


async def test_polling_stays_at_the_address_that_was_given(anaplan: EmulatedAnaplan) -> None:
    async with live(anaplan) as client:
        elsewhere = {"Location": "https://elsewhere.example/2/0/models/1/alm/syncTasks/1"}
        anaplan.fault(method="POST", path="*/syncTasks", headers=elsewhere)
        assert (await client.alm.sync_models(*IDS)).result.successful


@pytest.mark.parametrize("fault", [{"lose_reply": True}, {"status": 504, "processed": True}])
async def test_a_synchronization_whose_answer_is_lost(
    anaplan: EmulatedAnaplan, fault: dict[str, Any]
) -> None:
    async with live(anaplan) as client:
        anaplan.fault(method="POST", path="*/syncTasks", **fault)
        task = await client.alm.sync_models(*IDS)
        assert task.result.successful
        assert [run.id for run in await client.alm.get_sync_tasks()] == [task.id]
    assert len(anaplan.requests("POST", "*/syncTasks")) == 1


async def test_a_synchronization_that_may_have_been_started(anaplan: EmulatedAnaplan) -> None:
    async with live(anaplan) as client:
        anaplan.fault(method="POST", path="*/syncTasks", status=504)
        with pytest.raises(OutcomeUnknownException, match="may have been started"):
            await client.alm.sync_models(*IDS)
    assert len(anaplan.requests("POST", "*/syncTasks")) == 1


async def test_a_synchronization_that_was_found_but_not_read(anaplan: EmulatedAnaplan) -> None:
    async with live(anaplan, retry_count=0) as client:
        anaplan.fault(method="POST", path="*/syncTasks", lose_reply=True)
        anaplan.fault(method="GET", path="*/syncTasks/*", status=503)
        with pytest.raises(OutcomeUnknownException, match="can't be read") as unknown:
            await client.alm.sync_models(*IDS)
        [task] = await client.alm.get_sync_tasks()
    assert unknown.value.candidates == [task.id]


async def test_comparisons(anaplan: EmulatedAnaplan) -> None:
    async with live(anaplan) as client:
        alm = client.alm
        task = await alm.create_comparison_report(*IDS)
        assert isinstance(task, CompletedReportTask)
        assert await alm.get_comparison_report_task(task.id) == task
        report = await alm.get_comparison_report(task)
        assert b"\t" in report
        sections = await alm.get_comparison_sections(task)
        assert sections["LISTS ADDED"][1][0] == "Courses"
        assert all(f"=== {heading} ===".encode() in report for heading in sections)

        pending = await alm.create_comparison_summary(*IDS, False)
        summary = await alm.get_comparison_summary(pending)
        assert await alm.get_comparison_summary(await alm.create_comparison_summary(*IDS)) == (
            summary
        )
        assert isinstance(await alm.get_comparison_summary_task(pending.id), CompletedReportTask)
        whole = await alm.create_comparison_summary(*IDS)
        assert isinstance(whole, SummaryReport)
        assert isinstance(whole, CompletedReportTask)
        assert (whole.totals, whole.differences) == (summary.totals, summary.differences)
        assert whole.result.successful
        assert summary.totals.created == summary.totals.total == 8
        assert summary.differences.lists is not None
        assert summary.differences.lists.created == 1
        kinds = summary.differences.by_kind
        assert sum(totals.total for totals in kinds.values()) == 8
        with pytest.raises(SynchronizationException, match="source revision"):
            await alm.create_comparison_summary(NOWHERE, CREW, ROSTERS)


async def test_comparisons_are_repeated(anaplan: EmulatedAnaplan) -> None:
    async with live(anaplan, backoff=0.01) as client:
        anaplan.fault(method="POST", path="*/summaryReportTasks", status=502, processed=True)
        assert (await client.alm.create_comparison_summary(*IDS)).result.successful
    assert len(anaplan.requests("POST", "*/summaryReportTasks")) == 2


async def test_a_comparison_that_does_not_name_its_revisions(anaplan: EmulatedAnaplan) -> None:
    reply = {"id": "T", "taskState": "COMPLETE", "result": {"successful": True}}
    task = CompletedReportTask.model_validate(reply)
    async with live(anaplan) as client:
        with pytest.raises(AnaplanResponseException, match="doesn't name its revisions"):
            await client.alm.get_comparison_report(task)


async def test_a_user_who_is_not_an_administrator(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(user_email=PLANNER) as client:
        for call in (
            client.alm.get_revisions,
            client.alm.get_latest_revision,
            client.alm.get_sync_tasks,
        ):
            with pytest.raises(PermissionDeniedException):
                await call()
        with pytest.raises(PermissionDeniedException):
            await client.alm.change_model_status("offline")
        with pytest.raises(
            ModelUnavailableException, match="not a workspace administrator"
        ) as denied:
            await client.alm.get_comparison_report_task(NOWHERE)
        assert denied.value.status_code == 424
        with pytest.raises(InvalidIdentifierException):
            await client.with_model(LIVE).alm.get_revisions()


async def test_a_model_that_is_offline(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client, anaplan.async_client(user_email=PLANNER) as other:
        await client.alm.change_model_status("offline")
        await client.get_files()
        with pytest.raises(ModelUnavailableException) as offline:
            await other.get_files()
        assert offline.value.status_code == 424
        await client.alm.change_model_status("online")
        await other.get_files()
        (archived,) = (m for m in await client.get_models() if m.active_state == "ARCHIVED")
        with pytest.raises(ModelUnavailableException) as refused:
            await client.with_model(archived.id).alm.change_model_status("offline")
        assert refused.value.status_code == 422


async def test_promoting(anaplan: EmulatedAnaplan) -> None:
    async with live(anaplan) as client:
        plan = await client.alm.promote(CREW, dry_run=True)
        assert not plan.nothing_to_do
        assert plan.task is None
        assert (plan.source_revision.id, plan.target_revision.id) == (TRAINING, ROSTERS)
        assert plan.summary is not None
        assert plan.summary.totals.created == 8
        assert str(plan) == (
            "to synchronize: revision '1.0 Rosters' to '1.1 Training' (0 modified, 8 created, "
            "0 deleted)"
        )
        assert anaplan.requests("POST", "*/syncTasks") == []

        done = await client.alm.promote(CREW, TRAINING, timeout=20)
        assert done.task is not None
        assert done.task.result.successful
        assert str(done).startswith("synchronized: ")

        for revision_id in (None, TRAINING, ROSTERS):
            again = await client.alm.promote(CREW, revision_id)
            assert again.nothing_to_do
            assert again.task is None
            assert "already" in str(again)
        # A source that the target is ahead of has nothing for it.
        assert (await client.with_model(CREW).alm.promote(LIVE)).nothing_to_do
    assert len(anaplan.requests("POST", "*/syncTasks")) == 1


async def test_nothing_is_synchronized_once_time_is_up(anaplan: EmulatedAnaplan) -> None:
    # The comparison has ended by the first poll, so that time is up between the two tasks.
    anaplan.fault(method="GET", path="*/summaryReportTasks/*", hold_seconds=1)
    async with live(anaplan) as client:
        with pytest.raises(AnaplanTimeoutException, match="was not started"):
            await client.alm.promote(CREW, timeout=0)
    assert anaplan.requests("POST", "*/syncTasks") == []


async def test_promoting_what_cannot_be(anaplan: EmulatedAnaplan) -> None:
    async with live(anaplan) as client:
        with pytest.raises(NotSyncableException, match=r"1\.1 Training"):
            await client.alm.promote(CREW, NOWHERE)
        flights = anaplan.emulator.model_id
        assert flights is not None
        with pytest.raises(NotSyncableException, match="none"):
            await client.alm.promote(flights)
        with pytest.raises(NotSyncableException, match="no revision"):
            await client.with_model(flights).alm.promote(CREW)
        with pytest.raises(InvalidIdentifierException):
            await client.alm.promote(NOWHERE)
        with pytest.raises(AnaplanRequestException):
            await client.alm.promote(CREW, create_revision="2.0")  # Nothing has changed there.
    assert anaplan.requests("POST", "*/syncTasks") == []


async def test_promoting_a_new_revision(anaplan_with_bases: EmulatedAnaplan) -> None:
    async with live(anaplan_with_bases) as client:
        source = client.with_model(CREW)
        files = {file.name: file.id for file in await source.get_files()}
        imports = {item.name: item.id for item in await source.get_imports()}
        await source.upload_and_import(
            files["bases.csv"], "name,code\nBoston,BOS\n", imports["Bases"]
        )
        done = await client.alm.promote(CREW, create_revision="2.0 Boston", timeout=20)
        assert done.source_revision.name == "2.0 Boston"
        assert done.task is not None
        assert done.task.result.successful
        latest = await client.alm.get_latest_revision()
        assert latest is not None
        assert latest.name == "2.0 Boston"
