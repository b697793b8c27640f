"""Anaplan for Python: typed clients, sync and async, for all of Anaplan's public APIs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anaplan_sdk import exceptions
from anaplan_sdk._version import __version__

if TYPE_CHECKING:
    from anaplan_sdk import models
    from anaplan_sdk._async.client import AsyncClient
    from anaplan_sdk._sync.client import Client
    from anaplan_sdk.auth.certificate import CertificateExpiryWarning, Signer
    from anaplan_sdk.auth.consolidation import ConsolidationAccess
    from anaplan_sdk.auth.device import AnaplanDeviceAuth, DeviceCode
    from anaplan_sdk.auth.local_oauth import AnaplanLocalOAuth
    from anaplan_sdk.auth.oauth import AsyncOauth, Oauth
    from anaplan_sdk.auth.oauth_app import OAuthToken
    from anaplan_sdk.auth.oauth_tokens import AnaplanRefreshTokenAuth
    from anaplan_sdk.auth.stores import KeyringStore, MemoryStore, PlaintextFileStore, TokenStore
    from anaplan_sdk.models.scim_filter import field
    from anaplan_sdk.progress import Progress, ProgressCallback
    from anaplan_sdk.regions import Hosts, Region

__all__ = [
    "AnaplanDeviceAuth",
    "AnaplanLocalOAuth",
    "AnaplanRefreshTokenAuth",
    "AsyncClient",
    "AsyncOauth",
    "CertificateExpiryWarning",
    "Client",
    "ConsolidationAccess",
    "DeviceCode",
    "Hosts",
    "KeyringStore",
    "MemoryStore",
    "OAuthToken",
    "Oauth",
    "PlaintextFileStore",
    "Progress",
    "ProgressCallback",
    "Region",
    "Signer",
    "TokenStore",
    "__version__",
    "exceptions",
    "field",
    "models",
]

# Loaded when first asked for: a program that uses one client doesn't wait for the other.
_HOMES = {
    "AnaplanDeviceAuth": "anaplan_sdk.auth.device",
    "AnaplanLocalOAuth": "anaplan_sdk.auth.local_oauth",
    "AnaplanRefreshTokenAuth": "anaplan_sdk.auth.oauth_tokens",
    "AsyncClient": "anaplan_sdk._async.client",
    "AsyncOauth": "anaplan_sdk.auth.oauth",
    "CertificateExpiryWarning": "anaplan_sdk.auth.certificate",
    "Client": "anaplan_sdk._sync.client",
    "ConsolidationAccess": "anaplan_sdk.auth.consolidation",
    "DeviceCode": "anaplan_sdk.auth.device",
    "Hosts": "anaplan_sdk.regions",
    "KeyringStore": "anaplan_sdk.auth.stores",
    "MemoryStore": "anaplan_sdk.auth.stores",
    "OAuthToken": "anaplan_sdk.auth.oauth_app",
    "Oauth": "anaplan_sdk.auth.oauth",
    "PlaintextFileStore": "anaplan_sdk.auth.stores",
    "Progress": "anaplan_sdk.progress",
    "ProgressCallback": "anaplan_sdk.progress",
    "Region": "anaplan_sdk.regions",
    "Signer": "anaplan_sdk.auth.certificate",
    "TokenStore": "anaplan_sdk.auth.stores",
    "field": "anaplan_sdk.models.scim_filter",
}


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name == "models":
        return import_module("anaplan_sdk.models")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value


def __dir__() -> list[str]:
    return __all__
