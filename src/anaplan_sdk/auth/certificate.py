"""Sign-in with a certificate.

Source: Anaplan help, "Certificate authentication".
"""

from __future__ import annotations

import os
import secrets
import struct
import time
import warnings
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2

from anaplan_sdk import _loggers
from anaplan_sdk._arguments import expanded, flaw_of
from anaplan_sdk.auth import pem
from anaplan_sdk.config import CertificateInput, PayloadFormat, Signer, check_payload_format
from anaplan_sdk.exceptions import (
    AnaplanException,
    InvalidArgumentException,
    InvalidCredentialsException,
    InvalidPrivateKeyException,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.x509 import Certificate


class CertificateExpiryWarning(UserWarning):
    """A certificate expires within 30 days."""


# Anaplan asks for at least 100 bytes.
_RANDOM_BYTES = 150
_PEM_MARK = b"-----BEGIN "
_KEY_LABEL = "PRIVATE KEY"
_NOTICE = timedelta(days=30)
# Frames from the warning up to the line that makes the client.
_CALLER_DEPTH = 5
# A longer path is not shown in errors, since it may be a key: no RSA key is as short as this.
_LONGEST_SHOWN = 255
# A line of Base64 is longer, and has no dot.
_SHORTEST_PART = 40


@dataclass(frozen=True)
class CertificateCredentials:
    """A certificate and the private key that proves it. Make one with `load`."""

    subject: str
    payload: PayloadFormat
    may_block: bool = field(repr=False)
    """Whether signing may take long, as with a key service."""
    _pem: bytes = field(repr=False)
    _sign: Callable[[bytes], bytes] = field(repr=False, compare=False)

    @classmethod
    def load(
        cls,
        certificate: CertificateInput,
        private_key: CertificateInput | Signer | None = None,
        private_key_password: str | bytes | None = None,
        payload: PayloadFormat = "auto",
    ) -> CertificateCredentials:
        """Read and check a certificate and its key; nothing is sent.

        Args:
            certificate: A path (`~` is expanded), or PEM or DER content, also in Base64; PKCS#12
                contains the key, too, and PEM may. Of a chain, the certificate that the key belongs
                to is used.
            private_key: The same for the key, or a signer; not needed if `certificate` contains it.
            private_key_password: The password of an encrypted key or PKCS#12 file.
            payload: The format of what is signed: "v1", or "v2" with a timestamp; "auto" tries "v2"
                first.

        Returns:
            The credentials.

        Raises:
            InvalidArgumentException: The key is missing, an argument is empty, or the format is
                unknown.
            InvalidCredentialsException: The certificate can't be read, or is not valid today.
            InvalidPrivateKeyException: The key can't be read, needs another password, is not an RSA
                key or not that of the certificate.
            ImportError: The extra `cert` is not installed.
        """
        check_payload_format(payload)
        for name, given in (("certificate", certificate), ("private_key", private_key)):
            if isinstance(given, str | bytes) and not given:
                raise InvalidArgumentException(f"{name} is empty.")
        _require_cryptography()
        from cryptography.hazmat.primitives.serialization import Encoding

        password = (
            private_key_password.encode()
            if isinstance(private_key_password, str)
            else private_key_password
        )
        content = _content(certificate, "certificate", InvalidCredentialsException)
        if isinstance(private_key, Signer):
            x509 = _open_certificates(content)[0]
            sign = _checked_signer(private_key, x509)
        elif private_key is None and _KEY_LABEL in " ".join(pem.labels(content)):
            chain, key = _open_certificates(content), _open_key(content, password)
            x509, sign = _matching(chain, key), _local_signer(key)
        elif private_key is None:
            chain, key = _open_pkcs12(content, password)
            x509, sign = _matching(chain, key), _local_signer(key)
        else:
            chain = _open_certificates(content)
            key = _open_key(
                _content(private_key, "private key", InvalidPrivateKeyException), password
            )
            x509, sign = _matching(chain, key), _local_signer(key)
        subject = x509.subject.rfc4514_string()
        _check_validity(x509, subject)
        may_block = isinstance(private_key, Signer)
        return cls(subject, payload, may_block, x509.public_bytes(Encoding.PEM), sign)

    @property
    def expires(self) -> datetime:
        """When the certificate expires."""
        return _open_certificates(self._pem)[0].not_valid_after_utc

    @property
    def description(self) -> str:
        """Who signs in, and how, for the log."""
        format_ = "v1" if self.payload == "v1" else "v2"
        return f"with the certificate of {self.subject} ({format_})"

    @property
    def fallback(self) -> CertificateCredentials | None:
        """What to sign in with if Anaplan refuses these and has never accepted them.

        Anaplan requires v2 from 2026-06-19 by one edition of its help page, and accepts v1 by
        another (docs/anaplan-behaviour.md#certificates).
        """
        return replace(self, payload="v1") if self.payload == "auto" else None

    def token_request(self, authentication: str) -> httpx2.Request:
        """Return the request for a token to the authentication service at this base URL.

        Each call signs new random bytes.

        Args:
            authentication: The base URL.

        Returns:
            The request.
        """
        data = secrets.token_bytes(_RANDOM_BYTES)
        body: dict[str, str] = {}
        if self.payload != "v1":
            # Eight bytes of seconds since 1970, big-endian, as in the help page's sample.
            data = struct.pack(">Q", int(time.time())) + data
            body["encodedDataFormat"] = "v2"
        body["encodedData"] = b64encode(data).decode()
        body["encodedSignedData"] = b64encode(self._sign(data)).decode()
        return httpx2.Request(
            "POST",
            f"{authentication}/token/authenticate",
            headers={"Authorization": f"CACertificate {b64encode(self._pem).decode()}"},
            json=body,
        )


def _require_cryptography() -> None:
    if find_spec("cryptography") is None:
        raise ImportError(
            "Signing in with a certificate needs the extra 'cert': pip install 'anaplan-sdk[cert]'"
        )


def _content(
    source: CertificateInput, what: str, error: type[InvalidCredentialsException]
) -> bytes:
    """Return the content of a path's file, or content that was passed as such."""
    if isinstance(source, str | bytes):
        given = source.encode("utf-8", "surrogateescape") if isinstance(source, str) else source
        if (content := pem.unwrap(given)) is not None:
            return content
        # Bytes that are not text are content of another kind, which is refused when it is opened.
        if isinstance(source, bytes) and not source.isascii():
            return source
        source = os.fsdecode(source).strip()
    # Other text may be a part of a key, or one without its first line: not to be shown.
    shown = repr(str(source)) if _is_like_a_path(str(source)) else "at the given path"
    try:
        read = expanded(source).read_bytes()
    except (OSError, ValueError) as problem:
        why = problem.strerror if isinstance(problem, OSError) else str(problem).rstrip(".")
        raise error(f"The {what} {shown} can't be read: {why}.") from None
    content = pem.unwrap(read)
    return read if content is None else content


def _is_like_a_path(text: str) -> bool:
    if len(text) > _LONGEST_SHOWN:
        return False
    path = Path(text)
    is_in_folder = path.is_absolute() and path.parent.is_dir()
    return "." in text or len(text) < _SHORTEST_PART or is_in_folder


def _open_certificates(content: bytes) -> list[Certificate]:
    from cryptography import x509

    try:
        if pem.labels(content):
            return x509.load_pem_x509_certificates(pem.only(content, "CERTIFICATE"))
        return [x509.load_der_x509_certificate(content)]
    except ValueError:
        raise InvalidCredentialsException(
            "The certificate can't be read: "
            f"{_explained(content, 'CERTIFICATE') or 'it is neither PEM nor DER'}."
        ) from None


def _explained(content: bytes, wanted: str) -> str:
    """Say what PEM contains instead, for an error; its labels are no secrets."""
    labels = pem.labels(content)
    if any(label.endswith(wanted) for label in labels) or _PEM_MARK not in content:
        return ""
    if not labels:
        return "it begins like PEM, and the END line is missing or does not match the BEGIN line"
    return f"the PEM contains {' and '.join(dict.fromkeys(labels))}, and no {wanted}"


def _is_certificate(content: bytes) -> bool:
    try:
        _open_certificates(content)
    except InvalidCredentialsException:
        return False
    return True


def _open_key(content: bytes, password: bytes | None) -> RSAPrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    labels = pem.labels(content)
    if "OPENSSH PRIVATE KEY" in labels:
        load: Callable[..., object] = serialization.load_ssh_private_key
    elif labels:
        load = serialization.load_pem_private_key
    else:
        load = serialization.load_der_private_key
    try:
        return _rsa(load(pem.only(content, _KEY_LABEL), password or None))
    except TypeError:
        problem = "is not encrypted: omit the password" if password else "needs a password"
        raise InvalidPrivateKeyException(f"The private key {problem}.") from None
    except (ValueError, UnsupportedAlgorithm):
        why = f"the password is wrong{_pasted(password)}, or " if password else ""
        fault = _explained(content, _KEY_LABEL) or "it is neither a PEM nor a DER private key"
        raise InvalidPrivateKeyException(f"The private key can't be read: {why}{fault}.") from None


def _pasted(password: bytes | None) -> str:
    """Name the whitespace around a password, for an error about it."""
    flaw = flaw_of(password.decode("utf-8", "replace")) if password else None
    return f" ({flaw})" if flaw else ""


def _rsa(key: object) -> RSAPrivateKey:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    if not isinstance(key, RSAPrivateKey):
        raise InvalidPrivateKeyException(
            "The private key is not an RSA key: Anaplan accepts RSA signatures with SHA-512 only."
        )
    return key


def _open_pkcs12(content: bytes, password: bytes | None) -> tuple[list[Certificate], RSAPrivateKey]:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import pkcs12

    if _PEM_MARK in content or _is_certificate(content):
        raise InvalidArgumentException(
            "private_key is missing: neither is it in the certificate's file."
        )
    try:
        key, x509, others = pkcs12.load_key_and_certificates(content, password or None)
    except (ValueError, UnsupportedAlgorithm):
        raise InvalidPrivateKeyException(
            "The certificate was given without a private key, so it must be a PKCS#12 file; it "
            "can't be opened as one: the password is wrong"
            f"{_pasted(password)}, or it is another kind of file."
        ) from None
    if x509 is None or key is None:
        raise InvalidPrivateKeyException("The PKCS#12 file lacks a certificate or its private key.")
    return [x509, *others], _rsa(key)


def _matching(chain: list[Certificate], key: RSAPrivateKey) -> Certificate:
    public = key.public_key()
    for x509 in chain:
        if x509.public_key() == public:
            return x509
    raise InvalidPrivateKeyException("The certificate and the private key don't belong together.")


def _local_signer(key: RSAPrivateKey) -> Callable[[bytes], bytes]:
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA512

    return lambda data: key.sign(data, PKCS1v15(), SHA512())


def _checked_signer(signer: Signer, x509: Certificate) -> Callable[[bytes], bytes]:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.hashes import SHA512

    public = x509.public_key()
    if not isinstance(public, RSAPublicKey):
        raise InvalidCredentialsException(
            "The certificate's key is not an RSA key: Anaplan accepts no other."
        )

    def sign(data: bytes) -> bytes:
        try:
            signature = signer.sign(data)
        except Exception as error:
            raise AnaplanException(
                f"The signer failed: {type(error).__name__}.", not_performed=True
            ) from error
        try:
            public.verify(signature, data, PKCS1v15(), SHA512())
        except InvalidSignature:
            raise InvalidPrivateKeyException(
                "The signer's signature is not valid: it must be RSA with SHA-512, PKCS#1 v1.5, by "
                "the certificate's key."
            ) from None
        return signature

    return sign


def _check_validity(x509: Certificate, subject: str) -> None:
    now = datetime.now(UTC)
    if x509.not_valid_after_utc < now:
        raise InvalidCredentialsException(
            f"The certificate of {subject} expired on {x509.not_valid_after_utc:%Y-%m-%d}."
        )
    if x509.not_valid_before_utc > now:
        raise InvalidCredentialsException(
            f"The certificate of {subject} is not valid before "
            f"{x509.not_valid_before_utc:%Y-%m-%d %H:%M} UTC."
        )
    if x509.not_valid_after_utc - now < _NOTICE:
        message = (
            f"The certificate of {subject} expires on {x509.not_valid_after_utc:%Y-%m-%d}: upload "
            "a new one to Anaplan before that."
        )
        _loggers.auth.warning("%s", message)
        warnings.warn(message, CertificateExpiryWarning, stacklevel=_CALLER_DEPTH)
