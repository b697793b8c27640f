from typing import TYPE_CHECKING

import pytest

from anaplan_emulator.engine.action_results import ActionResult
from anaplan_emulator.engine.source_file import SourceFile
from anaplan_emulator.tenant.file_format import FileFormat

if TYPE_CHECKING:
    from tests.engine.conftest import ModelHarness

HEADER = "Code,Name,Region,Price,Launched,Fresh,Made In,Note\n"


def counters(result: ActionResult) -> dict[str, str]:
    return result.details[0].values


def test_items_are_created_and_updated_by_code(model: "ModelHarness") -> None:
    model.upload(
        "products.csv",
        (HEADER + "P1,Apple,Asia,2,2026-02-01,true,EU,red\nP3,Fig,EU,3.5,,no,,\n").encode(),
    )
    result = model.run("Products")
    assert result.successful
    assert not result.failure_dump
    assert result.details[0].type == "hierarchyRowsProcessed"
    assert result.details[0].text == "Products: 2 (1/1) rows successful, 0 ignored "
    assert counters(result)["createdCount"] == "1"
    assert counters(result)["successUpdateCount"] == "1"
    products = model.products()
    assert products["P1"][:2] == ("Apple", "Asia")
    assert '"Price":2.0' in products["P1"][2]
    assert '"Launched":"2026-02-01"' in products["P1"][2]
    assert products["P3"] == ("Fig", "Europe", '{"Price":3.5}')


def test_a_chunk_may_end_within_a_row_or_a_character(model: "ModelHarness") -> None:
    content = (HEADER + 'P4,"Früh, kühl",EU,1,,,,"two\nlines"\n').encode()
    model.upload("products.csv", *(content[at : at + 3] for at in range(0, len(content), 3)))
    assert model.run("Products").successful
    assert model.products()["P4"] == ("Früh, kühl", "Europe", '{"Price":1.0,"Note":"two\\nlines"}')


def test_an_invalid_parent_or_property_is_a_warning(model: "ModelHarness") -> None:
    model.upload(
        "products.csv",
        (HEADER + "P1,Apple,Atlantis,junk,,,,\nP2,Pear,EU,1,someday,maybe,Moon,\n").encode(),
    )
    result = model.run("Products")
    assert result.successful
    assert result.failure_dump
    assert counters(result)["warningsUpdateCount"] == "2"
    assert counters(result)["successRowCount"] == "0"
    assert {detail.type for detail in result.details[1:]} == {
        "hierarchyImportInvalidParent",
        "moduleImportNumberFormat",
        "moduleImportDateFormat",
        "moduleImportBooleanFormat",
        "moduleImportInvalidListIdentifier",
    }
    # Invalid values do not change the item.
    assert model.products()["P1"] == ("Apple", "Europe", '{"Price":1.5}')
    assert model.products()["P2"] == ("Pear", "Europe", '{"Price":1.0}')
    columns = '"Code","Name","Region","Price","Launched","Fresh","Made In","Note","_Line_"'
    assert model.dump() == [
        f'"_Status_",{columns},"_Error_1_","_Error_2_","_Error_3_"',
        (
            '"W","P1","Apple","Atlantis","junk","","","","","2",'
            '"Invalid parent","Invalid number: junk",""'
        ),
        (
            '"W","P2","Pear","EU","1","someday","maybe","Moon","","3",'
            '"Invalid date: someday","Invalid boolean: maybe",'
            '"Invalid item from list Regions: Moon"'
        ),
    ]


