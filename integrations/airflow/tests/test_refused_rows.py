"""Rows that Anaplan refuses, the log, asset events, and errors."""

from __future__ import annotations

import pytest
from airflow.models.asset import AssetEvent
from airflow.utils.session import create_session
from airflow_home import HOME
from dag_runs import instance, new_dag, pull, run
from sqlalchemy import select

from airflow_provider_anaplan.assets.anaplan import create_asset
from airflow_provider_anaplan.operators.actions import (
    AnaplanExportOperator,
    AnaplanRunActionOperator,
    AnaplanUploadOperator,
)

FILE, IMPORT, EXPORT = 113000000000, 112000000001, 116000000000
AIRLINES = "carrier,name\nAA,American Airlines\n,No Code\nBB,\nCC,Third\n"


def test_refused_rows_are_an_xcom(anaplan, capsys):
    anaplan.client().upload_file(FILE, AIRLINES)
    with new_dag() as dag:
        AnaplanRunActionOperator(task_id="load", action_id=IMPORT, refused_rows=1)
    done = run(dag)
    assert done.state == "success"
    assert pull(done, "load")["refused"] == 2
    refused = pull(done, "load", "refused")
    assert refused["count"] == 2
    (row,) = refused["rows"]
    assert (row["name"], row["_Line_"], row["_Error_1_"]) == ("No Code", "3", "Empty key")
    printed = capsys.readouterr().out
    assert "Empty key" in printed
    assert "Such rows in all: 2" in printed


def test_too_many_refused_rows_fail_without_a_retry(anaplan):
    anaplan.client().upload_file(FILE, AIRLINES)
    with new_dag() as dag:
        AnaplanRunActionOperator(task_id="load", action_id=IMPORT, max_refused=1, retries=3)
    done = run(dag)
    assert done.state == "failed"
    assert instance(done, "load").try_number == 1
    assert pull(done, "load", "refused")["count"] == 2
    assert len(anaplan.requests("POST", "*/tasks")) == 1


def test_zero_allows_no_refused_row(anaplan, capsys):
    anaplan.client().upload_file(FILE, "carrier,name\nAA,American Airlines\n,No Code\n")
    with new_dag() as dag:
        allowed = AnaplanRunActionOperator(task_id="one", action_id=IMPORT, max_refused=1)
        none = AnaplanRunActionOperator(task_id="none", action_id=IMPORT, max_refused=0)
        allowed >> none
    done = run(dag)
    assert instance(done, "one").state == "success"
    assert instance(done, "none").state == "failed"
    assert "refused 1 row, and max_refused allows 0" in capsys.readouterr().out


def test_an_unknown_action_fails_without_a_retry(anaplan, capsys):
    with new_dag() as dag:
        AnaplanRunActionOperator(task_id="load", action_id="112000009999", retries=3)
    done = run(dag)
    assert done.state == "failed"
    assert instance(done, "load").try_number == 1
    assert "112000009999" in capsys.readouterr().out


def test_an_outage_is_retried(anaplan):
    anaplan.client().upload_file(FILE, AIRLINES)
    anaplan.fault(method="GET", path="*/tasks", status=503, times=3)
    with new_dag() as dag:
        AnaplanRunActionOperator(task_id="load", action_id=IMPORT, retries=1)
    done = run(dag)
    assert done.state == "success"
    assert instance(done, "load").try_number == 2
    assert len(anaplan.requests("POST", "*/tasks")) == 1


def test_asset_events_have_what_was_done(anaplan):
    anaplan.client().upload_file(FILE, AIRLINES)
    emulator = anaplan.emulator
    asset = create_asset(
        workspace_id=emulator.workspace_id,
        model_id=emulator.model_id,
        kind="imports",
        object_id=IMPORT,
    )
    assert asset.uri == (f"anaplan://{emulator.workspace_id}/{emulator.model_id}/imports/{IMPORT}")
    with new_dag() as dag:
        AnaplanRunActionOperator(task_id="load", action_id=IMPORT, outlets=[asset])
    done = run(dag)
    with create_session() as session:
        (event,) = session.scalars(
            select(AssetEvent).where(AssetEvent.source_dag_id == dag.dag_id)
        ).all()
        assert event.extra["task_id"] == pull(done, "load")["task_id"]
        assert event.extra["refused"] == 2


def test_secrets_are_not_logged(anaplan, capfd):
    anaplan.client().upload_file(FILE, AIRLINES)
    with new_dag() as dag:
        load = AnaplanRunActionOperator(task_id="load", action_id=IMPORT, deferrable=True)
        AnaplanRunActionOperator(task_id="fail", action_id="112000009999").set_upstream(load)
    assert run(dag).state == "failed"
    printed = "".join(capfd.readouterr())
    files = [path for path in (HOME / "logs").rglob("*") if path.is_file()]
    assert "112000009999" in printed
    for text in (printed, *(path.read_text() for path in files)):
        assert anaplan.emulator.password not in text


@pytest.mark.parametrize(
    "arguments",
    [
        {"source": "file:///x"},
        {"file_id": 113000000000},
        {"max_refused": -1},
        {"refused_rows": 1001},
        {"timeout": 0},
        {"poll_interval": 0},
    ],
)
def test_invalid_arguments_are_refused_when_the_dag_is_read(anaplan, arguments):
    with new_dag() as dag, pytest.raises(ValueError, match=next(iter(arguments))):
        AnaplanRunActionOperator(task_id="load", action_id=IMPORT, **arguments)
    # An operator without its attributes would make the whole DAG unreadable.
    assert not dag.task_ids


@pytest.mark.parametrize(
    ("operator", "arguments"),
    [
        (AnaplanUploadOperator, {"file_id": FILE, "source": "gs://bucket/key"}),
        (
            AnaplanRunActionOperator,
            {"action_id": IMPORT, "file_id": FILE, "source": "gs://bucket/key"},
        ),
        (AnaplanExportOperator, {"export_id": EXPORT, "destination": "gs://bucket/key"}),
    ],
)
def test_a_store_without_its_provider_is_refused_before_anything_is_sent(
    anaplan, capsys, operator, arguments
):
    with new_dag() as dag:
        operator(task_id="task", retries=3, **arguments)
    done = run(dag)
    assert instance(done, "task").state == "failed"
    assert instance(done, "task").try_number == 1
    assert "Airflow has no file system for gs://" in capsys.readouterr().out
    assert not anaplan.requests("POST", "*/tasks")
    assert not anaplan.requests("PUT", "*")
