"""What the tests of both clients share."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from threading import Thread
from typing import Any, TypeAlias

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from tests.clients.sales_model import SALES

from anaplan_emulator import Emulator, TenantDescription
from anaplan_sdk.testing import EmulatedAnaplan

# Modules of which each test also runs on trio. Together they use all of the asynchronous runtime:
# the token flow, retries and limits, concurrent pages, transfers, deadlines and cancellation.
RUN_ON_TRIO = {
    "test_cancelled_reads",
    "test_cancelled_table_uploads",
    "test_connections",
    "test_export_table",
    "test_files",
    "test_requests",
    "test_signing_in",
}


@pytest.fixture
def anyio_backend() -> str:
    """The event loop of an asynchronous test; the plugin's own fixture has parameters."""
    return "asyncio"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run asynchronous tests on asyncio, and the covering subset on trio."""
    chosen_by_test = any(
        "anyio_backend" in mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")
    )
    if "anyio_backend" in metafunc.fixturenames and not chosen_by_test:
        module = metafunc.module.__name__.rpartition(".")[2]
        backends = ["asyncio", "trio"] if module in RUN_ON_TRIO else ["asyncio"]
        metafunc.parametrize("anyio_backend", backends)


@dataclass
class Received:
    """A request as a server received it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        headers = "".join(f"{name}: {value}\n" for name, value in self.headers.items())
        return f"{self.method} {self.path}\n{headers}\n{self.body.decode('utf-8', 'replace')}"


Answer: TypeAlias = Callable[[Received], tuple[int, dict[str, str], bytes]]


