"""pytest does not import a module whose name is that of a plugin, so ours has a name of ours."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_plugin_has_the_name_of_a_package_of_this_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    plugins = project["entry-points"]["pytest11"]
    assert plugins == {"anaplan_sdk": "anaplan_sdk.testing"}
    assert all((ROOT / "src" / name).is_dir() for name in plugins)
