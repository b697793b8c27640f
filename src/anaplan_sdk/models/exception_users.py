"""Models of the Exception Users API: users who may sign in without single sign-on."""

from __future__ import annotations

from pydantic import Field

from anaplan_sdk.models._base import AnaplanModel, aliases, empty_list


class ExceptionUser(AnaplanModel):
    """A user who may sign in with a password to a workspace that requires single sign-on.

    Attributes:
        user_id: The id, 32 lower-case hexadecimal digits.
        email: The address to sign in with.

    Source: Anaplan Exception Users API guide, "Search exception users".
    """

    user_id: str = Field(validation_alias=aliases("userGuid", "user_id"))
    email: str = ""


class ExceptionWorkspace(AnaplanModel):
    """A workspace with its exception users.

    Attributes:
        workspace_id: The id, 32 lower-case hexadecimal digits.
        workspace_name: The name.
        users: The exception users; of a search by user, only that user.

    Source: Anaplan Exception Users API guide, "Search exception users".
    """

    workspace_id: str = Field(validation_alias=aliases("workspaceGuid", "workspace_id"))
    workspace_name: str = ""
    users: list[ExceptionUser] = Field(default_factory=empty_list)
