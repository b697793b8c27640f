"""The types of columns: by Anaplan's formats, and those that a caller chooses."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from anaplan_sdk._arrow import ArrowSchema
from anaplan_sdk._formats.tables.arguments import SchemaArgument
from anaplan_sdk._formats.tables.arrow_library import ArrowLibrary
from anaplan_sdk._formats.tables.arrow_types import ColumnType, Fields, Kind
from anaplan_sdk._formats.tables.names import listed
from anaplan_sdk._formats.tables.table_parser import ChooseTypes
from anaplan_sdk.exceptions import ArgumentTypeException, InvalidArgumentException

# Anaplan's names of data types, in the metadata of exports, line items and properties.
_DATA_TYPES = {"NUMBER": Kind.FLOAT, "BOOLEAN": Kind.BOOLEAN, "DATE": Kind.DATE}
_KINDS = {
    "number": Kind.FLOAT,
    "boolean": Kind.BOOLEAN,
    "date": Kind.DATE,
    "text": Kind.TEXT,
}
# Types whose values texts are not converted to, or not by both libraries.
_UNREADABLE = frozenset((Kind.TIME, Kind.DICTIONARY, Kind.NULL, Kind.OTHER))
_REPEATED = re.compile(r"(.+) \(\d+\)", re.DOTALL)


def kind_of(data_type: str) -> Kind:
    """Return the kind of the values of one of Anaplan's data types.

    Args:
        data_type: Anaplan's name: `NUMBER`, `BOOLEAN`, `DATE`, or another, which is text.

    Returns:
        The kind.
    """
    return _DATA_TYPES.get(data_type.upper(), Kind.TEXT)


def type_of(library: ArrowLibrary, data_type: str) -> ColumnType:
    """Return the type in which values of one of Anaplan's data types are read.

    Args:
        library: The Arrow library.
        data_type: Anaplan's name: `NUMBER`, `BOOLEAN`, `DATE`, or another, which is text.

    Returns:
        The type.
    """
    return library.type(kind_of(data_type))


def check_known(chosen: Mapping[str, object], names: Collection[str]) -> None:
    """Check that the columns whose types a caller has chosen exist.

    Raises:
        InvalidArgumentException: One does not.
    """
    if unknown := [name for name in chosen if name not in names]:
        raise InvalidArgumentException(
            f"schema: there is no column {listed(unknown)}; the columns are {listed(names)}."
        )


def types_of_view(
    library: ArrowLibrary,
    dimensions: Iterable[str],
    formats: Mapping[str, str],
    chosen: Mapping[str, ColumnType],
) -> ChooseTypes:
    """Return the function that chooses the types of a view's columns.

    A dimension and a line item may have the same name. The columns of dimensions come first, so the
    line item's is `Name (2)`.

    Args:
        library: The Arrow library.
        dimensions: The names of the dimensions, whose items are texts.
        formats: The formats of the line items by name; any other column is text.
        chosen: The types that the caller has chosen, by column.
    """
    texts = {name.strip() for name in dimensions}
    known = {name.strip(): each for name, each in formats.items()}

    def choose(names: list[str]) -> list[ColumnType]:
        check_known(chosen, names)
        return [chosen.get(name) or type_of(library, data_type(name)) for name in names]

    def data_type(name: str) -> str:
        if name in texts:
            return "TEXT"
        if name in known:
            return known[name]
        repeated = _REPEATED.fullmatch(name)
        return known.get(repeated[1], "TEXT") if repeated and repeated[1] in texts else "TEXT"

    return choose


def types_by_name(library: ArrowLibrary, schema: SchemaArgument | None) -> dict[str, ColumnType]:
    """Return the types that a caller has chosen.

    Args:
        library: The Arrow library.
        schema: The types by column, or an Arrow schema.

    Returns:
        The types by column.

    Raises:
        InvalidArgumentException: A type is not known, or texts can't be read as values of it.
        ArgumentTypeException: It is neither a mapping nor an Arrow schema.
    """
    if schema is None:
        return {}
    if isinstance(schema, ArrowSchema):
        types = dict(_fields(library, schema))
    elif isinstance(schema, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        types = {name: _chosen(library, name, given) for name, given in schema.items()}
    else:
        raise ArgumentTypeException(
            f"schema must be a mapping or an Arrow schema, not {type(schema).__name__}."
        )
    for name, each in types.items():
        if each.kind in _UNREADABLE:
            raise InvalidArgumentException(
                f"schema: texts can't be read as {each.name}, the type of column {name!r}."
            )
    return types


def _fields(library: ArrowLibrary, schema: ArrowSchema) -> Fields:
    try:
        return library.fields(schema)
    except Exception as error:  # The libraries raise nothing more specific.
        raise ArgumentTypeException(
            f"schema must be a mapping or an Arrow schema, not {type(schema).__name__}."
        ) from error


def _chosen(library: ArrowLibrary, name: str, given: object) -> ColumnType:
    if isinstance(given, str):
        if given not in _KINDS:
            raise InvalidArgumentException(
                f"schema: {given!r} is not a type of column {name!r}; use "
                f"{', '.join(map(repr, _KINDS))} or an Arrow type."
            )
        return library.type(_KINDS[given])
    if isinstance(given, ArrowSchema):
        return library.type_of(given)
    raise ArgumentTypeException(
        f"schema: the type of column {name!r} must be a str or an Arrow type, not "
        f"{type(given).__name__}."
    )
