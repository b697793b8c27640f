"""Modules, line items and dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Literal, overload

from anaplan_sdk._async.api.namespace import ApiNamespace, path_segment, sort_params
from anaplan_sdk._http.replies import decode
from anaplan_sdk._http.reply_limits import suggest_unlimited
from anaplan_sdk._http.retry_policy import Retry
from anaplan_sdk.exceptions import InvalidArgumentException
from anaplan_sdk.models import (
    Dashboard,
    Dimension,
    DimensionWithCode,
    LineItem,
    Module,
    View,
)
from anaplan_sdk.models._envelopes import ListReply, RawListReply

_MODULES = ListReply("modules", Module)
_LINE_ITEMS = ListReply("items", LineItem)
_DIMENSIONS = ListReply("dimensions", Dimension)
_ITEMS = ListReply("items", DimensionWithCode)
_RAW_ITEMS = RawListReply("items")
_VIEWS = ListReply("views", View)
_DASHBOARDS = ListReply("dashboards", Dashboard)

# Time and Versions, whose items Anaplan lists by view or line item only.
_NOT_LISTABLE = ("20000000003", "20000000020")


class Modules(ApiNamespace):
    """A model's modules, line items and dimensions."""

    async def get_modules(
        self, sort_by: Literal["id", "name"] | None = None, descending: bool = False
    ) -> list[Module]:
        """List the model's modules. The user must be a workspace administrator.

        Args:
            sort_by: Field to sort by; Anaplan's own order when None.
            descending: Whether to sort in descending order; has no effect without `sort_by`.

        Returns:
            The ids and names of the modules.

        Raises:
            InvalidArgumentException: `sort_by` is not one of the fields, or the client has no
                model.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Read module, view metadata and limited volume
        cell data".
        """
        return await self._list(
            _MODULES, f"{self._model}/modules", **sort_params(sort_by, descending)
        )

    async def get_module_views(
        self, module_id: int | str, *, include_subsidiary_views: bool = False
    ) -> list[View]:
        """List the views of a module. The user must be a workspace administrator.

        Args:
            module_id: The module (102…).
            include_subsidiary_views: Whether to include the views of single line items.

        Returns:
            The views; the default view has the name `default` here.

        Raises:
            InvalidArgumentException: The client has no model.
            InvalidIdentifierException: There is no such module, or the user cannot read it.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Read module, view metadata and limited volume
        cell data".
        """
        params = {"includesubsidiaryviews": "true"} if include_subsidiary_views else {}
        url = f"{self._model}/modules/{path_segment(module_id)}/views"
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
        """List line items with all their metadata. The user must be a workspace administrator.

        Args:
            only_module_id: List only the line items of this module (102…); by default those of the
                whole model.
            return_raw: Whether to return the line items as dicts with Anaplan's names, which takes
                less time, instead of models (default).

        Returns:
            The line items with format, formula, dimensions and so on.

        Raises:
            InvalidArgumentException: The client has no model.
            InvalidIdentifierException: There is no such module, or the user cannot read it.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Line Items".
        """
        url = f"{self._model}/lineItems"
        if only_module_id is not None:
            url = f"{self._model}/modules/{path_segment(only_module_id)}/lineItems"
        if return_raw:
            return await self._list(_RAW_ITEMS, url, includeAll="true")
        return await self._list(_LINE_ITEMS, url, includeAll="true")

    async def get_line_item_dimensions(self, line_item_id: int | str) -> list[Dimension]:
        """List the dimensions of a line item, including Time and Versions.

        The user must be a workspace administrator.

        Args:
            line_item_id: The line item.

        Returns:
            The ids and names of the dimensions; for an unknown line item often an empty list.

        Raises:
            InvalidArgumentException: The client has no model.
            InvalidIdentifierException: There is no such line item, or the user cannot read it.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Line Items".
        """
        url = f"{self._model}/lineItems/{path_segment(line_item_id)}/dimensions"
        return await self._list(_DIMENSIONS, url)

    async def get_line_item_dimension_items(
        self, line_item_id: int | str, dimension_id: int | str
    ) -> list[DimensionWithCode]:
        """List the items of one dimension of a line item, also of Time or Versions.

        The user must be a workspace administrator.

        Args:
            line_item_id: The line item.
            dimension_id: One of its dimensions.

        Returns:
            The items with ids, names and codes.

        Raises:
            InvalidArgumentException: The client has no model.
            InvalidIdentifierException: There is no such line item, or it does not have this
                dimension.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Line Items".
        """
        url = f"{self._model}/lineItems/{path_segment(line_item_id)}/dimensions"
        return await self._list_at_once(_ITEMS, f"{url}/{path_segment(dimension_id)}/items")

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
        """List the items of a dimension of at most 1,000,000 items.

        The user must be a workspace administrator.

        Args:
            dimension_id: A list (101…), a list subset (109…), a line item subset (114…) or Users
                (101999999999).
            return_raw: Whether to return the items as dicts with Anaplan's names, which takes less
                time, instead of models (default).

        Returns:
            The items with ids, names and codes.

        Raises:
            InvalidArgumentException: The client has no model.
            InvalidIdentifierException: There is no such dimension.
            AnaplanRequestException: The dimension has more items: use `read_list`. Or it is Time or
                Versions: use `get_view_dimension_items`.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Other Model Metadata".
        """
        url = self._items_url(dimension_id)
        has_limit = str(dimension_id) not in _NOT_LISTABLE
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
        """Look up items of a list, of Time, Versions or Users by codes or names.

        The comparison ignores case. The user must be a workspace administrator.

        Args:
            dimension_id: The dimension.
            codes: The codes to look up; Anaplan refuses codes for a dimension that has none.
            names: The names to look up.

        Returns:
            The items that were found; unknown codes and names are absent.

        Raises:
            InvalidArgumentException: Neither codes nor names were given, one of them is a str
                instead of a list, or the client has no model.
            InvalidIdentifierException: There is no such dimension.
            AnaplanRequestException: Codes were given, and the dimension has none.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Other Model Metadata".
        """
        if isinstance(codes, str) or isinstance(names, str) or not (codes or names):
            raise InvalidArgumentException("codes or names must be a list that is not empty.")
        wanted = {"codes": codes, "names": names}
        response = await self._session.send(
            "POST",
            self._items_url(dimension_id),
            json={key: [*values] for key, values in wanted.items() if values},
            retry=Retry.SAFE,
        )
        return decode(_ITEMS.adapter, response).items

    async def get_dashboards(self) -> list[Dashboard]:
        """List the model's classic dashboards.

        Returns:
            The ids and names of the dashboards.

        Raises:
            InvalidArgumentException: The client has no model.
            AnaplanException: The request failed; see the subclasses.
        """
        return await self._list(_DASHBOARDS, f"{self._model}/dashboards")

    def _items_url(self, dimension_id: int | str) -> str:
        return f"{self._model}/dimensions/{path_segment(dimension_id)}/items"
