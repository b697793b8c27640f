"""Signing in with a certificate and a signature made with its key.

Source: docs/anaplan-behaviour.md#certificates.
"""

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
from anaplan_emulator.apis.calls import Call, parse_json
from anaplan_emulator.certificates import stored_authority
from anaplan_emulator.store.users import User, user_by_email

MIN_DATA_BYTES = 100
"""Smallest number of signed bytes, including the timestamp of v2."""

MIN_MILLISECONDS = 10**11
"""Timestamps from this value are in milliseconds: in seconds it would be 3,000 years from now."""


def user_by_certificate(call: Call, header_value: str) -> User:
    """Return the user of a certificate, after checking the signature in the body.

    Args:
        call: The request.
        header_value: The certificate, from the header `Authorization`.

    Raises:
        ApiError: 401, the certificate or the signature is not valid.
    """
    certificate = _read_certificate(header_value)
    _check_issuer(call.db, certificate)
    _check_validity(certificate, call.tenant.clock.now())
    _check_payload(call, certificate)
    user = user_by_email(call.db, _email(certificate))
    if user is None:
        raise bad_credential("The certificate is not registered for any user.")
    if not user.active:
        raise bad_credential("The user is not active.")
    return user


def _read_certificate(header_value: str) -> x509.Certificate:
    """Parse the base64 of a whole PEM file, or only the body of a PEM file."""
    content = _decode(header_value, "The certificate")
    try:
        if b"-----BEGIN" in content:
            return x509.load_pem_x509_certificate(content)
        return x509.load_der_x509_certificate(content)
    except ValueError as error:
        raise bad_credential("The certificate cannot be read.") from error


def _check_issuer(db: sqlite3.Connection, certificate: x509.Certificate) -> None:
    stored = stored_authority(db)
    if stored is None:
        raise bad_credential("The certificate was not issued by a trusted authority.")
    authority = x509.load_pem_x509_certificate(stored.certificate.encode())
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
        payload = parse_json(call.body)
    except ValueError as error:
        raise bad_credential("The request body is not JSON.") from error
    if not isinstance(payload, dict):
        raise bad_credential("The request body is not a JSON object.")
    data = _decode(payload.get("encodedData"), "encodedData")
    signature = _decode(payload.get("encodedSignedData"), "encodedSignedData")
    if len(data) < MIN_DATA_BYTES:
        raise bad_credential(f"encodedData holds fewer than {MIN_DATA_BYTES} bytes.")
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
            # Moving the emulator's clock does not change the clock by which the client signs.
            clocks = (call.tenant.clock.timestamp(), time.time())
            _use_once(call.db, data, clocks, call.tenant.settings.certificate_tolerance_seconds)
        case other:
            raise bad_credential(f"Unknown encodedDataFormat: {other}")


def _use_once(
    db: sqlite3.Connection, data: bytes, clocks: tuple[float, ...], tolerance: float
) -> None:
    """Accept a v2 payload once, if its timestamp is near the time of any of the clocks."""
    timestamp = int.from_bytes(data[:8], "big")
    signed_at = timestamp / 1000 if timestamp >= MIN_MILLISECONDS else float(timestamp)
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
