"""What the Integration API says of modules, line items, views and cells."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Self, TypeAlias, TypedDict

from pydantic import AfterValidator, Discriminator, Field, Tag, field_serializer, model_validator

from anaplan_sdk.models._base import AnaplanModel, empty_dict, empty_list, member, named
from anaplan_sdk.models.lists import Dimension, Id, WriteResult, writable


class CellWriteResult(WriteResult):
    """What came of writing cells.

    Attributes:
        cells_changed: How many cells have another value than before.
    """

    cells_changed: int = Field(0, validation_alias=named("numberOfCellsChanged", "cells_changed"))


class CellCoordinate(AnaplanModel):
    """A dimension and the item on it, each by id or by name, the item by code as well."""

    dimension_id: Id | None = None
    dimension_name: str | None = None
    item_id: Id | None = None
    item_name: str | None = None
    item_code: Id | None = None

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.dimension_id is None and not self.dimension_name:
            raise ValueError("dimensionId or dimensionName is needed")
        if self.item_id is None and self.item_name is None and self.item_code is None:
            raise ValueError("itemId, itemName or itemCode is needed")
        return self


class CellWrite(AnaplanModel):
    """A value for one cell: the line item by id or name, and an item of each of its dimensions."""

    line_item_id: Id | None = None
    line_item_name: str | None = None
    dimensions: list[CellCoordinate] = Field(default_factory=empty_list)
    value: Annotated[bool | int | float | Decimal | str | date | None, AfterValidator(writable)]

    @field_serializer("value")
    def _plain_value(self, value: object) -> object:
        if isinstance(value, Decimal):
            # JSON has one kind of number, and text is another kind of value.
            return int(value) if value == value.to_integral_value() else float(value)
        return value

    @model_validator(mode="after")
    def _has_line_item(self) -> Self:
        if self.line_item_id is None and not self.line_item_name:
            raise ValueError("lineItemId or lineItemName is needed")
        return self


class Module(AnaplanModel):
    """A module."""

    id: int
    name: str


class NumberMetadata(AnaplanModel):
    """How numbers are shown; -1 decimal places means as many as there are."""

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
    """Which list a line item's values are from."""

    data_type: str = "ENTITY"
    hierarchy_entity_long_id: int | None = None
    selective_access_applied: bool = False
    show_all: bool = False


class TimePeriodMetadata(AnaplanModel):
    """Which kind of period a line item's values are."""

    data_type: str = "TIME_ENTITY"
    period_type: dict[str, object] = Field(default_factory=empty_dict)


class TextMetadata(AnaplanModel):
    """What kind of text a line item's values are."""

    data_type: str = "TEXT"
    text_type: Literal["GENERAL", "EMAIL_ADDRESS", "DRILLTHRU_URI"] | str = "GENERAL"


class GenericTypeMetadata(AnaplanModel):
    """Any other format."""

    data_type: str = "NONE"


def _format_kind(value: object) -> str:
    kind = member(value, "dataType", "data_type")
    return kind if kind in {"NUMBER", "ENTITY", "TIME_ENTITY", "TEXT"} else "OTHER"


FormatMetadata: TypeAlias = Annotated[
    Annotated[NumberMetadata, Tag("NUMBER")]
    | Annotated[ListFormatMetadata, Tag("ENTITY")]
    | Annotated[TimePeriodMetadata, Tag("TIME_ENTITY")]
    | Annotated[TextMetadata, Tag("TEXT")]
    | Annotated[GenericTypeMetadata, Tag("OTHER")],
    Discriminator(_format_kind),
]


class LineItem(AnaplanModel):
    """A line item, with its format and where it is used."""

    id: int
    name: str
    module_id: int
    module_name: str = ""
    format: Literal["NUMBER", "BOOLEAN", "TEXT", "NONE", "DATE", "LIST", "TIME PERIOD"] | str = (
        "NONE"
    )
    format_metadata: FormatMetadata = Field(default_factory=GenericTypeMetadata)
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


class View(AnaplanModel):
    """A view. A module's default view has the module's id; others are named `Module.View`."""

    code: str = ""
    id: int
    name: str
    moduleId: int  # noqa: N815 - its known name


class ViewInfo(AnaplanModel):
    """The dimensions of a view's axes, empty where it has none."""

    view_id: int
    view_name: str = ""
    rows: list[Dimension] = Field(default_factory=empty_list)
    columns: list[Dimension] = Field(default_factory=empty_list)
    pages: list[Dimension] = Field(default_factory=empty_list)


class ViewRow(TypedDict):
    """A row of a view: the names of its items, and its cells as text."""

    rowCoordinates: list[str]
    cells: list[str]


class ViewData(TypedDict):
    """A view's cells. Coordinates are names, cells are text as Anaplan shows them."""

    pages: list[str]
    columnCoordinates: list[list[str]]
    rows: list[ViewRow]


class Dashboard(AnaplanModel):
    """A classic dashboard."""

    id: int
    name: str
