from __future__ import annotations

import gzip
import re
import signal
import subprocess
import time
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.cli.conftest import PROGRAM, ctrl_c_when

from anaplan_emulator import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Command, Compare, OpenTerminal

    from anaplan_emulator import Emulator

# Two rows are refused.
AIRLINES = "carrier,name\nAA,American Airlines\n,Nix\nBB\n"
IMPORT = "Airlines from airlines.csv"
PLAN = "Passenger Plan from passenger-plan.csv"
DATA = Path(__file__).parents[2] / "src/anaplan_emulator/sample_data"
BUSY = {"status": 503, "headers": {"Retry-After": "0"}, "times": None}
TASK = re.compile(r"[0-9A-F]{32}")


@pytest.fixture
def uploaded(anaplan: Command) -> Command:
    """The command, after airlines were uploaded of which two are refused."""
    assert anaplan("upload", "-", "--to", "airlines.csv", stdin=AIRLINES).code == 0
    return anaplan


@pytest.fixture
def loaded(uploaded: Command) -> Command:
    """The command, after the files of the process were uploaded, with few flights."""
    airports = (DATA / "airports.csv").read_bytes()
    with gzip.open(DATA / "flights-2013-02.csv.gz") as file:
        flights = b"".join(islice(file, 20))
    assert uploaded("upload", "-", "--to", "airports.csv", stdin=airports).code == 0
    assert uploaded("upload", "-", "--to", "flights.csv", stdin=flights).code == 0
    return uploaded


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def body_of_start(emulator: Emulator) -> str:
    starts = [e for e in emulator.requests() if e.method == "POST" and e.path.endswith("/tasks")]
    return str(starts[-1].body)


def test_the_steps_of_a_process_are_a_table(loaded: Command, snapshot: Compare) -> None:
    done = loaded("run", "Load flights", "--allow-refused", "all")
    assert done.code == 0
    snapshot("run-process", done.out)
    done = loaded("run", "Load flights", "--allow-refused", "all", on_terminal=True)
    snapshot("run-process-80", done.out)
    assert "Anaplan refused 34 rows of 'Load flights', which is allowed." in done.err


def test_the_result_of_a_process_is_one_object(loaded: Command) -> None:
    done = loaded("run", "Load flights", "-o", "json")
    assert done.code == 6
    result = done.json
    assert (result["successful"], result["state"], result["refused"]) == (True, "COMPLETE", 34)
    assert [step["refused"] for step in result["steps"]] == [0, 2, 0, 16, 16]
    assert result["task_id"] in done.err


def test_refused_rows_of_a_process_are_one_csv(loaded: Command, home: Path) -> None:
    done = loaded("run", "Load flights", "--refused", "-", "-q")
    assert done.code == 6
    lines = done.out.splitlines()
    assert len(lines) == 35
    header = lines[0].split(",")
    assert header[:4] == ["_Action_", "_Status_", "carrier", "name"]
    assert header[-3:] == ["_Line_", "_Error_1_", "_Error_2_"]
    assert {line.count(",") for line in lines[:4]} == {len(header) - 1}
    task = loaded("tasks", "Load flights", "-o", "json").json[0]["task_id"]
    assert loaded("refused", "Load flights", task).out == done.out
    assert loaded("refused", "Load flights", task, "x.csv").out == ""
    assert (home / "x.csv").read_text() == done.out
    assert len(loaded("refused", "Load flights", task, "-o", "json").json) == 34


def test_a_number_of_refused_rows_is_allowed(uploaded: Command) -> None:
    codes = [uploaded("run", IMPORT, "--allow-refused", n).code for n in ("0", "1", "2", "all")]
    assert codes == [6, 6, 0, 0]
    done = uploaded("run", IMPORT)
    task = TASK.findall(done.err)[0]
    assert done.err.endswith(
        "Error: Anaplan refused 2 rows of 'Airlines from airlines.csv'; --allow-refused is 0.\n"
        f"'anaplan refused \"{IMPORT}\" {task}' prints the refused rows; "
        "the others were imported.\n"
    )


