"""Building a list: its items, with their properties, parents and subsets."""

from collections.abc import Iterable, Mapping
from typing import Final, Self

from anaplan_emulator.tenant.data_types import DataType
from anaplan_emulator.tenant.list_description import (
    ItemDescription,
    ListDescription,
    Scalar,
)
from anaplan_emulator.tenant.problems import TenantError
from anaplan_emulator.tenant_builder.handles import require_own
from anaplan_emulator.tenant_builder.model_parts import ModelParts, describe

NUMBER: Final = DataType.NUMBER
TEXT: Final = DataType.TEXT
BOOLEAN: Final = DataType.BOOLEAN
DATE: Final = DataType.DATE


class ListBuilder:
    """A list of a model that is being built. `ModelBuilder.list` creates it.

    Args:
        parts: The model.
        description: The list, without items.
    """

    def __init__(self, parts: ModelParts, description: ListDescription) -> None:
        self.parts = parts
        self._description = description
        self._items: list[ItemDescription] = []
        self._names: set[str] = set()
        self._codes: set[str] = set()
        self._properties = {each.name: each for each in description.properties}
        self._subsets = {each.name for each in description.described_subsets}
        # Shared with the model, so that other lists can refer to the items.
        self._known = parts.items.setdefault(description.name, set())

    @property
    def id(self) -> int:
        """Its id."""
        return int(self._description.id)

    @property
    def name(self) -> str:
        """Its name."""
        return self._description.name

    def items(self, items: Iterable[str] | Mapping[str, str], *, parent: str = "") -> Self:
        """Add items.

        Args:
            items: Names of the items, or names by code. Items of a numbered list have codes alone.
            parent: Name or code of the item of the parent list that is the parent of all of them.

        Returns:
            The list itself.

        Raises:
            TenantError: An item can't be added.
        """
        if isinstance(items, str):
            raise TenantError(f"{self.name}: pass a list of names, such as [{items!r}]")
        if isinstance(items, Mapping):
            for code, name in items.items():
                self.item(name, code=code, parent=parent)
        elif self._description.numbered:
            for code in items:
                self.item(code=code, parent=parent)
        else:
            for name in items:
                self.item(name, parent=parent)
        return self

    def item(
        self,
        name: str = "",
        *,
        code: str | None = None,
        parent: str = "",
        properties: Mapping[str, Scalar] | None = None,
        subsets: Iterable[str] = (),
    ) -> Self:
        """Add an item.

        Args:
            name: Its name; an item of a numbered list has none.
            code: Its code.
            parent: Name or code of its parent, an item of the parent list.
            properties: Values by the name of the property. The value of a property whose format is
                a list is the name or code of an item.
            subsets: Names of the subsets that contain it.

        Returns:
            The list itself.

        Raises:
            TenantError: The item exists already, or it refers to something that does not exist.
        """
        values = dict(properties or {})
        self._check_item(name, code, parent)
        for property_name, value in values.items():
            if property_name not in self._properties:
                raise TenantError(f"{self.name} has no property called {property_name!r}")
            self.parts.check_value(self._properties[property_name], value)
        members = tuple(subsets)
        if unknown := [each for each in members if each not in self._subsets]:
            raise TenantError(f"{self.name} has no subset called {unknown[0]!r}")
        item = describe(
            f"{self.name}: the item {name or code}",
            ItemDescription,
            {
                "name": name,
                "code": code,
                "parent": parent,
                "properties": values,
                "subsets": members,
            },
        )
        self._items.append(item)
        self._names.add(name or f"#{len(self._items)}")
        self._known.add(name or f"#{len(self._items)}")
        if code:
            self._codes.add(code)
            self._known.add(code)
        return self

    def build(self) -> ListDescription:
        """Return the description of the list.

        Returns:
            The description, with the items.
        """
        return self._description.model_copy(update={"items": tuple(self._items)})

    def _check_item(self, name: str, code: str | None, parent: str) -> None:
        if self._description.numbered and (name or not code):
            raise TenantError(
                f"{self.name} is numbered: its items have a code and no name, as in"
                f" item(code={code or name!r})"
            )
        if not self._description.numbered and not name:
            raise TenantError(f"{self.name}: an item needs a name")
        if name in self._names:
            raise TenantError(f"{self.name} has an item called {name!r} already")
        if code in self._codes:
            raise TenantError(f"{self.name} has an item with the code {code!r} already")
        if parent:
            if not self._description.parent:
                raise TenantError(
                    f"{self.name} has no parent list: create it with parent=..., so that"
                    f" {name or code!r} can be below {parent!r}"
                )
            self.parts.require_item(self._description.parent, parent)


Format = DataType | ListBuilder
"""A format of a property or line item: NUMBER, TEXT, BOOLEAN, DATE, or a list."""


def format_members(name: str, value: object, parts: ModelParts) -> dict[str, object]:
    """Return the members that describe the name and format of a property or line item.

    Args:
        name: The name.
        value: The format.
        parts: The model.

    Returns:
        The members.

    Raises:
        TenantError: The value is not a format, or is a list of another model.
    """
    if isinstance(value, ListBuilder):
        require_own("list", value.name, value.parts, parts)
        return {"name": name, "format": DataType.LIST, "list": value.name}
    if not isinstance(value, DataType) or value is DataType.LIST:
        raise TenantError(
            f"{name}: {value!r} is not a format: use NUMBER, TEXT, BOOLEAN, DATE, or what"
            " model.list(...) returned"
        )
    return {"name": name, "format": value}
