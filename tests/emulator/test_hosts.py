"""Who may reach the control API and the pages: by which host name, and from which address."""

import socket
import urllib.request
from collections.abc import Iterator

import httpx2
import pytest

from anaplan_emulator import Emulator, TenantDescription
from anaplan_emulator.app import create_app
from anaplan_emulator.hosts import AllowedHosts

PAGES = ("/activate", "/auth/prelogin?client_id=x", "/auth/pages.css")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "@"])
def test_other_host_names_are_refused(emulator: Emulator, http: httpx2.Client, host: str) -> None:
    for path in ("/_emulator/", "/_emulator/info", *PAGES):
        reply = http.get(path, headers={"Host": host})
        assert reply.status_code == 403
        assert emulator.password not in reply.text
    assert http.post("/_emulator/reset", headers={"Host": host}).status_code == 403
    # APIs need credentials of their own.
    assert http.get("/2/0/workspaces", headers={"Host": host}).status_code == 401


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.2:1", "localhost", "LOCALHOST:99", "app.localhost", "[::1]:8", ""],
)
def test_names_of_this_machine_are_allowed(http: httpx2.Client, host: str) -> None:
    for path in ("/_emulator/info", "/activate"):
        assert http.get(path, headers={"Host": host}).status_code == 200


def test_host_names_can_be_added(tenant: TenantDescription) -> None:
    with Emulator(tenant, allowed_hosts=["Emulator.test"]) as emulator:
        for host, status in (("emulator.test:8765", 200), ("other.test", 403)):
            reply = httpx2.get(f"{emulator.base_url}/_emulator/info", headers={"Host": host})
            assert reply.status_code == status


def test_anaplan_host_names_are_allowed_with_tls_only() -> None:
    assert "auth.anaplan.com" in AllowedHosts(tls=True)
    assert "auth.anaplan.com" not in AllowedHosts()


def test_addresses_are_allowed_if_the_emulator_listens_on_all() -> None:
    assert "192.0.2.7:8765" in AllowedHosts("0.0.0.0")
    assert "192.0.2.7" in AllowedHosts("192.0.2.7")
    assert "192.0.2.7" not in AllowedHosts()
    assert "evil.example" not in AllowedHosts("0.0.0.0")


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Forwarded-Proto", "Forwarded"])
def test_forwarded_headers_are_not_trusted(
    emulator: Emulator, http: httpx2.Client, header: str
) -> None:
    value = {"X-Forwarded-For": "192.0.2.9", "X-Forwarded-Proto": "https"}.get(
        header, "for=192.0.2.9;proto=https"
    )
    assert http.get("/_emulator/health", headers={header: value}).status_code == 200
    http.get("/2/0/workspaces", headers={header: value})
    assert emulator.requests()[-1].client.startswith("127.0.0.1:")


async def test_a_forwarded_address_opens_nothing(tenant: TenantDescription) -> None:
    with Emulator(tenant) as emulator:
        transport = httpx2.ASGITransport(create_app(emulator.tenant), client=("192.0.2.1", 5))
        async with httpx2.AsyncClient(transport=transport, base_url=emulator.base_url) as client:
            headers = {"X-Forwarded-For": "127.0.0.1"}
            assert (await client.get("/_emulator/info", headers=headers)).status_code == 403


@pytest.fixture
def on_all_addresses(tenant: TenantDescription) -> Iterator[Emulator]:
    if not socket.has_dualstack_ipv6():
        pytest.skip("no IPv6")
    try:
        with Emulator(tenant, host="::") as emulator:
            yield emulator
    except OSError as error:
        pytest.skip(f"no IPv6: {error}")


def test_the_unspecified_ipv6_address_includes_this_machine(on_all_addresses: Emulator) -> None:
    port = httpx2.URL(on_all_addresses.base_url).port
    for host in ("127.0.0.1", "[::1]"):
        with urllib.request.urlopen(f"http://{host}:{port}/_emulator/info", timeout=20) as reply:
            assert reply.status == 200
