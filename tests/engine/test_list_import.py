from typing import TYPE_CHECKING

import pytest

from anaplan_emulator.engine.action_results import ActionResult

if TYPE_CHECKING:
    from tests.engine.conftest import Bench

HEADER = "Code,Name,Region,Price,Launched,Fresh,Made In,Note\n"


def counters(outcome: ActionResult) -> dict[str, str]:
    return outcome.details[0].values


def test_creates_and_updates_by_code(bench: "Bench") -> None:
    bench.upload(
        "products.csv",
        (HEADER + "P1,Apple,Asia,2,2026-02-01,true,EU,red\nP3,Fig,EU,3.5,,no,,\n").encode(),
    )
    outcome = bench.run("Products")
    assert outcome.successful
    assert not outcome.failure_dump
    assert outcome.details[0].type == "hierarchyRowsProcessed"
    assert outcome.details[0].text == "Products: 2 (1/1) rows successful, 0 ignored "
    assert counters(outcome)["createdCount"] == "1"
    assert counters(outcome)["successUpdateCount"] == "1"
    products = bench.products()
    assert products["P1"][:2] == ("Apple", "Asia")
    assert '"Price":2.0' in products["P1"][2]
    assert '"Launched":"2026-02-01"' in products["P1"][2]
    assert products["P3"] == ("Fig", "Europe", '{"Price":3.5}')


def test_a_chunk_may_end_inside_a_row_and_inside_a_letter(bench: "Bench") -> None:
    content = (HEADER + 'P4,"Früh, kühl",EU,1,,,,"two\nlines"\n').encode()
    bench.upload("products.csv", *(content[at : at + 3] for at in range(0, len(content), 3)))
    assert bench.run("Products").successful
    assert bench.products()["P4"] == ("Früh, kühl", "Europe", '{"Price":1.0,"Note":"two\\nlines"}')


