"""Models of the CloudWorks API: integration flows, which run integrations one after another."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Self

from pydantic import Field, model_validator

from anaplan_sdk.models._base import AnaplanModel, empty_list
from anaplan_sdk.models.cloud_works import BaseIntegration
from anaplan_sdk.models.cloud_works_runs import LatestRun
from anaplan_sdk.models.cloud_works_schedules import Schedule

__all__ = [
    "AnaplanModel",
    "ExceptionBehavior",
    "Flow",
    "FlowInput",
    "FlowStep",
    "FlowStepInput",
    "FlowSummary",
    "LatestRun",
]


class FlowSummary(BaseIntegration):
    """A flow, without its steps.

    Attributes:
        id: The id, 32 lower-case hexadecimal digits.
        steps_count: The number of steps.
        nux_visible: Whether it can be run from a page of the user experience.
        schedule: The schedule; None when there is none.

    Source: Anaplan CloudWorks API guide, "Get all integration flows".
    """

    id: str
    steps_count: int = 0
    nux_visible: bool = False
    schedule: Schedule | None = None


class ExceptionBehavior(AnaplanModel):
    """What a flow does when a step fails, entirely or partially.

    Attributes:
        type: The case: `failure` or `partial_success`.
        strategy: What the flow does: `stop` or `continue`.

    Source: Anaplan CloudWorks API guide, "Create an integration flow".
    """

    type: Literal["failure", "partial_success"] | str
    strategy: Literal["stop", "continue"] | str


class FlowStep(AnaplanModel):
    """A step of a flow.

    Attributes:
        referrer: The id of the integration it runs.
        name: The name of the integration.
        type: The type of the integration: `Process`, `Import` or `Export`.
        created_by: The name of the user who created it.
        created_date: When it was created.
        modified_date: When it was last changed.
        modified_by: The name of the user who changed it last.
        model_id: The id of the model.
        workspace_id: The id of the workspace.
        depends_on: The ids of the integrations it waits for.
        is_skipped: Whether it is skipped.
        exception_behavior: What the flow does when the step fails.

    Source: Anaplan CloudWorks API guide, "Get an integration flow by ID".
    """

    referrer: str = ""
    name: str = ""
    type: Literal["Process", "Import", "Export"] | str = ""
    created_by: str = ""
    created_date: datetime | None = None
    modified_date: datetime | None = None
    modified_by: str | None = None
    model_id: str = ""
    workspace_id: str = ""
    depends_on: list[str] | None = Field(default_factory=empty_list)
    is_skipped: bool = False
    exception_behavior: list[ExceptionBehavior] = Field(default_factory=empty_list)


class Flow(FlowSummary):
    """A flow with its steps.

    Attributes:
        version: The version of its description, such as `2.0`.
        steps: The steps.

    Source: Anaplan CloudWorks API guide, "Get an integration flow by ID".
    """

    version: Literal["2.0"] | str = "2.0"
    steps: list[FlowStep] = Field(default_factory=empty_list)


def _stop_on_failure() -> list[ExceptionBehavior]:
    return [
        ExceptionBehavior(type="failure", strategy="stop"),
        ExceptionBehavior(type="partial_success", strategy="continue"),
    ]


class FlowStepInput(AnaplanModel):
    """A step of a flow to create.

    Attributes:
        type: `Integration`.
        referrer: The id of the integration to run.
        depends_on: The ids of the integrations, of earlier steps, to wait for.
        is_skipped: Whether the step is skipped.
        exception_behavior: What the flow does when the step fails; by default it stops after a
            failure and continues after a partial success.

    Source: Anaplan CloudWorks API guide, "Create an integration flow".
    """

    type: Literal["Integration"] = "Integration"
    referrer: str
    depends_on: list[str] | None = None
    is_skipped: bool = False
    exception_behavior: list[ExceptionBehavior] = Field(default_factory=_stop_on_failure)


class FlowInput(AnaplanModel):
    """A flow to create.

    Attributes:
        name: The name, unique in the tenant.
        version: The version of the description, `2.0`.
        type: `IntegrationFlow`.
        steps: The steps, at least two of them not skipped.

    Raises:
        ValueError: Fewer than two steps are not skipped, or a step depends on a later one.

    Source: Anaplan CloudWorks API guide, "Create an integration flow".
    """

    name: str
    version: Literal["2.0"] = "2.0"
    type: Literal["IntegrationFlow"] = "IntegrationFlow"
    steps: list[FlowStepInput]

    @model_validator(mode="after")
    def _check_steps(self) -> Self:
        if sum(not step.is_skipped for step in self.steps) < 2:
            raise ValueError("a flow needs at least two steps that are not skipped")
        earlier: set[str] = set()
        for step in self.steps:
            if unknown := set(step.depends_on or ()) - earlier:
                raise ValueError(
                    f"step {step.referrer} depends on {min(unknown)}, which doesn't come before it"
                )
            earlier.add(step.referrer)
        return self
