"""The pytest fixtures, in runs of pytest of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = """
from anaplan_emulator import TenantBuilder


def tenant(model, *lists):
    builder = TenantBuilder()
    added = builder.model(model)
    for each in lists:
        added.list(each)
    return builder
"""

USERS = [{"email": "a@b.example", "password": "x", "first_name": "A", "last_name": "B"}]
TENANT_FILE = {
    "name": "From a file",
    "users": [{**USERS[0], "workspaces": {"W": "admin"}}],
    "workspaces": [{"name": "W", "models": [{"name": "Filed"}]}],
}

PROJECT = {
    "pytest.ini": "[pytest]\naddopts = --import-mode=importlib\npythonpath = .\n",
    "tenants.py": CONFTEST,
    "default/test_default.py": """
def test_default(anaplan):
    assert anaplan.client().get_model().name == "Flight Operations"


def test_another_tenant_is_loaded(anaplan):
    from tenants import tenant
    anaplan.emulator.load_tenant(tenant("Replaced"))
    assert anaplan.client().get_model().name == "Replaced"


def test_the_next_test_has_the_first_tenant(anaplan):
    assert anaplan.client().get_model().name == "Flight Operations"
""",
    "built/conftest.py": """
import pytest
from tenants import tenant


@pytest.fixture(scope="session")
def anaplan_tenant():
    return tenant("Built", "Regions")
""",
    "built/test_built.py": """
def test_it_has_the_tenant_of_the_folder(anaplan, anaplan_emulator):
    assert [each.name for each in anaplan.client().tr.get_lists()] == ["Regions"]
    assert anaplan.emulator is anaplan_emulator
""",
    "filed/tenant.json": json.dumps(TENANT_FILE),
    "filed/test_filed.py": """
import pytest


@pytest.fixture(scope="session")
def anaplan_tenant():
    return "filed/tenant.json"


def test_it_has_the_tenant_of_the_module(anaplan):
    assert anaplan.client().get_model().name == "Filed"
""",
    "own/conftest.py": """
import pytest
from anaplan_emulator import Emulator
from tenants import tenant


@pytest.fixture(scope="session")
def anaplan_emulator():
    with Emulator(tenant("Own")) as emulator:
        yield emulator
""",
    "own/test_own.py": """
def test_an_own_emulator_keeps_its_tenant(anaplan):
    assert anaplan.client().get_model().name == "Own"
""",
    "scopes/test_scopes.py": """
from anaplan_sdk.testing import anaplan_fixture
from tenants import tenant

calls = []


def counted():
    calls.append(1)
    return tenant("Counted", "Regions")


each = anaplan_fixture(counted)
shared = anaplan_fixture(tenant("Shared", "Regions"), scope="module")


def add(anaplan):
    client = anaplan.client()
    client.tr.insert_list_items(101000000000, [{"name": "North"}])


def names(anaplan):
    return [item.name for item in anaplan.client().tr.get_list_items(101000000000)]


def test_first(each, shared):
    add(each)
    add(shared)
    each.advance(hours=1)
    assert names(each) == names(shared) == ["North"]


def test_second(each, shared, anaplan):
    assert names(each) == []
    assert names(shared) == ["North"]
    assert calls == [1]
    emulators = {each.emulator, shared.emulator, anaplan.emulator}
    assert len(emulators) == 3
""",
    "scopes/test_another_module.py": """
from tests_of_scopes import session


def test_once_more(session):
    assert session.client().get_model().name == "Session"
""",
    "tests_of_scopes.py": """
from anaplan_sdk.testing import anaplan_fixture
from tenants import tenant

session = anaplan_fixture(tenant("Session"), scope="session")
""",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    write(folder, PROJECT)
    return folder


def write(folder: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


def run(folder: Path, *options: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-W", "error", *options]
    environment = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env=environment
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("workers", ["0", "2"], ids=["one process", "two processes"])
def test_each_test_has_the_tenant_of_its_place(project: Path, workers: str) -> None:
    code, output = run(
        project, "-q", "-p", "no:randomly", "-n", workers, "--dist", "loadfile", "--strict-config"
    )
    assert code == 0, output
    assert "9 passed" in output


def test_a_mistake_in_the_tenant_is_shown_where_it_was_made(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "pytest.ini": "[pytest]\n",
            "test_it.py": """
from anaplan_emulator import TenantBuilder
from anaplan_sdk.testing import anaplan_fixture


def build():
    tenant = TenantBuilder()
    tenant.model("Sales").list("Products", ["Shoes", "Shoes"])
    return tenant


mine = anaplan_fixture(build)


def test_it(mine):
    pass
""",
        },
    )
    code, output = run(tmp_path, "-n", "0")
    assert code == 1
    assert 'tenant.model("Sales").list("Products", ["Shoes", "Shoes"])' in output
    assert "Products has an item called 'Shoes' already" in output
