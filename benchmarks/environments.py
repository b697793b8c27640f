"""The two environments that are compared, each with one release of the SDK."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / ".cache" / "benchmarks"
DATA = PLACE / "data"
# The release to compare with. It is run, and its source is never read.
PUBLISHED = ("anaplan-sdk[cert,oauth]==0.5.22",)
# orjson is the fastest reader of JSON, which the others are compared with. pandas needs pyarrow.
THIS = ("--editable", f"{ROOT}[cert,oauth,tables]", "orjson", "pandas", "polars", "pyarrow")
_VERSIONS = """
import importlib.metadata as metadata, json, sys
names = ["anaplan-sdk", "httpx2", "pydantic", "isal", "arro3-core", "pandas", "polars", "pyarrow"]
known = {item.metadata["Name"]: item.version for item in metadata.distributions()}
print(json.dumps({name: known[name] for name in names if name in known}))
"""


@dataclass(frozen=True)
class Environment:
    """A virtual environment with one release of the SDK."""

    name: str
    folder: Path

    @property
    def python(self) -> Path:
        """The path of its interpreter."""
        windows, others = "Scripts/python.exe", "bin/python"
        return self.folder / (windows if sys.platform == "win32" else others)

    def run(self, script: str, *arguments: str) -> str:
        """Run a script of this folder in a new process, and return its output.

        Raises:
            RuntimeError: The script failed.
        """
        command = [str(self.python), str(Path(__file__).with_name(script)), *arguments]
        # Without variables such as proxies and PYTHONPATH, which would change the result.
        kept = {"PATH", "HOME", "LANG", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR"}
        clean = {name: value for name, value in os.environ.items() if name in kept}
        done = subprocess.run(command, env=clean, capture_output=True, text=True, check=False)
        if done.returncode:
            last = done.stderr.strip().rpartition("\n")[2]
            raise RuntimeError(f"{script} failed with the {self.name} release: {last}")
        return done.stdout

    def versions(self) -> dict[str, str]:
        """Return the versions of the installed packages that matter."""
        command = [str(self.python), "-c", _VERSIONS]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found: dict[str, str] = json.loads(done.stdout)
        return found


def prepare(name: str, requirements: tuple[str, ...]) -> Environment:
    """Return an environment with these requirements; create it if necessary."""
    environment = Environment(name, PLACE / name)
    wanted = json.dumps([requirements, sys.version]).encode()
    if "--editable" in requirements:
        wanted += (ROOT / "pyproject.toml").read_bytes()
    stamp = environment.folder / "installed"
    mark = sha256(wanted).hexdigest()
    if not stamp.is_file() or stamp.read_text(encoding="ascii") != mark:
        print(f"Setting up the environment of the {name} release...", file=sys.stderr)
        make = [sys.executable, "-m", "venv", "--clear", str(environment.folder)]
        subprocess.run(make, check=True)
        pip = [str(environment.python), "-m", "pip", "--disable-pip-version-check", "--quiet"]
        subprocess.run([*pip, "install", *requirements], check=True)
        stamp.write_text(mark, encoding="ascii")
    return environment
