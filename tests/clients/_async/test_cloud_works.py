"""CloudWorks: what is made is listed, what runs moves data, what is refused says why."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from anaplan_sdk import AsyncClient, Progress, models
from anaplan_sdk.exceptions import (
    AnaplanRequestException,
    AnaplanTimeoutException,
    IntegrationRunException,
    InvalidIdentifierException,
    PermissionDeniedException,
)
from anaplan_sdk.testing import EmulatedAnaplan

S3 = models.cloud_works.AmazonS3ConnectionInput(
    name="Second way to S3",
    bucket_name="skyline-flight-data",
    access_key_id="AKIASKYLINEEXAMPLE01",
    secret_access_key="skyline-s3-example-secret",
)
AZURE = {
    "type": "AzureBlob",
    "body": {
        "name": "Second way to Azure",
        "storageAccountName": "skylinestorage",
        "containerName": "exports",
        "sasToken": "sv=2024-11-04&sp=rwl&sig=skyline-azure-example",
    },
}
DAILY = models.cloud_works.ScheduleInput(
    name="Every night",
    type="daily",
    time="03:30",
    timezone="Europe/Paris",
    start_date="2026-01-01",
)
NOBODY = "0" * 32


async def named(client: AsyncClient, name: str) -> models.cloud_works.Integration:
    integrations = await client.cw.get_integrations()
    return next(each for each in integrations if each.name == name)


def an_import(
    client: AsyncClient, connection: str, file: str, **changes: object
) -> dict[str, object]:
    return {
        "name": "Airlines again",
        "workspaceId": client._workspace_id,
        "modelId": client._model_id,
        "jobs": [
            {
                "type": "AmazonS3ToAnaplan",
                "sources": [{"type": "AmazonS3", "connectionId": connection, "file": file}],
                "targets": [{"type": "Anaplan", "actionId": 112000000001, "fileId": 113000000000}],
            }
        ],
        **changes,
    }


async def test_connections_come_and_go(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        before = await client.cw.get_connections()
        made = await client.cw.create_connection(
            models.cloud_works.ConnectionInput(type="AmazonS3", body=S3)
        )
        await client.cw.create_connection(AZURE)
        await client.cw.update_connection(made, S3.model_copy(update={"name": "Renamed"}))
        by_id = {each.id: each for each in await client.cw.get_connections()}
        assert len(by_id) == len(before) + 2
        connection = by_id[made]
        assert isinstance(connection.body, models.cloud_works.AmazonS3ConnectionInfo)
        assert connection.body.name == "Renamed"
        assert connection.connection_type == "AmazonS3"
        assert connection.status == 1
        assert "secret" not in repr(connection).lower()

        whole = S3.model_copy(update={"name": "Patched"})
        await client.cw.patch_connection(made, whole.model_dump(by_alias=True, exclude_none=True))
        await client.cw.delete_connection(made)
        assert made not in {each.id for each in await client.cw.get_connections()}


async def test_connections_are_refused(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        wrong = S3.model_copy(update={"secret_access_key": "wr0ng"})
        with pytest.raises(AnaplanRequestException, match="invalid") as caught:
            await client.cw.create_connection({"type": "AmazonS3", "body": wrong})
        assert "wr0ng" not in f"{caught.value}{caught.value!r}"
        with pytest.raises(InvalidIdentifierException):
            await client.cw.update_connection(NOBODY, S3)
        used = (await client.cw.get_connections())[0]
        with pytest.raises(AnaplanRequestException) as caught:
            await client.cw.delete_connection(used.id)
        assert caught.value.status_code == 409

        anaplan.emulator.clear_requests()
        with pytest.raises(ValueError, match="bucketName: Field required") as mistake:
            await client.cw.create_connection(
                {"type": "AmazonS3", "body": {"name": "n", "secretAccessKey": "hidden"}}
            )
        assert "hidden" not in str(mistake.value)
        assert mistake.value.__context__ is None  # which would quote it
        with pytest.raises(ValueError, match="cannot be derived"):
            await client.cw.update_connection(used.id, {"name": "only a name"})
        assert anaplan.requests() == []


async def test_integrations_come_and_go(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        s3 = (await client.cw.get_connections())[0].id
        made = await client.cw.create_integration(an_import(client, s3, "inbound/airlines.csv"))
        integration = await client.cw.get_integration(made)
        assert integration.name == "Airlines again"
        assert integration.jobs is not None
        [job] = integration.jobs
        [target] = job.targets
        assert isinstance(target, models.cloud_works.AnaplanTarget)
        assert target.action_id == 112000000001

        changed = an_import(client, s3, "inbound/airlines.csv", name="Airlines anew")
        await client.cw.update_integration(
            made, models.cloud_works.IntegrationInput.model_validate(changed)
        )
        names = [each.name for each in await client.cw.get_integrations("name")]
        assert "Airlines anew" in names
        assert names == sorted(names)
        assert [each.name for each in await client.cw.get_integrations("name", True)] == names[::-1]
        assert await client.cw.get_integrations(model_id="0" * 32) == []
        assert len(await client.cw.get_integrations(current_user_only=True)) == len(names)

        process = await client.cw.create_integration(
            models.cloud_works.IntegrationProcessInput(
                name="Nightly",
                workspace_id=integration.workspace_id,
                model_id=integration.model_id,
                process_id=118000000000,
            )
        )
        listed = {each.id: each for each in await client.cw.get_integrations()}
        assert listed[process].process_id == 118000000000
        assert listed[process].integration_type == "Process"

        await client.cw.delete_integration(made)
        with pytest.raises(InvalidIdentifierException):
            await client.cw.get_integration(made)


async def test_all_pages_of_integrations_are_read(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(page_size=2) as client:
        assert len(await client.cw.get_integrations()) == 3
    pages = [each for each in anaplan.requests("GET") if each.path.endswith("/integrations")]
    assert len(pages) == 2


async def test_integrations_are_refused(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        s3 = (await client.cw.get_connections())[0].id
        body = an_import(client, s3, "inbound/airlines.csv")
        with pytest.raises(AnaplanRequestException):
            await client.cw.create_integration({**body, "name": "Airlines from S3"})
        with pytest.raises(InvalidIdentifierException, match="connection"):
            await client.cw.create_integration(an_import(client, NOBODY, "inbound/airlines.csv"))
        anaplan.emulator.clear_requests()
        with pytest.raises(ValueError, match="exactly one job"):
            await client.cw.create_integration({**body, "jobs": []})
        with pytest.raises(ValueError, match="needs jobs or a process_id"):
            await client.cw.create_integration({"name": "n", "job": []})
        for source, text in (
            ({"type": "AmazonS3", "connectionId": s3}, "AmazonS3.file: Field required"),
            ({"type": "S3", "connectionId": s3}, "sources.0: type must be Anaplan, AmazonS3"),
            ({"file": "f", "connectionId": s3}, "sources.0: type must be Anaplan, AmazonS3"),
        ):
            target = {"actionId": 112000000001, "fileId": 113000000000}
            job = {"type": "AmazonS3ToAnaplan", "sources": [source], "targets": [target]}
            with pytest.raises(ValueError, match=rf"^IntegrationInput: jobs.0.*{text}[^;]*$"):
                await client.cw.create_integration({**body, "jobs": [job]})
        with pytest.raises(ValueError, match="sort_by"):
            await client.cw.get_integrations("id")  # type: ignore[arg-type]
        assert anaplan.requests() == []


async def test_a_run_moves_data(anaplan: EmulatedAnaplan) -> None:
    seen: list[Progress] = []
    async with anaplan.async_client(status_poll_delay=0.05) as client:
        integration = await named(client, "Airlines from S3")
        run_id = await client.cw.run_integration(integration.id)
        run = await client.cw.wait_for_run(run_id, timeout=30, on_progress=seen.append)
        assert run.success
        assert run.execution_error_code is None
        assert run.integration_id == integration.id
        assert run.trigger_source == "manual"
        assert seen[-1].completed == 1
        [summary] = await client.cw.get_run_history(integration.id)
        assert summary.id == run_id
        assert isinstance(summary.last_run, datetime)
        assert abs((summary.last_run - datetime.now(UTC)).total_seconds()) < 3600
        assert await client.cw.get_run_error(run_id) is None
        tasks = await client.get_task_summaries(112000000001)
        assert len(tasks) == 1


async def test_a_run_with_refused_rows_says_which(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(status_poll_delay=0.05) as client:
        integration = await named(client, "Reload flights")
        run_id = await client.cw.run_integration(integration.id)
        run = await client.cw.wait_for_run(run_id, timeout=30)
        assert run.success
        assert run.execution_error_code == 38
        error = await client.cw.get_run_error(run_id)
        assert error is not None
        flights, facts = error.error_messages
        assert (flights.action_id, flights.failure_dump_generated) == ("112000000003", True)
        counters = facts.error_message[0]
        assert isinstance(counters, models.TaskResultDetail)
        assert counters.counters["failedCount"] == "1"

        dump = await client.cw.get_process_error_dump(run_id, facts.action_id)
        rows = [row async for row in client.cw.get_import_error_rows(run_id, facts.action_id)]
        merged = [row async for row in client.cw.get_process_error_rows(run_id)]
        assert {"_Action_": facts.action_name, **rows[0]} in merged
        assert [row["_Line_"] for row in rows] == ["2"]
        assert rows[0]["_Error_1_"].encode() in dump


async def test_an_import_that_refuses_rows_leaves_a_dump(anaplan: EmulatedAnaplan) -> None:
    bucket = anaplan.emulator.clouds / "AmazonS3" / "skyline-flight-data"
    (bucket / "inbound" / "lost.csv").write_text("carrier,name\nAA,American\n,Lost Airways\n")
    async with anaplan.async_client(status_poll_delay=0.05) as client:
        s3 = (await client.cw.get_connections())[0].id
        made = await client.cw.create_integration(an_import(client, s3, "inbound/lost.csv"))
        run_id = await client.cw.run_integration(made)
        await client.cw.wait_for_run(run_id, timeout=30)
        assert b"Lost Airways" in await client.cw.get_import_error_dump(run_id)
        rows = [row async for row in client.cw.get_import_error_rows(run_id)]
        assert [(row["name"], row["_Line_"]) for row in rows] == [("Lost Airways", "3")]
        clean = await client.cw.run_integration((await named(client, "Airlines from S3")).id)
        await client.cw.wait_for_run(clean, timeout=30)
        with pytest.raises(InvalidIdentifierException):
            await client.cw.get_import_error_dump(clean)


async def test_a_run_that_fails_raises_with_its_reasons(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(status_poll_delay=0.05) as client:
        s3 = (await client.cw.get_connections())[0].id
        made = await client.cw.create_integration(an_import(client, s3, "inbound/nothing.csv"))
        run_id = await client.cw.run_integration(made)
        with pytest.raises(IntegrationRunException) as caught:
            await client.cw.wait_for_run(run_id, timeout=30)
        assert caught.value.run is not None
        assert caught.value.run.id == run_id
        assert caught.value.run.message in str(caught.value)
        assert caught.value.error is not None
        action = caught.value.error.error_messages[0]
        assert action.action_name in str(caught.value)
        assert str(action.error_message[0].local_message_text).strip() in str(caught.value)

        anaplan.fault(path="*/runerror/*", status=404)
        with pytest.raises(IntegrationRunException, match="failed") as bare:
            await client.cw.wait_for_run(run_id)
        assert bare.value.error is None


async def test_a_deletion_whose_answer_is_lost_is_one(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(backoff=0.01) as client:
        made = await client.cw.create_connection(AZURE)
        anaplan.fault(method="DELETE", path="*/connections/*", lose_reply=True)
        await client.cw.delete_connection(made)
        assert made not in {each.id for each in await client.cw.get_connections()}
        with pytest.raises(InvalidIdentifierException):
            await client.cw.delete_connection(made)
    statuses = [each.status for each in anaplan.requests("DELETE")]
    assert statuses[1:] == [404, 404]


async def test_a_run_can_be_cancelled(anaplan: EmulatedAnaplan) -> None:
    anaplan.emulator.settings.hold_tasks = "IN_PROGRESS"
    async with anaplan.async_client(status_poll_delay=0.05) as client:
        integration = await named(client, "Airlines from S3")
        run_id = await client.cw.run_integration(integration.id)
        with pytest.raises(AnaplanRequestException) as caught:
            await client.cw.run_integration(integration.id)
        assert caught.value.status_code == 409
        with pytest.raises(AnaplanTimeoutException, match="under way"):
            await client.cw.wait_for_run(run_id, timeout=0)
        # One that is only queued can't be cancelled.
        while [t.task_state for t in await client.get_task_summaries(112000000001)] != [
            "IN_PROGRESS"
        ]:
            pass
        await client.cw.cancel_integration(integration.id)
        with pytest.raises(IntegrationRunException, match="Cancelled"):
            await client.cw.wait_for_run(run_id, timeout=30)
        with pytest.raises(AnaplanRequestException) as caught:
            await client.cw.cancel_integration(integration.id)
        assert caught.value.status_code == 409


async def test_schedules(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        integration = await named(client, "Airlines from S3")
        await client.cw.create_schedule(integration.id, DAILY)
        schedule = (await client.cw.get_integration(integration.id)).schedule
        assert schedule is not None
        assert (schedule.type, schedule.time, schedule.status) == ("daily", "03:30", "Active")
        with pytest.raises(AnaplanRequestException):
            await client.cw.create_schedule(integration.id, DAILY)

        await client.cw.update_schedule(
            integration.id,
            {
                "name": "Mondays",
                "type": "weekly",
                "time": "04:00",
                "daysOfWeek": [1],
                "startDate": "2026-01-01",
                "timezone": "Europe/Paris",
            },
        )
        await client.cw.set_schedule_status(integration.id, "disabled")
        schedule = (await client.cw.get_integration(integration.id)).schedule
        assert schedule is not None
        assert (schedule.type, schedule.days_of_week) == ("weekly", [1])
        assert schedule.status == "Inactive"
        await client.cw.delete_schedule(integration.id)
        assert (await client.cw.get_integration(integration.id)).schedule is None


async def test_schedules_fire(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(status_poll_delay=0.05) as client:
        integration = await named(client, "Passenger plan to Azure")
        anaplan.advance(hours=24)
        [run, *_] = await client.cw.get_run_history(integration.id)
        assert (await client.cw.wait_for_run(run.id, timeout=30)).trigger_source == "scheduled"


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"type": "weekly"}, "needs days_of_week"),
        ({"type": "hourly"}, "needs from_time, to_time, repeat_every, days_of_week"),
        ({"type": "monthly_specific_day"}, "needs day_of_month"),
        ({"type": "monthly_relative_weekday"}, "needs day_of_week, repeat_every"),
        ({"type": "yearly"}, "type must be one of"),
        ({"time": None}, "needs time"),
        ({"time": "25:00"}, "HH:MM"),
        ({"startDate": "1 May"}, "YYYY-MM-DD"),
        ({"daysOfWeek": [7]}, "from 0"),
    ],
)
async def test_schedules_are_checked_first(
    anaplan: EmulatedAnaplan, changes: dict[str, object], match: str
) -> None:
    schedule = {**DAILY.model_dump(by_alias=True, exclude_none=True), **changes}
    async with anaplan.async_client() as client:
        with pytest.raises(ValueError, match=match):
            await client.cw.create_schedule(NOBODY, schedule)
        with pytest.raises(ValueError, match="enabled' or 'disabled"):
            await client.cw.set_schedule_status(NOBODY, "on")  # type: ignore[arg-type]
    assert anaplan.requests() == []


async def test_notifications(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        me = (await client.audit.get_user()).id
        integration = await named(client, "Airlines from S3")
        config = await client.cw.get_notification_config(integration_id=integration.id)
        assert config.notification_id == integration.notification_id
        wanted = models.cloud_works.NotificationInput.model_validate(
            {
                "integrationIds": [integration.id],
                "channels": ["email"],
                "notifications": {"config": [{"type": "full_failure", "users": [me]}]},
            }
        )
        await client.cw.update_notification_config(config.notification_id, wanted)
        config = await client.cw.get_notification_config(config.notification_id)
        assert config.channels == ["email"]
        failed = next(c for c in config.notifications.config if c.type == "full_failure")
        assert [user.user_guid for user in failed.users] == [me]
        with pytest.raises(AnaplanRequestException):
            await client.cw.create_notification_config(wanted)
        await client.cw.delete_notification_config(integration_id=integration.id)
        made = await client.cw.create_notification_config(wanted)
        assert (await client.cw.get_notification_config(made)).integration_ids == [integration.id]
        with pytest.raises(ValueError, match="either notification_id"):
            await client.cw.get_notification_config()


async def test_flows(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(status_poll_delay=0.05) as client:
        [flow] = await client.cw.flows.get_flows()
        assert await client.cw.flows.get_flows(current_user_only=True) == [flow]
        detail = await client.cw.flows.get_flow(flow.id)
        first, second = [step.referrer for step in detail.steps]
        assert detail.steps[1].depends_on == [first]

        made = await client.cw.flows.create_flow(
            models.flows.FlowInput(
                name="Out, then in",
                steps=[
                    models.flows.FlowStepInput(referrer=second),
                    models.flows.FlowStepInput(referrer=first, depends_on=[second]),
                ],
            )
        )
        await client.cw.flows.update_flow(
            made, {"name": "In, out", "steps": [{"referrer": first}, {"referrer": second}]}
        )
        assert (await client.cw.flows.get_flow(made)).name == "In, out"
        await client.cw.flows.delete_flow(made)
        with pytest.raises(InvalidIdentifierException):
            await client.cw.flows.get_flow(made)


async def test_a_flow_runs_its_integrations(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(status_poll_delay=0.05) as client:
        [flow] = await client.cw.flows.get_flows()
        assert await client.cw.flows.run_flow(flow.id)
        steps = (await client.cw.flows.get_flow(flow.id)).steps
        assert len(steps) > 1
        for step in steps:
            history: list[models.cloud_works.RunSummary] = []
            while not history:
                history = await client.cw.get_run_history(step.referrer)
            run = await client.cw.wait_for_run(history[0].id, timeout=30)
            assert run.trigger_source == "manual_inf"


async def test_flows_are_checked_first(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        with pytest.raises(ValueError, match="two steps"):
            await client.cw.flows.create_flow({"name": "f", "steps": [{"referrer": NOBODY}]})
        steps = [{"referrer": "a", "dependsOn": ["b"]}, {"referrer": "b"}]
        with pytest.raises(ValueError, match="doesn't come before"):
            await client.cw.flows.create_flow({"name": "f", "steps": steps})
        with pytest.raises(ValueError, match="only_steps"):
            await client.cw.flows.run_flow(NOBODY, [])
    assert anaplan.requests() == []


async def test_a_user_without_a_role(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(user_email="planner@skyline.example") as client:
        with pytest.raises(PermissionDeniedException, match="Not Authorized"):
            await client.cw.get_integrations()
        with pytest.raises(PermissionDeniedException):
            await client.cw.flows.get_flows()


async def test_a_tenant_that_is_not_entitled(anaplan: EmulatedAnaplan) -> None:
    body = {"status": {"code": 452, "message": "Tenant not entitled"}}
    anaplan.fault(path="*/schedule", status=452, body=body)
    async with anaplan.async_client() as client:
        with pytest.raises(PermissionDeniedException, match="Tenant not entitled"):
            await client.cw.delete_schedule(NOBODY)


async def test_a_token_that_ends_does_no_harm(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        await client.cw.get_connections()
        anaplan.advance(minutes=40)
        assert len(await client.cw.get_integrations()) == 3
