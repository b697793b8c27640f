"""What all operators share: the connection, and the life of a run at Anaplan."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.configuration import conf
from airflow.sdk import Asset, BaseOperator

from airflow_provider_anaplan.errors import AirflowFailException, as_airflow_errors
from airflow_provider_anaplan.hooks.anaplan import AnaplanHook
from airflow_provider_anaplan.run_store import run_store_of
from anaplan_sdk import Progress, exceptions

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_anaplan.triggers.anaplan import AnaplanTrigger
    from anaplan_sdk import Client, RunStore

# No later attempt can resume these: what comes after them is a new run.
_END_OF_RECORD = (
    exceptions.InvalidIdentifierException,
    exceptions.OutcomeUnknownException,
)


class AnaplanOperator(BaseOperator):
    """An operator that uses a connection to Anaplan.

    Args:
        anaplan_conn_id: The connection.
        workspace_id: Workspace to use instead of the connection's.
        model_id: Model to use instead of the connection's.
        **kwargs: Arguments of `BaseOperator`.
    """

    template_fields: Sequence[str] = ("anaplan_conn_id", "workspace_id", "model_id")
    ui_color = "#dbe8ff"

    def __init__(
        self,
        *,
        anaplan_conn_id: str = AnaplanHook.default_conn_name,
        workspace_id: str | None = None,
        model_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.anaplan_conn_id = anaplan_conn_id
        self.workspace_id = workspace_id
        self.model_id = model_id

    @cached_property
    def hook(self) -> AnaplanHook:
        """The hook of the connection.

        Returns:
            The hook, with the workspace and the model of the operator.
        """
        return AnaplanHook(
            self.anaplan_conn_id,
            workspace_id=self.workspace_id,
            model_id=self.model_id,
            status_poll_delay=getattr(self, "poll_interval", None),
        )

    def add_to_asset_events(self, context: Context, extra: dict[str, Any]) -> None:
        """Add facts to the events of the task's outlets.

        Args:
            context: The context of the task instance.
            extra: The facts, as JSON.
        """
        for outlet in self.outlets:
            if isinstance(outlet, Asset):
                context["outlet_events"][outlet].extra.update(extra)


class AnaplanRunOperator(AnaplanOperator):
    """Starts a run at Anaplan exactly once for each task instance, and waits for its end.

    What Anaplan lists before the start, and what was started, is recorded in the state of the task
    instance (Airflow 3.3) or in a variable (3.1 and 3.2). Another attempt of the task instance goes
    on with what was started, whether the worker died before or after it knew the id. The record is
    removed when the task succeeds; a run that failed is started again by the next attempt.

    Args:
        timeout: Seconds to wait for the end in each attempt; None (the default) waits without
            limit. The work at Anaplan continues after a timeout; a retry waits for it again.
        poll_interval: Seconds between two requests for the status, at most.
        deferrable: Whether to wait in the triggerer; by default the option `default_deferrable` in
            the section `operators` of Airflow's configuration.
        **kwargs: Arguments of `AnaplanOperator`.
    """

    def __init__(
        self,
        *,
        timeout: float | None = None,
        poll_interval: float = 10,
        deferrable: bool | None = None,
        **kwargs: Any,
    ) -> None:
        # Before the DAG has the operator, which could not be read without its attributes.
        if timeout is not None and timeout <= 0:
            raise ValueError(f"timeout must be positive, not {timeout!r}.")
        if poll_interval <= 0:
            raise ValueError(f"poll_interval must be positive, not {poll_interval!r}.")
        if deferrable is None:
            deferrable = conf.getboolean("operators", "default_deferrable", fallback=False)
        super().__init__(**kwargs)
        self.timeout = timeout
        self.poll_interval = poll_interval
        self.deferrable = deferrable
        self._run_id: str | None = None
        self._has_ended = False
        self._is_killed = False

    def execute(self, context: Context) -> dict[str, Any]:
        """Start the run, or resume the one of an earlier attempt, and wait for its end.

        Args:
            context: The context of the task instance.

        Returns:
            What the run did, as JSON.

        Raises:
            AirflowFailException: The run failed in a way that a retry can't change.
            AirflowException: The run failed, or did not end in time.
            TaskDeferred: The triggerer is to wait.
        """
        store = run_store_of(context)
        end_time = None if self.timeout is None else time.time() + self.timeout
        with as_airflow_errors(), self.hook.get_conn() as client:
            try:
                self._run_id = self.start(client, store)
            except _END_OF_RECORD:
                store.save(None)
                raise
            self.log.info("%s runs at Anaplan as %s", self.describe(), self._run_id)
            if self._is_killed:
                self.cancel(client, self._run_id)
                raise AirflowFailException("The task was killed while it started the run.")
            if self.deferrable and not self._has_ended:
                self.defer(
                    trigger=self.trigger(
                        anaplan_conn_id=self.anaplan_conn_id,
                        workspace_id=self.workspace_id,
                        model_id=self.model_id,
                        run_id=self._run_id,
                        end_time=end_time,
                        poll_interval=self.poll_interval,
                    ),
                    method_name="execute_complete",
                    timeout=self.execution_timeout,
                )
            return self._wait(client, context, self._run_id, end_time)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:
        """Go on after the triggerer has waited.

        Args:
            context: The context of the task instance.
            event: What the trigger reported.

        Returns:
            What the run did, as JSON.

        Raises:
            AirflowFailException: The run failed in a way that a retry can't change.
            AirflowException: The run failed, or did not end in time.
        """
        run_id = self._run_id = str(event["run_id"])
        with as_airflow_errors(), self.hook.get_conn() as client:
            return self._wait(client, context, run_id, event["end_time"])

    def _wait(
        self, client: Client, context: Context, run_id: str, end_time: float | None
    ) -> dict[str, Any]:
        timeout = None if end_time is None else max(0.0, end_time - time.time())
        store = run_store_of(context)
        try:
            result = self.finish(client, context, run_id, timeout)
        except (*_END_OF_RECORD, AirflowFailException):
            store.save(None)
            raise
        self.add_to_asset_events(context, self.facts(result))
        store.save(None)
        return result

    def on_kill(self) -> None:
        """Cancel the run at Anaplan when a user ends the task, or it exceeds its time."""
        self._is_killed = True
        if self._run_id is None:
            return
        # The task's own client may be in the middle of a request.
        try:
            with self.hook.get_conn() as client:
                self.cancel(client, self._run_id)
        except exceptions.AnaplanException as error:
            self.log.warning("%s could not be cancelled: %s", self.describe(), error)

    def log_progress(self, progress: Progress) -> None:
        """Log the state of a run, unless it is the same as before.

        Args:
            progress: The state.
        """
        if progress.step != getattr(self, "_last_step", None):
            self._last_step = progress.step
            self.log.info("%s: %s", self.describe(), progress.step)

    @abstractmethod
    def describe(self) -> str:
        """Name what is run, for messages.

        Returns:
            The kind and the id.
        """

    @abstractmethod
    def start(self, client: Client, store: RunStore) -> str:
        """Start the run, or find the one that an earlier attempt has started.

        Args:
            client: A client.
            store: Where the run is recorded.

        Returns:
            The id of the run.

        Raises:
            AnaplanException: It was not started, or that is unknown.
        """

    @abstractmethod
    def finish(
        self, client: Client, context: Context, run_id: str, timeout: float | None
    ) -> dict[str, Any]:
        """Wait for the end of the run, and read what it did.

        Args:
            client: A client.
            context: The context of the task instance.
            run_id: The run.
            timeout: Seconds to wait; None waits without limit.

        Returns:
            What the run did, as JSON.

        Raises:
            AnaplanException: The run failed, or did not end in time.
        """

    @abstractmethod
    def cancel(self, client: Client, run_id: str) -> None:
        """Ask Anaplan to cancel the run.

        Args:
            client: A client.
            run_id: The run.

        Raises:
            AnaplanException: The request failed.
        """

    @abstractmethod
    def trigger(self, **arguments: Any) -> AnaplanTrigger:
        """Create the trigger that waits for the run.

        Args:
            **arguments: Arguments of `AnaplanTrigger`.

        Returns:
            The trigger.
        """

    @abstractmethod
    def facts(self, result: dict[str, Any]) -> dict[str, Any]:
        """Choose what asset events contain.

        Args:
            result: What the run did.

        Returns:
            A few entries of it.
        """
