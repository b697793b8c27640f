"""Views, lists and audit events as Parquet, Arrow and JSON Lines, and checks of tables."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Command

    from anaplan_emulator import Emulator

VIEW = "Passenger Plan"
IMPORT = "Airlines from airlines.csv"
PLAN = "Passenger Plan from passenger-plan.csv"


@pytest.fixture(params=["arro3", "pyarrow"])
def arrow(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The Arrow library that the SDK uses."""
    name: str = request.param
    monkeypatch.setenv("ANAPLAN_SDK_ARROW", name)
    return name


def starts(emulator: Emulator) -> list[str]:
    return [each.path for each in emulator.requests() if each.method in ("PUT", "POST")]


@pytest.mark.usefixtures("arrow")
def test_a_view_is_written_with_types(anaplan: Command, home: Path) -> None:
    done = anaplan("view", "read", VIEW, "v.parquet")
    assert (done.code, done.out) == (0, "")
    assert done.err.endswith("Saved as v.parquet\n")
    found = pl.read_parquet(home / "v.parquet")
    assert found.schema["Passengers"] == pl.Float64
    assert found.schema["Approved"] == pl.Boolean
    assert (len(found), found["Passengers"].sum()) == (96, 871050)
    assert anaplan("view", "read", VIEW, "v.arrow", "--type", "Passengers=text").code == 0
    assert pl.read_ipc_stream(home / "v.arrow").schema["Passengers"] == pl.String


def test_a_page_of_a_view_is_written(anaplan: Command, home: Path) -> None:
    done = anaplan("view", "read", VIEW, "v.parquet", "--page", "Versions=Actual")
    assert done.code == 0, done.err
    assert set(pl.read_parquet(home / "v.parquet")["Versions"]) == {"Actual"}


def test_csv_and_json_lines_are_what_is_printed(anaplan: Command, home: Path) -> None:
    for words in (("view", "read", VIEW), ("list", "read", "Countries")):
        for form in ("csv", "jsonl"):
            printed = anaplan(*words, "-o", form).out
            assert anaplan(*words, "--format", form).out == printed
            assert anaplan(*words, "-", "--format", form).out == printed
            assert anaplan(*words, f"x.{form}").code == 0
            assert (home / f"x.{form}").read_text() == printed


@pytest.mark.usefixtures("arrow")
def test_a_list_is_written_with_types(anaplan: Command, home: Path) -> None:
    rows = "name,code,parent,Latitude\nJFK,JFK,,40.6\n"
    assert anaplan("list", "insert", "Airports", "-", stdin=rows).code == 0
    assert anaplan("list", "read", "Airports", "l.parquet").code == 0
    found = pl.read_parquet(home / "l.parquet")
    assert found.columns[:3] == ["name", "code", "parent"]
    assert found["Latitude"].to_list() == [40.6]
    options = ("--column", "Latitude", "--column", "code")
    assert anaplan("list", "read", "Airports", "l.arrow", *options).code == 0
    found = pl.read_ipc_stream(home / "l.arrow")
    assert found.to_dicts() == [{"Latitude": 40.6, "code": "JFK"}]
    done = anaplan("list", "read", "Airports", "l.arrow", "--column", "nix")
    assert (done.code, "'Airports' has no column 'nix'." in done.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("view", "read", VIEW, "x.parquet", "--layout", "grid"), "--layout is not for Parquet"),
        (("view", "read", VIEW, "x.parquet", "--max-rows", "3"), "--max-rows is not for Parquet"),
        (("view", "read", VIEW, "--type", "Passengers=text"), "--type is only for Parquet"),
        (("list", "read", "Countries", "x.arrow", "--no-ids"), "--no-ids is not for Parquet"),
        (("list", "read", "Countries", "x.doc"), "The name 'x.doc' shows no format."),
        (("view", "read", VIEW, "--format", "csv", "-o", "json"), "contradict"),
    ],
)
def test_what_a_format_does_not_have_is_refused(
    anaplan: Command, emulator: Emulator, arguments: tuple[str, ...], message: str
) -> None:
    done = anaplan(*arguments)
    assert (done.code, message in done.err) == (2, True), done.err
    assert emulator.requests() == []


