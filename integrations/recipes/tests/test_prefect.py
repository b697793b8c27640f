import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import hold, kill_while_waiting, recipe, starts, uploads

from anaplan_sdk.exceptions import InvalidCredentialsException
from anaplan_sdk.testing import EmulatedAnaplan

pytest.importorskip("prefect")
from prefect.settings import PREFECT_API_URL
from prefect.testing.utilities import prefect_test_harness

NIGHTLY_LOAD = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from anaplan_prefect import nightly_load
nightly_load(Path(sys.argv[2]), runs=Path(sys.argv[3]), key="2026-12-01")
"""


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
        patch.setenv("DO_NOT_TRACK", "1")
        # The server creates its database first.
        with prefect_test_harness(server_startup_timeout=500):
            yield PREFECT_API_URL.value()


@pytest.fixture
def block(server: str, anaplan: EmulatedAnaplan) -> str:
    """A saved block with the credentials of the emulator."""
    emulator = anaplan.emulator
    names = ("base_url", "user_email", "password", "workspace_id", "model_id")
    found = recipe("prefect/anaplan_prefect.py").Anaplan(
        **{name: str(getattr(emulator, name)) for name in names}
    )
    assert emulator.password not in repr(found)
    assert emulator.password not in str(found)
    found.save("planning", overwrite=True)
    return server


@pytest.mark.usefixtures("block")
def test_a_failed_task_goes_on_with_the_run(anaplan: EmulatedAnaplan, airlines: Path) -> None:
    hold(anaplan, times=3)  # As often as the client asks.
    runs = airlines.parent / "runs"
    assert recipe("prefect/anaplan_prefect.py").nightly_load(airlines, runs=runs) == 1
    assert len(anaplan.requests("POST", "*/token/*")) == 2  # A client for each attempt.
    assert (starts(anaplan), uploads(anaplan)) == (1, 1)


@pytest.mark.usefixtures("block")
def test_another_flow_run_is_another_run(anaplan: EmulatedAnaplan, airlines: Path) -> None:
    runs = airlines.parent / "runs"
    for _ in range(2):
        recipe("prefect/anaplan_prefect.py").nightly_load(airlines, runs=runs)
    assert starts(anaplan) == 2


def test_a_wrong_password_is_tried_once(
    anaplan: EmulatedAnaplan, block: str, airlines: Path
) -> None:
    load = recipe("prefect/anaplan_prefect.py")
    found = load.Anaplan.load("planning")
    found.password = "wrong"
    found.save("planning", overwrite=True)
    anaplan.emulator.clear_requests()
    with pytest.raises(InvalidCredentialsException):
        load.nightly_load(airlines, runs=airlines.parent / "runs")
    assert len(anaplan.requests("POST", "*/token/*")) == 1
    assert starts(anaplan) == 0


def test_a_killed_flow_goes_on_with_the_run(
    anaplan: EmulatedAnaplan, block: str, airlines: Path, tmp_path: Path
) -> None:
    load, runs = recipe("prefect/anaplan_prefect.py"), tmp_path / "runs"
    words = [sys.executable, "-c", NIGHTLY_LOAD, str(Path(load.__file__).parent)]
    environ = {**os.environ, "PREFECT_API_URL": block}
    kill_while_waiting(anaplan, [*words, str(airlines), str(runs)], environ, tmp_path)
    assert load.nightly_load(airlines, runs=runs, key="2026-12-01") == 1
    assert (starts(anaplan), uploads(anaplan)) == (1, 1)
