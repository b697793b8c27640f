"""Files for the jobs: CSV to upload, and certificates. `python material.py FOLDER`."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from replies import CHUNK, csv_block

BLOCKS = 10
HOSTS = ("api.anaplan.com", "auth.anaplan.com")
_Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def main(folder: Path) -> None:
    """Write the files. The CSV is written only if it does not exist."""
    folder.mkdir(parents=True, exist_ok=True)
    content = folder / "content.csv"
    if not content.is_file() or content.stat().st_size != BLOCKS * CHUNK:
        content.write_bytes(csv_block(CHUNK) * BLOCKS)
    # The certificate to sign in with.
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    _write(folder, "certificate.pem", "key.pem", _sign("benchmark", key, "benchmark", key), key)
    # The authority that clients trust, and the certificate of the server.
    authority, own = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    _write(folder, "ca.pem", "ca-key.pem", _sign("CA", authority, "CA", authority), authority)
    _write(folder, "server.pem", "server-key.pem", _sign(HOSTS[0], own, "CA", authority), own)


def _sign(name: str, key: _Key, issuer: str, issuer_key: _Key) -> x509.Certificate:
    now = dt.datetime.now(dt.UTC)
    is_authority = name == issuer
    builder = (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(_named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=60))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )
    if not is_authority:
        names = x509.SubjectAlternativeName([x509.DNSName(host) for host in HOSTS])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def _write(
    folder: Path, certificate_file: str, key_file: str, certificate: x509.Certificate, key: _Key
) -> None:
    (folder / certificate_file).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / key_file).write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
