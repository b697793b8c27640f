from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from anaplan_emulator import Fault

if TYPE_CHECKING:
    from tests.cli.conftest import Command, OpenTerminal

    from anaplan_emulator import Emulator

AIRLINES = "carrier,name\nAA,American Airlines\n"
# One row is refused.
FAULTY = "carrier,name\nAA,American Airlines\n,Nix\n"
IMPORT = "Airlines from airlines.csv"
# The SDK repeats the request at once.
BUSY = {"status": 503, "headers": {"Retry-After": "0"}, "times": None}


@pytest.fixture
def airlines(home: Path) -> Path:
    path = home / "a.csv"
    path.write_text(AIRLINES)
    return path


def starts(emulator: Emulator) -> int:
    return sum(each.method == "POST" for each in emulator.requests() if "/tasks" in each.path)


def test_a_file_is_uploaded_by_its_name(anaplan: Command, airlines: Path) -> None:
    done = anaplan("upload", airlines.name, "--to", "airlines.csv")
    assert (done.code, done.out) == (0, "")
    assert done.err.startswith("Uploading airlines.csv...\n")


def test_stdin_is_uploaded(anaplan: Command) -> None:
    assert anaplan("upload", "-", "--to", "113000000000", "-q", stdin=AIRLINES).err == ""


def test_similar_names_are_suggested(anaplan: Command) -> None:
    done = anaplan("upload", "-", "--to", "airline.csv", stdin=AIRLINES)
    assert done.code == 5
    assert "similar: file 'airlines.csv' (113000000000)" in done.err


def test_a_bar_is_shown_on_a_terminal(terminal: OpenTerminal, airlines: Path) -> None:
    screen = terminal("upload", airlines.name, "--to", "airlines.csv")
    assert screen.finish() == 0
    assert "Uploading airlines.csv" in screen.text
    assert "100%" in screen.text


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (".", "'.' is a folder"),
        ("missing.csv", "There is no file 'missing.csv'"),
        ("empty.csv", "'empty.csv' is empty"),
        ("-", "There is no content on stdin"),
    ],
)
def test_sources_are_checked_before_signing_in(
    anaplan: Command, emulator: Emulator, home: Path, source: str, message: str
) -> None:
    (home / "empty.csv").touch()
    for command in (("upload", source, "--to", "x"), ("import", source, "--run", "x")):
        done = anaplan(*command)
        assert (done.code, message in done.err) == (2, True), done.err
    assert emulator.requests() == []


def test_a_pipe_is_uploaded_completely(shell: Command, anaplan: Command, home: Path) -> None:
    content = AIRLINES + "x" * 300_000
    (home / "a.csv").write_text(content)
    assert shell("(sleep 0.2; cat a.csv) | anaplan upload - --to 113000000000 -q").code == 0
    assert anaplan("download", "airlines.csv", "-").out == content


@pytest.mark.parametrize(
    ("dest", "written"),
    [((), "airlines.csv"), (("folder",), "folder/airlines.csv"), (("x.csv",), "x.csv")],
)
def test_content_is_downloaded_to_its_destination(
    anaplan: Command, home: Path, dest: tuple[str, ...], written: str
) -> None:
    (home / "folder").mkdir()
    anaplan("upload", "-", "--to", "airlines.csv", stdin=AIRLINES)
    done = anaplan("download", "113000000000", *dest)
    assert (done.code, done.out) == (0, "")
    assert done.err.endswith(f"Saved as {written}\n")
    assert (home / written).read_text() == AIRLINES


def test_content_is_downloaded_to_stdout(anaplan: Command) -> None:
    anaplan("upload", "-", "--to", "airlines.csv", stdin=AIRLINES)
    assert anaplan("download", "airlines.csv", "-").out == AIRLINES


def test_a_destination_without_its_folder_is_refused(anaplan: Command, emulator: Emulator) -> None:
    for dest in ("none/x.csv", "none/"):
        done = anaplan("export", "116000000000", dest)
        assert (done.code, "There is no folder 'none'" in done.err) == (2, True)
    assert emulator.requests() == []


