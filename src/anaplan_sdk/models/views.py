"""Models of the Integration API: views and their cells."""

from __future__ import annotations

from typing import TypedDict

from pydantic import Field

from anaplan_sdk.models._base import AnaplanModel, ObjectId, empty_list
from anaplan_sdk.models.dimensions import Dimension


class View(AnaplanModel):
    """A view.

    Attributes:
        code: The code.
        id: The id; the default view of a module has that of the module.
        name: The name. Among all views of a model, a saved view is called `Module.View`.
        moduleId: The id of the module.

    Source: Anaplan Integration API V2 guide, "Retrieve IDs and names for all views in a model".
    """

    code: str = ""
    id: ObjectId
    name: str = ""
    moduleId: ObjectId | None = None  # noqa: N815 - its known name


class ViewInfo(AnaplanModel):
    """The dimensions of a view.

    Attributes:
        view_id: The id of the view.
        view_name: The name of the view.
        rows: The dimensions on rows.
        columns: The dimensions on columns.
        pages: The dimensions on pages.

    Source: Anaplan Integration API V2 guide, "Retrieve metadata for dimensions on a view".
    """

    view_id: ObjectId | None = None
    view_name: str = ""
    rows: list[Dimension] = Field(default_factory=empty_list)
    columns: list[Dimension] = Field(default_factory=empty_list)
    pages: list[Dimension] = Field(default_factory=empty_list)


class ViewRow(TypedDict):
    """A row of a view.

    Attributes:
        rowCoordinates: The name of its item of each dimension on rows.
        cells: The values, as text.

    Source: Anaplan Integration API V2 guide, "Read cell data for a view".
    """

    rowCoordinates: list[str]
    cells: list[str]


class ViewData(TypedDict):
    """The cells of a view.

    Attributes:
        pages: The name of the selected item of each dimension on pages.
        columnCoordinates: For each column, the name of its item of each dimension on columns.
        rows: The rows.

    Source: Anaplan Integration API V2 guide, "Read cell data for a view".
    """

    pages: list[str]
    columnCoordinates: list[list[str]]
    rows: list[ViewRow]
