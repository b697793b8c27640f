"""Parquet, Arrow and JSON Lines, uploaded, imported and exported."""

from __future__ import annotations

import gzip
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Command, OpenTerminal

    from anaplan_emulator import Emulator

IMPORT = "Airlines from airlines.csv"
EXPORT = "Flight Facts - tabular.csv"
# The second row is refused; the first name takes two lines of the file.
AIRLINES = pl.DataFrame(
    {"carrier": ["AA", None, "VX"], "name": ["American\nAirlines", "Nix", "Virgin"]}
)
# The whole header of the file, of which the import maps some.
AIRPORTS = pl.DataFrame(
    {
        "faa": ["JFK"],
        "name": ["John F Kennedy Intl"],
        "lat": [40.6],
        "lon": [-73.7],
        "alt": [13],
        "tz": [-5],
        "dst": ["A"],
        "tzone": ["America/New_York"],
    }
)


@pytest.fixture(params=["arro3", "pyarrow"])
def arrow(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The Arrow library that the SDK uses."""
    name: str = request.param
    monkeypatch.setenv("ANAPLAN_SDK_ARROW", name)
    return name


def write(table: pl.DataFrame, path: Path) -> None:
    match path.suffix:
        case ".parquet":
            table.write_parquet(path)
        case ".arrow":
            table.write_ipc(path)
        case ".jsonl":
            table.write_ndjson(path)
        case _:
            table.write_csv(path)


def read(path: Path) -> pl.DataFrame:
    match path.suffix:
        case ".parquet":
            return pl.read_parquet(path)
        case ".arrow":
            return pl.read_ipc_stream(path)
        case ".jsonl":
            return pl.read_ndjson(path)
        case _:
            return pl.read_csv(path)


@pytest.fixture
def facts(anaplan: Command, home: Path) -> None:
    """Two rows that the export has."""
    (home / "items.csv").write_text("code\nF1\nF2\n")
    assert anaplan("list", "insert", "Flights", "items.csv").code == 0
    (home / "cells.csv").write_text("Flights,Date,Distance\nF1,2013-02-01,1576.5\nF2,,200\n")
    done = anaplan("cells", "write", "Flight Facts", "cells.csv", "--by-code", "Flights")
    assert done.code == 0, done.err


def writes(emulator: Emulator) -> list[str]:
    return [each.path for each in emulator.requests() if each.method == "PUT"]


@pytest.mark.usefixtures("arrow")
@pytest.mark.parametrize("suffix", ["parquet", "arrow", "jsonl"])
def test_a_table_is_uploaded_as_the_text_that_imports_read(
    anaplan: Command, home: Path, suffix: str
) -> None:
    write(AIRLINES, home / f"a.{suffix}")
    assert anaplan("upload", f"a.{suffix}", "--to", "airlines.csv", "-q").code == 0
    done = anaplan("download", "airlines.csv", "-")
    assert done.out.replace('"', "") == "carrier,name\nAA,American\nAirlines\n,Nix\nVX,Virgin\n"


def test_content_of_other_files_is_uploaded_as_it_is(anaplan: Command, home: Path) -> None:
    content = b"carrier;name\r\n'AA'; x\n"
    for name, options in (("a.csv", ()), ("a.bin", ()), ("a.parquet", ("--format", "csv"))):
        (home / name).write_bytes(content)
        assert anaplan("upload", name, "--to", "airlines.csv", *options).code == 0
        assert anaplan("download", "airlines.csv", "-").out.encode() == content


@pytest.mark.usefixtures("arrow")
@pytest.mark.parametrize("form", ["parquet", "arrow", "jsonl"])
def test_a_table_is_read_from_stdin(anaplan: Command, home: Path, form: str) -> None:
    write(AIRLINES, path := home / f"a.{form}")
    options = ("--run", IMPORT, "--allow-refused", "1", "-o", "json")
    done = anaplan("import", "-", "--format", form, *options, stdin=path.read_bytes())
    assert (done.code, done.json["refused"]) == (0, 1), done.err
    done = anaplan("import", "-", "--format", form, *options)
    assert (done.code, "There is no content on stdin." in done.err) == (2, True)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes of this kind")
def test_a_table_is_read_from_a_pipe(shell: Command, home: Path) -> None:
    write(AIRLINES, home / "a.parquet")
    done = shell(f"anaplan import <(cat a.parquet) --format parquet --run '{IMPORT}'")
    assert (done.code, "1 row of" in done.err) == (6, True), done.err


@pytest.mark.usefixtures("arrow")
@pytest.mark.parametrize("suffix", ["csv", "parquet", "arrow", "jsonl"])
def test_refused_rows_have_their_index_in_the_table(
    anaplan: Command, home: Path, suffix: str
) -> None:
    write(AIRLINES.rename({"carrier": "code"}), home / "a.parquet")
    options = ("--run", IMPORT, "--rename", "code=carrier", "--refused", f"r.{suffix}")
    done = anaplan("import", "a.parquet", *options)
    assert done.code == 6
    assert f"The refused rows are in 'r.{suffix}'; the others were imported." in done.err
    assert read(home / f"r.{suffix}").to_dicts() == [
        {
            "row": 1,
            "reason": "Empty key",
            "status": "E",
            "code": "" if suffix != "csv" else None,
            "name": "Nix",
        }
    ]


@pytest.mark.usefixtures("arrow")
def test_a_file_without_refused_rows_is_one_of_its_format(anaplan: Command, home: Path) -> None:
    write(AIRLINES[2:], home / "a.parquet")
    for name in ("r.parquet", "r.arrow"):
        assert anaplan("import", "a.parquet", "--run", IMPORT, "--refused", name).code == 0
        found = read(home / name)
        assert (found.columns, len(found)) == (["row", "reason", "status", "carrier", "name"], 0)
    content = "carrier,name\nVX,Virgin\n"
    options = ("--run", IMPORT, "--refused", "r.parquet")
    assert anaplan("import", "-", *options, stdin=content).code == 0
    assert len(read(home / "r.parquet")) == 0


@pytest.mark.usefixtures("arrow")
def test_refused_rows_of_any_run_are_written_as_a_table(anaplan: Command, home: Path) -> None:
    content = "carrier,name\n,Nix\n"
    rows = [
        {"_Status_": "E", "carrier": "", "name": "Nix", "_Line_": "2", "_Error_1_": "Empty key"}
    ]
    assert anaplan("upload", "-", "--to", "airlines.csv", stdin=content).code == 0
    assert anaplan("run", IMPORT, "--refused", "r.parquet").code == 6
    assert read(home / "r.parquet").to_dicts() == rows
    assert anaplan("refused", IMPORT, "again.jsonl").code == 0
    assert read(home / "again.jsonl").to_dicts() == rows
    (home / "a.csv").write_text("name,code\nVirgin,XX\nVirgin,YY\n")
    done = anaplan("list", "insert", "Airlines", "a.csv", "--refused", "no.arrow")
    assert done.code == 6
    assert read(home / "no.arrow")["_Line_"].to_list() == ["3"]


def test_the_first_refused_rows_are_shown_on_a_terminal(
    terminal: OpenTerminal, anaplan: Command, home: Path
) -> None:
    many = pl.DataFrame({"carrier": [None] * 7, "name": [f"Nix {index}" for index in range(7)]})
    write(many, home / "a.parquet")
    screen = terminal("import", "a.parquet", "--run", IMPORT)
    assert screen.finish() == 6
    lines = screen.text.splitlines()
    start = lines.index("The first 5 of 7 refused rows")
    assert lines[start + 1].split() == ["row", "reason", "carrier", "name"]
    assert [line.split() for line in lines[start + 2 : start + 7]] == [
        [str(index), "Empty", "key", "Nix", str(index)] for index in range(5)
    ]
    # Elsewhere, only the result: a log is no place for data.
    assert "Nix" not in anaplan("import", "a.parquet", "--run", IMPORT).out


def test_columns_are_compared_by_name_before_anything_is_sent(
    anaplan: Command, emulator: Emulator, home: Path
) -> None:
    table = AIRLINES.with_columns(extra=1)
    write(table, home / "a.parquet")
    write(AIRLINES.select("name", "carrier"), home / "b.parquet")
    for command in (("import", "--run", IMPORT), ("upload", "--to", "airlines.csv")):
        done = anaplan(command[0], "a.parquet", *command[1:])
        assert done.code == 2
        assert "the import does not have 'extra'" in done.err
        assert "--rename NAME=NEW renames a column" in done.err
        done = anaplan(command[0], "b.parquet", *command[1:])
        assert done.code == 2
        assert "they are in another order, 'name', 'carrier'." in done.err
        assert "sends them in that order" in done.err
        assert "columns=" not in done.err
    assert writes(emulator) == []
    options = ("--column", "carrier", "--column", "name", "--allow-refused", "1")
    for name in ("a.parquet", "b.parquet"):
        assert anaplan("import", name, "--run", IMPORT, *options).code == 0


def test_columns_that_a_table_does_not_have_are_named(
    anaplan: Command, emulator: Emulator, home: Path
) -> None:
    write(AIRLINES, home / "a.parquet")
    done = anaplan("upload", "a.parquet", "--to", "airlines.csv", "--column", "carriers")
    assert done.code == 2
    assert "'a.parquet' has no column 'carriers'.\nIt has: carrier, name." in done.err
    done = anaplan("upload", "a.parquet", "--to", "airlines.csv", "--rename", "code=carrier")
    assert (done.code, "has no column 'code'" in done.err) == (2, True)
    assert writes(emulator) == []


def test_columns_of_a_csv_file_are_chosen(anaplan: Command, home: Path) -> None:
    (home / "a.csv").write_text('x,name,code\n1,"Virgin, America",VX\n')
    options = ("--column", "code", "--column", "name", "--rename", "code=carrier")
    assert anaplan("upload", "a.csv", "--to", "airlines.csv", *options).code == 0
    done = anaplan("download", "airlines.csv", "-")
    assert done.out.replace('"', "") == "carrier,name\nVX,Virgin, America\n"
    done = anaplan("upload", "a.csv", "--to", "airlines.csv", "--date-format", "%d.%m.%Y")
    assert (done.code, "Texts of a CSV file are sent as they are." in done.err) == (2, True)


def test_columns_of_a_packed_csv_file_are_chosen(anaplan: Command, home: Path) -> None:
    (home / "a.csv.gz").write_bytes(gzip.compress(b"x,name,code\n1,Virgin,VX\n"))
    options = ("--column", "code", "--column", "name", "--rename", "code=carrier")
    assert anaplan("upload", "a.csv.gz", "--to", "airlines.csv", *options).code == 0
    done = anaplan("download", "airlines.csv", "-")
    assert done.out.replace('"', "") == "carrier,name\nVX,Virgin\n"


def test_dates_are_written_in_the_format_that_is_given(anaplan: Command, home: Path) -> None:
    moments = pl.Series(["2026-01-31T08:30:00"]).str.to_datetime()
    table = pl.DataFrame({"carrier": moments.dt.date(), "name": moments})
    write(table, home / "a.parquet")
    arguments = ("upload", "a.parquet", "--to", "airlines.csv", "--date-format", "%d.%m.%Y")
    done = anaplan(*arguments)
    assert done.code == 1
    assert "Row 0, column 'name'" in done.err
    assert "The upload to 'airlines.csv' is incomplete" in done.err
    assert "timestamps='text'" not in done.err
    assert anaplan(*arguments, "--timestamps", "text").code == 0
    done = anaplan("download", "airlines.csv", "-")
    assert done.out.splitlines()[1].replace('"', "") == "31.01.2026,2026-01-31T08:30:00"


def test_a_file_of_another_format_is_refused(
    anaplan: Command, emulator: Emulator, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANAPLAN_SDK_ARROW", "pyarrow")
    (home / "a.parquet").write_text("carrier,name\n")
    (home / "a.jsonl").write_text('{"carrier": "AA"}\n[1]\n')
    (home / "empty.parquet").touch()
    for name, message in (
        ("a.parquet", "Error: 'a.parquet' can't be read"),
        ("a.jsonl", "Error: 'a.jsonl', line 2: the line is not a JSON object."),
        ("empty.parquet", "Error: 'empty.parquet' is empty."),
        ("missing.parquet", "Error: There is no file 'missing.parquet'."),
    ):
        done = anaplan("upload", name, "--to", "airlines.csv")
        assert (done.code, done.err.startswith(message)) == (2, True), done.err
    assert emulator.requests() == []


def test_imports_have_all_columns_of_their_file(anaplan: Command, home: Path) -> None:
    write(AIRPORTS, home / "a.parquet")
    assert anaplan("import", "a.parquet", "--run", "Time Zones from airports.csv").code == 0
    assert anaplan("import", "a.parquet", "--run", "Airports from airports.csv").code == 0
    done = anaplan("list", "read", "Airports", "-o", "json")
    assert done.json[0]["properties"]["Latitude"] in (40.6, "40.6")


@pytest.mark.usefixtures("arrow", "facts")
@pytest.mark.parametrize("suffix", ["parquet", "arrow", "jsonl"])
def test_an_export_is_written_as_a_table(anaplan: Command, home: Path, suffix: str) -> None:
    (home / "folder").mkdir()
    done = anaplan("export", EXPORT, f"x.{suffix}")
    assert (done.code, done.err.endswith(f"Saved as x.{suffix}\n")) == (0, True), done.err
    found = read(home / f"x.{suffix}")
    assert found["Flights"].to_list() == ["F1", "F2"]
    assert found["Distance"].to_list() == [1576.5, 200.0]
    dates = [value and str(value) for value in found["Date"].to_list()]
    assert dates == ["2013-02-01", None]
    assert anaplan("export", EXPORT, "folder", "--format", suffix).code == 0
    assert read(home / "folder" / f"Flight Facts - tabular.{suffix}").equals(found)


@pytest.mark.usefixtures("facts")
def test_a_table_is_printed_for_another_program(
    shell: Command, terminal: OpenTerminal, home: Path
) -> None:
    for unbuffered in ("", "1"):
        line = f"PYTHONUNBUFFERED={unbuffered} anaplan export '{EXPORT}' - --format parquet"
        assert shell(f"{line} | cat > x.parquet; exit ${{PIPESTATUS[0]}}").code == 0
        assert len(read(home / "x.parquet")) == 2
    screen = terminal("export", EXPORT, "-", "--format", "parquet")
    assert screen.finish() == 2
    assert "Parquet is binary data, which a terminal does not show." in screen.text


@pytest.mark.usefixtures("facts")
def test_types_of_an_export_are_chosen(anaplan: Command, home: Path) -> None:
    assert anaplan("export", EXPORT, "x.parquet", "--type", "Distance=text").code == 0
    assert read(home / "x.parquet")["Distance"].to_list() == ["1576.5", "200"]
    done = anaplan("export", EXPORT, "y.parquet", "--type", "Distance=date")
    assert done.code == 1
    assert "--type 'Distance=text' reads the column as text." in done.err
    done = anaplan("export", EXPORT, "y.parquet", "--type", "Distance=money")
    assert (done.code, "'money' is not a type" in done.err) == (2, True)
    assert not (home / "y.parquet").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("upload", "a.parquet", "--to", "airlines.csv"),
        ("export", EXPORT, "x.parquet"),
        ("run", IMPORT, "--refused", "r.arrow"),
    ],
)
def test_a_missing_extra_is_named(
    shell: Command, emulator: Emulator, home: Path, arguments: tuple[str, ...]
) -> None:
    write(AIRLINES, home / "a.parquet")
    for name in ("arro3", "pyarrow"):
        (home / name).mkdir()
        text = f"raise ModuleNotFoundError(\"No module named '{name}'\", name='{name}')\n"
        (home / name / "__init__.py").write_text(text)
    quoted = " ".join(f"'{each}'" for each in arguments)
    path = os.pathsep.join(filter(None, [str(home), os.environ.get("PYTHONPATH")]))
    done = shell(f"PYTHONPATH='{path}' anaplan {quoted}")
    assert done.code == 1
    assert "need the extra 'tables': pip install 'anaplan-sdk[cli,tables]'" in done.err
    assert emulator.requests() == []
    assert json.dumps(done.out) == '""'
