"""Keys that are elsewhere, chains, certificates that are about to end, and API keys."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)

from anaplan_sdk import AsyncClient, CertificateExpiryWarning, Client
from anaplan_sdk.auth.api_key import ApiKeyAuth
from anaplan_sdk.auth.certificate import CertificateCredentials
from anaplan_sdk.exceptions import (
    AnaplanException,
    InvalidCredentialsException,
    InvalidPrivateKeyException,
)
from anaplan_sdk.testing import EmulatedAnaplan

API_KEY = "auk_us1_s3cret"


class KeyService:
    """Stands for an HSM, or a cloud's key service."""

    def __init__(self, key: RSAPrivateKey) -> None:
        self._key = key

    def sign(self, data: bytes, /) -> bytes:
        return self._key.sign(data, PKCS1v15(), SHA512())


class OtherHash(KeyService):
    def sign(self, data: bytes, /) -> bytes:
        return self._key.sign(data, PKCS1v15(), SHA256())


def pem(*chain: x509.Certificate) -> bytes:
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in chain)


def private(key: RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def service_of(path: Path) -> KeyService:
    key = load_pem_private_key(path.read_bytes(), None)
    assert isinstance(key, RSAPrivateKey)
    return KeyService(key)


@pytest.mark.parametrize("payload", ["v1", "v2"])
async def test_a_key_that_never_leaves_its_place(anaplan: EmulatedAnaplan, payload: str) -> None:
    emulator = anaplan.emulator
    how = {
        "certificate": emulator.certificate,
        "private_key": service_of(emulator.private_key),
        "certificate_payload": payload,
    }
    assert anaplan.client(**how).get_workspaces()
    async with anaplan.async_client(**how) as client:
        assert await client.get_workspaces()
    assert {r.status for r in anaplan.requests(path="/token/authenticate")} == {201}


def test_a_signer_of_another_key_or_kind(
    key: RSAPrivateKey, other_key: RSAPrivateKey, certificate: x509.Certificate
) -> None:
    for signer in (KeyService(other_key), OtherHash(key)):
        credentials = CertificateCredentials.load(pem(certificate), signer)
        with pytest.raises(InvalidPrivateKeyException, match="signature"):
            credentials.token_request("https://auth.anaplan.com")


class Broken(KeyService):
    def sign(self, data: bytes, /) -> bytes:
        raise OSError("the HSM is away")


async def test_a_signer_that_raises(anaplan: EmulatedAnaplan) -> None:
    emulator = anaplan.emulator
    broken = Broken(service_of(emulator.private_key)._key)
    how = {"certificate": emulator.certificate, "private_key": broken, "retry_count": 0}
    client = anaplan.client(**how)
    async with anaplan.async_client(**how) as other:
        # Each request asks the signer again: nobody waits for one that has failed.
        for _ in range(2):
            with pytest.raises(AnaplanException, match="The signer failed: OSError") as failed:
                client.get_workspaces()
            assert isinstance(failed.value.__cause__, OSError)
            assert failed.value.not_performed
            assert not isinstance(failed.value, InvalidCredentialsException)
            with pytest.raises(AnaplanException, match="The signer failed: OSError"):
                await other.get_workspaces()
    assert anaplan.requests() == []


def test_of_a_chain_the_keys_own_certificate_is_used(
    key: RSAPrivateKey, certificate: x509.Certificate, other_certificate: x509.Certificate
) -> None:
    chain = pem(other_certificate, certificate)
    assert (
        CertificateCredentials.load(chain, private(key)).subject
        == certificate.subject.rfc4514_string()
    )
    store = pkcs12.serialize_key_and_certificates(
        b"me", key, certificate, [other_certificate], NoEncryption()
    )
    assert CertificateCredentials.load(store).subject == certificate.subject.rfc4514_string()


def test_a_certificate_that_is_about_to_end(
    key: RSAPrivateKey, ending_certificate: x509.Certificate, caplog: pytest.LogCaptureFixture
) -> None:
    for kind in (Client, AsyncClient):
        with pytest.warns(CertificateExpiryWarning, match="expires on") as noticed:
            kind(certificate=pem(ending_certificate), private_key=private(key))
        assert noticed[0].filename == __file__
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 2
    assert "expires on" in caplog.text


def headers_for(url: str) -> httpx2.Headers:
    request = httpx2.Request("GET", url)
    flow: Iterator[httpx2.Request] = ApiKeyAuth(API_KEY).auth_flow(request)
    return next(flow).headers


def test_an_api_key_travels_as_each_api_takes_it() -> None:
    scim = headers_for("https://api.anaplan.com/scim/1/0/v2/Users")
    assert scim["Authorization"] == f"Bearer {API_KEY}"
    exceptions = headers_for("https://api.anaplan.com/admin/1/0/permissions/exception-users")
    assert exceptions["Authorization"] == f"AnaplanApiKey {API_KEY}"
    for other in ("/2/0/workspaces", "/admin/1/0/users", "/audit/api/1/events"):
        with pytest.raises(InvalidCredentialsException, match="SCIM") as refused:
            headers_for(f"https://api.anaplan.com{other}")
        assert "s3cret" not in str(refused.value)


async def test_an_api_key_is_not_sent_where_it_is_not_taken(anaplan: EmulatedAnaplan) -> None:
    base_url = anaplan.emulator.base_url
    client = Client(base_url=base_url, api_key=API_KEY)
    with client, pytest.raises(InvalidCredentialsException, match="SCIM"):
        client.get_workspaces()
    async with AsyncClient(base_url=base_url, api_key=API_KEY) as other:
        with pytest.raises(InvalidCredentialsException, match="SCIM"):
            await other.get_workspaces()
    assert anaplan.requests() == []
    assert API_KEY not in repr(client._session)


@pytest.mark.parametrize("value", ["", "key", "auk_us1\n", "auk_ü"])
def test_what_is_no_api_key(value: str) -> None:
    with pytest.raises(ValueError, match="api_key"):
        Client(api_key=value)
    with pytest.raises(ValueError, match="different ways"):
        Client(api_key=API_KEY, token="t")
