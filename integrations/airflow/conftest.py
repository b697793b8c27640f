# ruff: noqa: ARG001, INP001 - as in tests: fixtures, loaded by path
"""A real Airflow in a temporary folder, for the tests and the examples of the README."""

from __future__ import annotations

import os
from collections.abc import Iterator
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import pytest
from airflow_home import FOLDER, connection_of
from dag_runs import WORKERS  # noqa: F401 - what its processes are forked from
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser


@pytest.fixture(scope="session", autouse=True)
def airflow_database() -> Iterator[None]:
    """Create Airflow's database once, while the workers' process imports Airflow."""
    tests = str(Path(__file__).parent / "tests")
    before = os.environ.get("PYTHONPATH", "")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (tests, before)))
    forkserver.ensure_running()
    os.environ["PYTHONPATH"] = before
    from airflow.utils.db import initdb

    initdb()
    yield
    FOLDER.cleanup()


@pytest.fixture(autouse=True)
def connection(anaplan: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """Define the connection `anaplan_default`, and return its id."""
    monkeypatch.setenv("AIRFLOW_CONN_ANAPLAN_DEFAULT", connection_of(anaplan.emulator))
    return "anaplan_default"


@pytest.fixture
def files(tmp_path: Path, connection: str) -> tuple[str, str]:
    """Return a source and a destination for the DAG of the README."""
    (tmp_path / "airlines.csv").write_text("carrier,name\nAA,American Airlines\n")
    return f"file://{tmp_path}/airlines.csv", f"file://{tmp_path}/facts.csv"


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser()], patterns=["README.md"], fixtures=["files"]
).pytest()
