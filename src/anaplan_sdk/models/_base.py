"""How Anaplan's replies are read: tolerantly, and straight from their bytes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from types import GenericAlias
from typing import Any, Generic, TypeVar, cast

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    create_model,
)
from pydantic.alias_generators import to_camel
from pydantic_core import from_json

T = TypeVar("T")


class AnaplanModel(BaseModel):
    """The base of every model: fields Anaplan adds later are kept, and survive a round trip.

    A field is filled by Anaplan's name for it, by the camel-case form of our own name (`fileId`
    for `file_id`) or by our own; `model_dump(by_alias=True)` writes the camel-case form.
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="allow")


# Pydantic takes a millisecond to find out that `list` needs no arguments, each time it is given it.


def empty_list() -> list[Any]:
    """The default of a field that is a list."""
    return []


def empty_dict() -> dict[str, Any]:
    """The default of a field that is a dict."""
    return {}


def read_json(adapter: TypeAdapter[T], content: bytes) -> T:
    """Reads a reply straight from its bytes; null counts as absent where it doesn't fit.

    Raises:
        ValidationError: It isn't JSON, or lacks what is required.
    """
    try:
        return adapter.validate_json(content)
    except ValidationError as error:
        if b"null" not in content or error.errors(include_url=False)[0]["type"] == "json_invalid":
            raise
    return adapter.validate_python(_without_nulls(from_json(content)))


def _without_nulls(value: object) -> object:
    if isinstance(value, dict):
        members = cast("dict[str, object]", value)
        return {key: _without_nulls(item) for key, item in members.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in cast("list[object]", value)]
    return value


def member(value: object, wire: str, ours: str) -> str:
    """The text a reply, or the model that was read from it, has in a field."""
    if isinstance(value, dict):
        members = cast("dict[str, object]", value)
        return str(members.get(wire, members.get(ours, "")))
    return str(getattr(value, ours, ""))


def named(wire: str, ours: str) -> AliasChoices:
    """The names a field is read by when Anaplan's differs from ours by more than its case."""
    return AliasChoices(wire, to_camel(ours), ours)


class _Paging(BaseModel):
    total_size: int | None = Field(None, alias="totalSize")


class _Meta(BaseModel):
    paging: _Paging | None = None


class Page(BaseModel, Generic[T]):
    """One page of a listing."""

    meta: _Meta | None = None
    items: list[T]

    @property
    def total(self) -> int | None:
        """The size of the whole listing; `None` where Anaplan doesn't page."""
        return self.meta.paging.total_size if self.meta and self.meta.paging else None


class Envelope(BaseModel, Generic[T]):
    """A reply that holds one thing under a key."""

    value: T


@dataclass(frozen=True)
class Listing(Generic[T]):
    """Reads listings, whose key for the items Anaplan drops when there are none."""

    key: str
    item: type[T]

    @cached_property
    def adapter(self) -> TypeAdapter[Page[T]]:
        items: Any = (GenericAlias(list, self.item), Field([], validation_alias=self.key))
        return TypeAdapter(create_model(f"{self.key}Page", __base__=Page[T], items=items))


@dataclass(frozen=True)
class Single(Generic[T]):
    """Reads replies that hold one thing under a key."""

    key: str
    item: Any
    """A class, or a union of classes."""

    @cached_property
    def adapter(self) -> TypeAdapter[Envelope[T]]:
        value: Any = (self.item, Field(validation_alias=self.key))
        return TypeAdapter(create_model(f"{self.key}Envelope", __base__=Envelope[T], value=value))