def test_refused_rows_may_be_written_to_a_device(uploaded: Command) -> None:
    done = uploaded("run", IMPORT, "--refused", "/dev/null", "--allow-refused", "all")
    assert done.code == 0
    assert "The refused rows are in '/dev/null'." in done.err


def test_only_imports_have_refused_rows(anaplan: Command) -> None:
    done = anaplan("run", "Passenger Plan - grid.csv")
    assert done.out.split("\n")[0].split() == ["ID", "NAME"]
    assert "rows were refused" not in done.err
    assert "rows were refused" not in anaplan("export", "Passenger Plan - grid.csv").err


def test_counters_are_used_when_the_rows_are_gone(uploaded: Command) -> None:
    first = uploaded("run", IMPORT, "--no-wait", "-o", "json").json["task_id"]
    uploaded("wait", IMPORT, first)
    uploaded("run", IMPORT)
    done = uploaded("wait", IMPORT, first, "-o", "json")
    assert (done.code, done.json["refused"]) == (6, 2)
    assert "Anaplan no longer has the refused rows; the others were imported." in done.err
    assert uploaded("refused", IMPORT, first).code == 5


def test_a_run_whose_rows_cannot_be_read_is_not_repeated(
    uploaded: Command, emulator: Emulator
) -> None:
    emulator.add_fault(Fault.model_validate({"path": "*/dump*", **BUSY}))
    done = uploaded("run", IMPORT)
    assert done.code == 7
    assert "has ended successfully, but its refused rows could not be read" in done.err


def test_no_rows_were_refused(anaplan: Command) -> None:
    task = anaplan("run", "Delete all flights", "-o", "json").json["task_id"]
    done = anaplan("refused", "Delete all flights", task)
    assert (done.code, done.out) == (0, "")
    assert done.err == f"Run {task} refused no rows.\n"
    assert anaplan("refused", "Delete all flights", task, "-o", "json").json == []
    assert anaplan("refused", "Delete all flights", task, "-o", "csv").out == ""


def test_a_failed_run_says_why(anaplan: Command) -> None:
    done = anaplan("run", PLAN, "--map", "Version=Forecast", "-o", "json")
    assert done.code == 3
    assert not done.json["successful"]
    assert "no longer available: upload it again" in done.json["steps"][0]["message"]
    done = anaplan("run", "112000000000")
    assert done.code == 3
    assert done.err.endswith(
        "failed: The uploaded file airports.csv is no longer available: upload it again\n"
        "'anaplan upload FILE --to airports.csv' uploads it.\n"
    )


def test_the_rows_of_a_failed_process_are_written(
    uploaded: Command, emulator: Emulator, home: Path
) -> None:
    airports = (DATA / "airports.csv").read_bytes()
    assert uploaded("upload", "-", "--to", "airports.csv", stdin=airports).code == 0
    done = uploaded("run", "Load flights", "--refused", "r.csv")
    assert done.code == 3
    assert "Error: 'Load flights' failed: " in done.err
    assert '\'anaplan refused "Load flights" ' in done.err
    rows = (home / "r.csv").read_text()
    assert len(rows.splitlines()) == 3
    # It stays a failed run if its rows cannot be read, and the file stays as it was.
    emulator.add_fault(Fault.model_validate({"path": "*/dumps/*", **BUSY}))
    done = uploaded("run", "Load flights", "--refused", "r.csv")
    assert done.code == 3
    assert "Note: its refused rows could not be read" in done.err
    assert (home / "r.csv").read_text() == rows


def test_values_that_an_import_asks_for(anaplan: Command, emulator: Emulator) -> None:
    anaplan("run", PLAN, "--map", "Version=Forecast")
    assert '"mappingParameters":[{"entityType":"Version","entityName":"Forecast"}]' in re.sub(
        r"\s", "", body_of_start(emulator).replace("'", '"')
    )
    anaplan("run", PLAN, "--map", f"{PLAN}/Version=a=b/c")
    assert "a=b/c" in body_of_start(emulator)
    assert "importId" not in body_of_start(emulator)
    anaplan("run", "Load flights", "--map", f"{IMPORT}/A/B=c", "--locale", "de_DE")
    assert "112000000001" in body_of_start(emulator)
    assert "A/B" in body_of_start(emulator)
    assert "de_DE" in body_of_start(emulator)


