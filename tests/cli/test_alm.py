"""`anaplan alm`: revisions, comparisons, and bringing a model to a revision."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from anaplan_emulator.faults import Fault

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command, OpenTerminal

    from anaplan_emulator import Emulator

ROSTERS = "BB26F8DB59E12021FB2E2C1072F3BB7C"
TRAINING = "36B26109A41D24DB3F2EA76046767D21"
SOURCE = ("--source", "Crew Planning")


@pytest.fixture(autouse=True)
def live(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The administrator, and the model that is brought to the other one's revisions."""
    monkeypatch.setenv("ANAPLAN_USER_EMAIL", "admin@skyline.example")
    monkeypatch.setenv("ANAPLAN_PASSWORD", "Adm1nister!")
    monkeypatch.setenv("ANAPLAN_WORKSPACE_ID", "Finance")
    monkeypatch.setenv("ANAPLAN_MODEL_ID", "Crew Planning Live")
    return home


def revisions(anaplan: Command) -> list[str]:
    return [each["name"] for each in anaplan("alm", "revisions", "-o", "json").json]


def synchronizations(emulator: Emulator) -> int:
    sent = [each for each in emulator.requests() if each.path.endswith("/alm/syncTasks")]
    return sum(each.method == "POST" for each in sent)


def test_revisions_are_listed_newest_first(anaplan: Command) -> None:
    done = anaplan("alm", "revisions", "-m", "Crew Planning")
    assert done.code == 0
    header, first, second = done.out.splitlines()
    assert header.split() == ["ID", "NAME", "APPLIED", "ON", "APPLIED", "BY"]
    assert first.split() == [
        TRAINING,
        "1.1",
        "Training",
        "2026-01-06T09:00:00Z",
        "Ada",
        "Admin",
    ]
    assert second.startswith(ROSTERS)


def test_json_has_the_ids_of_users_as_well(anaplan: Command) -> None:
    [revision] = anaplan("alm", "revisions", "-o", "json").json
    assert revision["created_by"] == "Ada Admin"
    assert revision["created_by_id"] == "ec03555778ba42f68fa7241247521cea"


def test_users_who_cannot_be_read_are_shown_by_id(anaplan: Command, emulator: Emulator) -> None:
    emulator.add_fault(Fault(path="/2/0/users/*", status=403, times=None))
    [revision] = anaplan("alm", "revisions", "-o", "json").json
    assert revision["applied_by"] == revision["applied_by_id"]


def test_a_model_without_revisions(anaplan: Command) -> None:
    done = anaplan("alm", "revisions", "-m", "Route Profitability")
    assert (done.code, done.out, done.err) == (0, "", "The model has no revisions.\n")


def test_a_comparison_counts_the_differences(anaplan: Command) -> None:
    done = anaplan("alm", "diff", *SOURCE, "-o", "csv", "-q")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        "kind,created,modified,deleted",
        "lineItems,3,0,0",
        "lists,1,0,0",
        "modules,1,0,0",
        "listItems,3,0,0",
    ]


def test_a_full_comparison_lists_them(anaplan: Command) -> None:
    rows = anaplan("alm", "diff", *SOURCE, "--full", "-o", "json").json
    assert len(rows) == 8
    assert {"section": "LINE ITEMS ADDED", "name": "On Leave", "in": "Rosters", "details": ""} in (
        rows
    )


def test_the_report_is_written_as_it_is(anaplan: Command, home: Path) -> None:
    assert anaplan("alm", "diff", "report.txt", *SOURCE).out == ""
    report = (home / "report.txt").read_text()
    assert report.startswith("=== LISTS ADDED ===\nName\tIn\tDetails\nCourses")
    assert anaplan("alm", "diff", "-", *SOURCE).out == report


def test_revisions_that_do_not_differ(anaplan: Command) -> None:
    done = anaplan("alm", "diff", *SOURCE, "--source-revision", "1.0 Rosters")
    assert (done.code, done.out) == (0, "")
    assert done.err.endswith("'1.0 Rosters' and '1.0 Rosters' do not differ.\n")


def test_an_unknown_revision_is_named_with_similar_ones(anaplan: Command) -> None:
    done = anaplan("alm", "diff", *SOURCE, "--source-revision", "1.1 Trainings")
    assert done.code == 5
    assert f"similar: revision '1.1 Training' ({TRAINING})" in done.err


def test_a_model_without_revisions_cannot_be_compared(anaplan: Command) -> None:
    done = anaplan("alm", "diff", "--source", "Route Profitability")
    assert done.code == 5
    assert done.err.startswith("Error: 'Route Profitability' has no revision")


