"""What Financial Consolidation says, and filters of its tables. Names of `client.consolidation`."""

from __future__ import annotations

import json
import math
import re
from typing import NoReturn, Self, TypeAlias

from pydantic import Field, model_validator

from anaplan_sdk.models._base import AnaplanModel
from anaplan_sdk.models._filters import Expression, join, misplaced

__all__ = [
    "AnaplanModel",
    "Column",
    "Dimension",
    "DimensionMember",
    "DimensionProperty",
    "Filter",
    "Row",
    "User",
    "UserInput",
    "Value",
    "WorkflowState",
    "column",
]

Value: TypeAlias = str | int | float | bool | None
"""What a column holds."""

NO_RUN = "00000000-0000-0000-0000-000000000000"


class Filter(Expression):
    """A filter of rows: comparisons of `column(...)`, joined by `&` and `|`, negated by `~`."""

    __slots__ = ()

    def __and__(self, other: Filter) -> Filter:
        return join("and", self, other, Filter)

    def __or__(self, other: Filter) -> Filter:
        return join("or", self, other, Filter)

    def __invert__(self) -> Filter:
        return Filter(f"not ({self})")


class Column:
    """A column to compare with `==`, `!=`, `<`, `<=`, `>` or `>=`."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        if not re.fullmatch(r"[^\W\d]\w*", name):
            raise ValueError(f"{name!r} is no name of a column: write the filter as text.")
        self._name = name

    def __repr__(self) -> str:
        return f"<Column {self._name}>"

    # A comparison is a filter here, as in other libraries that write queries.
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
        raise misplaced()

    __or__ = __rand__ = __ror__ = __and__

    def contains(self, text: str) -> Filter:
        """Rows whose text has this in it."""
        return self._call("contains", text)

    def startswith(self, text: str) -> Filter:
        """Rows whose text begins with this."""
        return self._call("startswith", text)

    def endswith(self, text: str) -> Filter:
        """Rows whose text ends with this."""
        return self._call("endswith", text)

    def _compare(self, operator: str, value: object) -> Filter:
        return Filter(f"{self._name} {operator} {_literal(value)}")

    def _call(self, function: str, text: str) -> Filter:
        return Filter(f"{function}({self._name},{_literal(str(text))})")


def column(name: str) -> Column:
    """A column of a table, to filter rows by.

        client.consolidation.get_rows("Ledger", (column("Scenario_Name") == "Actual"))

    Args:
        name: The column's name.

    Raises:
        ValueError: It can't be a column's name.
    """
    return Column(name)


def _literal(value: object) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if value is None or isinstance(value, bool | int):
        return json.dumps(value)
    if isinstance(value, float) and math.isfinite(value):
        return repr(value)
    raise TypeError(f"A column can't be compared with {type(value).__name__} {value!r}.")


class Row(AnaplanModel):
    """A row to write, or some of its columns: texts, numbers, true and false, and `None`."""

    @model_validator(mode="after")
    def _can_be_sent(self) -> Self:
        columns = self.model_extra or {}
        if not columns:
            raise ValueError("it has no columns")
        for name, value in columns.items():
            is_number = isinstance(value, int | float) and math.isfinite(value)
            if not (value is None or isinstance(value, str) or is_number):
                raise ValueError(f"{name}: {type(value).__name__} {value!r} can't be sent")
        return self


class DimensionProperty(AnaplanModel):
    """A property that members of a dimension have."""

    property_name: str
    property_type: str = ""
    standard_property: bool = False
    reporting_property: bool = False
    readonly_property: bool = False
    processing_status: int | None = None
    type_info: str | None = None


class Dimension(AnaplanModel):
    """A dimension, without its members."""

    dimension_name: str
    dimension_type: str | None = None
    translations: str | None = None
    related_dimension: str | None = None
    properties: list[DimensionProperty] = Field(default_factory=list[DimensionProperty])
    processing_status: int | None = None


class DimensionMember(AnaplanModel):
    """A member of a dimension."""

    member_name: str
    member_tag: str | None = None
    member_caption: str = ""
    ancestors: str | None = None
    translations: list[object] = Field(default_factory=list[object])
    parent_member_name: str | None = None
    sort_order: int | None = None
    is_leaf: bool | None = None
    operator: str | None = None
    start_date: str | None = None
    end_date: str | None = None
    member_storage: str = ""
    properties: list[dict[str, object]] = Field(default_factory=list[dict[str, object]])


class WorkflowState(AnaplanModel):
    """How a workflow's latest run stands.

    Attributes:
        run_id: The run's id.
        state: How it stands. The documentation names neither the words nor the field.
    """

    run_id: str = NO_RUN
    state: str | None = None

    @property
    def has_run(self) -> bool:
        """Whether there is a run; there is none of a workflow that doesn't exist, either."""
        return self.run_id != NO_RUN


class UserInput(AnaplanModel):
    """A user to add or to change.

    Attributes:
        user_name: The name to sign in with there, which is no address for mail.
        full_name: The name.
        is_disabled: Whether the user is kept out.
        email: The address for mail.
        roles: What the user may do.
    """

    user_name: str
    full_name: str | None = None
    is_disabled: bool | None = None
    email: str | None = None
    roles: list[str] | None = None


class User(AnaplanModel):
    """A user of Financial Consolidation."""

    user_id: int | None = None
    user_name: str
    full_name: str = ""
    is_disabled: bool = False
    email: str = ""
    roles: list[str] = Field(default_factory=list[str])
