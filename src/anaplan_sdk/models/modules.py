"""Models of the Integration API: modules, their line items, and dashboards."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Discriminator, Field, Tag

from anaplan_sdk.models._base import AnaplanModel, ObjectId, empty_dict, empty_list, field_text
from anaplan_sdk.models.dimensions import Dimension


class Module(AnaplanModel):
    """A module.

    Attributes:
        id: The id, `102...`.
        name: The name.

    Source: Anaplan Integration API V2 guide, "Retrieve IDs and names for all modules in a model".
    """

    id: ObjectId
    name: str = ""


class NumberMetadata(AnaplanModel):
    """The format of a line item that holds numbers.

    Attributes:
        data_type: `NUMBER`.
        comparison_increase: How an increase is rated, such as `GOOD`.
        custom_units: The text of custom units.
        decimal_places: The number of decimal places; -1 for as many as there are.
        decimal_separator: The character before decimals, such as `FULL_STOP`.
        grouping_separator: The character between groups of digits, such as `COMMA`.
        minimum_significant_digits: The fewest significant digits to show; -1 for no minimum.
        negative_number_notation: How negative numbers are shown, such as `MINUS_SIGN`.
        units_display_type: Where the units are shown, such as `NONE`.
        units_type: The type of the units, such as `NONE`.
        zero_format: How zero is shown, such as `ZERO`.

    Source: Anaplan Integration API V2 guide, "Retrieve line items in a module".
    """

    data_type: str = "NUMBER"
    comparison_increase: str | None = None
    custom_units: str | None = None
    decimal_places: int | None = None
    decimal_separator: str | None = None
    grouping_separator: str | None = None
    minimum_significant_digits: int | None = None
    negative_number_notation: str | None = None
    units_display_type: str | None = None
    units_type: str | None = None
    zero_format: str | None = None


class ListFormatMetadata(AnaplanModel):
    """The format of a line item that holds items of a list.

    Attributes:
        data_type: `ENTITY`.
        hierarchy_entity_long_id: The id of the list.
        selective_access_applied: Whether selective access restricts the items.
        show_all: Whether all items can be selected.

    Source: Anaplan Integration API V2 guide, "Retrieve line items in a module".
    """

    data_type: str = "ENTITY"
    hierarchy_entity_long_id: ObjectId | None = None
    selective_access_applied: bool = False
    show_all: bool = False


class TimePeriodMetadata(AnaplanModel):
    """The format of a line item that holds periods.

    Attributes:
        data_type: `TIME_ENTITY`.
        period_type: The type of the periods; `entityId` in it is `YEAR`, `HALF_YEAR`, `QUARTER`,
            `MONTH`, `WEEK` or `DAY`.

    Source: Anaplan Integration API V2 guide, "Retrieve line items in a module".
    """

    data_type: str = "TIME_ENTITY"
    period_type: dict[str, object] = Field(default_factory=empty_dict)


class TextMetadata(AnaplanModel):
    """The format of a line item that holds texts.

    Attributes:
        data_type: `TEXT`.
        text_type: The type of the texts: `GENERAL`, `EMAIL_ADDRESS`, `DRILLTHRU_URI`, or one that
            is not known yet.

    Source: Anaplan Integration API V2 guide, "Retrieve line items in a module".
    """

    data_type: str = "TEXT"
    text_type: Literal["GENERAL", "EMAIL_ADDRESS", "DRILLTHRU_URI"] | str = "GENERAL"


class GenericTypeMetadata(AnaplanModel):
    """The format of a line item that holds anything else.

    Attributes:
        data_type: The type: `BOOLEAN`, `DATE`, `NONE`, or one that is not known yet.

    Source: Anaplan Integration API V2 guide, "Retrieve line items in a module".
    """

    data_type: str = "NONE"


def _format_tag(value: object) -> str:
    data_type = field_text(value, "dataType", "data_type")
    return data_type if data_type in {"NUMBER", "ENTITY", "TIME_ENTITY", "TEXT"} else "OTHER"


FormatMetadata: TypeAlias = (
    NumberMetadata | ListFormatMetadata | TimePeriodMetadata | TextMetadata | GenericTypeMetadata
)
"""The format of a line item, of the class that fits its `data_type`."""

_TaggedFormat: TypeAlias = Annotated[
    Annotated[NumberMetadata, Tag("NUMBER")]
    | Annotated[ListFormatMetadata, Tag("ENTITY")]
    | Annotated[TimePeriodMetadata, Tag("TIME_ENTITY")]
    | Annotated[TextMetadata, Tag("TEXT")]
    | Annotated[GenericTypeMetadata, Tag("OTHER")],
    Discriminator(_format_tag),
]


class LineItem(AnaplanModel):
    """A line item.

    Attributes:
        id: The id.
        name: The name.
        module_id: The id of the module.
        module_name: The name of the module.
        format: The type of the values: `NUMBER`, `BOOLEAN`, `TEXT`, `NONE`, `DATE`, `LIST`,
            `TIME PERIOD`, or one that is not known yet.
        format_metadata: The format in detail.
        summary: The summary method, such as `Sum`.
        applies_to: The lists it is dimensioned by.
        data_tags: The data tags.
        referenced_by: The objects whose formulas refer to it.
        time_scale: The time scale, such as `Month`.
        time_range: The time range, such as `Model Calendar`.
        version: The versions it has.
        parent: The line item it is a part of.
        read_access_driver: The line item that controls who may read it.
        write_access_driver: The line item that controls who may write it.
        style: The style, such as `Normal`.
        cell_count: The number of cells.
        notes: The notes.
        code: The code.
        is_summary: Whether it is a summary of other line items.
        formula: The formula.
        formula_scope: The versions the formula applies to, such as `All Versions`.
        use_switchover: Whether it takes the values of actuals up to the switchover date.
        breakback: Whether a value written to a total is distributed to its parts.
        brought_forward: Whether each period starts with the value of the one before.
        start_of_section: Whether it starts a section.

    Source: Anaplan Integration API V2 guide, "Retrieve line items in a module".
    """

    id: ObjectId
    name: str = ""
    module_id: ObjectId | None = None
    module_name: str = ""
    format: Literal["NUMBER", "BOOLEAN", "TEXT", "NONE", "DATE", "LIST", "TIME PERIOD"] | str = (
        "NONE"
    )
    format_metadata: _TaggedFormat = Field(default_factory=GenericTypeMetadata)
    summary: str = ""
    applies_to: list[Dimension] = Field(default_factory=empty_list)
    data_tags: list[Dimension] = Field(default_factory=empty_list)
    referenced_by: list[Dimension] = Field(default_factory=empty_list)
    time_scale: str = ""
    time_range: str = ""
    version: Dimension | None = None
    parent: Dimension | None = None
    read_access_driver: Dimension | None = None
    write_access_driver: Dimension | None = None
    style: str = ""
    cell_count: int | None = None
    notes: str = ""
    code: str | None = None
    is_summary: bool = False
    formula: str | None = None
    formula_scope: str = ""
    use_switchover: bool = False
    breakback: bool = False
    brought_forward: bool = False
    start_of_section: bool = False


class Dashboard(AnaplanModel):
    """A classic dashboard.

    Attributes:
        id: The id, `115...`.
        name: The name.

    Source: Anaplan Integration API V2 guide, "List dashboards in a model".
    """

    id: ObjectId
    name: str = ""
