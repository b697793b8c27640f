"""Anaplan's hosts, region by region, and hosts of one's own."""

from dataclasses import asdict
from typing import get_args

import pytest

from anaplan_sdk import Client, Hosts, Region
from anaplan_sdk.regions import resolve_hosts

SHARED = (
    "auth.anaplan.com",
    "us1a.app.anaplan.com",
    "api.anaplan.com",
    "api.cloudworks.anaplan.com/2/0",
    "audit.anaplan.com/audit/api/1",
)
# Anaplan help, "URL, IP, and allowlist requirements" (May 2026), a row for each region:
# authentication, OAuth, API, CloudWorks, audit.
ALLOWLIST = {
    "us1": SHARED,
    "us2": SHARED,
    "us5": SHARED,
    "us7": SHARED,
    "eu1": SHARED,
    "eu2": SHARED,
    "eu4": SHARED,
    "ap1": SHARED,
    "us9": (
        "us9.auth.anaplan.com",
        "us9.app.anaplan.com",
        "us9.api.anaplan.com",
        "us9.api.anaplan.com/cloudworks/2/0",
        "us9.api.anaplan.com/audit/api/1",
    ),
    "eu3": (
        "eu3.auth.anaplan.com",
        "eu3.app.anaplan.com",
        "eu3.api.anaplan.com",
        "eu3.api.anaplan.com/cloudworks/2/0",
        "eu3.api.anaplan.com/audit/api/1",
    ),
    "eu5": (
        "eu5.auth.anaplan.com",
        "eu5.app.anaplan.com",
        "eu5.api.anaplan.com",
        "eu5.api.anaplan.com/cloudworks/2/0",
        "eu5.api.anaplan.com/audit/api/1",
    ),
    "gb1": (
        "gb1.auth.anaplan.com",
        "gb1.app.anaplan.com",
        "gb1.api.anaplan.com",
        "gb1.api.anaplan.com/cloudworks/2/0",
        "gb1.api.anaplan.com/audit/api/1",
    ),
    "ca1": (
        "ca1a.auth.anaplan.com",
        "ca1a.app.anaplan.com",
        "ca1a.api.anaplan.com",
        "ca1a.api.anaplan.com/cloudworks/2/0",
        "ca1a.api.anaplan.com/audit/api/1",
    ),
    "sg1": (
        "sg1.auth.anaplan.com",
        "sg1.app.anaplan.com",
        "sg1.api.anaplan.com",
        "sg1.api.anaplan.com/cloudworks/2/0",
        "sg1.api.anaplan.com/audit/api/1",
    ),
    "ae1": (
        "ae1.auth.anaplan.com",
        "ae1.app.anaplan.com",
        "ae1.api.anaplan.com",
        "ae1.api.anaplan.com/cloudworks/2/0",
        "ae1.api.anaplan.com/audit/api/1",
    ),
    "in1": (
        "in1.auth.anaplan.com",
        "in1.app.anaplan.com",
        "in1.api.anaplan.com",
        "in1.api.anaplan.com/cloudworks/2/0",
        "in1.api.anaplan.com/audit/api/1",
    ),
    "id1": (
        "id1.auth.anaplan.com",
        "id1.app.anaplan.com",
        "id1.api.anaplan.com",
        "id1.api.anaplan.com/cloudworks/2/0",
        "id1.api.anaplan.com/audit/api/1",
    ),
    "me1": (
        "me1.auth.anaplan.com",
        "me1.app.anaplan.com",
        "me1.api.anaplan.com",
        "me1.api.anaplan.com/cloudworks/2/0",
        "me1.api.anaplan.com/audit/api/1",
    ),
    "au1": (
        "au1a.app2.anaplan.com",
        "au1a.app2.anaplan.com",
        "api.au1a.app2.anaplan.com",
        "api.cloudworks.au1a.app2.anaplan.com/2/0",
        "api.au1a.app2.anaplan.com/audit/api/1",
    ),
}


@pytest.mark.parametrize("region", get_args(Region))
def test_each_region_has_the_hosts_of_the_allowlist(region: Region) -> None:
    # Financial Consolidation is not in the list, and the same everywhere.
    hosts = (*ALLOWLIST[region], "fluenceapi-prod.fluence.app/api/v2305.1")
    assert tuple(asdict(Hosts.of_region(region)).values()) == tuple(
        f"https://{host}" for host in hosts
    )


