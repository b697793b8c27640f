"""Checks of a model's history: what each revision adds to the lists and modules before it."""

from anaplan_emulator.tenant.list_description import ListDescription, check_list
from anaplan_emulator.tenant.model_description import TIME, VERSIONS, ModelDescription
from anaplan_emulator.tenant.module_description import (
    ModuleAddition,
    ModuleDescription,
    check_line_items,
    check_module,
)
from anaplan_emulator.tenant.problems import Checks, Location


def check_revisions(checks: Checks, location: Location, model: ModelDescription) -> None:
    """Check the structure that revisions add.

    Args:
        checks: Collects the mistakes.
        location: Where the model is described.
        model: The model.
    """
    history = _History(checks, location, model)
    for number, revision in enumerate(model.revisions):
        at = (*location, "revisions", number, "structure")
        history.places.append((*at, "lists"))
        history.add_lists((*at, "lists"), revision.structure.lists)
        for position, module in enumerate(revision.structure.modules):
            history.add_module((*at, "modules", position), module)


class _History:
    """The lists and modules of a model, as revisions add to them.

    Args:
        checks: Collects the mistakes.
        location: Where the model is described.
        model: The model.

    Attributes:
        places: Where lists are described.
    """

    def __init__(self, checks: Checks, location: Location, model: ModelDescription) -> None:
        self._checks = checks
        self._lists = {each.name: each for each in model.lists}
        self._modules: dict[str, ModuleDescription] = {each.name: each for each in model.modules}
        self.places: list[Location] = [(*location, "lists")]

    def add_lists(self, location: Location, lists: tuple[ListDescription, ...]) -> None:
        """Check lists, which may refer to each other, and add them."""
        before = dict(self._lists)
        for each in lists:
            existing = before.get(each.name)
            self._lists[each.name] = each if existing is None else _extended(existing, each)
        for number, each in enumerate(lists):
            at, existing = (*location, number), before.get(each.name)
            check_list(self._checks, at, each, self._lists, self.places, existing)
            taken = {field.name.lower() for field in existing.properties} if existing else set()
            for position, field in enumerate(each.properties):
                if field.name.lower() in taken:
                    self._checks.add(
                        (*at, "properties", position, "name"),
                        f"list {each.name} has a property {field.name!r} already",
                        "Only additions are given here.",
                    )

    def add_module(self, location: Location, module: ModuleAddition) -> None:
        """Check a module, and add it."""
        existing = self._modules.get(module.name)
        if existing is None:
            dimensions = [*self._lists, TIME, VERSIONS]
            check_module(self._checks, location, module, self._lists, dimensions, self.places)
            self._modules[module.name] = module
            return
        for member in ("dimensions", "cells", "views"):
            if getattr(module, member):
                self._checks.add(
                    (*location, member),
                    f"module {module.name} exists already: only line items can be added to it",
                    f"Remove {member}.",
                )
        taken = {item.name.lower() for item in existing.line_items}
        for number, item in enumerate(module.line_items):
            if item.name.lower() in taken:
                self._checks.add(
                    (*location, "line_items", number, "name"),
                    f"module {module.name} has a line item {item.name!r} already",
                    "Only additions are given here.",
                )
        line_items = (*existing.line_items, *module.line_items)
        whole = existing.model_copy(update={"line_items": line_items})
        check_line_items(self._checks, location, module, whole, self._lists, self.places)
        self._modules[module.name] = whole


def _extended(existing: ListDescription, added: ListDescription) -> ListDescription:
    return existing.model_copy(
        update={
            "properties": (*existing.properties, *added.properties),
            "subsets": (*existing.subsets, *added.subsets),
        }
    )
