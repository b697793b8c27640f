"""Changing a model's structure into another one, while keeping the data of what remains."""

# ruff: noqa: S608 (identifiers are made from keys; values are bound)

import json
import sqlite3
from typing import Any

from anaplan_emulator.engine.blueprint import Blueprint, read_blueprint
from anaplan_emulator.engine.deletions import delete_items
from anaplan_emulator.engine.model_calendar import change_calendar
from anaplan_emulator.engine.structure import ITEMS_PER_LIST, create_cells_table, module_by_name
from anaplan_emulator.store.records import insert_record


def apply_blueprint(db: sqlite3.Connection, model: int, target: Blueprint) -> None:
    """Change a model's structure into another one.

    An object of the same id remains, possibly with a new name. Its cells are kept if dimensions and
    format are the same. Items of production lists are kept.

    Args:
        db: A transaction.
        model: Key of the model.
        target: The new structure.
    """
    _Synchronization(db, model, target).run()


class _Synchronization:
    def __init__(self, db: sqlite3.Connection, model: int, target: Blueprint) -> None:
        self._db = db
        self._model = model
        self._target = target
        self._current = read_blueprint(db, model)
        self._lists = self._keys("lists")
        self._modules = self._keys("modules")

    def run(self) -> None:
        # Names are unique, and objects may have exchanged theirs: give them temporary names first.
        for table in ("lists", "modules"):
            self._db.execute(
                f"UPDATE {table} SET name = char(1) || id WHERE model = ?", (self._model,)
            )
        self._remove_modules()
        self._update_lists()
        for list_id, each in self._target["lists"].items():
            self._update_properties(list_id, each)
            self._update_details(list_id, each)
        self._update_modules()
        self._remove_lists()
        structural = {
            list_id: each
            for list_id, each in self._target["lists"].items()
            if not each["production_data"]
        }
        for list_id, each in structural.items():
            self._update_items(list_id, each)
        # Parents and properties refer to items of any list, so all items are created first.
        for list_id, each in structural.items():
            self._set_parents_and_values(list_id, each)
            self._set_subset_items(list_id, each)
        self._update_time_and_versions()
        self._replace_actions()
        self._replace_views()

    def _keys(self, table: str) -> dict[str, int]:
        rows = self._db.execute(f"SELECT id, key FROM {table} WHERE model = ?", (self._model,))
        return dict(rows.fetchall())

    def _insert(self, table: str, **values: Any) -> int:
        return insert_record(self._db, table, values)

    def _update(self, table: str, key: int, **values: Any) -> None:
        columns = ", ".join(f"{name} = ?" for name in values)
        self._db.execute(f"UPDATE {table} SET {columns} WHERE key = ?", [*values.values(), key])

    def _remove_modules(self) -> None:
        for module_id in self._current["modules"].keys() - self._target["modules"].keys():
            key = self._modules.pop(module_id)
            self._db.execute(f"DROP TABLE cells_{key}")
            self._db.execute("DELETE FROM modules WHERE key = ?", (key,))

    def _update_lists(self) -> None:
        for list_id, each in self._target["lists"].items():
            values = {
                name: each[name]
                for name in ("name", "kind", "numbered", "production_data", "item_prefix")
            }
            if list_id in self._lists:
                self._update("lists", self._lists[list_id], **values)
            else:
                self._lists[list_id] = self._insert(
                    "lists", model=self._model, id=list_id, next_index=1, **values
                )
        for list_id, each in self._target["lists"].items():
            parent = self._lists[each["parent"]] if each["parent"] else None
            self._update("lists", self._lists[list_id], parent=parent)
            if list_id in self._current["lists"]:
                before = self._current["lists"][list_id]["parent"]
                if before is not None and before != each["parent"]:
                    self._db.execute(
                        "UPDATE list_items SET parent = NULL WHERE list = ?",
                        (self._lists[list_id],),
                    )

    def _update_properties(self, list_id: str, each: dict[str, Any]) -> None:
        key = self._lists[list_id]
        before = self._current["lists"].get(list_id, {}).get("properties", {})
        for name in before.keys() - each["properties"].keys():
            self._db.execute("DELETE FROM properties WHERE list = ? AND name = ?", (key, name))
        for name, field in each["properties"].items():
            values = {
                "data_type": field["data_type"],
                "entity_list": self._entity_list(field),
                "display_name": field["display_name"],
            }
            if name not in before:
                self._insert("properties", list=key, name=name, **values)
                continue
            (property_key,) = self._db.execute(
                "SELECT key FROM properties WHERE list = ? AND name = ?", (key, name)
            ).fetchone()
            if _format(field) != _format(before[name]):
                self._db.execute("DELETE FROM property_values WHERE property = ?", (property_key,))
            self._update("properties", property_key, **values)

    def _update_details(self, list_id: str, each: dict[str, Any]) -> None:
        key = self._lists[list_id]
        self._db.execute("DELETE FROM list_details WHERE list = ?", (key,))
        if each["details"] is not None:
            self._insert("list_details", list=key, **each["details"])
        self._db.execute("UPDATE subsets SET name = char(1) || id WHERE list = ?", (key,))
        rows = self._db.execute("SELECT id, key FROM subsets WHERE list = ?", (key,))
        before: dict[str, int] = dict(rows.fetchall())
        for subset_id in before.keys() - each["subsets"].keys():
            self._db.execute("DELETE FROM subsets WHERE key = ?", (before[subset_id],))
        for subset_id, subset in each["subsets"].items():
            if subset_id in before:
                self._update("subsets", before[subset_id], name=subset["name"])
            else:
                self._insert("subsets", list=key, id=subset_id, name=subset["name"])

    def _set_subset_items(self, list_id: str, each: dict[str, Any]) -> None:
        key = self._lists[list_id]
        base = key * ITEMS_PER_LIST
        rows = self._db.execute("SELECT id, key FROM subsets WHERE list = ?", (key,))
        for subset_id, subset in rows.fetchall():
            self._db.execute("DELETE FROM subset_items WHERE subset = ?", (subset,))
            self._db.executemany(
                "INSERT INTO subset_items (subset, item) VALUES (?, ?)",
                [(subset, base + index) for index in each["subsets"][subset_id]["items"]],
            )

    def _entity_list(self, field: dict[str, Any]) -> int | None:
        return self._lists[field["entity_list"]] if field["entity_list"] else None

    def _update_modules(self) -> None:
        for module_id, module in self._target["modules"].items():
            before = self._current["modules"].get(module_id)
            if before is None:
                self._insert_module(module_id, module)
                continue
            key = self._modules[module_id]
            self._update("modules", key, name=module["name"])
            moved = before["dimensions"] != module["dimensions"]
            if moved:
                # The dimensions of the cells have changed: none can be kept.
                self._db.execute(f"DROP TABLE cells_{key}")
                self._db.execute("DELETE FROM dimensions WHERE module = ?", (key,))
                self._insert_dimensions(key, module)
            self._update_line_items(key, before, module, cells=not moved)
            if moved:
                create_cells_table(self._db, module_by_name(self._db, self._model, module["name"]))

    def _insert_module(self, module_id: str, module: dict[str, Any]) -> None:
        key = self._insert("modules", model=self._model, id=module_id, name=module["name"])
        self._modules[module_id] = key
        self._insert_dimensions(key, module)
        for item_id, item in module["line_items"].items():
            self._insert_line_item(key, item_id, item)
        create_cells_table(self._db, module_by_name(self._db, self._model, module["name"]))

    def _insert_dimensions(self, key: int, module: dict[str, Any]) -> None:
        for position, list_id in enumerate(module["dimensions"]):
            self._db.execute(
                "INSERT INTO dimensions (module, position, list) VALUES (?, ?, ?)",
                (key, position, self._lists[list_id]),
            )

    def _insert_line_item(self, module_key: int, item_id: str, item: dict[str, Any]) -> int:
        key = self._insert(
            "line_items", module=module_key, id=item_id, **self._line_item_values(item)
        )
        self._insert("line_item_attributes", line_item=key, **item["attributes"])
        return key

    def _line_item_values(self, item: dict[str, Any]) -> dict[str, Any]:
        values = item | {"entity_list": self._entity_list(item)}
        del values["attributes"]
        return values

    def _update_line_items(
        self, key: int, before: dict[str, Any], module: dict[str, Any], *, cells: bool
    ) -> None:
        """Update a module's line items and the columns of its table of cells."""
        rows = self._db.execute("SELECT id, key FROM line_items WHERE module = ?", (key,))
        keys: dict[str, int] = dict(rows.fetchall())
        self._db.execute("UPDATE line_items SET name = char(1) || id WHERE module = ?", (key,))
        items = before["line_items"]
        for item_id, item_key in keys.items():
            if item_id not in module["line_items"]:
                self._db.execute("DELETE FROM line_items WHERE key = ?", (item_key,))
                if cells and _has_column(items[item_id]):
                    self._db.execute(f"ALTER TABLE cells_{key} DROP COLUMN v{item_key}")
        for item_id, item in module["line_items"].items():
            old = items.get(item_id)
            if old is None:
                item_key = self._insert_line_item(key, item_id, item)
            else:
                item_key = keys[item_id]
                self._update("line_items", item_key, **self._line_item_values(item))
                self._db.execute(
                    "DELETE FROM line_item_attributes WHERE line_item = ?", (item_key,)
                )
                self._insert("line_item_attributes", line_item=item_key, **item["attributes"])
            had_column = old is not None and _has_column(old)
            unchanged = old is not None and had_column and _format(old) == _format(item)
            if cells and had_column and not (_has_column(item) and unchanged):
                self._db.execute(f"ALTER TABLE cells_{key} DROP COLUMN v{item_key}")
            if cells and _has_column(item) and not unchanged:
                self._db.execute(f"ALTER TABLE cells_{key} ADD COLUMN v{item_key}")

    def _remove_lists(self) -> None:
        removed = self._current["lists"].keys() - self._target["lists"].keys()
        keys = [(self._lists.pop(list_id),) for list_id in removed]
        # Their properties may refer to items of each other.
        self._db.executemany("DELETE FROM properties WHERE list = ?", keys)
        self._db.executemany("DELETE FROM lists WHERE key = ?", keys)

    def _update_items(self, list_id: str, each: dict[str, Any]) -> None:
        key = self._lists[list_id]
        before = self._current_items(list_id)
        base = key * ITEMS_PER_LIST
        removed = [base + int(index) for index in before.keys() - each["items"].keys()]
        delete_items(self._db, self._model, key, removed)
        changed = {
            index: item
            for index, item in each["items"].items()
            if index in before and _labels(before[index]) != _labels(item)
        }
        self._db.executemany(
            "UPDATE list_items SET name = char(1) || key, code = NULL WHERE key = ?",
            [(base + int(index),) for index in changed],
        )
        self._db.executemany(
            "UPDATE list_items SET name = ?, code = ? WHERE key = ?",
            [(*_labels(item), base + int(index)) for index, item in changed.items()],
        )
        self._db.executemany(
            "INSERT INTO list_items (key, list, name, code) VALUES (?, ?, ?, ?)",
            [
                (base + int(index), key, *_labels(item))
                for index, item in each["items"].items()
                if index not in before
            ],
        )
        self._set_numbers(key, each["items"])
        numbers = (max(int(index), item["number"]) for index, item in each["items"].items())
        following = max(numbers, default=0) + 1
        self._db.execute(
            "UPDATE lists SET next_index = max(next_index, ?) WHERE key = ?", (following, key)
        )

    def _set_numbers(self, key: int, items: dict[str, Any]) -> None:
        """Set the numbers of items in which they differ from the index."""
        numbers = [
            (key * ITEMS_PER_LIST + int(index), item["number"])
            for index, item in items.items()
            if item["number"] != int(index)
        ]
        if numbers:
            self._db.executemany("INSERT OR REPLACE INTO item_numbers VALUES (?, ?)", numbers)
            self._update("lists", key, renumbered=True)

    def _current_items(self, list_id: str) -> dict[str, Any]:
        """Return the items of a list; those of a production list are not in the blueprint."""
        before = self._current["lists"].get(list_id)
        if before is None:
            return {}
        if not before["production_data"]:
            return dict(before["items"])
        key = self._lists[list_id]
        rows = self._db.execute("SELECT key, name, code FROM list_items WHERE list = ?", (key,))
        return {
            str(row["key"] % ITEMS_PER_LIST): {
                "name": row["name"],
                "code": row["code"],
                "parent": None,
                "properties": {},
            }
            for row in rows
        }

    def _set_parents_and_values(self, list_id: str, each: dict[str, Any]) -> None:
        key = self._lists[list_id]
        base = key * ITEMS_PER_LIST
        parents = self._lists[each["parent"]] * ITEMS_PER_LIST if each["parent"] else 0
        self._db.executemany(
            "UPDATE list_items SET parent = :parent WHERE key = :key AND parent IS NOT :parent",
            [
                {
                    "parent": None if item["parent"] is None else parents + item["parent"],
                    "key": base + int(index),
                }
                for index, item in each["items"].items()
            ],
        )
        self._db.execute(
            "DELETE FROM property_values WHERE property IN"
            " (SELECT key FROM properties WHERE list = ?)",
            (key,),
        )
        rows = self._db.execute("SELECT key, name FROM properties WHERE list = ?", (key,))
        for property_key, name in rows.fetchall():
            entity_list = each["properties"][name]["entity_list"]
            offset = self._lists[entity_list] * ITEMS_PER_LIST if entity_list else None
            self._db.executemany(
                "INSERT INTO property_values (item, property, value) VALUES (?, ?, ?)",
                [
                    (
                        base + int(index),
                        property_key,
                        item["properties"][name] + (offset or 0)
                        if offset is not None
                        else item["properties"][name],
                    )
                    for index, item in each["items"].items()
                    if name in item["properties"]
                ],
            )

    def _update_time_and_versions(self) -> None:
        """Update the calendar and versions; current period, switchovers and edit ranges remain."""
        calendar = self._target["calendar"]
        if calendar != self._current["calendar"]:
            definition = {name: each for name, each in calendar.items() if name != "fiscal_year"}
            change_calendar(self._db, self._model, definition, calendar["fiscal_year"])
        for list_id, each in self._target["lists"].items():
            if each["kind"] != "VERSIONS":
                continue
            base = self._lists[list_id] * ITEMS_PER_LIST
            self._db.executemany(
                "INSERT INTO versions (item, is_current, is_actual, notes) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (item) DO UPDATE SET is_current = excluded.is_current,"
                " is_actual = excluded.is_actual, notes = excluded.notes",
                [
                    (
                        base + int(index),
                        version["is_current"],
                        version["is_actual"],
                        version["notes"],
                    )
                    for index, version in self._target["versions"].items()
                ],
            )

    def _replace_actions(self) -> None:
        """Replace files and actions; the content of remaining files is kept."""
        target_files = self._target["files"]
        for file_id in self._current["files"].keys() - target_files.keys():
            self._db.execute("DELETE FROM files WHERE model = ? AND id = ?", (self._model, file_id))
        self._db.executemany(
            "INSERT INTO files (model, id, name, file_format) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (model, id)"
            " DO UPDATE SET name = excluded.name, file_format = excluded.file_format",
            [
                (self._model, file_id, file["name"], file["file_format"])
                for file_id, file in target_files.items()
            ],
        )
        self._db.execute("DELETE FROM actions WHERE model = ?", (self._model,))
        self._db.executemany(
            "INSERT INTO actions (model, id, name, definition) VALUES (?, ?, ?, ?)",
            [
                (self._model, action_id, action["name"], json.dumps(action["definition"]))
                for action_id, action in self._target["actions"].items()
            ],
        )

    def _replace_views(self) -> None:
        """Replace saved views and dashboards."""
        self._db.execute("DELETE FROM views WHERE model = ?", (self._model,))
        for view_id, view in self._target["views"].items():
            self._insert(
                "views",
                model=self._model,
                module=self._modules[view["module"]],
                id=view_id,
                name=view["name"],
                definition=json.dumps(view["definition"]),
            )
        self._db.execute("DELETE FROM dashboards WHERE model = ?", (self._model,))
        self._db.executemany(
            "INSERT INTO dashboards (model, id, name) VALUES (?, ?, ?)",
            [
                (self._model, dashboard_id, dashboard["name"])
                for dashboard_id, dashboard in self._target["dashboards"].items()
            ],
        )


def _has_column(item: dict[str, Any]) -> bool:
    """Return whether a line item has a column in the table of cells."""
    return not item["formula"] or item["stored"]


def _format(field: dict[str, Any]) -> tuple[Any, Any]:
    return field["data_type"], field["entity_list"]


def _labels(item: dict[str, Any]) -> tuple[Any, Any]:
    return item["name"], item["code"]
