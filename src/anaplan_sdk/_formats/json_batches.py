"""How long writes are cut into requests, and how their results become one."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from types import GenericAlias
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from anaplan_sdk._formats.item_json import PLAIN
from anaplan_sdk.models._base import AnaplanModel
from anaplan_sdk.models.lists import WriteResult

M = TypeVar("M", bound=AnaplanModel)
R = TypeVar("R", bound=WriteResult)

# Anaplan help, "Limits": 100,000 items or cells, or 15 MB, whichever comes first.
MAX_ITEMS = 100_000
MAX_BYTES = 15_000_000


@dataclass(frozen=True)
class Batch:
    """What goes into one request.

    Attributes:
        start: The index of its first item in the caller's own input.
        items: The caller's own items.
        pieces: The same as JSON, of one or several items each, without the commas between them.
        is_last: Whether no other batch follows.
    """

    start: int
    items: list[object]
    pieces: list[bytes]
    is_last: bool

    @property
    def span(self) -> range:
        return range(self.start, self.start + len(self.items))

    def body(self, opening: bytes, closing: bytes) -> bytes:
        # Joined at once: adding the ends afterwards would copy millions of bytes once more.
        pieces = [*self.pieces]
        pieces[0] = opening + pieces[0]
        pieces[-1] += closing
        return b",".join(pieces)


class Batcher(Generic[M]):
    """Checks items and cuts them into batches, by number and by bytes.

    Args:
        item: What an item has to be.
        max_items: How many items a batch has at the most.
        max_bytes: How many bytes a batch's JSON has at the most.

    Raises:
        ValueError: There is no such batch.
    """

    # For the brackets and the key around the items.
    _MARGIN = 64
    # Enough for the calls not to count, and few enough to stay in the processor's cache.
    _GROUP = 256

    def __init__(
        self, item: type[M], max_items: int = MAX_ITEMS, max_bytes: int = MAX_BYTES
    ) -> None:
        if not 1 <= max_items <= MAX_ITEMS:
            raise ValueError(f"batch_size must be 1 to {MAX_ITEMS:,}, not {max_items}.")
        many: Any = GenericAlias(list, item)
        self._adapter: TypeAdapter[list[M]] = TypeAdapter(many)
        self._plain = PLAIN.get(item)
        self._name = "cell" if item.__name__.startswith("Cell") else "item"
        self._max_items = max_items
        self._max_bytes = max_bytes - self._MARGIN

    def batches(self, items: Iterable[M | Mapping[str, object]]) -> Iterator[Batch]:
        """The batches, as the items come.

        A sequence is checked whole before the first batch is given.

        Raises:
            TypeError: It is one item, or a text, rather than several items.
            ValueError: An item isn't one; raised when batches are taken.
        """
        given: object = items
        if isinstance(given, str | bytes | dict | AnaplanModel):
            raise TypeError(f"A list of {self._name}s is needed, not a single one or a text.")
        return self._checked(items) if isinstance(items, Sequence) else self._cut(items)

    def _checked(self, items: Iterable[object]) -> Iterator[Batch]:
        # Beside the items themselves their JSON is small; it goes as it is sent.
        batches = deque(self._cut(items))
        while batches:
            yield batches.popleft()

    def _cut(self, items: Iterable[object]) -> Iterator[Batch]:
        source = iter(items)
        start = 0
        held: list[object] = []
        pieces: list[bytes] = []
        size = 0
        # When a batch is full, one more item tells whether it is the last.
        while group := list(islice(source, min(self._GROUP, self._max_items - len(held)) or 1)):
            for some, piece in self._pieces(start + len(held), group, self._max_bytes - size):
                is_full = len(held) == self._max_items or size + len(piece) >= self._max_bytes
                if held and is_full:
                    yield Batch(start, held, pieces, is_last=False)
                    start, held, pieces, size = start + len(held), [], [], 0
                held += some
                pieces.append(piece)
                size += len(piece) + 1
        if held:
            yield Batch(start, held, pieces, is_last=True)

    def _pieces(
        self, start: int, items: list[object], room: int
    ) -> list[tuple[list[object], bytes]]:
        """Items as JSON without the brackets: all in one, or each by itself if there's no room."""
        together = self._json(start, items)
        if len(together) < room:
            return [(items, together)]
        pieces = [([item], self._json(index, [item])) for index, item in enumerate(items, start)]
        for index, (_, piece) in enumerate(pieces, start):
            if len(piece) >= self._max_bytes:
                raise ValueError(f"{self._name} {index}: larger than a request may be")
        return pieces

    def _json(self, start: int, items: list[object]) -> bytes:
        try:
            return self._written(items)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, first["loc"][1:]))
            problem = f"{f', {place}' if place else ''}: {first['msg']}"
        except ValueError as error:  # what can't be told as JSON
            problem = f": {error}"
        if len(items) > 1:  # which one it is
            return b",".join(self._json(index, [item]) for index, item in enumerate(items, start))
        # Not raised above: the error's context would quote the item.
        raise ValueError(f"{self._name} {start}{problem}")

    def _written(self, items: list[object]) -> bytes:
        if self._plain is not None:
            if (written := self._plain.json(items)) is not None:
                return written[1:-1]
            self._plain = None  # Others won't be plain either, and trying takes time.
        checked = self._adapter.validate_python(items)
        return self._adapter.dump_json(checked, by_alias=True, exclude_unset=True)[1:-1]


def placed(result: R, batch: Batch) -> R:
    """A batch's result with its failures told by the caller's own indexes and items."""
    for failure in result.failures:
        if failure.index < 0:
            continue  # Which one it is wasn't told.
        if failure.index < len(batch.items):
            failure.item = batch.items[failure.index]
        failure.index += batch.start
    return result


def merged(results: Sequence[R]) -> R:
    """Several batches' results as one: counters are added up, failures put in order."""
    first, *others = results
    if not others:
        return first
    values: dict[str, object] = {}
    for name in type(first).model_fields:
        numbers = [getattr(result, name) for result in results]
        if all(isinstance(number, int) for number in numbers):
            values[name] = sum(numbers)
    failures = [failure for result in results for failure in result.failures]
    values["failures"] = sorted(failures, key=lambda failure: failure.index)
    return first.model_copy(update=values)
