"""Sign-in with a certificate: what is read, what is refused, and what is signed."""

import json
import os
import time
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from anaplan_sdk.auth.certificate import CertificateCredentials
from anaplan_sdk.config import CertificateInput, PayloadFormat
from anaplan_sdk.exceptions import InvalidCredentialsException, InvalidPrivateKeyException

HOST = "https://auth.anaplan.com"
PASSWORD = "open s\u00e9same"
LOCK = BestAvailableEncryption(PASSWORD.encode())
OPEN = NoEncryption()

Give = Callable[[bytes, Path], CertificateInput]
"""Makes an argument of some content; the path is free to be written to."""


def as_bytes(content: bytes, path: Path) -> CertificateInput:
    return content


def as_text(content: bytes, path: Path) -> CertificateInput:
    return content.decode()


def as_path(content: bytes, path: Path) -> CertificateInput:
    path.write_bytes(content)
    return path


def as_path_text(content: bytes, path: Path) -> CertificateInput:
    path.write_bytes(content)
    return str(path)


def as_path_bytes(content: bytes, path: Path) -> CertificateInput:
    path.write_bytes(content)
    return os.fsencode(path)


def private_pem(
    key: RSAPrivateKey | EllipticCurvePrivateKey,
    lock: KeySerializationEncryption = OPEN,
    form: PrivateFormat = PrivateFormat.PKCS8,
) -> bytes:
    return key.private_bytes(Encoding.PEM, form, lock)


def public_pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


def bundle(
    key: RSAPrivateKey | EllipticCurvePrivateKey | None,
    certificate: x509.Certificate | None,
    lock: KeySerializationEncryption = OPEN,
    others: list[x509.Certificate] | None = None,
) -> bytes:
    return pkcs12.serialize_key_and_certificates(b"mine", key, certificate, others, lock)


def signs_for(credentials: CertificateCredentials, certificate: x509.Certificate) -> bool:
    """Whether a token request carries the certificate and a signature its key has made."""
    request = credentials.token_request(HOST)
    scheme, _, value = request.headers["Authorization"].partition(" ")
    body = json.loads(request.content)
    public = certificate.public_key()
    assert isinstance(public, RSAPublicKey)
    signature, data = b64decode(body["encodedSignedData"]), b64decode(body["encodedData"])
    public.verify(signature, data, PKCS1v15(), SHA512())
    return scheme == "CACertificate" and b64decode(value, validate=True) == public_pem(certificate)


@pytest.mark.parametrize("give", [as_bytes, as_text, as_path, as_path_text, as_path_bytes])
def test_pem_is_content_or_a_path(
    give: Give, tmp_path: Path, key: RSAPrivateKey, certificate: x509.Certificate
) -> None:
    credentials = CertificateCredentials.load(
        give(public_pem(certificate), tmp_path / "cert.pem"),
        give(private_pem(key), tmp_path / "key.pem"),
    )
    assert credentials.subject == "CN=ada@example.com"
    assert signs_for(credentials, certificate)


@pytest.mark.parametrize("give", [as_bytes, as_path, as_path_text])
def test_der_is_content_or_a_path(
    give: Give, tmp_path: Path, key: RSAPrivateKey, certificate: x509.Certificate
) -> None:
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, OPEN)
    credentials = CertificateCredentials.load(
        give(certificate.public_bytes(Encoding.DER), tmp_path / "cert.der"),
        give(der, tmp_path / "key.der"),
    )
    assert signs_for(credentials, certificate)


@pytest.mark.parametrize("give", [as_bytes, as_path, as_path_text])
@pytest.mark.parametrize("lock", [OPEN, LOCK], ids=["open", "locked"])
def test_pkcs12_holds_both(
    give: Give,
    lock: KeySerializationEncryption,
    tmp_path: Path,
    key: RSAPrivateKey,
    certificate: x509.Certificate,
    other_certificate: x509.Certificate,
) -> None:
    content = bundle(key, certificate, lock, [other_certificate])
    credentials = CertificateCredentials.load(
        give(content, tmp_path / "cert.p12"),
        private_key_password=None if lock is OPEN else PASSWORD,
    )
    assert signs_for(credentials, certificate)


