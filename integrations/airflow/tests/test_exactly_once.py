"""A task instance runs its action once, whatever happens to the worker."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from airflow.models.taskinstance import TaskInstance, clear_task_instances
from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
from airflow.sdk.execution_time.comms import ErrorResponse
from airflow.utils.session import create_session
from airflow.utils.state import TaskInstanceState
from dag_runs import START, die_in, instance, new_dag, next_attempt, pull, run
from sqlalchemy import select

from airflow_provider_anaplan.operators.actions import AnaplanRunActionOperator

try:
    from airflow.sdk.api.client import TaskStateStoreOperations as Records
except ImportError:  # Airflow 3.1 and 3.2
    from airflow.sdk.api.client import VariableOperations as Records

FILE, IMPORT = 113000000000, 112000000001
ACTION = "actions.AnaplanRunActionOperator"
AIRLINES = "carrier,name\nAA,American Airlines\n"


def starts(anaplan):
    return len(anaplan.requests("POST", "*/tasks"))


@pytest.fixture
def source(tmp_path):
    (tmp_path / "airlines.csv").write_text(AIRLINES)
    return f"file://{tmp_path}/airlines.csv"


@pytest.mark.parametrize("deferrable", [False, True])
def test_killed_between_the_start_and_the_id(anaplan, source, deferrable):
    # Anaplan has started the task, and its reply does not arrive before the kill.
    anaplan.fault(method="POST", path="*/tasks", delay_seconds=200)
    client = anaplan.client()
    dag = die_in(
        ACTION,
        until=lambda: client.get_task_summaries(IMPORT),
        action_id=IMPORT,
        source=source,
        file_id=FILE,
        deferrable=deferrable,
        retries=1,
    )
    uploads = len(anaplan.requests("PUT", "*/chunks/*"))
    Path(source.removeprefix("file://")).unlink()

    again = next_attempt(dag)

    assert again.state == TaskInstanceState.SUCCESS
    assert starts(anaplan) == 1
    (task,) = client.get_task_summaries(IMPORT)
    assert again.xcom_pull(task_ids="task")["task_id"] == task.id
    assert len(anaplan.requests("PUT", "*/chunks/*")) == uploads == 1


def test_killed_while_it_waits(anaplan):
    anaplan.client().upload_file(FILE, AIRLINES)
    anaplan.emulator.settings.hold_tasks = "IN_PROGRESS"
    dag = die_in(
        ACTION,
        until=lambda: anaplan.requests("GET", "*/tasks/*"),
        action_id=IMPORT,
        retries=1,
    )
    anaplan.emulator.settings.hold_tasks = None

    again = next_attempt(dag)

    assert again.state == TaskInstanceState.SUCCESS
    assert starts(anaplan) == 1


def test_cloud_works_killed_between_the_start_and_the_id(anaplan):
    client = anaplan.client()
    (integration,) = [i for i in client.cw.get_integrations() if i.name == "Airlines from S3"]
    known = len(client.cw.get_run_history(integration.id))
    anaplan.fault(method="POST", path="*/run", delay_seconds=200)
    dag = die_in(
        "cloud_works.AnaplanCloudWorksOperator",
        until=lambda: len(client.cw.get_run_history(integration.id)) > known,
        integration_id=integration.id,
        deferrable=True,
        retries=1,
    )

    again = next_attempt(dag)

    assert again.state == TaskInstanceState.SUCCESS
    assert len(anaplan.requests("POST", "*/run")) == 1
    assert len(client.cw.get_run_history(integration.id)) == known + 1


def test_a_timeout_and_a_retry_wait_for_the_same_task(anaplan):
    anaplan.client().upload_file(FILE, AIRLINES)
    anaplan.emulator.settings.task_polls = 3
    with new_dag() as dag:
        AnaplanRunActionOperator(
            task_id="load", action_id=IMPORT, retries=20, timeout=0.001, poll_interval=0.1
        )
    done = run(dag)
    assert done.state == "success"
    assert instance(done, "load").try_number > 1
    assert starts(anaplan) == 1


def unreachable():
    error = ErrorResponse(error=ErrorType.API_SERVER_ERROR, detail={"status_code": 500})
    return AirflowRuntimeError(error)


def test_a_record_that_cannot_be_read_is_not_taken_for_none(anaplan, monkeypatch):
    anaplan.client().upload_file(FILE, AIRLINES)
    anaplan.emulator.settings.hold_tasks = "IN_PROGRESS"
    read, failed = Records.get, []

    def read_or_fail(*arguments):
        # When the first attempt has timed out.
        if anaplan.requests("GET", "*/tasks/*") and not failed:
            anaplan.emulator.settings.hold_tasks = None
            failed.append(arguments)
            raise unreachable()
        return read(*arguments)

    monkeypatch.setattr(Records, "get", read_or_fail)
    with new_dag() as dag:
        AnaplanRunActionOperator(task_id="load", action_id=IMPORT, retries=20, timeout=0.001)
    done = run(dag)
    assert done.state == "success"
    assert instance(done, "load").try_number > 2
    assert failed
    assert starts(anaplan) == 1


def test_nothing_is_started_while_the_record_cannot_be_saved(anaplan, monkeypatch):
    anaplan.client().upload_file(FILE, AIRLINES)

    def fail(*_, **__):
        raise unreachable()

    monkeypatch.setattr(Records, "set", fail)
    with new_dag() as dag:
        AnaplanRunActionOperator(task_id="load", action_id=IMPORT)
    assert run(dag).state == "failed"
    assert starts(anaplan) == 0


def test_a_failed_run_is_started_again_by_a_retry(anaplan):
    # Without content the import fails.
    client = anaplan.client()
    with new_dag() as dag:
        AnaplanRunActionOperator(task_id="load", action_id=IMPORT, retries=2)
    done = run(dag)
    assert done.state == "failed"
    assert starts(anaplan) == 3
    assert len(client.get_task_summaries(IMPORT)) == 3


def test_mapped_tasks_have_records_of_their_own(anaplan):
    anaplan.client().upload_file(FILE, AIRLINES)
    anaplan.emulator.settings.task_polls = 3
    with new_dag() as dag:
        AnaplanRunActionOperator.partial(
            task_id="load", retries=20, timeout=0.001, poll_interval=0.1
        ).expand(action_id=[IMPORT, str(IMPORT)])
    done = run(dag)
    assert done.state == "success"
    instances = done.get_task_instances()
    assert sorted(found.map_index for found in instances) == [0, 1]
    assert all(found.try_number > 1 for found in instances)
    ids = {found.xcom_pull("load", map_indexes=found.map_index)["task_id"] for found in instances}
    assert len(ids) == starts(anaplan) == 2


def test_two_runs_of_a_dag_have_records_of_their_own(anaplan):
    anaplan.client().upload_file(FILE, AIRLINES)
    with new_dag() as dag:
        AnaplanRunActionOperator(task_id="load", action_id=IMPORT, timeout=0.001)
    anaplan.emulator.settings.hold_tasks = "IN_PROGRESS"
    first = run(dag, logical_date=START)
    second = run(dag, logical_date=START + timedelta(days=1))
    # Both have ended before the task at Anaplan, and left a record.
    assert (first.state, second.state) == ("failed", "failed")
    assert starts(anaplan) == 2
    anaplan.emulator.settings.hold_tasks = None


def test_clearing_a_successful_task_runs_the_action_again(anaplan):
    anaplan.client().upload_file(FILE, AIRLINES)
    with new_dag() as dag:
        AnaplanRunActionOperator(task_id="task", action_id=IMPORT)
    earlier = pull(run(dag), "task")["task_id"]
    with create_session() as session:
        query = select(TaskInstance).where(TaskInstance.dag_id == dag.dag_id)
        # Airflow 3.1 runs no task of a run that is queued, which clearing makes it otherwise.
        found = list(session.scalars(query))
        clear_task_instances(found, session, dag_run_state=False)
    again = next_attempt(dag, after=None)
    assert (again.state, again.try_number) == (TaskInstanceState.SUCCESS, 2)
    assert again.xcom_pull(task_ids="task")["task_id"] != earlier
    assert starts(anaplan) == 2
