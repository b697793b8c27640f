"""Views: what they show, and their cells in one reply."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias, cast, overload

from pydantic import TypeAdapter

from anaplan_sdk._async.api.namespace import ApiNamespace, segment, sorting
from anaplan_sdk._http.replies import decode
from anaplan_sdk._http.reply_limits import suggest_unlimited
from anaplan_sdk.models import Dimension, View, ViewData, ViewInfo
from anaplan_sdk.models._envelopes import Listing

_VIEWS = Listing("views", View)
_ITEMS = Listing("items", Dimension)
_VIEW = TypeAdapter(ViewInfo)
_DATA = TypeAdapter(dict[str, object])
_FIELDS = {"id": "id", "module_id": "moduleId", "name": "name"}

ViewExport: TypeAlias = Literal[
    "GRID_CURRENT_PAGE", "GRID_ALL_PAGES", "TABULAR_SINGLE_COLUMN", "TABULAR_MULTI_COLUMN"
]


class Views(ApiNamespace):
    """Views and what they show."""

    async def get_views(
        self, sort_by: Literal["id", "module_id", "name"] | None = None, descending: bool = False
    ) -> list[View]:
        """Lists the model's views: default ones, saved ones and those of single line items.

        Args:
            sort_by: The field to sort by; Anaplan's own order when not given.
            descending: Sorts downwards; without `sort_by` it does nothing.
        """
        order = sorting(sort_by, descending, _FIELDS)
        return await self._list(
            _VIEWS, f"{self._model}/views", includesubsidiaryviews="true", **order
        )

    async def get_view_info(self, view_id: int | str) -> ViewInfo:
        """The dimensions on a view's rows, columns and pages; a line item's id serves, too."""
        return decode(_VIEW, await self._session.send("GET", self._view_url(view_id)))

    async def get_view_dimension_items(
        self, view_id: int | str, dimension_id: int | str
    ) -> list[Dimension]:
        """Lists the items of a dimension that the view shows to this user, Time's included."""
        url = f"{self._view_url(view_id)}/dimensions/{segment(dimension_id)}/items"
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
        """A view's cells in one reply, a million at the most.

        Args:
            view_id: The view, or a line item.
            pages: Pairs of a dimension on the view's pages and the item to select there; others
                show their default item. Take the items' ids from `get_dimension_items`.
            parent_module_id: The view's module, for `export_type` only.
            max_rows: Cuts the rows off.
            export_type: Arranges CSV as an export of this type does.
            data_format: JSON, CSV, or CSV with texts quoted safely.

        Returns:
            CSV as bytes, or JSON as a dict, in which cells are texts.

        Raises:
            ValueError: `export_type` or `parent_module_id` without the other, or `max_rows` below
                1.
            AnaplanRequestException: A dimension is not on the view's pages; or the view has too
                many cells: `read_view` and `read_view_pages` read any number.
        """
        if (export_type is None) is not (parent_module_id is None):
            raise ValueError("export_type and parent_module_id are needed together, or neither.")
        if max_rows is not None and max_rows < 1:
            raise ValueError(f"max_rows must be at least 1, not {max_rows}.")
        params: dict[str, str] = {}
        if pages:
            params["pages"] = ",".join(f"{dimension}:{item}" for dimension, item in pages)
        if max_rows is not None:
            params["maxRows"] = str(max_rows)
        if export_type is not None:
            params |= {"exportType": export_type, "moduleId": str(parent_module_id)}
        if data_format == "application/json":
            params["format"] = "v1"
        asked = [dimension for dimension, _ in pages or ()]
        with suggest_unlimited("tr.read_view or tr.read_view_pages", *asked):
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
        return f"{self._model}/views/{segment(view_id)}"
