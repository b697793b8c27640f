"""Anaplan on one machine: an emulator of its APIs to develop and test against."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anaplan_emulator.apis.oauth.unattended import OAuthRefusedError
    from anaplan_emulator.certificates import KeyPair
    from anaplan_emulator.emulator import Emulator
    from anaplan_emulator.faults import Fault
    from anaplan_emulator.journal import ReceivedRequest
    from anaplan_emulator.settings import Settings
    from anaplan_emulator.store.database import StateError
    from anaplan_emulator.store.tenant import TenantDescription, TenantError
    from anaplan_emulator.world import UnknownUserError

__all__ = [
    "Emulator",
    "Fault",
    "KeyPair",
    "OAuthRefusedError",
    "ReceivedRequest",
    "Settings",
    "StateError",
    "TenantDescription",
    "TenantError",
    "UnknownUserError",
]

# Loaded when first asked for: without its extra the command must get far enough to say so.
_HOMES = {
    "Emulator": "anaplan_emulator.emulator",
    "Fault": "anaplan_emulator.faults",
    "KeyPair": "anaplan_emulator.certificates",
    "OAuthRefusedError": "anaplan_emulator.apis.oauth.unattended",
    "ReceivedRequest": "anaplan_emulator.journal",
    "Settings": "anaplan_emulator.settings",
    "StateError": "anaplan_emulator.store.database",
    "TenantDescription": "anaplan_emulator.store.tenant",
    "TenantError": "anaplan_emulator.store.tenant",
    "UnknownUserError": "anaplan_emulator.world",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value


def __dir__() -> list[str]:
    return __all__