@pytest.mark.parametrize(
    ("form", "program"),
    [
        ("csv", "duckdb.execute(\"select sum(Passengers)::int from read_csv('/dev/stdin')\")"),
        (
            "arrow",
            (
                "duckdb.from_arrow(pa.ipc.open_stream(sys.stdin.buffer).read_all())"
                ".aggregate('sum(Passengers)::int')"
            ),
        ),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no /dev/stdin")
def test_duckdb_reads_a_view_from_a_pipe(
    shell: Command, home: Path, form: str, program: str
) -> None:
    text = f"import sys\nimport duckdb\nimport pyarrow as pa\n\nprint({program}.fetchall())\n"
    (home / "sums.py").write_text(text)
    line = f"anaplan view read '{VIEW}' --format {form} - -q | '{sys.executable}' sums.py"
    done = shell(line)
    assert (done.out, done.err) == ("[(871050,)]\n", "")


@pytest.mark.parametrize("form", ["parquet", "arrow"])
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no /dev/full")
def test_output_that_cannot_be_written_ends_the_command(
    shell: Command, monkeypatch: pytest.MonkeyPatch, arrow: str, form: str
) -> None:
    monkeypatch.setenv("ANAPLAN_SDK_ARROW", arrow)
    line = f"anaplan view read '{VIEW}' --format {form} - -q"
    done = shell(f"{line} | true; echo ${{PIPESTATUS[0]}}")
    assert (done.out, done.err) == ("141\n", "")
    done = shell(f"{line} > /dev/full")
    assert done.code == 1
    assert done.err.startswith("Error: Reading or writing failed: No space left on device.")


@pytest.mark.usefixtures("arrow")
def test_a_table_without_problems_is_checked(
    anaplan: Command, emulator: Emulator, home: Path
) -> None:
    table = pl.DataFrame({"carrier": ["AA"], "name": ["American"]})
    table.write_parquet(home / "a.parquet")
    table.write_csv(home / "a.csv")
    for name in ("a.parquet", "a.csv"):
        done = anaplan("import", name, "--run", IMPORT, "--check")
        assert (done.code, done.out) == (0, ""), done.err
        assert f"No problems were found in 1 row of '{name}'. Nothing was sent." in done.err
    assert not any("/chunks" in path or "/tasks" in path for path in starts(emulator))


def test_columns_and_values_are_checked(anaplan: Command, emulator: Emulator, home: Path) -> None:
    pl.DataFrame({"code": ["AA"], "name": ["American"]}).write_parquet(home / "a.parquet")
    done = anaplan("import", "a.parquet", "--run", IMPORT, "--check")
    assert done.code == 6
    assert [line.split()[:3] for line in done.out.splitlines()[1:]] == [
        ["carrier", "missing", "column"],
        ["code", "unexpected", "column"],
    ]
    assert "--rename NAME=NEW renames a column" in done.err
    pl.DataFrame(
        {
            "country": ["France", "Nowhere", "Nowhere"],
            "month": ["Jan 13", "Jan 13", "Feb 13"],
            "passengers": ["1", "many", "2"],
            "load_factor": [0.5, 0.6, 0.7],
        }
    ).write_parquet(home / "p.parquet")
    arguments = ("import", "p.parquet", "--run", PLAN, "--map", "Version=Forecast", "--check")
    done = anaplan(*arguments, "--target", "Passenger Plan")
    assert done.code == 6
    assert "passengers  not a number" in done.out
    assert "many" in done.out
    assert "Error: Anaplan may refuse 1 row of 'p.parquet' with problems" in done.err
    done = anaplan(*arguments, "--target", "Passenger Plan", "-o", "json", "--allow-refused", "1")
    assert done.code == 0
    (problem,) = done.json["problems"]
    assert (problem["column"], problem["rows"], problem["count"]) == ("passengers", [1], 1)
    assert not any("/chunks" in path or "/tasks" in path for path in starts(emulator))


def test_a_process_is_checked_by_its_imports(anaplan: Command, home: Path) -> None:
    pl.DataFrame({"faa": ["JFK"]}).write_parquet(home / "a.parquet")
    done = anaplan(
        *("import", "a.parquet", "--run", "Load flights", "--to", "airports.csv"),
        *("--check", "-o", "csv"),
    )
    assert done.code == 6
    names = {line.split(",")[0] for line in done.out.splitlines()[1:]}
    assert names == {"Time Zones from airports.csv", "Airports from airports.csv"}


def test_a_target_is_for_checks(anaplan: Command, emulator: Emulator) -> None:
    done = anaplan("import", "a.parquet", "--run", IMPORT, "--target", "Airlines")
    assert (done.code, "--target is for --check." in done.err) == (2, True)
    assert emulator.requests() == []