def test_a_tilde_is_the_home_folder(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    key: RSAPrivateKey,
    certificate: x509.Certificate,
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "cert.pem").write_bytes(public_pem(certificate))
    (tmp_path / "key.pem").write_bytes(private_pem(key))
    assert signs_for(
        CertificateCredentials.load("~/cert.pem", Path("~/key.pem"), None), certificate
    )


@pytest.mark.parametrize("password", [PASSWORD, PASSWORD.encode()], ids=["text", "bytes"])
@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_locked_keys_open_with_their_password(
    form: PrivateFormat, password: str | bytes, key: RSAPrivateKey, certificate: x509.Certificate
) -> None:
    credentials = CertificateCredentials.load(
        public_pem(certificate), private_pem(key, LOCK, form), password
    )
    assert signs_for(credentials, certificate)


def test_a_locked_der_key_opens_with_its_password(
    key: RSAPrivateKey, certificate: x509.Certificate
) -> None:
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, LOCK)
    assert signs_for(
        CertificateCredentials.load(public_pem(certificate), der, PASSWORD), certificate
    )
    with pytest.raises(InvalidPrivateKeyException, match="needs a password"):
        CertificateCredentials.load(public_pem(certificate), der)
    with pytest.raises(InvalidPrivateKeyException, match="password is wrong"):
        CertificateCredentials.load(public_pem(certificate), der, "another")


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
@pytest.mark.parametrize(
    ("password", "said"),
    [(None, "needs a password"), ("", "needs a password"), ("wrong", "password is wrong")],
)
def test_a_locked_key_says_what_it_needs(
    form: PrivateFormat,
    password: str | None,
    said: str,
    key: RSAPrivateKey,
    certificate: x509.Certificate,
) -> None:
    with pytest.raises(InvalidPrivateKeyException, match=said):
        CertificateCredentials.load(public_pem(certificate), private_pem(key, LOCK, form), password)


def test_a_password_for_an_open_key_is_a_mistake_worth_telling(
    key: RSAPrivateKey, certificate: x509.Certificate
) -> None:
    with pytest.raises(InvalidPrivateKeyException, match="is not encrypted"):
        CertificateCredentials.load(public_pem(certificate), private_pem(key), PASSWORD)


@pytest.mark.parametrize("password", [None, "", "wrong"])
def test_a_locked_bundle_says_that_it_cannot_be_opened(
    password: str | None, key: RSAPrivateKey, certificate: x509.Certificate
) -> None:
    with pytest.raises(InvalidPrivateKeyException, match="password is wrong"):
        CertificateCredentials.load(bundle(key, certificate, LOCK), None, password)


def test_half_a_bundle_is_refused(key: RSAPrivateKey, certificate: x509.Certificate) -> None:
    for half in (bundle(key, None), bundle(None, certificate)):
        with pytest.raises(InvalidPrivateKeyException, match="lacks a certificate or its"):
            CertificateCredentials.load(half)


def test_a_certificate_needs_its_own_key(
    key: RSAPrivateKey, other_key: RSAPrivateKey, certificate: x509.Certificate
) -> None:
    with pytest.raises(InvalidPrivateKeyException, match="don't belong together"):
        CertificateCredentials.load(public_pem(certificate), private_pem(other_key))
    assert signs_for(
        CertificateCredentials.load(public_pem(certificate), private_pem(key)), certificate
    )


def test_only_rsa_will_do(
    key: RSAPrivateKey, curve_key: EllipticCurvePrivateKey, curve_certificate: x509.Certificate
) -> None:
    with pytest.raises(InvalidPrivateKeyException, match="not an RSA key"):
        CertificateCredentials.load(public_pem(curve_certificate), private_pem(curve_key))
    with pytest.raises(InvalidPrivateKeyException, match="not an RSA key"):
        CertificateCredentials.load(bundle(curve_key, curve_certificate))
    with pytest.raises(InvalidPrivateKeyException, match="don't belong together"):
        CertificateCredentials.load(public_pem(curve_certificate), private_pem(key))


