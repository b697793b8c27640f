r"""pytest fixtures: an emulated Anaplan on this machine, with clients that are ready to use.

pytest finds them when the extra `emulator` is installed:

    def test_my_pipeline(anaplan):
        client = anaplan.client()
        client.upload_file(113000000000, "code,name\nAA,American Airlines\n")
        ...
        anaplan.advance(minutes=40)  # now every token has expired

The tenant is the emulator's default one, or that of the file in the ini option `anaplan_tenant`.
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
    """An emulated Anaplan for one test. At its start the tenant is as its file describes it.

    Args:
        emulator: The running emulator, which the attribute `emulator` offers to tests.
    """

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self._clients = ExitStack()

    def client(self, **arguments: Any) -> Client:
        """Create a client, which is closed after the test.

        It signs in with the password of the integration user, and works on the tenant's default
        workspace and model.

        Args:
            **arguments: Options of `Client`. The `user_email` of another user of the tenant is
                enough to sign in as that user; other credentials replace the password.

        Returns:
            The client.
        """
        from anaplan_sdk import Client

        return self._clients.enter_context(Client(**self._complete(arguments)))

    def async_client(self, **arguments: Any) -> AsyncClient:
        """Create an async client, which the test closes: `async with anaplan.async_client()`.

        It signs in with the password of the integration user, and works on the tenant's default
        workspace and model.

        Args:
            **arguments: Options of `AsyncClient`. The `user_email` of another user of the tenant
                is enough to sign in as that user; other credentials replace the password.

        Returns:
            The client.
        """
        from anaplan_sdk import AsyncClient

        return AsyncClient(**self._complete(arguments))

    def advance(self, *, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Move the emulator's clock forward: tokens expire, files and dumps are deleted.

        Args:
            hours: Hours to add.
            minutes: Minutes to add.
            seconds: Seconds to add.
        """
        self.emulator.advance(hours=hours, minutes=minutes, seconds=seconds)

    def fault(self, **fields: Any) -> None:
        """Inject a fault: `fault(method="PUT", path="*/chunks/0", status=503, times=2)`.

        Args:
            **fields: Fields of `anaplan_emulator.Fault`.
        """
        from anaplan_emulator import Fault

        self.emulator.add_fault(Fault(**fields))

    def requests(self, method: str = "*", path: str = "*") -> list[ReceivedRequest]:
        """Return the requests that the emulator has received, with secrets masked.

        Args:
            method: HTTP method to filter by; "*" (the default) matches every method.
            path: Pattern of paths to filter by; `*` also matches slashes.

        Returns:
            The requests, oldest first.
        """
        from fnmatch import fnmatchcase

        return [
            request
            for request in self.emulator.requests()
            if method in ("*", request.method) and fnmatchcase(request.path, path)
        ]

    def close(self) -> None:
        """Close the clients that `client` created."""
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
    """Add the ini option `anaplan_tenant`.

    Args:
        parser: pytest's parser of options.
    """
    parser.addini("anaplan_tenant", "tenant file for the emulated Anaplan", type="string")


@pytest.fixture(scope="session")
def anaplan_emulator(pytestconfig: pytest.Config) -> Iterator[Emulator]:
    """Run the emulator that all tests of a process share.

    Args:
        pytestconfig: pytest's configuration.

    Yields:
        The emulator.
    """
    try:
        from anaplan_emulator import Emulator
    except ImportError as problem:
        raise pytest.UsageError(
            "The fixture `anaplan` needs the extra 'emulator': "
            f"pip install 'anaplan-sdk[emulator]' ({problem.__cause__ or problem})"
        ) from None
    tenant = pytestconfig.getini("anaplan_tenant") or None
    with Emulator(pytestconfig.rootpath / tenant if tenant else None) as emulator:
        yield emulator


@pytest.fixture
def anaplan(anaplan_emulator: Emulator) -> Iterator[EmulatedAnaplan]:
    """Reset the emulator to its tenant, and close the test's clients at the end.

    Args:
        anaplan_emulator: The running emulator.

    Yields:
        The emulated Anaplan.
    """
    anaplan_emulator.reset()
    emulated = EmulatedAnaplan(anaplan_emulator)
    yield emulated
    emulated.close()
