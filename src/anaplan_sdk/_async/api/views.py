"""Views: their dimensions, and their cells in one reply."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias, cast, overload

from pydantic import TypeAdapter

from anaplan_sdk._async.api.namespace import ApiNamespace, path_segment, sort_params
from anaplan_sdk._http.replies import decode
from anaplan_sdk._http.reply_limits import suggest_unlimited
from anaplan_sdk._ranges import AT_LEAST_ONE
from anaplan_sdk.exceptions import InvalidArgumentException
from anaplan_sdk.models import Dimension, View, ViewData, ViewInfo
from anaplan_sdk.models._envelopes import ListReply

_VIEWS = ListReply("views", View)
_ITEMS = ListReply("items", Dimension)
_VIEW = TypeAdapter(ViewInfo)
_DATA = TypeAdapter(dict[str, object])
_FIELDS = {"id": "id", "module_id": "moduleId", "name": "name"}

ViewExport: TypeAlias = Literal[
    "GRID_CURRENT_PAGE", "GRID_ALL_PAGES", "TABULAR_SINGLE_COLUMN", "TABULAR_MULTI_COLUMN"
]
"""The layouts in which Anaplan exports a view."""


class Views(ApiNamespace):
    """A model's views and their cells."""

    async def get_views(
        self, sort_by: Literal["id", "module_id", "name"] | None = None, descending: bool = False
    ) -> list[View]:
        """List the model's views: default views, saved views and views of single line items.

        A default view has the id and the name of its module, the view of a line item those of the
        line item; a saved view is called `Module.View`. The user must be a workspace administrator.

        Args:
            sort_by: Field to sort by; Anaplan's own order when None.
            descending: Whether to sort in descending order; has no effect without `sort_by`.

        Returns:
            The views.

        Raises:
            InvalidArgumentException: `sort_by` is not one of the fields, or the client has no
                model.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Read module, view metadata and limited volume
        cell data".
        """
        order = sort_params(sort_by, descending, _FIELDS)
        return await self._list(
            _VIEWS, f"{self._model}/views", includesubsidiaryviews="true", **order
        )

    async def get_view_info(self, view_id: int | str) -> ViewInfo:
        """Return the dimensions on the rows, columns and pages of a view.

        The user must be a workspace administrator.

        Args:
            view_id: The view; also a module (its default view) or a line item.

        Returns:
            The dimensions of each axis.

        Raises:
            InvalidArgumentException: The client has no model.
            InvalidIdentifierException: There is no such view, or the user cannot read it.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "Map dimensions to cell data export headers".
        """
        return decode(_VIEW, await self._session.send("GET", self._view_url(view_id)))

    async def get_view_dimension_items(
        self, view_id: int | str, dimension_id: int | str
    ) -> list[Dimension]:
        """List the items of a dimension that a view shows to the user, also of Time or Versions.

        Filters of the view and selective access apply. Anaplan refuses views of more than 1,000,000
        cells. The user must be a workspace administrator.

        Args:
            view_id: The view; also a module (its default view) or a line item.
            dimension_id: One of its dimensions.

        Returns:
            The ids and names of the items. To select pages in `get_view_data` take the ids from
            `get_dimension_items`.

        Raises:
            InvalidArgumentException: The client has no model.
            InvalidIdentifierException: There is no such view, or it does not have this dimension.
            AnaplanRequestException: The view has too many cells.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Read module, view metadata and limited volume
        cell data".
        """
        url = f"{self._view_url(view_id)}/dimensions/{path_segment(dimension_id)}/items"
        return await self._list_at_once(_ITEMS, url)

    @overload
    async def get_view_data(
        self,
        view_id: int | str,
        pages: Sequence[tuple[int | str, int | str]] | None = None,
        parent_module_id: int | str | None = None,
        max_rows: int | None = None,
        export_type: ViewExport | None = None,
        data_format: Literal["application/json"] = "application/json",
    ) -> ViewData: ...

    @overload
    async def get_view_data(
        self,
        view_id: int | str,
        pages: Sequence[tuple[int | str, int | str]] | None = None,
        parent_module_id: int | str | None = None,
        max_rows: int | None = None,
        export_type: ViewExport | None = None,
        *,
        data_format: Literal["text/csv", "text/csv;escaped=true"],
    ) -> bytes: ...

    @overload
    async def get_view_data(
        self,
        view_id: int | str,
        pages: Sequence[tuple[int | str, int | str]] | None,
        parent_module_id: int | str | None,
        max_rows: int | None,
        export_type: ViewExport | None,
        data_format: Literal["text/csv", "text/csv;escaped=true"],
    ) -> bytes: ...

    async def get_view_data(
        self,
        view_id: int | str,
        pages: Sequence[tuple[int | str, int | str]] | None = None,
        parent_module_id: int | str | None = None,
        max_rows: int | None = None,
        export_type: ViewExport | None = None,
        data_format: Literal[
            "text/csv", "text/csv;escaped=true", "application/json"
        ] = "application/json",
    ) -> ViewData | bytes:
        """Return the cells of a view of at most 1,000,000 cells.

        The user must be a workspace administrator.

        Args:
            view_id: The view; also a module (its default view) or a line item.
            pages: Pairs of a dimension on the view's pages and the item to select there; for other
                dimensions Anaplan selects the default item. Take the items' ids from
                `get_dimension_items`.
            parent_module_id: The module of the view; required with `export_type`, otherwise None.
            max_rows: The most rows, at least 1, without the header; all rows by default.
            export_type: The layout of the CSV, that of an export of this type; by default the grid
                of the view. Requires `parent_module_id` and one of the CSV formats.
            data_format: "application/json" (default), "text/csv", or "text/csv;escaped=true" for
                CSV in which texts are quoted safely. Some tenants allow only the escaped CSV.

        Returns:
            For JSON a dict with the page items, the coordinates and the cells as texts; for CSV
            bytes.

        Raises:
            InvalidArgumentException: Only one of `export_type` and `parent_module_id` was given,
                `max_rows` is below 1, or the client has no model.
            InvalidIdentifierException: There is no such view, or the user cannot read it.
            AnaplanRequestException: A dimension is not on the view's pages; or the view has more
                cells: use `read_view` or `read_view_pages`.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "Retrieve cell data for a view".
        """
        if (export_type is None) is not (parent_module_id is None):
            raise InvalidArgumentException(
                "export_type and parent_module_id must be given together."
            )
        if max_rows is not None:
            AT_LEAST_ONE.check("max_rows", max_rows, int)
        params: dict[str, str] = {}
        if pages:
            params["pages"] = ",".join(f"{dimension}:{item}" for dimension, item in pages)
        if max_rows is not None:
            params["maxRows"] = str(max_rows)
        if export_type is not None:
            params |= {"exportType": export_type, "moduleId": str(parent_module_id)}
        if data_format == "application/json":
            params["format"] = "v1"
        dimensions = [dimension for dimension, _ in pages or ()]
        with suggest_unlimited("tr.read_view or tr.read_view_pages", *dimensions):
            response = await self._session.send(
                "GET",
                f"{self._view_url(view_id)}/data",
                params=params,
                headers={"Accept": data_format},
            )
        if data_format != "application/json":
            return response.content
        empty: ViewData = {"pages": [], "columnCoordinates": [], "rows": []}
        data: dict[str, object] = decode(_DATA, response)
        return cast("ViewData", {**empty, **data})

    def _view_url(self, view_id: int | str) -> str:
        return f"{self._model}/views/{path_segment(view_id)}"
