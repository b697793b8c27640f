"""`anaplan demo`. What it prints on a terminal is compared with the picture in the README."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from anaplan_sdk.cli.demo import Demo
from anaplan_sdk.cli.global_options import GlobalOptions
from anaplan_sdk.cli.invocation import Invocation

if TYPE_CHECKING:
    from tests.cli.conftest import Command, OpenTerminal

    from anaplan_emulator import Emulator

FILES = {"airlines.csv", "airports.csv", "flights.parquet", "refused.parquet", "loaded.parquet"}


def test_nothing_of_the_user_is_used(
    anaplan: Command, emulator: Emulator, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "config.toml").write_text("this is not TOML")
    monkeypatch.setenv("ANAPLAN_CONFIG_FILE", str(home / "config.toml"))
    monkeypatch.setenv("ANAPLAN_PROFILE", "production")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    before = dict(os.environ)

    done = anaplan("demo", "files")

    assert done.code == 0, done.err
    assert done.err.count("  equal\n") == 4
    assert {path.name for path in (home / "files").iterdir()} == FILES
    assert (dict(os.environ), Path.cwd()) == (before, home)
    assert emulator.requests() == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("by", ["Ctrl-C", "SIGTERM"])
def test_the_emulator_is_stopped_with_the_demo(
    terminal: OpenTerminal, home: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    temporary = home / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    screen = terminal("demo")
    screen.wait_for("$ anaplan ls")
    assert list(temporary.glob("anaplan-demo-*"))
    assert list(temporary.glob("anaplan-emulator-*"))
    if by == "Ctrl-C":
        screen.type("\x03")
    else:
        screen.process.terminate()
    assert screen.finish() == {"Ctrl-C": 130, "SIGTERM": 143}[by]
    if by == "Ctrl-C":
        assert "Error: Interrupted. The demo's emulator was stopped." in screen.text
    # The emulator deletes its folder when it stops.
    assert list(temporary.iterdir()) == []


def test_other_files_are_not_overwritten(anaplan: Command, home: Path) -> None:
    (home / "airlines.csv").write_text("mine")
    done = anaplan("demo", ".")
    assert (done.code, done.err.splitlines()[0]) == (2, "Error: '.' is not empty.")
    assert (home / "airlines.csv").read_text() == "mine"


def test_a_model_cannot_be_chosen(anaplan: Command) -> None:
    assert anaplan("demo", "--model", "Sales").code == 2


def test_a_missing_extra_is_named(
    anaplan: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "uvicorn.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'uvicorn'\", name='uvicorn')"
    )
    paths = [str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    done = anaplan("demo")
    assert done.code == 1
    assert "Error: The emulator did not start.\n" in done.err
    assert "pip install 'anaplan-sdk[emulator]'" in done.err


def test_files_are_csv_without_the_extra_for_tables(
    shell: Command, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("arro3", "pyarrow"):
        (home / "absent" / name).mkdir(parents=True)
        text = f"raise ModuleNotFoundError(\"No module named '{name}'\", name='{name}')\n"
        (home / "absent" / name / "__init__.py").write_text(text)
    paths = [str(home / "absent"), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    done = shell("anaplan demo files")
    assert done.code == 0, done.err
    assert "pip install 'anaplan-sdk[cli,emulator,tables]'" in done.err
    assert done.err.count("  equal\n") == 4
    names = {path.name for path in (home / "files").iterdir()}
    assert names == {name.replace(".parquet", ".csv") for name in FILES}


@pytest.mark.parametrize(("loaded", "is_equal"), [("100", True), ("101", False)])
def test_totals_are_compared(
    home: Path, capsys: pytest.CaptureFixture[str], loaded: str, is_equal: bool
) -> None:
    header = "flight_id,distance,air_time,arr_delay\n"
    Path("flights.csv").write_text(f"{header}A,100,,-2\nB,500,60,\n")
    Path("refused.csv").write_text("flight_id,_Error_1_\nB,Invalid item\n")
    Path("loaded.csv").write_text(f"Distance,Air Time,Arrival Delay\n{loaded},,-2\n")
    demo = Demo(Invocation(GlobalOptions(), "anaplan demo"), "csv")

    assert demo.compare() is is_equal
    assert ("DIFFERENT" in capsys.readouterr().err) is not is_equal
