"""Proxies of the environment: none sees what is sent to this machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from anaplan_sdk import AsyncClient, Hosts
from anaplan_sdk.exceptions import AnaplanException
from anaplan_sdk.testing import EmulatedAnaplan

if TYPE_CHECKING:
    from tests.clients.conftest import Origin

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture
def proxy(new_origin: Callable[[], Origin], monkeypatch: pytest.MonkeyPatch) -> Origin:
    """A proxy that the environment names for everything."""
    proxy = new_origin()
    proxy.answer = lambda _: (407, {}, b"")
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("ALL_PROXY", proxy.url)
    return proxy


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.0.0.77", "me.localhost"])
async def test_this_machine_is_reached_without_them(
    anaplan: EmulatedAnaplan, proxy: Origin, host: str
) -> None:
    url = anaplan.emulator.base_url.replace("127.0.0.1", host)
    async with anaplan.async_client(base_url=url, retry_count=0) as client:
        if host in ("127.0.0.1", "localhost"):
            assert await client.get_workspaces()
        else:  # Nothing listens there, or the name is unknown.
            with pytest.raises(AnaplanException):
                await client.get_workspaces()
    assert proxy.received == []


@pytest.mark.parametrize("address", ["[::1]", "[0:0:0:0:0:0:0:1]", "[::0:1]"])
async def test_the_ipv6_address_of_this_machine_counts_as_well(proxy: Origin, address: str) -> None:
    async with AsyncClient(base_url=f"http://{address}:9", token="t", retry_count=0) as client:
        with pytest.raises(AnaplanException):
            await client.get_workspaces()
    assert proxy.received == []


async def test_other_machines_are_reached_through_them(
    anaplan: EmulatedAnaplan, proxy: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosts: Any = dict.fromkeys(
        ("authentication", "oauth", "api", "cloud_works", "audit"), anaplan.emulator.base_url
    )
    elsewhere = Hosts(**{**hosts, "api": "https://anaplan.example"})
    async with AsyncClient(hosts=elsewhere, token="t", retry_count=0) as client:
        with pytest.raises(AnaplanException, match="407"):
            await client.get_workspaces()
        assert [each.method for each in proxy.received] == ["CONNECT"]
        with pytest.raises(AnaplanException):
            await client.authenticate()
        assert len(proxy.received) == 1
    monkeypatch.setenv("NO_PROXY", ".example")
    async with AsyncClient(hosts=elsewhere, token="t", retry_count=0) as client:
        with pytest.raises(AnaplanException):
            await client.get_workspaces()
    assert len(proxy.received) == 1


async def test_a_given_proxy_is_used_for_this_machine(
    anaplan: EmulatedAnaplan, proxy: Origin
) -> None:
    async with anaplan.async_client(proxy=proxy.url, retry_count=0) as client:
        with pytest.raises(AnaplanException):
            await client.get_workspaces()
    assert len(proxy.received) == 1


@pytest.mark.parametrize(
    ("exemption", "is_proxied"),
    [
        ("anaplan.invalid", False),
        ("ANAPLAN.invalid", False),
        ("invalid", False),
        (".invalid", False),
        ("*.invalid", False),
        ("https://anaplan.invalid", False),
        ("all://*.invalid", False),
        (".anaplan.invalid", True),
        ("*.anaplan.invalid", True),
        ("*anaplan.invalid", True),
        ("plan.invalid", True),
        ("http://anaplan.invalid", True),
        ("https://invalid", True),
        ("anaplan.invalid:8443", True),
        ("anaplan.invalid/path", True),
    ],
)
async def test_exemptions_are_read_as_by_the_library(
    proxy: Origin, monkeypatch: pytest.MonkeyPatch, exemption: str, is_proxied: bool
) -> None:
    monkeypatch.setenv("NO_PROXY", exemption)
    url = "https://anaplan.invalid"
    async with AsyncClient(base_url=url, token="t", retry_count=0) as client:
        with pytest.raises(AnaplanException):
            await client.get_workspaces()
    assert bool(proxy.received) == is_proxied
