"""What the command does when its output or its words cannot be written."""

import pytest
from tests.cli.conftest import Command

IMPORT = "Airlines from airlines.csv"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("anaplan run 'Load flights' 2>/dev/null | true", 3),
        ("anaplan run 'Load flights' -q > /dev/full", 3),
        ("anaplan ls processes > /dev/full", 1),
        ("anaplan ls processes -o json >&-", 1),
        ("anaplan ls processes 2>/dev/full", 0),
        ("anaplan --help | true", 141),
        ("anaplan ls files -m ''", 2),
    ],
)
def test_the_outcome_decides_before_the_output(shell: Command, line: str, code: int) -> None:
    done = shell(f"set -o pipefail; unset PYTHONUNBUFFERED; {line}")
    assert done.code == code, done.err
    assert "may be a fault" not in done.err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("'Load flights' | true", 3),
        ("'Load flights' > /dev/full", 3),
        (f"{IMPORT!r} | true", 6),
        (f"{IMPORT!r} > /dev/full", 6),
        (f"{IMPORT!r} --refused - | true", 6),
        (f"{IMPORT!r} --refused - > /dev/full", 6),
        (f"{IMPORT!r} --allow-refused all | true", 141),
        (f"{IMPORT!r} --allow-refused all > /dev/full", 1),
    ],
)
def test_how_a_run_ended_matters_more_than_its_output(
    anaplan: Command, shell: Command, arguments: str, code: int
) -> None:
    rows = "carrier,name\nAA,American Airlines\n,Nix\nBB\n"
    assert anaplan("upload", "-", "--to", "airlines.csv", stdin=rows).code == 0
    done = shell(f"set -o pipefail; export PYTHONUNBUFFERED=1; anaplan run {arguments}")
    assert done.code == code, done.err


def test_words_have_no_escape_sequences(anaplan: Command) -> None:
    done = anaplan("ls", "files", "--profile", "a\x1b[31m")
    assert "\x1b" not in done.err