@pytest.mark.parametrize("name", ["../../.bashrc", "..", "reports/", "a\nb", "-rf"])
def test_odd_names_are_not_used_for_files(anaplan: Command, emulator: Emulator, name: str) -> None:
    body = {
        "meta": {"paging": {"currentPageSize": 1, "totalSize": 1, "offset": 0}},
        "files": [{"id": "113000000000", "name": name}],
    }
    anaplan("upload", "-", "--to", "airlines.csv", stdin=AIRLINES)
    emulator.add_fault(Fault.model_validate({"path": "*/files", "body": body}))
    done = anaplan("download", "113000000000")
    assert done.code == 2
    assert "cannot be used for a file here" in done.err


def test_only_the_last_component_of_a_name_is_used(
    anaplan: Command, emulator: Emulator, home: Path
) -> None:
    anaplan("upload", "-", "--to", "airlines.csv", stdin=AIRLINES)
    files = [{"id": "113000000000", "name": r"C:\data/airlines 2.csv"}]
    emulator.add_fault(Fault.model_validate({"path": "*/files", "body": {"files": files}}))
    assert anaplan("download", "113000000000").code == 0
    assert (home / "airlines 2.csv").read_text() == AIRLINES


def test_a_file_without_content_is_reported(anaplan: Command, home: Path) -> None:
    assert anaplan("download", "flights.csv").code == 5
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_pipe_that_is_closed_early_ends_the_command(
    shell: Command, anaplan: Command, monkeypatch: pytest.MonkeyPatch, unbuffered: str
) -> None:
    anaplan("upload", "-", "--to", "airlines.csv", stdin=AIRLINES + "x" * 300_000)
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    done = shell("anaplan download airlines.csv - -q | head -c 7; echo ${PIPESTATUS[0]}")
    assert (done.out, done.err) == ("carrier141\n", "")


def test_an_import_uploads_to_the_file_that_it_reads(
    anaplan: Command, emulator: Emulator, airlines: Path
) -> None:
    done = anaplan("import", airlines.name, "--run", IMPORT, "-o", "json")
    assert done.code == 0
    assert done.json["successful"]
    assert done.json["refused"] == 0
    assert [step["name"] for step in done.json["steps"]] == [IMPORT]
    assert any(each.path.endswith("/files/113000000000/chunks/0") for each in emulator.requests())


def test_a_process_with_several_files_needs_a_name(
    anaplan: Command, emulator: Emulator, airlines: Path
) -> None:
    done = anaplan("import", airlines.name, "--run", "Load flights")
    assert done.code == 2
    assert "'airlines.csv' (113000000000), 'flights.csv' (113000000002)" in done.err
    assert not any(each.method == "PUT" for each in emulator.requests())
    done = anaplan("import", airlines.name, "--run", "Load flights", "--to", "airlines.csv")
    assert done.code == 3  # The other files have no content.


def test_a_process_with_one_file_needs_no_name(anaplan: Command, emulator: Emulator) -> None:
    done = anaplan("import", "-", "--run", "Reload flights", stdin="flight_id\nx\n")
    assert "several files" not in done.err
    assert any("/files/113000000002/chunks/0" in each.path for each in emulator.requests())


def test_a_file_that_the_import_does_not_read_is_refused(
    anaplan: Command, emulator: Emulator, airlines: Path
) -> None:
    done = anaplan("import", airlines.name, "--run", IMPORT, "--to", "flights.csv")
    assert done.code == 2
    assert "It reads 'airlines.csv' (113000000000)." in done.err
    assert not any(each.method in ("PUT", "POST") for each in emulator.requests()[1:])


