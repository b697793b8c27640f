"""Models of the Integration API: lists and their items."""

from __future__ import annotations

from typing import Annotated, Self, TypeAlias, cast

from pydantic import BeforeValidator, Field, model_validator

from anaplan_sdk.models._base import (
    AnaplanModel,
    aliases,
    empty_dict,
    empty_list,
    refuse_unknown_fields,
)
from anaplan_sdk.models._scalars import to_scalar
from anaplan_sdk.models.dimensions import Dimension
from anaplan_sdk.models.writes import Id, WriteResult

_Properties: TypeAlias = dict[str, Annotated[object, BeforeValidator(to_scalar)]]
_Subsets: TypeAlias = dict[str, Annotated[bool, BeforeValidator(to_scalar)]]

_HINT = "; the values of a list's own properties belong in `properties`, subsets in `subsets`"
# What is read of an item, but cannot be set.
_READ_ONLY = frozenset(("listId", "listName", "parentId", "read", "write"))


def _settable(item: object) -> object:
    """Leave out what Anaplan returns of an item but does not take, unless it would change it."""
    if not isinstance(item, dict):
        return item
    fields = cast("dict[str, object]", item)
    ignored = _READ_ONLY if "parent" in fields else _READ_ONLY - {"parentId"}
    return {name: value for name, value in fields.items() if name not in ignored}


class List(AnaplanModel):
    """A list.

    Attributes:
        id: The id, `101...`.
        name: The name.

    Source: Anaplan Integration API V2 guide, "Retrieve lists".
    """

    id: int
    name: str


class ListMetadata(AnaplanModel):
    """The definition of a list.

    Attributes:
        id: The id, `101...`.
        name: The name.
        has_selective_access: Whether access to single items can be restricted.
        properties: The properties of its items, each with its name, format and formula.
        production_data: Whether the list is production data, which can change in a deployed model.
        managed_by: Not used by Anaplan.
        numbered_list: Whether the list is numbered: its items are named `#1`, `#2` and so on.
        use_top_level_as_page_default: Whether the top-level item is selected by default.
        item_count: The number of items, including the top-level item.
        next_item_index: The index the next item of a numbered list gets, at most 999,999,999.
        workflow_enabled: Whether the list is used for workflow.
        permitted_items: How many more items can be added.
        used_in_applies_to: The objects that have the list in their Applies To.
        parent: The list of the items' parents.
        subsets: The subsets.
        top_level_item: The top-level item.
        category: The category the list is filed under.

    Source: Anaplan Integration API V2 guide, "Retrieve list metadata".
    """

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
        None, validation_alias=aliases("nextitemIndex", "next_item_index")
    )
    workflow_enabled: bool = False
    permitted_items: int = 0
    used_in_applies_to: str | None = None
    parent: Dimension | None = None
    subsets: list[Dimension] = Field(default_factory=empty_list)
    top_level_item: Dimension | None = None
    category: str | None = None


class ListItem(AnaplanModel):
    """An item of a list.

    Attributes:
        id: The id.
        name: The name; `#1` and so on in a numbered list.
        code: The code.
        properties: The values of its properties, as text.
        subsets: Whether it belongs to each subset.
        parent: The name of its parent.
        parent_id: The id of its parent.
        list_id: The id of the list.
        list_name: The name of the list.

    Source: Anaplan Integration API V2 guide, "Retrieve list data".
    """

    id: int
    name: str = ""
    code: str | None = None
    properties: dict[str, object] = Field(default_factory=empty_dict)
    subsets: dict[str, object] = Field(default_factory=empty_dict)
    parent: str | None = None
    parent_id: str | None = None
    list_id: int | None = None
    list_name: str | None = None


class _ListItemsResult(WriteResult):
    """The result of a change of items.

    Attributes:
        ignored: The number of items that were rejected or did not change anything.
        total: The number of items that were sent.
    """

    ignored: int = 0
    total: int = 0


class InsertionResult(_ListItemsResult):
    """The result of adding items. Items that existed before count as ignored.

    Attributes:
        added: The number of items that were added.

    Source: Anaplan Integration API V2 guide, "Add or delete list items".
    """

    added: int = 0


class ListUpdateResult(_ListItemsResult):
    """The result of updating items.

    Attributes:
        updated: The number of items that were updated.

    Source: Anaplan Integration API V2 guide, "Update list items".
    """

    updated: int = 0


class ListDeletionResult(_ListItemsResult):
    """The result of deleting items.

    Attributes:
        deleted: The number of items that were deleted.

    Source: Anaplan Integration API V2 guide, "Add or delete list items".
    """

    deleted: int = Field(0, validation_alias=aliases("numberOfItemsDeleted", "deleted"))

    @model_validator(mode="before")
    @classmethod
    def _unwrap(cls, value: object) -> object:
        # In older documents the result is wrapped in an object.
        if isinstance(value, dict):
            return cast("dict[str, object]", value).get("result", cast("object", value))
        return value


class ListItemKey(AnaplanModel):
    """The key of an item to delete: its id, its code or its name, only one of them.

    Attributes:
        id: The id.
        code: The code.
        name: The name.

    Raises:
        ValueError: All of them are missing, or there are other fields.

    Source: Anaplan Integration API V2 guide, "Add or delete list items".
    """

    id: Id = None
    code: Id = None
    name: Id = None

    @model_validator(mode="after")
    def _check_key(self) -> Self:
        refuse_unknown_fields(self, _HINT if isinstance(self, ListItemUpdate) else "")
        if self.id is None and self.code is None and not self.name:
            raise ValueError("an id, a code or a name is needed")
        return self


class ListItemUpdate(ListItemKey):
    """A change of an item. What is not given stays as it is.

    The item is found by its id, its code or its name. An item that has a code needs it here. Of an
    item as it was read, its list and the read and write access are left out, and `parentId` if
    there is a `parent`.

    Attributes:
        parent: The name or the code of the new parent.
        properties: New values of properties: finite numbers, booleans, texts, dates; None empties
            a property. Scalars of numpy, pandas and Arrow are converted.
        subsets: Whether the item is to belong to a subset.

    Source: Anaplan Integration API V2 guide, "Update list items".
    """

    parent: Id = None
    properties: _Properties = Field(default_factory=empty_dict)
    subsets: _Subsets = Field(default_factory=empty_dict)

    _drop_read_only = model_validator(mode="before")(_settable)


class NewListItem(AnaplanModel):
    """An item to add.

    Attributes:
        name: The name: mandatory in a general list, not allowed in a numbered list.
        code: The code.
        parent: The name or the code of the parent.
        properties: The values of properties: finite numbers, booleans, texts, dates, None. Scalars
            of numpy, pandas and Arrow are converted.
        subsets: Whether the item is to belong to a subset.

    Source: Anaplan Integration API V2 guide, "Add or delete list items".
    """

    name: Id = None
    code: Id = None
    parent: Id = None
    properties: _Properties = Field(default_factory=empty_dict)
    subsets: _Subsets = Field(default_factory=empty_dict)

    _drop_read_only = model_validator(mode="before")(_settable)

    @model_validator(mode="after")
    def _check_fields(self) -> Self:
        refuse_unknown_fields(self, _HINT)
        return self
