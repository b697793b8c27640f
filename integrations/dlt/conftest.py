# ruff: noqa: INP001, S101 - like tests/**
"""Executes the README: a `text` fence is what the `python` fence before it prints."""

from __future__ import annotations

import io
import os
import tempfile
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from sybil import Example, Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.markdown import CodeBlockParser

_execute = PythonEvaluator()


def run(example: Example) -> None:
    """Execute a `python` fence, and keep what it prints."""
    output = io.StringIO()
    with redirect_stdout(output):
        _execute(example)
    example.namespace["printed"] = output.getvalue()


def compare(example: Example) -> None:
    """Compare a `text` fence with what was printed."""
    assert example.namespace["printed"].split() == example.parsed.split()


def set_up(namespace: dict[str, Any]) -> None:
    """Work in a folder without dlt's configuration of whoever runs the tests."""
    folder = tempfile.TemporaryDirectory()
    namespace |= {"folder": folder, "before": Path.cwd(), "variables": dict(os.environ)}
    os.environ |= {"DLT_DATA_DIR": folder.name, "RUNTIME__DLTHUB_TELEMETRY": "false"}
    os.chdir(folder.name)


def tear_down(namespace: dict[str, Any]) -> None:
    """Stop the emulator, and remove the folder."""
    if "emulator" in namespace:
        namespace["emulator"].stop()
    os.chdir(namespace["before"])
    os.environ.clear()
    os.environ |= namespace["variables"]
    namespace["folder"].cleanup()


pytest_collect_file = Sybil(
    parsers=[CodeBlockParser("python", run), CodeBlockParser("text", compare)],
    patterns=["README.md"],
    setup=set_up,
    teardown=tear_down,
).pytest()
