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
    """How far the timestamp of a v2 certificate payload may be from the emulator's clock."""

    page_limit: int = Field(default=5000, gt=0)
    """Default and greatest page of the Integration API's listings."""

    rate_limit_per_minute: int | None = Field(default=None, gt=0)
    """Requests a minute for the whole tenant; Anaplan's is 600. Off by default."""

    rate_limit_burst: int = Field(default=10, gt=0)

    quirks: Literal["live", "docs"] = "live"
    """Behave as Anaplan was observed to, or as its documentation says."""
