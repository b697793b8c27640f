"""A load that was killed is resumed by another process, and its import runs once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import killed_load
import pytest
from dlt.common.storages.load_package import PackageStorage
from emulated import AIRLINES_FILE, AIRLINES_IMPORT, codes, started

from anaplan_sdk.testing import EmulatedAnaplan

SCRIPT = Path(__file__).with_name("killed_load.py")
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def folder_of_pipelines(
    anaplan: EmulatedAnaplan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> str:
    """The folder, with the configuration of the pipeline in the environment."""
    emulator = anaplan.emulator
    for name, value in {
        "PYTHONPATH": os.pathsep.join([str(SCRIPT.parent), *sys.path]),
        "DESTINATION__ANAPLAN__CREDENTIALS__USER_EMAIL": emulator.user_email,
        "DESTINATION__ANAPLAN__CREDENTIALS__PASSWORD": emulator.password,
        "DESTINATION__ANAPLAN__CREDENTIALS__BASE_URL": emulator.base_url,
        "DESTINATION__ANAPLAN__MODEL_ID": emulator.model_id,
        "NORMALIZE__DATA_WRITER__FILE_MAX_ITEMS": "2",
        "NORMALIZE__DATA_WRITER__BUFFER_MAX_ITEMS": "2",
    }.items():
        monkeypatch.setenv(name, value)
    return str(tmp_path / "pipelines")


@pytest.fixture
def start(folder_of_pipelines: str) -> Start:
    """Starts a process that loads, and may end at a method."""

    def run(method: str = "", file_format: str = "") -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(SCRIPT), folder_of_pipelines, method, file_format],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    return run


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 280
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def check_one_import(anaplan: EmulatedAnaplan) -> None:
    assert started(anaplan) == [str(AIRLINES_IMPORT)]
    assert len(anaplan.client().get_task_summaries(AIRLINES_IMPORT)) == 1
    assert codes(anaplan) == {f"X{number}" for number in range(6)}


@pytest.mark.parametrize(
    ("method", "file_format"),
    [
        # The job of the table was created, the last file is not marked as completed.
        ("complete_job", "parquet"),
        # The import has ended, and dlt has noted nothing.
        pytest.param(
            "save_pending_transition",
            "reference",
            marks=pytest.mark.skipif(
                not hasattr(PackageStorage, "save_pending_transition"), reason="dlt is older"
            ),
        ),
        # dlt has noted it, and not marked the job as completed.
        ("complete_job", "reference"),
    ],
)
def test_a_process_that_ends_while_dlt_takes_note(
    anaplan: EmulatedAnaplan, start: Start, folder_of_pipelines: str, method: str, file_format: str
) -> None:
    killed = start(method, file_format)
    assert killed.wait(280) == 9, killed.communicate()[0]
    assert len(started(anaplan)) == (file_format == "reference")

    killed_load.main(folder_of_pipelines, "", "")
    check_one_import(anaplan)


def test_a_process_that_is_killed_while_the_import_runs(
    anaplan: EmulatedAnaplan, start: Start, folder_of_pipelines: str
) -> None:
    anaplan.fault(method="GET", path=f"*/imports/{AIRLINES_IMPORT}/tasks/*", delay_seconds=60)
    kill_when(start(), lambda: anaplan.requests("GET", f"*/{AIRLINES_IMPORT}/tasks/*"))
    anaplan.emulator.clear_faults()
    resume(anaplan, folder_of_pipelines)


def test_a_process_that_is_killed_before_it_knows_the_task(
    anaplan: EmulatedAnaplan, start: Start, folder_of_pipelines: str
) -> None:
    anaplan.fault(method="POST", path="*/tasks", delay_seconds=60)
    kill_when(start(), lambda: anaplan.client().get_task_summaries(AIRLINES_IMPORT))
    anaplan.emulator.clear_faults()
    resume(anaplan, folder_of_pipelines)


def kill_when(process: subprocess.Popen[str], condition: Callable[[], object]) -> None:
    try:
        wait_until(lambda: condition() or process.poll() is not None)
        assert process.poll() is None, process.communicate()[0]
    finally:
        process.send_signal(signal.SIGKILL)
    process.communicate()


def resume(anaplan: EmulatedAnaplan, folder: str) -> None:
    uploads = len(anaplan.requests("PUT", f"*/files/{AIRLINES_FILE}*"))
    killed_load.main(folder, "", "")
    check_one_import(anaplan)
    assert len(anaplan.requests("PUT", f"*/files/{AIRLINES_FILE}*")) == uploads == 1
