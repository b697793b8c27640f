"""Models of the ALM API: revisions, synchronizations and comparisons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeAlias

from pydantic import Discriminator, Field, Tag

from anaplan_sdk.models._base import AnaplanModel, aliases
from anaplan_sdk.models.tasks import TaskState, TaskSummary, completed_or_other


class Revision(AnaplanModel):
    """A revision of a model's structure.

    Attributes:
        id: The id, 32 upper-case hexadecimal digits.
        name: The name, of at most 60 characters.
        description: The description, of at most 250 characters.
        created_on: When it was created, as ISO 8601 text in UTC such as `2026-01-31T08:05:37Z`.
        created_by: The id of the user who created it.
        creation_method: How it was created, such as `User added revision`.
        applied_on: When it was applied to the model, as ISO 8601 text in UTC.
        applied_by: The id of the user who applied it.
        revision_type: `FULL`, `PARTIAL` or `UNKNOWN`.

    Source: Anaplan ALM API guide, "List ALM revisions in a model".
    """

    id: str
    name: str = ""
    description: str | None = None
    created_on: str = ""
    created_by: str = ""
    creation_method: str = ""
    applied_on: str = ""
    applied_by: str = ""
    revision_type: str | None = None


class ModelRevision(AnaplanModel):
    """A model that a revision was applied to.

    Attributes:
        id: The id of the model; None where Anaplan omits that of a deleted model.
        name: The name of the model; empty for a deleted model.
        workspace_id: The id of the workspace; None for a deleted model.
        applied_by: The id of the user who applied the revision.
        applied_on: When it was applied, as ISO 8601 text in UTC.
        applied_method: How it was applied, such as `Revision synchronized`.
        deleted: Whether the model has been deleted; None where Anaplan does not report it.

    Source: Anaplan ALM API guide, "List models an ALM revision has been applied to".
    """

    id: str | None = Field(default=None, validation_alias=aliases("modelId", "id"))
    name: str = Field(default="", validation_alias=aliases("modelName", "name"))
    workspace_id: str | None = None
    applied_by: str = ""
    applied_on: str = ""
    applied_method: str = ""
    deleted: bool | None = Field(default=None, validation_alias=aliases("modelDeleted", "deleted"))


class RevisionTaskFailure(AnaplanModel):
    """Why a synchronization or a comparison failed.

    Attributes:
        title: What failed, such as `Model Synchronization Failed`.
        subtitle: More about what failed.
        message_text: The reason.

    Source: Anaplan ALM API guide, "Retrieve ALM model sync task info".
    """

    title: str = ""
    subtitle: str | None = None
    message_text: str = ""


class SyncTaskResult(AnaplanModel):
    """The result of a synchronization.

    Attributes:
        source_revision_id: The id of the source's revision.
        target_revision_id: The id of the target's revision.
        successful: Whether it succeeded; None where Anaplan does not report it.
        error: Why it failed; None when it succeeded.

    Source: Anaplan ALM API guide, "Retrieve ALM model sync task info".
    """

    source_revision_id: str | None = None
    target_revision_id: str | None = None
    successful: bool | None = None
    error: RevisionTaskFailure | None = None


class ReportTaskResult(SyncTaskResult):
    """The result of a comparison.

    Attributes:
        report_file_url: The address of the report.

    Source: Anaplan ALM API guide, "Retrieve full ALM revision comparison report task info".
    """

    report_file_url: str | None = None


class PendingTask(TaskSummary):
    """A synchronization or comparison that has no result yet.

    Attributes:
        current_step: What the task is doing, in words.
        task_url: The address of the task, as Anaplan reports it.

    Source: Anaplan ALM API guide, "Retrieve ALM model sync task info".
    """

    current_step: str | None = None
    task_url: str | None = None


class CompletedSyncTask(PendingTask):
    """A synchronization that has ended, successfully or not.

    Attributes:
        task_state: `COMPLETE`.
        result: The result; `result.successful` is whether it succeeded.

    Source: Anaplan ALM API guide, "Retrieve ALM model sync task info".
    """

    task_state: TaskState | str = "COMPLETE"
    result: SyncTaskResult = Field(default_factory=SyncTaskResult)


class CompletedReportTask(CompletedSyncTask):
    """A comparison that has ended, successfully or not.

    Attributes:
        result: The result; `result.successful` is whether it succeeded.

    Source: Anaplan ALM API guide, "Retrieve full ALM revision comparison report task info".
    """

    result: ReportTaskResult = Field(default_factory=ReportTaskResult)  # pyright: ignore[reportIncompatibleVariableOverride]


SyncTask: TypeAlias = CompletedSyncTask | PendingTask
"""A synchronization: `CompletedSyncTask` when it has ended, otherwise `PendingTask`."""

ReportTask: TypeAlias = CompletedReportTask | PendingTask
"""A comparison: `CompletedReportTask` when it has ended, otherwise `PendingTask`."""

TaggedSyncTask: TypeAlias = Annotated[
    Annotated[CompletedSyncTask, Tag("completed")] | Annotated[PendingTask, Tag("other")],
    Discriminator(completed_or_other),
]
"""`SyncTask` as replies are read: by `task_state`."""

TaggedReportTask: TypeAlias = Annotated[
    Annotated[CompletedReportTask, Tag("completed")] | Annotated[PendingTask, Tag("other")],
    Discriminator(completed_or_other),
]
"""`ReportTask` as replies are read: by `task_state`."""


class SummaryTotals(AnaplanModel):
    """The numbers of objects that differ between two revisions.

    Attributes:
        modified: The number of objects that were modified.
        created: The number of objects that were created.
        deleted: The number of objects that were deleted.

    Source: Anaplan ALM API guide, "Retrieve ALM revision summary report content".
    """

    modified: int = 0
    created: int = 0
    deleted: int = 0

    @property
    def total(self) -> int:
        """The number of all objects that differ."""
        return self.modified + self.created + self.deleted


class SummaryDifferences(AnaplanModel):
    """The differences by kind of object. Anaplan omits kinds without differences.

    Kinds without a field here are kept as extra fields; `by_kind` has all of them.

    Attributes:
        line_items: The differences in line items.
        lists: The differences in lists.
        modules: The differences in modules.
        roles_contents: The differences in what roles may see.

    Source: Anaplan ALM API guide, "Retrieve ALM revision summary report content".
    """

    line_items: SummaryTotals | None = None
    lists: SummaryTotals | None = None
    modules: SummaryTotals | None = None
    roles_contents: SummaryTotals | None = None

    @property
    def by_kind(self) -> dict[str, SummaryTotals]:
        """All kinds that differ, by Anaplan's name of the kind."""
        return {
            kind: SummaryTotals.model_validate(totals)
            for kind, totals in self.model_dump(by_alias=True, exclude_none=True).items()
            if isinstance(totals, dict)
        }


class SummaryReport(AnaplanModel):
    """How much two revisions differ.

    Attributes:
        target_revision_id: The id of the target's revision.
        source_revision_id: The id of the source's revision.
        totals: The differences in all kinds of objects together.
        differences: The differences by kind of object.

    Source: Anaplan ALM API guide, "Retrieve ALM revision summary report content".
    """

    target_revision_id: str = ""
    source_revision_id: str = ""
    totals: SummaryTotals = SummaryTotals()
    differences: SummaryDifferences = SummaryDifferences()


class ComparisonSummary(SummaryReport, CompletedReportTask):
    """A comparison that has ended, together with the numbers that it found.

    Source: Anaplan ALM API guide, "Retrieve ALM revision summary report content".
    """


@dataclass(frozen=True)
class Promotion:
    """The result of `alm.promote`.

    Attributes:
        source_model_id: The id of the model whose structure is applied to the target.
        source_revision: The revision the target is synchronized to.
        target_revision: The latest revision of the target before the synchronization.
        summary: How much the two revisions differ; None when the target had the revision already.
        task: The synchronization; None after a dry run, and when the target had the revision
            already.
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
