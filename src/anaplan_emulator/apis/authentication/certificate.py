"""Sign-in with a certificate: whose it is, and whether the caller holds its key (facts 2.4)."""

import base64
import binascii
import hashlib
import sqlite3
import time
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA512

from anaplan_emulator.apis.authentication.state import bad_credential
from anaplan_emulator.calls import Call, read_json
from anaplan_emulator.certificates import kept_authority
from anaplan_emulator.store.users import User, user_by_email

SHORTEST_DATA = 100
"""Bytes of signed data asked for; the timestamp of v2 counts."""

FIRST_MILLISECONDS = 10**11
"""A timestamp from here on counts milliseconds: as seconds it would lie 3,000 years ahead."""


def user_by_certificate(call: Call, header_value: str) -> User:
    """Find the user whose certificate and signature these are.

    Raises:
        ApiError: 401, saying what is wrong.
    """
    certificate = _read_certificate(header_value)
    _check_issuer(call.db, certificate)
    _check_validity(certificate, call.world.clock.now())
    _check_payload(call, certificate)
    user = user_by_email(call.db, _email(certificate))
    if user is None:
        raise bad_credential("The certificate is not registered for any user.")
    if not user.active:
        raise bad_credential("The user is not active.")
    return user


def _read_certificate(header_value: str) -> x509.Certificate:
    """Read either form in use: base64 of a whole PEM file, or a PEM file's body alone."""
    content = _decode(header_value, "The certificate")
    try:
        if b"-----BEGIN" in content:
            return x509.load_pem_x509_certificate(content)
        return x509.load_der_x509_certificate(content)
    except ValueError as error:
        raise bad_credential("The certificate can't be read.") from error


def _check_issuer(db: sqlite3.Connection, certificate: x509.Certificate) -> None:
    kept = kept_authority(db)
    if kept is None:
        raise bad_credential("The certificate was not issued by a trusted authority.")
    authority = x509.load_pem_x509_certificate(kept.certificate.encode())
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, ValueError, TypeError) as error:
        raise bad_credential("The certificate was not issued by a trusted authority.") from error


def _check_validity(certificate: x509.Certificate, now: datetime) -> None:
    if now < certificate.not_valid_before_utc:
        raise bad_credential("The certificate is not valid yet.")
    if now > certificate.not_valid_after_utc:
        raise bad_credential("The certificate has expired.")


def _check_payload(call: Call, certificate: x509.Certificate) -> None:
    try:
        payload = read_json(call.body)
    except ValueError as error:
        raise bad_credential("The request body is not JSON.") from error
    if not isinstance(payload, dict):
        raise bad_credential("The request body is not a JSON object.")
    data = _decode(payload.get("encodedData"), "encodedData")
    signature = _decode(payload.get("encodedSignedData"), "encodedSignedData")
    if len(data) < SHORTEST_DATA:
        raise bad_credential(f"encodedData holds fewer than {SHORTEST_DATA} bytes.")
    public_key = certificate.public_key()
    if not isinstance(public_key, RSAPublicKey):
        raise bad_credential("The certificate's key is not an RSA key.")
    try:
        public_key.verify(signature, data, PKCS1v15(), SHA512())
    except InvalidSignature as error:
        raise bad_credential("The signature does not belong to data and certificate.") from error
    match payload.get("encodedDataFormat"):
        case None | "v1":
            pass
        case "v2":
            # Whoever moves the emulator's clock doesn't move that of the client, who signs by it.
            clocks = (call.world.clock.timestamp(), time.time())
            _spend(call.db, data, clocks, call.world.settings.certificate_tolerance_seconds)
        case other:
            raise bad_credential(f"Unknown encodedDataFormat: {other}")


def _spend(
    db: sqlite3.Connection, data: bytes, clocks: tuple[float, ...], tolerance: float
) -> None:
    """Accept a v2 payload once, near the moment it names by any of the clocks."""
    stamp = int.from_bytes(data[:8], "big")
    signed_at = stamp / 1000 if stamp >= FIRST_MILLISECONDS else float(stamp)
    if min(abs(now - signed_at) for now in clocks) > tolerance:
        raise bad_credential("The timestamp of encodedData is too far from the present.")
    db.execute("DELETE FROM spent_payloads WHERE signed_at < ?", (min(clocks) - tolerance,))
    try:
        db.execute(
            "INSERT INTO spent_payloads (digest, signed_at) VALUES (?, ?)",
            (hashlib.sha256(data).digest(), signed_at),
        )
    except sqlite3.IntegrityError as error:
        raise bad_credential("encodedData was used before.") from error


def _email(certificate: x509.Certificate) -> str:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ""
    return next(iter(names.get_values_for_type(x509.RFC822Name)), "")


def _decode(value: object, what: str) -> bytes:
    if not isinstance(value, str) or not value:
        raise bad_credential(f"{what} is missing.")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise bad_credential(f"{what} is not base64.") from error
