"""What may be changed about the emulator while it runs."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Settings(BaseModel):
    """Settings of a running emulator, read at every use, so that a change counts at once.

    The defaults are Anaplan's published limits (facts 13).
    """

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    token_lifetime_seconds: float = Field(default=2100, gt=0)
    certificate_tolerance_seconds: float = Field(default=300, gt=0)
    """How far the timestamp of a v2 certificate payload may be from the emulator's clock, or from
    real time, by which clients sign wherever the emulator's clock was moved to."""

    authorization_code_lifetime_seconds: float = Field(default=60, gt=0)

    device_code_lifetime_seconds: int = Field(default=900, gt=0)

    device_poll_seconds: int = Field(default=5, ge=0)
    """How long a device must wait between two polls; 0 lets it poll as fast as it can."""

    page_limit: int = Field(default=5000, gt=0)
    """Default and greatest page of the Integration API's listings."""

    list_items_limit: int = Field(default=1_000_000, gt=0)
    """Items of a list that can be read at once."""

    list_changes_limit: int = Field(default=100_000, gt=0)
    """Items of a list that can be added, updated or deleted at once."""

    audit_page_size: int = Field(default=20, gt=0)
    """Page of audit events where no limit is given; there is no greatest."""

    consolidation_page_limit: int = Field(default=2500, gt=0)
    """Greatest page of the Financial Consolidation API's tables."""

    first_password: str = Field(default="Welc0me!", min_length=1)
    """What users who are created through an API sign in with."""

    scim_page_size: int = Field(default=50, gt=0)
    """Page of SCIM listings where no count is given."""

    scim_page_limit: int = Field(default=100, gt=0)
    """Greatest count that SCIM listings take."""

    scim_workspace_limit: int = Field(default=50, gt=0)
    """Workspaces that a user can be created with."""

    administration_row_limit: int = Field(default=500, gt=0)
    """Users that one import takes."""

    rate_limit_per_minute: int | None = Field(default=None, gt=0)
    """Requests a minute for the whole tenant; Anaplan's is 600. Off by default."""

    rate_limit_burst: int = Field(default=10, gt=0)

    upload_chunk_bytes: int = Field(default=50_000_000, gt=0)
    """Greatest size of a chunk being uploaded, unpacked."""

    output_chunk_bytes: int = Field(default=10_000_000, gt=0)
    """Greatest size of a chunk of a failure dump or of an export's output."""

    view_cells_limit: int = Field(default=1_000_000, gt=0)
    """Greatest number of cells of a view that are read at once."""

    dimension_items_limit: int = Field(default=1_000_000, gt=0)
    """Greatest number of a dimension's items that are listed at once."""

    cell_write_limit: int = Field(default=100_000, gt=0)
    """Greatest number of cells written at once."""

    cell_write_bytes: int = Field(default=15_000_000, gt=0)
    """Greatest size of the request that writes cells."""

    read_request_page_rows: int = Field(default=10_000, gt=0)
    """Rows of a page of a large-volume read request; Anaplan publishes no number."""

    read_request_limit: int | None = Field(default=None, gt=0)
    """How many read requests a user may have at a time; Anaplan publishes no number."""

    hold_tasks: Literal["NOT_STARTED", "IN_PROGRESS"] | None = None
    """Keep tasks in this state until the setting changes, or they are cancelled."""

    task_polls: int = Field(default=0, ge=0)
    """How many polls must have seen a task in each unfinished state before it goes on."""

    model_open_seconds: float = Field(default=0, ge=0)
    """How long a closed model takes to open, by the emulator's clock."""

    model_unload_minutes: float | None = Field(default=None, gt=0)
    """After how long a model that nobody uses is closed; Anaplan's is 60. Off by default."""

    closed_models: Literal["serve", "wait", "refuse"] = "serve"
    """What calls meet that need the data of a model which isn't open: they are served all the
    same, open it and wait, or open it and are answered 503 until it is."""

    integration_limit: int = Field(default=500, ge=0)
    """How many integrations a tenant may have, flows among them."""

    complete_fails: bool = False
    """Answer 500 to `/complete`, as was observed (facts 4.12)."""

    quirks: Literal["live", "docs"] = "live"
    """Behave as Anaplan was observed to, or as its documentation says."""
