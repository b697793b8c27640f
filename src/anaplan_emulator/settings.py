"""Settings that can be changed while the emulator runs."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

Dialect = Literal["live", "guide", "odd"]
"""Which of the shapes that Anaplan's replies may have."""


class Settings(BaseModel):
    """The emulator's settings. A change takes effect at once.

    The defaults are Anaplan's published limits (docs/anaplan-behaviour.md#limits).
    """

    model_config = ConfigDict(
        extra="forbid", validate_assignment=True, use_attribute_docstrings=True
    )

    token_lifetime_seconds: float = Field(default=2100, gt=0)
    """Lifetime of access tokens, on the emulator's clock."""

    certificate_tolerance_seconds: float = Field(default=300, gt=0)
    """Greatest difference between the timestamp of a v2 certificate payload and the emulator's
    clock or real time. Clients sign by real time, even if the emulator's clock was moved."""

    authorization_code_lifetime_seconds: float = Field(default=60, gt=0)
    """Lifetime of OAuth authorization codes, on the emulator's clock."""

    device_code_lifetime_seconds: int = Field(default=900, gt=0)
    """Lifetime of OAuth device codes, on the emulator's clock."""

    device_poll_seconds: int = Field(default=5, ge=0)
    """Shortest interval between two polls of a device; 0 sets no limit."""

    page_limit: int = Field(default=5000, gt=0)
    """Default and greatest page size of the Integration API's listings."""

    list_items_limit: int = Field(default=1_000_000, gt=0)
    """Greatest number of items of a list that can be read in one request."""

    list_changes_limit: int = Field(default=100_000, gt=0)
    """Greatest number of items that can be added, updated or deleted in one request."""

    audit_page_size: int = Field(default=20, gt=0)
    """Default page size of audit events; there is no greatest one."""

    consolidation_page_limit: int = Field(default=2500, gt=0)
    """Greatest page size of the Financial Consolidation API's tables."""

    first_password: str = Field(default="Welc0me!", min_length=1)
    """Password of users who are created through an API."""

    scim_page_size: int = Field(default=50, gt=0)
    """Default page size of SCIM listings."""

    scim_page_limit: int = Field(default=100, gt=0)
    """Greatest page size of SCIM listings."""

    scim_workspace_limit: int = Field(default=50, gt=0)
    """Greatest number of workspaces of a user who is created through SCIM."""

    administration_row_limit: int = Field(default=500, gt=0)
    """Greatest number of users in an import of the Administration API."""

    rate_limit_per_minute: int | None = Field(default=None, gt=0)
    """Requests per minute for the whole tenant; Anaplan allows 600. Off by default."""

    rate_limit_burst: int = Field(default=600, gt=0)
    """Number of requests that may be sent at once before the rate limit applies."""

    upload_chunk_bytes: int = Field(default=52_428_800, gt=0)
    """Greatest size of an uploaded chunk, uncompressed. Published clients read 50 MB as 50 MiB."""

    output_chunk_bytes: int = Field(default=10_000_000, gt=0)
    """Greatest size of a chunk of a failure dump or of an export's output."""

    view_cells_limit: int = Field(default=1_000_000, gt=0)
    """Greatest number of cells of a view that can be read in one request."""

    dimension_items_limit: int = Field(default=1_000_000, gt=0)
    """Greatest number of items of a dimension that can be listed in one request."""

    cell_write_limit: int = Field(default=100_000, gt=0)
    """Greatest number of cells that can be written in one request."""

    cell_write_bytes: int = Field(default=15_000_000, gt=0)
    """Greatest size of a request that writes cells."""

    read_request_page_rows: int = Field(default=10_000, gt=0)
    """Rows of a page of a large-volume read request; Anaplan publishes no number."""

    read_request_limit: int | None = Field(default=None, gt=0)
    """Greatest number of a user's read requests in a model; Anaplan publishes no number."""

    hold_tasks: Literal["NOT_STARTED", "IN_PROGRESS"] | None = None
    """Hold tasks in this state until the setting changes or they are cancelled."""

    task_polls: int = Field(default=0, ge=0)
    """Number of polls in each unfinished state before a task continues."""

    model_open_seconds: float = Field(default=0, ge=0)
    """How long opening a closed model takes, on the emulator's clock."""

    model_unload_minutes: float | None = Field(default=None, gt=0)
    """Time after which an unused model is closed; 60 for Anaplan. Off by default."""

    unloading_removes_tasks: bool = False
    """Whether the ids of ended tasks are removed when a model is closed, as the guide says."""

    closed_models: Literal["serve", "wait", "refuse"] = "serve"
    """What happens to a request that needs a closed model: it is served as if the model were open,
    it waits until the model has been opened, or it is answered 503 until then."""

    integration_limit: int = Field(default=500, ge=0)
    """Greatest number of integrations of the tenant, including flows."""

    complete_fails: bool = False
    """Whether the response to `/complete` is 500, as was observed.

    Source: docs/anaplan-behaviour.md#files-and-chunks.
    """

    dialect: Dialect = "live"
    """Which of the shapes that Anaplan's replies may have: `live` as was observed, with the members
    of both sources where they disagree; `guide` as few members as in the samples of Anaplan's
    guides, and the status codes of the documentation; `odd` as `live`, but optional members are
    missing, of another type or unknown."""

    chunk_listing: Literal["declared", "arrived"] = "declared"
    """Which chunks of an upload are listed: as many as its chunk count declared, or those that have
    arrived. Of an upload with an unknown count those that have arrived are listed.

    Source: docs/anaplan-behaviour.md#what-a-chunk-listing-shows.
    """

    @field_validator("*")
    @classmethod
    def _check_size(cls, value: object) -> object:
        """Accept only numbers from which times and limits can be calculated and stored."""
        if isinstance(value, int | float) and not abs(value) < 2**53:
            raise ValueError("the number is too large, or is not a finite one")
        return value
