"""Installs each published client into a virtual environment of its own, if it is not there yet."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

FOLDER = Path(__file__).parents[2] / ".cache/published"
CLIENTS: dict[str, list[str]] = json.loads(
    (Path(__file__).parent / "jobs/clients.json").read_bytes()
)


def install(name: str, requirements: list[str]) -> None:
    environment = FOLDER / name
    installed = environment / "installed.json"
    wanted = json.dumps([sys.version, *requirements])
    if installed.exists() and installed.read_text() == wanted:
        return
    print(f"Installing {requirements[0]}", flush=True)
    venv.create(environment, clear=True, with_pip=True)
    pip = [environment / "bin/python", "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "install", *requirements], check=True)
    installed.write_text(wanted)


if __name__ == "__main__":
    with ThreadPoolExecutor(4) as executor:
        list(executor.map(install, CLIENTS, CLIENTS.values()))
