"""The names by which a browser may reach the control API and the pages.

A web page of another site can give its own name the address of this machine ("DNS rebinding"), and
would then share an origin with the emulator. Only the header `Host` shows that.
"""

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from anaplan_emulator.certificates import ANAPLAN_HOSTS

UNKNOWN_HOST = "The emulator is not known by this host name: start it with --allowed-host"


class AllowedHosts:
    """The hosts that a request to the control API or a page may name.

    These are the names and addresses of this machine's loopback interface, the address that the
    emulator listens on (every address, if it listens on all), and those added.

    Args:
        bound: The address that the emulator listens on.
        added: Further host names, without ports.
        tls: Whether the emulator has a certificate for Anaplan's host names.
    """

    def __init__(
        self, bound: str = "127.0.0.1", added: Collection[str] = (), *, tls: bool = False
    ) -> None:
        address = ip_address(bound)
        self._any_address = address is not None and address.is_unspecified
        names = (bound, *added, *(ANAPLAN_HOSTS if tls else ()))
        self._names = {name.lower().strip("[]").rstrip(".") for name in names}

    def __contains__(self, host: object) -> bool:
        """Return whether the header `Host` names one of them. HTTP/1.0 does not require it."""
        if not host:
            return True
        try:
            name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
        except ValueError:
            return False
        if name in self._names or name == "localhost" or name.endswith(".localhost"):
            return True
        address = ip_address(name)
        return address is not None and (self._any_address or address.is_loopback)


def ip_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Parse an address, or return None for a name. An IPv4 address mapped to IPv6 is IPv4."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine's loopback interface."""
    address = ip_address(host)
    return host == "localhost" if address is None else address.is_loopback
