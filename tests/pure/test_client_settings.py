"""Options of the HTTP client that can't be used: errors when a client is made, without secrets."""

from __future__ import annotations

import ssl
import traceback
from math import inf, nan
from pathlib import Path
from typing import Any

import httpx2
import pytest

from anaplan_sdk import AsyncClient, Client, Oauth
from anaplan_sdk.exceptions import AnaplanException, ArgumentTypeException, InvalidArgumentException

SECRET = "s3cret-value"
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(params=[Client, AsyncClient])
def kind(request: pytest.FixtureRequest) -> Any:
    return request.param


def refused(kind: Any, expected: type[Exception] = ValueError, **options: Any) -> str:
    with pytest.raises(expected) as caught:
        kind(token="t", **options)
    assert isinstance(caught.value, AnaplanException | ImportError)
    cause: BaseException | None = caught.value
    while cause is not None:
        assert SECRET not in repr(cause) + str(cause)
        cause = cause.__cause__ or cause.__context__
    shown = "".join(traceback.format_exception_only(caught.value))
    assert SECRET not in shown
    return str(caught.value)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "5",
        (5, 5),
        [5],
        inf,
        nan,
        0,
        -1,
        10**12,
        1e300,
        httpx2.Timeout(inf),
        httpx2.Timeout(5, read=-1),
        httpx2.Timeout("5"),  # type: ignore[arg-type]
        httpx2.Timeout(5, pool=0),
    ],
    ids=repr,
)
def test_timeouts(kind: Any, value: Any) -> None:
    assert "timeout" in refused(kind, timeout=value)


def test_usable_timeouts(kind: Any) -> None:
    for value in (5, 0.1, 1_000_000, httpx2.Timeout(None), httpx2.Timeout(5, pool=None)):
        kind(token="t", timeout=value)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Key": f"{SECRET}\n"},
        {"X-Key": f" {SECRET}"},
        {"X-Key": f"{SECRET}é"},
        {"X-Key": f"{SECRET}\0"},
        {"X-Key": SECRET.encode() + b"\r\nX: y"},
        {f"{SECRET} ": "x"},
        {f"{SECRET}:": "x"},
        {"": SECRET},
        {"X-Key": 5},
        {"X-Key": None},
        [(SECRET,)],
        SECRET,
        5,
    ],
    ids=repr,
)
def test_headers(kind: Any, headers: Any) -> None:
    assert "headers" in refused(kind, headers=headers)


def test_usable_headers(kind: Any) -> None:
    for headers in ({"X-Key": "a b\tc"}, {b"X-Key": b"\xe9"}, [("X-Key", "")], httpx2.Headers()):
        kind(token="t", headers=headers)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("cookies", {"session": f"{SECRET}\n"}),
        ("cookies", {"session": 5}),
        ("cookies", SECRET),
        ("cert", SECRET * 30),
        ("cert", 5),
        ("event_hooks", [print]),
        ("event_hooks", {"request": print}),
        ("event_hooks", {"requests": [print]}),
        ("event_hooks", {"request": [5]}),
        ("follow_redirects", "yes"),
        ("limits", 5),
        ("limits", httpx2.Limits(max_connections="5")),  # type: ignore[arg-type]
        ("limits", httpx2.Limits(max_connections=0)),
        ("limits", httpx2.Limits(keepalive_expiry=nan)),
        ("max_redirects", -1),
        ("mounts", []),
        ("mounts", {"https": None}),
        ("proxy", f"http://me:{SECRET}@proxy:port"),
        ("proxy", f"http://me:{SECRET}@proxy:99999"),
        ("proxy", f"{SECRET}://proxy"),
        ("proxy", "http://"),
        ("proxy", 5),
        ("proxy", httpx2.Proxy("http://proxy", headers={"X": f"{SECRET}\n"})),
        ("reply_limits", 5),
        ("reply_limits", None),
        ("transport", object()),
        ("trust_env", "no"),
        ("verify", "/none.pem"),
        ("verify", __file__),
        ("verify", 5),
    ],
    ids=repr,
)
def test_other_options(kind: Any, option: str, value: Any) -> None:
    assert option in refused(kind, **{option: value})


def test_a_socks_proxy_needs_its_package(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "httpx2[socks]" in refused(kind, ImportError, proxy="socks5://proxy")
    monkeypatch.setenv("ALL_PROXY", "socks5://proxy:1080")
    message = refused(kind)
    assert "ALL_PROXY" in message
    assert "httpx2[socks]" in message
    # Where no request needs it, it is no error.
    kind(token="t", base_url="http://localhost:8000")
    kind(token="t", trust_env=False)
    for exempt in ("*", "anaplan.com,fluence.app", ".anaplan.com,.fluence.app", "x,*"):
        monkeypatch.setenv("NO_PROXY", exempt)
        kind(token="t")
    monkeypatch.setenv("NO_PROXY", "10.0.0.0/8")
    kind(token="t", base_url="https://10.1.2.3")
    with pytest.raises(InvalidArgumentException):
        kind(token="t", base_url="https://11.1.2.3")


@pytest.mark.parametrize("name", ["HTTP_PROXY", "https_proxy", "ALL_PROXY"])
def test_proxies_of_the_environment(kind: Any, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for url in (f"http://me:{SECRET}@proxy:port", f"ftp://{SECRET}", f"proxy:{SECRET}"):
        monkeypatch.setenv(name, url)
        assert name.upper() in refused(kind)
        kind(token="t", base_url="http://127.0.0.1:8000")


def test_certificates_of_the_environment(
    kind: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    assert "SSL_CERT_FILE" in refused(kind)
    (tmp_path / "none.pem").write_text(SECRET)
    assert "SSL_CERT_FILE" in refused(kind)
    kind(token="t", verify=ssl.create_default_context())
    kind(token="t", trust_env=False)
    monkeypatch.delenv("SSL_CERT_FILE")
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    assert "SSL_CERT_DIR" in refused(kind)


def test_a_path_of_certificates_warns_of_nothing(kind: Any) -> None:
    authorities = ssl.get_default_verify_paths()
    if authorities.cafile is None:
        pytest.skip("this machine has no file of authorities")
    kind(token="t", verify=authorities.cafile)  # Warnings are errors.
    kind(token="t", verify=str(Path(authorities.cafile).parent))


def test_a_web_application_is_told_as_well() -> None:
    given: dict[str, Any] = {
        "client_id": "id",
        "client_secret": SECRET,
        "redirect_uri": "https://app.example/callback",
    }
    faults: list[tuple[str, Any]] = [
        ("proxy", f"http://me:{SECRET}@proxy:port"),
        ("timeout", inf),
        ("timeout", None),
        ("verify", "/none.pem"),
    ]
    for option, value in faults:
        with pytest.raises(InvalidArgumentException, match=option):
            Oauth(**{**given, option: value})
    with pytest.raises(ArgumentTypeException, match="verify"):
        Oauth(**{**given, "verify": 5})
