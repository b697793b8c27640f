"""Keys and certificates to sign in with, made once for each worker."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID


def issue(
    key: CertificateIssuerPrivateKeyTypes,
    not_before: timedelta = timedelta(days=-1),
    not_after: timedelta = timedelta(days=365),
    name: str = "ada@example.com",
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + not_before)
        .not_valid_after(now + not_after)
        .sign(key, SHA256())
    )


@pytest.fixture(scope="session")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="session")
def other_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="session")
def curve_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(scope="session")
def certificate(key: rsa.RSAPrivateKey) -> x509.Certificate:
    return issue(key)


@pytest.fixture(scope="session")
def other_certificate(other_key: rsa.RSAPrivateKey) -> x509.Certificate:
    return issue(other_key, name="ca@example.com")


@pytest.fixture(scope="session")
def curve_certificate(curve_key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    return issue(curve_key)


@pytest.fixture(scope="session")
def expired_certificate(key: rsa.RSAPrivateKey) -> x509.Certificate:
    return issue(key, not_before=timedelta(days=-2), not_after=timedelta(seconds=-1))


@pytest.fixture(scope="session")
def future_certificate(key: rsa.RSAPrivateKey) -> x509.Certificate:
    return issue(key, not_before=timedelta(hours=1))


@pytest.fixture(scope="session")
def ending_certificate(key: rsa.RSAPrivateKey) -> x509.Certificate:
    return issue(key, not_after=timedelta(days=20))
