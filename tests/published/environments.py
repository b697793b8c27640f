"""Installs each published client into a virtual environment of its own, if it is not there yet."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

FOLDER = Path(__file__).parents[2] / ".cache/published"
CLIENTS: dict[str, list[str]] = json.loads(
    (Path(__file__).parent / "jobs/clients.json").read_bytes()
)


def install(environment: Path, requirements: list[str], python: str = sys.executable) -> None:
    """Install requirements into an environment, unless it has them."""
    installed = environment / "installed.json"
    version = subprocess.run([python, "-VV"], check=True, capture_output=True, text=True).stdout
    wanted = json.dumps([version, *requirements])
    if installed.exists() and installed.read_text() == wanted:
        return
    print(f"Installing {environment.name}", flush=True)
    subprocess.run([python, "-m", "venv", "--clear", environment], check=True)
    pip_install(environment, requirements)
    installed.write_text(wanted)


def pip_install(environment: Path, arguments: list[str]) -> None:
    """Run `pip install` in an environment."""
    pip = [str(environment / "bin/python"), "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "install", *arguments], check=True)


if __name__ == "__main__":
    with ThreadPoolExecutor(4) as executor:
        folders = [FOLDER / name for name in CLIENTS]
        list(executor.map(install, folders, CLIENTS.values()))
