"""Base URLs of Anaplan's services: those of its nineteen regions, or one origin for all services.

Source: Anaplan help, "URL, IP, and allowlist requirements" (May 2026).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal, get_args

import httpx2

from anaplan_sdk._base_exceptions import InvalidArgumentException

__all__ = ["Hosts", "Region"]

Region = Literal[
    "us1", "us2", "us5", "us7", "eu1", "eu2", "eu4", "ap1",
    "us9", "eu3", "eu5", "gb1", "ca1", "sg1", "ae1", "in1", "id1", "me1", "au1",
]  # fmt: skip

# These regions share hosts without a prefix; every other region has its own.
_SHARED = frozenset(("us1", "us2", "us5", "us7", "eu1", "eu2", "eu4", "ap1"))
# The prefix of Canada's hosts is not the name of the region.
_LABELS = {"ca1": "ca1a"}
# A name or an IPv4 address, or an IPv6 address.
_HOST = re.compile(rb"[\w.-]+|[\da-f:.]+", re.ASCII)


@dataclass(frozen=True)
class Hosts:
    """The base URLs of Anaplan's services, without a trailing slash.

    Args:
        authentication: Base URL of `/token/...`.
        oauth: Base URL of `/auth/...` and `/oauth/...`.
        api: Base URL of the Integration, ALM, SCIM and administration APIs.
        cloud_works: Base URL of the CloudWorks API, with its version.
        audit: Base URL of the Audit API, with its version.
        consolidation: Base URL of the Financial Consolidation API, with its version. It is the
            same for all regions.

    Raises:
        InvalidArgumentException: A URL is not absolute, contains more than an origin and a path, or
            is plain http to another machine.
    """

    authentication: str
    oauth: str
    api: str
    cloud_works: str
    audit: str
    consolidation: str = "https://fluenceapi-prod.fluence.app/api/v2305.1"

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            object.__setattr__(self, name, check_base_url(name, getattr(self, name)))

    @classmethod
    def of_region(cls, region: Region) -> Hosts:
        """Return the public hosts of a region.

        Args:
            region: One of Anaplan's regions, such as "eu3".

        Returns:
            The base URL of each service.

        Raises:
            InvalidArgumentException: There is no such region.
        """
        if region not in get_args(Region):
            known = ", ".join(get_args(Region))
            raise InvalidArgumentException(f"{region!r} is not one of Anaplan's regions: {known}.")
        if region in _SHARED:
            return cls(
                authentication="https://auth.anaplan.com",
                oauth="https://us1a.app.anaplan.com",
                api="https://api.anaplan.com",
                cloud_works="https://api.cloudworks.anaplan.com/2/0",
                audit="https://audit.anaplan.com/audit/api/1",
            )
        if region == "au1":
            home = "au1a.app2.anaplan.com"
            return cls(
                authentication=f"https://{home}",
                oauth=f"https://{home}",
                api=f"https://api.{home}",
                cloud_works=f"https://api.cloudworks.{home}/2/0",
                audit=f"https://api.{home}/audit/api/1",
            )
        label = _LABELS.get(region, region)
        api = f"https://{label}.api.anaplan.com"
        return cls(
            authentication=f"https://{label}.auth.anaplan.com",
            oauth=f"https://{label}.app.anaplan.com",
            api=api,
            cloud_works=f"{api}/cloudworks/2/0",
            audit=f"{api}/audit/api/1",
        )

    @classmethod
    def at(cls, base_url: str) -> Hosts:
        """Return one origin as the host of every service.

        Args:
            base_url: Origin of the emulator, or of a proxy that routes by path.

        Returns:
            The base URL of each service below the origin.

        Raises:
            InvalidArgumentException: The URL is not absolute, contains more than an origin and a
                path, or is plain http to another machine.
        """
        base = check_base_url("base_url", base_url)
        return cls(
            authentication=base,
            oauth=base,
            api=base,
            cloud_works=f"{base}/cloudworks/2/0",
            audit=f"{base}/audit/api/1",
            consolidation=f"{base}/api/v2305.1",
        )


def resolve_hosts(*, base_url: str | None, region: Region | None, hosts: Hosts | None) -> Hosts:
    """Return the hosts that a client was given, by default Anaplan's shared ones.

    Args:
        base_url: One origin for all services.
        region: Region of the tenant.
        hosts: Base URL of each service.

    Returns:
        The base URL of each service.

    Raises:
        InvalidArgumentException: More than one was given, or one is not valid.
    """
    given = given_hosts(base_url=base_url, region=region, hosts=hosts)
    return Hosts.of_region("us1") if given is None else given


def given_hosts(
    *, base_url: str | None, region: Region | None, hosts: Hosts | None
) -> Hosts | None:
    """Return the hosts that were given, if any.

    Args:
        base_url: One origin for all services.
        region: Region of the tenant.
        hosts: Base URL of each service.

    Returns:
        The base URL of each service; None if nothing was given.

    Raises:
        InvalidArgumentException: More than one was given, or one is not valid.
    """
    given = [
        name
        for name, value in (("base_url", base_url), ("region", region), ("hosts", hosts))
        if value is not None
    ]
    if len(given) > 1:
        raise InvalidArgumentException(
            f"Give one of {' and '.join(given)}, not both: they contradict."
        )
    if hosts is not None:
        return hosts
    if base_url is not None:
        return Hosts.at(base_url)
    return Hosts.of_region(region) if region is not None else None


def check_base_url(name: str, url: str) -> str:
    """Check that a URL may be the base of requests with tokens.

    Args:
        name: Name of the option, for the error.
        url: The URL.

    Returns:
        The URL without a trailing slash.

    Raises:
        InvalidArgumentException: It is not absolute, contains more than an origin and a path, or is
            plain http to another machine.
    """
    if isinstance(url, str) and not {"@", "?", "#"}.isdisjoint(url):
        raise InvalidArgumentException(
            f"{name} must hold neither credentials nor a query nor a fragment."
        )
    # Parsed by the library that sends requests: another one may find another host in the same text.
    try:
        parts = httpx2.URL(url)
    except (httpx2.InvalidURL, TypeError):
        parts = httpx2.URL()
    if (
        parts.scheme not in ("http", "https")
        or not _HOST.fullmatch(parts.raw_host)
        or not 0 < (parts.port or 443) < 65536
    ):
        raise InvalidArgumentException(
            f"{name} must be an absolute URL such as 'https://api.anaplan.com', not {url!r}."
        )
    if parts.scheme == "http" and not is_loopback(parts.host):
        raise InvalidArgumentException(
            f"{name} is plain http: tokens are sent over https only, except to loopback addresses."
        )
    return url.rstrip("/")


def is_loopback(host: str) -> bool:
    """Check whether a host can only be this machine.

    Args:
        host: Name or address.

    Returns:
        Whether it is a loopback address, or a name that always stands for one.
    """
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