def test_there_are_nineteen_regions() -> None:
    assert sorted(get_args(Region)) == sorted(ALLOWLIST)
    assert len(ALLOWLIST) == 19


@pytest.mark.parametrize("region", ["US1", "us3", "ca1a", "", "us1 "])
def test_an_unknown_region_is_refused_by_name(region: str) -> None:
    with pytest.raises(ValueError, match=r"not one of Anaplan's regions: us1, .*au1\."):
        Hosts.of_region(region)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "base_url",
    ["http://127.0.0.1:8080", "http://localhost:8080/", "https://proxy.example/anaplan//"],
)
def test_one_origin_serves_everything(base_url: str) -> None:
    base = base_url.rstrip("/")
    assert Hosts.at(base_url) == Hosts(
        authentication=base,
        oauth=base,
        api=base,
        cloud_works=f"{base}/cloudworks/2/0",
        audit=f"{base}/audit/api/1",
        consolidation=f"{base}/api/v2305.1",
    )


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.anaplan.com",
        "//api.anaplan.com",
        "https:/api.anaplan.com",
        "https://",
        "https:///2/0",
        "ftp://api.anaplan.com",
        "file:///etc/passwd",
        "https://api.anaplan.com:port",
        "https://api.anaplan.com:99999",
        "https://api anaplan.com",
        " https://api.anaplan.com",
        "https://api.anaplan.com\n",
        "http://evil.example\\.localhost",
        "https://[::1",
        "https://*.anaplan.com",
        "https://%61pi.anaplan.com",
        None,
        7,
    ],
)
def test_what_is_no_url_is_refused(url: object) -> None:
    with pytest.raises(ValueError, match="base_url must be an absolute URL"):
        Hosts.at(url)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "url",
    [
        "https://me:secret@api.anaplan.com",
        "https://secret@api.anaplan.com",
        "https://me:secret@api.anaplan.com:port",
        "https://api.anaplan.com?secret",
        "https://api.anaplan.com?",
        "https://api.anaplan.com/#secret",
        "https://api.anaplan.com#",
    ],
)
def test_a_base_holds_nothing_but_a_place(url: str) -> None:
    with pytest.raises(ValueError, match="base_url must hold neither") as caught:
        Hosts.at(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.anaplan.com",
        "http://localhost.example",
        "http://127.0.0.1.example",
        "http://notlocalhost",
        "http://10.0.0.1",
        "http://0.0.0.0:8080",
        "http://[2001:db8::1]",
    ],
)
def test_tokens_leave_the_machine_over_https_only(url: str) -> None:
    with pytest.raises(ValueError, match="plain http"):
        Hosts.at(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost",
        "http://LOCALHOST:8080",
        "http://emulator.localhost:8080",
        "http://127.0.0.1",
        "http://127.8.8.8:1",
        "http://[::1]:8080",
        "https://10.0.0.1",
        "https://[2001:db8::1]:8443",
        "https://b\u00fccher.example",
        "https://my_proxy.example/anaplan",
    ],
)
def test_loopback_and_https_are_taken(url: str) -> None:
    assert Hosts.at(url).api == url


@pytest.mark.parametrize("name", list(asdict(Hosts.of_region("us1"))))
def test_every_host_is_checked_by_its_name(name: str) -> None:
    hosts = asdict(Hosts.of_region("eu3"))
    with pytest.raises(ValueError, match=f"^{name} is plain http"):
        Hosts(**{**hosts, name: "http://api.anaplan.com"})
    assert asdict(Hosts(**{**hosts, name: "https://mine.example/"})) == {
        **hosts,
        name: "https://mine.example",
    }


def test_a_client_is_pointed_at_one_place() -> None:
    own = Hosts.at("https://mine.example")
    assert resolve_hosts(base_url=None, region=None, hosts=None) == Hosts.of_region("us1")
    assert resolve_hosts(base_url=None, region="gb1", hosts=None) == Hosts.of_region("gb1")
    assert resolve_hosts(base_url=None, region=None, hosts=own) is own
    assert resolve_hosts(base_url="https://mine.example", region=None, hosts=None) == own
    with pytest.raises(ValueError, match="base_url and region"):
        resolve_hosts(base_url="https://mine.example", region="us1", hosts=None)
    with pytest.raises(ValueError, match="region and hosts"):
        resolve_hosts(base_url=None, region="us1", hosts=own)
    with pytest.raises(ValueError, match="base_url must be an absolute URL"):
        Client(token="t", base_url="")
