"""An emulator of Anaplan's APIs, to develop and test against."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anaplan_emulator.apis.oauth.headless_consent import OAuthRefusedError
    from anaplan_emulator.certificates import KeyPair
    from anaplan_emulator.emulator import Emulator
    from anaplan_emulator.faults import Fault
    from anaplan_emulator.request_log import ReceivedRequest
    from anaplan_emulator.settings import Settings
    from anaplan_emulator.store.database import StateError
    from anaplan_emulator.tenant.tenant_description import TenantDescription, TenantError
    from anaplan_emulator.tenant_state import UnknownUserError

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

# Modules are imported on first use, so that the command can report a missing extra.
_MODULES = {
    "Emulator": "anaplan_emulator.emulator",
    "Fault": "anaplan_emulator.faults",
    "KeyPair": "anaplan_emulator.certificates",
    "OAuthRefusedError": "anaplan_emulator.apis.oauth.headless_consent",
    "ReceivedRequest": "anaplan_emulator.request_log",
    "Settings": "anaplan_emulator.settings",
    "StateError": "anaplan_emulator.store.database",
    "TenantDescription": "anaplan_emulator.tenant.tenant_description",
    "TenantError": "anaplan_emulator.tenant.tenant_description",
    "UnknownUserError": "anaplan_emulator.tenant_state",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = import_module(_MODULES[name])
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] == __name__:
            raise
        raise ModuleNotFoundError(
            "The emulator needs the extra 'emulator': "
            f"pip install 'anaplan-sdk[emulator]' ({error})",
            name=error.name,
        ) from error
    value = globals()[name] = getattr(module, name)
    return value


def __dir__() -> list[str]:
    return __all__
