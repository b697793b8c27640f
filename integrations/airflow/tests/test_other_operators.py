"""CloudWorks, promotions, sensors and the example DAG."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from airflow.sdk import Context
from airflow_home import connection_of
from dag_runs import instance, new_dag, pull, run

import airflow_provider_anaplan
from airflow_provider_anaplan.errors import AirflowFailException
from airflow_provider_anaplan.operators.actions import AnaplanRunActionOperator
from airflow_provider_anaplan.operators.alm import AnaplanPromoteOperator
from airflow_provider_anaplan.operators.cloud_works import AnaplanCloudWorksOperator
from airflow_provider_anaplan.sensors.anaplan import AnaplanFileSensor, AnaplanTaskSensor

FILE, IMPORT, EXPORT = 113000000000, 112000000001, 116000000000
CREW, LIVE = "6F96BC067CE7F764EEF4839FC6342965", "74B6E7A71F0A2E5851A4C614F9CF3401"


@pytest.mark.parametrize("deferrable", [False, True])
def test_cloud_works(anaplan, deferrable):
    client = anaplan.client()
    (found,) = [i for i in client.cw.get_integrations() if i.name == "Airlines from S3"]
    with new_dag() as dag:
        AnaplanCloudWorksOperator(
            task_id="integrate", integration_id=found.id, deferrable=deferrable
        )
    done = run(dag)
    assert done.state == "success"
    result = pull(done, "integrate")
    assert client.cw.get_run_status(result["run_id"]).success
    assert len(anaplan.requests("POST", "*/run")) == 1


def test_promote(anaplan, monkeypatch):
    users = anaplan.emulator.tenant.description.users
    (admin,) = [user for user in users if user.email == "admin@skyline.example"]
    described = {**json.loads(connection_of(anaplan.emulator)), "login": admin.email}
    monkeypatch.setenv("AIRFLOW_CONN_ADMIN", json.dumps({**described, "password": admin.password}))
    with new_dag(default_args={"anaplan_conn_id": "admin"}) as dag:
        first = AnaplanPromoteOperator(task_id="a", source_model_id=CREW, model_id=LIVE)
        second = AnaplanPromoteOperator(task_id="b", source_model_id=CREW, model_id=LIVE)
        first >> second
    done = run(dag)
    assert done.state == "success"
    assert pull(done, "a")["changed"] is True
    assert pull(done, "b")["changed"] is False
    with anaplan.client(user_email=admin.email, model_id=LIVE) as client:
        assert [task.id for task in client.alm.get_sync_tasks()] == [pull(done, "a")["task_id"]]


@pytest.mark.parametrize("deferrable", [False, True])
def test_the_sensor_of_a_task_takes_its_id_from_an_xcom(anaplan, deferrable):
    anaplan.client().upload_file(FILE, "carrier,name\nAA,American Airlines\n")
    anaplan.emulator.settings.task_polls = 2
    with new_dag() as dag:
        load = AnaplanRunActionOperator(task_id="load", action_id=IMPORT)
        sensor = AnaplanTaskSensor(
            task_id="wait",
            action_id=IMPORT,
            anaplan_task_id="{{ ti.xcom_pull(task_ids='load')['task_id'] }}",
            deferrable=deferrable,
            poke_interval=0.1,
        )
        load >> sensor
    assert run(dag).state == "success"
    assert not anaplan.requests("DELETE", "*")


def test_the_sensor_of_a_task_that_failed(anaplan):
    task = anaplan.client().run_action(IMPORT, wait_for_completion=False)
    with new_dag() as dag:
        AnaplanTaskSensor(
            task_id="wait",
            action_id=IMPORT,
            anaplan_task_id=task.id,
            retries=2,
            poke_interval=0.1,
        )
    done = run(dag)
    assert done.state == "failed"
    assert instance(done, "wait").try_number == 1


def poke(**arguments) -> bool:
    with new_dag():
        sensor = AnaplanFileSensor(task_id="fresh", **arguments)
    return sensor.poke(Context())


def test_the_sensor_of_a_file(anaplan):
    assert not poke(file_id=FILE)
    anaplan.client().upload_file(FILE, "carrier,name\nAA,American Airlines\n")
    assert poke(file_id=FILE)


def test_the_sensor_of_an_export(anaplan):
    now = datetime.now(UTC)
    assert not poke(file_id=EXPORT, newer_than=now - timedelta(hours=1))
    anaplan.client().run_action(EXPORT)
    assert poke(file_id=EXPORT, newer_than=(now - timedelta(hours=1)).isoformat())
    assert not poke(file_id=EXPORT, newer_than=now + timedelta(hours=1))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"file_id": FILE, "newer_than": datetime.now(UTC)}, "does not report"),
        ({"file_id": EXPORT, "newer_than": "yesterday"}, "ISO 8601"),
        ({"file_id": EXPORT, "newer_than": "2026-01-01T00:00:00"}, "no time zone"),
        ({"file_id": 113000009999}, "no file 113000009999"),
    ],
)
def test_what_the_sensor_of_a_file_refuses(anaplan, arguments, message):
    with pytest.raises(AirflowFailException, match=message):
        poke(**arguments)


def test_the_example_is_a_dag():
    from airflow.dag_processing.dagbag import DagBag

    folder = Path(airflow_provider_anaplan.__file__).parent / "example_dags"
    bag = DagBag(folder)
    assert not bag.import_errors
    assert set(bag.dag_ids) == {"example_anaplan"}
