"""Installs the libraries of data frames into virtual environments, if they are not there yet.

There is one environment with the oldest supported versions, and one with the newest ones. They have
pyarrow, which takes the place of arro3. arro3 is in folders of its own, which tests add or don't.
The SDK is installed from the source tree.
"""

from __future__ import annotations

import re
import shutil
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.published.environments import install, pip_install

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".cache/interchange"
LIBRARIES = ("polars", "pandas", "duckdb", "pyarrow")
# The guide on tables lists these versions; those of pandas and pyarrow need an old numpy. Versions
# of pyarrow 14 before this one run code from the files that they read.
OLDEST = ("polars==1.4.1", "pandas==2.2.0", "duckdb==1.1.0", "pyarrow==14.0.1", "numpy<2")
# In place of arro3, pyarrow has to be newer.
OLDEST_IN_PLACE = "pyarrow==18.0.0"


def arro3() -> list[str]:
    """Return the requirements of the extra `tables`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    requirements: list[str] = project["optional-dependencies"]["tables"]
    return requirements


# The requirements of each environment, and of what is added to it for each Arrow library.
ENVIRONMENTS: dict[str, tuple[str, ...]] = {"oldest": OLDEST, "newest": LIBRARIES}
ADDITIONS: dict[tuple[str, str], list[str]] = {
    ("oldest", "arro3"): [re.sub(r">=([\d.]+).*", r"==\1.0", each) for each in arro3()],
    ("oldest", "pyarrow"): [OLDEST_IN_PLACE, "numpy<2"],
    ("newest", "arro3"): arro3(),
    ("newest", "pyarrow"): [],
}


def addition(environment: str, arrow: str) -> Path:
    """Return the folder of what is added to an environment for an Arrow library."""
    return FOLDER / f"{environment}-{arrow}"


def python_of(environment: str) -> str:
    """Return the Python for an environment: the oldest versions have wheels up to 3.12."""
    version = tuple(sys.version_info)
    if environment == "newest" or version < (3, 13):
        return sys.executable
    for candidate in ("python3.11", "python3.12"):
        if path := shutil.which(candidate):
            return path
    sys.exit("The oldest supported versions of pandas and pyarrow need Python 3.11 or 3.12")


def install_all(name: str) -> None:
    """Install an environment, and what is added to it."""
    # pip compiles all of it otherwise, which takes longer than its download.
    install(
        FOLDER / name,
        ["--no-compile", "--editable", str(ROOT), *ENVIRONMENTS[name]],
        python_of(name),
    )
    for (environment, arrow), requirements in ADDITIONS.items():
        folder = addition(environment, arrow)
        if environment == name and requirements and not folder.exists():
            pip_install(FOLDER / name, ["--no-deps", "--target", str(folder), *requirements])


if __name__ == "__main__":
    with ThreadPoolExecutor(2) as executor:
        list(executor.map(install_all, ENVIRONMENTS))
