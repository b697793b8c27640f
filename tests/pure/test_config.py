"""The options of a client: their ranges, their defaults, and what their representation hides."""

import pickle
import sys
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anaplan_sdk import AsyncClient, Client, ClientConfig, ConsolidationAccess, Hosts
from anaplan_sdk._ranges import Range


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"page_size": 0}, "page_size must be at least 1, not 0."),
        ({"retry_count": -1}, "retry_count must be at least 0, not -1."),
        ({"backoff": -0.1}, "backoff must be at least 0, not -0.1."),
        ({"backoff": float("nan")}, "backoff must be at least 0, not nan."),
        ({"backoff_factor": -1.0}, "backoff_factor must be at least 0, not -1.0."),
        ({"status_poll_delay": 0}, "status_poll_delay must be positive, not 0."),
        (
            {"upload_chunk_size": 50_000_001},
            "upload_chunk_size must be 1 to 50,000,000, not 50000001.",
        ),
        ({"upload_compression_level": 4}, "upload_compression_level must be 0 to 3, not 4."),
        ({"max_concurrency": 0}, "max_concurrency must be at least 1, not 0."),
        ({"max_retry_time": -1}, "max_retry_time must be at least 0, not -1."),
        ({"request_deadline": 0}, "request_deadline must be positive, not 0."),
        ({"requests_per_minute": -1.0}, "requests_per_minute must be positive, not -1.0."),
        ({"settle_time": -1}, "settle_time must be at least 0, not -1."),
        ({"model_wait": -1}, "model_wait must be at least 0, not -1."),
        ({"timeout": 0}, "timeout must be positive, not 0."),
        (
            {"certificate_payload": "v3"},
            "certificate_payload must be 'auto', 'v1' or 'v2', not 'v3'.",
        ),
        (
            {"httpx_kwargs": {"proxy": "ftp://p"}},
            "proxy is not the URL of a proxy, such as http://proxy.company.com:3128.",
        ),
        ({"httpx_kwargs": {"verify": "none.pem"}}, "verify: 'none.pem' doesn't exist."),
        ({"httpx_kwargs": {"cert": "none.pem"}}, "cert: 'none.pem' doesn't exist."),
        ({"httpx_kwargs": {"cert": (__file__, "k", "s3cret")}}, "cert: 'k' doesn't exist."),
    ],
    ids=str,
)
def test_an_option_out_of_range_is_named(option: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=r"\w") as refused:
        ClientConfig(token="t", **option)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"page_size": "10"}, "page_size must be an integer, not str."),
        ({"page_size": 1.5}, "page_size must be an integer, not float."),
        ({"settle_time": None}, "settle_time must be a number, not NoneType."),
        ({"timeout": None}, "timeout must be a number, not NoneType."),
        ({"consolidation": "token"}, "consolidation must be of type ConsolidationAccess, not str."),
        ({"hosts": "https://a.example"}, "hosts must be of type Hosts, not str."),
        ({"httpx_kwargs": {"timout": 3}}, "A client has no option 'timout'."),
    ],
    ids=str,
)
def test_an_option_of_the_wrong_type_is_named(option: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError) as refused:
        ClientConfig(token="t", **option)
    assert str(refused.value) == message


@given(st.integers(-3, 12), st.integers(0, 5), st.integers(5, 9))
def test_bounds_are_inclusive(value: int, at_least: int, at_most: int) -> None:
    limits = Range(at_least, at_most)
    if at_least <= value <= at_most:
        limits.check("option", value, int)
    else:
        with pytest.raises(ValueError, match=f"option must be {at_least} to {at_most}"):
            limits.check("option", value, int)


def test_numbers_at_their_bounds_are_accepted() -> None:
    config = ClientConfig(
        token="t",
        retry_count=0,
        backoff=0,
        backoff_factor=0,
        page_size=1,
        status_poll_delay=0.001,
        upload_chunk_size=50_000_000,
        upload_compression_level=0,
        max_concurrency=1,
        max_retry_time=0,
        request_deadline=0.1,
        requests_per_minute=0.5,
        settle_time=0,
        model_wait=0,
        timeout=httpx2.Timeout(None),
    )
    assert replace(config, page_size=2).page_size == 2


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "h2", None)
    with pytest.raises(ImportError, match="http2 needs the package h2"):
        Client(token="t", http2=True)


def test_a_changed_copy_is_checked_too() -> None:
    with pytest.raises(ValueError, match="page_size"):
        replace(ClientConfig(token="t"), page_size=0)


def test_the_representation_hides_secrets() -> None:
    shown = repr(
        ClientConfig(
            token="s3cret",
            user_email="ada@example.com",
            password="s3cret",
            consolidation=ConsolidationAccess("s3cret", "tenant"),
            httpx_kwargs={"headers": {"X-Key": "s3cret"}, "proxy": "http://me:s3cret@proxy:3128"},
        )
    )
    assert "ada@example.com" in shown
    assert "s3cret" not in shown
    assert "s3cret" not in repr(ClientConfig(api_key="s3cret"))
    assert "s3cret" not in repr(ClientConfig(auth=httpx2.BasicAuth("me", "s3cret")))
    pem = b"s3cret"
    assert "s3cret" not in repr(
        ClientConfig(certificate=pem, private_key=pem, private_key_password=pem)
    )


def test_a_configuration_can_be_sent_to_another_process() -> None:
    config = ClientConfig(token="t", region="eu3", timeout=5)
    assert pickle.loads(pickle.dumps(config)) == config


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_one_configuration_makes_many_clients(kind: type[Client | AsyncClient]) -> None:
    config = ClientConfig(token="t", region="eu3", model_id="m1", page_size=7)
    clients = [kind.from_config(config) for _ in range(2)]
    start = f"<{kind.__name__} https://eu3.api.anaplan.com workspace_id=None model_id='m1' auth="
    assert all(repr(client).startswith(start) for client in clients)
    other = clients[0].with_model("m2", "w2")
    assert "workspace_id='w2' model_id='m2'" in repr(other)
    assert config.model_id == "m1"


def test_a_transport_is_one_of_the_clients_kind() -> None:
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200))
    for kind, wrong in (
        (Client, httpx2.AsyncHTTPTransport()),
        (AsyncClient, httpx2.HTTPTransport()),
    ):
        for options in ({"transport": wrong}, {"mounts": {"https://": wrong}}):
            with pytest.raises(TypeError, match="transport and mounts must be of type httpx2"):
                kind(token="t", **options)
        kind(token="t", transport=transport, mounts={"http://": None})


def test_where_the_services_are() -> None:
    assert ClientConfig(token="t").service_hosts == Hosts.of_region("us1")
    own = Hosts.at("https://mine.example")
    assert ClientConfig(token="t", hosts=own).service_hosts is own
    with pytest.raises(ValueError, match="Give one of base_url and region"):
        ClientConfig(token="t", region="us1", base_url="https://mine.example")


def test_a_subclass_is_made_by_its_own_constructor() -> None:
    class Custom(Client):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self.is_custom = True

    options: Any = {"mounts": None}
    config = ClientConfig(token="t", upload_parallel=False, httpx_kwargs=options)
    assert Custom.from_config(config).is_custom
    assert hash(config) == hash(replace(config))
    with pytest.raises(TypeError, match="must be a ClientConfig, not dict"):
        Client.from_config({})  # type: ignore[arg-type]
