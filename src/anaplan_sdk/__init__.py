"""Anaplan for Python: typed clients, sync and async, for all of Anaplan's public APIs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anaplan_sdk import exceptions as exceptions
    from anaplan_sdk import models as models
    from anaplan_sdk._async.client import AsyncClient as AsyncClient
    from anaplan_sdk._async.transfer.table_stream import AsyncTableStream as AsyncTableStream
    from anaplan_sdk._formats.tables.results import CheckReport as CheckReport
    from anaplan_sdk._formats.tables.results import ListUpsert as ListUpsert
    from anaplan_sdk._formats.tables.results import TableImport as TableImport
    from anaplan_sdk._formats.tables.results import TableWrite as TableWrite
    from anaplan_sdk._formats.tables.table import Table as Table
    from anaplan_sdk._large_read import LargeRead as LargeRead
    from anaplan_sdk._sync.client import Client as Client
    from anaplan_sdk._sync.transfer.table_stream import TableStream as TableStream
    from anaplan_sdk._table_checks import CheckProblem as CheckProblem
    from anaplan_sdk._table_checks import CheckReason as CheckReason
    from anaplan_sdk._table_checks import CheckTarget as CheckTarget
    from anaplan_sdk._version import __version__ as __version__
    from anaplan_sdk.auth.certificate import CertificateExpiryWarning as CertificateExpiryWarning
    from anaplan_sdk.auth.device import AnaplanDeviceAuth as AnaplanDeviceAuth
    from anaplan_sdk.auth.device import DeviceCode as DeviceCode
    from anaplan_sdk.auth.local_oauth import AnaplanLocalOAuth as AnaplanLocalOAuth
    from anaplan_sdk.auth.oauth import AsyncOauth as AsyncOauth
    from anaplan_sdk.auth.oauth import Oauth as Oauth
    from anaplan_sdk.auth.oauth_app import OAuthToken as OAuthToken
    from anaplan_sdk.auth.oauth_tokens import AnaplanRefreshTokenAuth as AnaplanRefreshTokenAuth
    from anaplan_sdk.auth.stores import KeyringStore as KeyringStore
    from anaplan_sdk.auth.stores import MemoryStore as MemoryStore
    from anaplan_sdk.auth.stores import PlaintextFileStore as PlaintextFileStore
    from anaplan_sdk.auth.stores import TokenStore as TokenStore
    from anaplan_sdk.config import ClientConfig as ClientConfig
    from anaplan_sdk.config import ConsolidationAccess as ConsolidationAccess
    from anaplan_sdk.config import ReplyLimits as ReplyLimits
    from anaplan_sdk.config import RunStore as RunStore
    from anaplan_sdk.config import Signer as Signer
    from anaplan_sdk.models.scim_filter import field as field
    from anaplan_sdk.progress import Progress as Progress
    from anaplan_sdk.progress import ProgressCallback as ProgressCallback
    from anaplan_sdk.regions import Hosts as Hosts
    from anaplan_sdk.regions import Region as Region
else:
    from anaplan_sdk._lazy import lazy_names

    __getattr__, __dir__, __all__ = lazy_names(
        __name__,
        "exceptions models",
        {
            "_async.client": "AsyncClient",
            "_async.transfer.table_stream": "AsyncTableStream",
            "_formats.tables.results": "CheckReport ListUpsert TableImport TableWrite",
            "_formats.tables.table": "Table",
            "_large_read": "LargeRead",
            "_sync.client": "Client",
            "_sync.transfer.table_stream": "TableStream",
            "_table_checks": "CheckProblem CheckReason CheckTarget",
            "_version": "__version__",
            "auth.certificate": "CertificateExpiryWarning",
            "auth.device": "AnaplanDeviceAuth DeviceCode",
            "auth.local_oauth": "AnaplanLocalOAuth",
            "auth.oauth": "AsyncOauth Oauth",
            "auth.oauth_app": "OAuthToken",
            "auth.oauth_tokens": "AnaplanRefreshTokenAuth",
            "auth.stores": "KeyringStore MemoryStore PlaintextFileStore TokenStore",
            "config": "ClientConfig ConsolidationAccess ReplyLimits RunStore Signer",
            "models.scim_filter": "field",
            "progress": "Progress ProgressCallback",
            "regions": "Hosts Region",
        },
    )
