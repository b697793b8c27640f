from typing import TYPE_CHECKING

import pytest

from anaplan_emulator.engine.action_results import ActionFailed
from anaplan_emulator.engine.actions import actions
from anaplan_emulator.engine.exports import export_metadata
from anaplan_emulator.engine.structure import module_by_name
from anaplan_emulator.tenant.action_definitions import ExportDefinition

if TYPE_CHECKING:
    from tests.engine.conftest import ModelHarness


def exported(model: "ModelHarness", name: str) -> list[str]:
    assert model.run(name).successful
    return model.output(name).decode().splitlines()


def test_a_column_for_each_line_item(model: "ModelHarness") -> None:
    assert exported(model, "Sales - multi.csv") == [
        "Products,Time,Versions,Units,Promoted,Since,Comment,Sold In",
        'Apple,Jan 26,Actual,12.5,true,2026-01-03,"crisp, sweet",Europe',
        "Apple,Jan 26,Forecast,0,false,,,",
        "Apple,Feb 26,Actual,0,false,,,",
        "Apple,Feb 26,Forecast,0,false,,,",
        "Pear,Jan 26,Actual,0,false,,,",
        "Pear,Jan 26,Forecast,0,false,,,",
        "Pear,Feb 26,Actual,0,false,,,",
        "Pear,Feb 26,Forecast,7,false,,,",
    ]


def test_one_column_for_all_values(model: "ModelHarness") -> None:
    assert exported(model, "Sales - single.txt") == [
        "Products\tTime\tVersions\tLine Items\tValue",
        "P1\tJan 26\tActual\tUnits\t12.5",
        "P1\tJan 26\tActual\tPromoted\ttrue",
        "P1\tJan 26\tActual\tSince\t2026-01-03",
        "P1\tJan 26\tActual\tComment\tcrisp, sweet",
        "P1\tJan 26\tActual\tSold In\tEU",
        "P2\tFeb 26\tForecast\tUnits\t7",
        "P2\tFeb 26\tForecast\tPromoted\tfalse",
        "P2\tFeb 26\tForecast\tSince\t",
        "P2\tFeb 26\tForecast\tComment\t",
        "P2\tFeb 26\tForecast\tSold In\t",
    ]


def test_the_current_page_of_a_grid(model: "ModelHarness") -> None:
    line_items = "Units,Promoted,Since,Comment,Sold In"
    assert exported(model, "Sales - page.csv") == [
        "Actual",
        "," + ",".join(["Jan 26"] * 5 + ["Feb 26"] * 5),
        f",{line_items},{line_items}",
        'Apple,12.5,true,2026-01-03,"crisp, sweet",Europe,0,false,,,',
        "Pear,0,false,,,,0,false,,,",
    ]


def test_all_pages_of_a_grid(model: "ModelHarness") -> None:
    lines = exported(model, "Sales - pages.csv")
    assert len(lines) == 2 * 5 * 4
    assert lines[:4] == ["Actual,Units", ",Jan 26,Feb 26", "Apple,12.5,0", "Pear,0,0"]
    assert lines[20:24] == ["Forecast,Units", ",Jan 26,Feb 26", "Apple,0,0", "Pear,0,7"]


def test_numbered_items_are_exported_by_display_name(model: "ModelHarness") -> None:
    assert model.run("Orders.csv").successful
    assert model.output("Orders.csv").decode("utf-16-le").splitlines() == [
        "Orders,Amount,Drop,Known",
        "First order,100,false,true",
        "#2,20,true,true",
    ]


def test_output_is_split_into_chunks_between_rows(model: "ModelHarness") -> None:
    whole = exported(model, "Sales - multi.csv")
    model.chunk_bytes = 100
    assert exported(model, "Sales - multi.csv") == whole
    sizes = [
        size
        for (size,) in model.rows(
            "SELECT length(body) FROM chunks JOIN contents ON contents.key = content"
            " JOIN files ON files.key = file WHERE name = 'Sales - multi.csv'"
        )
    ]
    assert len(sizes) == 4
    assert max(sizes) <= 100


@pytest.mark.parametrize(
    ("name", "headers", "types", "rows"),
    [
        (
            "Sales - multi.csv",
            ["Products", "Time", "Versions", "Units", "Promoted", "Since", "Comment", "Sold In"],
            ["ENTITY", "TIME_ENTITY", "ENTITY", "NUMBER", "BOOLEAN", "DATE", "TEXT", "ENTITY"],
            8,
        ),
        (
            "Sales - single.txt",
            ["Products", "Time", "Versions", "Line Items", "Value"],
            ["ENTITY", "TIME_ENTITY", "ENTITY", "TEXT", "MIXED"],
            40,
        ),
        (
            "Sales - page.csv",
            ["Products"]
            + [
                f"{month} {item}"
                for month in ("Jan 26", "Feb 26")
                for item in ("Units", "Promoted", "Since", "Comment", "Sold In")
            ],
            ["ENTITY", *["NUMBER", "BOOLEAN", "DATE", "TEXT", "ENTITY"] * 2],
            2,
        ),
        ("Sales - pages.csv", ["Products", "Jan 26", "Feb 26"], ["ENTITY", "MIXED", "MIXED"], 2),
    ],
)
def test_metadata_describes_the_output(
    model: "ModelHarness", name: str, headers: list[str], types: list[str], rows: int
) -> None:
    db = model.session.db
    (definition,) = (
        action.definition for action in actions(db, 1) if action.definition.name == name
    )
    assert isinstance(definition, ExportDefinition)
    metadata = export_metadata(db, module_by_name(db, 1, definition.module), definition)
    assert metadata["headerNames"] == headers
    assert metadata["dataTypes"] == types
    assert metadata["rowCount"] == rows
    assert metadata["columnCount"] == len(headers) == len(metadata["listNames"])


def test_columns_have_the_type_that_all_line_items_on_pages_share(model: "ModelHarness") -> None:
    definition = ExportDefinition(
        name="Stock.csv",
        module="Stock",
        layout="GRID_ALL_PAGES",
        rows=("Products",),
        columns=(),
        pages=("Line Items",),
    )
    db = model.session.db
    metadata = export_metadata(db, module_by_name(db, 1, "Stock"), definition)
    assert metadata["dataTypes"] == ["ENTITY", "NUMBER"]


def test_an_export_whose_file_is_missing_fails_and_changes_nothing(model: "ModelHarness") -> None:
    assert model.run("Sales - single.txt").successful
    model.session.db.execute("DELETE FROM files WHERE name = 'Sales - multi.csv'")
    before = model.rows("SELECT * FROM chunks")
    with pytest.raises(ActionFailed, match=r"The file of Sales - multi\.csv"):
        model.run("Sales - multi.csv")
    assert model.rows("SELECT * FROM chunks") == before != []
