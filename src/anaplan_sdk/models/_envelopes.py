"""The shapes of replies: what stands around the objects, and which class each object has.

API modules declare their replies when they are imported, by programs, too, that never read one. So
pydantic, and models that are named by a function, are imported when the first reply is read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from anaplan_sdk._lazy import lazy_property

if TYPE_CHECKING:
    from anaplan_sdk.models._decoding import Adapter, Envelope, Page

T = TypeVar("T")


@dataclass(frozen=True)
class ListReply(Generic[T]):
    """A reply with a list of objects under a key. Anaplan omits the key when there are none.

    Samples in Anaplan's guide have the name of a single object as the key: it is read as well.

    Attributes:
        key: The key.
        item: The class of the objects, or a function that imports it.
        exact: Whether a row that cannot be read is an error. Otherwise it is left out, which is
            logged: one odd row does not make a listing fail.
    """

    key: str
    item: type[T] | Callable[[], type[T]]
    exact: bool = False

    @lazy_property
    def adapter(self) -> Adapter[Page[T]]:
        from anaplan_sdk.models._decoding import PageAdapter

        return PageAdapter(self.key, _imported(self.item), exact=self.exact)


class RawListReply(ListReply[dict[str, object]]):
    """A reply with a list of objects that stay dicts.

    Args:
        key: The key of the list.
    """

    def __init__(self, key: str) -> None:
        super().__init__(key, dict[str, object])

    @lazy_property
    def adapter(self) -> Adapter[Page[dict[str, object]]]:
        from anaplan_sdk.models._decoding import RawPageAdapter

        return RawPageAdapter(self.key)


@dataclass(frozen=True)
class ObjectReply(Generic[T]):
    """A reply with one object under a key.

    Attributes:
        key: The key.
        item: The class of the object or a union of classes, or a function that imports it.
    """

    key: str
    item: Any

    @lazy_property
    def adapter(self) -> Adapter[Envelope[T]]:
        from anaplan_sdk.models._decoding import envelope_adapter

        return envelope_adapter(self.key, _imported(self.item))


def _imported(item: Any) -> Any:
    return item() if isinstance(item, FunctionType) else item
