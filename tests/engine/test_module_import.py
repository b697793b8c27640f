from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.engine.conftest import ModelHarness

HEADER = "Product,Month,Units,Promoted,Since,Comment,Sold In\n"
CELLS = """
    SELECT product.code, month.name, version.name, cells.*
    FROM {table} AS cells
    JOIN list_items AS product ON product.key = cells.{product}
    JOIN list_items AS month ON month.key = cells.{month}
    JOIN list_items AS version ON version.key = cells.{version}
    ORDER BY product.key, month.key, version.key
"""


def cells(model: "ModelHarness") -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Return the values of cells by their coordinates, with list items by name."""
    ((table,),) = model.rows(
        "SELECT 'cells_' || key FROM modules WHERE name = 'Sales' AND model = 1"
    )
    product, month, version, *_ = [row[1] for row in model.rows(f"PRAGMA table_info({table})")]
    names = dict(model.rows("SELECT key, name FROM list_items"))
    rows = model.rows(CELLS.format(table=table, product=product, month=month, version=version))
    return {row[:3]: (*row[6:10], names.get(row[10])) for row in rows}


def upload(model: "ModelHarness", *rows: str) -> None:
    model.upload("sales.csv", (HEADER + "".join(f"{row}\n" for row in rows)).encode())


def test_cells_are_identified_by_name_and_code(model: "ModelHarness") -> None:
    upload(model, 'apple,Jan 26,"1,234.5",FALSE,2026-02-28,hello,AS', "P2,Jan 26,-3e2,yes,,,")
    result = model.run("Sales")
    assert result.successful
    assert result.details[0].type == "lineItemRowsProcessed"
    assert result.details[0].values["successRowCount"] == "2"
    assert result.details[0].values["updatedCount"] == "10"
    after = cells(model)
    assert after["P1", "Jan 26", "Actual"] == (1234.5, None, "2026-02-28", "hello", "Asia")
    assert after["P2", "Jan 26", "Actual"] == (-300.0, 1, None, None, None)
    # Cells without a row keep their values.
    assert after["P2", "Feb 26", "Forecast"] == (7.0, None, None, None, None)


def test_a_blank_value_clears_its_cell(model: "ModelHarness") -> None:
    upload(model, "P1,Jan 26,,,,,EU")
    model.run("Sales")
    assert cells(model)["P1", "Jan 26", "Actual"] == (None, None, None, None, "Europe")


def test_a_row_with_an_invalid_value_is_rejected_completely(model: "ModelHarness") -> None:
    upload(
        model,
        "P1,Jan 26,junk,true,2026-01-01,x,EU",
        "P1,Mar 26,1,perhaps,31/01/2026,x,Moon",
        "Nut,Jan 26,1,,,,",
        "P1,Jan 26,nan,,,,",
    )
    result = model.run("Sales")
    assert result.successful
    assert result.failure_dump
    assert result.details[0].type == "lineItemRowsProcessedWithFailures"
    assert result.details[0].values["failedCount"] == "4"
    assert sorted((detail.type, detail.text) for detail in result.details[1:]) == [
        ("moduleImportBooleanFormat", "Invalid boolean: 1 row"),
        ("moduleImportDateFormat", "Invalid date: 1 row"),
        ("moduleImportInvalidListIdentifier", "Invalid item from list Products: 1 row"),
        ("moduleImportInvalidListIdentifier", "Invalid item from list Regions: 1 row"),
        ("moduleImportInvalidTimeEntityIdentifier", "Invalid time period: 1 row"),
        ("moduleImportNumberFormat", "Invalid number: 2 rows"),
    ]
    assert cells(model)["P1", "Jan 26", "Actual"][0] == 12.5
    lines = model.dump()
    assert lines[0] == (
        '"Product","Month","Units","Promoted","Since","Comment","Sold In","_Line_",'
        '"_Error_1_","_Error_2_","_Error_3_","_Error_4_"'
    )
    assert lines[1].endswith('"2","Invalid number: junk","","",""')
    assert lines[2].endswith(
        '"3","Invalid time period: Mar 26","Invalid boolean: perhaps",'
        '"Invalid date: 31/01/2026","Invalid item from list Regions: Moon"'
    )
    assert lines[3].endswith('"4","Invalid item from list Products: Nut","","",""')


def test_the_last_of_several_rows_for_a_cell_is_used(model: "ModelHarness") -> None:
    upload(model, "P1,Jan 26,1,,,,", "Apple,Jan 26,2,,,,")
    assert model.run("Sales").details[0].values["successRowCount"] == "2"
    assert cells(model)["P1", "Jan 26", "Actual"][0] == 2.0


def test_blank_rows_are_ignored(model: "ModelHarness") -> None:
    upload(model, ",,,,,,", "P1,Jan 26,3,,,,")
    result = model.run("Sales")
    assert result.details[0].values["ignoredCount"] == "1"
    assert not result.failure_dump


def test_line_numbers_are_those_of_the_file(model: "ModelHarness") -> None:
    upload(model, 'P1,Jan 26,1,,,"two\nlines",', "", "P1,Jan 26,bad,,,,", 'P1,"Jan"x,1')
    model.run("Sales")
    assert [line.split('","')[7] for line in model.dump()[1:]] == ["5", "6"]


def test_parameters_complete_the_mapping(model: "ModelHarness") -> None:
    model.upload("verkauf.txt", "Ware;Stück;Bemerkung\nApple;1.000,5;süß\n".encode("latin-1"))
    result = model.run("Verkauf", Version="Forecast")
    assert result.successful
    assert cells(model)["P1", "Jan 26", "Forecast"][0] == 1000.5
    assert cells(model)["P1", "Jan 26", "Forecast"][3] == "süß"


@pytest.mark.parametrize(
    ("parameters", "code"),
    [({}, "missingFields"), ({"Version": "Dream"}, "failedToLocateEntity")],
)
def test_missing_and_invalid_mapping_parameters(
    model: "ModelHarness", parameters: dict[str, str], code: str
) -> None:
    model.upload("verkauf.txt", "Ware;Stück;Bemerkung\nApple;1;x\n".encode("latin-1"))
    result = model.run("Verkauf", **parameters)
    assert not result.successful
    assert [detail.type for detail in result.details] == ["moduleImportFailed", code]


def test_matching_by_name_ignores_codes(model: "ModelHarness") -> None:
    model.upload("verkauf.txt", "Ware;Stück;Bemerkung\nP1;1;x\n".encode("latin-1"))
    result = model.run("Verkauf", Version="Actual")
    assert result.details[0].values["failedCount"] == "1"
