"""Deleting list items, their cells and references to them."""

# ruff: noqa: S608 (identifiers are made from keys; values are bound)

import sqlite3
from collections.abc import Collection

from anaplan_emulator.engine.action_results import ActionResult, Detail
from anaplan_emulator.engine.action_run import ActionRun
from anaplan_emulator.engine.structure import list_by_name, module_by_name, modules, value_column
from anaplan_emulator.tenant.action_definitions import DeleteDefinition


def run_delete(run: ActionRun, action_id: str, definition: DeleteDefinition) -> ActionResult:
    """Delete the items of a list for which a boolean line item is true."""
    db = run.session.db
    item_list = list_by_name(db, run.model, definition.list)
    module = module_by_name(db, run.model, definition.module)
    line_item = module.line_item(definition.line_item)
    if line_item.is_computed:
        rows = db.execute(
            "SELECT key FROM list_items WHERE list = ? AND ?", (item_list.key, line_item.constant)
        )
    else:
        (coordinate,) = module.coordinates
        rows = db.execute(
            f"SELECT {coordinate} FROM {module.table} WHERE {value_column(line_item)}"
        )
    keys = [key for (key,) in rows]
    run.progress(0.5, f"Deleting from {item_list.name}")
    with run.session.transaction():
        count = delete_items(db, run.model, item_list.key, keys)
    text = f"{item_list.name}: {count} items deleted"
    values = {
        "affectedItems": str(count),
        "targetName": item_list.name,
        "filterName": line_item.name,
    }
    detail = Detail("deleteFromSelectionSucceeded", text, count, values)
    return ActionResult(action_id, definition.name, successful=True, details=[detail])


def delete_items(db: sqlite3.Connection, model: int, list_key: int, keys: Collection[int]) -> int:
    """Delete items of a list and their cells, and clear references to them.

    Args:
        db: A transaction.
        model: Key of the model.
        list_key: Key of the list.
        keys: Keys of the items.

    Returns:
        The number of items that existed.
    """
    if not keys:
        return 0
    db.execute("CREATE TEMP TABLE deleted_items (item INTEGER PRIMARY KEY)")
    db.executemany("INSERT INTO temp.deleted_items VALUES (?)", [(key,) for key in keys])
    deleted = "IN (SELECT item FROM temp.deleted_items)"
    for module in modules(db, model):
        for dimension in module.dimensions:
            if dimension.key == list_key:
                db.execute(f"DELETE FROM {module.table} WHERE d{list_key} {deleted}")
        for line_item in module.line_items:
            if line_item.entity_list == list_key:
                column = value_column(line_item)
                db.execute(f"UPDATE {module.table} SET {column} = NULL WHERE {column} {deleted}")
    db.execute(
        "DELETE FROM property_values WHERE property IN"
        f" (SELECT key FROM properties WHERE entity_list = ?) AND value {deleted}",
        (list_key,),
    )
    db.execute(f"UPDATE list_items SET parent = NULL WHERE parent {deleted}")
    count = db.execute(f"DELETE FROM list_items WHERE key {deleted}").rowcount
    db.execute("DROP TABLE temp.deleted_items")
    return count
