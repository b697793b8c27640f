"""The ids that a model's description gives, which derived ones must not collide with."""

from collections.abc import Iterable

from anaplan_emulator.loaders.data_tables import DataTable
from anaplan_emulator.loaders.item_tables import ITEM_ID, item_table
from anaplan_emulator.tenant.action_definitions import ACTION_CLASSES
from anaplan_emulator.tenant.description import DIGITS_OF_NUMBER
from anaplan_emulator.tenant.list_description import ListDescription
from anaplan_emulator.tenant.model_description import (
    ModelDescription,
    StructureDescription,
)
from anaplan_emulator.tenant.module_description import ModuleDescription


class GivenIds:
    """The ids that are given, and the prefixes of those that have one."""

    def __init__(self) -> None:
        self._owners: dict[str, str] = {}
        self.prefixes: set[int] = set()

    def __contains__(self, object_id: str) -> bool:
        return object_id in self._owners

    def add(self, object_id: str, owner: str, *, has_prefix: bool = False) -> None:
        """Add an id, if it is given.

        Args:
            object_id: The id, or "".
            owner: What has it.
            has_prefix: Whether its first digits are those of its list or module alone.

        Raises:
            ValueError: Something else has the same id. In a tenant's file that was found before,
                but not in additions to a model while the emulator runs.
        """
        if not object_id:
            return
        other = self._owners.setdefault(object_id, owner)
        if other != owner:
            raise ValueError(f"{other} and {owner} have the same id {object_id}")
        if has_prefix:
            self.prefixes.add(prefix_of(object_id))


def prefix_of(object_id: str) -> int:
    """Return the prefix in the id of an item, line item or view."""
    return int(object_id[:-DIGITS_OF_NUMBER])


def given_item_prefix(description: ListDescription) -> int | None:
    """Return the prefix in the ids of a list's items, if any is given.

    Raises:
        ValueError: The file of the items can't be read.
    """
    first = _first_item_id(item_table(description))
    # An id of another form is refused when the item is inserted.
    has_prefix = len(first) > DIGITS_OF_NUMBER and first.isascii() and first.isdecimal()
    return prefix_of(first) if has_prefix else None


def _first_item_id(table: DataTable | None) -> str:
    if table is None or ITEM_ID not in [column.lower() for column in table.columns]:
        return ""
    position = [column.lower() for column in table.columns].index(ITEM_ID)
    for batch in table.read():
        for text in batch.column(position):
            if text:
                return text
    return ""


def ids_in_model(model: ModelDescription) -> GivenIds:
    """Return the ids that a model's description gives, also for additions by its revisions.

    Raises:
        ValueError: Two objects have the same id.
    """
    given = ids_in_structure(
        model, *(revision.structure for revision in model.revisions), given=GivenIds()
    )
    for dashboard in model.described_dashboards:
        given.add(dashboard.id, f"dashboard {dashboard.name}")
    for file in model.files:
        given.add(file.id, f"file {file.name}")
    for member in ACTION_CLASSES:
        for action in getattr(model, member):
            given.add(action.id, f"action {action.name}")
    for version in model.described_versions:
        given.add(version.id, f"version {version.name}", has_prefix=True)
    return given


def ids_in_structure(
    *structures: ModelDescription | StructureDescription, given: GivenIds
) -> GivenIds:
    """Add the ids of lists and modules to those that are given, and return all of them.

    Raises:
        ValueError: Two objects have the same id.
    """
    for structure in structures:
        _add_lists(given, structure.lists)
        _add_modules(given, structure.modules)
    return given


def _add_lists(given: GivenIds, lists: Iterable[ListDescription]) -> None:
    for each in lists:
        given.add(each.id, f"list {each.name}")
        for subset in each.described_subsets:
            given.add(subset.id, f"subset {each.name}.{subset.name}")
        prefix = given_item_prefix(each)
        if prefix is not None:
            given.prefixes.add(prefix)


def _add_modules(given: GivenIds, modules: Iterable[ModuleDescription]) -> None:
    for module in modules:
        given.add(module.id, f"module {module.name}")
        for item in module.line_items:
            given.add(item.id, f"line item {module.name}.{item.name}", has_prefix=True)
        for view in module.views:
            given.add(view.id, f"view {module.name}.{view.name}", has_prefix=True)
