"""Tables of polars, pandas, duckdb and pyarrow, to an import and from an export.

Each library runs in a process of its own, at its oldest supported and at its newest version, with
arro3 and with pyarrow as the Arrow library of the SDK. `make interchange` installs them.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.interchange.environments import ADDITIONS, FOLDER, LIBRARIES, addition

from anaplan_emulator import Emulator

JOB = Path(__file__).parent / "jobs" / "job.py"

# A null is an empty value at Anaplan: 0 or false for numbers and booleans.
ARRIVED = [
    {
        "Products": "P1",
        "Label": "Äpfel, rot; 20 °C",
        "Group": "Fruit",
        "Units": 12.0,
        "Price": 1.5,
        "Active": True,
        "Since": "2026-01-31",
        "Reference": "0b6a7a52-6f0e-4e3a-9c56-8f1d3c2b1a00",
    },
    {
        "Products": "P2",
        "Label": 'Pears "B"\nin boxes',
        "Group": "Fruit",
        "Units": 0.0,
        "Price": 0.0000001,
        "Active": False,
        "Since": None,
        "Reference": "00000000-0000-0000-0000-000000000001",
    },
    {
        "Products": "P3",
        "Label": None,
        "Group": "Roots",
        "Units": 9007199254740991.0,
        "Price": 0.0,
        "Active": False,
        "Since": "2024-02-29",
        "Reference": "ffffffff-ffff-ffff-ffff-ffffffffffff",
    },
]


def run_job(environment: str, arrow: str, library: str, emulator: Emulator) -> dict[str, Any]:
    """Run the job with a library, and return what it reports."""
    # Old versions use what later ones of numpy and Python deprecate.
    options = ["-W", "error"] if environment == "newest" else []
    job = {
        "base_url": emulator.base_url,
        "user": emulator.user_email,
        "password": emulator.password,
        "workspace": emulator.workspace_id,
        "model": emulator.model_id,
        "import": "112000000000",
        "export": "116000000000",
    }
    done = subprocess.run(
        [FOLDER / environment / "bin/python", *options, JOB, library],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(addition(environment, arrow)),
            "HOME": os.devnull,
            "JOB": json.dumps(job),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert not done.returncode, f"{done.stdout}\n{done.stderr}"
    outcome: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return outcome


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("environment", "arrow"), ADDITIONS)
def test_a_table_there_and_back(environment: str, arrow: str, library: str) -> None:
    with Emulator(Path(__file__).parent / "tenant.json") as emulator:
        outcome = run_job(environment, arrow, library, emulator)
    assert outcome["arrow_library"] == arrow
    assert outcome["rows"] == 4
    (refused,) = outcome["refused"]
    assert refused["row"] == 2
    assert refused["Code"] == "P9"
    assert "P9" in refused["reason"]
    assert outcome["exported"] == ARRIVED
