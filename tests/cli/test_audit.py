"""`anaplan audit events`: windows, cursors, and events as they happen."""

from __future__ import annotations

import csv
import io
import json
import time
from typing import TYPE_CHECKING

import polars as pl
import pytest
from tests.cli.conftest import ctrl_c_when

from anaplan_emulator.faults import Fault

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command

    from anaplan_emulator import Emulator

# The tenant's own nine events are of the week before.
PAST = ("--since", "30d", "--until", "30m", "--type", "user_activity")


@pytest.fixture(autouse=True)
def auditor(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ANAPLAN_USER_EMAIL", "auditor@skyline.example")
    monkeypatch.setenv("ANAPLAN_PASSWORD", "Aud1ting!")
    return home


def codes(lines: str) -> list[str]:
    return [json.loads(line)["event_type_id"] for line in lines.splitlines()]


def test_events_are_json_lines_where_nobody_looks(anaplan: Command) -> None:
    done = anaplan("audit", "events", *PAST)
    assert (done.code, done.err) == (0, "")
    assert codes(done.out) == (
        ["USR-8", "USR-21", "USR-4", "USR-9", "USR-8", "USR-14", "USR-8", "USR-20", "USR-36"]
    )
    assert json.loads(done.out.splitlines()[0])["happened_at"].endswith("Z")


def test_a_table_names_users(anaplan: Command) -> None:
    lines = anaplan("audit", "events", *PAST, "-o", "table").out.splitlines()
    assert lines[0] == f"{'TIME':22}{'EVENT':10}{'USER':22}MESSAGE"
    assert lines[1][22:] == f"{'USR-8':10}{'Ada Admin':22}User login success"
    assert max(map(len, lines)) <= 85


def test_csv_and_json(anaplan: Command) -> None:
    rows = list(csv.DictReader(io.StringIO(anaplan("audit", "events", *PAST, "-o", "csv").out)))
    assert [row["success"] for row in rows].count("false") == 2
    assert len(anaplan("audit", "events", *PAST, "--format", "json").json) == 9


@pytest.mark.parametrize("library", ["arro3", "pyarrow"])
def test_a_window_is_written_as_a_table(
    shell: Command, anaplan: Command, home: Path, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    monkeypatch.setenv("ANAPLAN_SDK_ARROW", library)
    options = " ".join(PAST)
    assert shell(f"anaplan audit events {options} --format parquet > e.parquet").code == 0
    found = pl.read_parquet(home / "e.parquet")
    assert found["event_type_id"].to_list() == codes(anaplan("audit", "events", *PAST).out)
    assert found.schema["success"] == pl.Boolean
    for option in (("--follow",), ("--cursor", "c")):
        done = anaplan("audit", "events", *option, "--format", "arrow")
        assert (done.code, "Arrow is written for a window only" in done.err) == (2, True)


def test_cef_lines_are_anaplans(anaplan: Command) -> None:
    done = anaplan("audit", "events", *PAST, "--format", "cef")
    assert done.code == 0
    assert len(done.out.splitlines()) == 9
    assert all("CEF:0|Anaplan, Inc.|" in line for line in done.out.splitlines())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--format", "cef", "-o", "json"), "contradict"),
        (("--format", "csv", "-o", "jsonl"), "contradict"),
        (("--since", "yesterday"), "'yesterday' is not a time"),
        (("--until", "2026-02-30"), "'2026-02-30' is not a time"),
        (("--since", "999999d"), "'999999d' is not a time"),
        (("--since", "0001-01-01"), "'0001-01-01' is"),
        (("--since", "1969-12-01"), "'1969-12-01' is before 1970."),
        (("--until", "9999-12-31T23:59:59-23:00"), "is not a time"),
        (("--cursor", ""), "The destination is empty."),
        (("--cursor", "-"), "The cursor cannot be kept on stdout."),
        (("--cursor", "none/place"), "There is no folder 'none'"),
        (("--follow", "--until", "1h"), "--until"),
        (("--follow", "--format", "cef"), "CEF"),
        (("--follow", "-o", "json"), "no end"),
        (("--type", "logins"), "'logins' is not one of"),
        (("--since", "1:", "--format", "cef"), "CEF"),
    ],
)
def test_bad_options_are_refused_before_anything_is_sent(
    anaplan: Command, emulator: Emulator, options: tuple[str, ...], words: str
) -> None:
    emulator.clear_requests()
    done = anaplan("audit", "events", *options)
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    assert emulator.requests() == []


