"""Models of the Financial Consolidation API, with the filters of its tables."""

from __future__ import annotations

from datetime import date
from typing import Self, TypeAlias

from pydantic import Field, model_validator

from anaplan_sdk.models._base import AnaplanModel, empty_list
from anaplan_sdk.models._scalars import to_scalar
from anaplan_sdk.models.consolidation_filter import Column, Filter, column

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
"""A value of a column."""

# The documentation has it for a workflow without a run.
_NO_RUN = "00000000-0000-0000-0000-000000000000"


class Row(AnaplanModel):
    """A row of a table to write, or some of its columns, as fields with the columns' names.

    Values are texts, finite numbers, True, False and None. Scalars of numpy, pandas and Arrow are
    converted.

    Raises:
        ValueError: There are no columns, or a value has another type.

    Source: Anaplan Financial Consolidation API guide, "Add a record to a client schema table".
    """

    @model_validator(mode="after")
    def _check_values(self) -> Self:
        columns = self.model_extra or {}
        if not columns:
            raise ValueError("it has no columns")
        for name, value in columns.items():
            try:
                columns[name] = scalar = to_scalar(value)
            except ValueError as problem:
                raise ValueError(f"{name}: {problem}") from None
            if isinstance(scalar, date):
                raise ValueError(f"{name}: a date, whose format is that of the column: send text")  # noqa: TRY004
        return self


class DimensionProperty(AnaplanModel):
    """A property of the members of a dimension.

    Attributes:
        property_name: The name.
        property_type: The type, such as `list`.
        standard_property: Whether the product defines it.
        reporting_property: Whether it is used in reports.
        readonly_property: Whether it cannot be changed.
        processing_status: The status of its processing, a number without documented values.
        type_info: More about its type.

    Source: Anaplan Financial Consolidation API guide, "Retrieve dimensions and properties across a
    tenant".
    """

    property_name: str
    property_type: str = ""
    standard_property: bool = False
    reporting_property: bool = False
    readonly_property: bool = False
    processing_status: int | None = None
    type_info: str | None = None


class Dimension(AnaplanModel):
    """A dimension, without its members.

    Attributes:
        dimension_name: The name.
        dimension_type: The type, such as `Account`.
        translations: The languages it is translated to.
        related_dimension: The name of a related dimension.
        properties: The properties of its members.
        processing_status: The status of its processing, a number without documented values.

    Source: Anaplan Financial Consolidation API guide, "Retrieve dimensions and properties across a
    tenant".
    """

    dimension_name: str
    dimension_type: str | None = None
    translations: str | None = None
    related_dimension: str | None = None
    properties: list[DimensionProperty] = Field(default_factory=empty_list)
    processing_status: int | None = None


class DimensionMember(AnaplanModel):
    """A member of a dimension.

    Attributes:
        member_name: The name.
        member_tag: The tag.
        member_caption: The caption.
        ancestors: The ancestors.
        translations: The translations.
        parent_member_name: The name of the parent.
        sort_order: The position among its siblings.
        is_leaf: Whether it has no children.
        operator: How it is added up to its parent.
        start_date: The first day it is valid.
        end_date: The last day it is valid.
        member_storage: How its values are stored, such as `Stored`.
        properties: The values of its properties.

    Source: Anaplan Financial Consolidation API guide, "Retrieve members and properties within a
    dimension".
    """

    member_name: str
    member_tag: str | None = None
    member_caption: str = ""
    ancestors: str | None = None
    translations: list[object] = Field(default_factory=empty_list)
    parent_member_name: str | None = None
    sort_order: int | None = None
    is_leaf: bool | None = None
    operator: str | None = None
    start_date: str | None = None
    end_date: str | None = None
    member_storage: str = ""
    properties: list[dict[str, object]] = Field(default_factory=empty_list)


class WorkflowState(AnaplanModel):
    """The state of the latest run of a workflow.

    Attributes:
        run_id: The id of the run; a UUID of zeros when there was none.
        state: The state. The documentation names neither the field nor its values.

    Source: Anaplan Financial Consolidation API guide, "Get the state of a workflow process".
    """

    run_id: str = _NO_RUN
    state: str | None = None

    @property
    def has_run(self) -> bool:
        """Whether there was a run. Of a workflow that does not exist there was none, either."""
        return self.run_id != _NO_RUN


class UserInput(AnaplanModel):
    """A user to add or to change.

    Attributes:
        user_name: The name to sign in with. Mail goes to `email`.
        full_name: The full name.
        is_disabled: Whether the user may not sign in.
        email: The email address that receives mail.
        roles: The names of the user's roles.

    Source: Anaplan Financial Consolidation API guide, "Add new users".
    """

    user_name: str
    full_name: str | None = None
    is_disabled: bool | None = None
    email: str | None = None
    roles: list[str] | None = None


class User(AnaplanModel):
    """A user of Financial Consolidation.

    Attributes:
        user_id: The id.
        user_name: The name to sign in with. Mail goes to `email`.
        full_name: The full name.
        is_disabled: Whether the user may not sign in.
        email: The email address that receives mail.
        roles: The names of the user's roles.

    Source: Anaplan Financial Consolidation API guide, "List users in tenant".
    """

    user_id: int | None = None
    user_name: str
    full_name: str = ""
    is_disabled: bool = False
    email: str = ""
    roles: list[str] = Field(default_factory=empty_list)
