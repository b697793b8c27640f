"""What APIs that write many objects at once share: ids to send, and results."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, Field

from anaplan_sdk.models._base import AnaplanModel, aliases, empty_list
from anaplan_sdk.models._scalars import to_key

Id: TypeAlias = Annotated[int | str | None, BeforeValidator(to_key)]
"""An id, a code or a name, sent as text; None for none."""


class Failure(AnaplanModel):
    """An item, cell, row or user that Anaplan rejected.

    Source: Anaplan Integration API V2 guide, "Add or delete list items" and "Write cell data by
    coordinate to module".

    Attributes:
        index: Its position in what was passed, from 0.
        reason: Anaplan's code for the failure, such as `INCORRECT_FORMAT` for a list item or
            `cellIsCalculated` for a cell. Empty where the API has no codes.
        details: Anaplan's message.
        item: The item, cell, row or user as it was passed.
    """

    index: int = Field(validation_alias=aliases("requestIndex", "index"))
    reason: str = Field("", validation_alias=aliases("failureType", "reason"))
    details: str = Field("", validation_alias=aliases("failureMessageDetails", "details"))
    item: object = Field(None, exclude=True, repr=False)


class WriteResult(AnaplanModel):
    """The result of a write, summed up over all its requests.

    Attributes:
        failures: What Anaplan rejected, in the order in which it was passed.
    """

    failures: list[Failure] = Field(default_factory=empty_list)