def test_a_user_without_the_role(anaplan: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANAPLAN_USER_EMAIL", "planner@skyline.example")
    monkeypatch.setenv("ANAPLAN_PASSWORD", "Pl4nning!")
    done = anaplan("audit", "events")
    assert done.code == 4
    assert "the role Tenant Auditor" in done.err


def test_each_run_prints_what_is_new(anaplan: Command, home: Path, emulator: Emulator) -> None:
    run = ("audit", "events", "--cursor", "place", "--since", "30d")
    first = anaplan(*run, "--type", "user_activity")
    assert codes(first.out)[-1] == "USR-36"
    kept = (home / "place").read_text()
    # The sign-in of the first run is less than the lag ago; after that it is printed.
    emulator.advance(minutes=5)
    second = anaplan(*run, "--type", "user_activity")
    assert codes(second.out) == ["USR-8"]
    assert (home / "place").read_text() != kept
    printed = {json.loads(line)["id"] for line in first.out.splitlines()}
    assert printed.isdisjoint(json.loads(line)["id"] for line in second.out.splitlines())


def test_a_run_that_prints_nothing_keeps_its_place(anaplan: Command, home: Path) -> None:
    run = ("audit", "events", "--cursor", "place", "--type", "byok")
    assert anaplan(*run, "--since", "20m").out == ""
    kept = (home / "place").read_text()
    assert anaplan(*run).code == 0
    assert (home / "place").read_text() == kept
    # A place of long ago is moved, since Anaplan would refuse it in the end.
    (home / "place").write_text(f"{int(kept.partition(':')[0]) - 20 * 86_400_000}:\n")
    assert anaplan(*run).code == 0
    moved = int((home / "place").read_text().partition(":")[0])
    assert moved > int(kept.partition(":")[0]) - 2 * 86_400_000


def test_what_was_not_printed_is_printed_next_time(
    anaplan: Command, home: Path, emulator: Emulator
) -> None:
    run = ("audit", "events", "--cursor", "place", "--since", "8d", "--type", "user_activity")
    # The windows are 6 hours long: the events of the last days are not reached.
    emulator.add_fault(Fault(path="*/events", skip=16, times=None, status=400))
    first = anaplan(*run)
    assert first.code == 1
    assert "place has the cursor of the last event that was printed" in first.err
    emulator.clear_faults()
    second = anaplan(*run)
    assert codes(first.out + second.out)[:9] == (
        ["USR-8", "USR-21", "USR-4", "USR-9", "USR-8", "USR-14", "USR-8", "USR-20", "USR-36"]
    )
    assert 0 < len(first.out.splitlines()) < 9


def test_a_link_to_the_cursor_stays_a_link(anaplan: Command, home: Path) -> None:
    (home / "state").mkdir()
    (home / "place").symlink_to("state/cursor")
    run = ("audit", "events", "--cursor", "place", "--type", "user_activity")
    assert anaplan(*run, "--since", "30d").code == 0
    assert (home / "place").is_symlink()
    assert [path.name for path in (home / "state").iterdir()] == ["cursor"]


def test_a_cursor_that_cannot_be_written_leaves_no_other_file(shell: Command, home: Path) -> None:
    kept = f"{int((time.time() - 3 * 86_400) * 1000)}:\n"
    (home / "place").write_text(kept)
    done = shell("ulimit -f 0; anaplan audit events --cursor place --type byok")
    assert done.code == 1
    assert "File too large" in done.err
    assert [path.name for path in home.iterdir()] == ["place"]
    assert (home / "place").read_text() == kept


def test_a_file_that_has_no_cursor(anaplan: Command, home: Path) -> None:
    (home / "place").write_text("events\n")
    done = anaplan("audit", "events", "--cursor", "place")
    assert done.code == 2
    assert "place has no cursor in it" in done.err
    assert (home / "place").read_text() == "events\n"


def test_events_are_followed_until_ctrl_c(anaplan: Command, emulator: Emulator) -> None:
    follow = ("--follow", "--since", "8d", "--type", "user_activity", "--lag", "0", "--every", "1")
    asked = 0.0

    def is_printed() -> bool:
        """Whether a while ago the last of the users was asked for, who is this one."""
        nonlocal asked
        if not asked and len({e.path for e in emulator.requests() if "/users/" in e.path}) == 5:
            asked = time.monotonic()
        return bool(asked) and time.monotonic() > asked + 0.3

    with ctrl_c_when(is_printed):
        done = anaplan("audit", "events", *follow, "-o", "table")
    assert done.code == 130
    assert "Data export from action" in done.out
    assert "Audrey" in done.out
    assert "Interrupted. Go on after the last event that was printed with --since 1" in done.err
    cursor = done.err.split("--since ")[1].split()[0].rstrip(".")
    run = ("audit", "events", "--since", cursor, "--lag", "0", "--type", "user_activity")
    assert set(codes(anaplan(*run).out)) <= {"USR-8"}
