"""How Anaplan's replies are read: tolerantly, and straight from their bytes."""

from __future__ import annotations

import gc
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from types import GenericAlias
from typing import TYPE_CHECKING, Any, TypeGuard, TypeVar, cast

from pydantic import Field, TypeAdapter, ValidationError, create_model
from pydantic_core import from_json

from anaplan_sdk.models._base import Envelope, Page

if TYPE_CHECKING:
    from anaplan_sdk.models._envelopes import Reader

T = TypeVar("T")

_COLLECTS_WITHIN_CALLS = sys.version_info < (3, 12)
# A few milliseconds of reading.
_LARGE = 1_000_000


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


def pages(key: str, item: type[T]) -> Reader[Page[T]]:
    """Reads the pages of a listing."""
    items: Any = (GenericAlias(list, item), Field([], validation_alias=key))
    return TypeAdapter(create_model(f"{key}Page", __base__=Page[T], items=items))


def envelopes(key: str, item: Any) -> Reader[Envelope[Any]]:
    """Reads replies that hold one thing under a key."""
    value: Any = (item, Field(validation_alias=key))
    return TypeAdapter(create_model(f"{key}Envelope", __base__=Envelope[Any], value=value))


def _are_dicts(items: object) -> TypeGuard[list[dict[str, object]]]:
    return isinstance(items, list) and all(
        isinstance(item, dict) for item in cast("list[object]", items)
    )


class RawPages:
    """Reads pages as the JSON they are, which is quicker than checking each item."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._checking = pages(key, dict[str, object])

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
