from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.engine.conftest import Bench

HEADER = "Product,Month,Units,Promoted,Since,Comment,Sold In\n"
CELLS = """
    SELECT product.code, month.name, version.name, cells.*
    FROM {table} AS cells
    JOIN list_items AS product ON product.key = cells.{product}
    JOIN list_items AS month ON month.key = cells.{month}
    JOIN list_items AS version ON version.key = cells.{version}
    ORDER BY product.key, month.key, version.key
"""


def cells(bench: "Bench") -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Place to values, with list items by name."""
    ((table,),) = bench.rows(
        "SELECT 'cells_' || key FROM modules WHERE name = 'Sales' AND model = 1"
    )
    product, month, version, *_ = [row[1] for row in bench.rows(f"PRAGMA table_info({table})")]
    names = dict(bench.rows("SELECT key, name FROM list_items"))
    rows = bench.rows(CELLS.format(table=table, product=product, month=month, version=version))
    return {row[:3]: (*row[6:10], names.get(row[10])) for row in rows}


def upload(bench: "Bench", *rows: str) -> None:
    bench.upload("sales.csv", (HEADER + "".join(f"{row}\n" for row in rows)).encode())


def test_fills_cells_by_name_and_code(bench: "Bench") -> None:
    upload(bench, 'apple,Jan 26,"1,234.5",FALSE,2026-02-28,hello,AS', "P2,Jan 26,-3e2,yes,,,")
    outcome = bench.run("Sales")
    assert outcome.successful
    assert outcome.details[0].type == "lineItemRowsProcessed"
    assert outcome.details[0].values["successRowCount"] == "2"
    assert outcome.details[0].values["updatedCount"] == "10"
    after = cells(bench)
    assert after["P1", "Jan 26", "Actual"] == (1234.5, None, "2026-02-28", "hello", "Asia")
    assert after["P2", "Jan 26", "Actual"] == (-300.0, 1, None, None, None)
    # Places that no row names keep what they had.
    assert after["P2", "Feb 26", "Forecast"] == (7.0, None, None, None, None)


def test_a_blank_empties_its_cell(bench: "Bench") -> None:
    upload(bench, "P1,Jan 26,,,,,EU")
    bench.run("Sales")
    assert cells(bench)["P1", "Jan 26", "Actual"] == (None, None, None, None, "Europe")


def test_a_row_with_any_bad_text_is_refused_whole(bench: "Bench") -> None:
    upload(
        bench,
        "P1,Jan 26,junk,true,2026-01-01,x,EU",
        "P1,Mar 26,1,perhaps,31/01/2026,x,Moon",
        "Nut,Jan 26,1,,,,",
        "P1,Jan 26,nan,,,,",
    )
    outcome = bench.run("Sales")
    assert outcome.successful
    assert outcome.failure_dump
    assert outcome.details[0].type == "lineItemRowsProcessedWithFailures"
    assert outcome.details[0].values["failedCount"] == "4"
    assert sorted((detail.type, detail.text) for detail in outcome.details[1:]) == [
        ("moduleImportBooleanFormat", "Invalid boolean: 1 row"),
        ("moduleImportDateFormat", "Invalid date: 1 row"),
        ("moduleImportInvalidListIdentifier", "Invalid item from list Products: 1 row"),
        ("moduleImportInvalidListIdentifier", "Invalid item from list Regions: 1 row"),
        ("moduleImportInvalidTimeEntityIdentifier", "Invalid time period: 1 row"),
        ("moduleImportNumberFormat", "Invalid number: 2 rows"),
    ]
    assert cells(bench)["P1", "Jan 26", "Actual"][0] == 12.5
    lines = bench.dump()
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


def test_the_last_of_several_rows_for_a_place_counts(bench: "Bench") -> None:
    upload(bench, "P1,Jan 26,1,,,,", "Apple,Jan 26,2,,,,")
    assert bench.run("Sales").details[0].values["successRowCount"] == "2"
    assert cells(bench)["P1", "Jan 26", "Actual"][0] == 2.0


def test_rows_without_any_text_are_ignored(bench: "Bench") -> None:
    upload(bench, ",,,,,,", "P1,Jan 26,3,,,,")
    outcome = bench.run("Sales")
    assert outcome.details[0].values["ignoredCount"] == "1"
    assert not outcome.failure_dump


def test_lines_are_counted_as_the_file_has_them(bench: "Bench") -> None:
    upload(bench, 'P1,Jan 26,1,,,"two\nlines",', "", "P1,Jan 26,bad,,,,", 'P1,"Jan"x,1')
    bench.run("Sales")
    assert [line.split('","')[7] for line in bench.dump()[1:]] == ["5", "6"]


def test_asks_for_what_the_mapping_leaves_open(bench: "Bench") -> None:
    bench.upload("verkauf.txt", "Ware;Stück;Bemerkung\nApple;1.000,5;süß\n".encode("latin-1"))
    outcome = bench.run("Verkauf", Version="Forecast")
    assert outcome.successful
    assert cells(bench)["P1", "Jan 26", "Forecast"][0] == 1000.5
    assert cells(bench)["P1", "Jan 26", "Forecast"][3] == "süß"


@pytest.mark.parametrize(
    ("answers", "code"),
    [({}, "missingFields"), ({"Version": "Dream"}, "failedToLocateEntity")],
)
def test_an_open_mapping_needs_a_good_answer(
    bench: "Bench", answers: dict[str, str], code: str
) -> None:
    bench.upload("verkauf.txt", "Ware;Stück;Bemerkung\nApple;1;x\n".encode("latin-1"))
    outcome = bench.run("Verkauf", **answers)
    assert not outcome.successful
    assert [detail.type for detail in outcome.details] == ["moduleImportFailed", code]


def test_matching_by_name_does_not_take_codes(bench: "Bench") -> None:
    bench.upload("verkauf.txt", "Ware;Stück;Bemerkung\nP1;1;x\n".encode("latin-1"))
    outcome = bench.run("Verkauf", Version="Actual")
    assert outcome.details[0].values["failedCount"] == "1"
