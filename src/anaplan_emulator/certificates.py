"""The emulator's certificate authority: user certificates, and server certificates for TLS."""

import ipaddress
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_SHARED_HOSTS = (
    "auth.anaplan.com",
    "api.anaplan.com",
    "api.cloudworks.anaplan.com",
    "audit.anaplan.com",
    "us1a.app.anaplan.com",
    "us2a.app.anaplan.com",
    "us5a.app.anaplan.com",
    "us7a.app.anaplan.com",
    "eu1a.app.anaplan.com",
    "eu2a.app.anaplan.com",
    "eu4.app.anaplan.com",
    "ap1a.app.anaplan.com",
)
_REGION_LABELS = ("us9", "eu3", "eu5", "gb1", "ca1a", "sg1", "ae1", "in1", "id1", "me1")
_AUSTRALIAN_HOSTS = (
    "au1a.app2.anaplan.com",
    "au1a.api2.anaplan.com",
    "api.au1a.app2.anaplan.com",
    "api.cloudworks.au1a.app2.anaplan.com",
)
ANAPLAN_HOSTS = (
    *_SHARED_HOSTS,
    *(f"{label}.{kind}.anaplan.com" for label in _REGION_LABELS for kind in ("auth", "api", "app")),
    *_AUSTRALIAN_HOSTS,
)
"""Anaplan's host names (docs/anaplan-behaviour.md#regions)."""

LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A certificate and its private key, each as PEM text.

    Attributes:
        certificate: The certificate.
        private_key: The private key, unencrypted.
    """

    certificate: str
    private_key: str


class Authority:
    """The emulator's certificate authority."""

    def __init__(self, certificate: x509.Certificate, private_key: RSAPrivateKey) -> None:
        self._certificate = certificate
        self._private_key = private_key

    @classmethod
    def create(cls) -> "Authority":
        """Create an authority that is valid for all times of the emulator's clock."""
        private_key = _new_key()
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Anaplan emulator"),
                x509.NameAttribute(NameOID.COMMON_NAME, "Anaplan emulator CA"),
            ]
        )
        public_key = private_key.public_key()
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(datetime(2000, 1, 1, tzinfo=UTC))
            .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(signs_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .sign(private_key, hashes.SHA256())
        )
        return cls(certificate, private_key)

    @classmethod
    def load(cls, pair: KeyPair) -> "Authority":
        """Load an authority from its certificate and key."""
        private_key = serialization.load_pem_private_key(pair.private_key.encode(), password=None)
        if not isinstance(private_key, RSAPrivateKey):
            raise TypeError("the key of the authority is not an RSA key")
        return cls(x509.load_pem_x509_certificate(pair.certificate.encode()), private_key)

    @property
    def pair(self) -> KeyPair:
        """The certificate and key of the authority."""
        return KeyPair(_pem(self._certificate), _key_pem(self._private_key))

    def issue_to_user(self, email: str, not_before: datetime, not_after: datetime) -> KeyPair:
        """Issue a certificate with which a user can sign in."""
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COMMON_NAME, email),
                x509.NameAttribute(NameOID.EMAIL_ADDRESS, email),
            ]
        )
        return self._issue(
            subject,
            [x509.RFC822Name(email)],
            ExtendedKeyUsageOID.CLIENT_AUTH,
            not_before,
            not_after,
        )

    def issue_to_hosts(self, hosts: Iterable[str]) -> KeyPair:
        """Issue a server certificate, which is valid in real time."""
        now = datetime.now(UTC)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Anaplan emulator")])
        # One year: some clients reject server certificates that are valid for much longer.
        return self._issue(
            subject,
            [_general_name(host) for host in hosts],
            ExtendedKeyUsageOID.SERVER_AUTH,
            now - timedelta(days=1),
            now + timedelta(days=365),
        )

    def _issue(
        self,
        subject: x509.Name,
        names: list[x509.GeneralName],
        usage: x509.ObjectIdentifier,
        not_before: datetime,
        not_after: datetime,
    ) -> KeyPair:
        private_key = _new_key()
        public_key = private_key.public_key()
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._certificate.subject)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(not_before)
            .not_valid_after(not_after)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._private_key.public_key()),
                critical=False,
            )
            .sign(self._private_key, hashes.SHA256())
        )
        return KeyPair(_pem(certificate), _key_pem(private_key))


def stored_authority(db: sqlite3.Connection) -> KeyPair | None:
    """Return the stored certificate and key of the authority, if it has been created."""
    row = db.execute("SELECT certificate, private_key FROM authority").fetchone()
    return KeyPair(row["certificate"], row["private_key"]) if row else None


def open_authority(db: sqlite3.Connection) -> Authority:
    """Return the stored authority, which is created if necessary."""
    stored = stored_authority(db)
    if stored is not None:
        return Authority.load(stored)
    authority = Authority.create()
    pair = authority.pair
    db.execute(
        "INSERT INTO authority (certificate, private_key) VALUES (?, ?)",
        (pair.certificate, pair.private_key),
    )
    return authority


def _new_key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=not signs_certificates,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_pem(private_key: RSAPrivateKey) -> str:
    return private_key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
