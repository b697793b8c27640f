"""Changing a model's structure to another, with the data of unchanged parts."""

from typing import TYPE_CHECKING

from anaplan_emulator.engine.blueprint import digest, read_blueprint
from anaplan_emulator.engine.comparison import compare, report, summary
from anaplan_emulator.engine.structure import item_id, list_by_name
from anaplan_emulator.engine.synchronization import apply_blueprint
from anaplan_emulator.loaders.model_loader import restructure
from anaplan_emulator.tenant.model_description import StructureDescription

if TYPE_CHECKING:
    from tests.engine.conftest import ModelHarness

MODEL = 1


def test_a_structure_is_changed_and_restored(model: "ModelHarness") -> None:
    with model.session.transaction() as db:
        before = read_blueprint(db, MODEL)
        change = StructureDescription.model_validate(
            {
                "lists": [
                    {
                        "name": "Makers",
                        "properties": [{"name": "Of", "format": "LIST", "list": "Makers"}],
                    },
                    {"name": "Regions", "items": [{"name": "Africa"}]},
                ],
                "modules": [
                    {
                        "name": "Sales",
                        "line_items": [{"name": "Maker", "format": "LIST", "list": "Makers"}],
                    },
                    {"name": "Costs", "dimensions": ["Makers"], "line_items": [{"name": "Cost"}]},
                ],
            }
        )
        restructure(db, MODEL, change)
        after = read_blueprint(db, MODEL)
        assert digest(before) != digest(after)
        apply_blueprint(db, MODEL, before)
        assert read_blueprint(db, MODEL) == before
        apply_blueprint(db, MODEL, after)
        assert read_blueprint(db, MODEL) == after
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    assert summary(compare(before, after))["totals"] == {"modified": 0, "created": 6, "deleted": 0}
    assert summary(compare(after, before))["totals"] == {"modified": 0, "created": 0, "deleted": 6}


def test_cells_are_kept_when_names_are_swapped(model: "ModelHarness") -> None:
    with model.session.transaction() as db:
        before = read_blueprint(db, MODEL)
        changed = read_blueprint(db, MODEL)
        lists, modules = changed["lists"], changed["modules"]
        one, two = [list_id for list_id in lists if list_id.startswith("101")][:2]
        lists[one]["name"], lists[two]["name"] = lists[two]["name"], lists[one]["name"]
        sales = next(each for each in modules.values() if each["name"] == "Sales")
        first, last = list(sales["line_items"].values())[:2]
        first["name"], last["name"] = last["name"], first["name"]
        items = lists[one]["items"]
        items["1"]["name"], items["2"]["name"] = items["2"]["name"], items["1"]["name"]
        cells = [tuple(row) for row in db.execute("SELECT * FROM cells_1")]
        assert cells
        apply_blueprint(db, MODEL, changed)
        assert read_blueprint(db, MODEL) == changed
        assert [tuple(row) for row in db.execute("SELECT * FROM cells_1")] == cells
    differences = compare(before, changed)
    assert summary(differences)["totals"] == {"modified": 6, "created": 0, "deleted": 0}
    assert "name: Units -> Promoted" in report(differences)


def test_a_line_item_of_another_format_loses_its_cells(model: "ModelHarness") -> None:
    with model.session.transaction() as db:
        changed = read_blueprint(db, MODEL)
        sales = next(each for each in changed["modules"].values() if each["name"] == "Sales")
        units, promoted = list(sales["line_items"].values())[:2]
        units["data_type"] = "TEXT"
        promoted["formula"] = "TRUE"
        apply_blueprint(db, MODEL, changed)
        assert read_blueprint(db, MODEL) == changed
        (key,) = db.execute("SELECT key FROM line_items WHERE name = 'Units'").fetchone()
        values = [tuple(row) for row in db.execute(f"SELECT v{key} FROM cells_1")]
        assert values == [(None,)] * len(values)
        del changed["modules"]["102000000001"]
        sales["dimensions"] = sales["dimensions"][:1]
        changed["views"] = {}
        apply_blueprint(db, MODEL, changed)
        assert read_blueprint(db, MODEL) == changed
        assert db.execute("SELECT count(*) FROM cells_1").fetchone()[0] == 0


def test_cells_of_deleted_items_are_deleted(model: "ModelHarness") -> None:
    with model.session.transaction() as db:
        changed = read_blueprint(db, MODEL)
        products = next(each for each in changed["lists"].values() if each["name"] == "Products")
        del products["items"]["1"]
        for subset in products["subsets"].values():
            subset["items"] = [index for index in subset["items"] if index != 1]
        (before,) = db.execute("SELECT count(*) FROM cells_1").fetchone()
        apply_blueprint(db, MODEL, changed)
        assert read_blueprint(db, MODEL) == changed
        (after,) = db.execute("SELECT count(*) FROM cells_1").fetchone()
        assert after < before


def test_given_ids_stored_values_and_modules_without_dimensions(model: "ModelHarness") -> None:
    with model.session.transaction() as db:
        before = read_blueprint(db, MODEL)
        ids = ["300000000009", "300000000002", "300000000011"]
        change = StructureDescription.model_validate(
            {
                "lists": [
                    {"name": "Ranks", "items": [{"name": each, "id": each} for each in ids]},
                ],
                "modules": [
                    {"name": "Settings", "line_items": [{"name": "Rate"}]},
                    {
                        "name": "Sales",
                        "line_items": [{"name": "Rank", "formula": "RANK(Units)", "stored": True}],
                    },
                ],
            }
        )
        restructure(db, MODEL, change)
        after = read_blueprint(db, MODEL)
        apply_blueprint(db, MODEL, before)
        assert read_blueprint(db, MODEL) == before
        apply_blueprint(db, MODEL, after)
        assert read_blueprint(db, MODEL) == after
        ranks = list_by_name(db, MODEL, "Ranks")
        keys = db.execute("SELECT key FROM list_items WHERE list = ? ORDER BY key", (ranks.key,))
        assert [item_id(db, ranks, key) for (key,) in keys.fetchall()] == ids
        assert ranks.next_index == 12
        # Its formula becomes one that is computed, so that its values are no longer stored.
        sales = next(each for each in after["modules"].values() if each["name"] == "Sales")
        rank = next(each for each in sales["line_items"].values() if each["name"] == "Rank")
        rank |= {"formula": "1", "stored": False}
        apply_blueprint(db, MODEL, after)
        assert read_blueprint(db, MODEL) == after
        (key,) = db.execute("SELECT key FROM line_items WHERE name = 'Rank'").fetchone()
        columns = [row["name"] for row in db.execute("PRAGMA table_info(cells_1)")]
        assert f"v{key}" not in columns
