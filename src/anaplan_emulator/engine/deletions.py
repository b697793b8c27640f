"""Deleting list items, and everything that hangs on them."""

# ruff: noqa: S608 (identifiers are made of our own keys and names; values are bound)

import sqlite3

from anaplan_emulator.engine.definitions import DeleteDefinition
from anaplan_emulator.engine.outcomes import Detail, Outcome
from anaplan_emulator.engine.run import Run
from anaplan_emulator.engine.structure import (
    list_by_name,
    module_by_name,
    modules,
    value_column,
)


def run_delete(run: Run, action_id: str, definition: DeleteDefinition) -> Outcome:
    """Delete the items of a list for which a boolean line item is true."""
    db = run.session.db
    items_of = list_by_name(db, run.model, definition.list)
    module = module_by_name(db, run.model, definition.module)
    line_item = module.line_item(definition.line_item)
    db.execute("DROP TABLE IF EXISTS temp.doomed")
    db.execute("CREATE TEMP TABLE doomed (item INTEGER PRIMARY KEY)")
    if line_item.formula:
        select = "SELECT key FROM list_items WHERE list = ? AND ?"
        db.execute(f"INSERT INTO temp.doomed {select}", (items_of.key, line_item.constant))
    else:
        (coordinate,) = module.coordinates
        chosen = f"SELECT {coordinate} FROM {module.table} WHERE {value_column(line_item)}"
        db.execute(f"INSERT INTO temp.doomed {chosen}")
    run.progress(0.5, f"Deleting from {items_of.name}")
    with run.session.transaction():
        count = delete_items(db, run.model, items_of.key)
    text = f"{items_of.name}: {count} items deleted"
    detail = Detail("deleteFromSelectionSucceeded", text, count)
    return Outcome(action_id, definition.name, successful=True, details=[detail])


def delete_items(db: sqlite3.Connection, model: int, list_key: int) -> int:
    """Delete the items of a list that the temporary table `doomed` names.

    Their cells go with them, and what refers to them is left empty.
    """
    doomed = "IN (SELECT item FROM temp.doomed)"
    for module in modules(db, model):
        for dimension in module.dimensions:
            if dimension.key == list_key:
                db.execute(f"DELETE FROM {module.table} WHERE d{list_key} {doomed}")
        for line_item in module.line_items:
            if line_item.entity_list == list_key:
                column = value_column(line_item)
                db.execute(f"UPDATE {module.table} SET {column} = NULL WHERE {column} {doomed}")
    db.execute(
        "DELETE FROM property_values WHERE property IN"
        f" (SELECT key FROM properties WHERE entity_list = ?) AND value {doomed}",
        (list_key,),
    )
    db.execute(f"UPDATE list_items SET parent = NULL WHERE parent {doomed}")
    return db.execute(f"DELETE FROM list_items WHERE key {doomed}").rowcount