def test_parameters_of_connectors(anaplan: Command, emulator: Emulator) -> None:
    anaplan("run", IMPORT, "--connector", "AMAZON_S3/file=a=b", "--connector", "path=c")
    body = re.sub(r"[\s'\"]", "", body_of_start(emulator))
    assert "{sourceIdOrType:AMAZON_S3,parameterId:file,value:a=b}" in body
    assert "{sourceIdOrType:113000000000,parameterId:path,value:c}" in body


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("Load flights", "--map", "Version=Actual"), "Write --map IMPORT/DIM=VALUE"),
        (("Load flights", "--map", "Nix/Version=Actual"), "Write --map IMPORT/DIM=VALUE"),
        (("Load flights", "--map", "Version"), "--map takes [IMPORT/]DIM=VALUE, not"),
        (("Load flights", "--map", "x/=y"), "--map takes [IMPORT/]DIM=VALUE, not"),
        (("Load flights", "--connector", "a=b"), "Write --connector SOURCE/PROP=VALUE"),
        (("Delete all flights", "--map", "Version=Actual"), "are for imports and processes"),
        (("Load flights", "--timeout", "soon"), "'soon' is not a number of at least 0"),
        (("Load flights", "--timeout", "nan"), "'nan' is not a number"),
        (("Load flights", "--allow-refused", "-1"), "--allow-refused takes a number or 'all'"),
        (("Load flights", "--refused", "."), "'.' is a folder"),
        (("Load flights", "--no-wait", "--timeout", "1"), "--no-wait cannot be combined with"),
        (("113000000000",), "has the form of an id of files"),
    ],
)
def test_what_is_not_valid_is_not_run(
    anaplan: Command, emulator: Emulator, arguments: tuple[str, ...], message: str
) -> None:
    done = anaplan("run", *arguments)
    assert (done.code, message in done.err) == (2, True), done.err
    assert not any("/tasks" in each.path for each in emulator.requests())


def test_a_timeout_leaves_the_run_at_anaplan(anaplan: Command, emulator: Emulator) -> None:
    emulator.settings.hold_tasks = "IN_PROGRESS"
    done = anaplan("run", "Delete all flights", "--timeout", "0.3", "-m", str(emulator.model_id))
    assert done.code == 8
    task = TASK.findall(done.err.splitlines()[-1])[0]
    wait = f'anaplan wait "Delete all flights" {task} -m {emulator.model_id}'
    assert f"Run {task} of 'Delete all flights' had not ended after 0.3 seconds; " in done.err
    assert done.err.endswith(f"it continues at Anaplan.\n'{wait}' waits for its end.\n")
    assert anaplan("wait", "Delete all flights", task, "--timeout", "0").code == 8
    assert anaplan("refused", "Delete all flights", task).code == 8
    emulator.settings.hold_tasks = None
    assert anaplan("wait", "Delete all flights", task).code == 0


def test_a_run_that_was_lost_is_not_repeated(anaplan: Command, emulator: Emulator) -> None:
    emulator.add_fault(Fault.model_validate({"path": "*/tasks/*", **BUSY}))
    done = anaplan("run", "Delete all flights", "-o", "json")
    assert done.code == 7
    assert '"type": "ServerException"' in done.err
    task = TASK.findall(done.err)[-1]
    # Waiting once more changes nothing.
    assert anaplan("wait", "Delete all flights", task).code == 9


def test_it_is_unknown_whether_a_run_was_started(anaplan: Command, emulator: Emulator) -> None:
    emulator.add_fault(Fault(method="POST", path="*/tasks", lose_reply=True))
    # Two users have started it at the same time.
    created = int(emulator.now().timestamp() * 1000) + 100
    found = [{"taskId": 32 * each, "creationTime": created} for each in "AB"]
    fault = {"method": "GET", "path": "*/tasks", "body": {"tasks": found}, "times": None}
    emulator.add_fault(Fault.model_validate(fault))
    done = anaplan("run", "Delete all flights")
    assert done.code == 7
    assert "'anaplan tasks \"Delete all flights\"' lists its runs." in done.err


