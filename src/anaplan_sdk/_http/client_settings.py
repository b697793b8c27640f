"""The settings that an HTTP client is made with: its TLS context and its proxies."""

from __future__ import annotations

import os
import ssl
from collections.abc import Collection, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import httpx2

from anaplan_sdk._http.proxies import can_use_environment, without_proxy
from anaplan_sdk.exceptions import ArgumentTypeException, InvalidArgumentException


def client_settings(options: Mapping[str, Any], addresses: Collection[str]) -> dict[str, Any]:
    """Return the arguments for an HTTP client. Files of certificates are read here.

    Requests to this machine use no proxy of the environment: it could not reach them, and would see
    passwords in plain text.

    Args:
        options: Options of the client, as its caller gave them.
        addresses: The base URLs that it sends to.

    Raises:
        InvalidArgumentException: Certificates or a proxy can't be used. The error names the option
            or the environment variable.
        ArgumentTypeException: An option has the wrong type.
    """
    settings = dict(options)
    trusts_environment = settings.get("trust_env", True)
    own_transport, proxy = settings.get("transport"), settings.get("proxy")
    if own_transport is None or proxy is not None:
        settings["verify"] = _tls_context(settings)
    settings.pop("cert", None)  # It is in the context, where the HTTP library expects it.
    if own_transport is None and proxy is None and trusts_environment:
        settings["trust_env"] = can_use_environment(addresses)
        settings["mounts"] = without_proxy(settings.get("mounts") or {}, addresses)
    return settings


def _tls_context(settings: Mapping[str, Any]) -> ssl.SSLContext:
    verify, certificate = settings.get("verify", True), settings.get("cert")
    if isinstance(verify, ssl.SSLContext):
        context = verify
    elif not isinstance(verify, bool | str | os.PathLike):
        raise ArgumentTypeException(
            f"verify must be an ssl.SSLContext, a path or a bool, not {type(verify).__name__}."
        )
    else:
        # The HTTP library sets the protocols in it whenever it connects.
        key = settings.get("trust_env", True), settings.get("http2", False)
        make = _verifying_context.__wrapped__ if certificate is not None else _verifying_context
        source: bool | str = verify if isinstance(verify, bool) else str(cast("object", verify))
        context = make(source, *key, _state_of_certificates(source))
    if certificate is not None:
        fault: str | None = None
        try:
            context.load_cert_chain(
                *((certificate,) if isinstance(certificate, str) else certificate)
            )
        except (OSError, ValueError, TypeError) as error:
            fault = _reason(error)
        if fault is not None:
            raise InvalidArgumentException(f"cert: the certificate can't be used: {fault}.")
    return context


# Reading the certificates of all authorities takes longer than all else about a client.
@lru_cache(maxsize=8)
def _verifying_context(
    verify: bool | str, trusts_environment: bool, _http2: bool, _state: object
) -> ssl.SSLContext:
    name = "verify"
    if verify is True and trusts_environment:
        if os.environ.get("SSL_CERT_FILE"):
            name = "The environment's SSL_CERT_FILE"
        elif folders := os.environ.get("SSL_CERT_DIR"):
            name = "The environment's SSL_CERT_DIR"
            if not any(Path(folder).is_dir() for folder in folders.split(os.pathsep)):
                raise InvalidArgumentException(f"{name}: there is no such directory.")
    try:
        if isinstance(verify, bool):
            return httpx2.create_ssl_context(verify=verify, trust_env=trusts_environment)
        # Read here, since the HTTP library deprecates paths.
        is_folder = Path(verify).is_dir()
        return ssl.create_default_context(
            cafile=None if is_folder else verify, capath=verify if is_folder else None
        )
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError.
        fault = _reason(error)
    raise InvalidArgumentException(f"{name}: the certificates can't be read: {fault}.")


def _state_of_certificates(verify: object) -> tuple[object, ...]:
    """Return what changes with the certificates, so that new clients use new ones."""
    system = ssl.get_default_verify_paths()
    variables = [os.environ.get(name) for name in ("SSL_CERT_FILE", "SSL_CERT_DIR")]
    paths = [verify, *variables, system.openssl_cafile, system.openssl_capath]
    return (*variables, *(_changed_at(path) for path in paths if isinstance(path, str)))


def _changed_at(path: str) -> int | None:
    try:
        return Path(path).stat().st_mtime_ns
    except (OSError, ValueError):
        return None


def _reason(error: Exception) -> str:
    """Return what is wrong with a file, without quoting its content."""
    return (
        getattr(error, "reason", None)
        or getattr(error, "strerror", None)
        or "it is not a certificate"
    )
