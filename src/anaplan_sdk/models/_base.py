"""How Anaplan's replies are read: tolerantly, and straight from their bytes."""

from __future__ import annotations

import gc
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from types import GenericAlias
from typing import Any, Generic, Protocol, TypeGuard, TypeVar, cast

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
T_co = TypeVar("T_co", covariant=True)

_COLLECTS_WITHIN_CALLS = sys.version_info < (3, 12)
# A few milliseconds of reading.
_LARGE = 1_000_000


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


class Reader(Protocol[T_co]):
    """What a `TypeAdapter` reads with."""

    def validate_json(self, data: bytes, /) -> T_co: ...

    def validate_python(self, value: object, /) -> T_co: ...


def read_json(reader: Reader[T], content: bytes) -> T:
    """Reads a reply straight from its bytes; null counts as absent where it doesn't fit.

    Raises:
        ValidationError: It isn't JSON, or lacks what is required.
    """
    with _collecting_afterwards(content):
        try:
            return reader.validate_json(content)
        except ValidationError as error:
            kind = error.errors(include_url=False)[0]["type"]
            if b"null" not in content or kind == "json_invalid":
                raise
        return reader.validate_python(_without_nulls(from_json(content)))


@contextmanager
def _collecting_afterwards(content: bytes) -> Generator[None]:
    # Before Python 3.12 garbage is collected within a call that makes many objects: half the time
    # of reading a large reply goes into looking at them again and again, and all are in use. Since
    # 3.12 it is collected between two steps of Python code only, as this does for those before.
    # Meanwhile no other code runs, but for a factory's few steps. Whoever turns the collector off
    # has it off, unless another thread does so within such steps.
    if not (_COLLECTS_WITHIN_CALLS and len(content) >= _LARGE and gc.isenabled()):
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


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
    def adapter(self) -> Reader[Page[T]]:
        items: Any = (GenericAlias(list, self.item), Field([], validation_alias=self.key))
        return TypeAdapter(create_model(f"{self.key}Page", __base__=Page[T], items=items))


class RawListing(Listing[dict[str, object]]):
    """Reads listings whose items are left as they come."""

    def __init__(self, key: str) -> None:
        super().__init__(key, dict[str, object])

    @cached_property
    def adapter(self) -> Reader[Page[dict[str, object]]]:
        return _RawPages(self.key)


def _are_dicts(items: object) -> TypeGuard[list[dict[str, object]]]:
    return isinstance(items, list) and all(
        isinstance(item, dict) for item in cast("list[object]", items)
    )


class _RawPages:
    """Reads pages as the JSON they are, which is quicker than checking each item."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._checking = Listing(key, dict[str, object]).adapter

    def validate_json(self, data: bytes, /) -> Page[dict[str, object]]:
        try:
            reply: object = from_json(data)
        except ValueError:
            reply = None
        if isinstance(reply, dict):
            members = cast("dict[str, object]", reply)
            items = members.pop(self._key, [])
            if _are_dicts(items):
                with suppress(ValidationError):
                    page = self._checking.validate_python(members)
                    page.items = items
                    return page
        return self._checking.validate_json(data)  # This tells what is wrong.

    def validate_python(self, value: object, /) -> Page[dict[str, object]]:
        return self._checking.validate_python(value)


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
