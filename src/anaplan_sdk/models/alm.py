"""What the ALM API says of revisions, synchronizations and comparisons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeAlias

from pydantic import Discriminator, Field, Tag

from anaplan_sdk.models._base import AnaplanModel, named
from anaplan_sdk.models.tasks import TaskSummary, kind_of


class Revision(AnaplanModel):
    """A revision of a model's structure. Dates are ISO 8601 text in UTC."""

    id: str
    name: str
    description: str | None = None
    created_on: str
    created_by: str = ""
    creation_method: str = ""
    applied_on: str = ""
    applied_by: str = ""
    revision_type: str | None = None


class ModelRevision(AnaplanModel):
    """A model that a revision was applied to; of a deleted one Anaplan tells no id and no name."""

    id: str | None = Field(None, validation_alias=named("modelId", "id"))
    name: str = Field("", validation_alias=named("modelName", "name"))
    workspace_id: str | None = None
    applied_by: str = ""
    applied_on: str = ""
    applied_method: str = ""
    deleted: bool | None = Field(None, validation_alias=named("modelDeleted", "deleted"))


class RevisionTaskFailure(AnaplanModel):
    """Why a synchronization or a comparison failed, in Anaplan's words."""

    title: str = ""
    subtitle: str | None = None
    message_text: str = ""


class SyncTaskResult(AnaplanModel):
    """What came of a synchronization: its revisions, or the `error`."""

    source_revision_id: str | None = None
    target_revision_id: str | None = None
    successful: bool
    error: RevisionTaskFailure | None = None


class ReportTaskResult(SyncTaskResult):
    """What came of a comparison."""

    report_file_url: str | None = None


class PendingTask(TaskSummary):
    """A synchronization or comparison that has no result yet."""

    creation_time: int = 0
    current_step: str | None = None
    task_url: str | None = None


class CompletedSyncTask(PendingTask):
    """A synchronization that has ended, well or not: `result.successful` tells."""

    result: SyncTaskResult


class CompletedReportTask(CompletedSyncTask):
    """A comparison that has ended, well or not."""

    result: ReportTaskResult  # pyright: ignore[reportIncompatibleVariableOverride]


SyncTask: TypeAlias = Annotated[
    Annotated[CompletedSyncTask, Tag("completed")] | Annotated[PendingTask, Tag("other")],
    Discriminator(kind_of),
]
ReportTask: TypeAlias = Annotated[
    Annotated[CompletedReportTask, Tag("completed")] | Annotated[PendingTask, Tag("other")],
    Discriminator(kind_of),
]


class SummaryTotals(AnaplanModel):
    """How many objects differ."""

    modified: int = 0
    created: int = 0
    deleted: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.modified + self.created + self.deleted


class SummaryDifferences(AnaplanModel):
    """Differences by kind of object; Anaplan leaves out kinds without any.

    Kinds that have no field here are kept as they came; `by_kind` has them all.
    """

    line_items: SummaryTotals | None = None
    lists: SummaryTotals | None = None
    modules: SummaryTotals | None = None
    roles_contents: SummaryTotals | None = None

    @property
    def by_kind(self) -> dict[str, SummaryTotals]:
        """All kinds that differ, by Anaplan's name for them."""
        return {
            kind: SummaryTotals.model_validate(totals)
            for kind, totals in self.model_dump(by_alias=True, exclude_none=True).items()
            if isinstance(totals, dict)
        }


class SummaryReport(AnaplanModel):
    """How much two revisions differ."""

    target_revision_id: str = ""
    source_revision_id: str = ""
    totals: SummaryTotals = SummaryTotals()
    differences: SummaryDifferences = SummaryDifferences()


@dataclass(frozen=True)
class Promotion:
    """What `alm.promote` found and did.

    Attributes:
        source_model_id: The model whose structure is taken over.
        source_revision: The revision of it that the target is brought to.
        target_revision: The target's latest revision before.
        summary: How much the two differ; `None` when there is nothing to do.
        task: The synchronization; `None` after a dry run, or when there was nothing to do.
    """

    source_model_id: str
    source_revision: Revision
    target_revision: Revision
    summary: SummaryReport | None = None
    task: CompletedSyncTask | None = None

    @property
    def nothing_to_do(self) -> bool:
        """Whether the target had the revision already."""
        return self.summary is None

    def __str__(self) -> str:
        source, target = self.source_revision.name, self.target_revision.name
        if self.summary is None:
            return f"nothing to do: the target has revision {source!r} already"
        totals = self.summary.totals
        verb = "synchronized" if self.task else "to synchronize"
        return (
            f"{verb}: revision {target!r} to {source!r} ({totals.modified} modified, "
            f"{totals.created} created, {totals.deleted} deleted)"
        )
