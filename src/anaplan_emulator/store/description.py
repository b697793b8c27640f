"""What all parts of a tenant's description share."""

from pydantic import BaseModel, ConfigDict


class Description(BaseModel):
    """Base of everything a tenant's file may hold: an unknown key is a mistake, not a remark."""

    model_config = ConfigDict(extra="forbid", frozen=True)