def test_a_certificate_must_be_valid_today(
    key: RSAPrivateKey,
    expired_certificate: x509.Certificate,
    future_certificate: x509.Certificate,
) -> None:
    ended = expired_certificate.not_valid_after_utc
    with pytest.raises(InvalidCredentialsException, match=f"expired on {ended:%Y-%m-%d}"):
        CertificateCredentials.load(public_pem(expired_certificate), private_pem(key))
    with pytest.raises(InvalidCredentialsException, match="not valid before") as caught:
        CertificateCredentials.load(bundle(key, future_certificate))
    assert type(caught.value) is InvalidCredentialsException
    assert "CN=ada@example.com" in str(caught.value)


JUNK = b"\x00\x01 neither \xff"
BROKEN_PEM = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
no_content = pytest.mark.parametrize(
    ("content", "give"),
    [(b"", as_path), *((bad, give) for bad in (JUNK, BROKEN_PEM) for give in (as_bytes, as_path))],
    ids=["empty file", "junk", "file of junk", "broken", "broken file"],
)


@no_content
def test_what_is_no_certificate_is_refused(
    content: bytes, give: Give, tmp_path: Path, key: RSAPrivateKey
) -> None:
    with pytest.raises(InvalidCredentialsException, match="neither PEM nor DER") as caught:
        CertificateCredentials.load(give(content, tmp_path / "cert"), private_pem(key))
    assert type(caught.value) is InvalidCredentialsException


@no_content
def test_what_is_no_key_is_refused(
    content: bytes, give: Give, tmp_path: Path, certificate: x509.Certificate
) -> None:
    expected = "neither a PEM nor a DER|contains CERTIFICATE, and no PRIVATE KEY"
    with pytest.raises(InvalidPrivateKeyException, match=expected):
        CertificateCredentials.load(public_pem(certificate), give(content, tmp_path / "key"))


def test_certificate_and_key_may_share_a_file(
    key: RSAPrivateKey, certificate: x509.Certificate
) -> None:
    both = [public_pem(certificate), private_pem(key)]
    for content in (b"".join(both), b"".join(reversed(both))):
        assert signs_for(CertificateCredentials.load(content, content), certificate)


def test_the_certificates_of_a_chain_may_follow(
    key: RSAPrivateKey, certificate: x509.Certificate, other_certificate: x509.Certificate
) -> None:
    chain = public_pem(certificate) + public_pem(other_certificate)
    assert signs_for(CertificateCredentials.load(chain, private_pem(key)), certificate)


def test_remarks_around_pem_do_not_matter(
    key: RSAPrivateKey, certificate: x509.Certificate
) -> None:
    remark = "Bag Attributes\n    friendlyName: J\u00f6rg\n".encode()
    for remarked in (remark + public_pem(certificate), (remark + public_pem(certificate)).decode()):
        assert signs_for(CertificateCredentials.load(remarked, private_pem(key)), certificate)


@pytest.mark.parametrize("name", ["missing.pem", "folder", "missing/cert.pem"])
def test_a_file_that_cannot_be_read_is_named(
    name: str, tmp_path: Path, key: RSAPrivateKey, certificate: x509.Certificate
) -> None:
    (tmp_path / "folder").mkdir()
    path = tmp_path / name
    with pytest.raises(InvalidCredentialsException, match=f"certificate .*{name}.* can't be read"):
        CertificateCredentials.load(path, private_pem(key))
    with pytest.raises(InvalidPrivateKeyException, match=f"private key .*{name}.* can't be read"):
        CertificateCredentials.load(public_pem(certificate), str(path))


@pytest.mark.parametrize("length", [64, 200, 1000])
def test_a_part_of_a_key_is_not_shown(
    length: int, key: RSAPrivateKey, certificate: x509.Certificate
) -> None:
    body = "".join(private_pem(key).decode().splitlines()[1:-1])
    for start in range(0, 50, 7):
        part = body[start : start + length]
        with pytest.raises(InvalidPrivateKeyException) as refused:
            CertificateCredentials.load(public_pem(certificate), part)
        assert part[:12] not in str(refused.value)


@pytest.mark.parametrize("path", ["~nobody-of-this-name/key.pem", "key\0.pem"])
def test_a_path_that_leads_nowhere_is_an_error_of_ours(
    path: str, key: RSAPrivateKey, certificate: x509.Certificate
) -> None:
    with pytest.raises(InvalidCredentialsException, match="can't be read"):
        CertificateCredentials.load(path, private_pem(key))
    with pytest.raises(InvalidPrivateKeyException, match="can't be read"):
        CertificateCredentials.load(public_pem(certificate), path)


