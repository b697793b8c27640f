"""The description of a list: its properties, subsets and items."""

from collections.abc import Iterable, Mapping
from typing import Self

from pydantic import Field, model_validator

from anaplan_emulator.tenant.data_types import DataType
from anaplan_emulator.tenant.description import Description, require_distinct, require_known

Scalar = str | bool | int | float


class FieldDescription(Description):
    """A list's property or a module's line item."""

    name: str = Field(min_length=1)
    format: DataType = DataType.NUMBER
    list: str = ""
    """Name of the list whose items are the values, if the format is LIST."""

    @model_validator(mode="after")
    def _check_list(self) -> Self:
        if (self.format is DataType.LIST) != bool(self.list):
            raise ValueError(f"{self.name}: format LIST and a list go together")
        return self


class PropertyDescription(FieldDescription):
    """A property of a list's items."""

    format: DataType = DataType.TEXT
    display_name: bool = False
    """Whether it is shown instead of the item's name, in a numbered list."""


class ItemDescription(Description):
    """An item of a list when the tenant is loaded."""

    name: str = ""
    code: str | None = None
    parent: str = ""
    properties: dict[str, Scalar] = Field(default_factory=dict)
    subsets: tuple[str, ...] = ()
    """Names of the subsets that contain it."""


class ListDescription(Description):
    """A list: flat, below a parent list, or numbered."""

    name: str = Field(min_length=1)
    numbered: bool = False
    production_data: bool = False
    """Whether its items may change while the model is deployed."""
    parent: str = ""
    properties: tuple[PropertyDescription, ...] = ()
    subsets: tuple[str, ...] = ()
    """Names of its subsets."""
    top_level_item: str = ""
    """Name of the top-level item, which is the parent of all others and has no cells."""
    category: str = ""
    items: tuple[ItemDescription, ...] = ()


def require_fields(kind: str, names: Iterable[str], known: Iterable[FieldDescription]) -> None:
    """Check that names refer to fields.

    Raises:
        ValueError: One of them does not.
    """
    known_names = [field.name for field in known]
    for name in names:
        require_known(kind, name, known_names)


def check_list(description: ListDescription, lists: Mapping[str, ListDescription]) -> None:
    """Check a list against all lists of the model.

    Raises:
        ValueError: A name is unknown or not distinct, or an item lacks a name.
    """
    if description.parent:
        require_known("list", description.parent, lists)
    require_distinct("property", [field.name for field in description.properties])
    require_distinct("subset", description.subsets)
    for field in description.properties:
        if field.list:
            require_known("list", field.list, lists)
    for item in description.items:
        if bool(item.name) == description.numbered:
            raise ValueError(f"{description.name}: items have names unless the list is numbered")
        require_fields("property", item.properties, description.properties)
        for subset in item.subsets:
            require_known("subset", subset, description.subsets)
