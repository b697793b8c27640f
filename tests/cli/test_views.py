"""`anaplan view` and `anaplan cells`."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest

from anaplan_emulator import Fault

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import JsonValue
    from tests.cli.conftest import Command

    from anaplan_emulator import Emulator

PLAN = "Passenger Plan"
SAVED = "Passenger Plan.Passengers by Month"


def rows(text: str) -> list[dict[str, str]]:
    return [*csv.DictReader(io.StringIO(text))]


def cell_writes(emulator: Emulator) -> int:
    return sum(each.method == "POST" and "/modules/" in each.path for each in emulator.requests())


@pytest.mark.parametrize("ref", [SAVED, "2001000000001"])
def test_a_saved_view_is_found_by_name_and_id(anaplan: Command, ref: str) -> None:
    done = anaplan("view", "read", ref, "-q", "--max-rows", "1")
    assert done.out == "Countries,Time,Versions,Passengers\nUnited States,Jan 13,Actual,412000\n"


def test_all_pages_are_read(anaplan: Command) -> None:
    found = rows(anaplan("view", "read", PLAN, "-q").out)
    assert len(found) == 96
    assert {row["Versions"] for row in found} == {"Actual", "Forecast"}
    single = rows(anaplan("view", "read", PLAN, "-q", "--layout", "single").out)
    assert len(single) == 288
    assert list(single[0]) == ["Countries", "Time", "Versions", "Line Items", "Value"]


@pytest.mark.parametrize("layout", ["multi", "single"])
def test_a_page_has_the_rows_of_all_pages_with_its_item(anaplan: Command, layout: str) -> None:
    every = rows(anaplan("view", "read", PLAN, "-q", "--layout", layout).out)
    done = anaplan("view", "read", PLAN, "--layout", layout, "--page", "versions=actual")
    assert "Page: Versions = Actual" in done.err
    expected = [row for row in every if row["Versions"] == "Actual"]

    def ordered(some: list[dict[str, str]]) -> list[list[tuple[str, str]]]:
        return sorted(sorted(row.items()) for row in some)

    assert ordered(rows(done.out)) == ordered(expected)
    assert len(expected) > 0


def test_the_grid_looks_like_the_view(anaplan: Command) -> None:
    done = anaplan("view", "read", PLAN, "--layout", "grid", "--max-rows", "2", "-o", "json")
    assert [row["Line Items"] for row in done.json] == ["Passengers", "Load Factor"]
    assert done.json[0]["Feb 13"] == "398500"
    several = anaplan("view", "read", SAVED, "--layout", "grid", "-o", "csv").out
    assert several.startswith("Countries,Jan 13 | Passengers,Feb 13 | Passengers,")


def test_a_wide_grid_fits_a_terminal_of_80_columns(anaplan: Command) -> None:
    done = anaplan("view", "read", PLAN, "--layout", "grid", on_terminal=True)
    lines = done.out.splitlines()
    assert lines[0].split()[:4] == ["Countries", "Line", "Items", "Jan"]
    assert lines[1].split()[:5] == ["United", "States", "Passengers", "412000", "398500"]
    assert done.err.splitlines()[-1] == "... and 6 more columns: --output csv prints all."
    assert max(map(len, lines)) <= 80


def test_a_page_that_is_too_large_is_explained(anaplan: Command, emulator: Emulator) -> None:
    emulator.add_fault(Fault(method="GET", path="*/data", status=400))
    done = anaplan("view", "read", PLAN, "--page", "Versions=Actual")
    assert done.code == 1
    assert "more than 1,000,000 cells: without --page" in done.err
    assert "tr.read_view" not in done.err


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--page", "Version=Actual"), 5, "It has there: 'Versions'."),
        (("--page", "Versions=Actal"), 5, "similar: item 'Actual'"),
        (("--page", "Versions"), 2, "--page takes DIM=ITEM, not 'Versions'."),
        (("--page", "V=1", "--page", "V=2"), 2, "--page is given twice for 'V'."),
        (("--max-rows", "0"), 2, "'0' is not a whole number of at least 1"),
    ],
)
def test_wrong_pages_are_explained(
    anaplan: Command, options: tuple[str, ...], code: int, said: str
) -> None:
    done = anaplan("view", "read", PLAN, *options)
    assert (done.code, done.out) == (code, "")
    assert said in done.err


@pytest.mark.parametrize("layout", ["multi", "single"])
def test_what_is_read_can_be_written(anaplan: Command, layout: str) -> None:
    text = anaplan("view", "read", PLAN, "-q", "--layout", layout).out
    changed = text.replace("412000", "412001").replace("398500", "")
    done = anaplan("cells", "write", PLAN, "-", "-o", "json", stdin=changed)
    assert (done.code, done.json["cells"], done.json["changed"]) == (0, 288, 2)
    again = rows(anaplan("view", "read", PLAN, "-q").out)
    assert [again[0]["Passengers"], again[2]["Passengers"]] == ["412001", "0"]


def test_empty_values_can_be_left_out(anaplan: Command) -> None:
    text = "Countries,Time,Versions,Passengers,Approved\nCanada,Feb 13,Actual,,yes\n"
    done = anaplan("cells", "write", PLAN, "-", "--keep", "-o", "json", stdin=text)
    assert done.json == {"rows": 1, "cells": 1, "changed": 1, "refused": 0}


def test_refused_cells_are_listed_by_their_rows(anaplan: Command, home: Path) -> None:
    text = "Countries,Time,Versions,Passengers,Load Factor\n"
    text += "US,Jan 13,Forecast,5,.5\nZZ,Jan 13,Forecast,6,.6\n"
    options = ("--by-code", "countries", "--refused", "no.csv")
    done = anaplan("cells", "write", PLAN, "-", *options, stdin=text)
    assert done.code == 6
    assert "line 3: invalidItem: Countries has no item 'ZZ'" in done.err
    assert (
        "Anaplan refused 2 of 4 cells; --allow-refused is 0.\nThe others were written." in done.err
    )
    (saved,) = rows((home / "no.csv").read_text())
    assert (saved["Countries"], saved["Load Factor"], saved["_Line_"]) == ("ZZ", ".6", "3")


DIMENSIONS = "Countries,Time,Versions"
CANADA = "Canada,Jan 13,Actual"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Countries,Time,Passengers\nCanada,Jan 13,1\n", "for the dimension 'Versions'"),
        (f"{DIMENSIONS},Pax\n{CANADA},1\n", "No column has the name of a line item."),
        (f"{DIMENSIONS},Passengers,X\n{CANADA},1,1\n", "The module has no 'X'."),
        (f"{DIMENSIONS},Passengers\nCanada,,Actual,1\n", "line 2: there is no item of Time"),
        (f"{DIMENSIONS},Passengers\n{CANADA},many\n", "line 2: Passengers: 'many' is not"),
        (f"{DIMENSIONS},Passengers\n{CANADA},nan\n", "line 2: Passengers: 'nan' is not"),
        (f"{DIMENSIONS},Approved\n{CANADA},perhaps\n", "is not true or false"),
        ("line_item,Value\nPassenger,1\n", "no line item 'Passenger'; similar: 'Passengers'"),
        ("line_item,Countries\nPassengers,Canada\n", "but no column 'Value'"),
        (f"{DIMENSIONS},Passengers\n{CANADA},12345678901234567890.5\n", "has more digits than"),
        (
            f"{DIMENSIONS},Passengers,Load Factor\n{CANADA},1,.5\n{CANADA.upper()},2,.6\n",
            "line 3: Passengers: the same cell as in line 2",
        ),
        ("Flights,Date\n#1,31.1.2026\n", "is not a date such as 2026-01-31"),
        ("Flights,All Flights\n#1,true\n", "All Flights is calculated by a formula"),
    ],
)
def test_bad_cells_are_refused_before_anything_is_sent(
    anaplan: Command, emulator: Emulator, text: str, said: str
) -> None:
    module = "Flight Facts" if text.startswith("Flights") else PLAN
    done = anaplan("cells", "write", module, "-", stdin=text)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert cell_writes(emulator) == 0


def test_json_values_are_written_by_format(anaplan: Command) -> None:
    code = anaplan("list", "insert", "Flights", "-", stdin="code\nF1\n").code
    row = {"Flights": "F1", "Date": "2026-01-31", "Tail Number": 12, "Distance": 1.5}
    text = json.dumps({**row, "Loaded": True})
    done = anaplan("cells", "write", "Flight Facts", "-", "--by-code", "Flights", stdin=text)
    assert (code, done.code) == (0, 0)
    (found,) = rows(anaplan("view", "read", "Flight Facts", "-q").out)
    assert [found[name] for name in ("Tail Number", "Distance", "Loaded")] == ["12", "1.5", "true"]


def test_cells_of_several_line_items_are_not_the_same(anaplan: Command) -> None:
    text = f"{DIMENSIONS},Line Items,Value\n{CANADA},Passengers,1\n{CANADA},Load Factor,.5\n"
    text += f"{CANADA},Passengers,\n"
    done = anaplan("cells", "write", PLAN, "-", "--keep", "-o", "json", stdin=text)
    assert (done.code, done.json["cells"]) == (0, 2)
    assert anaplan("cells", "write", PLAN, "-", stdin=text).code == 2


def test_json_numbers_keep_their_digits(anaplan: Command, emulator: Emulator) -> None:
    row = '{"Countries":"Canada","Time":"Jan 13","Versions":"Actual","Passengers":%s}'
    done = anaplan("cells", "write", PLAN, "-", stdin=row % "12345678901234567890.5")
    assert done.code == 2
    assert "12345678901234567890.5 has more digits than a number of Anaplan" in done.err
    assert cell_writes(emulator) == 0
    assert anaplan("cells", "write", PLAN, "-", stdin=row % "0.12345678901234567890").code == 0


def test_a_request_that_is_refused_as_a_whole_is_never_done(
    anaplan: Command, emulator: Emulator
) -> None:
    failure: JsonValue = {
        "requestIndex": 1,
        "failureType": "unsupportedValueType",
        "failureMessageDetails": "not a number",
    }
    body: JsonValue = {"status": {"code": 400, "message": "Bad request"}, "failures": [failure]}
    emulator.add_fault(Fault(method="POST", path="*/data", status=400, body=body))
    text = f"{DIMENSIONS},Passengers\n{CANADA},1\nFrance,Jan 13,Actual,2\n"
    done = anaplan("cells", "write", PLAN, "-", "--allow-refused", "all", stdin=text)
    assert (done.code, done.out) == (6, "")
    assert "line 3: unsupportedValueType: not a number" in done.err
    assert "Nothing was written. Correct them, and send all again." in done.err
