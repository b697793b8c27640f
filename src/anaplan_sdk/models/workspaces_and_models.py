"""Models of the Integration API: workspaces, models and the state of a model."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import Field

from anaplan_sdk.models._base import AnaplanModel, aliases, empty_list

ModelStates: TypeAlias = Literal[
    "ARCHIVED",
    "UNLOCKED",
    "ACTIVE",
    "PRODUCTION",
    "MAINTENANCE",
    "PRODUCTION_MAINTENANCE",
    "LOCKED",
]
"""The states of a model. `PRODUCTION` is a deployed model, `MAINTENANCE` one that is offline."""


class Workspace(AnaplanModel):
    """A workspace.

    Attributes:
        id: The id, 32 lower-case hexadecimal digits.
        name: The name.
        active: Whether the workspace is active.
        size_allowance: The size the workspace may have, in bytes.
        current_size: The size the workspace has, in bytes.

    Source: Anaplan Integration API V2 guide, "List user workspaces".
    """

    id: str
    name: str = ""
    active: bool = True
    size_allowance: int = 0
    current_size: int = 0


class WorkspaceMember(AnaplanModel):
    """An administrator or a visitor of a workspace.

    Attributes:
        first_name: The first name.
        last_name: The last name.
        email: The address to sign in with.
        active: Whether the user may sign in.
        other_workspaces: The names of the other workspaces the user belongs to.

    Source: Anaplan Integration API V2 guide, "List workspace admins" and "List workspace visitors".
    """

    first_name: str = ""
    last_name: str = ""
    email: str = ""
    active: bool = True
    other_workspaces: list[str] = Field(default_factory=empty_list)


class CategoryValue(AnaplanModel):
    """A value of a category that a model is filed under, such as EMEA of the category Region.

    Attributes:
        id: The id of the value.
        attribute: The value, such as `EMEA`.
        category_id: The id of the category.
        category_name: The category: `App`, `Environment`, `Department`, `Region` or
            `Planning Cycle`.
        customer_id: The id of the tenant.

    Source: Anaplan Integration API V2 guide, "Get model by ID".
    """

    id: str | None = None
    attribute: str | None = None
    category_id: str | None = None
    category_name: str | None = None
    customer_id: str | None = None


class Model(AnaplanModel):
    """A model.

    Attributes:
        id: The id, 32 upper-case hexadecimal digits.
        name: The name.
        active_state: The state, one of `ModelStates` or one that is not known yet.
        last_saved_serial_number: The number of the last change that was saved.
        last_modified_by_user_guid: The id of the user who changed the model last.
        memory_usage: The size in memory, in bytes; 0 for an archived model.
        workspace_id: The id of the workspace.
        workspace_name: The name of the workspace.
        url: The address of the model in the browser.
        category_values: The categories the model is filed under.
        iso_creation_date: When the model was created, as ISO 8601 text.
        last_modified: When the model was last changed, as ISO 8601 text.

    Source: Anaplan Integration API V2 guide, "Get model by ID".
    """

    id: str
    name: str = ""
    active_state: ModelStates | str = ""
    last_saved_serial_number: int = 0
    last_modified_by_user_guid: str = ""
    memory_usage: int = 0
    workspace_id: str = Field(
        default="", validation_alias=aliases("currentWorkspaceId", "workspace_id")
    )
    workspace_name: str = Field(
        default="", validation_alias=aliases("currentWorkspaceName", "workspace_name")
    )
    url: str = Field(default="", validation_alias=aliases("modelUrl", "url"))
    category_values: list[CategoryValue] = Field(default_factory=empty_list)
    iso_creation_date: str = ""
    last_modified: str = ""


class ModelWithTransactionInfo(Model):
    """A model, with the information whether it is being changed.

    Attributes:
        model_transaction_running: Whether a change is in progress, such as an import.

    Source: Anaplan Integration API V2 guide, "Get model by ID".
    """

    model_transaction_running: bool = False


class ModelStatus(AnaplanModel):
    """What a model is doing.

    Attributes:
        peak_memory_usage_estimate: An estimate of the peak use of memory, without a documented
            unit.
        peak_memory_usage_time: The time of that peak, without a documented unit.
        progress: The progress of the current work, 0 to 1; -1 while the model is idle.
        current_step: `Open` or `Closed` while the model is idle, `Closing`, `Updating` or another
            text while it is busy.
        tooltip: A description of the current work, with the action and the user.
        task_id: The id of the current task, sometimes with a suffix such as `-11`.
        creation_time: When the reply was made, in milliseconds since 1970.
        export_task_type: The type of the export in progress.

    Source: Anaplan Integration API V2 guide, "Get model status".
    """

    peak_memory_usage_estimate: int | None = None
    peak_memory_usage_time: int | None = None
    progress: float = -1.0
    current_step: Literal["Open", "Closed", "Closing", "Updating"] | str = ""
    tooltip: str | None = None
    task_id: str | None = None
    creation_time: int = 0
    export_task_type: str | None = None


class DeletionFailure(AnaplanModel):
    """A model that was not deleted.

    Attributes:
        model_id: The id of the model.
        message: Why it was not deleted, for example because it is open.

    Source: Anaplan Integration API V2 guide, "Bulk delete models".
    """

    model_id: str = ""
    message: str = ""


class ModelDeletionResult(AnaplanModel):
    """The result of a deletion of models.

    Attributes:
        models_deleted: The number of models that were deleted.
        failures: The models that were not deleted.

    Source: Anaplan Integration API V2 guide, "Bulk delete models".
    """

    models_deleted: int = 0
    failures: list[DeletionFailure] = Field(
        default_factory=empty_list,
        validation_alias=aliases("bulkDeleteModelsFailures", "failures"),
    )