@pytest.mark.parametrize("header", [False, True], ids=["bare", "cut off"])
def test_a_key_that_was_mangled_is_not_shown(
    header: bool, key: RSAPrivateKey, certificate: x509.Certificate
) -> None:
    """As when a part of a key was put into an environment variable."""
    lines = private_pem(key).decode().split("\n")
    mangled = "\\n".join(lines[:-2]) if header else "".join(lines[2:-2])
    with pytest.raises(InvalidPrivateKeyException) as caught:
        CertificateCredentials.load(public_pem(certificate), mangled)
    assert lines[2][:20] not in f"{caught.value!s}{caught.value!r}{vars(caught.value)}"


def test_an_incomplete_pair_says_what_is_missing(
    tmp_path: Path, key: RSAPrivateKey, certificate: x509.Certificate
) -> None:
    der = certificate.public_bytes(Encoding.DER)
    for alone in (public_pem(certificate), as_path(public_pem(certificate), tmp_path / "c"), der):
        with pytest.raises(ValueError, match="private_key is missing"):
            CertificateCredentials.load(alone)
    for empty in ("", b""):
        with pytest.raises(ValueError, match="private_key is empty"):
            CertificateCredentials.load(public_pem(certificate), empty)
        with pytest.raises(ValueError, match="certificate is empty"):
            CertificateCredentials.load(empty, private_pem(key))


@pytest.mark.parametrize("payload", ["auto", "v1", "v2"])
def test_each_sign_in_signs_something_new(
    payload: PayloadFormat, key: RSAPrivateKey, certificate: x509.Certificate
) -> None:
    credentials = CertificateCredentials.load(
        public_pem(certificate), private_pem(key), payload=payload
    )
    assert signs_for(credentials, certificate)
    requests = [credentials.token_request(HOST) for _ in range(2)]
    bodies = [json.loads(request.content) for request in requests]
    assert bodies[0]["encodedData"] != bodies[1]["encodedData"]
    for request, body in zip(requests, bodies, strict=True):
        assert (request.method, str(request.url)) == ("POST", f"{HOST}/token/authenticate")
        assert request.headers["Content-Type"] == "application/json"
        marks = {"encodedDataFormat"} if payload != "v1" else set()
        assert set(body) == {"encodedData", "encodedSignedData"} | marks


def test_v1_signs_random_bytes(key: RSAPrivateKey, certificate: x509.Certificate) -> None:
    credentials = CertificateCredentials.load(
        public_pem(certificate), private_pem(key), payload="v1"
    )
    data = b64decode(json.loads(credentials.token_request(HOST).content)["encodedData"])
    assert len(data) >= 100


def test_v2_begins_with_the_time(key: RSAPrivateKey, certificate: x509.Certificate) -> None:
    credentials = CertificateCredentials.load(
        public_pem(certificate), private_pem(key), payload="v2"
    )
    before = int(time.time())
    body = json.loads(credentials.token_request(HOST).content)
    data = b64decode(body["encodedData"])
    assert before <= int.from_bytes(data[:8], "big") <= time.time()
    assert len(data) >= 108
    assert body["encodedDataFormat"] == "v2"


def test_no_other_payload_is_known(key: RSAPrivateKey, certificate: x509.Certificate) -> None:
    with pytest.raises(ValueError, match="'v1' or 'v2', not 'v3'"):
        CertificateCredentials.load(
            public_pem(certificate),
            private_pem(key),
            payload="v3",  # type: ignore[arg-type]
        )


def test_no_secret_shows(key: RSAPrivateKey, certificate: x509.Certificate) -> None:
    credentials = CertificateCredentials.load(
        public_pem(certificate), private_pem(key, LOCK), PASSWORD
    )
    shown = f"{credentials!r} {credentials}"
    assert shown.startswith("CertificateCredentials(subject='CN=ada@example.com', payload='auto')")
    secret = str(key.private_numbers().d)
    for hidden in (
        PASSWORD,
        secret,
        b64encode(private_pem(key)).decode()[40:60],
        "PRIVATE",
        "BEGIN",
    ):
        assert hidden not in shown