def test_refused_rows_of_an_import_are_counted_and_written(anaplan: Command, home: Path) -> None:
    arguments = ("import", "-", "--run", IMPORT, "--refused", "refused.csv")
    done = anaplan(*arguments, stdin=FAULTY)
    assert done.code == 6
    assert "Error: Anaplan refused 1 row of 'Airlines from airlines.csv'" in done.err
    assert "The refused rows are in 'refused.csv'" in done.err
    rows = (home / "refused.csv").read_text().splitlines()
    assert rows == ["_Status_,carrier,name,_Line_,_Error_1_", "E,,Nix,3,Empty key"]
    assert anaplan(*arguments, "--allow-refused", "1", stdin=FAULTY).code == 0
    # The rows of an earlier run must not be taken for those of this one.
    assert anaplan(*arguments, stdin=AIRLINES).code == 0
    assert (home / "refused.csv").read_bytes() == b""


def test_an_incomplete_upload_runs_nothing(
    anaplan: Command, emulator: Emulator, airlines: Path
) -> None:
    emulator.add_fault(Fault.model_validate({"method": "PUT", "path": "*/chunks/*", **BUSY}))
    done = anaplan("import", airlines.name, "--run", IMPORT)
    assert done.code == 9
    assert "Nothing was run." in done.err
    assert starts(emulator) == 0


def test_an_export_is_run_and_downloaded(anaplan: Command, home: Path) -> None:
    done = anaplan("export", "Passenger Plan - grid.csv")
    assert (done.code, done.out) == (0, "")
    written = (home / "Passenger Plan - grid.csv").read_text()
    assert anaplan("export", "116000000001", "-", "-q").out == written != ""


def test_an_export_that_does_not_end_writes_nothing(
    anaplan: Command, emulator: Emulator, home: Path
) -> None:
    emulator.settings.hold_tasks = "IN_PROGRESS"
    done = anaplan("export", "Passenger Plan - grid.csv", "--timeout", "0.3")
    assert done.code == 8
    assert '\'anaplan wait "Passenger Plan - grid.csv" ' in done.err
    assert os.listdir(home) == []  # noqa: PTH208


def test_missing_content_is_called_by_its_name(anaplan: Command, tmp_path: Path) -> None:
    done = anaplan("download", "Flight Facts - tabular.csv")
    assert done.code == 5
    assert "'Flight Facts - tabular.csv' has no content" in done.err
    assert "'anaplan export \"Flight Facts - tabular.csv\"' runs the export" in done.err
    done = anaplan("download", "flights.csv", "-")
    assert done.code == 5
    assert "'anaplan upload FILE --to flights.csv' uploads it again." in done.err
    assert list(tmp_path.glob("*.csv")) == []


def test_no_bar_is_mixed_with_what_a_pipe_prints(
    terminal: OpenTerminal, anaplan: Command, airlines: Path
) -> None:
    assert anaplan("upload", airlines.name, "--to", "airlines.csv").code == 0
    line = "import sys; from anaplan_sdk.cli import run; sys.exit(run(sys.argv[1:]))"
    piped = f"'{sys.executable}' -c '{line}' download airlines.csv - | cat"
    screen = terminal(program=("bash", "-c", piped))
    assert screen.finish() == 0
    assert screen.text == airlines.read_text().rstrip()


def test_no_bar_is_left_of_work_that_did_not_begin(terminal: OpenTerminal) -> None:
    screen = terminal("wait", "Load flights", "ABC")
    assert screen.finish() == 5
    assert screen.text.startswith("Error: 'Load flights' has no run ABC")


def test_a_question_takes_yes_or_no(terminal: OpenTerminal, home: Path) -> None:
    (home / "c.csv").write_text("code\nFR\n")
    screen = terminal("list", "delete", "Countries", "c.csv")
    screen.wait_for("[y/N]:")
    screen.type("perhaps\n")
    screen.wait_for("Answer y or n.")
    screen.type("n\n")
    assert screen.finish() == 1


def test_the_address_is_named_if_nothing_listens_there(
    anaplan: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANAPLAN_BASE_URL", "http://127.0.0.1:9")
    done = anaplan("ls", "models")
    assert done.code == 9
    assert done.err.endswith("ANAPLAN_BASE_URL is http://127.0.0.1:9: is the emulator running?\n")
