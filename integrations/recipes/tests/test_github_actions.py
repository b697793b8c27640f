import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import AIRLINES, RECIPES, starts, uploads

from anaplan_sdk.testing import EmulatedAnaplan

FOLDER = RECIPES / "github-actions"
WORKFLOW = yaml.safe_load((FOLDER / "anaplan.yml").read_text())


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    shutil.copytree(FOLDER, folder)
    return folder


def run_steps(
    job: str,
    folder: Path,
    environ: dict[str, str],
    values: dict[str, str] | None = None,
    skipped: tuple[str, ...] = (),
) -> list[str]:
    """Run the commands of a job as a runner does, and return the names of those that failed."""
    github_env = folder.parent / "github.env"
    failed: list[str] = []
    for step in WORKFLOW["jobs"][job]["steps"]:
        condition = step.get("if")
        assert condition in (None, "failure()", "always()")
        if (
            "run" not in step
            or step.get("name") in skipped
            or (condition is None and failed)
            or (condition == "failure()" and not failed)
        ):
            continue
        github_env.touch()
        own = dict(line.split("=", 1) for line in github_env.read_text().splitlines())
        given = {
            name: (values or {})[text.strip("${ }")] for name, text in step.get("env", {}).items()
        }
        script = folder.parent / "step.sh"
        script.write_text(step["run"])
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=folder,
            env={**environ, **own, **given, "GITHUB_ENV": str(github_env)},
            check=False,
        )
        if done.returncode:
            failed.append(step["name"])
    return failed


def install_of(job: str) -> str:
    [command] = [
        step["run"] for step in WORKFLOW["jobs"][job]["steps"] if step.get("name") == "Install"
    ]
    return str(command)


@pytest.fixture
def runner(environ: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The variables of a runner: none of Anaplan's, and pip finds what is installed."""
    bare = {name: value for name, value in environ.items() if not name.startswith("ANAPLAN_")}
    return {**bare, "PIP_NO_INDEX": "1"}


@pytest.fixture
def background(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """End the emulator that a job has left running, as the end of a job does."""
    yield
    for process in Path("/proc").glob("[0-9]*"):
        try:
            is_left = process.joinpath("cwd").readlink().is_relative_to(tmp_path)
        except OSError:
            continue
        if is_left and int(process.name) != os.getpid():
            os.kill(int(process.name), signal.SIGTERM)


@pytest.mark.usefixtures("background")
def test_the_tests_run_against_the_emulator(checkout: Path, runner: dict[str, str]) -> None:
    assert run_steps("test", checkout, runner) == []
    # They have to fail for rows that Anaplan would refuse.
    (checkout / "airlines.csv").write_text(AIRLINES)
    variables = (checkout.parent / "github.env").read_text().split("\n")
    environ = {**runner, **dict(line.split("=", 1) for line in variables if line)}
    done = subprocess.run(["pytest"], cwd=checkout, env=environ, capture_output=True, check=False)
    assert done.returncode == 1
    assert b"assert 1 == 0" in done.stdout


def test_the_load_signs_in_with_secrets_and_runs_once(
    anaplan: EmulatedAnaplan, checkout: Path, runner: dict[str, str]
) -> None:
    emulator = anaplan.emulator
    values = {
        "vars.ANAPLAN_REGION": "",
        "vars.ANAPLAN_WORKSPACE_ID": str(emulator.workspace_id),
        "vars.ANAPLAN_MODEL_ID": str(emulator.model_id),
        "secrets.ANAPLAN_CERTIFICATE": Path(emulator.certificate).read_text(),
        "secrets.ANAPLAN_PRIVATE_KEY": Path(emulator.private_key).read_text(),
    }
    environ = {**runner, "ANAPLAN_BASE_URL": emulator.base_url}
    # It installs what the first job does.
    assert install_of("load") == install_of("test")
    assert run_steps("load", checkout, environ, values, skipped=("Install",)) == []
    # A job that is run again finds the run that its first attempt has started.
    assert run_steps("load", checkout, environ, values, skipped=("Install",)) == []
    assert (starts(anaplan), uploads(anaplan)) == (1, 1)


def test_the_workflow_is_one_that_github_accepts() -> None:
    # YAML 1.1 reads the key `on` as true.
    assert set(WORKFLOW) == {"name", True, "permissions", "jobs"}
    for job in WORKFLOW["jobs"].values():
        assert {"runs-on", "steps", "timeout-minutes"} <= set(job)
        for step in job["steps"]:
            assert ("run" in step) != ("uses" in step)
    load = WORKFLOW["jobs"]["load"]
    assert load["needs"] in WORKFLOW["jobs"]
    assert load["concurrency"]["cancel-in-progress"] is False
    # Secrets are given to the step that needs them only, and are no part of a command.
    texts = [step.get("run", "") for job in WORKFLOW["jobs"].values() for step in job["steps"]]
    assert not any("secrets." in text for text in texts)