class Origin:
    """A plain HTTP server that remembers what it received.

    Attributes:
        answer: Makes the status, the headers and the body of each reply.
    """

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answer: Answer = lambda _: (200, {}, b"{}")
        origin = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                self.raw_requestline = self.rfile.readline(65537)
                if not self.raw_requestline or not self.parse_request():
                    self.close_connection = True
                    return
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                request = Received(self.command, self.path, dict(self.headers.items()), body)
                origin.received.append(request)
                status, headers, content = origin.answer(request)
                self.send_response(status)
                for name, value in {"Content-Length": str(len(content)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                with suppress(OSError):
                    self.wfile.write(content)
                    self.wfile.flush()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def new_origin() -> Iterator[Callable[[], Origin]]:
    """Makes servers."""
    with ExitStack() as origins:
        yield lambda: origins.enter_context(closing(Origin()))


@pytest.fixture
def anaplan_elsewhere() -> Iterator[EmulatedAnaplan]:
    """A second Anaplan, at another origin."""
    with Emulator() as emulator:
        yield EmulatedAnaplan(emulator)


@pytest.fixture
def anaplan_with_bases() -> Iterator[EmulatedAnaplan]:
    """Anaplan whose Crew Planning has an import that changes its structure."""
    tenant = _tenant()
    models = [model for workspace in tenant["workspaces"] for model in workspace.get("models", ())]
    (crew,) = (model for model in models if model["name"] == "Crew Planning")
    target = {"list": "Bases", "name": "name", "code": "code"}
    crew["files"].append({"name": "bases.csv"})
    crew["imports"].append({"name": "Bases", "file": "bases.csv", "target": target})
    with Emulator(TenantDescription.model_validate(tenant)) as emulator:
        yield EmulatedAnaplan(emulator)


@pytest.fixture
def anaplan_with_namesake() -> Iterator[EmulatedAnaplan]:
    """Anaplan with a second model Route Profitability, in another workspace."""
    tenant = _tenant()
    tenant["workspaces"][0]["models"].append({"name": "Route Profitability"})
    with Emulator(TenantDescription.model_validate(tenant)) as emulator:
        yield EmulatedAnaplan(emulator)


@pytest.fixture(scope="session")
def _emulator_of_many_models() -> Iterator[Emulator]:
    tenant = _tenant()
    tenant["workspaces"][0]["models"] += [{"name": f"Scenario {n:02}"} for n in range(100)]
    with Emulator(TenantDescription.model_validate(tenant)) as emulator:
        yield emulator


@pytest.fixture
def anaplan_of_many_models(_emulator_of_many_models: Emulator) -> Iterator[EmulatedAnaplan]:
    """Anaplan with a hundred models more."""
    _emulator_of_many_models.reset()
    emulated = EmulatedAnaplan(_emulator_of_many_models)
    yield emulated
    emulated.close()


@pytest.fixture(scope="session")
def _emulator_of_sales() -> Iterator[Emulator]:
    tenant = _tenant()
    tenant["workspaces"][0]["models"].append(SALES)
    tenant["default_model"] = SALES["name"]
    with Emulator(TenantDescription.model_validate(tenant)) as emulator:
        yield emulator


@pytest.fixture(params=["arro3", "pyarrow"])
def anaplan_of_sales(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    _emulator_of_sales: Emulator,
) -> Iterator[EmulatedAnaplan]:
    """Anaplan whose default model has imports of tables, with each of the Arrow libraries."""
    monkeypatch.setenv("ANAPLAN_SDK_ARROW", request.param)
    _emulator_of_sales.reset()
    emulated = EmulatedAnaplan(_emulator_of_sales)
    yield emulated
    emulated.close()


@pytest.fixture
def anaplan_of_weeks() -> Iterator[EmulatedAnaplan]:
    """Anaplan with three models more, whose time is made of weeks."""
    tenant = _tenant()
    calendars = {
        "Grouped": {
            "type": "Weeks: 4-4-5, 4-5-4 or 5-4-4",
            "start": "2025-12-29",
            "week_format": "Week Ending",
            "week_grouping": "454",
        },
        "General": {"type": "Weeks: General", "start": "2026-01-05", "weeks": 26},
        "Periods": {"type": "Weeks: 13 4-week Periods", "start": "2025-12-29", "past_years": 1},
    }
    tenant["workspaces"][0]["models"] += [
        {"name": name, "calendar": calendar} for name, calendar in calendars.items()
    ]
    with Emulator(TenantDescription.model_validate(tenant)) as emulator:
        yield EmulatedAnaplan(emulator)


def _tenant() -> dict[str, Any]:
    text = files("anaplan_emulator").joinpath("tenant/default.json").read_text(encoding="utf-8")
    tenant: dict[str, Any] = json.loads(text)
    return tenant


@pytest.fixture
def anaplan_over_tls() -> Iterator[EmulatedAnaplan]:
    """Anaplan with certificates of its own authority."""
    with Emulator(tls=True) as emulator:
        yield EmulatedAnaplan(emulator)


@pytest.fixture(scope="session")
def foreign_certificate() -> tuple[bytes, bytes]:
    """A certificate of the integration user's that the emulator's authority did not issue."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "integration@skyline.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .sign(key, SHA256())
    )
    return (
        certificate.public_bytes(Encoding.PEM),
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )


@pytest.fixture(scope="session")
def _emulator_of_namesakes() -> Iterator[Emulator]:
    shop = Path(__file__).parents[1] / "tenants" / "shop.json"
    tenant: dict[str, Any] = json.loads(shop.read_text(encoding="utf-8"))
    model = tenant["workspaces"][0]["models"][0]
    properties = [("name", "TEXT"), ("Code", "TEXT"), ("Read", "BOOLEAN"), ("Warm", "NUMBER")]
    values = {"name": "rouge", "Code": "#f00", "Read": True, "Warm": 3}
    model["lists"].append(
        {
            "name": "Colors",
            "properties": [{"name": name, "format": kind} for name, kind in properties],
            "subsets": ["Warm"],
            "items": [
                {"name": "Red", "code": "R", "properties": values, "subsets": ["Warm"]},
                {"name": "Blue", "code": "B"},
            ],
        }
    )
    model["modules"].append(
        {
            "name": "Palette",
            "dimensions": ["Colors"],
            "line_items": [{"name": "Colors", "format": "NUMBER"}, {"name": "Depth"}],
            "cells": [{"Colors": "R", "Depth": 2.5}],
        }
    )
    with Emulator(TenantDescription.model_validate(tenant)) as emulator:
        yield emulator


@pytest.fixture
def anaplan_shop(_emulator_of_namesakes: Emulator) -> Iterator[EmulatedAnaplan]:
    """The shop, with a list and a module that have properties and line items of other's names."""
    _emulator_of_namesakes.reset()
    emulated = EmulatedAnaplan(_emulator_of_namesakes)
    yield emulated
    emulated.close()
