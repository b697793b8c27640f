"""One emulator for each worker; every test gets it with the tenant it asks for, as at the start."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest

from anaplan_emulator import Emulator, TenantDescription
from anaplan_emulator.tenant.tenant_file import read_tenant

PEOPLE = TenantDescription.model_validate(
    {
        "name": "People only",
        "users": [
            {
                "email": "ada@example.com",
                "password": "correct horse",
                "first_name": "Ada",
                "last_name": "Lovelace",
            },
            {
                "email": "gone@example.com",
                "password": "left",
                "first_name": "Gone",
                "last_name": "Away",
                "active": False,
            },
            {
                "email": "sso@example.com",
                "password": "unused",
                "first_name": "Single",
                "last_name": "Sign-On",
                "single_sign_on": True,
            },
            {
                "email": "exception@example.com",
                "password": "taken",
                "first_name": "Exception",
                "last_name": "User",
                "single_sign_on": True,
                "exception_user": True,
            },
        ],
    }
)


@pytest.fixture(scope="session")
def running_emulator() -> Iterator[Emulator]:
    with Emulator(PEOPLE) as emulator:
        yield emulator


@pytest.fixture
def tenant() -> TenantDescription:
    """The tenant to test with; modules that want another override this."""
    return PEOPLE


@pytest.fixture
def emulator(running_emulator: Emulator, tenant: TenantDescription) -> Emulator:
    if running_emulator.tenant.description != tenant:
        running_emulator.load_tenant(tenant)
    running_emulator.reset()
    return running_emulator


@pytest.fixture
def http(emulator: Emulator) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=emulator.base_url, timeout=10) as client:
        yield client


SHOP = read_tenant(Path(__file__).parents[1] / "tenants" / "shop.json")


class Shop:
    """The tenant with models in it, as one of its users sees it by plain HTTP."""

    def __init__(self, emulator: Emulator, email: str) -> None:
        self.emulator = emulator
        self.email = email
        user = next(user for user in SHOP.users if user.email == email)
        self.http = httpx2.Client(base_url=emulator.base_url, timeout=30)
        answer = self.http.post("/token/authenticate", auth=(email, user.password))
        token = answer.json()["tokenInfo"]["tokenValue"]
        self.http.headers["Authorization"] = f"AnaplanAuthToken {token}"
        self.workspace_id = SHOP.workspaces[0].workspace_id

    def model_id(self, name: str = "Sales") -> str:
        workspace = SHOP.workspaces[0]
        return next(workspace.model_id(model) for model in workspace.models if model.name == name)

    def path(self, path: str, model: str = "Sales") -> str:
        return f"/2/0/models/{self.model_id(model)}{path}"

    def get(self, path: str, model: str = "Sales") -> httpx2.Response:
        return self.http.get(self.path(path, model))

    def listed(self, collection: str, model: str = "Sales") -> dict[str, str]:
        """Names to ids of everything in a collection."""
        rows = self.get(f"/{collection}", model).json().get(collection, [])
        return {row["name"]: row["id"] for row in rows}

    def upload(self, name: str, content: bytes) -> str:
        file_id = self.listed("files")[name]
        assert self.http.put(self.path(f"/files/{file_id}"), content=content).status_code == 204
        return file_id

    def start(self, collection: str, name: str, **options: object) -> str:
        """Start an action, and return the path of its task."""
        action_id = self.listed(collection)[name]
        tasks = self.path(f"/{collection}/{action_id}/tasks")
        answer = self.http.post(tasks, json={"localeName": "en_US", **options})
        assert answer.status_code == 200, answer.text
        return f"{tasks}/{answer.json()['task']['taskId']}"

    def wait(self, task: str, *states: str) -> dict[str, Any]:
        """Poll until a task is in one of the states, or has ended."""
        while True:
            body: dict[str, Any] = self.http.get(task).json()["task"]
            if body["taskState"] in ("COMPLETE", "CANCELLED", *states):
                return body

    def run(self, collection: str, name: str, **options: object) -> dict[str, Any]:
        """Run an action, and return its result."""
        result: dict[str, Any] = self.wait(self.start(collection, name, **options))["result"]
        return result


@pytest.fixture
def enter() -> Iterator[Callable[[Emulator, str], Shop]]:
    """Signs a user of the shop in to an emulator."""
    with ExitStack() as stack:

        def enter(emulator: Emulator, name: str) -> Shop:
            shop = Shop(emulator, f"{name}@shop.example")
            stack.callback(shop.http.close)
            return shop

        yield enter


@pytest.fixture
def visit(
    running_emulator: Emulator, enter: Callable[[Emulator, str], Shop]
) -> Callable[[str], Shop]:
    """Signs a user in to the shop, as it is at the start."""
    if running_emulator.tenant.description != SHOP:
        running_emulator.load_tenant(SHOP)
    running_emulator.reset()
    return partial(enter, running_emulator)


@pytest.fixture
def shop(visit: Callable[[str], Shop]) -> Shop:
    """The shop, as its administrator sees it."""
    return visit("ada")
