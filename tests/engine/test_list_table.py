from typing import TYPE_CHECKING

from tests.engine.conftest import MODEL

from anaplan_emulator.engine.list_items import list_rows
from anaplan_emulator.engine.structure import list_by_name

if TYPE_CHECKING:
    from tests.engine.conftest import Bench


def table(bench: "Bench", name: str) -> list[list[str]]:
    db = bench.session.db
    return list(list_rows(db, list_by_name(db, MODEL, name)))


def test_a_list_as_a_table(bench: "Bench") -> None:
    fields = ["Price", "Launched", "Fresh", "Made In", "Note"]
    assert table(bench, "Products") == [
        ["Name", "Code", "Parent", *fields, "Sweet", "Sour"],
        ["Apple", "P1", "Europe", "1.5", "", "false", "Asia", "", "true", "false"],
        ["Pear", "P2", "Europe", "0", "", "false", "", "", "false", "false"],
    ]


def test_items_of_a_numbered_list_are_named_by_their_index(bench: "Bench") -> None:
    assert table(bench, "Orders") == [
        ["Name", "Code", "Parent", "Title"],
        ["#1", "O1", "", "First order"],
        ["#2", "O2", "", ""],
    ]


def test_items_without_a_parent_are_below_the_top_level_item(bench: "Bench") -> None:
    assert table(bench, "Regions")[1:] == [["Europe", "EU", "World"], ["Asia", "AS", "World"]]