@pytest.mark.parametrize(
    ("row", "code", "message"),
    [
        (",No Code,EU,,,,,", "hierarchyImportEmptyKey", "Empty key"),
        ("P5,,EU,,,,,", "hierarchyImportInvalidName", "Invalid name: "),
        ("P5,APPLE,EU,,,,,", "hierarchyImportNameOrCodeExists", "exists: APPLE"),
        (f"P5,{'x' * 61},EU,,,,,", "hierarchyImportInvalidName", f"Invalid name: {'x' * 61}"),
        (f"{'x' * 61},Fig,EU,,,,,", "hierarchyImportInvalidCode", f"Invalid code: {'x' * 61}"),
        ('P5,"Fig"s,EU,,,,,', "columnSeparatorExpected", "Column separator expected"),
    ],
)
def test_an_error_rejects_only_its_row(
    model: "ModelHarness", row: str, code: str, message: str
) -> None:
    model.upload("products.csv", (HEADER + row + "\nP6,Kiwi,,,,,,\n").encode())
    result = model.run("Products")
    assert result.successful
    assert result.details[0].type == "hierarchyRowsProcessedWithFailures"
    assert counters(result)["failedCount"] == "1"
    assert [(detail.type, detail.occurrences) for detail in result.details[1:]] == [(code, 1)]
    assert set(model.products()) == {"P1", "P2", "P6"}
    (rejected,) = model.dump()[1:]
    assert rejected.startswith('"E",')
    assert rejected.endswith(f'{message}"')


def test_blank_and_repeated_rows_are_ignored(model: "ModelHarness") -> None:
    model.upload("products.csv", (HEADER + "P7,One,,,,,,\n,,,,,,,\np7,Two,,,,,,\n\n").encode())
    result = model.run("Products")
    assert counters(result)["ignoredCount"] == "2"
    assert counters(result)["totalRowCount"] == "3"
    assert not result.failure_dump
    assert model.products()["P7"][0] == "One"


def test_two_new_items_cannot_share_a_name(model: "ModelHarness") -> None:
    model.upload("products.csv", (HEADER + "P7,Same,,,,,,\nP8,same,,,,,,\n").encode())
    assert counters(model.run("Products"))["failedCount"] == "1"
    assert "P8" not in model.products()


def test_blank_values_keep_name_and_parent_but_remove_properties(model: "ModelHarness") -> None:
    model.upload("products.csv", (HEADER + "P1,,,,,,,\n").encode())
    result = model.run("Products")
    assert counters(result)["updatedCount"] == "1"
    assert counters(result)["renamedCount"] == "0"
    assert model.products()["P1"] == ("Apple", "Europe", "{}")


def test_renames_are_counted(model: "ModelHarness") -> None:
    model.upload("products.csv", (HEADER + "P1,apple,,,,,,\n").encode())
    assert counters(model.run("Products"))["renamedCount"] == "1"
    assert model.products()["P1"][0] == "apple"


def test_the_key_may_be_the_name(model: "ModelHarness") -> None:
    model.upload("names.csv", b"Name,Code\nAPPLE,A1\nFig,P3\nKiwi,P2\n")
    result = model.run("Product names")
    assert counters(result)["successUpdateCount"] == "1"
    assert counters(result)["successCreateCount"] == "1"
    # P2 is the code of another product.
    assert counters(result)["failedCount"] == "1"
    assert set(model.products()) == {"A1", "P2", "P3"}


def test_items_of_a_numbered_list_are_named_by_their_number(model: "ModelHarness") -> None:
    model.upload("orders.csv", b"Code,Title\nO3,Third\nO1,Changed\nO4,\n")
    assert model.run("Orders").successful
    rows = model.rows(
        """
        SELECT list_items.code, list_items.name, value FROM list_items
        JOIN lists ON lists.key = list LEFT JOIN property_values ON item = list_items.key
        WHERE lists.name = 'Orders' ORDER BY list_items.key
        """
    )
    assert rows == [
        ("O1", "#1", "Changed"),
        ("O2", "#2", None),
        ("O3", "#3", "Third"),
        ("O4", "#4", None),
    ]


def test_encoding_separator_and_missing_delimiter(model: "ModelHarness") -> None:
    text = "\ufeffCode\tName\nP3\tFeige \u201esüß\u201c\n"
    model.upload("wide.txt", text.encode("utf-16-le"))
    assert model.run("Wide").successful
    assert model.products()["P3"][0] == "Feige \u201esüß\u201c"


def test_columns_by_number_without_a_header(model: "ModelHarness") -> None:
    model.upload("headless.csv", b"P3,Fig\nP4,Kiwi,extra\nP5\n")
    result = model.run("Headless")
    assert counters(result)["createdCount"] == "2"
    assert counters(result)["failedCount"] == "1"
    assert model.dump()[0] == '"_Status_","Column 1","Column 2","_Line_","_Error_1_"'


