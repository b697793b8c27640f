"""The columns of a list as a table, and how Anaplan's two kinds of CSV are mapped to them.

All items at once come as `id,name,code,parent,parentId,listId,listName`, then the subsets and the
properties. The pages of a large read have `<blank>,Parent,Write,Read,Code` before these; the blank
column has the names. Both become the same columns: `name`, `code` and `parent`, the properties and
the subsets in the order of the list's metadata. Ids and access rights are left out.

Source: Anaplan Integration API V2 guide, "Model lists".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from anaplan_sdk._formats.csv_rows import unique_names
from anaplan_sdk._formats.tables.arguments import Invalid
from anaplan_sdk._formats.tables.arrow_library import ArrowLibrary
from anaplan_sdk._formats.tables.arrow_types import ColumnType, Fields, Kind, RecordBatch
from anaplan_sdk._formats.tables.column_types import check_known, kind_of
from anaplan_sdk._formats.tables.file_format import ABSENT, FileFormat
from anaplan_sdk._formats.tables.table_parser import TableParser
from anaplan_sdk.models import ListMetadata

_FIXED = ("name", "code", "parent")
# What becomes of the columns that every list has; None is left out.
_RAW: dict[str, str | None] = {
    "id": None,
    "name": "name",
    "code": "code",
    "parent": "parent",
    "parentId": None,
    "listId": None,
    "listName": None,
    "": "name",
    "Parent": "parent",
    "Write": None,
    "Read": None,
    "Code": "code",
}
# Begins the names of columns that are left out.
_LEFT_OUT = ABSENT


@dataclass(frozen=True)
class ListField:
    """A column of a list.

    Attributes:
        name: The name of the column.
        source: The name that Anaplan has for it.
        group: Where it belongs: to every list, to the properties or to the subsets.
        kind: The kind of its values.
    """

    name: str
    source: str
    group: str
    kind: Kind


def list_fields(metadata: ListMetadata) -> list[ListField]:
    """Return the columns of a list.

    A property or subset that has the name of another column is called `name (2)`.
    """
    properties = [
        (str(each.get("name", "")).strip(), kind_of(str(each.get("format"))))
        for each in metadata.properties
    ]
    subsets = [each.name.strip() for each in metadata.subsets]
    sources = [
        *((name, "fixed", Kind.TEXT) for name in _FIXED),
        *((name, "properties", kind) for name, kind in properties),
        *((name, "subsets", Kind.BOOLEAN) for name in subsets),
    ]
    names = unique_names([name for name, _, _ in sources])
    return [
        ListField(name, source, group, kind)
        for name, (source, group, kind) in zip(names, sources, strict=True)
    ]


def typed_fields(
    library: ArrowLibrary, known: Sequence[ListField], chosen: Mapping[str, ColumnType]
) -> Fields:
    """Return the names and types of a list's columns.

    Args:
        library: The Arrow library.
        known: The columns of the list.
        chosen: The types that the caller has chosen, by column.

    Raises:
        InvalidArgumentException: There is no column whose type the caller has chosen.
    """
    check_known(chosen, [field.name for field in known])
    return [(each.name, chosen.get(each.name) or library.type(each.kind)) for each in known]


class ListParser:
    """Parses the CSV of a list, in either of its forms, into record batches with its columns.

    Args:
        library: The Arrow library.
        metadata: The definition of the list.
        chosen: The types that the caller has chosen, by column.
        invalid: What a text that is no value of its column's type becomes.
        batch_rows: The most rows of a record batch.

    Attributes:
        fields: The names and types of the columns; None until the header has been read. A column
            that the definition does not have is text, and the last one.

    Raises:
        InvalidArgumentException: There is no column whose type the caller has chosen.
    """

    def __init__(
        self,
        library: ArrowLibrary,
        metadata: ListMetadata,
        chosen: Mapping[str, ColumnType],
        *,
        invalid: Invalid,
        batch_rows: int,
    ) -> None:
        self._library = library
        self._known = list_fields(metadata)
        self._types = dict(typed_fields(library, self._known, chosen))
        self._text = library.type(Kind.TEXT)
        self._parser = TableParser(
            library,
            FileFormat(),
            lambda names: [self._types.get(name, self._text) for name in names],
            invalid=invalid,
            batch_rows=batch_rows,
            rename=self._names_of,
        )
        self._places: list[int] = []
        self.fields: Fields | None = None

    def feed(self, piece: bytes) -> Iterator[RecordBatch]:
        """Add a piece, and yield the batches that are complete."""
        yield from self._selected(self._parser.feed(piece))

    def feed_page(self, page: bytes) -> Iterator[RecordBatch]:
        """Add a page, which begins and ends with whole rows, and yield the complete batches."""
        yield from self._selected(self._parser.feed_page(page))

    def finish(self) -> Iterator[RecordBatch]:
        """Yield the last batches."""
        yield from self._selected(self._parser.finish())

    def _selected(self, batches: Iterable[RecordBatch]) -> Iterator[RecordBatch]:
        for batch in batches:
            self._set_fields()
            columns = [batch.column(place) for place in self._places]
            yield self._library.make_batch(columns, self.fields or ())
        self._set_fields()

    def _set_fields(self) -> None:
        if self.fields is None and self._parser.fields is not None:
            order = [field.name for field in self._known]
            raw = [
                (place, name, each)
                for place, (name, each) in enumerate(self._parser.fields)
                if not name.startswith(_LEFT_OUT)
            ]
            raw.sort(key=lambda one: order.index(one[1]) if one[1] in order else len(order))
            self._places = [place for place, _, _ in raw]
            self.fields = [(name, each) for _, name, each in raw]

    def _names_of(self, header: Sequence[str]) -> list[str]:
        """Return the columns' names in the table; those that are left out begin with a mark."""
        counts = Counter(header)
        own = Counter(field.source for field in self._known if field.group != "fixed")
        # The subsets come before the properties.
        rest = [
            *(field for field in self._known if field.group == "subsets"),
            *(field for field in self._known if field.group == "properties"),
        ]
        taken = {field.name for field in self._known}
        names: list[str] = []
        seen: set[str] = set()
        for place, source in enumerate(header):
            # If only the list's own columns have this name, it has none of every list's.
            is_fixed = source in _RAW and source not in seen and counts[source] > own[source]
            seen.add(source)
            field = next((each for each in rest if each.source == source), None)
            if is_fixed:
                fixed = _RAW[source]
                is_new = fixed is not None and fixed not in names
                names.append(fixed if fixed is not None and is_new else f"{_LEFT_OUT}{place}")
            elif field is not None:
                rest.remove(field)
                names.append(field.name)
            else:
                unknown = unique_names([*taken, source])[-1]
                taken.add(unknown)
                names.append(unknown)
        return names
