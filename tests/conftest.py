"""What all tests share: a record of operations, and the example's web application on a socket."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from httpx2._config import DEFAULT_TIMEOUT_CONFIG
from hypothesis import HealthCheck, settings
from opentelemetry import metrics, trace
from opentelemetry.util._once import Once

from anaplan_emulator import Emulator, TenantDescription

APP = Path(__file__).parents[1] / "examples" / "fastapi_app"
# What needs environments of its own, which make targets of these names install.
SEPARATE = ("published", "interchange")
PLANNER = "pat@example.com"
PASSWORD = "Pl4nning!"
HOSTILE = "hostile@example.com"
MARKUP = "<img src=x onerror=alert(1)>"
BEHIND_PROXY = "https://portal.example.com/oauth/callback"

# Servers in tests can take longer than httpx2's five seconds to answer on a busy machine.
DEFAULT_TIMEOUT_CONFIG.connect = DEFAULT_TIMEOUT_CONFIG.read = 60

# How long an example takes depends on the machine and on what else runs there.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--operations",
        type=Path,
        metavar="FOLDER",
        help="write which methods sent which requests, for tools/operations.py",
    )


def pytest_configure(config: pytest.Config) -> None:
    folder = config.getoption("--operations")
    # With workers, they are who runs tests.
    if folder is not None and not config.getoption("numprocesses", None):
        from operations_recorder import Recorder

        config.pluginmanager.register(Recorder(folder))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out tests in environments of their own, unless they are named."""
    name = collection_path.name
    if collection_path.parent != Path(__file__).parent or name not in SEPARATE:
        return None
    return None if any(name in arg for arg in config.args) else True


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line that the contract tests did not run, if so."""
    skipped = terminalreporter.stats.get("skipped", [])
    count = sum("specifications" in str(report.longrepr) for report in skipped)
    if count:
        terminalreporter.write_line(
            f"{count:,} contract tests were skipped: they need Anaplan's API specifications, which "
            'are not in this repository (see "Files beside the repository" in CONTRIBUTING.md).'
        )


@dataclass(frozen=True)
class Portal:
    """The web application, and the Anaplan it belongs to.

    Attributes:
        url: Where it answers.
        emulator: Anaplan.
        log: What it has written so far.
    """

    url: str
    emulator: Emulator
    log: Path

    def exchanges(self, grant_type: str) -> list[int | None]:
        """The statuses of the token requests of one grant."""
        return [
            request.status
            for request in self.emulator.requests()
            if request.path == "/oauth/token" and f"grant_type={grant_type}" in (request.body or "")
        ]


def describe_tenant(*redirect_uris: str) -> TenantDescription:
    """A planner and a hostile user, two workspaces, and the portal as their OAuth client."""
    everywhere = {"Network": "admin", MARKUP: "admin"}
    return TenantDescription.model_validate(
        {
            "name": "Portal's tenant",
            "default_user": PLANNER,
            "users": [
                {
                    "email": PLANNER,
                    "password": PASSWORD,
                    "first_name": "Pat",
                    "last_name": "Planner",
                    "workspaces": {"Network": "admin"},
                },
                {
                    "email": HOSTILE,
                    "password": PASSWORD,
                    "first_name": MARKUP,
                    "last_name": "<script>alert(1)</script>",
                    "workspaces": everywhere,
                },
            ],
            "workspaces": [
                {"name": "Network", "models": [{"name": "Flights"}, {"name": "Routes"}]},
                {"name": MARKUP, "models": [{"name": "<script>alert(2)</script>"}]},
            ],
            "oauth_clients": [
                {
                    "name": "Portal",
                    "kind": "authorization_code",
                    "redirect_uris": list(redirect_uris),
                },
                {"name": "Terminal", "kind": "device"},
            ],
        }
    )


@contextmanager
def run_portal(log: Path, redirect_uri: str | None = None) -> Iterator[Portal]:
    """Starts an emulator, and the application in a process of its own.

    The two are on different hosts, that is sites to a browser, as they are in earnest.
    """
    # Listening already, so that nobody has to wait until the application does.
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        redirect_uri = redirect_uri or f"{url}/oauth/callback"
        with Emulator(describe_tenant(redirect_uri)) as emulator, log.open("wb") as output:
            environment: dict[str, Any] = {
                **os.environ,
                "ANAPLAN_BASE_URL": emulator.base_url.replace("127.0.0.1", "localhost"),
                "ANAPLAN_CLIENT_ID": emulator.oauth_client_id,
                "ANAPLAN_CLIENT_SECRET": emulator.oauth_client_secret,
                "ANAPLAN_REDIRECT_URI": redirect_uri,
            }
            environment.pop("ANAPLAN_REGION", None)
            options = ["--fd", str(listening.fileno()), "--no-access-log"]
            process = subprocess.Popen(
                [sys.executable, "-m", "uvicorn", "app:app", "--app-dir", str(APP), *options],
                env=environment,
                stdout=output,
                stderr=output,
                pass_fds=[listening.fileno()],
            )
            try:
                # If the application ends, connections are refused rather than kept waiting.
                listening.close()
                yield Portal(url, emulator, log)
            finally:
                process.terminate()
                process.wait()


@pytest.fixture(scope="session")
def running_portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with run_portal(tmp_path_factory.mktemp("portal") / "log") as portal:
        yield portal


@pytest.fixture
def portal(running_portal: Portal) -> Portal:
    """The application, with Anaplan as at its start."""
    running_portal.emulator.reset()
    return running_portal


@pytest.fixture(scope="session")
def portal_behind_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """The application, where a proxy speaks https in its name."""
    log = tmp_path_factory.mktemp("portal-behind-proxy") / "log"
    with run_portal(log, BEHIND_PROXY) as portal:
        yield portal


@pytest.fixture
def tenant_of() -> Callable[..., TenantDescription]:
    """Describes the portal's tenant, with the callback URLs given."""
    return describe_tenant


@pytest.fixture
def own_telemetry() -> Iterator[None]:
    """Lets a test set OpenTelemetry's providers, which a process can do once."""
    saved = take_providers()
    yield
    for provider in take_providers():
        if shutdown := getattr(provider, "shutdown", None):
            shutdown()
    trace._TRACER_PROVIDER, metrics._internal._METER_PROVIDER = saved


def take_providers() -> tuple[Any, Any]:
    """Removes OpenTelemetry's providers, and returns them."""
    # As OpenTelemetry's own tests do; there is no public way.
    taken = trace._TRACER_PROVIDER, metrics._internal._METER_PROVIDER
    trace._TRACER_PROVIDER = metrics._internal._METER_PROVIDER = None
    trace._TRACER_PROVIDER_SET_ONCE = Once()
    metrics._internal._METER_PROVIDER_SET_ONCE = Once()
    return taken
