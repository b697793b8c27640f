"""Mapping the columns of a file to what an import writes."""

from collections.abc import Iterable, Mapping, Sequence

from anaplan_emulator.tenant.action_definitions import ListTarget, ModuleTarget, SourceField
from anaplan_emulator.tenant.problems import TenantError
from anaplan_emulator.tenant_builder.list_builder import ListBuilder
from anaplan_emulator.tenant_builder.model_parts import describe
from anaplan_emulator.tenant_builder.module_builder import ModuleBuilder

Source = str | int | SourceField
"""Where a value comes from: a column's name or number, a constant, or a parameter of the run."""
Columns = Mapping[str, Source] | Sequence[str]
"""What an import writes, by name; columns of the same names if sources are not given."""


def list_target(into: ListBuilder, columns: Columns | None) -> ListTarget:
    """Describe an import into a list.

    Args:
        into: The list.
        columns: What is imported: `code`, `name`, `parent` and names of properties; by default
            all that the list has.

    Returns:
        The description.

    Raises:
        TenantError: The list has nothing of a given name, or an item can't be identified.
    """
    description = into.build()
    fields = [each.name for each in description.properties]
    own = ["code"] if description.numbered else ["code", "name"]
    own += ["parent"] if description.parent else []
    sources = _sources(columns, (*own, *fields), into.name)
    properties = {name: source for name, source in sources.items() if name in fields}
    members = {name: source for name, source in sources.items() if name not in fields}
    return describe(
        f"an import into {into.name}",
        ListTarget,
        {"list": into.name, **members, "properties": properties},
    )


def module_target(into: ModuleBuilder, columns: Columns | None) -> ModuleTarget:
    """Describe an import into a module.

    Args:
        into: The module.
        columns: Which line items are imported, by default all without a formula; and the columns
            of dimensions that have another name than the dimension.

    Returns:
        The description.

    Raises:
        TenantError: The module has nothing of a given name.
    """
    sources = _sources(columns, (*into.dimensions, *into.writable), into.name)
    line_items = {name: each for name, each in sources.items() if name not in into.dimensions}
    if not line_items:
        raise TenantError(
            f"an import into {into.name} needs the column of a line item:"
            f" {', '.join(into.writable)}"
        )
    dimensions = {name: sources.get(name, name) for name in into.dimensions}
    return describe(
        f"an import into {into.name}",
        ModuleTarget,
        {"module": into.name, "dimensions": dimensions, "line_items": line_items},
    )


def _sources(columns: Columns | None, known: Iterable[str], into: str) -> dict[str, Source]:
    names = list(known)
    if isinstance(columns, str):
        raise TenantError(f"an import into {into}: pass a list of columns, such as [{columns!r}]")
    if columns is None:
        return {name: name for name in names}
    sources: dict[str, Source] = {}
    sources.update(columns if isinstance(columns, Mapping) else zip(columns, columns, strict=True))
    if unknown := [name for name in sources if name not in names]:
        written = sources[unknown[0]]
        is_reversed = isinstance(columns, Mapping) and isinstance(written, str) and written in names
        hint = f": write {{{written!r}: {unknown[0]!r}}}" if is_reversed else ""
        raise TenantError(
            f"an import into {into} can't write {unknown[0]!r}, but only {', '.join(names)}{hint}"
        )
    return sources
