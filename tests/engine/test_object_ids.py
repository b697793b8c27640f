"""Ids of the objects of a model are distinct, however many there are."""

import re
from pathlib import Path

import anaplan_emulator
from anaplan_emulator.engine.structure import item_id, item_key, list_by_name
from anaplan_emulator.tenant.model_description import StructureDescription
from anaplan_emulator.tenant.tenant_description import TenantDescription
from anaplan_emulator.tenant_state import TenantState

COUNT = 2000
IDS = """
    SELECT id FROM lists UNION ALL SELECT id FROM modules UNION ALL SELECT id FROM views
    UNION ALL SELECT id FROM line_items UNION ALL SELECT id FROM subsets
    UNION ALL SELECT item_prefix || '000000001' FROM lists
"""


def structure(first: int, last: int) -> dict[str, object]:
    numbers = range(first, last)
    item = {"name": "Item"}
    return {
        "lists": [{"name": f"List {n}", "items": [item], "subsets": ["Subset"]} for n in numbers],
        "modules": [
            {
                "name": f"Module {n}",
                "dimensions": [f"List {n}"],
                "line_items": [{"name": "Units"}],
                "views": [{"name": f"View {n}"}],
            }
            for n in numbers
        ],
    }


def test_ids_of_thousands_of_lists_and_modules_are_distinct() -> None:
    user = {"email": "a@example.com", "password": "x", "first_name": "A", "last_name": "B"}
    model = {"name": "Large", **structure(0, 350)}
    workspaces = [{"name": "Workspace", "models": [model]}]
    tenant = TenantDescription.model_validate(
        {"name": "Large", "users": [user], "workspaces": workspaces}
    )
    state = TenantState(tenant=tenant)
    try:
        # Parts are added below, at and beyond the last prefix of three digits.
        for first, last in ((350, 400), (400, 450), (450, COUNT)):
            change = StructureDescription.model_validate(structure(first, last))
            state.restructure("Large", change)
        with state.store.snapshot() as db:
            ids = [row[0] for row in db.execute(IDS)]
            for number in (0, COUNT - 1):
                item_list = list_by_name(db, 1, f"List {number}")
                (key,) = db.execute(
                    "SELECT key FROM list_items WHERE list = ?", (item_list.key,)
                ).fetchone()
                assert item_key(db, item_list, item_id(db, item_list, key)) == key
    finally:
        state.close()
    assert len(ids) == 6 * COUNT + 4  # Time and Versions, and their first items.
    assert len(set(ids)) == len(ids)


def test_sql_has_no_numbered_placeholders() -> None:
    """Python 3.12.0 to 3.12.3 warn of them if their values are given as a sequence."""
    root = Path(next(iter(anaplan_emulator.__path__)))
    for path in (*root.rglob("*.py"), *root.rglob("*.sql")):
        assert not re.search(r"[ =(,]\?\d", path.read_text("utf-8")), path
