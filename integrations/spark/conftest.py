# ruff: noqa: INP001, S102 - pytest's, for examples that it runs
"""Runs the examples of README.md against an emulated Anaplan, and compares what they print."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser

from anaplan_emulator import Emulator

ADDRESS = "http://127.0.0.1:8765"

# Spark's Python workers find the packages that this process imports.
os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
os.environ["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")


def run(example: Example) -> None:
    """Run a block of Python, and keep what it prints."""
    code = example.parsed.replace(ADDRESS, example.namespace["readme_place"])
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, f"README.md:{example.line}", "exec"), example.namespace)
    example.namespace["printed"] = printed.getvalue()


def compare(example: Example) -> str | None:
    """Compare a block of text with what the code before it has printed."""
    printed = example.namespace["printed"].strip()
    return None if printed == example.parsed.strip() else f"It prints:\n{printed}"


@pytest.fixture(scope="module")
def readme_place(
    anaplan_emulator: Emulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Reset the emulator, and run the examples in a folder of their own."""
    anaplan_emulator.reset()
    before = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("readme"))
    yield anaplan_emulator.base_url
    os.chdir(before)


def set_up(namespace: dict[str, Any]) -> None:
    """Prepare the names that the examples share."""
    namespace["printed"] = ""


pytest_collect_file = Sybil(
    parsers=[
        CodeBlockParser(language="python", evaluator=run),
        CodeBlockParser(language="text", evaluator=compare),
    ],
    patterns=["README.md"],
    setup=set_up,
    fixtures=["readme_place"],
).pytest()
