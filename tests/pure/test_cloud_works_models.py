"""Models of CloudWorks keep unknown types and hide secrets."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from anaplan_sdk.models import AnaplanModel, flows
from anaplan_sdk.models.cloud_works import (
    Connection,
    ConnectionInput,
    IntegrationJob,
    NotificationItemInput,
    RunStatus,
    RunSummary,
)

DATES = {"creationDate": "2026-01-31T08:05:37.123Z", "modificationDate": "2026-01-31T08:05:37Z"}


def test_a_connection_of_an_unknown_kind_is_kept() -> None:
    body = {"name": "c", "share": "x"}
    wire = {**DATES, "connectionId": "1", "connectionType": "Snowflake", "body": body, "status": 0}
    connection = Connection.model_validate_json(json.dumps(wire))
    assert connection.connection_type == "Snowflake"
    assert type(connection.body) is AnaplanModel
    assert connection.body.model_dump() == body


def test_a_job_of_an_unknown_kind_is_kept() -> None:
    wire = {
        "type": "SnowflakeToAnaplan",
        "sources": [{"type": "Snowflake", "query": "SELECT 1"}],
        "targets": [{"type": "Anaplan", "actionId": "112000000001", "fileId": "113000000000"}],
    }
    job = IntegrationJob.model_validate_json(json.dumps(wire))
    assert job.model_dump(mode="json", by_alias=True) == wire


@pytest.mark.parametrize(
    ("body", "kind", "wire"),
    [
        (
            {"name": "c", "bucket_name": "b", "access_key_id": "k", "secret_access_key": "hidden"},
            "AmazonS3",
            {"name": "c", "bucketName": "b", "accessKeyId": "k", "secretAccessKey": "hidden"},
        ),
        (
            {"name": "c", "dataset": "d", "serviceAccountKey": {"private_key": "hidden"}},
            "GoogleBigQuery",
            {"name": "c", "dataset": "d", "serviceAccountKey": {"private_key": "hidden"}},
        ),
        (
            {
                "name": "c",
                "containerName": "b",
                "storageAccountName": "s",
                "sasToken": "hidden",
                "authMethod": "SAS-based",
            },
            "AzureBlob",
            {
                "name": "c",
                "containerName": "b",
                "storageAccountName": "s",
                "sasToken": "hidden",
                "auth_method": "SAS-based",
            },
        ),
    ],
)
def test_connections_are_sent_with_the_names_of_cloud_works(
    body: dict[str, object], kind: str, wire: dict[str, object]
) -> None:
    connection = ConnectionInput.of(body)
    assert connection.type == kind
    assert "hidden" not in repr(connection)
    written = connection.model_dump(mode="json", by_alias=True, exclude_none=True)
    assert written == {"type": kind, "body": wire}


def test_a_body_of_another_type_is_refused_without_its_secrets() -> None:
    body = {"name": "c", "bucketName": "b", "accessKeyId": "k", "secretAccessKey": "hidden"}
    s3 = ConnectionInput.of(body).body
    with pytest.raises(ValidationError, match="AzureBlob") as caught:
        ConnectionInput(type="AzureBlob", body=s3)
    assert "hidden" not in str(caught.value)


def test_a_run_under_way_has_no_end() -> None:
    run = RunStatus.model_validate({"id": "r", "integrationId": "i", "success": None})
    assert not run.has_ended
    run = RunStatus.model_validate(
        {"id": "r", "integrationId": "i", "success": False, "endDate": "2026-01-31T08:05:37.123Z"}
    )
    assert run.has_ended


def test_the_last_run_is_in_seconds() -> None:
    run = RunSummary.model_validate({"id": "r", "lastRun": 1780000000, "triggerSource": "moon"})
    assert run.last_run is not None
    assert run.last_run.isoformat() == "2026-05-28T20:26:40+00:00"
    assert run.trigger_source == "moon"


def test_at_most_five_users_are_notified() -> None:
    with pytest.raises(ValidationError, match="at most 5"):
        NotificationItemInput(type="success", users=["u"] * 6)


def test_a_step_stops_the_flow_when_it_fails() -> None:
    step = flows.FlowStepInput(referrer="i")
    assert [(each.type, each.strategy) for each in step.exception_behavior] == [
        ("failure", "stop"),
        ("partial_success", "continue"),
    ]
