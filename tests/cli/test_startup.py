"""What a command imports before it does anything: nearly nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("pydantic", "rich", "httpx2", "tomlkit", "anaplan_sdk._sync")
CODE = """
import sys
from anaplan_sdk.cli import run
code = run(sys.argv[1:])
print("IMPORTED", *sorted({HEAVY}.intersection(sys.modules)))
sys.exit(code)
""".replace("{HEAVY}", repr(set(HEAVY)))


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--help"], 0),
        (["ls", "--help"], 0),
        (["lss", "models"], 2),
        (["ls"], 2),
        (["ls", "model"], 2),
        (["ls", "models", "--output", "xml"], 2),
        (["alm", "diff", "--timeout", "soon", "--source", "Dev"], 2),
        (["audit", "events", "--cursor", "place", "--lag", "-1"], 2),
        (["cw", "run", "Airlines", "--timeout", "nan"], 2),
        (["view", "read", "Plan", "--max-rows", "0"], 2),
        (["completion", "bash"], 0),
    ],
    ids=str,
)
def test_the_sdk_is_not_imported(arguments: list[str], code: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stderr
    assert done.stdout.splitlines()[-1].split() == ["IMPORTED"]
