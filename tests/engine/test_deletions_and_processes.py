from typing import TYPE_CHECKING

import pytest

from anaplan_emulator.engine.action_results import Cancelled

if TYPE_CHECKING:
    from tests.engine.conftest import Bench

PRODUCTS = b"Code,Name,Region,Price,Launched,Fresh,Made In,Note\nP3,Fig,EU,1,,,EU,\n"
SALES = b"Product,Month,Units,Promoted,Since,Comment,Sold In\nP3,Jan 26,5,,,,\n"


def orders(bench: "Bench") -> list[str]:
    rows = bench.rows(
        "SELECT code FROM list_items JOIN lists ON lists.key = list WHERE lists.name = 'Orders'"
    )
    return [code for (code,) in rows]


def test_deletes_the_items_that_are_marked_and_their_cells(bench: "Bench") -> None:
    outcome = bench.run("Drop orders")
    assert outcome.successful
    assert not outcome.failure_dump
    assert [(each.type, each.occurrences) for each in outcome.details] == [
        ("deleteFromSelectionSucceeded", 1)
    ]
    assert orders(bench) == ["O1"]
    assert bench.run("Orders.csv").successful
    assert bench.output("Orders.csv").decode("utf-16-le").splitlines()[1:] == [
        "First order,100,false,true"
    ]


def test_a_constant_marks_all_items(bench: "Bench") -> None:
    assert bench.run("Drop all orders").details[0].occurrences == 2
    assert orders(bench) == []


def test_an_item_made_after_a_deletion_has_an_id_of_its_own(bench: "Bench") -> None:
    bench.run("Drop all orders")
    bench.upload("orders.csv", b"Code,Title\nO1,Again\n")
    bench.run("Orders")
    assert bench.rows("SELECT name FROM list_items WHERE code = 'O1'") == [("#3",)]


def test_a_process_runs_its_actions_in_order(bench: "Bench") -> None:
    bench.upload("products.csv", PRODUCTS)
    bench.upload("sales.csv", SALES)
    outcome = bench.run("Nightly")
    assert outcome.successful
    assert not outcome.failure_dump
    nested = outcome.nested or ()
    assert [each.object_name for each in nested] == ["Products", "Sales", "Sales - multi.csv"]
    assert "Fig,Jan 26,Actual,5,false,,," in bench.output("Sales - multi.csv").decode()
    fractions = [fraction for fraction, _ in bench.steps]
    assert fractions == sorted(fractions)


def test_a_failing_action_ends_a_process_but_undoes_nothing(bench: "Bench") -> None:
    bench.upload("products.csv", PRODUCTS + b",Nameless,,,,,,\n")
    outcome = bench.run("Nightly")
    assert not outcome.successful
    assert outcome.failure_dump
    nested = outcome.nested or ()
    assert [(each.object_name, each.successful, each.failure_dump) for each in nested] == [
        ("Products", True, True),
        ("Sales", False, False),
    ]
    assert "P3" in bench.products()


def test_refused_rows_do_not_end_a_process(bench: "Bench") -> None:
    bench.upload("products.csv", PRODUCTS + b",Nameless,,,,,,\n")
    bench.upload("sales.csv", SALES)
    outcome = bench.run("Nightly")
    assert outcome.successful
    assert outcome.failure_dump
    assert len(outcome.nested or ()) == 3


@pytest.mark.parametrize("step", ["Importing Products", "Applying Products"])
def test_a_cancelled_import_changes_nothing(bench: "Bench", step: str) -> None:
    bench.upload("products.csv", PRODUCTS)
    bench.cancel_at = step
    with pytest.raises(Cancelled):
        bench.run("Products")
    assert "P3" not in bench.products()


def test_a_cancelled_process_keeps_what_its_earlier_actions_did(bench: "Bench") -> None:
    bench.upload("products.csv", PRODUCTS)
    bench.upload("sales.csv", SALES)
    bench.cancel_at = "Importing Sales"
    with pytest.raises(Cancelled):
        bench.run("Nightly")
    assert "P3" in bench.products()
    bench.cancel_at = None
    bench.run("Sales - multi.csv")
    assert "Fig,Jan 26,Actual,0," in bench.output("Sales - multi.csv").decode()