def test_runs_are_listed_with_the_newest_first(anaplan: Command, emulator: Emulator) -> None:
    first = anaplan("run", "Delete all flights", "-o", "json").json["task_id"]
    emulator.advance(minutes=1)
    second = anaplan("run", "117000000000", "-o", "json").json["task_id"]
    lines = anaplan("tasks", "Delete all flights").out.splitlines()
    assert re.split(" {2,}", lines[0]) == ["TASK ID", "STATE", "CREATED"]
    assert [line.split()[:2] for line in lines[1:]] == [[second, "COMPLETE"], [first, "COMPLETE"]]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", lines[1].split()[2])
    assert "There are no recent runs" in anaplan("tasks", "Load flights").err


def test_a_run_is_cancelled(anaplan: Command, emulator: Emulator, home: Path) -> None:
    emulator.settings.hold_tasks = "IN_PROGRESS"
    done = anaplan("run", "Delete all flights", "--no-wait", "-o", "json")
    task = done.json["task_id"]
    assert done.err == f"'anaplan wait \"Delete all flights\" {task}' waits for its end.\n"
    done = anaplan("cancel", "Delete all flights", task, "-o", "json")
    assert (done.code, done.json) == (0, {"task_id": task, "state": "CANCELLED"})
    assert anaplan("cancel", "Delete all flights", task).code == 0
    (home / "r.csv").write_text("rows of an earlier run")
    done = anaplan("wait", "Delete all flights", task, "-o", "json", "--refused", "r.csv")
    assert (home / "r.csv").read_text() == ""
    assert (done.code, done.json["state"], done.json["successful"]) == (3, "CANCELLED", False)
    assert anaplan("refused", "Delete all flights", task).err == f"Run {task} refused no rows.\n"


def test_the_latest_run_is_meant_by_default(
    loaded: Command, emulator: Emulator, home: Path
) -> None:
    assert loaded("wait", "Load flights").code == 5
    first = loaded("run", "Load flights", "--no-wait")
    assert TASK.fullmatch(first.out.strip())
    assert loaded("wait", "Load flights").code == 6
    emulator.advance(minutes=1)
    emulator.settings.hold_tasks = "IN_PROGRESS"
    second = loaded("run", "Load flights", "--no-wait").out.strip()
    done = loaded("refused", "Load flights", "rows.csv")
    assert f"The latest run of 'Load flights' is {first.out.strip()}, created " in done.err
    assert (done.code, done.out, len((home / "rows.csv").read_text().splitlines())) == (0, "", 35)
    assert loaded("refused", "Load flights", "-").out == (home / "rows.csv").read_text()
    assert loaded("wait", "Load flights", "--timeout", "0").code == 8
    done = loaded("cancel", "Load flights", "-o", "json")
    assert done.json == {"task_id": second, "state": "CANCELLED"}


@pytest.mark.parametrize("name", ['it\'s "q" $HOME', "-x", "a\nb"])
def test_a_name_that_cannot_be_typed_is_not_suggested(
    anaplan: Command, emulator: Emulator, name: str
) -> None:
    found = {"processes": [{"id": "118000000000", "name": name}]}
    fault = {"path": "*/processes", "body": found, "times": None}
    emulator.add_fault(Fault.model_validate(fault))
    done = anaplan("run", "--no-wait", "--", name)
    assert done.code == 0, done.err
    assert done.err == f"'anaplan wait 118000000000 {done.out.strip()}' waits for its end.\n"


def test_what_is_said_of_a_process_whose_first_step_fails(anaplan: Command) -> None:
    done = anaplan("run", "Load flights")
    assert done.code == 3
    assert "earlier steps" not in done.err
    assert "'anaplan upload FILE --to " in done.err


