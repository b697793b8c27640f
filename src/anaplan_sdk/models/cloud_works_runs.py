"""Models of the CloudWorks API: runs of integrations, part of `models.cloud_works`."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

from pydantic import Field

from anaplan_sdk.models._base import AnaplanModel, empty_list
from anaplan_sdk.models.tasks import TaskResultDetail

TriggerSource: TypeAlias = Literal[
    "manual", "scheduled", "manual_inf", "scheduled_inf", "nux_dashboard"
]
"""What started a run; `_inf` stands for a run within a flow."""


class LatestRun(AnaplanModel):
    """The latest run of an integration or a flow.

    Attributes:
        triggered_by: The name of the user who started it.
        start_date: When it started.
        end_date: When it ended; None while it runs.
        success: Whether it succeeded; meaningful only after its end.
        message: The outcome in words, such as `Success` or `Cancelled`.
        execution_error_code: The code of the error, such as 38 for a partial success; None when all
            of it succeeded.
        trigger_source: What started it, one of `TriggerSource` or a source that is not known yet.

    Source: Anaplan CloudWorks API guide, "Get all integrations".
    """

    triggered_by: str = ""
    start_date: datetime | None = None
    end_date: datetime | None = None
    success: bool | None = None
    message: str = ""
    execution_error_code: int | None = None
    trigger_source: TriggerSource | str | None = None


class RunSummary(AnaplanModel):
    """A run in the history of an integration.

    Attributes:
        id: The id, 32 lower-case hexadecimal digits.
        triggered_by: The name of the user who started it.
        last_run: When it ran last.
        start_date: When it started.
        end_date: When it ended; None while it runs.
        success: Whether it succeeded; meaningful only after its end.
        message: The outcome in words, such as `Success` or `Cancelled`.
        execution_error_code: The code of the error, such as 38 for a partial success; None when all
            of it succeeded.
        trace_id: The id to give to Anaplan's support.
        trigger_source: What started it, one of `TriggerSource` or a source that is not known yet.
        recovered: Whether the reply to the start was lost and this client found the run in
            CloudWorks' history afterwards, so that it may be another user's.

    Source: Anaplan CloudWorks API guide, "Get integration run history".
    """

    id: str
    triggered_by: str = ""
    last_run: datetime | None = None
    start_date: datetime | None = None
    end_date: datetime | None = None
    success: bool | None = None
    message: str = ""
    execution_error_code: int | None = None
    trace_id: str = ""
    trigger_source: TriggerSource | str | None = None
    recovered: bool = False


class RunStatus(AnaplanModel):
    """The state of a run.

    Attributes:
        id: The id, 32 lower-case hexadecimal digits.
        integration_id: The id of the integration.
        trace_id: The id to give to Anaplan's support.
        start_date: When it started.
        end_date: When it ended; None while it runs.
        success: Whether it succeeded; meaningful only after its end.
        message: The outcome in words, such as `Success` or `Cancelled`.
        execution_error_code: The code of the error, such as 38 for a partial success; None when all
            of it succeeded.
        flow_group_id: The id of the flow's run it is a part of.
        trigger_source: What started it, one of `TriggerSource` or a source that is not known yet.
        recovered: Whether the reply to the start was lost and this client found the run in
            CloudWorks' history afterwards, so that it may be another user's.

    Source: Anaplan CloudWorks API guide, "Get integration run status".
    """

    id: str
    integration_id: str
    trace_id: str = ""
    start_date: datetime | None = None
    end_date: datetime | None = None
    success: bool | None = None
    message: str = ""
    execution_error_code: int | None = None
    flow_group_id: str | None = None
    trigger_source: TriggerSource | str | None = None
    recovered: bool = False

    @property
    def has_ended(self) -> bool:
        """Whether the run has ended; `success` is meaningful only then."""
        # No source shows these two during a run, so the message must not contradict them.
        is_under_way = self.execution_error_code is None and self.message.strip().lower() in (
            "running",
            "queued",
            "in progress",
        )
        return self.end_date is not None and self.success is not None and not is_under_way


class ErrorSummary(AnaplanModel):
    """An error of which Anaplan reports only the message.

    Attributes:
        local_message_text: The message.

    Source: Anaplan CloudWorks API guide, "Get integration run errors".
    """

    local_message_text: str = ""


class ErrorMessage(AnaplanModel):
    """The errors of an action in a run.

    Attributes:
        error_message: The errors.
        action_id: The id of the action.
        action_name: The name of the action.
        failure_dump_generated: Whether there is a failure dump with the rows it rejected.

    Source: Anaplan CloudWorks API guide, "Get integration run errors".
    """

    error_message: list[TaskResultDetail | ErrorSummary] = Field(default_factory=empty_list)
    action_id: str = ""
    action_name: str = ""
    failure_dump_generated: bool = False


class RunError(AnaplanModel):
    """The errors of a run.

    Attributes:
        task_id: The id of the task in the model.
        error_messages: The errors of each action.

    Source: Anaplan CloudWorks API guide, "Get integration run errors".
    """

    task_id: str | None = None
    error_messages: list[ErrorMessage] = Field(default_factory=empty_list)
