"""What CloudWorks says of integration flows: integrations that run one after another."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Self

from pydantic import Field, model_validator

from anaplan_sdk.models._base import AnaplanModel
from anaplan_sdk.models.cloud_works import BaseIntegration, LatestRun, Schedule

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
    """A flow, without its steps."""

    id: str
    steps_count: int = 0
    nux_visible: bool = False
    schedule: Schedule | None = None


class ExceptionBehavior(AnaplanModel):
    """What becomes of the flow when a step fails, wholly or in part."""

    type: Literal["failure", "partial_success"] | str
    strategy: Literal["stop", "continue"] | str


class FlowStep(AnaplanModel):
    """A step: an integration, by its id in `referrer`."""

    referrer: str
    name: str = ""
    type: Literal["Process", "Import", "Export"] | str
    created_by: str = ""
    created_date: datetime | None = None
    modified_date: datetime | None = None
    modified_by: str | None = None
    model_id: str = ""
    workspace_id: str = ""
    depends_on: list[str] | None = Field([])
    is_skipped: bool = False
    exception_behavior: list[ExceptionBehavior] = Field([])


class Flow(FlowSummary):
    """A flow with its steps."""

    version: Literal["2.0"] | str = "2.0"
    steps: list[FlowStep] = Field([])


def _stop_or_go_on() -> list[ExceptionBehavior]:
    return [
        ExceptionBehavior(type="failure", strategy="stop"),
        ExceptionBehavior(type="partial_success", strategy="continue"),
    ]


class FlowStepInput(AnaplanModel):
    """A step to set up; `depends_on` names the integrations before it that it waits for."""

    type: Literal["Integration"] = "Integration"
    referrer: str
    depends_on: list[str] | None = None
    is_skipped: bool = False
    exception_behavior: list[ExceptionBehavior] = Field(default_factory=_stop_or_go_on)


class FlowInput(AnaplanModel):
    """A flow to make, of at least two steps that aren't skipped.

    Raises:
        ValueError: There are fewer, or a step depends on one that doesn't come before it.
    """

    name: str
    version: Literal["2.0"] = "2.0"
    type: Literal["IntegrationFlow"] = "IntegrationFlow"
    steps: list[FlowStepInput]

    @model_validator(mode="after")
    def _steps_follow_one_another(self) -> Self:
        if sum(not step.is_skipped for step in self.steps) < 2:
            raise ValueError("a flow needs two steps that aren't skipped")
        before: set[str] = set()
        for step in self.steps:
            if unknown := set(step.depends_on or ()) - before:
                raise ValueError(
                    f"step {step.referrer} depends on {min(unknown)}, which doesn't come before it"
                )
            before.add(step.referrer)
        return self
