"""Anaplan on one machine: an emulator of its APIs to develop and test against."""

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
