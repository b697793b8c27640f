"""Modules, their line items, and the dimensions of these."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Literal, overload

from anaplan_sdk._async.api.namespace import ApiNamespace, segment, sorting
from anaplan_sdk._http.replies import decode
from anaplan_sdk._http.reply_limits import suggest_unlimited
from anaplan_sdk._http.retry_policy import Retry
from anaplan_sdk.models import (
    Dashboard,
    Dimension,
    DimensionWithCode,
    LineItem,
    Module,
    View,
)
from anaplan_sdk.models._envelopes import Listing, RawListing

_MODULES = Listing("modules", Module)
_LINE_ITEMS = Listing("items", LineItem)
_DIMENSIONS = Listing("dimensions", Dimension)
_ITEMS = Listing("items", DimensionWithCode)
_RAW_ITEMS = RawListing("items")
_VIEWS = Listing("views", View)
_DASHBOARDS = Listing("dashboards", Dashboard)

# Time and Versions.
_NEVER_LISTED = ("20000000003", "20000000020")


class Modules(ApiNamespace):
    """Modules, line items and dimensions."""

    async def get_modules(
        self, sort_by: Literal["id", "name"] | None = None, descending: bool = False
    ) -> list[Module]:
        """Lists the model's modules.

        Args:
            sort_by: The field to sort by; Anaplan's own order when not given.
            descending: Sorts downwards; without `sort_by` it does nothing.
        """
        return await self._list(_MODULES, f"{self._model}/modules", **sorting(sort_by, descending))

    async def get_module_views(
        self, module_id: int | str, *, subsidiary_views: bool = False
    ) -> list[View]:
        """Lists a module's views; its default view is called `default` here.

        Args:
            module_id: The module.
            subsidiary_views: Includes those of single line items.
        """
        params = {"includesubsidiaryviews": "true"} if subsidiary_views else {}
        url = f"{self._model}/modules/{segment(module_id)}/views"
        return await self._list(_VIEWS, url, **params)

    @overload
    async def get_line_items(
        self, only_module_id: int | str | None = None, *, return_raw: Literal[False] = False
    ) -> list[LineItem]: ...

    @overload
    async def get_line_items(
        self, only_module_id: int | str | None = None, *, return_raw: Literal[True]
    ) -> list[dict[str, object]]: ...

    @overload
    async def get_line_items(
        self, only_module_id: int | str | None = None, *, return_raw: bool
    ) -> list[LineItem] | list[dict[str, object]]: ...

    async def get_line_items(
        self, only_module_id: int | str | None = None, *, return_raw: bool = False
    ) -> list[LineItem] | list[dict[str, object]]:
        """Lists line items with all that is known of them.

        Args:
            only_module_id: Keeps those of one module.
            return_raw: Gives the line items as Anaplan tells them, which takes less time.
        """
        url = f"{self._model}/lineItems"
        if only_module_id is not None:
            url = f"{self._model}/modules/{segment(only_module_id)}/lineItems"
        if return_raw:
            return await self._list(_RAW_ITEMS, url, includeAll="true")
        return await self._list(_LINE_ITEMS, url, includeAll="true")

    async def get_line_item_dimensions(self, line_item_id: int | str) -> list[Dimension]:
        """Lists a line item's dimensions, Time and Versions included."""
        url = f"{self._model}/lineItems/{segment(line_item_id)}/dimensions"
        return await self._list(_DIMENSIONS, url)

    async def get_line_item_dimension_items(
        self, line_item_id: int | str, dimension_id: int | str
    ) -> list[DimensionWithCode]:
        """Lists the items of one of a line item's dimensions, Time and Versions included."""
        url = f"{self._model}/lineItems/{segment(line_item_id)}/dimensions"
        return await self._list_at_once(_ITEMS, f"{url}/{segment(dimension_id)}/items")

    @overload
    async def get_dimension_items(
        self, dimension_id: int | str, *, return_raw: Literal[False] = False
    ) -> list[DimensionWithCode]: ...

    @overload
    async def get_dimension_items(
        self, dimension_id: int | str, *, return_raw: Literal[True]
    ) -> list[dict[str, object]]: ...

    @overload
    async def get_dimension_items(
        self, dimension_id: int | str, *, return_raw: bool
    ) -> list[DimensionWithCode] | list[dict[str, object]]: ...

    async def get_dimension_items(
        self, dimension_id: int | str, *, return_raw: bool = False
    ) -> list[DimensionWithCode] | list[dict[str, object]]:
        """Lists the items of a list, a subset, a line item subset or Users, a million at the most.

        Args:
            dimension_id: The dimension.
            return_raw: Gives the items as Anaplan tells them, which takes less time.

        Raises:
            AnaplanRequestException: The dimension is Time or Versions, which Anaplan lists by
                `get_view_dimension_items` only; or it has too many items.
        """
        url = self._items_url(dimension_id)
        has_limit = str(dimension_id) not in _NEVER_LISTED
        with (
            suggest_unlimited("tr.read_list or tr.read_list_pages") if has_limit else nullcontext()
        ):
            if return_raw:
                return await self._list_at_once(_RAW_ITEMS, url)
            return await self._list_at_once(_ITEMS, url)

    async def lookup_dimension_items(
        self,
        dimension_id: int | str,
        codes: Sequence[str] | None = None,
        names: Sequence[str] | None = None,
    ) -> list[DimensionWithCode]:
        """Finds items of a list, of Time, Versions or Users by codes and names.

        Upper and lower case are the same. What isn't found is just absent from the result.

        Args:
            dimension_id: The dimension.
            codes: Codes to find; Anaplan refuses them for a dimension that has none.
            names: Names to find.

        Raises:
            ValueError: Neither codes nor names were given, or one text instead of several.
        """
        if isinstance(codes, str) or isinstance(names, str) or not (codes or names):
            raise ValueError("Lists of codes or names are needed, and not empty ones.")
        wanted = {"codes": codes, "names": names}
        response = await self._session.send(
            "POST",
            self._items_url(dimension_id),
            json={key: [*values] for key, values in wanted.items() if values},
            retry=Retry.SAFE,
        )
        return decode(_ITEMS.adapter, response).items

    async def get_dashboards(self) -> list[Dashboard]:
        """Lists the model's classic dashboards."""
        return await self._list(_DASHBOARDS, f"{self._model}/dashboards")

    def _items_url(self, dimension_id: int | str) -> str:
        return f"{self._model}/dimensions/{segment(dimension_id)}/items"
