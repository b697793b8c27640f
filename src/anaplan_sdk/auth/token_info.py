"""A token in a reply of the authentication service."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field

from anaplan_sdk._arguments import TOKEN_PATTERN
from anaplan_sdk.auth.token_cache import number_of


class TokenInfo(BaseModel):
    """A token, and when it expires, in milliseconds since 1970."""

    token_value: str = Field(alias="tokenValue", pattern=f"^{TOKEN_PATTERN}$")
    expires_at: Annotated[float | None, BeforeValidator(number_of)] = Field(None, alias="expiresAt")
