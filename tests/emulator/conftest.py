"""An emulator for each worker, which is reset to a test's tenant before the test."""

import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest

from anaplan_emulator import Emulator, TenantDescription
from anaplan_emulator.tenant.tenant_file import read_tenant

USERS_ONLY = TenantDescription.model_validate(
    {
        "name": "Users only",
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
    with Emulator(USERS_ONLY) as emulator:
        yield emulator


@pytest.fixture
def tenant() -> TenantDescription:
    """The tenant. Test modules can override it."""
    return USERS_ONLY


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


class TenantClient:
    """An HTTP client of a user of the tenant Corner Shop."""

    def __init__(self, emulator: Emulator, email: str) -> None:
        self.emulator = emulator
        self.email = email
        user = next(user for user in SHOP.users if user.email == email)
        self.http = httpx2.Client(base_url=emulator.base_url, timeout=30)
        reply = self.http.post("/token/authenticate", auth=(email, user.password))
        token = reply.json()["tokenInfo"]["tokenValue"]
        self.http.headers["Authorization"] = f"AnaplanAuthToken {token}"
        self.workspace_id = SHOP.workspaces[0].workspace_id

    def model_id(self, name: str = "Sales") -> str:
        workspace = SHOP.workspaces[0]
        return next(workspace.model_id(model) for model in workspace.models if model.name == name)

    def path(self, path: str, model: str = "Sales") -> str:
        return f"/2/0/models/{self.model_id(model)}{path}"

    def get(self, path: str, model: str = "Sales") -> httpx2.Response:
        return self.http.get(self.path(path, model))

    def ids_by_name(self, collection: str, model: str = "Sales") -> dict[str, str]:
        """Return the ids of a collection's objects by name."""
        rows = self.get(f"/{collection}", model).json().get(collection, [])
        return {row["name"]: row["id"] for row in rows}

    def upload(self, name: str, content: bytes) -> str:
        file_id = self.ids_by_name("files")[name]
        assert self.http.put(self.path(f"/files/{file_id}"), content=content).status_code == 204
        return file_id

    def start(self, collection: str, name: str, **options: object) -> str:
        """Start an action, and return the path of its task."""
        action_id = self.ids_by_name(collection)[name]
        tasks = self.path(f"/{collection}/{action_id}/tasks")
        reply = self.http.post(tasks, json={"localeName": "en_US", **options})
        assert reply.status_code == 200, reply.text
        return f"{tasks}/{reply.json()['task']['taskId']}"

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


Connect = Callable[[Emulator, str], TenantClient]
ClientFor = Callable[[str], TenantClient]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Signs a user of the shop in to an emulator."""
    with ExitStack() as stack:

        def connect(emulator: Emulator, name: str) -> TenantClient:
            shop = TenantClient(emulator, f"{name}@shop.example")
            stack.callback(shop.http.close)
            return shop

        yield connect


@pytest.fixture
def client_for(running_emulator: Emulator, connect: Connect) -> ClientFor:
    """Signs a user of the shop in to the emulator after a reset."""
    if running_emulator.tenant.description != SHOP:
        running_emulator.load_tenant(SHOP)
    running_emulator.reset()
    return partial(connect, running_emulator)


@pytest.fixture
def shop(client_for: ClientFor) -> TenantClient:
    """The client of the shop's workspace administrator."""
    return client_for("ada")


@pytest.fixture
def free_port() -> int:
    """A port on which nothing listens, and which no other process is given by its system.

    Ports that the system chooses begin at 32768 on Linux, and at 49152 elsewhere.
    """
    while True:
        port = 10_000 + secrets.randbelow(22_768)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
