"""What the authentication service says of a token."""

from __future__ import annotations

from pydantic import BaseModel, Field

from anaplan_sdk.auth.token_cache import TOKEN_PATTERN


class TokenInfo(BaseModel):
    """A token, and when it ends."""

    token_value: str = Field(alias="tokenValue", pattern=f"^{TOKEN_PATTERN}$")
    expires_at: int | None = Field(None, alias="expiresAt")