def test_what_has_ended_cannot_be_cancelled(anaplan: Command) -> None:
    task = anaplan("run", "Delete all flights", "-o", "json").json["task_id"]
    done = anaplan("cancel", "Delete all flights", task)
    assert done.code == 1
    assert "had ended before it could be cancelled" in done.err


@pytest.mark.parametrize("command", ["wait", "cancel", "refused"])
def test_a_run_that_does_not_exist(anaplan: Command, command: str) -> None:
    done = anaplan(command, "Delete all flights", "0" * 32)
    assert done.code == 5
    assert "'anaplan tasks \"Delete all flights\"' lists its runs" in done.err


@pytest.mark.parametrize(
    ("answer", "said", "state"),
    [
        ("y\n", "was cancelled", "CANCELLED"),
        ("n\n", "goes on at Anaplan", "IN_PROGRESS"),
        ("\x03", "goes on at Anaplan", "IN_PROGRESS"),
    ],
)
def test_ctrl_c_on_a_terminal_asks_about_the_run(
    terminal: OpenTerminal,
    anaplan: Command,
    emulator: Emulator,
    answer: str,
    said: str,
    state: str,
) -> None:
    emulator.settings.hold_tasks = "IN_PROGRESS"
    screen = terminal("run", "Delete all flights", columns=200)
    screen.wait_for("Running Delete all flights:")
    screen.type("\x03")
    screen.wait_for("at Anaplan? [y/N]:")
    screen.type(answer)
    assert screen.finish() == 130
    assert said in screen.text.replace("\n", " ")
    assert "Traceback" not in screen.text
    assert anaplan("tasks", "Delete all flights", "-o", "json").json[0]["state"] == state


def test_ctrl_c_without_a_terminal_says_what_it_leaves(home: Path, emulator: Emulator) -> None:
    emulator.settings.hold_tasks = "IN_PROGRESS"
    with subprocess.Popen(
        [*PROGRAM, "run", "Delete all flights"],
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        cwd=home,
    ) as process:
        assert process.stderr is not None
        wait_until(lambda: any("/tasks/" in each.path for each in emulator.requests()))
        process.send_signal(signal.SIGINT)
        err = process.stderr.read().decode()
        assert process.wait(20) == 130
    assert err.splitlines()[-1].startswith("Error: Interrupted. Run ")
    assert "goes on at Anaplan: 'anaplan wait" in err


@pytest.mark.parametrize(
    ("fault", "last", "arguments", "said"),
    [
        ("*/tasks", "/actions", ("run", "Delete all flights"), "It is unknown whether 'Delete"),
        ("*/chunks/*", "/113000000000", ("import", "a.csv", "--run", IMPORT), "nothing was run."),
    ],
)
def test_ctrl_c_during_a_request_says_what_is_known(
    anaplan: Command,
    home: Path,
    emulator: Emulator,
    fault: str,
    last: str,
    arguments: tuple[str, ...],
    said: str,
) -> None:
    (home / "a.csv").write_text(AIRLINES)
    emulator.add_fault(Fault(path=fault, hold_seconds=1))
    seen = 0.0

    def is_held() -> bool:
        nonlocal seen
        # A request that is held is not listed yet.
        if not seen and any(last in each.path for each in emulator.requests()):
            seen = time.monotonic()
        return bool(seen) and time.monotonic() > seen + 0.3

    with ctrl_c_when(is_held):
        done = anaplan(*arguments)
    assert done.code == 130
    assert done.err.splitlines()[-1].startswith("Error: Interrupted. ")
    assert said in done.err


def test_words_on_a_terminal_end_their_lines_with_whole_words(terminal: OpenTerminal) -> None:
    screen = terminal("run", "'x y'", "--timeout", "1", "--no-wait", columns=42)
    assert screen.finish() == 2
    assert screen.text == (
        "Error: --no-wait cannot be combined with\n--timeout, --allow-refused or --refused."
    )


