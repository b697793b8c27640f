"""Sensors for tasks and files at Anaplan."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.configuration import conf
from airflow.sdk import BaseSensorOperator

from airflow_provider_anaplan.errors import AirflowFailException, as_airflow_errors
from airflow_provider_anaplan.hooks.anaplan import AnaplanHook
from airflow_provider_anaplan.triggers.anaplan import AnaplanTaskTrigger
from anaplan_sdk.models import CompletedTask

if TYPE_CHECKING:
    from airflow.sdk import Context

    from anaplan_sdk import Client


class AnaplanSensor(BaseSensorOperator):
    """A sensor that uses a connection to Anaplan.

    Args:
        anaplan_conn_id: The connection.
        workspace_id: Workspace to use instead of the connection's.
        model_id: Model to use instead of the connection's.
        **kwargs: Arguments of `BaseSensorOperator`.
    """

    template_fields: Sequence[str] = ("anaplan_conn_id", "workspace_id", "model_id")

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

    @property
    def hook(self) -> AnaplanHook:
        """A hook of the connection."""
        return AnaplanHook(
            self.anaplan_conn_id, workspace_id=self.workspace_id, model_id=self.model_id
        )


class AnaplanTaskSensor(AnaplanSensor):
    """Waits until a task that something else has started has ended. It never cancels the task.

    Args:
        action_id: The import (112…), export (116…), other action (117…) or process (118…).
        anaplan_task_id: The task.
        deferrable: Whether to wait in the triggerer; by default the option `default_deferrable` in
            the section `operators` of Airflow's configuration.
        **kwargs: Arguments of `AnaplanSensor`.
    """

    template_fields: Sequence[str] = (
        *AnaplanSensor.template_fields,
        "action_id",
        "anaplan_task_id",
    )

    def __init__(
        self,
        *,
        action_id: int | str,
        anaplan_task_id: str,
        deferrable: bool | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if deferrable is None:
            deferrable = conf.getboolean("operators", "default_deferrable", fallback=False)
        self.action_id = action_id
        self.anaplan_task_id = anaplan_task_id
        self.deferrable = deferrable

    def execute(self, context: Context) -> None:
        """Wait for the end of the task.

        Args:
            context: The context of the task instance.

        Raises:
            AirflowFailException: The task failed or was cancelled, or there is no such task.
            AirflowException: A request failed.
            TaskDeferred: The triggerer is to wait.
        """
        if self.deferrable and not self.poke(context):
            self.defer(
                trigger=AnaplanTaskTrigger(
                    anaplan_conn_id=self.anaplan_conn_id,
                    workspace_id=self.workspace_id,
                    model_id=self.model_id,
                    action_id=self.action_id,
                    run_id=self.anaplan_task_id,
                    poll_interval=self.poke_interval,
                    cancel_on_kill=False,
                ),
                method_name="execute_complete",
                timeout=timedelta(seconds=self.timeout),
            )
        if not self.deferrable:
            super().execute(context)

    def execute_complete(
        self,
        context: Context,
        event: dict[str, Any],  # noqa: ARG002 - as Airflow calls it
    ) -> None:
        """Go on after the triggerer has waited.

        Args:
            context: The context of the task instance.
            event: What the trigger reported.

        Raises:
            AirflowFailException: The task failed or was cancelled.
            AirflowException: A request failed.
            TaskDeferred: The task has not ended, and the triggerer is to wait again.
        """
        self.execute(context)

    def poke(self, context: Context) -> bool:  # noqa: ARG002 - as Airflow calls it
        """Ask whether the task has ended.

        Args:
            context: The context of the task instance.

        Returns:
            Whether it has ended, successfully.

        Raises:
            AirflowFailException: The task failed or was cancelled, or there is no such task.
            AirflowException: The request failed.
        """
        with as_airflow_errors(), self.hook.get_conn() as client:
            task = client.get_task_status(self.action_id, self.anaplan_task_id)
        if task.task_state in ("CANCELLING", "CANCELLED"):
            raise AirflowFailException(f"Task {task.id} of action {self.action_id} was cancelled.")
        if not isinstance(task, CompletedTask):
            return False
        if task.result.successful is False:
            raise AirflowFailException(f"Task {task.id} of action {self.action_id} failed.")
        return bool(task.result.successful)


class AnaplanFileSensor(AnaplanSensor):
    """Waits until a file has content and, for the output of an export, until that is new enough.

    Anaplan does not report when a file was changed. For the output of an export the nearest signal
    is the start of its last successful task, which Anaplan lists until it unloads the model. The
    list has other users' tasks, too, while the content is that of the connection's user: let one
    user run the export. For an uploaded file there is no such signal.

    Args:
        file_id: The file (113…), or the export (116…) for its output.
        newer_than: The start of the export must not be earlier: a datetime with a time zone, or its
            text in ISO 8601, such as `{{ data_interval_end }}`. None (the default) for any time.
        **kwargs: Arguments of `AnaplanSensor`.
    """

    template_fields: Sequence[str] = (*AnaplanSensor.template_fields, "file_id", "newer_than")

    def __init__(
        self, *, file_id: int | str, newer_than: datetime | str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.file_id = file_id
        self.newer_than = newer_than

    def poke(self, context: Context) -> bool:  # noqa: ARG002 - as Airflow calls it
        """Ask whether the file has content that is new enough.

        Args:
            context: The context of the task instance.

        Returns:
            Whether it has.

        Raises:
            AirflowFailException: There is no such file, `newer_than` has no time zone, or it was
                given for a file that is not the output of an export.
            AirflowException: The request failed.
        """
        since = self._since()
        with as_airflow_errors(), self.hook.get_conn() as client:
            if since is not None and not self._was_exported(client, since):
                return False
            files = {str(file.id): file for file in client.get_files()}
        file = files.get(str(self.file_id))
        if file is None:
            # An export that has never run has no file.
            if str(self.file_id).startswith("116"):
                return False
            raise AirflowFailException(f"The model has no file {self.file_id}.")
        return file.chunk_count > 0

    def _since(self) -> datetime | None:
        if self.newer_than is None:
            return None
        if not str(self.file_id).startswith("116"):
            raise AirflowFailException(
                "newer_than needs the id of an export (116…): Anaplan does not report when another "
                "file was changed."
            )
        moment = self.newer_than
        if isinstance(moment, str):
            try:
                moment = datetime.fromisoformat(moment)
            except ValueError:
                raise AirflowFailException(
                    f"newer_than is not a time in ISO 8601: {self.newer_than!r}."
                ) from None
        if moment.tzinfo is None:
            raise AirflowFailException(f"newer_than has no time zone: {self.newer_than!s}.")
        return moment

    def _was_exported(self, client: Client, since: datetime) -> bool:
        """Whether a task of the export that started late enough was successful."""
        for summary in client.get_task_summaries(self.file_id):
            if summary.creation_time is None:
                continue
            if datetime.fromtimestamp(summary.creation_time / 1000, UTC) < since:
                continue
            task = client.get_task_status(self.file_id, summary.id)
            if isinstance(task, CompletedTask) and task.result.successful:
                return True
        return False
