"""Building a model: its lists, modules, files and actions."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from anaplan_emulator.tenant.action_definitions import (
    ACTION_CLASSES,
    ACTION_PREFIXES,
    LINE_ITEMS,
    ActionDefinition,
    DeleteDefinition,
    ExportDefinition,
    ImportDefinition,
    OptimizerDefinition,
    OtherDefinition,
    ProcessDefinition,
)
from anaplan_emulator.tenant.description import Description
from anaplan_emulator.tenant.list_description import ListDescription, PropertyDescription
from anaplan_emulator.tenant.model_description import FileDescription, ModelDescription
from anaplan_emulator.tenant.module_description import LineItemDescription, ModuleDescription
from anaplan_emulator.tenant.problems import TenantError
from anaplan_emulator.tenant_builder.handles import (
    ActionHandle,
    FileHandle,
    ImportHandle,
    require_own,
)
from anaplan_emulator.tenant_builder.import_columns import Columns, list_target, module_target
from anaplan_emulator.tenant_builder.list_builder import Format, ListBuilder, format_members
from anaplan_emulator.tenant_builder.model_parts import ModelParts, describe
from anaplan_emulator.tenant_builder.module_builder import (
    Axis,
    Dimension,
    ModuleBuilder,
    axis_names,
    dimension_name,
)

Layout = Literal[
    "GRID_CURRENT_PAGE", "GRID_ALL_PAGES", "TABULAR_MULTI_COLUMN", "TABULAR_SINGLE_COLUMN"
]
Encoding = Literal["UTF-8", "ISO-8859-1", "UTF-16LE"]

_Part = ListDescription | ModuleDescription | FileDescription | ActionDefinition


class ModelBuilder:
    """A model that is being built. `TenantBuilder.model` creates it.

    Args:
        description: The model without content.
        emails: E-mail addresses of the tenant's users.
    """

    def __init__(self, description: ModelDescription, emails: Iterable[str]) -> None:
        self._parts = ModelParts(description)
        self._emails = emails
        self._lists: dict[str, ListBuilder] = {}
        self._modules: dict[str, ModuleBuilder] = {}

    @property
    def id(self) -> str:
        """Its id."""
        return self._parts.description.id

    @property
    def name(self) -> str:
        """Its name."""
        return self._parts.description.name

    def role(self, email: str, role: str) -> None:
        """Give a user a role in the model.

        Args:
            email: The user's e-mail address.
            role: Name of the role, such as `Planner`; `No Access` refuses access.

        Raises:
            TenantError: The tenant has no such user.
        """
        if email not in self._emails:
            raise TenantError(f"model {self.name}: {email!r} is not one of the users")
        self._parts.change({"roles": {**self._parts.description.roles, email: role}})

    def list(
        self,
        name: str,
        items: Iterable[str] | Mapping[str, str] = (),
        *,
        parent: ListBuilder | None = None,
        properties: Mapping[str, Format] | None = None,
        display_name: str = "",
        numbered: bool = False,
        subsets: Iterable[str] = (),
        top_level_item: str = "",
        category: str = "",
        production_data: bool = False,
        id: int | None = None,  # noqa: A002 (Anaplan's own term)
    ) -> ListBuilder:
        """Add a list.

        Args:
            name: Its name.
            items: Names of items, or names by code. Items of a numbered list have codes alone. To
                add items with parents, properties or subsets, call `ListBuilder.item`.
            parent: The parent list.
            properties: Formats by the name of the property.
            display_name: The property that is shown instead of the name, in a numbered list.
            numbered: Whether it is a numbered list.
            subsets: Names of its subsets.
            top_level_item: Name of the top-level item.
            category: Its category.
            production_data: Whether its items may change while the model is deployed.
            id: Its id, of 12 digits; by default the next one that begins with 101.

        Returns:
            The list.

        Raises:
            TenantError: There is such a list already, or the list contradicts itself.
        """
        if parent is not None:
            require_own("list", parent.name, parent.parts, self._parts)
        if display_name and display_name not in (properties or {}):
            raise TenantError(f"{name}: display_name {display_name!r} is not one of the properties")
        described = [
            describe(
                f"property {field} of {name}",
                PropertyDescription,
                {
                    **format_members(field, value, self._parts),
                    "display_name": field == display_name,
                },
            )
            for field, value in (properties or {}).items()
        ]
        description = describe(
            f"list {name}",
            ListDescription,
            {
                "id": str(id) if id else self._parts.next_id(101, "lists"),
                "name": name,
                "numbered": numbered,
                "production_data": production_data,
                "parent": parent.name if parent else "",
                "properties": tuple(described),
                "subsets": tuple(subsets),
                "top_level_item": top_level_item,
                "category": category,
            },
        )
        before = self._parts.description
        self._add("lists", description)
        added = ListBuilder(self._parts, description)
        try:
            added.items(items)
        except TenantError:
            self._parts.description = before
            del self._parts.items[name]
            raise
        self._lists[name] = added
        return added

    def module(
        self,
        name: str,
        dimensions: Sequence[Dimension],
        line_items: Mapping[str, Format],
        *,
        id: int | None = None,  # noqa: A002 (Anaplan's own term)
    ) -> ModuleBuilder:
        """Add a module.

        Args:
            name: Its name.
            dimensions: Its dimensions: lists, TIME and VERSIONS. A module without any has one cell
                for each line item.
            line_items: Formats by the name of the line item: NUMBER, TEXT, BOOLEAN, DATE or a
                list. To add one with a formula, call `ModuleBuilder.line_item`.
            id: Its id, of 12 digits; by default the next one that begins with 102.

        Returns:
            The module.

        Raises:
            TenantError: There is such a module already, or the module contradicts itself.
        """
        described = [
            describe(
                f"line item {item} of {name}",
                LineItemDescription,
                format_members(item, value, self._parts),
            )
            for item, value in line_items.items()
        ]
        if not described:
            raise TenantError(f"module {name} needs a line item")
        description = describe(
            f"module {name}",
            ModuleDescription,
            {
                "id": str(id) if id else self._parts.next_id(102, "modules"),
                "name": name,
                "dimensions": tuple(dimension_name(each, self._parts) for each in dimensions),
                "line_items": tuple(described),
            },
        )
        self._add("modules", description)
        added = ModuleBuilder(self._parts, description)
        self._modules[name] = added
        return added

    def file(
        self,
        name: str,
        content: str | None = None,
        *,
        encoding: Encoding = "UTF-8",
        separator: Literal[",", "\t", ";", "|", ""] = ",",
        delimiter: Literal['"', "'", ""] = '"',
        header_row: int = 1,
        first_data_row: int = 2,
        decimal_separator: Literal[".", ","] = ".",
        columns: Iterable[str] = (),
        id: int | None = None,  # noqa: A002 (Anaplan's own term)
    ) -> FileHandle:
        """Add a file that imports read.

        Args:
            name: Its name.
            content: Its content for users who have not uploaded anything.
            encoding: Its encoding.
            separator: The separator between columns.
            delimiter: The quote around texts.
            header_row: Line of the column names, from 1; 0 for a file without them.
            first_data_row: Line of the first row of data.
            decimal_separator: The separator before decimal places.
            columns: The columns that the file had when its imports were made.
            id: Its id, of 12 digits; by default the next one that begins with 113.

        Returns:
            The file.

        Raises:
            TenantError: There is such a file already, or a setting is not valid.
        """
        description = describe(
            f"file {name}",
            FileDescription,
            {
                "id": str(id) if id else self._parts.next_id(113, "files"),
                "name": name,
                "default": content,
                "encoding": encoding,
                "separator": separator,
                "delimiter": delimiter,
                "header_row": header_row,
                "first_data_row": first_data_row,
                "decimal_separator": decimal_separator,
                "columns": tuple(columns),
            },
        )
        self._add("files", description)
        return FileHandle(int(description.id), name, self._parts)

    def import_file(
        self,
        file: str | FileHandle,
        into: ListBuilder | ModuleBuilder,
        *,
        columns: Columns | None = None,
        name: str = "",
        id: int | None = None,  # noqa: A002 (Anaplan's own term)
    ) -> ImportHandle:
        """Add an import of a file into a list or module.

        Args:
            file: The file. A name stands for a new CSV file with a header.
            into: The list or module.
            columns: What is imported, from which columns. Into a list: `code`, `name`, `parent` and
                properties; by default all that the list has. Into a module: line items, by default
                all without a formula, and dimensions whose column has another name. A sequence
                contains names that the columns have as well, a mapping the columns by name.
            name: Its name; `<list or module> from <file>` by default.
            id: Its id, of 12 digits; by default the next one that begins with 112.

        Returns:
            The import, which has the file as its `file`.

        Raises:
            TenantError: There is such an action already, or the list or module has nothing of a
                given name.
        """
        require_own("target", into.name, into.parts, self._parts)
        if isinstance(into, ListBuilder):
            target: Description = list_target(into, columns)
        else:
            target = module_target(into, columns)
        if isinstance(file, FileHandle):
            require_own("file", file.name, file.parts, self._parts)
        file_name = file if isinstance(file, str) else file.name
        before = self._parts.description
        read = self.file(file) if isinstance(file, str) else file
        try:
            action = self._action(
                ImportDefinition,
                "imports",
                id,
                name=name or f"{into.name} from {file_name}",
                file=file_name,
                target=target,
            )
        except TenantError:
            self._parts.description = before
            raise
        return ImportHandle(action.id, action.name, self._parts, read)

    def export(
        self,
        name: str,
        module: ModuleBuilder,
        *,
        layout: Layout = "TABULAR_MULTI_COLUMN",
        rows: Sequence[Axis] = (),
        columns: Sequence[Axis] = (LINE_ITEMS,),
        pages: Sequence[Axis] = (),
        labels: Literal["name", "code"] = "name",
        omit_empty_rows: bool = False,
        export_format: Literal["text/csv", "text/plain"] = "text/csv",
        encoding: Encoding = "UTF-8",
    ) -> ActionHandle:
        """Add an export of a module's cells.

        Args:
            name: Its name, which its output file has as well.
            module: The module.
            layout: Its layout.
            rows: Dimensions on rows, of a grid.
            columns: Dimensions on columns, of a grid.
            pages: Dimensions on pages, of a grid.
            labels: How list items are shown.
            omit_empty_rows: Whether rows without content are left out.
            export_format: Whether columns are separated by commas or by tabs.
            encoding: Encoding of the output file.

        Returns:
            The export. Its output file has the same id.

        Raises:
            TenantError: There is such an action already, or the axes are not those of the module.
        """
        require_own("module", module.name, module.parts, self._parts)
        return self._action(
            ExportDefinition,
            "exports",
            name=name,
            module=module.name,
            layout=layout,
            rows=axis_names(rows, self._parts),
            columns=axis_names(columns, self._parts),
            pages=axis_names(pages, self._parts),
            labels=labels,
            omit_empty_rows=omit_empty_rows,
            export_format=export_format,
            encoding=encoding,
        )

    def deletion(
        self, name: str, items_of: ListBuilder, module: ModuleBuilder, line_item: str
    ) -> ActionHandle:
        """Add a deletion of those items of a list for which a boolean line item is true.

        Args:
            name: Its name.
            items_of: The list.
            module: A module by this list alone.
            line_item: Name of the line item.

        Returns:
            The action.

        Raises:
            TenantError: There is such an action already, or no such line item.
        """
        require_own("list", items_of.name, items_of.parts, self._parts)
        require_own("module", module.name, module.parts, self._parts)
        return self._action(
            DeleteDefinition,
            "deletions",
            name=name,
            list=items_of.name,
            module=module.name,
            line_item=line_item,
        )

    def optimizer(
        self, name: str, module: ModuleBuilder, *, objective: str, choice: str, at_most: int
    ) -> ActionHandle:
        """Add an optimizer, which selects the cells of a line item with the greatest values.

        Args:
            name: Its name.
            module: The module.
            objective: The number line item whose sum over the selection is maximized.
            choice: The boolean line item that is set to true for the selection.
            at_most: Greatest size of the selection.

        Returns:
            The action.

        Raises:
            TenantError: There is such an action already, or no such line item.
        """
        require_own("module", module.name, module.parts, self._parts)
        return self._action(
            OptimizerDefinition,
            "optimizers",
            name=name,
            module=module.name,
            objective=objective,
            choice=choice,
            at_most=at_most,
        )

    def process(self, name: str, actions: Sequence[ActionHandle]) -> ActionHandle:
        """Add a process, which runs actions one after another.

        Args:
            name: Its name.
            actions: The actions.

        Returns:
            The process.

        Raises:
            TenantError: There is such an action already, or an action is of another model.
        """
        for each in actions:
            require_own("action", each.name, each.parts, self._parts)
        return self._action(
            ProcessDefinition, "processes", name=name, actions=[each.name for each in actions]
        )

    def other_action(self, name: str, action_type: str = "OTHER") -> ActionHandle:
        """Add an action that the emulator lists but can't run.

        Args:
            name: Its name.
            action_type: Anaplan's `actionType`.

        Returns:
            The action.

        Raises:
            TenantError: There is such an action already.
        """
        return self._action(OtherDefinition, "other_actions", name=name, action_type=action_type)

    def build(self) -> ModelDescription:
        """Return the description of the model.

        Returns:
            The description.
        """
        description = self._parts.description
        return description.model_copy(
            update={
                "lists": tuple(self._lists[each.name].build() for each in description.lists),
                "modules": tuple(self._modules[each.name].build() for each in description.modules),
            }
        )

    def _action(
        self,
        kind: type[ActionDefinition],
        member: str,
        given_id: int | None = None,
        **members: object,
    ) -> ActionHandle:
        """Add an action. The ids of all kinds that share a prefix are numbered together."""
        prefix = ACTION_PREFIXES[kind.model_fields["kind"].default]
        sharing = [
            each
            for each, definition in ACTION_CLASSES.items()
            if ACTION_PREFIXES[definition.model_fields["kind"].default] == prefix
        ]
        action_id = str(given_id) if given_id else self._parts.next_id(int(prefix), *sharing)
        name = str(members["name"])
        self._add(member, describe(f"action {name}", kind, {"id": action_id, **members}))
        return ActionHandle(int(action_id), name, self._parts)

    def _add(self, member: str, part: _Part) -> None:
        """Add a part whose name and id no other of its kind has."""
        members = tuple(ACTION_CLASSES) if member in ACTION_CLASSES else (member,)
        kind = "action" if member in ACTION_CLASSES else member.removesuffix("s")
        others: Iterable[_Part] = [
            other for each in members for other in getattr(self._parts.description, each)
        ]
        for other in others:
            if other.name.lower() == part.name.lower():
                hint = ": pass its handle to read it again" if kind == "file" else ""
                raise TenantError(f"model {self.name} has the {kind} {other.name} already{hint}")
            if other.id == part.id:
                raise TenantError(
                    f"model {self.name}: the {kind} {other.name} has the id {part.id} already"
                )
        self._parts.add(member, part)
