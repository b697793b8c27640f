"""dlt pipelines against the emulated Anaplan, each in folders of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dlt
import pytest
from emulated import AIRLINES_IMPORT, Pipelines, credentials_of

from anaplan_sdk.testing import EmulatedAnaplan
from dlt_anaplan import AnaplanCredentials, AnaplanDestination


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without dlt's configuration of whoever runs the tests."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.setenv("NORMALIZE__WORKERS", "1")
    return tmp_path


@pytest.fixture
def credentials(anaplan: EmulatedAnaplan) -> AnaplanCredentials:
    return credentials_of(anaplan)


@pytest.fixture
def to_duckdb(tmp_path: Path) -> Pipelines:
    def make(name: str = "read") -> dlt.Pipeline:
        return dlt.pipeline(
            name,
            pipelines_dir=str(tmp_path / "pipelines"),
            destination=dlt.destinations.duckdb(str(tmp_path / f"{name}.duckdb")),
            dataset_name="anaplan",
        )

    return make


@pytest.fixture
def to_anaplan(
    anaplan: EmulatedAnaplan, credentials: AnaplanCredentials, tmp_path: Path
) -> Pipelines:
    def make(name: str = "write", **options: Any) -> dlt.Pipeline:
        options = {
            "imports": {"airlines": AIRLINES_IMPORT},
            "credentials": credentials,
            "model_id": anaplan.emulator.model_id,
            **options,
        }
        return dlt.pipeline(
            name,
            pipelines_dir=str(tmp_path / "pipelines"),
            destination=AnaplanDestination(**options),
        )

    return make
