"""Splitting the items of a large write into batches, and merging the results of the batches."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from types import GenericAlias
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from anaplan_sdk._formats.fast_json import FAST_SERIALIZERS
from anaplan_sdk.exceptions import ArgumentTypeException, InvalidArgumentException
from anaplan_sdk.models._base import AnaplanModel
from anaplan_sdk.models.writes import WriteResult

M = TypeVar("M", bound=AnaplanModel)
R = TypeVar("R", bound=WriteResult)

# Anaplan help, "Limits": 100,000 items or cells, or 15 MB, whichever is reached first.
MAX_ITEMS = 100_000
MAX_BYTES = 15_000_000

# What error messages call the items of these models.
_NOUNS = {"CellWrite": "cell", "Row": "row"}


@dataclass(frozen=True)
class Batch:
    """The items of one request.

    Attributes:
        start: The index of the first item in the caller's input.
        items: The items as the caller gave them.
        pieces: The items as JSON, one or more in a piece, without the commas between pieces.
        is_last: Whether this is the last batch.
    """

    start: int
    items: list[object]
    pieces: list[bytes]
    is_last: bool

    @property
    def span(self) -> range:
        """The indexes of the items in the caller's input."""
        return range(self.start, self.start + len(self.items))

    def body(self, opening: bytes, closing: bytes) -> bytes:
        """Join the pieces, with `opening` before and `closing` after them."""
        # One join: adding opening and closing afterwards would copy up to 15 MB again.
        pieces = [*self.pieces]
        pieces[0] = opening + pieces[0]
        pieces[-1] += closing
        return b",".join(pieces)


class Batcher(Generic[M]):
    """Validates items and splits them into batches, by number and by bytes.

    Args:
        item: The model of an item.
        max_items: The most items in a batch.
        max_bytes: The most bytes of a batch's JSON.

    Raises:
        InvalidArgumentException: `max_items` is below 1 or above Anaplan's limit.
    """

    # The bytes of the brackets and the key around the items, and some to spare.
    _MARGIN = 64
    # Items written in one call: many, to make few calls, but few enough for the processor's cache.
    _GROUP = 256

    def __init__(
        self, item: type[M], max_items: int = MAX_ITEMS, max_bytes: int = MAX_BYTES
    ) -> None:
        self._noun = _NOUNS.get(item.__name__, "item")
        if not 1 <= max_items <= MAX_ITEMS:
            raise InvalidArgumentException(
                f"{self._noun}s_per_request must be 1 to {MAX_ITEMS:,}, not {max_items}."
            )
        list_type: Any = GenericAlias(list, item)
        self._adapter: TypeAdapter[list[M]] = TypeAdapter(list_type)
        self._serializers = [*FAST_SERIALIZERS.get(item, ())]
        self._max_items = max_items
        self._max_bytes = max_bytes - self._MARGIN

    def batches(self, items: Iterable[M | Mapping[str, object]]) -> Iterator[Batch]:
        """Yield the batches.

        All items of a sequence are validated before the first batch is yielded; those of another
        iterable batch by batch.

        Raises:
            ArgumentTypeException: `items` is a single item or a str.
            InvalidArgumentException: An item is invalid; raised during the iteration.
        """
        given: object = items
        if isinstance(given, str | bytes | dict | AnaplanModel):
            kind = type(items).__name__
            raise ArgumentTypeException(f"{self._noun}s must be a list or an iterable, not {kind}.")
        return self._validated(items) if isinstance(items, Sequence) else self._split(items)

    def _validated(self, items: Iterable[object]) -> Iterator[Batch]:
        # The JSON is small compared with the items, and each batch is freed once it is sent.
        batches = deque(self._split(items))
        while batches:
            yield batches.popleft()

    def _split(self, items: Iterable[object]) -> Iterator[Batch]:
        source = iter(items)
        start = 0
        held: list[object] = []
        pieces: list[bytes] = []
        size = 0
        # When a batch is full, one more item is read to learn whether the batch is the last one.
        while group := list(islice(source, min(self._GROUP, self._max_items - len(held)) or 1)):
            free = self._max_bytes - size
            for some, piece in self._pieces(start + len(held), group, free):
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
        self, start: int, items: list[object], free: int
    ) -> list[tuple[list[object], bytes]]:
        """Write items as one piece, or as a piece for each item where that exceeds `free` bytes."""
        together = self._json(start, items)
        if len(together) < free:
            return [(items, together)]
        pieces = [([item], self._json(index, [item])) for index, item in enumerate(items, start)]
        for index, (_, piece) in enumerate(pieces, start):
            if len(piece) >= self._max_bytes:
                raise InvalidArgumentException(f"{self._noun} {index}: too large for one request")
        return pieces

    def _json(self, start: int, items: list[object]) -> bytes:
        """Write items as JSON, without the brackets around them."""
        try:
            return self._serialize(items)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, first["loc"][1:]))
            problem = first["msg"].removeprefix("Value error, ")
            problem = f"{f', {place}' if place else ''}: {problem}"
        except ValueError as error:  # a value that JSON cannot represent
            problem = f": {error}"
        if len(items) > 1:  # Find the invalid item by writing them one by one.
            return b",".join(self._json(index, [item]) for index, item in enumerate(items, start))
        # Raised outside of the except block: the error's context would quote the item.
        raise InvalidArgumentException(f"{self._noun} {start}{problem}")

    def _serialize(self, items: list[object]) -> bytes:
        while self._serializers:
            if (written := self._serializers[0].serialize(items)) is not None:
                return written[1:-1]
            # The next items most likely need the next serializer, or the model, as well.
            del self._serializers[0]
        validated = self._adapter.validate_python(items)
        return self._adapter.dump_json(validated, by_alias=True, exclude_unset=True)[1:-1]


def locate_failures(result: R, batch: Batch) -> R:
    """Give each failure of a batch the index and the item of the caller's input."""
    for failure in result.failures:
        if failure.index < 0:
            continue  # Anaplan did not say which item it was.
        if failure.index < len(batch.items):
            failure.item = batch.items[failure.index]
        failure.index += batch.start
    return result


def merge_results(results: Sequence[R]) -> R:
    """Merge the results of batches: add up the counters and sort the failures by index."""
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
