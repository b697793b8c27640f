from typing import TYPE_CHECKING

import pytest

from anaplan_emulator.engine.action_results import Cancelled

if TYPE_CHECKING:
    from tests.engine.conftest import ModelHarness

PRODUCTS = b"Code,Name,Region,Price,Launched,Fresh,Made In,Note\nP3,Fig,EU,1,,,EU,\n"
SALES = b"Product,Month,Units,Promoted,Since,Comment,Sold In\nP3,Jan 26,5,,,,\n"


def orders(model: "ModelHarness") -> list[str]:
    rows = model.rows(
        "SELECT code FROM list_items JOIN lists ON lists.key = list WHERE lists.name = 'Orders'"
    )
    return [code for (code,) in rows]


def test_a_deletion_removes_the_selected_items_and_their_cells(model: "ModelHarness") -> None:
    result = model.run("Drop orders")
    assert result.successful
    assert not result.failure_dump
    assert [(each.type, each.occurrences) for each in result.details] == [
        ("deleteFromSelectionSucceeded", 1)
    ]
    assert orders(model) == ["O1"]
    assert model.run("Orders.csv").successful
    assert model.output("Orders.csv").decode("utf-16-le").splitlines()[1:] == [
        "First order,100,false,true"
    ]


def test_a_constant_selects_all_items(model: "ModelHarness") -> None:
    assert model.run("Drop all orders").details[0].occurrences == 2
    assert orders(model) == []


def test_ids_of_deleted_items_are_not_reused(model: "ModelHarness") -> None:
    model.run("Drop all orders")
    model.upload("orders.csv", b"Code,Title\nO1,Again\n")
    model.run("Orders")
    assert model.rows("SELECT name FROM list_items WHERE code = 'O1'") == [("#3",)]


def test_a_process_runs_its_actions_in_order(model: "ModelHarness") -> None:
    model.upload("products.csv", PRODUCTS)
    model.upload("sales.csv", SALES)
    result = model.run("Nightly")
    assert result.successful
    assert not result.failure_dump
    nested = result.nested or ()
    assert [each.object_name for each in nested] == ["Products", "Sales", "Sales - multi.csv"]
    assert "Fig,Jan 26,Actual,5,false,,," in model.output("Sales - multi.csv").decode()
    fractions = [fraction for fraction, _ in model.steps]
    assert fractions == sorted(fractions)


def test_a_failing_action_ends_a_process_without_rollback(model: "ModelHarness") -> None:
    model.upload("products.csv", PRODUCTS + b",Nameless,,,,,,\n")
    result = model.run("Nightly")
    assert not result.successful
    assert result.failure_dump
    nested = result.nested or ()
    assert [(each.object_name, each.successful, each.failure_dump) for each in nested] == [
        ("Products", True, True),
        ("Sales", False, False),
    ]
    assert "P3" in model.products()


def test_rejected_rows_do_not_end_a_process(model: "ModelHarness") -> None:
    model.upload("products.csv", PRODUCTS + b",Nameless,,,,,,\n")
    model.upload("sales.csv", SALES)
    result = model.run("Nightly")
    assert result.successful
    assert result.failure_dump
    assert len(result.nested or ()) == 3


@pytest.mark.parametrize("step", ["Importing Products", "Applying Products"])
def test_a_cancelled_import_changes_nothing(model: "ModelHarness", step: str) -> None:
    model.upload("products.csv", PRODUCTS)
    model.cancel_at = step
    with pytest.raises(Cancelled):
        model.run("Products")
    assert "P3" not in model.products()


def test_a_cancelled_process_keeps_the_results_of_earlier_actions(model: "ModelHarness") -> None:
    model.upload("products.csv", PRODUCTS)
    model.upload("sales.csv", SALES)
    model.cancel_at = "Importing Sales"
    with pytest.raises(Cancelled):
        model.run("Nightly")
    assert "P3" in model.products()
    model.cancel_at = None
    model.run("Sales - multi.csv")
    assert "Fig,Jan 26,Actual,0," in model.output("Sales - multi.csv").decode()
