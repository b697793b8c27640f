"""`anaplan cw`: integrations and flows, their runs, and what these refused."""

from __future__ import annotations

import csv
import time
from typing import TYPE_CHECKING, Any

import pytest

from anaplan_emulator.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Command, OpenTerminal

    from anaplan_emulator import Emulator

AIRLINES = "cc8f2e9b82291b04f8c5544b7c5fbe45"
RELOAD = "54e5de787bd2ac4873c2aab0bc71df94"
FLOW = "668ad586b74e98d8f98060948d04ed91"


@pytest.fixture
def airlines(emulator: Emulator) -> Iterator[Path]:
    """The file that an integration imports."""
    [file] = emulator.clouds.rglob("inbound/airlines.csv")
    content = file.read_bytes()
    yield file
    file.write_bytes(content)


def starts(emulator: Emulator) -> int:
    return sum(each.method == "POST" and each.path.endswith("/run") for each in emulator.requests())


def status_of(anaplan: Command, state: str) -> Any:
    """The status of the integration once it has a state."""
    for _ in range(50):
        seen = anaplan("cw", "status", AIRLINES, "-o", "json").json
        if seen["state"] == state:
            return seen
        time.sleep(0.05)
    raise AssertionError(seen)


def test_integrations_and_flows_are_listed(anaplan: Command) -> None:
    lines = anaplan("cw", "ls").out.splitlines()
    assert lines[0].split() == ["ID", "NAME", "TYPE", "LATEST"]
    assert lines[1] == f"{AIRLINES}  Airlines from S3         Import"
    assert lines[4] == f"{FLOW}  Airlines in, plan out    flow"
    assert max(map(len, lines)) <= 80


def test_one_kind_is_listed(anaplan: Command) -> None:
    assert [each["name"] for each in anaplan("cw", "ls", "flows", "-o", "json").json] == [
        "Airlines in, plan out"
    ]
    assert len(anaplan("cw", "ls", "integrations", "-o", "json").json) == 3


def test_connections_are_listed_without_secrets(anaplan: Command) -> None:
    done = anaplan("cw", "ls", "connections", "-o", "json")
    assert [each["type"] for each in done.json] == ["AmazonS3", "GoogleBigQuery", "AzureBlob"]
    assert done.json[0]["name"] == "Flight data on S3"
    assert "AKIA" not in done.out


def test_an_integration_is_run_by_its_name(anaplan: Command) -> None:
    done = anaplan("cw", "run", "Airlines from S3", "-o", "json")
    assert done.code == 0
    assert done.json["state"] == "done"
    assert (done.json["integration_id"], done.json["refused_rows"]) == (AIRLINES, 0)
    assert done.err.startswith("Running Airlines from S3...\n")
    [latest] = [each for each in anaplan("cw", "ls", "-o", "json").json if each["id"] == AIRLINES]
    assert latest["latest"] == "done"


def test_refused_rows_are_counted_and_written(anaplan: Command, home: Path) -> None:
    done = anaplan("cw", "run", RELOAD, "--refused", "refused.csv")
    assert done.code == 6
    assert "REFUSED ROWS          2\n" in done.out
    assert "Error: Anaplan refused 2 rows of 'Reload flights'; --allow-refused is 0." in done.err
    rows = list(csv.DictReader((home / "refused.csv").read_text().splitlines()))
    assert [row["_Action_"] for row in rows] == [
        "Flights from flights.csv",
        "Flight Facts from flights.csv",
    ]
    assert rows[0]["_Error_1_"] == "Invalid item from list Airlines: UA"


@pytest.mark.parametrize(("allowed", "code"), [("1", 6), ("2", 0), ("all", 0)])
def test_refused_rows_may_be_allowed(anaplan: Command, allowed: str, code: int) -> None:
    done = anaplan("cw", "run", "Reload flights", "--allow-refused", allowed, "--refused", "-")
    assert done.code == code
    assert done.out.splitlines()[0].startswith("_Action_,")
    assert len(done.out.splitlines()) == 3


def test_rows_that_no_import_refused_leave_an_empty_file(anaplan: Command, home: Path) -> None:
    (home / "refused.csv").write_text("of an earlier run\n")
    assert anaplan("cw", "run", AIRLINES, "--refused", "refused.csv").code == 0
    assert (home / "refused.csv").read_text() == ""


