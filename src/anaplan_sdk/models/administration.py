"""What the Administration and the Exception Users APIs say of users."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast

from pydantic import ConfigDict, Field, field_validator, model_validator

from anaplan_sdk.models._base import AnaplanModel, empty_list, named
from anaplan_sdk.models.lists import WriteResult


class UserRow(AnaplanModel):
    """A user as a row of the CSV that is imported and exported.

    Attributes:
        username: The address to sign in with. It tells which user this is.
        first_name: The first name.
        last_name: The last name.
        licenses: The licences by name: a list, or one text with commas between them.
    """

    # The columns are named as the fields are.
    model_config = ConfigDict(alias_generator=None)

    username: str
    first_name: str
    last_name: str
    licenses: list[str] = Field(default_factory=empty_list)

    @field_validator("licenses", mode="before")
    @classmethod
    def _take_apart(cls, value: object) -> object:
        parts = value.split(",") if isinstance(value, str) else value
        if not isinstance(parts, list | tuple):
            return parts
        texts = [
            part.strip() if isinstance(part, str) else part for part in cast("list[object]", parts)
        ]
        return [text for text in texts if text != ""]

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """The row's cells, in the order of the CSV's columns."""
        return self.username, self.first_name, self.last_name, ",".join(self.licenses)


class UserImportResult(WriteResult):
    """What came of an import of users.

    Attributes:
        accepted: How many rows Anaplan has read.
        created: How many users are new.
        updated: How many users were there already, and are now as their rows say.
        failures: The rows that Anaplan refused: `index` is the row's position in what was passed,
            from 0, `item` the row itself, `details` the reason.
    """

    accepted: int = 0
    created: int = 0
    updated: int = 0

    @model_validator(mode="before")
    @classmethod
    def _with_failures(cls, value: object) -> object:
        if not isinstance(value, dict) or "errors" not in value:
            return value  # pyright: ignore[reportUnknownVariableType]
        members = {**cast("dict[str, object]", value)}
        return {**members, "failures": list(_failures(members.pop("errors")))}


class ExceptionUser(AnaplanModel):
    """A user who may sign in by password where others need single sign-on."""

    user_id: str = Field(validation_alias=named("userGuid", "user_id"))
    email: str = ""


class ExceptionWorkspace(AnaplanModel):
    """A workspace with its exception users; of a search by user, that one only."""

    workspace_id: str = Field(validation_alias=named("workspaceGuid", "workspace_id"))
    workspace_name: str = ""
    users: list[ExceptionUser] = Field(default_factory=empty_list)


def _failures(errors: object) -> Iterator[dict[str, object]]:
    """Refused rows as any of two forms tells them: by row number, or one after the other."""
    if isinstance(errors, dict):
        for row, message in cast("dict[str, object]", errors).items():
            yield _failure(row, message)
    elif isinstance(errors, list):
        for error in cast("list[object]", errors):
            if isinstance(error, dict):
                told = cast("dict[str, object]", error)
                yield _failure(told.get("line", told.get("row")), told.get("message"))
            else:
                yield _failure(error, error)


def _failure(row: object, message: object) -> dict[str, object]:
    # Rows are counted from 1, the header left out. A row that isn't told is none of them.
    number = re.search(r"\d+", str(row))
    text = message if isinstance(message, str) else "" if message is None else str(message)
    return {"index": int(number[0]) - 1 if number else -1, "details": text}
