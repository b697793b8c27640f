"""Pages of workspaces and models."""

import sqlite3
from dataclasses import dataclass

from starlette.responses import Response

from anaplan_emulator.apis.access import Model, all_models, model_by_id
from anaplan_emulator.apis.catalog.state import all_workspaces
from anaplan_emulator.apis.lists.state import all_lists
from anaplan_emulator.console.rendering import page
from anaplan_emulator.console.visits import PageError, Visit
from anaplan_emulator.engine import file_contents
from anaplan_emulator.engine.actions import actions
from anaplan_emulator.engine.cells import item_count
from anaplan_emulator.engine.structure import ListStructure, ModuleStructure, modules


@dataclass(frozen=True, slots=True)
class ListNode:
    """A list in the hierarchy of lists.

    Attributes:
        structure: The list.
        items: Number of its items.
        children: The lists whose items have parents in it.
    """

    structure: ListStructure
    items: int
    children: tuple["ListNode", ...]


@dataclass(frozen=True, slots=True)
class ModuleSummary:
    """A module in the table of modules.

    Attributes:
        structure: The module.
        cells: Number of combinations of items, times the number of line items.
    """

    structure: ModuleStructure
    cells: int


def show_models(visit: Visit) -> Response:
    """GET /models: all workspaces with their models."""
    with visit.tenant.store.snapshot() as db:
        workspaces = all_workspaces(db)
        models = all_models(db)
    grouped = [
        (workspace, [model for model in models if model.workspace_id == workspace.id])
        for workspace in workspaces
    ]
    return page(visit, "models.html", "Workspaces and models", workspaces=grouped)


def show_model(visit: Visit) -> Response:
    """GET /models/{model}: what a model contains."""
    with visit.tenant.store.snapshot() as db:
        model = requested_model(db, visit)
        lists = list_tree(db, model.key)
        summaries = [_summary(db, each) for each in modules(db, model.key)]
        found_files = file_contents.files(db, model.key)
        found_actions = actions(db, model.key)
    return page(
        visit,
        "model.html",
        model.name,
        model=model,
        lists=lists,
        modules=summaries,
        files=found_files,
        actions=found_actions,
    )


def requested_model(db: sqlite3.Connection, visit: Visit) -> Model:
    """Return the model in the path.

    Raises:
        PageError: 404.
    """
    model = model_by_id(db, visit.parameters["model"])
    if model is None:
        raise PageError(404, "The tenant has no such model.")
    return model


def list_tree(db: sqlite3.Connection, model: int) -> tuple[ListNode, ...]:
    """Read the hierarchy of a model's lists."""
    lists = all_lists(db, model)

    def below(parent: int | None) -> tuple[ListNode, ...]:
        return tuple(
            ListNode(each, item_count(db, each), below(each.key))
            for each in lists
            # A list whose items have parents in the list itself is shown once.
            if (None if each.parent == each.key else each.parent) == parent
        )

    return below(None)


def action_names(db: sqlite3.Connection) -> dict[tuple[int, str], str]:
    """Read the names of all actions, by the key of the model and the action's id."""
    rows = db.execute("SELECT model, id, name FROM actions")
    return {(row["model"], row["id"]): row["name"] for row in rows}


def _summary(db: sqlite3.Connection, module: ModuleStructure) -> ModuleSummary:
    cells = len(module.line_items)
    for dimension in module.dimensions:
        cells *= item_count(db, dimension)
    return ModuleSummary(module, cells)