def test_a_bad_parent_or_property_is_a_warning(bench: "Bench") -> None:
    bench.upload(
        "products.csv",
        (HEADER + "P1,Apple,Atlantis,junk,,,,\nP2,Pear,EU,1,someday,maybe,Moon,\n").encode(),
    )
    outcome = bench.run("Products")
    assert outcome.successful
    assert outcome.failure_dump
    assert counters(outcome)["warningsUpdateCount"] == "2"
    assert counters(outcome)["successRowCount"] == "0"
    assert {detail.type for detail in outcome.details[1:]} == {
        "hierarchyImportInvalidParent",
        "moduleImportNumberFormat",
        "moduleImportDateFormat",
        "moduleImportBooleanFormat",
        "moduleImportInvalidListIdentifier",
    }
    # What was bad leaves the item's own.
    assert bench.products()["P1"] == ("Apple", "Europe", '{"Price":1.5}')
    assert bench.products()["P2"] == ("Pear", "Europe", '{"Price":1.0}')
    columns = '"Code","Name","Region","Price","Launched","Fresh","Made In","Note","_Line_"'
    assert bench.dump() == [
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
def test_an_error_refuses_the_row_alone(bench: "Bench", row: str, code: str, message: str) -> None:
    bench.upload("products.csv", (HEADER + row + "\nP6,Kiwi,,,,,,\n").encode())
    outcome = bench.run("Products")
    assert outcome.successful
    assert outcome.details[0].type == "hierarchyRowsProcessedWithFailures"
    assert counters(outcome)["failedCount"] == "1"
    assert [(detail.type, detail.occurrences) for detail in outcome.details[1:]] == [(code, 1)]
    assert set(bench.products()) == {"P1", "P2", "P6"}
    (refused,) = bench.dump()[1:]
    assert refused.startswith('"E",')
    assert refused.endswith(f'{message}"')


def test_blank_and_repeated_rows_are_ignored(bench: "Bench") -> None:
    bench.upload("products.csv", (HEADER + "P7,One,,,,,,\n,,,,,,,\np7,Two,,,,,,\n\n").encode())
    outcome = bench.run("Products")
    assert counters(outcome)["ignoredCount"] == "2"
    assert counters(outcome)["totalRowCount"] == "3"
    assert not outcome.failure_dump
    assert bench.products()["P7"][0] == "One"


def test_two_new_items_cannot_share_a_name(bench: "Bench") -> None:
    bench.upload("products.csv", (HEADER + "P7,Same,,,,,,\nP8,same,,,,,,\n").encode())
    assert counters(bench.run("Products"))["failedCount"] == "1"
    assert "P8" not in bench.products()


def test_blank_texts_keep_the_item_but_empty_its_properties(bench: "Bench") -> None:
    bench.upload("products.csv", (HEADER + "P1,,,,,,,\n").encode())
    outcome = bench.run("Products")
    assert counters(outcome)["updatedCount"] == "1"
    assert counters(outcome)["renamedCount"] == "0"
    assert bench.products()["P1"] == ("Apple", "Europe", "{}")


def test_renames_are_counted(bench: "Bench") -> None:
    bench.upload("products.csv", (HEADER + "P1,apple,,,,,,\n").encode())
    assert counters(bench.run("Products"))["renamedCount"] == "1"
    assert bench.products()["P1"][0] == "apple"


def test_the_key_may_be_the_name(bench: "Bench") -> None:
    bench.upload("names.csv", b"Name,Code\nAPPLE,A1\nFig,P3\nKiwi,P2\n")
    outcome = bench.run("Product names")
    assert counters(outcome)["successUpdateCount"] == "1"
    assert counters(outcome)["successCreateCount"] == "1"
    # P2 is the pear's.
    assert counters(outcome)["failedCount"] == "1"
    assert set(bench.products()) == {"A1", "P2", "P3"}


def test_numbered_items_are_named_by_their_number(bench: "Bench") -> None:
    bench.upload("orders.csv", b"Code,Title\nO3,Third\nO1,Changed\nO4,\n")
    assert bench.run("Orders").successful
    rows = bench.rows(
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


def test_encoding_separator_and_missing_delimiter(bench: "Bench") -> None:
    text = "\ufeffCode\tName\nP3\tFeige \u201esüß\u201c\n"
    bench.upload("wide.txt", text.encode("utf-16-le"))
    assert bench.run("Wide").successful
    assert bench.products()["P3"][0] == "Feige \u201esüß\u201c"


def test_columns_by_number_where_there_is_no_header(bench: "Bench") -> None:
    bench.upload("headless.csv", b"P3,Fig\nP4,Kiwi,extra\nP5\n")
    outcome = bench.run("Headless")
    assert counters(outcome)["createdCount"] == "2"
    assert counters(outcome)["failedCount"] == "1"
    assert bench.dump()[0] == '"_Status_","Column 1","Column 2","_Line_","_Error_1_"'


def test_default_content_is_read_until_the_user_uploads(bench: "Bench") -> None:
    assert counters(bench.run("Standing"))["createdCount"] == "1"
    bench.upload("standing.csv", b"code,name\nP8,Plum\n")
    bench.run("Standing")
    assert set(bench.products()) == {"P1", "P2", "P9", "P8"}


def test_a_file_without_rows_changes_nothing(bench: "Bench") -> None:
    bench.upload("products.csv", HEADER.encode())
    outcome = bench.run("Products")
    assert outcome.successful
    assert [detail.type for detail in outcome.details] == ["hierarchyNoChanges"]


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
def test_an_unreadable_file_fails_the_import_and_changes_nothing(
    bench: "Bench", content: bytes, codes: list[str]
) -> None:
    bench.upload("products.csv", content)
    outcome = bench.run("Products")
    assert not outcome.successful
    assert not outcome.failure_dump
    assert [detail.type for detail in outcome.details] == codes
    assert set(bench.products()) == {"P1", "P2"}


@pytest.mark.parametrize("announced", [None, 2, -1])
def test_without_a_whole_upload_there_is_nothing_to_import(
    bench: "Bench", announced: int | None
) -> None:
    if announced is not None:
        bench.upload("products.csv", HEADER.encode(), announced=announced)
    outcome = bench.run("Products")
    assert not outcome.successful
    assert [detail.type for detail in outcome.details] == ["uploadedFileNoLongerAvailable"]


def test_a_clean_run_removes_the_dump(bench: "Bench") -> None:
    bench.upload("products.csv", (HEADER + ",,EU,,,,,\n").encode())
    assert bench.run("Products").failure_dump
    assert bench.dump()
    bench.upload("products.csv", (HEADER + "P1,Apple,EU,,,,,\n").encode())
    assert not bench.run("Products").failure_dump
    assert bench.dump() == []


def test_progress_rises_to_the_end(bench: "Bench") -> None:
    rows = "".join(f"X{number},Item {number},EU,,,,,\n" for number in range(4500))
    bench.upload("products.csv", (HEADER + rows).encode())
    assert bench.run("Products").successful
    fractions = [fraction for fraction, _ in bench.steps]
    assert len(fractions) == 4
    assert fractions == sorted(fractions)
    assert len(bench.products()) == 4502
