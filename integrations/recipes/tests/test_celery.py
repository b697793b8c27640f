import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import PATIENCE, RECIPES, has_polled, recipe, starts, uploads, wait_until

from anaplan_sdk.models import TaskSummary
from anaplan_sdk.testing import EmulatedAnaplan

pytest.importorskip("celery")
from celery import Task

FILE, IMPORT = "airlines.csv", "Airlines from airlines.csv"
# The broker and the result backend are folders here; what is copied names Redis.
SETTINGS = """
from anaplan_celery import app

app.conf.update(
    broker_transport_options={"data_folder_in": "queue", "data_folder_out": "queue"},
    worker_enable_remote_control=False,
)
"""


@pytest.fixture
def folder(environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("queue", "results"):
        (tmp_path / name).mkdir()
    (tmp_path / "worker.py").write_text(SETTINGS)
    monkeypatch.setenv("CELERY_BROKER_URL", "filesystem://")
    monkeypatch.setenv("CELERY_RESULT_BACKEND", f"file://{tmp_path / 'results'}")
    monkeypatch.setenv("PYTHONPATH", f"{RECIPES / 'celery'}:{os.environ.get('PYTHONPATH', '')}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@contextmanager
def worker(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker with one process besides its own."""
    words = ("-A", "worker", "worker", "--pool=prefork", "--concurrency=1", "--loglevel=WARNING")
    options = ("--without-gossip", "--without-mingle", "--without-heartbeat")
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", *words, *options], cwd=folder, process_group=0
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE)


def child_of(process: subprocess.Popen[bytes]) -> int:
    [child] = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return int(child)


def test_a_message_that_is_delivered_again_goes_on_with_the_run(
    anaplan: EmulatedAnaplan, folder: Path, airlines: Path
) -> None:
    load = configured()
    anaplan.fault(method="GET", path="*/tasks/*", delay_seconds=20, times=1)
    result = load.delay(str(airlines), FILE, IMPORT)
    with worker(folder) as process:
        wait_until(lambda: has_polled(anaplan))
        killed = child_of(process)
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: not Path(f"/proc/{killed}").exists())
        anaplan.emulator.clear_faults()
        task_id = result.get(timeout=PATIENCE)
    assert [each.id for each in tasks_of(anaplan)] == [task_id]
    assert (starts(anaplan), uploads(anaplan)) == (1, 1)


def test_a_worker_that_was_killed_is_replaced_by_another(
    anaplan: EmulatedAnaplan, folder: Path, airlines: Path
) -> None:
    """What RabbitMQ and Redis deliver again by themselves is sent again here, with its id."""
    load = configured()
    anaplan.fault(method="GET", path="*/tasks/*", delay_seconds=20, times=1)
    first = load.delay(str(airlines), FILE, IMPORT)
    with worker(folder) as process:
        wait_until(lambda: has_polled(anaplan))
        os.killpg(process.pid, signal.SIGKILL)
    anaplan.emulator.clear_faults()
    result = load.apply_async((str(airlines), FILE, IMPORT), task_id=first.id)
    with worker(folder):
        task_id = result.get(timeout=PATIENCE)
    assert [each.id for each in tasks_of(anaplan)] == [task_id]
    assert (starts(anaplan), uploads(anaplan)) == (1, 1)


def configured() -> Task:
    # An application keeps its connection and its result backend, which are this test's own.
    sys.modules.pop("anaplan_celery", None)
    module = recipe("celery/anaplan_celery.py")
    module.app.conf.update(
        broker_url=os.environ["CELERY_BROKER_URL"],
        result_backend=os.environ["CELERY_RESULT_BACKEND"],
        broker_transport_options={"data_folder_in": "queue", "data_folder_out": "queue"},
    )
    return module.load


def tasks_of(anaplan: EmulatedAnaplan) -> list[TaskSummary]:
    client = anaplan.client()
    return client.get_task_summaries(client.resolve.action(IMPORT))
