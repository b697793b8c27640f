import fcntl
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from conftest import RECIPES, kill_while_waiting, starts, uploads, wait_until

from anaplan_sdk.testing import EmulatedAnaplan

CRON = RECIPES / "cron"
LOAD = [str(CRON / "load.sh")]


@pytest.fixture
def job(environ: dict[str, str], airlines: Path, tmp_path: Path) -> dict[str, str]:
    """The variables of the container, with folders in place of its volumes."""
    runs = tmp_path / "runs"
    runs.mkdir()
    return {**environ, "RUNS": str(runs), "DATA": str(tmp_path), "NIGHT": "2026-12-01"}


def run(job: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(LOAD, env=job, capture_output=True, text=True, check=False)


def is_locked(job: dict[str, str]) -> bool:
    with Path(job["RUNS"], "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_a_killed_load_goes_on_with_the_run(anaplan: EmulatedAnaplan, job: dict[str, str]) -> None:
    kill_while_waiting(anaplan, LOAD, job, Path(job["RUNS"]))
    # The lock is the command's, too, which is killed at the same time.
    wait_until(lambda: not is_locked(job))
    done = run(job)
    assert done.returncode == 6, done.stdout
    assert "was started before" in done.stdout
    assert "load of 2026-12-01 ends with exit code 6" in done.stdout
    assert done.stderr == ""
    refused = Path(job["RUNS"], "2026-12-01-refused.csv").read_text()
    assert "Lost Airways" in refused
    # The hour after: it has been loaded.
    assert run({**job, "ALLOW_REFUSED": "1"}).returncode == 0
    assert (starts(anaplan), uploads(anaplan)) == (1, 1)
    # The night after.
    assert run({**job, "NIGHT": "2026-12-02", "ALLOW_REFUSED": "1"}).returncode == 0
    assert (starts(anaplan), uploads(anaplan)) == (2, 2)


def test_two_loads_do_not_run_at_the_same_time(
    anaplan: EmulatedAnaplan, job: dict[str, str]
) -> None:
    with Path(job["RUNS"], "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = run(job)
    assert done.returncode == 75
    assert "another load is running" in done.stdout
    assert anaplan.requests() == []


def test_the_password_may_be_a_file(
    anaplan: EmulatedAnaplan, job: dict[str, str], tmp_path: Path
) -> None:
    secret = tmp_path / "password"
    secret.write_text(job.pop("ANAPLAN_PASSWORD") + "\n")
    done = run({**job, "PASSWORD_FILE": str(secret), "ALLOW_REFUSED": "1"})
    assert done.returncode == 0, done.stdout
    assert anaplan.emulator.password not in done.stdout
    assert starts(anaplan) == 1


def instructions() -> list[tuple[str, str]]:
    text = (CRON / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in lines)]


def test_the_dockerfile_copies_files_that_exist_and_starts_one_of_them() -> None:
    names = [name for name, _ in instructions()]
    assert set(names) <= {"FROM", "RUN", "COPY", "USER", "WORKDIR", "ENV", "VOLUME", "ENTRYPOINT"}
    copied = dict(
        [word for word in shlex.split(rest) if not word.startswith("--")]
        for name, rest in instructions()
        if name == "COPY"
    )
    assert all((CRON / name).is_file() for name in copied)
    found = dict(instructions())
    assert found["ENTRYPOINT"] == '["/app/load.sh"]'
    assert copied["load.sh"] == "/app/load.sh"
    assert os.access(CRON / "load.sh", os.X_OK)
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+", found["FROM"])
    # Not root, and set after the last command that needs root.
    assert names.index("USER") > max(i for i, name in enumerate(names) if name in ("RUN", "COPY"))
    # The script's own variables.
    assert {"RUNS", "DATA"} <= {word.split("=")[0] for word in found["ENV"].split()}


def test_what_the_image_installs_has_the_command(environ: dict[str, str], tmp_path: Path) -> None:
    [install] = [rest for name, rest in instructions() if rest.startswith("pip install")]
    words = shlex.split(install.replace("/app/", f"{CRON}/"))
    subprocess.run([*words, "--quiet", "--no-index"], env=environ, check=True)
    done = subprocess.run(
        ["anaplan", "import", "--help"], env=environ, capture_output=True, check=True
    )
    assert b"--run-store" in done.stdout


def test_the_crontab_has_one_job_with_the_containers_volumes() -> None:
    lines = (CRON / "crontab").read_text().splitlines()
    [line] = [line for line in lines if re.match(r"[\d*]", line)]
    words = shlex.split(line)
    assert [re.fullmatch(r"[\d*,/-]+", word) is not None for word in words[:5]] == [True] * 5
    assert words[5:9] == ["root", "docker", "run", "--rm"]
    targets = [words[i + 1].split(":")[1] for i, word in enumerate(words) if word == "--volume"]
    assert targets == ["/runs", "/data", "/run/secrets/anaplan_password"]
    assert "%" not in line  # cron reads it as the end of the command.
