"""What modules export, and what importing the package loads."""

import ast
import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

EXPORTING = ["anaplan_sdk", "anaplan_sdk.exceptions", "anaplan_sdk.models", "anaplan_emulator"]
EXTRAS = [
    "anaplan_emulator",
    "cryptography",
    "httpx",
    "jinja2",
    "keyring",
    "oauthlib",
    "pytest",
    "rich",
    "starlette",
    "typer",
    "uvicorn",
]

BLOCKED_IMPORT = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

def refuse(event, arguments):
    if event in {"socket.connect", "socket.getaddrinfo", "subprocess.Popen", "webbrowser.open"}:
        raise RuntimeError(f"{event} at import")

sys.meta_path.insert(0, Blocker())
sys.addaudithook(refuse)
import anaplan_sdk
print(*[getattr(anaplan_sdk, name) for name in anaplan_sdk.__all__])
"""

# What httpx2 loads by itself, such as rich for its own command, is none of ours.
NEW_IMPORTS = """
import json, sys
import anyio, httpx2, pydantic
before = set(sys.modules)
import anaplan_sdk
assert all(hasattr(anaplan_sdk, name) for name in anaplan_sdk.__all__)
print(json.dumps(sorted({name.partition(".")[0] for name in set(sys.modules) - before})))
"""


def run(code: str) -> str:
    command = [sys.executable, "-W", "error", "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def public_names(tree: ast.Module, package: str, is_lazy: bool) -> Iterator[str]:
    """Find the public names a module defines, or imports from its own package.

    In a lazy module those are included that only type checkers see it import.
    """
    unseen = [node for guard in tree.body if isinstance(guard, ast.If) for node in guard.body]
    for node in tree.body + unseen * is_lazy:
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                found = [name]
            case ast.ImportFrom(module=str(module)) if module.partition(".")[0] == package:
                found = [alias.asname or alias.name for alias in node.names]
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                found = [name]
            case _:
                found = []
        yield from (name for name in found if not name.startswith("_"))


@pytest.mark.parametrize("name", EXPORTING)
def test_everything_public_is_exported(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__file__ is not None
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    exported = {name for name in module.__all__ if not name.startswith("_")}
    assert exported == set(
        public_names(tree, name.partition(".")[0], "__getattr__" in vars(module))
    )
    assert all(hasattr(module, name) for name in module.__all__)
    assert len(set(module.__all__)) == len(module.__all__)


@pytest.mark.parametrize("name", EXPORTING)
def test_type_checkers_see_what_a_program_gets(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__file__ is not None
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith(name):
            home = importlib.import_module(str(node.module))
            for alias in node.names:
                assert getattr(module, alias.name) is getattr(home, alias.name)


def test_the_package_works_without_extras_and_reaches_for_nothing() -> None:
    assert run(f"BLOCKED = {EXTRAS}\n{BLOCKED_IMPORT}").strip()


def test_the_package_loads_no_extra() -> None:
    loaded = json.loads(run(NEW_IMPORTS))
    assert "anaplan_sdk" in loaded
    assert set(loaded).isdisjoint(EXTRAS)
