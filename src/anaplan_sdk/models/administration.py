"""Models of the Administration API: users to import and the result of their import."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast

from pydantic import ConfigDict, Field, field_validator, model_validator

from anaplan_sdk.models._base import AnaplanModel, empty_list
from anaplan_sdk.models.writes import WriteResult


class UserRow(AnaplanModel):
    """A user, as a row of the CSV that is imported and exported.

    Attributes:
        username: The address to sign in with. It identifies the user.
        first_name: The first name.
        last_name: The last name.
        licenses: The names of the licences: a list, or one text with commas between them.

    Source: Anaplan Administration API guide, "Import users" and "Export users".
    """

    # The columns have the names of the fields.
    model_config = ConfigDict(alias_generator=None)

    username: str
    first_name: str
    last_name: str
    licenses: list[str] = Field(default_factory=empty_list)

    @field_validator("licenses", mode="before")
    @classmethod
    def _split_licenses(cls, value: object) -> object:
        parts = value.split(",") if isinstance(value, str) else value
        if not isinstance(parts, list | tuple):
            return parts
        texts = [
            part.strip() if isinstance(part, str) else part for part in cast("list[object]", parts)
        ]
        return [text for text in texts if text != ""]

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """The cells of the row, in the order of the CSV's columns."""
        return self.username, self.first_name, self.last_name, ",".join(self.licenses)


class UserImportResult(WriteResult):
    """The result of an import of users.

    In `failures`, `index` is the position of the user in what was passed, from 0, or -1 when
    Anaplan did not report the row; `details` is the reason.

    Attributes:
        accepted: The number of rows that Anaplan read.
        created: The number of users that were created.
        updated: The number of users that existed before and were updated.

    Source: Anaplan Administration API guide, "Import users".
    """

    accepted: int = 0
    created: int = 0
    updated: int = 0

    @model_validator(mode="before")
    @classmethod
    def _errors_as_failures(cls, value: object) -> object:
        if not isinstance(value, dict) or "errors" not in value:
            return value  # pyright: ignore[reportUnknownVariableType]
        fields = {**cast("dict[str, object]", value)}
        return {**fields, "failures": list(_failures(fields.pop("errors")))}


def _failures(errors: object) -> Iterator[dict[str, object]]:
    """Yield the failures of an import from either form: messages by row number, or a list."""
    if isinstance(errors, dict):
        for row, message in cast("dict[str, object]", errors).items():
            yield _failure(row, message)
    elif isinstance(errors, list):
        for error in cast("list[object]", errors):
            if isinstance(error, dict):
                fields = cast("dict[str, object]", error)
                yield _failure(fields.get("line", fields.get("row")), fields.get("message"))
            else:
                yield _failure(error, error)


def _failure(row: object, message: object) -> dict[str, object]:
    # Rows are numbered from 1, without the header.
    number = re.search(r"\d+", str(row))
    text = message if isinstance(message, str) else "" if message is None else str(message)
    return {"index": int(number[0]) - 1 if number else -1, "details": text}
