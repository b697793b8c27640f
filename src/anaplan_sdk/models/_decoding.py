"""Replies are validated straight from their bytes, and null counts as absent where it must."""

from __future__ import annotations

import gc
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from types import GenericAlias
from typing import Any, Generic, Protocol, TypeGuard, TypeVar, cast

from pydantic import AliasChoices, BaseModel, Field, TypeAdapter, ValidationError, create_model
from pydantic_core import from_json

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

_COLLECTS_WITHIN_CALLS = sys.version_info < (3, 12)
# Bytes that take a few milliseconds to decode.
_LARGE = 1_000_000


class Adapter(Protocol[T_co]):
    """The two methods of a `TypeAdapter` that validate a reply."""

    def validate_json(self, data: bytes, /) -> T_co: ...

    def validate_python(self, value: object, /) -> T_co: ...


class _Paging(BaseModel):
    total_size: int | None = Field(None, alias="totalSize")


class _Meta(BaseModel):
    paging: _Paging | None = None


class Page(BaseModel, Generic[T]):
    """One page of a listing.

    Attributes:
        meta: Where Anaplan puts the paging.
        items: The objects on the page.
    """

    meta: _Meta | None = None
    items: list[T]

    @property
    def total(self) -> int | None:
        """The number of objects on all pages; `None` where Anaplan does not page."""
        return self.meta.paging.total_size if self.meta and self.meta.paging else None


class Envelope(BaseModel, Generic[T]):
    """A reply with one object under a key.

    Attributes:
        value: The object.
    """

    value: T


def page_adapter(key: str, item: type[T]) -> Adapter[Page[T]]:
    """Make an adapter for replies with a list of objects.

    Args:
        key: The key of the list.
        item: The class of the objects.

    Returns:
        The adapter.
    """
    # Anaplan's guide has samples with the name of a single object.
    keys = AliasChoices(key, key.removesuffix("s"))
    items: Any = (GenericAlias(list, item), Field([], validation_alias=keys))
    return TypeAdapter(create_model(f"{key}Page", __base__=Page[T], items=items))


def envelope_adapter(key: str, item: Any) -> Adapter[Envelope[Any]]:
    """Make an adapter for replies with one object.

    Args:
        key: The key of the object.
        item: The class of the object, or a union of classes.

    Returns:
        The adapter.
    """
    value: Any = (item, Field(validation_alias=key))
    return TypeAdapter(create_model(f"{key}Envelope", __base__=Envelope[Any], value=value))


class RawPageAdapter:
    """Validates replies with a list of objects that stay dicts, without a check of each one.

    That takes less time than pydantic's own check of a list of dicts.

    Args:
        key: The key of the list.
    """

    def __init__(self, key: str) -> None:
        self._key = key
        self._checked = page_adapter(key, dict[str, object])

    def validate_json(self, data: bytes, /) -> Page[dict[str, object]]:
        try:
            reply: object = from_json(data)
        except ValueError:
            reply = None
        if isinstance(reply, dict):
            fields = cast("dict[str, object]", reply)
            items = fields.pop(self._key, [])
            if _are_dicts(items):
                with suppress(ValidationError):
                    page = self._checked.validate_python(fields)
                    page.items = items
                    return page
        return self._checked.validate_json(data)  # It raises an error that locates the problem.

    def validate_python(self, value: object, /) -> Page[dict[str, object]]:
        return self._checked.validate_python(value)


def _are_dicts(items: object) -> TypeGuard[list[dict[str, object]]]:
    return isinstance(items, list) and all(
        isinstance(item, dict) for item in cast("list[object]", items)
    )


def decode_json(adapter: Adapter[T], content: bytes) -> T:
    """Validate a reply. Null counts as absent where a field does not accept it.

    Args:
        adapter: The adapter for the reply.
        content: The body of the reply.

    Returns:
        The validated reply.

    Raises:
        ValidationError: The body is not JSON, or a required field is missing.
    """
    with _garbage_collection_paused(content):
        try:
            return adapter.validate_json(content)
        except ValidationError as error:
            kind = error.errors(include_url=False)[0]["type"]
            if b"null" not in content or kind == "json_invalid":
                raise
        return adapter.validate_python(_without_nulls(from_json(content)))


@contextmanager
def _garbage_collection_paused(content: bytes) -> Generator[None]:
    # Before Python 3.12 the garbage collector runs within a call that makes many objects: half the
    # time of decoding a large reply goes into visiting them again and again, and all are in use.
    # Since 3.12 it runs between two bytecode instructions only; the pause gives older versions the
    # same behaviour. No Python code runs meanwhile except default factories. If another thread
    # disables the collector while one of them runs, it is enabled again here.
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
        fields = cast("dict[str, object]", value)
        return {key: _without_nulls(item) for key, item in fields.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in cast("list[object]", value)]
    return value
