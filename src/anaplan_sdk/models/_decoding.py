"""Replies are validated straight from their bytes, and null counts as absent where it must."""

from __future__ import annotations

import gc
import sys
from codecs import BOM_UTF8
from collections.abc import Generator
from contextlib import contextmanager, suppress
from types import GenericAlias
from typing import Any, Generic, Protocol, TypeGuard, TypeVar, cast

from pydantic import AliasChoices, BaseModel, Field, TypeAdapter, ValidationError, create_model
from pydantic_core import from_json

from anaplan_sdk.models._repair import SKIPPED, validate_repaired

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
    total_size: int | None = Field(default=None, alias="totalSize")


class _Meta(BaseModel):
    paging: _Paging | None = None


class Page(BaseModel, Generic[T]):
    """One page of a listing.

    Attributes:
        meta: Where Anaplan puts the paging.
        total_results: Where SCIM puts the number of objects.
        items: The objects on the page.
        skipped: The number of rows that could not be read, and were left out.
    """

    meta: _Meta | None = None
    total_results: int | None = Field(default=None, alias="totalResults")
    items: list[T]
    skipped: int = Field(default=0, validation_alias=SKIPPED)

    @property
    def total(self) -> int | None:
        """The number of objects on all pages; `None` where Anaplan does not page."""
        paging = self.meta.paging if self.meta else None
        return paging.total_size if paging else self.total_results

    @property
    def received(self) -> int:
        """The number of rows on the page, including those that were left out."""
        return len(self.items) + self.skipped


class Envelope(BaseModel, Generic[T]):
    """A reply with one object under a key.

    Attributes:
        value: The object.
    """

    value: T


class PageAdapter(Generic[T]):
    """Validates replies with a list of objects.

    Args:
        key: The key of the list.
        item: The class of the objects.
        exact: Whether a row that cannot be read is an error, instead of being left out.
    """

    def __init__(self, key: str, item: type[T], *, exact: bool = False) -> None:
        self.key = key
        self.exact = exact
        # Anaplan's guide has samples with the name of a single object.
        names = AliasChoices(key, key.removesuffix("s"))
        items: Any = (GenericAlias(list, item), Field(default=[], validation_alias=names))
        self._checked: TypeAdapter[Page[T]] = TypeAdapter(
            create_model(f"{key}Page", __base__=Page[T], items=items)
        )

    def validate_json(self, data: bytes, /) -> Page[T]:
        return self._checked.validate_json(data)

    def validate_python(self, value: object, /) -> Page[T]:
        return self._checked.validate_python(value)


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


class RawPageAdapter(PageAdapter[dict[str, object]]):
    """Validates replies with a list of objects that stay dicts, without a check of each one.

    That takes less time than pydantic's own check of a list of dicts.

    Args:
        key: The key of the list.
    """

    def __init__(self, key: str) -> None:
        super().__init__(key, dict[str, object])

    def validate_json(self, data: bytes, /) -> Page[dict[str, object]]:
        try:
            # Most values of a large list differ: sharing equal texts takes a third of the time.
            reply: object = from_json(data, cache_strings="keys")
        except ValueError:
            reply = None
        if isinstance(reply, dict):
            fields = cast("dict[str, object]", reply)
            items = fields.pop(self.key, [])
            if _are_dicts(items):
                with suppress(ValidationError):
                    page = self._checked.validate_python(fields)
                    page.items = items
                    return page
        return super().validate_json(data)  # It raises an error that locates the problem.


def _are_dicts(items: object) -> TypeGuard[list[dict[str, object]]]:
    # JSON has no subclasses of dict.
    return isinstance(items, list) and {dict}.issuperset(map(type, cast("list[object]", items)))


def decode_json(adapter: Adapter[T], content: bytes) -> T:
    """Validate a reply. What is odd in it is left out, and null counts as absent.

    Args:
        adapter: The adapter for the reply.
        content: The body of the reply.

    Returns:
        The validated reply.

    Raises:
        ValidationError: The body is not JSON, or cannot be read even so.
    """
    with _garbage_collection_paused(content):
        try:
            return adapter.validate_json(content)
        except ValidationError as error:
            if error.errors(include_url=False)[0]["type"] == "json_invalid":
                if content.startswith(BOM_UTF8):  # RFC 8259, section 8.1: it may be ignored.
                    return decode_json(adapter, content.removeprefix(BOM_UTF8))
                raise
        reply = _without_nulls(from_json(content))
        rows = getattr(adapter, "key", None)
        if rows is not None and isinstance(reply, list):
            reply = {rows: cast("object", reply)}  # One sample of Anaplan's has the list alone.
        if getattr(adapter, "exact", False):
            return adapter.validate_python(reply)
        return validate_repaired(adapter.validate_python, reply, rows)


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
