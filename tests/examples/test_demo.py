"""The demo's progress lines fit the terminal, and stay on one line while they are updated."""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
SHOW = """
from anaplan_sdk import Progress
from demo import Bar
with Bar("Exporting 'Flight Facts - tabular.csv'") as show:
    for share in (0, 0.5, 1):
        show(Progress("Importing the rows of a file with a very long name into a module", share, 1))
"""


def output_in_terminal(columns: int) -> str:
    fcntl = pytest.importorskip("fcntl")
    termios = pytest.importorskip("termios")
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    process = subprocess.Popen(
        [sys.executable, "-c", SHOW], cwd=EXAMPLES, stdout=theirs, env=environment
    )
    os.close(theirs)
    output = b""
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        try:
            while piece := terminal.read(65536):
                output += piece
        except OSError:
            pass  # Linux reports the end of the output by this error.
    assert process.wait() == 0
    return output.decode()


@pytest.mark.parametrize("columns", [20, 45, 60, 80, 200])
def test_progress_lines_are_narrower_than_the_terminal(columns: int) -> None:
    output = output_in_terminal(columns)

    drawn = re.split("[\r\n]+", re.sub(r"\033\[[0-9]*[mK]", "", output).strip())
    assert len(drawn) == 4
    assert max(map(len, drawn)) < columns
    if columns >= 60:
        assert re.fullmatch(r"Exporting .*█+ 100%  [\d.]+ s", drawn[-1])


def test_every_target_that_installs_shows_it_first() -> None:
    """Installing takes a minute or more, in which nothing else is shown."""
    makefile = (EXAMPLES.parent / "Makefile").read_text("utf-8")
    recipes = re.findall(r"^\$\(\w+\):.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    installing = [recipe for recipe in recipes if "$(PIP) install" in recipe]
    assert len(installing) == 4
    for recipe in installing:
        assert recipe.startswith("\t@echo ")
