"""Certificates and keys as environment variables and secret stores contain them."""

from __future__ import annotations

import json
from base64 import b64encode, encodebytes
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from anaplan_sdk.auth.certificate import CertificateCredentials
from anaplan_sdk.exceptions import InvalidCredentialsException, InvalidPrivateKeyException

PASSWORD = "s3same"
LOCK = BestAvailableEncryption(PASSWORD.encode())

FORMS: dict[str, Callable[[str], str | bytes]] = {
    "escaped line ends": lambda pem: pem.replace("\n", "\\n"),
    "escaped twice": lambda pem: pem.replace("\n", "\\\\n"),
    "escaped CRLF": lambda pem: pem.replace("\n", "\\r\\n"),
    "JSON": json.dumps,
    "single quotes": lambda pem: f"'{pem}'",
    "quoted bytes": lambda pem: repr(pem.encode()),
    "CRLF": lambda pem: pem.replace("\n", "\r\n"),
    "CR": lambda pem: pem.replace("\n", "\r"),
    "blanks": lambda pem: pem.replace("\n", " "),
    "indented": lambda pem: pem.replace("\n", "\n    "),
    "no last line end": str.strip,
    "leading text": lambda pem: f"Bag Attributes\n    name: J\u00f6rg\n\n{pem}",
    "byte order mark": lambda pem: b"\xef\xbb\xbf" + pem.encode(),
    "byte order mark in text": lambda pem: "\ufeff" + pem,
    "UTF-16": lambda pem: pem.encode("utf-16"),
    "UTF-16 LE": lambda pem: pem.encode("utf-16-le"),
    "UTF-16 BE": lambda pem: pem.encode("utf-16-be"),
    "Base64": lambda pem: b64encode(pem.encode()).decode(),
    "Base64 in lines": lambda pem: encodebytes(pem.encode()),
    "Base64 of UTF-16": lambda pem: b64encode(pem.encode("utf-16")).decode(),
    "Base64 in quotes": lambda pem: f'"{b64encode(pem.encode()).decode()}"\n',
    "Base64 twice": lambda pem: b64encode(b64encode(pem.encode())),
}

form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


def signs(credentials: CertificateCredentials) -> bool:
    return credentials.token_request("https://auth.anaplan.com").method == "POST"


@form
@pytest.mark.parametrize("as_file", [False, True], ids=["content", "file"])
def test_pem_of_each_form(
    form: Callable[[str], str | bytes],
    as_file: bool,
    tmp_path: Path,
    key: RSAPrivateKey,
    certificate: x509.Certificate,
) -> None:
    given: list[Any] = []
    for number, pem in enumerate(
        (
            certificate.public_bytes(Encoding.PEM),
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        )
    ):
        content = form(pem.decode())
        path = tmp_path / str(number)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        given.append(path if as_file else content)
    assert signs(CertificateCredentials.load(*given))


@form
@pytest.mark.parametrize("kind", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_an_encrypted_key_of_each_form(
    form: Callable[[str], str | bytes],
    kind: PrivateFormat,
    key: RSAPrivateKey,
    certificate: x509.Certificate,
) -> None:
    """The traditional format has headers between its first line and its content."""
    pem = key.private_bytes(Encoding.PEM, kind, LOCK).decode()
    cert = certificate.public_bytes(Encoding.PEM)
    assert signs(CertificateCredentials.load(cert, form(pem), PASSWORD))


def test_base64_of_der_and_pkcs12(key: RSAPrivateKey, certificate: x509.Certificate) -> None:
    der = certificate.public_bytes(Encoding.DER)
    key_der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    bundle = pkcs12.serialize_key_and_certificates(b"mine", key, certificate, None, LOCK)
    for pack in (b64encode, encodebytes, lambda content: encodebytes(content).decode()):
        assert signs(CertificateCredentials.load(pack(der), pack(key_der)))
        assert signs(CertificateCredentials.load(pack(bundle), private_key_password=PASSWORD))


def test_one_pem_with_both(key: RSAPrivateKey, certificate: x509.Certificate) -> None:
    both = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    both += certificate.public_bytes(Encoding.PEM)
    assert signs(CertificateCredentials.load(both))
    assert signs(CertificateCredentials.load(b64encode(both)))


def test_an_openssh_key(key: RSAPrivateKey, certificate: x509.Certificate) -> None:
    pytest.importorskip("bcrypt")
    cert = certificate.public_bytes(Encoding.PEM)
    for lock, password in ((NoEncryption(), None), (LOCK, PASSWORD)):
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, lock)
        assert signs(CertificateCredentials.load(cert, pem, password))


def test_hints(key: RSAPrivateKey, certificate: x509.Certificate) -> None:
    cert = certificate.public_bytes(Encoding.PEM).decode()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, LOCK).decode()
    with pytest.raises(InvalidCredentialsException, match="contains ENCRYPTED PRIVATE KEY, and no"):
        CertificateCredentials.load(pem, pem, PASSWORD)
    with pytest.raises(InvalidPrivateKeyException, match="the PEM contains CERTIFICATE, and no"):
        CertificateCredentials.load(cert, cert)
    with pytest.raises(InvalidPrivateKeyException, match="the END line is missing") as caught:
        CertificateCredentials.load(cert, pem[:800], PASSWORD)
    assert pem[100:120] not in str(caught.value)
    with pytest.raises(InvalidPrivateKeyException, match="ends with a line end") as caught:
        CertificateCredentials.load(cert, pem, f"{PASSWORD}\n")
    assert PASSWORD not in str(caught.value)
    bundle = pkcs12.serialize_key_and_certificates(b"mine", key, certificate, None, LOCK)
    with pytest.raises(InvalidPrivateKeyException, match="ends with a blank"):
        CertificateCredentials.load(bundle, private_key_password=f"{PASSWORD} ")


@pytest.mark.parametrize("content", ["A" * 3000, "not/a/key" * 200, "\\n" * 500, "-----BEGIN "])
def test_what_cannot_be_taken_is_not_shown(content: str, certificate: x509.Certificate) -> None:
    cert = certificate.public_bytes(Encoding.PEM)
    with pytest.raises(InvalidPrivateKeyException) as caught:
        CertificateCredentials.load(cert, content)
    assert content[:40] not in str(caught.value) or len(content) < 40
