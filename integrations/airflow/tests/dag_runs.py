"""Runs of DAGs, in this process or in one that is killed."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance
    from airflow.sdk import DAG

_CONNECTION = "AIRFLOW_CONN_"
_IDS = count(1)
# Its processes are forked from one that has imported Airflow, which takes seconds.
WORKERS = multiprocessing.get_context("forkserver")
WORKERS.set_forkserver_preload(["worker"])
START = datetime(2026, 1, 1, tzinfo=UTC)


def new_dag(name: str | None = None, **arguments: Any) -> DAG:
    from airflow.sdk import DAG

    name = name or f"dag_{os.getpid()}_{next(_IDS)}"
    defaults = {"retry_delay": timedelta(0), **arguments.pop("default_args", {})}
    return DAG(name, schedule=None, start_date=START, default_args=defaults, **arguments)


def register(dag: DAG) -> None:
    """Tell Airflow of a DAG that is in no file."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.utils.session import create_session

    try:
        from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
    except ImportError:  # Airflow 3.1
        from airflow.models.dagbag import DagBag, sync_bag_to_db

    with create_session() as session:
        DagBundlesManager().sync_bundles_to_db(session=session)
    bag = DagBag(dag_folder=os.devnull)
    bag.bag_dag(dag)
    sync_bag_to_db(bag, "dags-folder", None)


def run(dag: DAG, **arguments: Any) -> DagRun:
    """Run a DAG in this process, with retries, its triggers included."""
    register(dag)
    return dag.test(**arguments)


def instance(dag_run: DagRun, task_id: str) -> TaskInstance:
    found = dag_run.get_task_instance(task_id)
    assert found is not None
    return found


def pull(dag_run: DagRun, task_id: str, key: str = "return_value") -> Any:
    return instance(dag_run, task_id).xcom_pull(task_ids=task_id, key=key)


def next_attempt(dag: DAG, task_id: str = "task", after: str | None = "running") -> TaskInstance:
    """Make another attempt, as a scheduler does, by default of a task whose worker has died."""
    from airflow.models.taskinstance import TaskInstance
    from airflow.sdk.definitions.dag import _run_task
    from airflow.utils.session import create_session
    from airflow.utils.state import TaskInstanceState
    from sqlalchemy import select

    with create_session() as session:
        query = select(TaskInstance).where(
            TaskInstance.dag_id == dag.dag_id, TaskInstance.task_id == task_id
        )
        found = session.scalars(query).one()
        assert found.state == after
        found.try_number += 1
        found.state = TaskInstanceState.SCHEDULED
        session.commit()
        _run_task(ti=found, task=dag.task_dict[task_id], run_triggerer=True)
    with create_session() as session:
        found = session.scalars(query).one()
        session.expunge(found)
    return found


def imported(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def one_task(dag_id: str, operator: str, arguments: dict[str, Any]) -> DAG:
    """Define the same DAG in this process and in the one that is killed."""
    with new_dag(dag_id) as dag:
        imported(f"airflow_provider_anaplan.operators.{operator}")(task_id="task", **arguments)
    return dag


def die_in(operator: str, until: Callable[[], object], **arguments: Any) -> DAG:
    """Run a DAG in a process of its own, kill that when a condition is true; return the DAG."""
    from airflow_home import HOME

    dag_id = f"dying_{os.getpid()}_{next(_IDS)}"
    log = HOME / f"{dag_id}.log"
    connections = {name: text for name, text in os.environ.items() if name.startswith(_CONNECTION)}
    child = WORKERS.Process(
        target=_run_in_child, args=(log, connections, dag_id, operator, arguments)
    )
    child.start()
    try:
        end = time.monotonic() + 600
        while not until():
            assert child.is_alive(), log.read_text()
            assert time.monotonic() < end, f"the condition was never true: {log.read_text()}"
            time.sleep(0.1)
    finally:
        child.kill()
        child.join()
    assert child.exitcode == -signal.SIGKILL
    return one_task(dag_id, operator, arguments)


def _run_in_child(
    log: Path, connections: dict[str, str], dag_id: str, operator: str, arguments: dict[str, Any]
) -> None:
    with log.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.environ.update(connections)
    run(one_task(dag_id, operator, arguments))
