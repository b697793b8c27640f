"""What the recipes' tests share: variables for the emulator, and programs that are killed."""

import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType

import pytest

from anaplan_sdk.testing import EmulatedAnaplan

RECIPES = Path(__file__).parents[1]
AIRLINES = "carrier,name\nAA,American Airlines\n,Lost Airways\nB6,JetBlue Airways\n"
# Longer than a busy machine needs.
PATIENCE = 300


def recipe(path: str) -> ModuleType:
    """Import a recipe, as a user does who has copied it."""
    source = RECIPES / path
    if source.stem in sys.modules:
        return sys.modules[source.stem]
    spec = importlib.util.spec_from_file_location(source.stem, source)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[source.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def wait_until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def starts(anaplan: EmulatedAnaplan) -> int:
    return len(anaplan.requests("POST", "*/tasks"))


def uploads(anaplan: EmulatedAnaplan) -> int:
    return len(anaplan.requests("PUT", "*/chunks/*"))


def hold(anaplan: EmulatedAnaplan, times: int | None = None) -> None:
    """Have Anaplan not say how a run ended."""
    anaplan.fault(
        method="GET", path="*/tasks/*", status=503, headers={"Retry-After": "0"}, times=times
    )


def has_polled(anaplan: EmulatedAnaplan) -> bool:
    return bool(anaplan.requests("GET", "*/tasks/*"))


def kill_while_waiting(
    anaplan: EmulatedAnaplan, words: list[str], environ: Mapping[str, str], cwd: Path
) -> None:
    """Kill a program with all of its processes when it waits for the end of a run."""
    hold(anaplan)
    with subprocess.Popen(words, env=environ, cwd=cwd, process_group=0) as process:
        wait_until(lambda: has_polled(anaplan) or process.poll() is not None)
        assert process.poll() is None
        os.killpg(process.pid, 9)
    anaplan.emulator.clear_faults()


@pytest.fixture
def environ(anaplan: EmulatedAnaplan, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The variables with which `Client.from_env` and the command find the emulator."""
    for name in list(os.environ):
        if name.startswith("ANAPLAN_"):
            monkeypatch.delenv(name)
    emulator = anaplan.emulator
    for name in ("base_url", "user_email", "password", "workspace_id", "model_id"):
        monkeypatch.setenv(f"ANAPLAN_{name.upper()}", str(getattr(emulator, name)))
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    monkeypatch.setenv("PATH", path)
    return dict(os.environ)


@pytest.fixture
def airlines(tmp_path: Path) -> Path:
    """A file of three airlines, of which Anaplan refuses one."""
    path = tmp_path / "airlines.csv"
    path.write_text(AIRLINES)
    return path
