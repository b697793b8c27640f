"""The authentication that a client's options lead to, and the errors that name what is missing."""

from base64 import b64decode
from itertools import combinations
from typing import Any

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from anaplan_sdk import AsyncClient, Client
from anaplan_sdk.auth.basic import BasicCredentials
from anaplan_sdk.auth.bearer import Bearer
from anaplan_sdk.auth.credentials import resolve_auth
from anaplan_sdk.auth.token_cache import TokenState
from anaplan_sdk.config import ClientConfig

HOST = "https://auth.anaplan.com"
OWN = httpx2.BasicAuth("me", "secret")


def resolve(**given: Any) -> httpx2.Auth:
    return resolve_auth(ClientConfig(base_url=HOST, **given))


@pytest.fixture(scope="module")
def pair(key: RSAPrivateKey, certificate: x509.Certificate) -> dict[str, Any]:
    return {
        "certificate": certificate.public_bytes(Encoding.PEM),
        "private_key": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    }


def test_basic_sign_in_is_a_header() -> None:
    request = BasicCredentials("ada@example.com", "pass: w\u00f6rd").token_request(HOST)
    scheme, _, value = request.headers["Authorization"].partition(" ")
    assert (request.method, str(request.url)) == ("POST", f"{HOST}/token/authenticate")
    assert scheme == "Basic"
    assert b64decode(value).decode() == "ada@example.com:pass: w\u00f6rd"
    assert request.content == b""


def test_each_complete_way_is_taken(pair: dict[str, Any]) -> None:
    basic = {"user_email": "ada@example.com", "password": "secret"}
    for given in (basic, pair):
        auth = resolve(**given)
        assert isinstance(auth, Bearer)
        assert auth.session.can_renew
        assert auth.session.state is TokenState.GONE
        beside = resolve(**given, token="t0ken")
        assert isinstance(beside, Bearer)
        assert beside.session.can_renew
        assert beside.session.state is TokenState.FRESH
    alone = resolve(token="t0ken")
    assert isinstance(alone, Bearer)
    assert not alone.session.can_renew
    assert resolve(auth=OWN) is OWN


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "No credentials were given"),
        ({"user_email": "ada@example.com"}, "password is missing"),
        ({"user_email": "ada@example.com", "password": ""}, "password is missing"),
        ({"password": "secret"}, "user_email is missing"),
        ({"password": "secret", "user_email": ""}, "user_email is missing"),
        ({"user_email": ""}, "user_email is missing"),
        ({"token": "t0ken", "password": "secret"}, "user_email is missing"),
        ({"private_key": "key.pem"}, "certificate is missing"),
        ({"private_key": "key.pem", "certificate": ""}, "certificate is missing"),
        ({"private_key_password": "secret"}, "certificate is missing"),
        ({"token": "t0ken", "private_key": "key.pem"}, "certificate is missing"),
        ({"certificate": "c.pem", "private_key": ""}, "private_key is empty"),
        ({"certificate": "c.pem", "certificate_payload": "v3"}, "'v1' or 'v2'"),
        ({"token": ""}, "token is empty"),
    ],
    ids=str,
)
def test_what_is_missing_is_named(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        resolve(**given)
    assert "secret" not in str(caught.value)


def test_a_certificate_without_its_key_is_incomplete(pair: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="private_key is missing"):
        resolve(certificate=pair["certificate"])


WAYS: list[dict[str, Any]] = [
    {"user_email": "ada@example.com", "password": "secret"},
    {"certificate": "c.pem", "private_key": "k.pem"},
    {"auth": OWN},
]
CONTRADICTIONS = [
    *({**one, **other} for one, other in combinations(WAYS, 2)),
    {"auth": OWN, "token": "t0ken"},
    {"user_email": "ada@example.com", "private_key_password": "secret"},
    {"password": "secret", "certificate": "c.pem"},
]


@pytest.mark.parametrize("given", CONTRADICTIONS, ids="+".join)
def test_two_ways_contradict_each_other(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="different ways to sign in") as caught:
        resolve(**given)
    assert "secret" not in str(caught.value)
    assert "t0ken" not in str(caught.value)


@pytest.mark.parametrize("token", ["t0ken\n", " t0ken", "Bearer t0ken", "t0k\u00e9n", "t0ken\0"])
def test_what_no_header_can_carry_is_no_token(token: str) -> None:
    with pytest.raises(ValueError, match="token is empty, or holds") as caught:
        resolve(token=token)
    assert "t0k" not in str(caught.value)


@pytest.mark.parametrize("auth", ["Bearer t0ken", ("me", "secret"), object(), httpx2.BasicAuth])
def test_auth_is_an_object_of_the_http_library(auth: object) -> None:
    with pytest.raises(
        TypeError, match=r"auth must be an httpx2\.Auth or an httpx\.Auth, not"
    ) as caught:
        resolve(auth=auth)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("client", [Client, AsyncClient])
def test_a_client_refuses_before_anything_is_sent(client: type[Client | AsyncClient]) -> None:
    with pytest.raises(ValueError, match="password is missing"):
        client(user_email="ada@example.com")
    with pytest.raises(ValueError, match="No credentials were given"):
        client()


@pytest.mark.parametrize("client", [Client, AsyncClient])
def test_no_clients_repr_shows_a_secret(
    client: type[Client | AsyncClient], pair: dict[str, Any]
) -> None:
    for given in (
        {"user_email": "ada@example.com", "password": "s3cret"},
        {"token": "s3cret"},
        pair,
    ):
        made = client(**given, base_url="http://127.0.0.1:9")
        shown = f"{made!r} {made} {made._session!r} {made._session._auth!r}"
        assert "127.0.0.1:9" in shown
        assert "s3cret" not in shown
        assert "BEGIN" not in shown
