"""The columns of views and lists as tables, from metadata alone."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from anaplan_sdk._arguments import identifier
from anaplan_sdk._async.api.lists import Lists
from anaplan_sdk._async.api.modules import Modules
from anaplan_sdk._async.api.views import Views
from anaplan_sdk._formats.tables.arguments import SchemaArgument
from anaplan_sdk._formats.tables.arrow_types import Schema
from anaplan_sdk._formats.tables.column_types import types_by_name, types_of_view
from anaplan_sdk._formats.tables.installed_library import arrow_library
from anaplan_sdk._formats.tables.list_columns import list_fields, typed_fields
from anaplan_sdk._formats.tables.table_parser import fields_of
from anaplan_sdk.exceptions import (
    AnaplanRequestException,
    InvalidArgumentException,
    InvalidIdentifierException,
    PermissionDeniedException,
)
from anaplan_sdk.models import Dimension, LineItem, ViewInfo

_LINE_ITEMS = "20000000012"
_MODULE = "102"
# Anaplan reports with one of these that a reply would be too large, or its format is not offered.
TOO_LARGE = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.NOT_ACCEPTABLE,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
)


class TableSchemas(Lists, Modules, Views):
    """The columns of views and lists as tables."""

    async def view_schema(
        self, view_id: int | str, *, schema: SchemaArgument | None = None
    ) -> Schema:
        """Return the schema of the table that `view_table` returns, without reading the view.

        It is made of metadata: the dimensions of the view, and the line items that it shows, with
        their formats. The user must be a workspace administrator.

        Args:
            view_id: The view: a saved view, a module (its default view) or a line item.
            schema: Types by column, which take precedence: "number", "boolean", "date", "text" or
                an Arrow type; or an Arrow schema.

        Returns:
            The names and types of the columns, as the Arrow library in use has them: a
            `pyarrow.Schema` or an `arro3.core.Schema`.

        Raises:
            InvalidArgumentException: `schema` has an unknown type or column, or the client has no
                model. Or metadata does not say which line items the view shows: it is a saved view
                of more than 1,000,000 cells, or a view of one line item that can't be
                distinguished from the others of the module, or whose module the user may not read.
            ArgumentTypeException: `schema` is neither a mapping nor an Arrow schema.
            ImportError: The extra `tables` is not installed.
            InvalidIdentifierException: There is no such view, or the user can't read it.
            AnaplanException: A request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Retrieve metadata for dimensions on a view".
        """
        library = arrow_library()
        chosen = types_by_name(library, schema)
        wanted = identifier(view_id)
        view = await self.get_view_info(wanted)
        module_id = await self._module_of(wanted)
        line_items = await self._readable_line_items(module_id)
        shown = await self._shown_line_items(wanted, view, line_items, is_whole=module_id == wanted)
        dimensions = _dimension_names(view)
        formats = {each.name: each.format for each in line_items}
        choose_types = types_of_view(library, dimensions, formats, chosen)
        return library.schema(fields_of([*dimensions, *shown], choose_types))

    async def list_schema(
        self, list_id: int | str, *, schema: SchemaArgument | None = None
    ) -> Schema:
        """Return the schema of the table that `list_table` returns, without reading its items.

        It is made of the definition of the list. The user must be a workspace administrator.

        Args:
            list_id: The list (101…).
            schema: Types by column, which take precedence: "number", "boolean", "date", "text" or
                an Arrow type; or an Arrow schema.

        Returns:
            The names and types of the columns, as the Arrow library in use has them: a
            `pyarrow.Schema` or an `arro3.core.Schema`.

        Raises:
            InvalidArgumentException: `schema` has an unknown type or column, or the client has no
                model.
            ArgumentTypeException: `schema` is neither a mapping nor an Arrow schema.
            ImportError: The extra `tables` is not installed.
            InvalidIdentifierException: There is no such list.
            AnaplanException: A request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Model lists".
        """
        library = arrow_library()
        chosen = types_by_name(library, schema)
        known = list_fields(await self.get_list_metadata(list_id))
        return library.schema(typed_fields(library, known, chosen))

    async def _module_of(self, view_id: str) -> str | None:
        """Return the module of a view; None if it is not known."""
        if view_id.startswith(_MODULE):
            return view_id
        try:
            views = await self.get_views()
        except (InvalidIdentifierException, PermissionDeniedException):
            return None
        modules = (each.moduleId for each in views if str(each.id) == view_id)
        module_id = next(modules, None)
        return None if module_id is None else str(module_id)

    async def _readable_line_items(self, module_id: str | None) -> list[LineItem]:
        """Return the line items of a module; none if it is not known or can't be read."""
        if module_id is None:
            return []
        try:
            return await self.get_line_items(module_id)
        except (InvalidIdentifierException, PermissionDeniedException):
            return []

    async def _dimensions_of(self, view_id: str) -> list[str]:
        """Return the names of a view's dimensions; none if it can't be read."""
        try:
            return _dimension_names(await self.get_view_info(view_id))
        except (InvalidIdentifierException, PermissionDeniedException):
            return []

    async def _shown_line_items(
        self, view_id: str, view: ViewInfo, line_items: Sequence[LineItem], *, is_whole: bool
    ) -> list[str]:
        """Return the names of the line items that a view shows, in its order.

        Args:
            view_id: The view.
            view: Its dimensions.
            line_items: The line items of its module.
            is_whole: Whether it is the default view of its module, which shows all of them.
        """
        if not any(str(each.id) == _LINE_ITEMS for each in _axes(view)):
            own = [each.name for each in line_items if str(each.id) == view_id]
            shown = own or [each.name for each in line_items]
            if len(shown) == 1:
                return shown
            raise InvalidArgumentException(
                f"view_id: metadata does not say which line item view {view_id} shows."
            )
        try:
            items = await self.get_view_dimension_items(view_id, _LINE_ITEMS)
        except AnaplanRequestException as error:
            if error.status_code not in TOO_LARGE:
                raise
            if is_whole and line_items:
                return [each.name for each in line_items]
            raise InvalidArgumentException(
                f"view_id: Anaplan does not list the line items that view {view_id} shows: "
                f"{error.message}"
            ) from error
        return [each.name for each in items]


def _axes(view: ViewInfo) -> list[Dimension]:
    return [*view.rows, *view.columns, *view.pages]


def _dimension_names(view: ViewInfo) -> list[str]:
    return [each.name for each in _axes(view) if str(each.id) != _LINE_ITEMS]
