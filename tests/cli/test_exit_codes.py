"""Each exit code, provoked; and those of a real shell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anaplan_emulator import Fault
from anaplan_sdk.cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Command

    from anaplan_emulator import Emulator

ROWS = "carrier,name\nAA,American Airlines\n,Lost Airways\n"
IMPORT = "Airlines from airlines.csv"


def nothing(emulator: Emulator, patch: pytest.MonkeyPatch) -> None:
    """Leaves everything as it is."""


def wrong_password(emulator: Emulator, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("ANAPLAN_PASSWORD", "wrong")


def lost_during_the_run(emulator: Emulator, patch: pytest.MonkeyPatch) -> None:
    emulator.add_fault(
        Fault(method="GET", path="*/tasks/*", status=502, headers={"Retry-After": "0"}, times=None)
    )


def a_long_run(emulator: Emulator, patch: pytest.MonkeyPatch) -> None:
    emulator.settings.hold_tasks = "IN_PROGRESS"


def busy(emulator: Emulator, patch: pytest.MonkeyPatch) -> None:
    emulator.add_fault(
        Fault(path="*/imports", status=503, headers={"Retry-After": "0"}, times=None)
    )


@pytest.mark.parametrize(
    ("code", "cause", "line"),
    [
        (ExitCode.DONE, nothing, "ls imports"),
        (ExitCode.FAILED, nothing, "upload - --to airlines.csv --journal no-folder/j"),
        (ExitCode.USAGE, nothing, "run"),
        (ExitCode.USAGE, nothing, "ls files --model"),
        (ExitCode.RUN_FAILED, nothing, "run 118000000000"),
        (ExitCode.SIGN_IN, wrong_password, "ls imports"),
        (ExitCode.NOT_FOUND, nothing, "run nothing-of-this-name"),
        (ExitCode.ROWS_REFUSED, nothing, "import - --run 112000000001"),
        (ExitCode.DONE, nothing, "import - --run 112000000001 --allow-refused 1"),
        (ExitCode.OUTCOME_UNKNOWN, lost_during_the_run, "import - --run 112000000001"),
        (ExitCode.STILL_RUNNING, a_long_run, "import - --run 112000000001 --timeout 0.2"),
        (ExitCode.UNREACHABLE, busy, "ls imports"),
    ],
)
def test_what_happened_is_the_exit_code(
    code: ExitCode,
    cause: Callable[[Emulator, pytest.MonkeyPatch], None],
    line: str,
    anaplan: Command,
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cause(emulator, monkeypatch)
    done = anaplan(*line.split(), stdin=ROWS)
    assert done.code == code, done.err
    if code != ExitCode.DONE:
        what, advice = done.err.splitlines()[-2:]
        assert what.startswith("Error: ")
        assert advice


def test_a_shell_sees_the_exit_codes(shell: Command) -> None:
    done = shell(
        """
        set -o pipefail
        anaplan ls imports --output csv 2>/dev/null | wc -l; echo "piped: $?"
        yes carrier,name | head -1 | anaplan import - --run nothing >/dev/null 2>&1; echo "name: $?"
        anaplan ls imports | true; echo "closed: $?"
        anaplan upload 2>&1 >/dev/null | tail -1
        """
    )
    assert done.out.splitlines() == [
        "7",
        "piped: 0",
        "name: 5",
        "closed: 141",
        "Try 'anaplan upload --help'.",
    ]
    assert done.err == ""


def test_no_two_codes_are_the_same() -> None:
    assert len({int(code) for code in ExitCode}) == len(ExitCode.__members__)
    assert all(code.__doc__ for code in ExitCode)
