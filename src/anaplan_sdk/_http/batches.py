"""How long writes are cut into requests, and how their results become one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

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
        pieces: The same as JSON.
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
        return opening + b",".join(self.pieces) + closing


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

    def __init__(
        self, item: type[M], max_items: int = MAX_ITEMS, max_bytes: int = MAX_BYTES
    ) -> None:
        if not 1 <= max_items <= MAX_ITEMS:
            raise ValueError(f"batch_size must be 1 to {MAX_ITEMS:,}, not {max_items}.")
        self._adapter = TypeAdapter(item)
        self._name = "cell" if item.__name__.startswith("Cell") else "item"
        self._max_items = max_items
        self._max_bytes = max_bytes - self._MARGIN

    def batches(self, items: Iterable[M | Mapping[str, object]]) -> Iterator[Batch]:
        """The batches, as the items come.

        A sequence is checked whole before the first batch is given.

        Raises:
            TypeError: It is one item, or a text, rather than several items.
            ValueError: An item isn't one.
        """
        given: object = items
        if isinstance(given, str | bytes | dict | AnaplanModel):
            raise TypeError(f"A list of {self._name}s is needed, not a single one or a text.")
        if not isinstance(items, Sequence):
            return self._cut(items)
        if len(items) <= self._max_items:
            return iter(list(self._cut(items)))
        for index, item in enumerate(items):
            self._piece(index, item)
        return self._cut(items)

    def _cut(self, items: Iterable[M | Mapping[str, object]]) -> Iterator[Batch]:
        start = 0
        held: list[object] = []
        pieces: list[bytes] = []
        size = 0
        for index, item in enumerate(items):
            piece = self._piece(index, item)
            is_full = len(held) == self._max_items or size + len(piece) >= self._max_bytes
            if held and is_full:
                yield Batch(start, held, pieces, is_last=False)
                start, held, pieces, size = index, [], [], 0
            held.append(item)
            pieces.append(piece)
            size += len(piece) + 1
        if held:
            yield Batch(start, held, pieces, is_last=True)

    def _piece(self, index: int, item: object) -> bytes:
        try:
            piece = self._adapter.dump_json(
                self._adapter.validate_python(item), by_alias=True, exclude_unset=True
            )
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, first["loc"]))
            problem = f"{self._name} {index}{f', {place}' if place else ''}: {first['msg']}"
        except ValueError as error:  # what can't be told as JSON
            problem = f"{self._name} {index}: {error}"
        else:
            if len(piece) < self._max_bytes:
                return piece
            problem = f"{self._name} {index}: larger than a request may be"
        # Not raised above: the error's context would quote the item.
        raise ValueError(problem)


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
