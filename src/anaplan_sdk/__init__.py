"""Anaplan for Python: typed clients, sync and async, for all of Anaplan's public APIs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anaplan_sdk import exceptions
from anaplan_sdk._version import __version__

if TYPE_CHECKING:
    from anaplan_sdk import models
    from anaplan_sdk._async.client import AsyncClient
    from anaplan_sdk._sync.client import Client
    from anaplan_sdk.progress import Progress, ProgressCallback
    from anaplan_sdk.regions import Hosts, Region

__all__ = [
    "AsyncClient",
    "Client",
    "Hosts",
    "Progress",
    "ProgressCallback",
    "Region",
    "__version__",
    "exceptions",
    "models",
]

# Loaded when first asked for: a program that uses one client doesn't wait for the other.
_HOMES = {
    "AsyncClient": "anaplan_sdk._async.client",
    "Client": "anaplan_sdk._sync.client",
    "Hosts": "anaplan_sdk.regions",
    "Progress": "anaplan_sdk.progress",
    "ProgressCallback": "anaplan_sdk.progress",
    "Region": "anaplan_sdk.regions",
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
