"""A token in a reply of the authentication service."""

from __future__ import annotations

from pydantic import BaseModel, Field

from anaplan_sdk._arguments import TOKEN_PATTERN


class TokenInfo(BaseModel):
    """A token, and when it expires, in milliseconds since 1970."""

    token_value: str = Field(alias="tokenValue", pattern=f"^{TOKEN_PATTERN}$")
    expires_at: int | None = Field(None, alias="expiresAt")
