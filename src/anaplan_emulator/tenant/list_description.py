"""The description of a list: its properties, subsets and items."""

from collections.abc import Collection, Sequence
from typing import Self

from pydantic import Field, model_validator

from anaplan_emulator.tenant.data_types import DataType
from anaplan_emulator.tenant.description import (
    Captured,
    DataFile,
    Description,
    ObjectId,
)
from anaplan_emulator.tenant.problems import Checks, Location, Mistake

Scalar = str | bool | int | float


class FieldDescription(Description):
    """A list's property or a module's line item."""

    name: str = Field(min_length=1, examples=["Price"])
    """Its name."""
    format: DataType = Field(default=DataType.NUMBER, examples=["NUMBER"])
    """Type of its values."""
    list: str = Field(default="", examples=["Regions"])
    """Name of the list whose items are the values, if the format is LIST."""

    @model_validator(mode="after")
    def _check_list(self) -> Self:
        if (self.format is DataType.LIST) != bool(self.list):
            raise Mistake(
                f"{self.name}: only the format LIST has a list"
                if self.list
                else f"{self.name}: the format LIST needs a list",
                f"Remove list, or write the format {DataType.LIST.value!r}."
                if self.list
                else "Add the name of the list as list.",
                "format" if self.list else "list",
            )
        return self


class PropertyDescription(FieldDescription):
    """A property of a list's items."""

    format: DataType = Field(default=DataType.TEXT, examples=["TEXT"])
    """Type of its values."""
    display_name: bool = Field(default=False, examples=[True])
    """Whether it is shown instead of the item's name, in a numbered list."""


class ItemDescription(Description):
    """An item of a list when the tenant is loaded."""

    id: ObjectId = Field(default="", examples=["201000000001"])
    """Its id. The ids of a list's items have the same digits before the last nine."""
    name: str = Field(default="", examples=["Apple"])
    """Name of the item; items of numbered lists have none."""
    code: str | None = Field(default=None, examples=["P1"])
    """Code of the item."""
    parent: str = Field(default="", examples=["Fruit"])
    """Name or code of the parent, an item of the parent list."""
    properties: dict[str, Scalar] = Field(default_factory=dict, examples=[{"Price": 1.5}])
    """Values of properties, by name."""
    subsets: tuple[str, ...] = Field(default=(), examples=[["Seasonal"]])
    """Names of the subsets that contain it."""


class SubsetDescription(Description):
    """A subset of a list. In a tenant's file its name alone is enough."""

    name: str = Field(min_length=1, examples=["Seasonal"])
    """Name of the subset."""
    id: ObjectId = Field(default="", examples=["109000000000"])
    """Its id; derived from the order of the subsets by default."""


class ListDescription(Captured):
    """A list: flat, below a parent list, or numbered."""

    id: ObjectId = Field(default="", examples=["101000000000"])
    """Its id; derived from the order of the lists by default."""
    name: str = Field(min_length=1, examples=["Products"])
    """Name of the list."""
    numbered: bool = Field(default=False, examples=[True])
    """Whether it is a numbered list, whose items have codes and display names but no names."""
    production_data: bool = Field(default=False, examples=[True])
    """Whether its items may change while the model is deployed."""
    parent: str = Field(default="", examples=["Categories"])
    """Name of the list whose items are the parents of its items."""
    properties: tuple[PropertyDescription, ...] = Field(
        default=(), examples=[[{"name": "Price", "format": "NUMBER"}]]
    )
    """Properties of its items."""
    subsets: tuple[str | SubsetDescription, ...] = Field(default=(), examples=[["Seasonal"]])
    """Its subsets."""
    top_level_item: str = Field(default="", examples=["All products"])
    """Name of the top-level item, which is the parent of all others and has no cells."""
    category: str = Field(default="", examples=["Organization"])
    """Category that the API shows for it."""
    items: tuple[ItemDescription, ...] = Field(
        default=(), examples=[[{"name": "Apple", "code": "P1"}]]
    )
    """Its items at the start."""
    items_file: DataFile = Field(default="", examples=["data/products.csv"])
    """CSV or Parquet file with its items, instead of `items`, relative to the tenant's file.

    It has the columns `name` or `code` or both, and may have `id`, `parent`, a column for each
    property, named as the property or `property: NAME`, and a boolean column `subset: NAME` for
    each subset.
    """

    @property
    def described_subsets(self) -> list[SubsetDescription]:
        """Its subsets, also those of which only the name is given."""
        return [
            SubsetDescription(name=each) if isinstance(each, str) else each for each in self.subsets
        ]


def check_list(
    checks: Checks,
    location: Location,
    description: ListDescription,
    lists: Collection[str],
    in_lists: Sequence[Location],
    existing: ListDescription | None = None,
) -> None:
    """Check a list against all lists of the model.

    Args:
        checks: Collects the mistakes.
        location: Where the list is described.
        description: The list, or additions to it.
        lists: Names of all lists of the model.
        in_lists: Where the lists of the model are described.
        existing: The list that it adds to, if it does.
    """
    if description.parent:
        checks.known("list", description.parent, lists, (*location, "parent"), *in_lists)
    properties, subsets = (*location, "properties"), (*location, "subsets")
    checks.distinct(
        "property", [(f.name, (*properties, n)) for n, f in enumerate(description.properties)]
    )
    named = list(enumerate(description.described_subsets))
    checks.distinct("subset", [(each.name, (*subsets, n)) for n, each in named])
    for number, field in enumerate(description.properties):
        if field.list:
            checks.known("list", field.list, lists, (*properties, number, "list"), *in_lists)
    if description.items and description.items_file:
        checks.add(
            (*location, "items_file"),
            "a list has items or items_file, but not both",
            "Move all items to the file, or remove items_file.",
        )
    _check_items(checks, location, description, existing)


def _check_items(
    checks: Checks,
    location: Location,
    description: ListDescription,
    existing: ListDescription | None,
) -> None:
    whole = [each for each in (existing, description) if each is not None]
    properties = {field.name for each in whole for field in each.properties}
    subsets = {subset.name for each in whole for subset in each.described_subsets}
    numbered = whole[0].numbered
    for number, item in enumerate(description.items):
        at = (*location, "items", number)
        if bool(item.name) == numbered:
            checks.add(
                at,
                f"{description.name}: items have names unless the list is numbered",
                "Remove the name: the items of a numbered list have codes and display names."
                if item.name
                else "Add a name.",
            )
        for name in item.properties:
            place = (*at, "properties", name)
            checks.known("property", name, properties, place, (*location, "properties"))
        for position, subset in enumerate(item.subsets):
            place = (*at, "subsets", position)
            checks.known("subset", subset, subsets, place, (*location, "subsets"))
