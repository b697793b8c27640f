"""Mistakes in the data of a tenant: items and cells that refer to nothing, and invalid values.

Files of data are read row by row. The items of a list are remembered if they are at most 200,000,
so that a file of millions takes little memory; references to larger lists are checked when they are
loaded.
"""

import csv
import re
import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, zip_longest
from pathlib import Path

from anaplan_emulator.tenant.data_types import DataType, Stored, parser
from anaplan_emulator.tenant.description import DIGITS_OF_NUMBER
from anaplan_emulator.tenant.file_names import (
    ITEM_MEMBERS,
    PROPERTY,
    SUBSET,
    is_parquet,
    needs_prefix,
)
from anaplan_emulator.tenant.list_description import FieldDescription, ListDescription
from anaplan_emulator.tenant.model_description import TIME, VERSIONS, ModelDescription
from anaplan_emulator.tenant.module_description import ModuleDescription
from anaplan_emulator.tenant.problems import Finding, Location, suggestion
from anaplan_emulator.tenant.tenant_description import TenantDescription

_MOST_FINDINGS = 100
_MOST_REMEMBERED = 200_000
_LOWER_CASE = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_VALUES = {
    DataType.NUMBER: "a number such as 1234.5",
    DataType.BOOLEAN: "true or false",
    DataType.DATE: "a date such as 2026-01-05",
}


def described_data_findings(tenant: TenantDescription) -> list[Finding]:
    """Find the mistakes in the items and cells that are in the tenant's file itself.

    Args:
        tenant: The description.

    Returns:
        The mistakes.
    """
    found: list[Finding] = []
    for location, model in _models(tenant):
        checks = _ModelData(location, model)
        for number, each in enumerate(model.lists):
            found += checks.items((*location, "lists", number), each)
        for number, module in enumerate(model.modules):
            found += checks.cells((*location, "modules", number), module)
    return found


def file_findings(tenant: TenantDescription, *, rows: bool) -> list[Finding]:
    """Find the mistakes in files of data that are CSV.

    Args:
        tenant: The description.
        rows: Whether rows are read, and not only the names of columns.

    Returns:
        The mistakes, of each file a limited number.
    """
    found: list[Finding] = []
    for location, model in _models(tenant):
        checks = _ModelData(location, model)
        for number, each in enumerate(model.lists):
            at = (*location, "lists", number)
            if _is_csv(each.items_file):
                found += _bounded(
                    (*at, "items_file"), each.items_file, checks.items_file(at, each, rows=rows)
                )
        for number, module in enumerate(model.modules):
            at = (*location, "modules", number)
            if _is_csv(module.cells_file):
                found += _bounded(
                    (*at, "cells_file"), module.cells_file, checks.cells_file(at, module, rows=rows)
                )
    return found