def test_default_content_is_imported_until_the_user_uploads(model: "ModelHarness") -> None:
    assert counters(model.run("Standing"))["createdCount"] == "1"
    model.upload("standing.csv", b"code,name\nP8,Plum\n")
    model.run("Standing")
    assert set(model.products()) == {"P1", "P2", "P9", "P8"}


def test_a_file_without_rows_changes_nothing(model: "ModelHarness") -> None:
    model.upload("products.csv", HEADER.encode())
    result = model.run("Products")
    assert result.successful
    assert [detail.type for detail in result.details] == ["hierarchyNoChanges"]


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        (b"Code,Name\nP1,Apple\n", ["hierarchyImportFailed", "missingFields"]),
        (b"", ["hierarchyImportFailed", "missingFields"]),
        (
            HEADER.encode() + b'P3,"Fig\nP4,Kiwi\n',
            ["hierarchyImportFailed", "unmatchedTextDelimiter"],
        ),
        (HEADER.encode() + b"P3,F\xfcnf,,,,,,\n", ["importFailedGeneralError"]),
    ],
)
def test_an_import_of_an_invalid_file_fails_and_changes_nothing(
    model: "ModelHarness", content: bytes, codes: list[str]
) -> None:
    model.upload("products.csv", content)
    result = model.run("Products")
    assert not result.successful
    assert not result.failure_dump
    assert [detail.type for detail in result.details] == codes
    assert set(model.products()) == {"P1", "P2"}


@pytest.mark.parametrize("chunk_count", [None, 2, -1])
def test_an_import_without_a_complete_upload_fails(
    model: "ModelHarness", chunk_count: int | None
) -> None:
    if chunk_count is not None:
        model.upload("products.csv", HEADER.encode(), chunk_count=chunk_count)
    result = model.run("Products")
    assert not result.successful
    assert [detail.type for detail in result.details] == ["uploadedFileNoLongerAvailable"]


def test_a_clean_run_removes_the_dump(model: "ModelHarness") -> None:
    model.upload("products.csv", (HEADER + ",,EU,,,,,\n").encode())
    assert model.run("Products").failure_dump
    assert model.dump()
    model.upload("products.csv", (HEADER + "P1,Apple,EU,,,,,\n").encode())
    assert not model.run("Products").failure_dump
    assert model.dump() == []


def test_progress_increases(model: "ModelHarness") -> None:
    rows = "".join(f"X{number},Item {number},EU,,,,,\n" for number in range(4500))
    model.upload("products.csv", (HEADER + rows).encode())
    assert model.run("Products").successful
    fractions = [fraction for fraction, _ in model.steps]
    assert len(fractions) == 4
    assert fractions == sorted(fractions)
    assert len(model.products()) == 4502


@pytest.mark.parametrize("delimiter", ["", '"'])
def test_long_fields_are_not_taken_for_an_unclosed_delimiter(delimiter: str) -> None:
    long = "x" * 200_000
    content = f"Name,Note\nA,{delimiter}{long}{delimiter}\nB,short\n".encode()

    (batch,) = SourceFile([content], FileFormat()).batches(100)

    assert batch.rows == [["A", long], ["B", "short"]]


def test_lines_are_numbered_around_rows_of_several_lines_and_malformed_ones() -> None:
    lines = [f"A{number},text\r\n" for number in range(2, 401)]
    lines[148] = '"A150","two\r\nlines"\r\n'
    lines[248] = "\r\n"
    lines[348] = 'A350,"quoted"text\r\n'
    content = "".join(["Name,Note\r\n", *lines]).encode()

    batches = list(SourceFile([content], FileFormat()).batches(150))

    rows = {
        line: fields
        for batch in batches
        for line, fields in zip(batch.lines, batch.rows, strict=True)
    }
    malformed = {line: text for batch in batches for line, text in batch.malformed.items()}
    assert rows[150] == ["A150", "two\r\nlines"]
    assert all(fields[0] == f"A{line - (line > 150)}" for line, fields in rows.items())
    assert sorted([*rows, *malformed]) == sorted({*range(2, 402)} - {151, 251})
    assert malformed == {351: 'A350,"quoted"text'}