def kill_while_waiting(emulator: Emulator, *words: str) -> None:
    """Kill the command when it has started an action, and waits for its end."""
    emulator.add_fault(Fault.model_validate({"path": "*/tasks/*", "method": "GET", **BUSY}))
    with subprocess.Popen((*PROGRAM, *words), stderr=subprocess.DEVNULL) as process:
        wait_until(lambda: any("/tasks/" in each.path for each in emulator.requests()))
        process.kill()
    emulator.clear_faults()


def starts(emulator: Emulator) -> int:
    return sum(e.method == "POST" and e.path.endswith("/tasks") for e in emulator.requests())


def uploads(emulator: Emulator) -> int:
    return sum(e.method == "PUT" and "/chunks/" in e.path for e in emulator.requests())


def test_a_killed_command_goes_on_with_the_run_it_started(
    uploaded: Command, emulator: Emulator, home: Path
) -> None:
    words = ("run", IMPORT, "--run-store", "tonight.json", "--allow-refused", "2")
    kill_while_waiting(emulator, *words)
    done = uploaded(*words, "-o", "json")
    assert done.code == 0
    task = done.json["task_id"]
    assert f"Run {task} was started before, as 'tonight.json' records" in done.err
    # It has ended: there is nothing to start, and the result is the same.
    assert uploaded(*words, "-o", "json").out == done.out
    assert starts(emulator) == 1
    assert len(uploaded("tasks", IMPORT, "-o", "json").json) == 1
    # Tomorrow's run is another one.
    assert uploaded("run", IMPORT, "--run-store", "tomorrow.json").code == 6
    assert starts(emulator) == 2


def test_a_killed_import_is_not_uploaded_again(
    anaplan: Command, emulator: Emulator, home: Path
) -> None:
    (home / "airlines.csv").write_text(AIRLINES)
    words = ("import", "airlines.csv", "--run", IMPORT, "--run-store", "tonight.json")
    kill_while_waiting(emulator, *words)
    assert uploads(emulator) == 1
    done = anaplan(*words, "--refused", "refused.csv")
    assert done.code == 6
    assert len((home / "refused.csv").read_text().splitlines()) == 3
    assert (starts(emulator), uploads(emulator)) == (1, 1)


def test_a_failed_run_is_started_again(anaplan: Command, emulator: Emulator, home: Path) -> None:
    words = ("run", IMPORT, "--run-store", "tonight.json", "--allow-refused", "2")
    assert anaplan(*words).code == 3  # The file has no content.
    assert anaplan("upload", "-", "--to", "airlines.csv", stdin=AIRLINES).code == 0
    assert anaplan(*words).code == 0
    assert starts(emulator) == 2


def test_a_run_store_of_another_run_is_refused(
    uploaded: Command, emulator: Emulator, home: Path
) -> None:
    assert uploaded("run", IMPORT, "--run-store", "tonight.json", "--no-wait").code == 0
    done = uploaded("run", PLAN, "--run-store", "tonight.json", "--map", "Version=Forecast")
    assert done.code == 2
    assert "the record of another run" in done.err
    (home / "notes.txt").write_text("not a record")
    done = uploaded("run", IMPORT, "--run-store", "notes.txt")
    assert done.code == 2
    assert starts(emulator) == 1


def test_a_run_store_that_cannot_be_written_stops_before_the_start(
    uploaded: Command, emulator: Emulator, home: Path
) -> None:
    for path in ("missing/tonight.json", "."):
        done = uploaded("run", IMPORT, "--run-store", path)
        assert done.code == 1
        assert "--run-store takes a file in an existing folder" in done.err
    empty = uploaded("run", IMPORT, "--run-store", "/dev/null")
    assert empty.code == 2
    assert "contains something else than the record of a run" in empty.err
    assert starts(emulator) == 0


@pytest.mark.parametrize("path", ["", "-"])
def test_a_run_store_is_a_path(anaplan: Command, emulator: Emulator, path: str) -> None:
    done = anaplan("run", IMPORT, "--run-store", path)
    assert done.code == 2
    assert f"{path!r} is not the path of a file" in done.err
    assert emulator.requests() == []
