"""Filters of rows of the Financial Consolidation API. Part of `models.consolidation`."""

from __future__ import annotations

import json
import math
import re
from typing import NoReturn

from anaplan_sdk._base_exceptions import ArgumentTypeException, InvalidArgumentException
from anaplan_sdk.models._filters import Expression, combine, precedence_error


class Filter(Expression):
    """A filter of rows: comparisons of `column(...)`, combined with `&` and `|`, negated with `~`.

    Source: Anaplan Financial Consolidation API guide, "Get client schema table data".
    """

    __slots__ = ()

    def __and__(self, other: Filter) -> Filter:
        return combine("and", self, other, Filter)

    def __or__(self, other: Filter) -> Filter:
        return combine("or", self, other, Filter)

    def __invert__(self) -> Filter:
        return Filter(f"not ({self})")


class Column:
    """A column of a table, to compare with `==`, `!=`, `<`, `<=`, `>` or `>=`.

    Args:
        name: The name of the column.

    Raises:
        InvalidArgumentException: The name is not valid in a filter.
    """

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        if not re.fullmatch(r"[^\W\d]\w*", name):
            raise InvalidArgumentException(
                f"{name!r} is not a valid column name: pass the filter as text."
            )
        self._name = name

    def __repr__(self) -> str:
        return f"<Column {self._name}>"

    # A comparison returns a filter, as in other libraries for queries.
    def __eq__(self, value: object) -> Filter:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        return self._compare("eq", value)

    def __ne__(self, value: object) -> Filter:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        return self._compare("ne", value)

    def __lt__(self, value: str | float) -> Filter:
        return self._compare("lt", value)

    def __le__(self, value: str | float) -> Filter:
        return self._compare("le", value)

    def __gt__(self, value: str | float) -> Filter:
        return self._compare("gt", value)

    def __ge__(self, value: str | float) -> Filter:
        return self._compare("ge", value)

    __hash__ = None  # type: ignore[assignment]

    def __and__(self, other: object) -> NoReturn:
        raise precedence_error()

    __or__ = __rand__ = __ror__ = __and__

    def contains(self, text: str) -> Filter:
        """Filter for the rows whose value contains a text.

        Args:
            text: The text.

        Returns:
            The filter.
        """
        return self._call("contains", text)

    def startswith(self, text: str) -> Filter:
        """Filter for the rows whose value starts with a text.

        Args:
            text: The text.

        Returns:
            The filter.
        """
        return self._call("startswith", text)

    def endswith(self, text: str) -> Filter:
        """Filter for the rows whose value ends with a text.

        Args:
            text: The text.

        Returns:
            The filter.
        """
        return self._call("endswith", text)

    def _compare(self, operator: str, value: object) -> Filter:
        return Filter(f"{self._name} {operator} {_literal(value)}")

    def _call(self, function: str, text: str) -> Filter:
        return Filter(f"{function}({self._name},{_literal(str(text))})")


def column(name: str) -> Column:
    """Make a column of a table, to filter rows by.

    Example:
        client.consolidation.get_rows("Ledger", (column("Scenario_Name") == "Actual"))

    Args:
        name: The name of the column.

    Returns:
        The column, to be compared with a value.

    Raises:
        InvalidArgumentException: The name is not valid in a filter.

    Source: Anaplan Financial Consolidation API guide, "Get client schema table data".
    """
    return Column(name)


def _literal(value: object) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if value is None or isinstance(value, bool | int):
        return json.dumps(value)
    if isinstance(value, float) and math.isfinite(value):
        return repr(value)
    raise ArgumentTypeException(
        f"A column cannot be compared with {type(value).__name__} {value!r}."
    )
