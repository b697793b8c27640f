"""What type checkers see of `client.cw`: read by mypy and pyright, never run."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from typing import assert_type

from anaplan_sdk import AsyncClient, Client, models
from anaplan_sdk.models import cloud_works, flows


def cloud_works_methods(
    client: Client,
    connection: cloud_works.ConnectionInput,
    s3: cloud_works.AmazonS3ConnectionInput,
    integration: cloud_works.IntegrationInput,
    schedule: cloud_works.ScheduleInput,
    notification: cloud_works.NotificationInput,
) -> None:
    assert_type(client.cw.get_connections(), list[cloud_works.Connection])
    assert_type(client.cw.create_connection(connection), str)
    assert_type(client.cw.create_connection({"type": "AmazonS3", "body": {}}), str)
    client.cw.update_connection("id", s3)
    client.cw.patch_connection("id", {"name": "n"})
    client.cw.delete_connection("id")
    assert_type(client.cw.get_integrations("name", True), list[cloud_works.Integration])
    assert_type(client.cw.get_integration("id"), cloud_works.SingleIntegration)
    assert_type(client.cw.create_integration(integration), str)
    client.cw.update_integration("id", {"name": "n"})
    client.cw.delete_integration("id")
    assert_type(client.cw.run_integration("id"), str)
    run = client.cw.wait_for_run("id", timeout=60)
    assert_type(run, cloud_works.RunStatus)
    assert_type(run.success, bool | None)
    client.cw.cancel_integration("id")
    assert_type(client.cw.get_run_history("id"), list[cloud_works.RunSummary])
    assert_type(client.cw.get_run_status("id"), cloud_works.RunStatus)
    assert_type(client.cw.get_run_error("id"), cloud_works.RunError | None)
    assert_type(client.cw.get_import_error_dump("id"), bytes)
    assert_type(client.cw.get_process_error_dump("id", 112000000000), bytes)
    assert_type(client.cw.get_import_error_rows("id"), Generator[dict[str, str]])
    assert_type(client.cw.get_process_error_rows("id"), Generator[dict[str, str]])
    client.cw.create_schedule("id", schedule)
    client.cw.update_schedule("id", {"name": "s"})
    client.cw.set_schedule_status("id", "enabled")
    client.cw.delete_schedule("id")
    assert_type(client.cw.get_notification_config("id"), cloud_works.NotificationConfig)
    assert_type(client.cw.create_notification_config(notification), str)
    client.cw.update_notification_config("id", notification)
    client.cw.delete_notification_config(integration_id="id")


def flow_methods(client: Client, flow: flows.FlowInput) -> None:
    assert_type(client.cw.flows.get_flows(current_user_only=True), list[models.flows.FlowSummary])
    assert_type(client.cw.flows.get_flow("id"), models.flows.Flow)
    assert_type(client.cw.flows.create_flow(flow), str)
    client.cw.flows.update_flow("id", {"name": "f", "steps": []})
    assert_type(client.cw.flows.run_flow("id", ["integration"]), str)
    client.cw.flows.delete_flow("id")


async def cloud_works_methods_async(
    client: AsyncClient,
    connection: cloud_works.ConnectionInput,
    s3: cloud_works.AmazonS3ConnectionInput,
    integration: cloud_works.IntegrationInput,
    schedule: cloud_works.ScheduleInput,
    notification: cloud_works.NotificationInput,
) -> None:
    assert_type(await client.cw.get_connections(), list[cloud_works.Connection])
    assert_type(await client.cw.create_connection(connection), str)
    await client.cw.update_connection("id", s3)
    await client.cw.patch_connection("id", {"name": "n"})
    await client.cw.delete_connection("id")
    assert_type(await client.cw.get_integrations("name", True), list[cloud_works.Integration])
    assert_type(await client.cw.get_integration("id"), cloud_works.SingleIntegration)
    assert_type(await client.cw.create_integration(integration), str)
    await client.cw.update_integration("id", {"name": "n"})
    await client.cw.delete_integration("id")
    assert_type(await client.cw.run_integration("id"), str)
    assert_type(await client.cw.wait_for_run("id", timeout=60), cloud_works.RunStatus)
    await client.cw.cancel_integration("id")
    assert_type(await client.cw.get_run_history("id"), list[cloud_works.RunSummary])
    assert_type(await client.cw.get_run_status("id"), cloud_works.RunStatus)
    assert_type(await client.cw.get_run_error("id"), cloud_works.RunError | None)
    assert_type(await client.cw.get_import_error_dump("id"), bytes)
    assert_type(await client.cw.get_process_error_dump("id", 112000000000), bytes)
    assert_type(client.cw.get_import_error_rows("id"), AsyncGenerator[dict[str, str]])
    assert_type(client.cw.get_process_error_rows("id"), AsyncGenerator[dict[str, str]])
    await client.cw.create_schedule("id", schedule)
    await client.cw.update_schedule("id", {"name": "s"})
    await client.cw.set_schedule_status("id", "enabled")
    await client.cw.delete_schedule("id")
    assert_type(await client.cw.get_notification_config("id"), cloud_works.NotificationConfig)
    assert_type(await client.cw.create_notification_config(notification), str)
    await client.cw.update_notification_config("id", notification)
    await client.cw.delete_notification_config(integration_id="id")


async def flow_methods_async(client: AsyncClient, flow: flows.FlowInput) -> None:
    assert_type(await client.cw.flows.get_flows(), list[models.flows.FlowSummary])
    assert_type(await client.cw.flows.get_flow("id"), models.flows.Flow)
    assert_type(await client.cw.flows.create_flow(flow), str)
    await client.cw.flows.update_flow("id", {"name": "f", "steps": []})
    assert_type(await client.cw.flows.run_flow("id", ["integration"]), str)
    await client.cw.flows.delete_flow("id")
