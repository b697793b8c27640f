"""Proxies: which are used, and what is wrong with them.

The HTTP library reports most of that at the first request, and some of it with a password in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.request import getproxies

import httpx2

from anaplan_sdk.exceptions import ArgumentTypeException, InvalidArgumentException
from anaplan_sdk.regions import is_loopback

# The HTTP library's patterns for this machine.
_LOOPBACK = ("*localhost", "127.0.0.0/8", "[::1]")
_NO_PROXY = "is not the URL of a proxy, such as http://proxy.company.com:3128."


def check_proxy(name: str, proxy: Any) -> None:
    """Check that a proxy can be used; its URL, which may contain a password, is never quoted.

    Raises:
        InvalidArgumentException: It is not the URL of a proxy.
        ArgumentTypeException: It is neither a URL nor a proxy.
        ImportError: It is a SOCKS proxy, for which a package is missing.
    """
    fault: str | None = None
    try:
        given = proxy if isinstance(proxy, httpx2.Proxy) else httpx2.Proxy(proxy)
        if not given.url.host or not 0 < (given.url.port or 80) < 65536:
            fault = f"{name} {_NO_PROXY}"
        elif given.url.scheme.startswith("socks") and find_spec("socksio") is None:
            raise ImportError(
                f"{name} is a SOCKS proxy, which needs the package socksio: "
                "pip install 'httpx2[socks]'"
            )
    except (ValueError, httpx2.InvalidURL):
        fault = f"{name} {_NO_PROXY}"
    except TypeError:
        raise ArgumentTypeException(
            f"{name} must be a URL or an httpx2.Proxy, not {type(proxy).__name__}."
        ) from None
    if fault:  # Outside of the except clause: the context would quote the URL.
        raise InvalidArgumentException(fault)


def can_use_environment(addresses: Iterable[str]) -> bool:
    """Whether an HTTP client may read the proxies of the environment.

    It can't if one of them is not usable, which is no error if none of the addresses needs a proxy.

    Args:
        addresses: The base URLs that the client sends to.

    Raises:
        InvalidArgumentException: A proxy is not usable; the error names the variable.
    """
    fault: str | None = None
    for scheme, proxy in proxies_of_environment().items():
        try:
            check_proxy(f"The environment's {scheme.upper()}_PROXY", proxy)
        except (InvalidArgumentException, ImportError) as error:
            fault = str(error)
    if fault is not None and not all(is_exempt(httpx2.URL(each)) for each in addresses):
        raise InvalidArgumentException(fault)
    return fault is None


def proxies_of_environment() -> dict[str, str]:
    """Return the environment's proxies that the HTTP library uses, by scheme or `all`."""
    proxies = getproxies()
    if "*" in _exemptions(proxies):
        return {}
    return {
        scheme: proxy if "://" in proxy else f"http://{proxy}"
        for scheme in ("http", "https", "all")
        if (proxy := proxies.get(scheme))
    }


def _exemptions(proxies: Mapping[str, str]) -> list[str]:
    return [entry.strip().lower() for entry in proxies.get("no", "").split(",")]


def is_exempt(url: httpx2.URL) -> bool:
    """Whether requests to a URL use no proxy of the environment. If in doubt they may use one."""
    return is_loopback(url.host) or any(_is_named(url, each) for each in _exemptions(getproxies()))


def _is_named(url: httpx2.URL, exemption: str) -> bool:
    """Whether an entry of `NO_PROXY` names the host of a URL, as the HTTP library reads it."""
    scheme, _, name = exemption.rpartition("://")
    if not name or scheme not in ("", "all", url.scheme):
        return False
    prefix = name.partition("/")[2]
    if prefix and not prefix.isdigit():
        return False
    try:
        address = name.replace("[", "").replace("]", "") if ":" in name else name
        return ip_address(url.host) in ip_network(address, strict=False)
    except ValueError:
        host = url.raw_host.decode("ascii")
    # With a scheme, "x" is only that host; without one its subdomains as well. ".x" is "*.x".
    if not scheme and not name.startswith("*."):
        name = f"*{name}"
    if name.startswith("*."):
        return host.endswith(name[1:])
    return host == name or (name.startswith("*") and f".{host}".endswith(f".{name[1:]}"))


def without_proxy(mounts: Mapping[str, Any], addresses: Iterable[str]) -> dict[str, Any]:
    """Return the mounts and others for this machine, which lead past the environment's proxies.

    A caller's mount for all hosts goes on to be used for this machine.

    Args:
        mounts: The caller's mounts.
        addresses: The base URLs that the client sends to. An IPv6 address can be written in many
            ways, and the HTTP library compares the text.
    """
    given = {httpx2.URL(address).host for address in addresses}
    hosts = [*_LOOPBACK, *(f"[{host}]" for host in given if ":" in host and is_loopback(host))]
    schemes = ["all://", *({"http://", "https://"} & mounts.keys())]
    own = {f"{scheme}{host}": mounts.get(scheme) for scheme in schemes for host in hosts}
    return own | dict(mounts)
