"""The shape of a reply: members, types and order, without values."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from anaplan_sdk.cli.tenant.comparison.replies import Json, Reply
from anaplan_sdk.cli.tenant.comparison.vocabulary import MAPS, shown_heading, shown_value

Place: TypeAlias = tuple[str, ...]
"""Names of members from the outside to the inside; `[]` stands for the rows of an array."""

ROWS = "[]"
ANY_NAME = "{name}"
_IDS = ("id", "taskId", "modelId", "integrationId", "connectionId")


@dataclass
class Member:
    """What a member is in all objects of the same place.

    Attributes:
        types: JSON types.
        values: Values of a closed vocabulary, as they are shown.
        is_always: Whether every object has it.
        siblings: Names of all members of these objects.
    """

    types: frozenset[str]
    values: frozenset[str]
    is_always: bool
    siblings: frozenset[str]


@dataclass
class Shape:
    """The shape of a JSON body.

    Attributes:
        members: The members, by their place.
        rows: How many rows the arrays have together, by their place.
        orders: The ids of an array's rows, in their order.
    """

    members: dict[Place, Member] = field(default_factory=dict[Place, Member])
    rows: dict[Place, int] = field(default_factory=dict[Place, int])
    orders: dict[Place, list[str]] = field(default_factory=dict[Place, list[str]])


def shape_of(body: Json) -> Shape:
    """Return the shape of a JSON body.

    Args:
        body: The body.

    Returns:
        The shape.
    """
    shape = Shape()
    _collect(shape, (), [body])
    return shape


def _collect(shape: Shape, place: Place, values: Sequence[Json]) -> None:
    arrays = [each for each in values if isinstance(each, list)]
    if arrays:
        inner = (*place, ROWS)
        rows = [row for array in arrays for row in array]
        shape.rows[inner] = len(rows)
        if ROWS not in place:
            shape.orders[inner] = [str(found) for row in rows if (found := _id_of(row)) is not None]
        _collect(shape, inner, rows)
    objects = [each for each in values if isinstance(each, dict)]
    is_map = bool(place) and place[-1] in MAPS
    names = [name for each in objects for name in each]
    if not is_map:
        siblings = frozenset(names)
        for name in dict.fromkeys(names):
            found = [each[name] for each in objects if name in each]
            _add(shape, (*place, name), name, found, len(found) == len(objects), siblings)
    elif names:
        found = [value for each in objects for value in each.values()]
        _add(shape, (*place, ANY_NAME), "", found, True, frozenset())


def _add(
    shape: Shape,
    place: Place,
    name: str,
    values: Sequence[Json],
    is_always: bool,
    siblings: frozenset[str],
) -> None:
    shown = (shown_value(name, each) for each in values if isinstance(each, str))
    shape.members[place] = Member(
        frozenset(map(type_name, values)),
        frozenset(each for each in shown if each is not None),
        is_always,
        siblings,
    )
    _collect(shape, place, values)


def _id_of(row: Json) -> Json:
    if isinstance(row, dict):
        for name in _IDS:
            if isinstance(row.get(name), str | int):
                return row[name]
    return None


def type_name(value: Json) -> str:
    """Return the name of a value's type in JSON.

    Args:
        value: The value.

    Returns:
        The name. Whole and other numbers are the same type there.
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "text"
    return "array" if isinstance(value, list) else "object"


def texts_of(value: Json) -> Iterable[str]:
    """Return all texts in a JSON value, except names of members.

    Args:
        value: The value.

    Yields:
        The texts.
    """
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from texts_of(each)
    elif isinstance(value, dict):
        for each in value.values():
            yield from texts_of(each)


def text_facts(reply: Reply) -> Mapping[str, str]:
    """Return how a body that is not JSON is written.

    Args:
        reply: The reply.

    Returns:
        The facts, by what they are about.
    """
    if not reply.content:
        return {"body": "none"}
    media = reply.headers.get("content-type", "")
    if "html" in media:
        return {"body": "HTML"}
    if not any(each in media for each in ("text/", "octet-stream", "csv")):
        return {"body": "bytes"}
    lines = reply.text.splitlines(keepends=True)
    first = lines[0] if lines else ""
    separator = "\t" if "\t" in first else ","
    rows = csv.reader(io.StringIO(first), delimiter=separator)
    headings = [shown_heading(each) for row in rows for each in row]
    # How many columns of its own a model has is not Anaplan's matter.
    shown = [each for at, each in enumerate(headings) if not at or headings[at - 1] != each]
    return {
        "body": "text",
        "line end": "CR LF" if first.endswith("\r\n") else "LF",
        "separator": "tab" if separator == "\t" else "comma",
        "byte order mark": "yes" if reply.content.startswith(b"\xef\xbb\xbf") else "no",
        "heading in quotes": "yes" if first.startswith('"') else "no",
        "headings": ", ".join(shown),
    }
