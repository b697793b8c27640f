"""`anaplan list`: items of lists."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.cli.conftest import PROGRAM

from anaplan_emulator import Fault

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command, Result

    from anaplan_emulator import Emulator

AIRPORTS = """\
name,code,Latitude,Airport Name
JFK,JFK,40.6,Kennedy
LAX,LAX,33.9,Los Angeles
"""
COUNTRIES = """\
id,name,code,parent,subset: Euro Area
206000000001,United States,US,North America,false
206000000002,Canada,CA,North America,false
206000000003,France,FR,Europe,true
206000000004,Germany,DE,Europe,true
"""


def items(anaplan: Command, name: str) -> list[dict[str, str]]:
    done = anaplan("list", "read", name, "-q", "-o", "csv")
    assert done.code == 0
    return [*csv.DictReader(io.StringIO(done.out))]


def record(done: Result) -> dict[str, int]:
    pairs = (line.split() for line in done.out.splitlines())
    return {name.lower(): int(value) for name, value in pairs}


def writes(emulator: Emulator) -> int:
    return sum(
        each.method in ("POST", "PUT")
        and each.path.endswith("/items")
        and "/dimensions/" not in each.path  # A search.
        for each in emulator.requests()
    )


def test_items_are_printed_as_csv_off_a_terminal(anaplan: Command) -> None:
    assert anaplan("list", "read", "Countries", "-q").out == COUNTRIES


def test_a_list_is_read_page_by_page_without_ids(anaplan: Command, emulator: Emulator) -> None:
    done = anaplan("list", "read", "Countries", "--no-ids", "-q")
    assert done.out.splitlines() == [line.partition(",")[2] for line in COUNTRIES.splitlines()]
    assert any("readRequests" in each.path for each in emulator.requests())


def test_json_has_properties_and_subsets_as_objects(anaplan: Command) -> None:
    for way in ((), ("--no-ids",)):
        found = anaplan("list", "read", "Countries", "-q", "-o", "json", *way).json
        assert found[2]["subsets"] == {"Euro Area": True}
        assert found[2]["properties"] == {}


def test_columns_can_be_chosen(anaplan: Command) -> None:
    done = anaplan("list", "read", "Countries", "-q", "--column", "code", "--column", "name")
    assert done.out.splitlines()[:2] == ["code,name", "US,United States"]
    wrong = anaplan("list", "read", "Countries", "--column", "Code")
    assert wrong.code == 2
    assert "Columns are: id, name, code, parent, subset: Euro Area." in wrong.err


@pytest.mark.parametrize("way", ["csv", "json", "jsonl"])
def test_items_are_inserted_from_each_format(anaplan: Command, way: str) -> None:
    rows = [*csv.DictReader(io.StringIO(AIRPORTS))]
    text = {
        "csv": AIRPORTS.replace(",", ";"),
        "json": json.dumps(rows, indent=1),
        "jsonl": "".join(f"{json.dumps(row)}\n" for row in rows),
    }[way]
    done = anaplan("list", "insert", "Airports", "-", stdin=text)
    assert (done.code, record(done)) == (0, {"added": 2, "refused": 0})
    assert [row["Latitude"] for row in items(anaplan, "Airports")] == ["40.6", "33.9"]


def test_what_is_read_as_json_can_be_written(anaplan: Command) -> None:
    read = anaplan("list", "read", "Countries", "-q", "-o", "json").out
    changed = read.replace('"Euro Area": false', '"Euro Area": true')
    assert record(anaplan("list", "update", "Countries", "-", stdin=changed))["updated"] == 4
    assert {row["subset: Euro Area"] for row in items(anaplan, "Countries")} == {"true"}


def test_a_property_with_the_name_of_a_field_is_kept_apart(
    anaplan: Command, emulator: Emulator
) -> None:
    change = {"lists": [{"name": "Gates", "properties": [{"name": "Code", "format": "TEXT"}]}]}
    emulator.restructure("Flight Operations", change)
    text = "name,code,property: Code\nA1,X1,inner\n"
    assert anaplan("list", "insert", "Gates", "-", stdin=text).code == 0
    (item,) = items(anaplan, "Gates")
    assert (item["code"], item["property: Code"]) == ("X1", "inner")
    done = anaplan("list", "read", "Gates", "--no-ids", "-q")
    assert done.out == "name,code,parent,property: Code\nA1,X1,,inner\n"


def test_columns_are_mapped_and_skipped(anaplan: Command) -> None:
    text = "iata,label,note\nJFK,Kennedy,x\n"
    options = ("--map", "code=iata", "--map", "name=label", "--ignore", "note")
    assert anaplan("list", "insert", "Airports", "-", *options, stdin=text).code == 0
    assert items(anaplan, "Airports")[0]["code"] == "JFK"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,Altitud\nJFK,1\n", "The list 'Airports' has no 'Altitud'."),
        ("name,subset: X\nJFK,true\n", "The list 'Airports' has no 'subset: X'."),
        ("name,Altitude\n,1\nLAX,high\n", "line 3: Altitude: 'high' is not a number"),
        ("id,name\n1,JFK\n", "line 2: new items have no id yet"),
        ("name,Name\nJFK,JFK\n", "Two columns are the item's 'name'."),
        ("name,code\nJFK\n", "Line 2 has 1 fields, but the header has 2."),
        ('name\n"JFK\n', "The input is not valid CSV in line"),
        ("", "The input is empty"),
        ('[{"name": "JFK"},]', "not valid JSON in line 1"),
        ('{"name": "JFK"}\n[1]\n', "line 2 is not a JSON object"),
        ('{"name": "A"}\n{"name": "JFK", "Latitude": NaN}\n', "JSON in line 2: NaN is not a"),
        ('[{"name": "JFK", "Latitude": -Infinity}]', "JSON: -Infinity is not a number."),
        ('{"name": "JFK", "Latitude": 1e999}', "'1e999' is not a number"),
        ('{"name": "JFK", "Latitude": 1e99999999999999999999}', "is not a number"),
        ('[{"name": "JFK", "code": "A", "name": "X"}]', "an object has the key 'name' twice"),
        ('{"name": %s}' % ("[" * 100_000), "JSON in line 1: it is nested too deeply"),
        ('{"name": %s}' % ("1" * 5_000), "JSON in line 1: a number has thousands of digits"),
    ],
)
def test_bad_input_is_refused_before_anything_is_sent(
    anaplan: Command, emulator: Emulator, text: str, said: str
) -> None:
    done = anaplan("list", "insert", "Airports", "-", stdin=text)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert writes(emulator) == 0


def test_input_that_is_not_utf_8_is_refused(anaplan: Command) -> None:
    done = anaplan("list", "insert", "Airports", "-", stdin="name\nZürich\n".encode("latin-1"))
    assert done.code == 2
    assert "not UTF-8: line 2" in done.err


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"PAR1\x15", "Parquet"), (b"ARROW1\0\0", "Arrow"), (b"PK\x03\x04", "an Excel or zip file")],
)
def test_input_that_is_no_text_is_refused(anaplan: Command, content: bytes, kind: str) -> None:
    done = anaplan("list", "insert", "Airports", "-", stdin=content)
    assert done.code == 2
    assert f"The input is {kind}; this command reads CSV, JSON and JSON Lines." in done.err


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_input_in_utf_16_is_refused(anaplan: Command, encoding: str) -> None:
    done = anaplan("list", "insert", "Airports", "-", stdin="name\nJFK\n".encode(encoding))
    assert done.code == 2
    assert "The input is UTF-16, not UTF-8." in done.err
    assert "iconv -f utf-16 " in done.err


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("none.csv", "There is no file 'none.csv'."),
        (".", "'.' is a folder."),
        ("", "The source is empty."),
    ],
)
def test_a_source_that_is_no_file(anaplan: Command, source: str, said: str) -> None:
    for arguments in (("list", "insert", "Airports"), ("cells", "write", "Flight Facts")):
        done = anaplan(*arguments, source)
        assert done.code == 2
        assert said in done.err


def test_a_home_folder_of_the_source_is_found(anaplan: Command, home: Path) -> None:
    (home / "a.csv").write_text(AIRPORTS)
    same = anaplan("list", "insert", "Airports", "~/a.csv", "--refused", "a.csv")
    assert "--refused would overwrite the input" in same.err
    assert anaplan("list", "insert", "Airports", "~/a.csv").code == 0


def test_whole_numbers_of_json_are_codes(anaplan: Command) -> None:
    text = '[{"name": 7.0, "code": 1000.0, "Airport Name": 2.50, "Latitude": 40.0}]'
    assert anaplan("list", "insert", "Airports", "-", stdin=text).code == 0
    (item,) = items(anaplan, "Airports")
    assert (item["name"], item["code"], item["Airport Name"]) == ("7", "1000", "2.5")


def test_fields_of_csv_may_be_long(anaplan: Command, home: Path) -> None:
    (home / "long.csv").write_text(f"name,code,note\nJFK,JFK,{'x' * 200_000}\n")
    assert anaplan("list", "insert", "Airports", "long.csv", "--ignore", "note").code == 0


def test_an_input_without_rows_is_done(anaplan: Command, emulator: Emulator) -> None:
    for verb in ("insert", "update", "upsert", "delete"):
        done = anaplan("list", verb, "Airports", "-", stdin="name,code\n")
        assert done.code == 0
        assert set(record(done).values()) == {0}
    assert writes(emulator) == 0


def test_refused_items_are_listed_and_saved(anaplan: Command, home: Path) -> None:
    anaplan("list", "insert", "Airports", "-", stdin=AIRPORTS)
    text = AIRPORTS + "ORD,ORD,41.9,O'Hare\n"
    done = anaplan("list", "insert", "Airports", "-", "--refused", "no.csv", stdin=text)
    assert (done.code, record(done)) == (6, {"added": 1, "refused": 2})
    assert "line 2: DUPLICATE: name already exists" in done.err
    assert "Anaplan refused 2 of 3 rows; --allow-refused is 0." in done.err
    assert "They are in 'no.csv'." in done.err
    assert "the columns _Line_, _Reason_ and _Details_ may stay" in " ".join(done.err.split())
    saved = [*csv.DictReader(io.StringIO((home / "no.csv").read_text()))]
    assert [(row["code"], row["_Line_"], row["_Reason_"]) for row in saved] == [
        ("JFK", "2", "DUPLICATE"),
        ("LAX", "3", "DUPLICATE"),
    ]
    # The file can be sent as it is.
    assert anaplan("list", "update", "Airports", "no.csv", "--refused", "no2.csv").code == 0
    assert (home / "no2.csv").read_text() == ""


def test_refused_items_are_printed(anaplan: Command) -> None:
    anaplan("list", "insert", "Airports", "-", stdin=AIRPORTS)
    text = AIRPORTS + "ORD,ORD,41.9,O'Hare\n"
    options = ("--refused", "-", "--allow-refused", "2")
    done = anaplan("list", "insert", "Airports", "-", *options, stdin=text)
    assert done.code == 0
    assert [row["code"] for row in csv.DictReader(io.StringIO(done.out))] == ["JFK", "LAX"]
    assert "Anaplan refused 2 of 3 rows, which is allowed." in done.err


def test_refused_items_can_be_allowed(anaplan: Command) -> None:
    anaplan("list", "insert", "Airports", "-", stdin=AIRPORTS)
    for allowed, code in (("1", 6), ("2", 0), ("all", 0)):
        done = anaplan(
            "list", "insert", "Airports", "-", "--allow-refused", allowed, stdin=AIRPORTS
        )
        assert done.code == code
    assert anaplan("list", "insert", "Airports", "-", "--allow-refused", "x").code == 2


def test_only_the_first_refused_items_are_listed(anaplan: Command) -> None:
    text = "code\n" + "".join(f"X{number}\n" for number in range(25))
    done = anaplan("list", "update", "Airports", "-", stdin=text)
    assert done.code == 6
    assert done.err.count("Not found") == 10
    assert "and 15 more; --refused DEST writes all to a file" in done.err


def test_a_file_for_refused_items_that_cannot_be_written_stops_it(
    anaplan: Command, emulator: Emulator
) -> None:
    options = ("--refused", "missing/no.csv")
    done = anaplan("list", "insert", "Airports", "-", *options, stdin=AIRPORTS)
    assert done.code == 2
    assert "There is no folder 'missing'" in done.err
    assert writes(emulator) == 0


def test_an_empty_destination_is_refused(anaplan: Command, emulator: Emulator) -> None:
    for arguments in (
        ("list", "insert", "Airports", "-", "--refused", ""),
        ("download", "flights.csv", " "),
        ("users", "export", ""),
        ("alm", "diff", "", "--source", "Flight Operations"),
        ("cw", "run", "Reload flights", "--refused", ""),
    ):
        done = anaplan(*arguments, stdin=AIRPORTS)
        assert done.code == 2
        assert done.err.splitlines()[0] == "Error: The destination is empty."
    assert emulator.requests() == []


def test_a_link_to_the_refused_rows_stays_a_link(anaplan: Command, home: Path) -> None:
    (home / "sent").mkdir()
    (home / "no.csv").symlink_to("sent/rows.csv")
    anaplan("list", "insert", "Airports", "-", stdin=AIRPORTS)
    anaplan("list", "insert", "Airports", "-", "--refused", "no.csv", stdin=AIRPORTS)
    assert (home / "no.csv").is_symlink()
    assert "DUPLICATE" in (home / "sent/rows.csv").read_text()


def test_the_input_is_not_overwritten(anaplan: Command, home: Path) -> None:
    (home / "a.csv").write_text(AIRPORTS)
    done = anaplan("list", "insert", "Airports", "a.csv", "--refused", "./a.csv")
    assert done.code == 2
    assert (home / "a.csv").read_text() == AIRPORTS


def test_an_empty_cell_empties_a_property_unless_it_is_kept(anaplan: Command) -> None:
    anaplan("list", "insert", "Airports", "-", stdin=AIRPORTS)
    text = "code,Latitude\nJFK,\n"
    for options, latitude in ((("--keep",), "40.6"), ((), "0")):
        assert anaplan("list", "update", "Airports", "-", *options, stdin=text).code == 0
        assert items(anaplan, "Airports")[0]["Latitude"] == latitude


def test_upsert_changes_what_exists_and_adds_the_rest(anaplan: Command) -> None:
    anaplan("list", "insert", "Airports", "-", stdin=AIRPORTS + "XXX,,1,No code\n")
    rows = (
        "name,code,Altitude",
        "JFK,jfk,1",  # by its code, in another spelling
        "LAX,,2",  # by its name, although Anaplan requires the code
        "XXX,XX,3",  # an item without a code gets one
        "ORD,ORD,4",  # new
        "ORD,ORD,5",  # and changed by a later row
        "LAX,QQQ,6",  # a name that has another code
    )
    done = anaplan("list", "upsert", "Airports", "-", stdin="\n".join(rows))
    assert (done.code, record(done)) == (6, {"added": 1, "updated": 4, "refused": 1})
    assert "line 7: DUPLICATE: name already exists" in done.err
    found = [(row["name"], row["code"], row["Altitude"]) for row in items(anaplan, "Airports")]
    assert found == [
        ("JFK", "JFK", "1"),
        ("LAX", "LAX", "2"),
        ("XXX", "XX", "3"),
        ("ORD", "ORD", "5"),
    ]


def test_upsert_in_a_numbered_list_goes_by_code(anaplan: Command) -> None:
    text = "code,Flight Number\nF1,100\nF2,200\n"
    assert anaplan("list", "insert", "Flights", "-", stdin=text).code == 0
    done = anaplan("list", "upsert", "Flights", "-", stdin="code,Flight Number\nF2,201\nF3,300\n")
    assert record(done) == {"added": 1, "updated": 1, "refused": 0}
    # Names such as #1 do no harm where items are changed, and are no keys.
    read = anaplan("list", "read", "Flights", "-q").out
    assert record(anaplan("list", "upsert", "Flights", "-", stdin=read))["updated"] == 3
    named = anaplan("list", "insert", "Flights", "-", stdin="name\nF9\n")
    assert "items of a numbered list have no name" in named.err


def test_upsert_refuses_an_unknown_id(anaplan: Command) -> None:
    done = anaplan("list", "upsert", "Airports", "-", stdin="id,name\n203000000099,JFK\n")
    assert (done.code, record(done)["refused"]) == (6, 1)
    assert items(anaplan, "Airports") == []


def test_items_are_deleted_by_what_was_read(anaplan: Command, emulator: Emulator) -> None:
    read = anaplan("list", "read", "Countries", "-q").out
    some = "".join(line for line in read.splitlines(keepends=True) if "Europe" not in line)
    refused = anaplan("list", "delete", "Countries", "-", stdin=some)
    assert refused.code == 2
    assert "Delete 2 items of the list 'Countries'?" in refused.err
    assert writes(emulator) == 0
    done = anaplan("list", "delete", "Countries", "-", "--yes", stdin=some)
    assert record(done) == {"deleted": 2, "refused": 0}
    assert [row["code"] for row in items(anaplan, "Countries")] == ["FR", "DE"]


def test_items_are_deleted_by_name_code_or_id(anaplan: Command, emulator: Emulator) -> None:
    named = ("--item", "united states", "--item", "FR", "--item", "US", "--item", "206000000004")
    asks = anaplan("list", "delete", "Countries", *named)
    assert asks.code == 2
    assert "Delete 'United States' and 'France' and '206000000004' of the list" in asks.err
    wrong = anaplan("list", "delete", "Countries", "--item", "FR", "--item", "Frence", "--yes")
    assert wrong.code == 5
    assert "The list 'Countries' has no item 'Frence'." in wrong.err
    assert writes(emulator) == 0
    done = anaplan("list", "delete", "Countries", *named, "--yes")
    assert record(done) == {"deleted": 3, "refused": 0}
    assert [row["code"] for row in items(anaplan, "Countries")] == ["CA"]


def test_an_item_that_is_two_items_is_not_deleted(anaplan: Command, emulator: Emulator) -> None:
    anaplan("list", "insert", "Airports", "-", stdin="name,code\nJFK,LAX\nLAX,X\n")
    before = writes(emulator)
    done = anaplan("list", "delete", "Airports", "--item", "LAX", "--yes")
    assert done.code == 5
    assert "'LAX' is the name or code of several items" in done.err
    assert writes(emulator) == before


@pytest.mark.parametrize(
    "arguments",
    [(), ("c.csv", "--item", "FR"), ("--item", "FR", "--ignore", "x"), ("--item", " ")],
)
def test_what_is_deleted_must_be_clear(
    anaplan: Command, emulator: Emulator, home: Path, arguments: tuple[str, ...]
) -> None:
    (home / "c.csv").write_text("code\nFR\n")
    assert anaplan("list", "delete", "Countries", *arguments, "--yes").code == 2
    assert emulator.requests() == []


def test_a_write_without_a_reply_is_in_doubt(anaplan: Command, emulator: Emulator) -> None:
    emulator.add_fault(Fault(method="POST", path="*/items", lose_reply=True))
    # So that the list cannot show what was done.
    emulator.add_fault(Fault(method="GET", path="*/items", status=403))
    done = anaplan("list", "insert", "Airports", "-", stdin=AIRPORTS)
    assert (done.code, done.out) == (7, "")
    assert done.err.splitlines()[-1] == "Lines 2 to 3 may have been written: check them."


def test_what_was_done_before_a_failure_is_said(anaplan: Command, emulator: Emulator) -> None:
    anaplan("list", "insert", "Airports", "-", stdin=AIRPORTS)
    emulator.add_fault(Fault(method="PUT", path="*/items", status=403))
    text = "name,code,Altitude\nORD,ORD,1\nJFK,JFK,2\n"
    done = anaplan("list", "upsert", "Airports", "-", stdin=text)
    assert done.code == 4
    assert "Before it failed: 1 added." in done.err
    assert [row["code"] for row in items(anaplan, "Airports")] == ["JFK", "LAX", "ORD"]


def test_deleting_asks_on_a_terminal(home: Path, anaplan: Command) -> None:
    (home / "c.csv").write_text("code\nFR\n")
    arguments = ("list", "delete", "Countries", "c.csv")
    done = anaplan(*arguments, stdin="n\n", on_terminal=True)
    assert done.code == 1
    assert "Delete 1 item of the list 'Countries'? [y/N]" in done.out + done.err
    assert "Nothing was changed at Anaplan." in done.err
    assert len(items(anaplan, "Countries")) == 4
    assert anaplan(*arguments, stdin="y\n", on_terminal=True).code == 0
    assert len(items(anaplan, "Countries")) == 3


def test_a_redirected_stdout_gets_the_rows_while_a_bar_is_shown(home: Path) -> None:
    ours, theirs = os.openpty()
    with (home / "rows.csv").open("w") as rows:
        subprocess.run(
            [*PROGRAM, "list", "read", "Countries"],
            stdin=theirs,
            stdout=rows,
            stderr=theirs,
            cwd=home,
            check=True,
        )
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    os.close(theirs)
    assert (home / "rows.csv").read_text() == COUNTRIES
    assert "Reading Countries" in shown
    assert "France" not in shown
