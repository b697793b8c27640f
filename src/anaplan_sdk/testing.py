r"""pytest fixtures: Anaplan on this machine, with clients that are ready to use.

pytest finds them by itself once the extra `emulator` is installed:

    def test_my_pipeline(anaplan):
        client = anaplan.client()
        client.upload_file(113000000000, "code,name\nAA,American Airlines\n")
        ...
        anaplan.advance(minutes=40)  # every token has expired now

The tenant is the emulator's own, unless the ini option `anaplan_tenant` names a file with another.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from anaplan_emulator import Emulator, ReceivedRequest
    from anaplan_sdk import AsyncClient, Client

__all__ = ["EmulatedAnaplan", "anaplan", "anaplan_emulator"]


class EmulatedAnaplan:
    """Anaplan for one test, as its tenant describes it at the start.

    Attributes:
        emulator: The emulator itself, for all that isn't offered here.
    """

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self._clients = ExitStack()

    def client(self, **arguments: Any) -> Client:
        """A client that signs in with the integration user's password; closed after the test.

        Args:
            **arguments: Any of `Client`. Another user's `user_email` is enough to sign in as them;
                other credentials replace the password.
        """
        from anaplan_sdk import Client

        return self._clients.enter_context(Client(**self._complete(arguments)))

    def async_client(self, **arguments: Any) -> AsyncClient:
        """The same as an `AsyncClient`; close it by `async with`."""
        from anaplan_sdk import AsyncClient

        return AsyncClient(**self._complete(arguments))

    def advance(self, *, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Moves Anaplan's clock forward: tokens expire, files and dumps go away."""
        self.emulator.advance(hours=hours, minutes=minutes, seconds=seconds)

    def fault(self, **fields: Any) -> None:
        """Orders trouble: `fault(method="PUT", path="*/chunks/0", status=503, times=2)`.

        Args:
            **fields: Those of `anaplan_emulator.Fault`.
        """
        from anaplan_emulator import Fault

        self.emulator.add_fault(Fault(**fields))

    def requests(self, method: str = "*", path: str = "*") -> list[ReceivedRequest]:
        """The requests received so far, oldest first, secrets masked.

        Args:
            method: Keeps those of one method.
            path: Keeps those whose path this glob matches; `*` crosses slashes.
        """
        from fnmatch import fnmatchcase

        return [
            request
            for request in self.emulator.requests()
            if method in ("*", request.method) and fnmatchcase(request.path, path)
        ]

    def close(self) -> None:
        """Closes the clients that `client` made."""
        self._clients.close()

    def _complete(self, arguments: dict[str, Any]) -> dict[str, Any]:
        emulator = self.emulator
        defaults: dict[str, Any] = {
            "base_url": emulator.base_url,
            "workspace_id": emulator.workspace_id,
            "model_id": emulator.model_id,
        }
        if arguments.keys().isdisjoint(("password", "certificate", "token", "auth", "api_key")):
            email = arguments.get("user_email", emulator.user_email)
            passwords = {user.email: user.password for user in emulator.tenant.description.users}
            if email in passwords:
                defaults |= {"user_email": email, "password": passwords[email]}
        return defaults | arguments


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the ini option `anaplan_tenant`."""
    parser.addini("anaplan_tenant", "tenant file for the emulated Anaplan", type="string")


@pytest.fixture(scope="session")
def anaplan_emulator(pytestconfig: pytest.Config) -> Iterator[Emulator]:
    """The running emulator, shared by the tests of a process."""
    try:
        from anaplan_emulator import Emulator
    except ImportError as problem:
        raise pytest.UsageError(
            "The fixture `anaplan` needs the extra 'emulator': "
            f"pip install 'anaplan-sdk[emulator]' ({problem})"
        ) from None
    tenant = pytestconfig.getini("anaplan_tenant") or None
    with Emulator(pytestconfig.rootpath / tenant if tenant else None) as emulator:
        yield emulator


@pytest.fixture
def anaplan(anaplan_emulator: Emulator) -> Iterator[EmulatedAnaplan]:
    """Anaplan as its tenant describes it, with ready clients."""
    anaplan_emulator.reset()
    emulated = EmulatedAnaplan(anaplan_emulator)
    yield emulated
    emulated.close()
