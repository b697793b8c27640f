"""What the Integration API says of lists, and of writing anything."""

from __future__ import annotations

from decimal import Decimal
from math import isfinite
from typing import Annotated, Literal, Self, TypeAlias, cast

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from anaplan_sdk.models._base import AnaplanModel, empty_dict, empty_list, named

Id: TypeAlias = Annotated[int | str, AfterValidator(str)]
"""An id as it is sent."""


def writable(value: object) -> object:
    """A value as it is, unless it is a number that JSON would tell as null."""
    if isinstance(value, float | Decimal) and not isfinite(value):
        raise ValueError(f"{value} is no number that can be written")
    return value


def _all_writable(properties: dict[str, object]) -> dict[str, object]:
    for value in properties.values():
        writable(value)
    return properties


_Properties: TypeAlias = Annotated[dict[str, object], AfterValidator(_all_writable)]


class Dimension(AnaplanModel):
    """A dimension, or one of its items: whatever has an id and a name."""

    id: int
    name: str = ""


class DimensionWithCode(Dimension):
    """An item with its code, empty when it has none."""

    code: str = ""


class List(AnaplanModel):
    """A list."""

    id: int
    name: str


class ListMetadata(AnaplanModel):
    """A list's definition. `item_count` counts the top-level item, too."""

    id: int
    name: str
    has_selective_access: bool = False
    properties: list[dict[str, object]] = Field(default_factory=empty_list)
    production_data: bool = False
    managed_by: str = ""
    numbered_list: bool = False
    use_top_level_as_page_default: bool = False
    item_count: int = 0
    next_item_index: int | None = Field(
        None, validation_alias=named("nextitemIndex", "next_item_index")
    )
    workflow_enabled: bool = False
    permitted_items: int = 0
    used_in_applies_to: str | None = None
    parent: Dimension | None = None
    subsets: list[Dimension] = Field(default_factory=empty_list)
    top_level_item: Dimension | None = None
    category: str | None = None


class ListItem(AnaplanModel):
    """An item of a list. Properties come as text, subsets as true or false."""

    id: int
    name: str = ""
    code: str | None = None
    properties: dict[str, object] = Field(default_factory=empty_dict)
    subsets: dict[str, object] = Field(default_factory=empty_dict)
    parent: str | None = None
    parent_id: str | None = None
    list_id: int | None = None
    list_name: str | None = None


class Failure(AnaplanModel):
    """An item or a cell that Anaplan refused.

    Attributes:
        index: Its position in what was passed, from 0.
        reason: Anaplan's word for the failure, such as `INCORRECT_FORMAT`.
        details: Anaplan's own message.
        item: What was passed there, as it was passed.
    """

    index: int = Field(validation_alias=named("requestIndex", "index"))
    reason: str = Field("", validation_alias=named("failureType", "reason"))
    details: str = Field("", validation_alias=named("failureMessageDetails", "details"))
    item: object = Field(None, exclude=True, repr=False)


class WriteResult(AnaplanModel):
    """What came of a write, of however many requests."""

    failures: list[Failure] = Field(default_factory=empty_list)


class _ListItemsResult(WriteResult):
    ignored: int = 0
    total: int = 0


class InsertionResult(_ListItemsResult):
    """What came of adding items; those that were there already count as ignored."""

    added: int = 0


class ListUpdateResult(_ListItemsResult):
    """What came of updating items."""

    updated: int = 0


class ListDeletionResult(_ListItemsResult):
    """What came of deleting items."""

    deleted: int = Field(0, validation_alias=named("numberOfItemsDeleted", "deleted"))

    @model_validator(mode="before")
    @classmethod
    def _unwrap(cls, value: object) -> object:
        # Older documents have it wrapped.
        if isinstance(value, dict):
            return cast("dict[str, object]", value).get("result", cast("object", value))
        return value


class ListItemKey(AnaplanModel):
    """Which item to delete: by id, by code or by name; one of them only."""

    id: Id | None = None
    code: Id | None = None
    name: str | None = None

    @model_validator(mode="after")
    def _has_key(self) -> Self:
        if self.id is None and self.code is None and not self.name:
            raise ValueError("an id, a code or a name is needed")
        return self


class ListItemUpdate(ListItemKey):
    """What to change of an item, whose code is needed if it has one; what isn't given stays."""

    parent: str | None = None
    properties: _Properties = Field(default_factory=empty_dict)
    subsets: dict[str, bool] = Field(default_factory=empty_dict)


class NewListItem(AnaplanModel):
    """An item to add. General lists need its name, numbered lists take no name but a code."""

    name: str | None = None
    code: Id | None = None
    parent: str | None = None
    properties: _Properties = Field(default_factory=empty_dict)
    subsets: dict[str, bool] = Field(default_factory=empty_dict)


class ReadRequest(AnaplanModel):
    """A large read, as Anaplan last described it."""

    model_config = ConfigDict(frozen=True)

    request_id: str
    request_state: (
        Literal["NOT_STARTED", "IN_PROGRESS", "COMPLETE", "CANCELLING", "CANCELLED"] | str
    )
    available_pages: int = 0
    successful: bool = False


class NamedObject(AnaplanModel):
    """Something that has a name, as `client.resolve` found it.

    Attributes:
        id: Its id.
        name: Its name.
        kind: What it is, such as "import" or "module".
    """

    model_config = ConfigDict(frozen=True)

    id: int | str
    name: str
    kind: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name!r} ({self.id})"
