"""Published clients, unmodified, do the main job on the emulator.

Each runs in a process and a virtual environment of its own, and reaches the emulator under
Anaplan's host names. `make published` installs them.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import pytest
from tests.published.environments import CLIENTS, FOLDER

from anaplan_emulator import Emulator

JOBS = Path(__file__).parent / "jobs"
SOURCE = b"Name,Code,Price\nPears,P7,2.5\nQuinces,P8,3\n"


def run_job(
    python: Path, name: str, emulator: Emulator, job: Mapping[str, str | None]
) -> dict[str, Any]:
    """Run a client's job, and return what it reports."""
    ca_certificate = str(emulator.ca_certificate)
    done = subprocess.run(
        [python, JOBS / f"{name.replace('-', '_')}_job.py"],
        env={
            "PATH": os.environ["PATH"],
            "HOME": os.devnull,
            "PYTHONPATH": str(JOBS),
            "EMULATOR_PORT": emulator.base_url.rpartition(":")[2],
            "REQUESTS_CA_BUNDLE": ca_certificate,
            "SSL_CERT_FILE": ca_certificate,
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


@pytest.mark.parametrize("dialect", ["live", "guide"])
@pytest.mark.parametrize(
    ("python", "name"),
    [
        *(pytest.param(FOLDER / name / "bin/python", name, id=name) for name in CLIENTS),
        # A program for the published release runs with this one, too.
        pytest.param(Path(sys.executable), "anaplan-sdk", id="this project"),
    ],
)
def test_the_main_job(python: Path, name: str, dialect: Literal["live", "guide"]) -> None:
    if dialect == "guide" and python == FOLDER / "anaplan-sdk/bin/python":
        pytest.skip("the published SDK needs the creation times that the guide's samples lack")
    with Emulator(Path(__file__).parent / "tenant.json", tls=True) as emulator:
        emulator.settings.dialect = dialect
        job = {
            "user": emulator.user_email,
            "password": emulator.password,
            "workspace": emulator.workspace_id,
            "model": emulator.model_id,
            "workspace_name": "Shop",
            "model_name": "Prices",
            "file": "113000000000",
            "file_name": "prices.csv",
            "process": "118000000000",
            "process_name": "Load prices",
            "export": "116000000000",
            "export_name": "Prices.csv",
            "source": SOURCE.decode(),
        }
        outcome = run_job(python, name, emulator, job)
    assert outcome["imported"]
    assert outcome["exported"]
    lines = outcome["output"].replace('"', "").split()
    assert lines == ["Products,Price", "Apples,1.5", "Pears,2.5", "Quinces,3"]
