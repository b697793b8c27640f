r"""pytest fixtures: an emulated Anaplan on this machine, with clients that are ready to use.

pytest finds them when the extra `emulator` is installed:

    def test_my_pipeline(anaplan):
        client = anaplan.client()
        client.upload_file(113000000000, "code,name\nAA,American Airlines\n")
        ...
        anaplan.advance(minutes=40)  # now every token has expired

The tenant is the emulator's default one, that of the file in the ini option `anaplan_tenant`, or
what your own fixture `anaplan_tenant` returns. `anaplan_fixture` makes a fixture of any scope
with a tenant of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

if TYPE_CHECKING:
    from anaplan_emulator import Emulator, ReceivedRequest, TenantBuilder, TenantDescription
    from anaplan_sdk import AsyncClient, Client

    Tenant = Path | str | TenantDescription | TenantBuilder
    Scope = Literal["function", "class", "module", "package", "session"]

__all__ = [
    "EmulatedAnaplan",
    "anaplan",
    "anaplan_emulator",
    "anaplan_fixture",
    "anaplan_tenant",
]


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


@dataclass
class _Running:
    """An emulator that has been started for a fixture.

    Attributes:
        emulator: The emulator.
        tenant: The tenant that the fixture has given.
        description: The tenant that this has become, which a test may replace by
            `Emulator.load_tenant`.
    """

    emulator: Emulator
    tenant: Tenant | None
    description: TenantDescription


class _Emulators:
    """The emulators of a test process, which run until its end.

    Args:
        root: The folder that paths of tenant files are relative to.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._stack = ExitStack()
        self._running: dict[object, _Running] = {}

    def started(self, key: object, tenant: Tenant | None) -> Emulator:
        """Return the emulator of a fixture, and start it for the first test.

        Args:
            key: Identifies the fixture.
            tenant: The tenant with which it is started.

        Returns:
            The emulator.
        """
        if key not in self._running:
            emulator = self._start(tenant)
            self._running[key] = _Running(emulator, tenant, emulator.tenant.description)
        return self._running[key].emulator

    def fresh(self, key: object, tenant: Tenant | None) -> Emulator:
        """Return the emulator of a fixture with a tenant: started for the first test, or reset.

        Args:
            key: Identifies the fixture.
            tenant: The tenant.

        Returns:
            The emulator.
        """
        if key not in self._running:
            return self.started(key, tenant)
        running = self._running[key]
        emulator = running.emulator
        if running.tenant is not tenant and running.tenant != tenant:
            emulator.load_tenant(self._described(tenant))
            self._running[key] = _Running(emulator, tenant, emulator.tenant.description)
        elif emulator.tenant.description is not running.description:
            emulator.load_tenant(running.description)
        emulator.reset()
        return emulator

    def owns(self, emulator: Emulator) -> bool:
        """Return whether an emulator is one of these, or else of a fixture of the user's own.

        Args:
            emulator: The emulator.

        Returns:
            Whether it is one of these.
        """
        return any(each.emulator is emulator for each in self._running.values())

    def close(self) -> None:
        """Stop all emulators."""
        self._stack.close()

    def _start(self, tenant: Tenant | None) -> Emulator:
        try:
            from anaplan_emulator import Emulator
        except ImportError as problem:
            raise pytest.UsageError(
                "The fixture `anaplan` needs the extra 'emulator': "
                f"pip install 'anaplan-sdk[emulator]' ({problem.__cause__ or problem})"
            ) from None
        return self._stack.enter_context(Emulator(self._located(tenant)))

    def _located(self, tenant: Tenant | None) -> Tenant | None:
        return self._root / tenant if isinstance(tenant, Path | str) else tenant

    def _described(self, tenant: Tenant | None) -> Tenant:
        located = self._located(tenant)
        if located is None:
            from anaplan_emulator.tenant.tenant_file import read_tenant

            return read_tenant(None)
        return located


_SHARED = "anaplan_emulator"
"""Key of the emulator that all tests of a process share."""


@pytest.fixture(scope="session")
def _anaplan_emulators(pytestconfig: pytest.Config) -> Iterator[_Emulators]:
    emulators = _Emulators(pytestconfig.rootpath)
    yield emulators
    emulators.close()


@pytest.fixture(scope="session")
def anaplan_tenant(pytestconfig: pytest.Config) -> Tenant | None:
    """Return the tenant of the fixture `anaplan`: the file in the ini option `anaplan_tenant`.

    Override it, with the scope `session`, in a test module or a `conftest.py` to use another tenant
    there.

    Args:
        pytestconfig: pytest's configuration.

    Returns:
        A path relative to pytest's root folder, a description, a builder, or `None` for the
        emulator's default tenant.
    """
    return pytestconfig.getini("anaplan_tenant") or None


@pytest.fixture(scope="session")
def anaplan_emulator(_anaplan_emulators: _Emulators, anaplan_tenant: Tenant | None) -> Emulator:
    """Run the emulator that all tests of a process share.

    Args:
        _anaplan_emulators: The emulators of the process.
        anaplan_tenant: The tenant.

    Returns:
        The emulator.
    """
    return _anaplan_emulators.started(_SHARED, anaplan_tenant)


@pytest.fixture
def anaplan(
    anaplan_emulator: Emulator, anaplan_tenant: Tenant | None, _anaplan_emulators: _Emulators
) -> Iterator[EmulatedAnaplan]:
    """Reset the emulator to its tenant, and close the test's clients at the end.

    Args:
        anaplan_emulator: The running emulator.
        anaplan_tenant: The tenant.
        _anaplan_emulators: The emulators of the process.

    Yields:
        The emulated Anaplan.
    """
    if _anaplan_emulators.owns(anaplan_emulator):
        _anaplan_emulators.fresh(_SHARED, anaplan_tenant)
    else:
        # A fixture of the user's own has replaced it, with a tenant that is not ours to change.
        anaplan_emulator.reset()
    yield from _closing(anaplan_emulator)


def anaplan_fixture(
    tenant: Tenant | Callable[[], Tenant], *, scope: Scope = "function"
) -> Callable[..., object]:
    """Make a fixture like `anaplan`, for a tenant and with an emulator of its own.

    Assign it to a name in a test module or a `conftest.py`. The emulator starts once in a process,
    for the first test that uses it, and is reset at the beginning of each scope: before each test
    by default, or once for all tests of a module, which then see what earlier ones have done.

    Args:
        tenant: A file, relative to pytest's root folder, a description or a builder; or a function
            that returns one of these, which is called for the first test that uses it.
        scope: The scope of the fixture.

    Returns:
        The fixture, whose value is an `EmulatedAnaplan`.

    Example:
        loaded = anaplan_fixture(my_tenant, scope="module")


        def test_a_list(loaded):
            assert loaded.client().tr.get_lists()
    """
    given: list[Tenant] = []

    @pytest.fixture(scope=scope)
    def fixture(_anaplan_emulators: _Emulators) -> Iterator[EmulatedAnaplan]:
        if not given:
            given.append(tenant() if callable(tenant) else tenant)
        yield from _closing(_anaplan_emulators.fresh(fixture, given[0]))

    return fixture


def _closing(emulator: Emulator) -> Iterator[EmulatedAnaplan]:
    emulated = EmulatedAnaplan(emulator)
    yield emulated
    emulated.close()
