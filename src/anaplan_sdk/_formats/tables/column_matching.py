"""Matching the columns of a table by name with those of the file that an import reads."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from anaplan_sdk._formats.tables.arguments import ColumnsArgument
from anaplan_sdk._formats.tables.names import listed
from anaplan_sdk.exceptions import (
    ArgumentTypeException,
    ColumnMismatchException,
    InvalidArgumentException,
)

_UNNAMED_INDEX = re.compile(r"__index_level_\d+__")


def is_unnamed_index(name: str) -> bool:
    """Whether pandas gave a column this name: an index without one, as filtered rows have it."""
    return _UNNAMED_INDEX.fullmatch(name) is not None


def chosen_columns(names: Sequence[str], columns: ColumnsArgument | None) -> list[tuple[int, str]]:
    """Return the columns that are sent.

    An index of pandas is a column after the others if it has a name. Without a name it is sent only
    if `columns` has it, as `__index_level_0__`: it has the numbers of rows, in most frames.

    Args:
        names: The names of the table's columns.
        columns: What the caller chose.

    Returns:
        The position of each column in the table, and its name in the file.

    Raises:
        ColumnMismatchException: The table has a chosen column not at all, or several times, or two
            columns get the same name.
        InvalidArgumentException: `columns` is empty.
        ArgumentTypeException: `columns` is neither a mapping nor a sequence of names.
    """
    if columns is None:
        return [(place, name) for place, name in enumerate(names) if not is_unnamed_index(name)]
    if isinstance(columns, str) or not isinstance(columns, Mapping | Sequence):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ArgumentTypeException(
            "columns must be a mapping of names, or a sequence of names, not "
            f"{type(columns).__name__}."
        )
    if not columns:
        raise InvalidArgumentException(
            "columns must not be empty: leave it out to send all columns under their own names."
        )
    given = [*columns, *columns.values()] if isinstance(columns, Mapping) else columns
    for name in given:
        if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ArgumentTypeException(
                f"columns must have names of columns, not {type(name).__name__}."
            )
    counts = Counter(names)
    if missing := [name for name in columns if not counts[name]]:
        raise ColumnMismatchException(
            f"columns: the table has no {listed(missing)}; it has {listed(names)}.",
            missing=missing,
            expected=list(columns),
        )
    if repeated := [name for name in columns if counts[name] > 1]:
        raise ColumnMismatchException(
            f"columns: the table has more than one column {listed(repeated)}: rename them in the "
            "table.",
            repeated=repeated,
        )
    if isinstance(columns, Mapping):
        chosen = [
            (place, columns.get(name, name))
            for place, name in enumerate(names)
            if name in columns or not is_unnamed_index(name)
        ]
    else:
        chosen = [(names.index(name), name) for name in columns]
    if repeated := _repeated([name for _, name in chosen]):
        raise ColumnMismatchException(
            f"columns: more than one column would be called {listed(repeated)}.", repeated=repeated
        )
    return chosen


def check_columns(sent: Sequence[str], expected: Sequence[str], reader: str) -> None:
    """Check that the names of a file's columns are those that an import expects.

    Imports match columns by position once the header has been read, so a column in another place
    would end up in another line item.

    Args:
        sent: The names, in the order in which the columns are sent.
        expected: The names of the import's columns.
        reader: What reads the file, for the message.

    Raises:
        ColumnMismatchException: A column is missing, is not expected, occurs twice, or is in
            another place.
    """
    names, wanted = [name.strip() for name in sent], [name.strip() for name in expected]
    if names == wanted:
        return
    missing = [name for name in wanted if name not in names]
    unexpected = [name for name in names if name not in wanted]
    repeated = [
        name for name, count in Counter(names).items() if count > 1 and count > wanted.count(name)
    ]
    problems = [
        f"{problem} {listed(found)}"
        for problem, found in (
            ("there is no", missing),
            ("the import does not have", unexpected),
            ("there is more than one column", repeated),
        )
        if found
    ]
    advice = "columns={...} renames columns, columns=[...] chooses them."
    if not problems:
        problems = [f"they are in another order, {listed(names)}"]
        advice = (
            f"columns={wanted!r} sends them in the order of the import; if columns={{...}} renames "
            "them, put them in this order in the table."
        )
    raise ColumnMismatchException(
        f"The table's columns are not those of {reader}, {listed(wanted)}: "
        f"{'; '.join(problems)}. {advice}",
        missing=missing,
        unexpected=unexpected,
        repeated=repeated,
        expected=wanted,
    )


def check_headers(names: Sequence[str], headers: Mapping[str, Sequence[str]]) -> None:
    """Check names of columns against the imports that read a file: one of them must fit.

    Args:
        names: The names, in the order in which the columns are sent.
        headers: The columns that each import expects, by what messages call the import; none if
            that is not known.

    Raises:
        ColumnMismatchException: A column occurs twice, or no import has these columns.
    """
    check_unique(names)
    fitting = [[name.strip() for name in header] for header in headers.values()]
    if headers and [name.strip() for name in names] not in fitting:
        reader, header = next(iter(headers.items()))
        check_columns(names, header, reader)


def check_unique(names: Sequence[str]) -> None:
    """Check that no column occurs twice.

    Raises:
        ColumnMismatchException: One does.
    """
    if repeated := _repeated(names):
        raise ColumnMismatchException(
            f"The table has more than one column {listed(repeated)}: rename all but one, or leave "
            "them out.",
            repeated=repeated,
        )


def _repeated(names: Sequence[str]) -> list[str]:
    """Return the names that occur more than once, without the whitespace around them."""
    counts = Counter(name.strip() for name in names)
    return [name for name, count in counts.items() if count > 1]
