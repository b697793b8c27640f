from typing import TYPE_CHECKING

from tests.engine.conftest import MODEL

from anaplan_emulator.engine.list_items import list_rows
from anaplan_emulator.engine.structure import list_by_name

if TYPE_CHECKING:
    from tests.engine.conftest import ModelHarness


def rows_of(model: "ModelHarness", name: str) -> list[list[str]]:
    db = model.session.db
    return list(list_rows(db, list_by_name(db, MODEL, name)))


def test_rows_of_a_list(model: "ModelHarness") -> None:
    fields = ["Price", "Launched", "Fresh", "Made In", "Note"]
    assert rows_of(model, "Products") == [
        ["", "Parent", "Write", "Read", "Code", "Sweet", "Sour", *fields],
        ["Apple", "Europe", "", "", "P1", "true", "false", "1.5", "", "false", "Asia", ""],
        ["Pear", "Europe", "", "", "P2", "false", "false", "0", "", "false", "", ""],
    ]


def test_items_of_a_numbered_list_are_named_by_their_index(model: "ModelHarness") -> None:
    assert rows_of(model, "Orders") == [
        ["", "Parent", "Write", "Read", "Code", "Title"],
        ["#1", "", "", "", "O1", "First order"],
        ["#2", "", "", "", "O2", ""],
    ]


def test_items_without_a_parent_are_below_the_top_level_item(model: "ModelHarness") -> None:
    assert [(row[0], row[1]) for row in rows_of(model, "Regions")[1:]] == [
        ("Europe", "World"),
        ("Asia", "World"),
    ]
