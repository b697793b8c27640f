"""What all models have in common."""

from __future__ import annotations

from typing import Any, Generic, TypeVar, cast

from pydantic import AliasChoices, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

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