def test_a_run_that_fails_says_why(anaplan: Command, airlines: Path) -> None:
    airlines.unlink()
    done = anaplan("cw", "run", "Airlines from S3")
    assert done.code == 3
    assert "STATE                 failed\n" in done.out
    assert "Error: Run " in done.err


def test_a_flow_shows_what_its_steps_refused(anaplan: Command, airlines: Path, home: Path) -> None:
    assert anaplan("cw", "run", "Airlines in, plan out").code == 0
    with airlines.open("a") as file:
        file.write(f"{'Z' * 80},Too long\n")
    done = anaplan("cw", "run", FLOW, "--refused", "refused.csv")
    assert done.code == 6
    [row] = csv.DictReader((home / "refused.csv").read_text().splitlines())
    assert row["_Integration_"] == "Airlines from S3"
    assert "Airlines from S3: Partial success" in done.err


def test_a_run_is_started_and_looked_at_later(anaplan: Command) -> None:
    assert anaplan("cw", "status", AIRLINES).code == 5
    started = anaplan("cw", "run", AIRLINES, "--no-wait", "-o", "json").json
    seen = status_of(anaplan, "done")
    assert seen["id"] == started["id"]
    assert anaplan("cw", "status", started["id"], "-o", "json").json == seen
    table = anaplan("cw", "status", AIRLINES, "--history").out.splitlines()
    assert table[0].split() == ["ID", "STATE", "START", "DATE", "MESSAGE"]
    assert table[1].startswith(f"{started['id']}  done   ")


def test_names_that_are_unknown(anaplan: Command) -> None:
    done = anaplan("cw", "run", "Airline from S3")
    assert done.code == 5
    assert f"similar: integration 'Airlines from S3' ({AIRLINES})" in done.err
    assert "anaplan cw ls" in done.err
    assert anaplan("cw", "status", "0" * 32).code == 5


@pytest.mark.parametrize(
    "options", [("--allow-refused", "few"), ("--no-wait", "--timeout", "5"), ("--timeout", "-1")]
)
def test_bad_options_are_refused(
    anaplan: Command, emulator: Emulator, options: tuple[str, ...]
) -> None:
    emulator.clear_requests()
    assert anaplan("cw", "run", AIRLINES, *options).code == 2
    assert emulator.requests() == []


def test_a_file_that_cannot_be_written_starts_nothing(anaplan: Command, emulator: Emulator) -> None:
    done = anaplan("cw", "run", AIRLINES, "--refused", "nowhere/refused.csv")
    assert done.code == 2
    assert starts(emulator) == 0


def test_a_run_that_takes_longer(anaplan: Command, emulator: Emulator) -> None:
    emulator.settings.hold_tasks = "IN_PROGRESS"
    done = anaplan("cw", "run", AIRLINES, "--timeout", "0")
    emulator.settings.hold_tasks = None
    assert done.code == 8
    assert "'anaplan cw status " in done.err


def test_a_run_of_which_the_end_was_not_seen(anaplan: Command, emulator: Emulator) -> None:
    emulator.add_fault(Fault(path="*/integrations/run/*", status=400, times=None))
    done = anaplan("cw", "run", AIRLINES)
    assert done.code == 7
    assert "'anaplan cw status " in done.err
    assert starts(emulator) == 1


def test_a_run_is_cancelled(anaplan: Command, emulator: Emulator) -> None:
    assert anaplan("cw", "cancel", AIRLINES).code == 1
    assert anaplan("cw", "cancel", FLOW).code == 2
    emulator.settings.hold_tasks = "IN_PROGRESS"
    anaplan("cw", "run", AIRLINES, "--no-wait")
    # A run that is queued is not cancelled.
    assert any(anaplan("cw", "cancel", AIRLINES).code == 0 for _ in range(50))
    emulator.settings.hold_tasks = None
    assert status_of(anaplan, "cancelled")


def test_ctrl_c_asks_whether_to_cancel(terminal: OpenTerminal, emulator: Emulator) -> None:
    emulator.settings.hold_tasks = "IN_PROGRESS"
    screen = terminal("cw", "run", "Airlines from S3")
    screen.wait_for("running")
    screen.type("\x03")
    screen.wait_for(" at CloudWorks? [y/N]")
    screen.type("y\n")
    assert screen.finish() == 130
    emulator.settings.hold_tasks = None
    assert "Interrupted. The run of 'Airlines from S3' was cancelled." in screen.text
