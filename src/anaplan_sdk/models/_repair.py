"""Replies with an odd member: the rest is read, and what cannot be read is left out.

A member that is missing has the default its field declares. What is repaired here is a member of
another type than any source shows, and a row without an id. Only replies are repaired; what users
pass is validated strictly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar, cast

from pydantic import ValidationError

from anaplan_sdk import _loggers

T = TypeVar("T")

# The member of a page that holds the number of its rows that were left out.
SKIPPED = "<skipped>"

# What was logged already: a listing of a million odd rows is one line in the log.
_LOGGED: set[tuple[str, str]] = set()
_MOST_LOGGED = 1000

# What Anaplan rejected is never left out: the write would seem to have succeeded.
_KEPT = {"failures", "bulkDeleteModelsFailures"}

_Converted = set[tuple[int, object]]


class _Place(NamedTuple):
    """A value within a reply: the object or list that has it, its key there, and its path."""

    container: dict[Any, Any] | list[Any]
    key: Any
    value: object
    path: tuple[str, ...]


def validate_repaired(validate: Callable[[object], T], reply: object, rows: str | None = None) -> T:
    """Validate a decoded reply, without the members and rows that are not valid.

    A value is converted if nothing is lost by it: a number to text, an object to a list of one, and
    a list of one to its object. Otherwise it is left out, and its field has its default. An object
    that lacks a field without a default, such as its id, is left out as a whole.

    Args:
        validate: Validates the reply.
        reply: The reply, which is changed.
        rows: For a listing, the key of its rows. Nothing is left out but rows and their members;
            the number of rows that were is added under the key `SKIPPED`.

    Returns:
        The validated reply.

    Raises:
        ValidationError: The reply cannot be read; the first error of all.
    """
    converted: _Converted = set()
    first: ValidationError | None = None
    while True:
        try:
            return validate(reply)
        except ValidationError as error:
            first = first or error
            problems = error.errors(include_url=False, include_input=False, include_context=False)
        invalid: dict[tuple[int, object], tuple[_Place, str]] = {}
        incomplete: dict[tuple[int, object], tuple[_Place, str]] = {}
        for problem in problems:
            place = _place(reply, problem["loc"])
            if place is not None:
                found = incomplete if problem["type"] == "missing" else invalid
                found[id(place.container), place.key] = place, problem["type"]
        # The least change first: an object may be complete, or its member valid, after another.
        if _convert(invalid, converted):
            continue
        removals = [
            (place, kind)
            for place, kind in _from_the_end(invalid or incomplete)
            # The paging, for instance, cannot be spared: the listing might lack pages.
            if (rows is None or (place.path[0] == rows and len(place.path) > 1))
            and not _is_failure(place)
        ]
        for place, kind in removals:
            del place.container[place.key]
            _log(place, kind)
            if len(place.path) == 2 and place.path[0] == rows:
                page = cast("dict[str, int]", reply)
                page[SKIPPED] = page.get(SKIPPED, 0) + 1
        if not removals:
            raise first


def _is_failure(place: _Place) -> bool:
    *_, name = (step for step in place.path if step != "[]")
    return name in _KEPT


def _place(reply: object, location: tuple[int | str, ...]) -> _Place | None:
    """Return the value that an error is about: the innermost one its location leads to.

    Steps that lead nowhere are the tag of a union, or the name of a missing member.
    """
    place: _Place | None = None
    value = reply
    path: tuple[str, ...] = ()
    for step in location:
        if isinstance(value, dict) and step in value:
            container: Any = cast("dict[Any, object]", value)
            path = (*path, str(step))
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):  # pyright: ignore[reportUnknownArgumentType]
            container = cast("list[object]", value)
            path = (*path, "[]")
        else:
            continue
        value = container[step]
        place = _Place(container, step, value, path)
    return place


def _convert(invalid: dict[tuple[int, object], tuple[_Place, str]], converted: _Converted) -> bool:
    """Convert what can be converted, each value once, and return whether there was any."""
    any_converted = False
    for key, (place, _) in invalid.items():
        for conversion in () if key in converted else _conversions(place.value):
            converted.add(key)
            place.container[place.key] = conversion
            any_converted = True
    return any_converted


def _conversions(value: object) -> Iterator[object]:
    if isinstance(value, int | float):
        yield str(value)
    elif isinstance(value, dict):
        yield [value]
    elif isinstance(value, list):
        items = cast("list[object]", value)
        if len(items) == 1 and isinstance(items[0], dict):
            yield cast("object", items[0])


def _from_the_end(
    found: dict[tuple[int, object], tuple[_Place, str]],
) -> list[tuple[_Place, str]]:
    """Return the places in the order in which they can be removed: rows from the last one."""
    return sorted(
        found.values(),
        key=lambda one: one[0].key if isinstance(one[0].container, list) else -1,
        reverse=True,
    )


def _log(place: _Place, kind: str) -> None:
    name = ".".join(place.path).replace(".[]", "[]")
    if (name, kind) in _LOGGED or len(_LOGGED) >= _MOST_LOGGED:
        return
    _LOGGED.add((name, kind))
    what = f"an object without {kind}" if kind == "missing" else type(place.value).__name__
    _loggers.http.warning(
        "%s in a reply of Anaplan's was left out: %s is not valid there (%s). This is logged once.",
        name,
        what,
        kind,
    )
