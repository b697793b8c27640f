"""What replies look like around what they tell.

A client is imported by programs, too, that have nothing to read yet. So pydantic is imported when
the first reply is read, and so are models that are named by a function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from types import FunctionType
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from anaplan_sdk.models._base import Envelope, Page

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Reader(Protocol[T_co]):
    """What a `TypeAdapter` reads with."""

    def validate_json(self, data: bytes, /) -> T_co: ...

    def validate_python(self, value: object, /) -> T_co: ...


@dataclass(frozen=True)
class Listing(Generic[T]):
    """A listing, whose key for the items Anaplan drops when there are none.

    Attributes:
        key: The key.
        item: The class of the items, or a function that imports it.
    """

    key: str
    item: type[T] | Callable[[], type[T]]

    @cached_property
    def adapter(self) -> Reader[Page[T]]:
        from anaplan_sdk.models._reading import pages

        return pages(self.key, _found(self.item))


class RawListing(Listing[dict[str, object]]):
    """A listing whose items are left as they come."""

    def __init__(self, key: str) -> None:
        super().__init__(key, dict[str, object])

    @cached_property
    def adapter(self) -> Reader[Page[dict[str, object]]]:
        from anaplan_sdk.models._reading import RawPages

        return RawPages(self.key)


@dataclass(frozen=True)
class Single(Generic[T]):
    """A reply that holds one thing under a key.

    Attributes:
        key: The key.
        item: The class of the thing or a union of classes, or a function that imports it.
    """

    key: str
    item: Any

    @cached_property
    def adapter(self) -> Reader[Envelope[T]]:
        from anaplan_sdk.models._reading import envelopes

        return envelopes(self.key, _found(self.item))


@dataclass(frozen=True)
class Whole(Generic[T]):
    """A reply that is the thing itself.

    Attributes:
        item: The class of the thing, or a function that imports it.
    """

    item: type[T] | Callable[[], type[T]]

    @cached_property
    def adapter(self) -> Reader[T]:
        from pydantic import TypeAdapter

        return TypeAdapter(_found(self.item))


def _found(item: Any) -> Any:
    return item() if isinstance(item, FunctionType) else item