def test_a_dry_run_changes_nothing(anaplan: Command, emulator: Emulator) -> None:
    done = anaplan("alm", "promote", *SOURCE, "--dry-run", "-o", "jsonl")
    assert done.code == 0
    assert '{"kind": "lists", "modified": 0, "created": 1, "deleted": 0}\n' in done.out
    assert "To synchronize: revision '1.0 Rosters' to '1.1 Training'" in done.err
    assert synchronizations(emulator) == 0
    assert revisions(anaplan) == ["1.0 Rosters"]


def test_a_model_is_brought_to_a_revision_once(anaplan: Command, emulator: Emulator) -> None:
    done = anaplan("alm", "promote", *SOURCE, "--yes")
    assert done.code == 0
    assert done.err.endswith("'Crew Planning Live' has revision '1.1 Training'.\n")
    assert revisions(anaplan) == ["1.1 Training", "1.0 Rosters"]
    again = anaplan("alm", "promote", *SOURCE, "--yes", "--revision", TRAINING)
    assert (again.code, again.out) == (0, "")
    assert "Nothing to do: the target has revision '1.1 Training' already." in again.err
    assert synchronizations(emulator) == 1


def test_a_revision_is_created_first(anaplan: Command, emulator: Emulator) -> None:
    emulator.restructure("Crew Planning", {"lists": [{"name": "Hotels"}]})
    done = anaplan("alm", "promote", *SOURCE, "--create-revision", "1.2 Hotels", "--yes")
    assert done.code == 0
    assert revisions(anaplan)[0] == "1.2 Hotels"


def test_without_a_terminal_nothing_is_sent_unless_it_is_confirmed(
    anaplan: Command, emulator: Emulator
) -> None:
    emulator.clear_requests()
    done = anaplan("alm", "promote", *SOURCE)
    assert done.code == 2
    assert "--yes" in done.err
    assert emulator.requests() == []


def test_options_that_contradict(anaplan: Command) -> None:
    done = anaplan("alm", "promote", *SOURCE, "--create-revision", "x", "--dry-run")
    assert (done.code, done.out) == (2, "")


def test_models_without_a_common_revision(anaplan: Command) -> None:
    done = anaplan("alm", "promote", "--source", "Route Profitability", "--yes")
    assert done.code == 1
    assert "both need a common one" in done.err


def test_a_synchronization_that_fails(anaplan: Command, emulator: Emulator) -> None:
    error = {"title": "Model Synchronization Failed", "messageText": "The target has changed"}
    result = {"successful": False, "error": error}
    body = {"task": {"taskId": "0" * 32, "taskState": "COMPLETE", "result": result}}
    emulator.add_fault(
        Fault.model_validate({"method": "GET", "path": "*/alm/syncTasks/*", "body": body})
    )
    done = anaplan("alm", "promote", *SOURCE, "--yes")
    assert done.code == 3
    assert "The target has changed" in done.err
    assert done.err.endswith("The model is unchanged.\n")


def test_a_synchronization_that_takes_longer(anaplan: Command, emulator: Emulator) -> None:
    emulator.settings.task_polls = 1000
    done = anaplan("alm", "diff", *SOURCE, "--timeout", "0")
    assert done.code == 8
    assert done.err.endswith("A comparison changes nothing.\n")


def test_a_person_can_say_no(terminal: OpenTerminal, emulator: Emulator) -> None:
    screen = terminal("alm", "promote", *SOURCE, columns=200)
    screen.wait_for("[y/N]")
    assert "listItems" in screen.text
    assert "Synchronize 'Crew Planning Live' to revision '1.1 Training'" in screen.text
    screen.type("n\n")
    assert screen.finish() == 1
    text = " ".join(screen.text.split())
    assert "'Crew Planning Live' was not synchronized; it is unchanged." in text
    assert synchronizations(emulator) == 0


def test_ctrl_c_at_the_question(terminal: OpenTerminal, emulator: Emulator) -> None:
    screen = terminal("alm", "promote", *SOURCE, columns=200)
    screen.wait_for("[y/N]")
    screen.type("\x03")
    assert screen.finish() == 130
    assert "Interrupted. 'Crew Planning Live' was not synchronized" in screen.text
    assert synchronizations(emulator) == 0


def test_ctrl_c_says_that_a_synchronization_goes_on(
    terminal: OpenTerminal, emulator: Emulator
) -> None:
    screen = terminal("alm", "promote", *SOURCE, columns=200)
    screen.wait_for("[y/N]")
    emulator.settings.hold_tasks = "IN_PROGRESS"
    screen.type("y\n")
    screen.wait_for("Synchronizing")
    end = time.monotonic() + 30
    while not synchronizations(emulator) and time.monotonic() < end:
        time.sleep(0.05)
    screen.type("\x03")
    assert screen.finish() == 130
    assert "Interrupted. The synchronization goes on at Anaplan, which cannot cancel" in screen.text
    emulator.settings.hold_tasks = None
