"""Guesses of where imports write, from names, and from values of files that can be read."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from anaplan_sdk.cli.tenant.capturing.list_items import ItemWriter
from anaplan_sdk.cli.tenant.capturing.name_similarity import similarity, words_of
from anaplan_sdk.cli.tenant.capturing.structure import (
    TIME,
    VERSIONS,
    ListStructure,
    ModuleStructure,
    PropertyStructure,
    Structure,
)

_LEAST = 0.5
_LIKE_FILE = 0.7
_FOUND_IN_LIST = 0.9
_SAMPLE = 200
_KEY_WORDS = ("code", "id", "key", "number", "no", "nr")
_TIME_WORDS = ("time", "period", "month", "week", "date", "year", "day")
_VERSION_WORDS = ("version", "scenario")
_SET_BY_IMPORTS = ("loaded", "imported", "active", "exist", "in source", "in file")
_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ].*)?")
_NUMBER = re.compile(r"[+-]?[\d.,]+([eE][+-]?\d+)?")
_BOOLEANS = ("true", "false", "yes", "no", "1", "0")


@dataclass
class SourceFile:
    """A file that imports read, as far as it is known.

    Attributes:
        name: Its name.
        columns: The names of its columns.
        values: Some values of each column, if the file can be read.
    """

    name: str
    columns: list[str]
    values: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def fits(self, column: str, data_format: str) -> bool:
        """Return whether the values of a column can have a format.

        Args:
            column: The column.
            data_format: The format.

        Returns:
            Whether they do, or are not known.
        """
        values = self.values.get(column)
        if not values:
            return data_format != "DATE" or not self.values
        checks: Mapping[str, Callable[[str], object]] = {
            "DATE": _DATE.fullmatch,
            "NUMBER": _NUMBER.fullmatch,
            "BOOLEAN": lambda text: text.casefold() in _BOOLEANS,
        }
        return data_format not in checks or all(checks[data_format](each) for each in values)

    def is_unique(self, column: str) -> bool:
        """Return whether all known values of a column differ.

        Args:
            column: The column.

        Returns:
            Whether they differ.
        """
        values = self.values.get(column, [])
        return bool(values) and len(set(values)) == len(values)


@dataclass
class Guess:
    """A guess of what an import does.

    Attributes:
        target: The import's `target`; None if nothing could be guessed.
        confirm: Why, and what a person should look at.
    """

    target: dict[str, Any] | None
    confirm: list[str]


def read_source(
    name: str, columns: Sequence[str], start: bytes, shown: Mapping[str, Any]
) -> SourceFile:
    """Return a file with the values of its first rows.

    Args:
        name: The file's name.
        columns: The names of its columns.
        start: Its first bytes.
        shown: How it is read, as Anaplan shows it.

    Returns:
        The file.
    """
    source = SourceFile(name, list(columns))
    delimiter, quote = shown.get("separator") or ",", shown.get("delimiter") or '"'
    try:
        text = start.decode(shown.get("encoding") or "utf-8", errors="replace").lstrip("\ufeff")
        lines = list(csv.reader(io.StringIO(text), delimiter=delimiter, quotechar=quote))
    except (LookupError, TypeError, csv.Error):  # An encoding or a separator of Anaplan's own.
        return source
    rows = lines[:-1] if start.count(b"\n") > 1 else []
    first = max(int(shown.get("header_row") or 1), 1)
    header, body = rows[first - 1 : first], rows[first : first + _SAMPLE]
    if header:
        source.columns = source.columns or header[0]
        for place, column in enumerate(header[0]):
            values = [row[place] for row in body if place < len(row) and row[place]]
            source.values[column] = values
    return source


class ImportGuesses:
    """Guesses what imports do.

    Args:
        structure: The lists and modules.
        items: The items of lists.
    """

    def __init__(self, structure: Structure, items: ItemWriter) -> None:
        self._structure = structure
        self._items = items
        # Columns that were guessed to hold the key of a list: other files call it the same.
        self._keys: dict[str, str] = {}

    def list_of_column(self, name: str) -> str:
        """Return the list whose items have their key in a column that a name resembles.

        Args:
            name: The name, such as that of a property.

        Returns:
            The list; empty if no import has such a column.
        """
        scored = [(similarity(column, name), found) for column, found in self._keys.items()]
        best = max(scored, default=(0.0, ""))
        return best[1] if best[0] >= _LIKE_FILE else ""

    def into_list(self, name: str, source: SourceFile) -> Guess:
        """Guess the list of an import, and what it does with the columns.

        Args:
            name: The import's name.
            source: The file.

        Returns:
            The guess.
        """
        found = _named_in(self._structure.lists, name, source.name)
        if found is None:
            return Guess(None, ["the list could not be guessed from the names: add a target"])
        into = self._structure.lists[found]
        fields = self._list_fields(into, source)
        key = fields.get("code") or fields.get("name")
        if key is None:
            text = f"no column could be guessed for the items of {found}: add a target"
            return Guess(None, [text])
        self._keys.setdefault(key, found)
        own: dict[str, str] = {
            each: fields[each] for each in ("code", "name", "parent") if each in fields
        }
        properties = {
            each.name: fields[f"property {each.name}"]
            for each in into.properties
            if f"property {each.name}" in fields
        }
        mapped = [*own.items(), *properties.items()]
        listed = ", ".join(f"{target} from column {column}" for target, column in mapped)
        target: dict[str, Any] = {"list": found, **own}
        target |= {"properties": properties} if properties else {}
        return Guess(
            target, [f"list {found} was guessed from the names; {listed}: Anaplan shows no mapping"]
        )

    def into_module(self, name: str, source: SourceFile) -> Guess:
        """Guess the module of an import, and what it does with the columns.

        Args:
            name: The import's name.
            source: The file.

        Returns:
            The guess.
        """
        found = _named_in(self._structure.modules, name, source.name)
        if found is None:
            return Guess(None, ["the module could not be guessed from the names: add a target"])
        into = self._structure.modules[found]
        dimensions = self._dimensions(into, source)
        missing = [each for each in into.dimensions if each not in dimensions]
        if missing:
            listed = ", ".join(missing)
            return Guess(None, [f"no column could be guessed for {listed}: add a target"])
        taken = {str(each.get("column")) for each in dimensions.values()}
        items, constants = self._line_items(into, source, taken)
        if not items:
            return Guess(None, [f"no column resembles a line item of {found}: add a target"])
        listed = ", ".join(f"{target} from column {column}" for target, column in items.items())
        notes = [f"module {found} was guessed from the names; {listed}: Anaplan shows no mapping"]
        notes += [
            f"no column resembles {dimension}: each run names its item"
            for dimension, each in dimensions.items()
            if "ask" in each
        ]
        notes += [f"{each} was guessed to be true for every row" for each in constants]
        unmapped = [
            each.name
            for each in into.line_items
            if not each.formula and each.name not in (*items, *constants)
        ]
        if unmapped:
            notes.append(f"no column resembles {', '.join(unmapped)}: they are not mapped")
        target = {
            "module": found,
            "dimensions": {
                dimension: each["column"] if set(each) == {"column"} else each
                for dimension, each in dimensions.items()
            },
            "line_items": {**items, **{each: {"constant": "true"} for each in constants}},
        }
        return Guess(target, notes)

    def _list_fields(self, into: ListStructure, source: SourceFile) -> dict[str, str]:
        """Return columns by field: code, name, parent and properties."""
        scores: list[tuple[float, str, str]] = []
        stem = source.name.rpartition(".")[0] or source.name
        # The code and the name in airports.csv are those of airports, not of their time zones.
        is_own_file = similarity(stem, into.name) >= _LEAST
        for column in source.columns:
            score = self._code_score(column, into, source) if is_own_file else 0.0
            scores.append((score, "code", column))
            if not into.is_numbered:
                score = self._name_score(column, into, source, is_own_file=is_own_file)
                scores.append((score, "name", column))
            if into.parent:
                score = 0.9 if words_of(column) == ["parent"] else similarity(column, into.parent)
                score = max(score, self._key_score(column, into.parent, source))
                scores.append((score, "parent", column))
            scores += [
                (self._property_score(column, each, source), f"property {each.name}", column)
                for each in into.properties
            ]
        fields = _greedy(scores)
        free = [each for each in source.columns if each not in fields.values()]
        if "code" not in fields and is_own_file and source.columns[:1] == free[:1] != []:
            # A file begins with the key of its rows.
            fields["code"] = free[0]
        if into.is_numbered:
            fields.pop("name", None)
        elif "name" not in fields and "code" in fields:
            fields["name"] = fields["code"]
        return fields

    def _name_score(
        self, column: str, into: ListStructure, source: SourceFile, *, is_own_file: bool
    ) -> float:
        if is_own_file and words_of(column) == ["name"]:
            return 0.99
        by_value = self._is_named(into, column, source, "name")
        return max(similarity(column, into.name), _FOUND_IN_LIST if by_value else 0.0)

    def _property_score(self, column: str, of: PropertyStructure, source: SourceFile) -> float:
        score = similarity(column, of.name)
        # An abbreviated first word, as in `flight` for `Flight Number`.
        if words_of(column) == words_of(of.name)[:-1]:
            score = max(score, 0.75)
        # `Airport Name` is certainly `name` where the items' names are codes.
        if of.name.casefold().endswith(f" {column.casefold()}"):
            score = 0.995
        if not source.fits(column, of.data_format):
            score = 0.0
        return max(score, self._key_score(column, of.list, source)) if of.list else score

    def _code_score(self, column: str, into: ListStructure, source: SourceFile) -> float:
        words, own = words_of(column), words_of(into.name)
        if words and words[-1] in _KEY_WORDS and words[:-1] in ([], own):
            return 0.97
        if self._is_named(into, column, source, "code"):
            return 0.9 if source.is_unique(column) else 0.55
        return 0.0

    def _is_named(self, into: ListStructure, column: str, source: SourceFile, part: str) -> bool:
        """Return whether the values of a column are names or codes of the list's items."""
        values = set(source.values.get(column, [])[:50])
        found = [self._items.find_by_key(into.name, each) for each in values]
        place = 1 if part == "name" else 2
        known = [
            each is not None and str(each[place]).casefold() == text.casefold()
            for each, text in zip(found, values, strict=True)
        ]
        return bool(known) and sum(known) >= _FOUND_IN_LIST * len(known)

    def _key_score(self, column: str, list_name: str, source: SourceFile) -> float:
        """Return how likely a column holds items of a list."""
        if self._keys.get(column) == list_name:
            return 0.8
        into = self._structure.lists.get(list_name)
        if into is None or not source.values.get(column):
            return 0.0
        by_value = any(self._is_named(into, column, source, part) for part in ("name", "code"))
        return 0.75 if by_value else 0.0

    def _dimensions(self, into: ModuleStructure, source: SourceFile) -> dict[str, dict[str, str]]:
        scores = [
            (self._dimension_score(column, dimension, source), dimension, column)
            for dimension in into.dimensions
            for column in source.columns
        ]
        found: dict[str, dict[str, str]] = {}
        for dimension, column in _greedy(scores).items():
            of = self._structure.lists.get(dimension)
            by_code = {"match": "code"} if of is not None and of.is_numbered else {}
            found[dimension] = {"column": column, **by_code}
        if VERSIONS in into.dimensions and VERSIONS not in found:
            found[VERSIONS] = {"ask": "Version"}
        return found

    def _dimension_score(self, column: str, dimension: str, source: SourceFile) -> float:
        words = words_of(column)
        if dimension in (TIME, VERSIONS):
            known = _TIME_WORDS if dimension == TIME else _VERSION_WORDS
            return 0.9 if words and words[-1] in known else 0.0
        if self._keys.get(column) == dimension:
            return 1.2
        score = similarity(column, dimension)
        if words and words[-1] in (*_KEY_WORDS, "name") and words[:-1] == words_of(dimension):
            score = 1.1
        by_value = self._key_score(column, dimension, source)
        # A column that is called as the list is, but has other values than its items.
        if not by_value and source.values.get(column) and self._items.has_items(dimension):
            score /= 2
        return max(score, by_value * 0.9)

    def _line_items(
        self, into: ModuleStructure, source: SourceFile, taken: set[str]
    ) -> tuple[dict[str, str], list[str]]:
        scores: list[tuple[float, str, str]] = []
        writable = [each for each in into.line_items if not each.formula]
        for each in writable:
            for column in source.columns:
                if column in taken or not source.fits(column, each.data_format):
                    continue
                score = similarity(column, each.name)
                if each.data_format == "LIST" and not score:
                    score = self._key_score(column, each.list, source) * 0.9
                if each.data_format == "DATE" and source.values and not score:
                    score = 0.6
                scores.append((score, each.name, column))
        found = _greedy(scores)
        ordered = {each.name: found[each.name] for each in writable if each.name in found}
        constants = [
            each.name
            for each in writable
            if each.data_format == "BOOLEAN"
            and each.name not in found
            and each.name.casefold() in _SET_BY_IMPORTS
        ]
        return ordered, constants


def _named_in(names: Iterable[str], import_name: str, file_name: str) -> str | None:
    """Return the longest name that an import's name begins with or has; else the file's name."""
    known = sorted(names, key=len, reverse=True)
    text = import_name.casefold()
    for each in known:
        if re.match(rf"{re.escape(each.casefold())}\b", text):
            return each
    # What stands before "from" is the target, what stands after it the source.
    target = re.split(r"\bfrom\b", text)[0]
    for part in (target, text):
        for each in known:
            if re.search(rf"\b{re.escape(each.casefold())}\b", part):
                return each
    stem = file_name.rpartition(".")[0] or file_name
    scored = [(similarity(stem, each), each) for each in known]
    best = max(scored, default=(0.0, ""))
    return best[1] if best[0] >= _LIKE_FILE else None


def _greedy(scores: Iterable[tuple[float, str, str]]) -> dict[str, str]:
    """Return the column of each field, by the highest scores; a column is used once."""
    fields: dict[str, str] = {}
    for score, field_, column in sorted(scores, key=lambda each: -each[0]):
        if score >= _LEAST and field_ not in fields and column not in fields.values():
            fields[field_] = column
    return fields
