"""CloudWorks and SCIM: what is started or created is so at most once, even if the reply is lost."""

from __future__ import annotations

from typing import Any

import pytest

from anaplan_sdk import AsyncClient
from anaplan_sdk.exceptions import (
    AnaplanRequestException,
    OutcomeUnknownException,
    ServerException,
)
from anaplan_sdk.testing import EmulatedAnaplan

RUN = "*/integrations/*/run"
S3 = {
    "type": "AmazonS3",
    "body": {
        "name": "Second way to S3",
        "bucketName": "skyline-flight-data",
        "accessKeyId": "AKIASKYLINEEXAMPLE01",
        "secretAccessKey": "skyline-s3-example-secret",
    },
}
SETTINGS: dict[str, Any] = {"settle_time": 0.3, "backoff": 0.01, "status_poll_delay": 0.05}
LOST = [
    {"lose_reply": True},
    {"status": 504, "processed": True},
    {"status": 500, "processed": True},
    {"body": "<html>proxy</html>", "headers": {"Content-Type": "text/html"}, "processed": True},
]
NOT_DONE = [{"reset_before": True}, {"status": 502}]
ADMIN = "admin@skyline.example"


def kind_of(trouble: dict[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in trouble.items() if name != "headers")


async def an_integration(client: AsyncClient) -> str:
    integrations = await client.cw.get_integrations("name")
    return integrations[0].id


def flow_of(name: str, *integrations: str) -> dict[str, Any]:
    return {"name": name, "steps": [{"referrer": one, "dependsOn": []} for one in integrations]}


@pytest.mark.parametrize("trouble", LOST, ids=kind_of)
async def test_a_run_is_recovered_after_a_lost_reply(
    anaplan: EmulatedAnaplan, trouble: dict[str, Any]
) -> None:
    async with anaplan.async_client(**SETTINGS) as client:
        integration = await an_integration(client)
        before = await client.cw.get_run_history(integration)
        anaplan.fault(method="POST", path=RUN, **trouble)
        run = await client.cw.run_integration(integration)
        await client.cw.wait_for_run(run)
        runs = await client.cw.get_run_history(integration)
    assert len(runs) == len(before) + 1
    assert run in {one.id for one in runs} - {one.id for one in before}
    assert len(anaplan.requests("POST", RUN)) == 1


@pytest.mark.parametrize("trouble", NOT_DONE, ids=kind_of)
async def test_an_integration_that_was_not_started_is_started_again(
    anaplan: EmulatedAnaplan, trouble: dict[str, Any]
) -> None:
    async with anaplan.async_client(**SETTINGS) as client:
        integration = await an_integration(client)
        before = await client.cw.get_run_history(integration)
        anaplan.fault(method="POST", path=RUN, **trouble)
        await client.cw.wait_for_run(await client.cw.run_integration(integration))
        assert len(await client.cw.get_run_history(integration)) == len(before) + 1
    assert len(anaplan.requests("POST", RUN)) == 2


async def test_an_integration_is_started_once_without_retries(
    anaplan: EmulatedAnaplan,
) -> None:
    async with anaplan.async_client(**SETTINGS, retry_count=0) as client:
        integration = await an_integration(client)
        anaplan.fault(method="POST", path=RUN, status=502)
        with pytest.raises(ServerException):
            await client.cw.run_integration(integration)
    assert len(anaplan.requests("POST", RUN)) == 1


async def test_a_start_that_arrives_late_is_not_a_second_run(anaplan: EmulatedAnaplan) -> None:
    """The second start is refused since there is a run: of the first one, or of somebody else."""
    async with anaplan.async_client(**SETTINGS, timeout=0.7) as client:
        integration = await an_integration(client)
        before = {run.id for run in await client.cw.get_run_history(integration)}
        anaplan.emulator.settings.hold_tasks = "NOT_STARTED"
        anaplan.fault(method="POST", path=RUN, hold_seconds=1.2)
        anaplan.fault(method="POST", path=RUN, hold_seconds=0.5)
        with pytest.raises(OutcomeUnknownException, match="somebody else's") as unknown:
            await client.cw.run_integration(integration)
        anaplan.emulator.settings.hold_tasks = None
        [run] = unknown.value.candidates
        await client.cw.wait_for_run(run)
        assert {one.id for one in await client.cw.get_run_history(integration)} == before | {run}
    assert [request.status for request in anaplan.requests("POST", RUN)][-1] == 409


async def test_a_run_that_was_started_before_is_not_recovered(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(**SETTINGS) as client:
        integration = await an_integration(client)
        anaplan.emulator.settings.hold_tasks = "IN_PROGRESS"
        await client.cw.run_integration(integration)
        with pytest.raises(AnaplanRequestException) as refused:
            await client.cw.run_integration(integration)
        anaplan.emulator.settings.hold_tasks = None
    assert refused.value.status_code == 409
    assert not refused.value.retryable


async def test_a_run_that_cannot_be_looked_up_is_unknown(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(**SETTINGS) as client:
        integration = await an_integration(client)
        anaplan.fault(method="POST", path=RUN, lose_reply=True)
        anaplan.fault(method="GET", path="*/integrations/runs/*", status=403)
        with pytest.raises(OutcomeUnknownException, match=integration) as unknown:
            await client.cw.run_integration(integration)
    assert not unknown.value.retryable


async def test_a_poll_that_fails_is_not_the_last_one(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(retry_count=0, settle_time=5) as client:
        integration = await an_integration(client)
        anaplan.fault(method="POST", path=RUN, lose_reply=True)
        anaplan.fault(method="GET", path="*/integrations/runs/*", status=503, times=2)
        run = await client.cw.run_integration(integration)
        assert (await client.cw.get_run_history(integration))[0].id == run
    assert len(anaplan.requests("POST", RUN)) == 1


@pytest.mark.parametrize("trouble", LOST, ids=kind_of)
async def test_a_flow_is_created_and_run_once(
    anaplan: EmulatedAnaplan, trouble: dict[str, Any]
) -> None:
    async with anaplan.async_client(**SETTINGS) as client:
        flows = client.cw.flows
        steps = [each.id for each in await client.cw.get_integrations()][:2]
        anaplan.fault(method="POST", path="*/integrationflows", **trouble)
        made = await flows.create_flow(flow_of("Every morning", *steps))
        assert [flow.id for flow in await flows.get_flows() if flow.name == "Every morning"] == [
            made
        ]
        anaplan.fault(method="POST", path="*/integrationflows/*/run", **trouble)
        run = await flows.run_flow(made)
        assert [one.id for one in await client.cw.get_run_history(made)] == [run]
    assert len(anaplan.requests("POST", "*/integrationflows/*/run")) == 1


@pytest.mark.parametrize("trouble", LOST, ids=kind_of)
async def test_connections_and_integrations_are_created_once(
    anaplan: EmulatedAnaplan, trouble: dict[str, Any]
) -> None:
    async with anaplan.async_client(**SETTINGS) as client:
        before = len(await client.cw.get_connections())
        anaplan.fault(method="POST", path="*/integrations/connections", **trouble)
        connection = await client.cw.create_connection(S3)
        found = [one for one in await client.cw.get_connections() if one.id == connection]
        assert getattr(found[0].body, "name", None) == "Second way to S3"
        assert len(await client.cw.get_connections()) == before + 1
        known = await client.cw.get_integration(await an_integration(client))
        body = {
            "name": "Airlines again",
            "workspaceId": known.workspace_id,
            "modelId": known.model_id,
            "jobs": [
                {
                    "type": "AmazonS3ToAnaplan",
                    "sources": [{"type": "AmazonS3", "connectionId": connection, "file": "a.csv"}],
                    "targets": [
                        {"type": "Anaplan", "actionId": 112000000001, "fileId": 113000000000}
                    ],
                }
            ],
        }
        anaplan.fault(method="POST", path="*/2/0/integrations", **trouble)
        made = await client.cw.create_integration(body)
        assert (await client.cw.get_integration(made)).name == "Airlines again"
        # A refusal with a reason is raised at once, and nothing is recovered.
        with pytest.raises(AnaplanRequestException, match="Duplicate"):
            await client.cw.create_integration(body)


@pytest.mark.parametrize("trouble", NOT_DONE, ids=kind_of)
async def test_what_was_not_created_is_not_created_again(
    anaplan: EmulatedAnaplan, trouble: dict[str, Any]
) -> None:
    async with anaplan.async_client(**SETTINGS) as client:
        anaplan.fault(method="POST", path="*/integrations/connections", **trouble)
        with pytest.raises(OutcomeUnknownException) as unknown:
            await client.cw.create_connection(S3)
        assert not unknown.value.retryable
        assert "skyline-s3-example-secret" not in f"{unknown.value!r}{unknown.value}"
        integration = await an_integration(client)
        anaplan.fault(method="POST", path="*/schedule", **trouble)
        schedule = {
            "name": "Every night",
            "type": "daily",
            "time": "03:30",
            "timezone": "Europe/Paris",
            "startDate": "2026-01-01",
        }
        with pytest.raises(OutcomeUnknownException):
            await client.cw.create_schedule(integration, schedule)
        anaplan.fault(method="POST", path="*/notification", **trouble)
        config = {
            "integrationIds": [integration],
            "channels": ["email"],
            "notifications": {"config": [{"type": "success", "users": ["0" * 32]}]},
        }
        with pytest.raises(OutcomeUnknownException):
            await client.cw.create_notification_config(config)
    assert len(anaplan.requests("POST", "*/connections")) == 1
    assert len(anaplan.requests("POST", "*/schedule")) == 1
    assert len(anaplan.requests("POST", "*/notification")) == 1


@pytest.mark.parametrize("trouble", LOST, ids=kind_of)
async def test_a_user_is_created_once(anaplan: EmulatedAnaplan, trouble: dict[str, Any]) -> None:
    user = {
        "userName": "ada@skyline.example",
        "name": {"givenName": "Ada", "familyName": "Byron"},
    }
    async with anaplan.async_client(user_email=ADMIN, **SETTINGS) as client:
        anaplan.fault(method="POST", path="*/Users", **trouble)
        added = await client.scim.add_user(user)
        assert (await client.scim.get_user(added.id)).user_name == "ada@skyline.example"
        # A user that existed before is not recovered.
        anaplan.advance(minutes=1)
        anaplan.fault(method="POST", path="*/Users", lose_reply=True)
        with pytest.raises(OutcomeUnknownException):
            await client.scim.add_user(user)
    assert len(anaplan.requests("POST", "*/Users")) == 2