def _bounded(at: Location, path: str, findings: Iterator[Finding]) -> Iterator[Finding]:
    """Yield the first mistakes of a file, and whether it can't be read."""
    try:
        yield from islice(findings, _MOST_FINDINGS)
    except UnicodeDecodeError:
        yield Finding(at, "the file is not UTF-8", "Save it in this encoding.", file=path)
    except _RowError as error:
        yield Finding(at, str(error), file=path, line=error.line)
    except (OSError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        yield Finding(at, f"the file can't be read: {reason}", file=path)


class _RowError(csv.Error):
    """A row that can't be read."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a row is: in the tenant's file, or in a line of a file of data."""

    location: Location
    file: str = ""
    line: int | None = None

    def finding(self, member: str, message: str, hint: str = "") -> Finding:
        """Return a mistake in a member, such as `name` or `properties/Price`."""
        steps = member.split("/")
        if not self.file:
            return Finding((*self.location, *steps), message, hint)
        message = f"{steps[-1]}: {message}"
        return Finding(self.location, message, hint, file=self.file, line=self.line)


class _Repeated:
    """Finds ids, names and codes of a list that occur twice, among as many as are remembered."""

    def __init__(self) -> None:
        self._seen: dict[str, set[str]] = {"id": set(), "name": set(), "code": set()}

    def findings(self, place: _Place, item: Mapping[str, str]) -> Iterator[Finding]:
        """Check an item.

        Args:
            place: Where it is.
            item: Its id, name and code.
        """
        for member, seen in self._seen.items():
            text = _folded(item.get(member, ""))
            if text in seen:
                article = "an" if member == "id" else "a"
                yield place.finding(member, f"each item needs {article} {member} of its own")
            elif text and len(seen) < _MOST_REMEMBERED:
                seen.add(text)


class _Ids:
    """Checks the form of the ids of a list's items, which begin alike."""

    def __init__(self) -> None:
        self._prefix = ""

    def findings(self, place: _Place, text: str) -> Iterator[Finding]:
        """Check an id.

        Args:
            place: Where it is.
            text: The id, or "".
        """
        if not text:
            return
        prefix, number = text[:-DIGITS_OF_NUMBER], text[-DIGITS_OF_NUMBER:]
        if not re.fullmatch(r"[0-9]{11,15}", text):
            yield place.finding("id", f"{text!r} is not an id", "Write 11 to 15 digits.")
        elif not int(number):
            yield place.finding("id", f"{text} is the id of the list's top-level item")
        elif prefix != (self._prefix or prefix):
            message = "the ids of a list's items have the same digits before the last nine"
            yield place.finding("id", message, f"Begin it with {self._prefix}.")
        else:
            self._prefix = prefix


class _ModelData:
    """Checks of the data of a model.

    Args:
        location: Where the model is described.
        model: The model.
    """

    def __init__(self, location: Location, model: ModelDescription) -> None:
        self._at = location
        self._model = model
        self._lists = {each.name: n for n, each in enumerate(model.lists)}
        self._known: dict[str, set[str] | None] = {}

    def items(self, at: Location, described: ListDescription) -> Iterator[Finding]:
        """Check the items that are in the tenant's file."""
        fields = {each.name: each for each in described.properties}
        repeated, ids = _Repeated(), _Ids()
        for number, item in enumerate(described.items):
            place = _Place((*at, "items", number))
            yield from ids.findings(place, item.id)
            yield from repeated.findings(
                place, {"id": item.id, "name": item.name, "code": item.code or ""}
            )
            if item.parent and described.parent:
                yield from self._item(place, "parent", described.parent, item.parent)
            for name, value in item.properties.items():
                if name in fields:
                    yield from self._value(place, f"properties/{name}", fields[name], str(value))

    def cells(self, at: Location, module: ModuleDescription) -> Iterator[Finding]:
        """Check the cells that are in the tenant's file."""
        for number, cell in enumerate(module.cells):
            texts = {name: str(value) for name, value in cell.items()}
            yield from self._cell(_Place((*at, "cells", number)), module, texts)

    def items_file(
        self, at: Location, described: ListDescription, *, rows: bool
    ) -> Iterator[Finding]:
        """Check a file with the items of a list."""
        fields: dict[str, FieldDescription] = {}
        for field in described.properties:
            fields[f"{PROPERTY}{field.name}"] = field
            if not needs_prefix(field.name):
                fields[field.name] = field
        subsets = [f"{SUBSET}{each.name}" for each in described.described_subsets]
        known = [*ITEM_MEMBERS, *fields, *subsets]
        path = described.items_file
        place = _Place((*at, "items_file"), path, 1)
        spelling = _spelling(known)
        header = _header(path, spelling)
        yield from _column_findings(place, header, known)
        required = ("code",) if described.numbered else ("name", "code")
        if not set(required) & set(header):
            needed = " or ".join(map(repr, required))
            yield Finding(place.location, f"there is no column {needed}", file=path, line=1)
        flag = FieldDescription(name="subset", format=DataType.BOOLEAN)
        repeated, ids = _Repeated(), _Ids()
        for line, row in _rows(path, spelling) if rows else ():
            place = _Place((*at, "items_file"), path, line)
            yield from repeated.findings(place, row)
            yield from ids.findings(place, row.get("id", ""))
            if bool(row.get("name")) == described.numbered:
                message = "items of a numbered list have no names"
                yield place.finding("name", message if described.numbered else "it is empty")
            if parent := row.get("parent", "") if described.parent else "":
                yield from self._item(place, "parent", described.parent, parent)
            for name, text in row.items():
                if text and (name in fields or name in subsets):
                    yield from self._value(place, name, fields.get(name, flag), text)

    def cells_file(
        self, at: Location, module: ModuleDescription, *, rows: bool
    ) -> Iterator[Finding]:
        """Check a file with the cells of a module."""
        with_cells = [each.name for each in module.line_items if not each.is_computed]
        path = module.cells_file
        place = _Place((*at, "cells_file"), path, 1)
        known = [*module.dimensions, *with_cells]
        spelling = _spelling(known)
        header = _header(path, spelling)
        yield from _column_findings(place, header, known)
        for dimension in module.dimensions:
            if dimension not in header:
                message = f"there is no column {dimension!r}"
                hint = "Add a column for each dimension, with names or codes of items."
                yield Finding(place.location, message, hint, file=path, line=1)
        for line, row in _rows(path, spelling) if rows else ():
            yield from self._cell(_Place((*at, "cells_file"), path, line), module, row)

    def _cell(
        self, place: _Place, module: ModuleDescription, texts: Mapping[str, str]
    ) -> Iterator[Finding]:
        fields = {each.name: each for each in module.line_items}
        for name, text in texts.items():
            if name in module.dimensions:
                yield from self._item(place, name, name, text)
            elif name in fields:
                yield from self._value(place, name, fields[name], text)

    def _value(
        self, place: _Place, member: str, field: FieldDescription, text: str
    ) -> Iterator[Finding]:
        if field.format is DataType.LIST:
            if text:
                yield from self._item(place, member, field.list, text)
            return
        parse: Callable[[str], Stored] = parser(field.format)
        try:
            parse(text)
        except ValueError:
            expected = _VALUES.get(field.format, "a text")
            yield place.finding(member, f"{text!r} is not valid", f"Write {expected}.")

    def _item(self, place: _Place, member: str, list_name: str, text: str) -> Iterator[Finding]:
        known = self._items_of(list_name)
        if known is None or _folded(text) in known:
            return
        hint = suggestion(text, sorted(known))
        message = f"list {list_name} has no item {text!r}"
        found = place.finding(member, message, self._as_written(hint, list_name))
        yield replace(found, sought_in=self._sought_in(list_name), name=text)

    def _sought_in(self, list_name: str) -> tuple[Location, ...]:
        if list_name == TIME:
            return ((*self._at, "calendar"), (*self._at, "months"), (*self._at, "first_month"))
        if list_name == VERSIONS:
            return ((*self._at, "versions"),)
        number = self._lists.get(list_name)
        return () if number is None else ((*self._at, "lists", number, "items"),)

    def _items_of(self, list_name: str) -> set[str] | None:
        """Return names and codes of a list's items in lower case; None if they are not known."""
        if list_name not in self._known:
            self._known[list_name] = self._read_items(list_name)
        return self._known[list_name]

    def _read_items(self, list_name: str) -> set[str] | None:
        names = self._names(list_name)
        if names is None:
            return None
        try:
            found = {_folded(each) for each in islice(names, _MOST_REMEMBERED + 1)}
        except (OSError, UnicodeDecodeError, csv.Error):
            return None  # The file has a mistake of its own.
        return None if len(found) > _MOST_REMEMBERED else found

    def _names(self, list_name: str) -> Iterator[str] | None:
        if list_name == TIME:
            return (period.text for period in self._model.time.timescale.periods())
        if list_name == VERSIONS:
            return (each.name for each in self._model.described_versions)
        number = self._lists.get(list_name)
        if number is None:
            return None
        described = self._model.lists[number]
        if not described.items_file:
            return _item_names(described)
        return _file_names(described.items_file) if _is_csv(described.items_file) else None

    def _as_written(self, hint: str, list_name: str) -> str:
        """Return a suggestion with the name as the list has it, which is compared in lower case."""
        if not hint or list_name not in (*self._lists, TIME, VERSIONS):
            return hint
        for name in self._names(list_name) or ():
            hint = hint.replace(repr(_folded(name)), repr(name))
        return hint


def _models(tenant: TenantDescription) -> Iterator[tuple[Location, ModelDescription]]:
    for number, workspace in enumerate(tenant.workspaces):
        for position, model in enumerate(workspace.models):
            yield ("workspaces", number, "models", position), model


def _item_names(described: ListDescription) -> Iterator[str]:
    for number, item in enumerate(described.items, 1):
        yield item.name or f"#{number}"
        if item.code:
            yield item.code


def _file_names(path: str) -> Iterator[str]:
    for number, (_, row) in enumerate(_rows(path, _spelling(["name", "code"])), 1):
        yield row.get("name") or f"#{number}"
        if code := row.get("code"):
            yield code


def _is_csv(path: str) -> bool:
    return bool(path) and not is_parquet(path) and Path(path).is_file()


def _column_findings(
    place: _Place, header: Sequence[str], known: Sequence[str]
) -> Iterator[Finding]:
    for number, name in enumerate(header):
        if name not in known:
            message = f"no column {name!r} is expected"
            hint = suggestion(name, known)
            yield Finding(place.location, message, hint, file=place.file, line=1)
        elif name in header[:number]:
            message = f"the column {name!r} is there twice"
            yield Finding(place.location, message, file=place.file, line=1)


def _folded(text: str) -> str:
    """Return a text by which names and codes are compared, as the database does."""
    return text.lower() if text.isascii() else text.translate(_LOWER_CASE)


def _spelling(known: Sequence[str]) -> dict[str, str]:
    """Return the names of columns by their form in lower case."""
    return {name.lower(): name for name in known}


def _header(path: str, spelling: Mapping[str, str]) -> list[str]:
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        return [spelling.get(name.lower(), name) for name in next(csv.reader(file), [])]


def _rows(path: str, spelling: Mapping[str, str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of a file, with the line that each ends in."""
    header = _header(path, spelling)
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            next(reader, None)
            for row in reader:
                if len(row) > len(header):
                    message = f"it has {len(row)} values, but the header has {len(header)} columns"
                    raise _RowError(reader.line_num, message)
                if row:
                    yield reader.line_num, dict(zip_longest(header, row, fillvalue=""))
        except csv.Error as error:
            if isinstance(error, _RowError):
                raise
            raise _RowError(reader.line_num, f"not valid CSV: {error}") from error
