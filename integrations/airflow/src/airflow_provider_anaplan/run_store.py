"""Where the record of a run is kept, so that the next attempt resumes it.

XComs are no place for it: Airflow deletes those of a task instance before each attempt.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import ErrorType
from airflow.sdk.execution_time import comms, task_runner

if TYPE_CHECKING:
    from airflow.sdk import Context

    from anaplan_sdk import RunStore

_KEY = "anaplan_run"


class TaskStateRunStore:
    """A store in the state of the task instance, which Airflow has from 3.3 on.

    Args:
        state: `context["task_state_store"]`.
    """

    def __init__(self, state: Any) -> None:
        self._state = state

    def load(self) -> str | None:
        """Return what was saved last.

        Returns:
            The record; None if nothing was saved.
        """
        value = self._state.get(_KEY)
        return None if value is None else str(value)

    def save(self, value: str | None) -> None:
        """Save a record in place of the last one.

        Args:
            value: The record; None removes it.
        """
        if value is None:
            self._state.delete(_KEY)
        else:
            self._state.set(_KEY, value)


class VariableRunStore:
    """A store in an Airflow variable, for Airflow 3.1 and 3.2.

    `airflow.sdk.Variable` is no place for a record: there, `get` returns the default when Airflow
    can't read the variable, and `set` and `delete` only log that they failed. A record that is lost
    that way would start the action a second time. So this sends the same requests itself.

    Args:
        dag_id: The DAG.
        run_id: Its run.
        task_id: The task.
        map_index: The index of a mapped task; -1 for any other.
    """

    def __init__(self, dag_id: str, run_id: str, task_id: str, map_index: int) -> None:
        self._instance = f"{dag_id} / {run_id} / {task_id} / {map_index}"
        # The ids together may be longer than the key of a variable may be.
        self._key = f"{_KEY}_{hashlib.sha256(self._instance.encode()).hexdigest()}"

    def load(self) -> str | None:
        """Return what was saved last.

        Returns:
            The record; None if nothing was saved.

        Raises:
            AirflowRuntimeError: Airflow can't read it.
        """
        reply = _send(comms.GetVariable(key=self._key))
        if isinstance(reply, comms.VariableResult):
            return reply.value
        if isinstance(reply, comms.ErrorResponse) and reply.error == ErrorType.VARIABLE_NOT_FOUND:
            return None
        raise TypeError(f"Airflow has not answered with a variable, but with {reply!r}.")

    def save(self, value: str | None) -> None:
        """Save a record in place of the last one.

        Args:
            value: The record; None removes it.

        Raises:
            AirflowRuntimeError: Airflow can't save it.
        """
        if value is None:
            _send(comms.DeleteVariable(key=self._key))
        else:
            description = f"The run of {self._instance} at Anaplan"
            _send(comms.PutVariable(key=self._key, value=value, description=description))


def _send(
    message: comms.GetVariable | comms.PutVariable | comms.DeleteVariable,
) -> comms.ToTask | None:
    # Airflow sets SUPERVISOR_COMMS when the task starts.
    return task_runner.SUPERVISOR_COMMS.send(message)


def run_store_of(context: Context) -> RunStore:
    """Return the store of the task instance that is running.

    Its record survives the death of a worker, a retry and a clear.

    Args:
        context: The context of the task instance.

    Returns:
        The store.
    """
    state = context.get("task_state_store")
    if state is not None:
        return TaskStateRunStore(state)
    ti = context["ti"]
    map_index = -1 if ti.map_index is None else ti.map_index
    return VariableRunStore(ti.dag_id, ti.run_id, ti.task_id, map_index)
