"""Models of the Integration API: cells to write."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from anaplan_sdk.models._base import AnaplanModel, aliases, empty_list, refuse_unknown_fields
from anaplan_sdk.models._scalars import to_cell
from anaplan_sdk.models.writes import Id, WriteResult


class CellCoordinate(AnaplanModel):
    """A dimension of a cell and the item on it.

    Attributes:
        dimension_id: The id of the dimension; it or the name is mandatory.
        dimension_name: The name of the dimension.
        item_id: The id of the item; it, the name or the code is mandatory.
        item_name: The name of the item.
        item_code: The code of the item.

    Raises:
        ValueError: The dimension or the item is missing, or there are other fields.

    Source: Anaplan Integration API V2 guide, "Write cell data by coordinate to module".
    """

    dimension_id: Id = None
    dimension_name: str | None = None
    item_id: Id = None
    item_name: str | None = None
    item_code: Id = None

    @model_validator(mode="after")
    def _check_completeness(self) -> Self:
        refuse_unknown_fields(self)
        if self.dimension_id is None and not self.dimension_name:
            raise ValueError("dimensionId or dimensionName is needed")
        if self.item_id is None and self.item_name is None and self.item_code is None:
            raise ValueError("itemId, itemName or itemCode is needed")
        return self


class CellWrite(AnaplanModel):
    """A value to write to a cell.

    Attributes:
        line_item_id: The id of the line item; it or the name is mandatory.
        line_item_name: The name of the line item.
        dimensions: An item of each dimension of the line item.
        value: The value: a finite number, a boolean, a text, a date, or the name of a list item or
            of a period; None empties the cell. Scalars of numpy, pandas and Arrow are converted.

    Raises:
        ValueError: The line item is missing, the value cannot be sent, or there are other fields.

    Source: Anaplan Integration API V2 guide, "Write cell data by coordinate to module".
    """

    line_item_id: Id = None
    line_item_name: str | None = None
    dimensions: list[CellCoordinate] = Field(default_factory=empty_list)
    value: Annotated[bool | int | float | Decimal | str | date | None, BeforeValidator(to_cell)]

    @model_validator(mode="after")
    def _check_line_item(self) -> Self:
        refuse_unknown_fields(self)
        if self.line_item_id is None and not self.line_item_name:
            raise ValueError("lineItemId or lineItemName is needed")
        return self


class CellWriteResult(WriteResult):
    """The result of writing cells.

    Attributes:
        cells_changed: The number of cells whose value is another than before.

    Source: Anaplan Integration API V2 guide, "Write cell data by coordinate to module".
    """

    cells_changed: int = Field(0, validation_alias=aliases("numberOfCellsChanged", "cells_changed"))
