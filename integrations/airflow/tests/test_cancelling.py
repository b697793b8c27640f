"""What cancels a run at Anaplan, and what does not."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from contextlib import suppress
from datetime import timedelta

import pytest
from dag_runs import imported, instance, new_dag, pull, run

from airflow_provider_anaplan.operators.actions import AnaplanRunActionOperator
from airflow_provider_anaplan.triggers.anaplan import AnaplanTaskTrigger

FILE, IMPORT = 113000000000, 112000000001


@pytest.fixture
def held(anaplan):
    """Tasks at Anaplan that do not end."""
    anaplan.client().upload_file(FILE, "carrier,name\nAA,American Airlines\n")
    anaplan.emulator.settings.hold_tasks = "IN_PROGRESS"
    yield anaplan
    anaplan.emulator.settings.hold_tasks = None


def cancellations(anaplan):
    return len(anaplan.requests("DELETE", "*/tasks/*"))


def test_a_task_that_is_ended_by_a_user(held):
    with new_dag() as dag:
        AnaplanRunActionOperator(task_id="load", action_id=IMPORT, poll_interval=0.2, retries=2)

    def end_when_it_waits():
        end = time.monotonic() + 100
        while not held.requests("GET", "*/tasks/*") and time.monotonic() < end:
            time.sleep(0.05)
        # Airflow's supervisor sends this.
        os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    ender = threading.Thread(target=end_when_it_waits)
    ender.start()
    try:
        done = run(dag)
    finally:
        ender.join()
        signal.signal(signal.SIGTERM, before)
    assert done.state == "failed"
    assert instance(done, "load").try_number == 1
    assert cancellations(held) == 1
    (task,) = held.client().get_task_summaries(IMPORT)
    assert task.task_state == "CANCELLED"


def test_a_task_that_exceeds_its_time(held):
    with new_dag() as dag:
        AnaplanRunActionOperator(
            task_id="load", action_id=IMPORT, execution_timeout=timedelta(seconds=3)
        )
    assert run(dag).state == "failed"
    assert cancellations(held) == 1


def test_a_triggerer_that_stops_cancels_nothing_and_another_one_goes_on(held):
    client = held.client()
    task = client.run_action(IMPORT, wait_for_completion=False)
    trigger = AnaplanTaskTrigger(
        anaplan_conn_id="anaplan_default", action_id=IMPORT, run_id=task.id, poll_interval=0.1
    )
    path, arguments = trigger.serialize()

    async def stop_and_go_on():
        waiting = asyncio.create_task(anext(trigger.run()))
        while not held.requests("GET", f"*/tasks/{task.id}"):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting
        await trigger.cleanup()
        assert cancellations(held) == 0
        held.emulator.settings.hold_tasks = None
        return await anext(imported(path)(**arguments).run())

    event = asyncio.run(stop_and_go_on())
    assert event.payload == {"run_id": task.id, "end_time": None}
    assert cancellations(held) == 0


@pytest.mark.parametrize("cancel_on_kill", [True, False])
def test_a_deferred_task_that_is_ended_by_a_user(held, cancel_on_kill):
    client = held.client()
    task = client.run_action(IMPORT, wait_for_completion=False)
    trigger = AnaplanTaskTrigger(
        anaplan_conn_id="anaplan_default",
        action_id=IMPORT,
        run_id=task.id,
        cancel_on_kill=cancel_on_kill,
    )
    asyncio.run(trigger.on_kill())
    assert cancellations(held) == int(cancel_on_kill)


def test_a_failure_in_the_triggerer_is_left_to_the_operator(anaplan):
    trigger = AnaplanTaskTrigger(
        anaplan_conn_id="anaplan_default", action_id=IMPORT, run_id="F" * 32, poll_interval=0.1
    )

    async def first():
        return await anext(trigger.run())

    assert asyncio.run(first()).payload["run_id"] == "F" * 32


def test_a_deferred_run_that_fails(anaplan):
    # Without content the import fails.
    with new_dag() as dag:
        AnaplanRunActionOperator(task_id="load", action_id=IMPORT, deferrable=True)
    done = run(dag)
    assert done.state == "failed"
    assert pull(done, "load") is None
    assert len(anaplan.requests("POST", "*/tasks")) == 1
