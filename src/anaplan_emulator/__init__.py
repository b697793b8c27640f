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
    from anaplan_emulator.tenant.action_definitions import LINE_ITEMS, SourceField
    from anaplan_emulator.tenant.model_description import TIME, VERSIONS
    from anaplan_emulator.tenant.problems import TenantError, TenantProblem
    from anaplan_emulator.tenant.tenant_description import TenantDescription
    from anaplan_emulator.tenant.tenant_file import read_tenant
    from anaplan_emulator.tenant.tenant_schema import tenant_schema
    from anaplan_emulator.tenant_builder.handles import (
        ActionHandle,
        FileHandle,
        ImportHandle,
        ViewHandle,
    )
    from anaplan_emulator.tenant_builder.list_builder import (
        BOOLEAN,
        DATE,
        NUMBER,
        TEXT,
        ListBuilder,
    )
    from anaplan_emulator.tenant_builder.model_builder import ModelBuilder
    from anaplan_emulator.tenant_builder.module_builder import ModuleBuilder
    from anaplan_emulator.tenant_builder.tenant import TenantBuilder, UserHandle, WorkspaceBuilder
    from anaplan_emulator.tenant_check import check_tenant
    from anaplan_emulator.tenant_state import UnknownUserError

__all__ = [
    "BOOLEAN",
    "DATE",
    "LINE_ITEMS",
    "NUMBER",
    "TEXT",
    "TIME",
    "VERSIONS",
    "ActionHandle",
    "Emulator",
    "Fault",
    "FileHandle",
    "ImportHandle",
    "KeyPair",
    "ListBuilder",
    "ModelBuilder",
    "ModuleBuilder",
    "OAuthRefusedError",
    "ReceivedRequest",
    "Settings",
    "SourceField",
    "StateError",
    "TenantBuilder",
    "TenantDescription",
    "TenantError",
    "TenantProblem",
    "UnknownUserError",
    "UserHandle",
    "ViewHandle",
    "WorkspaceBuilder",
    "check_tenant",
    "read_tenant",
    "tenant_schema",
]

# Modules are imported on first use, so that the command can report a missing extra.
_MODULES = {
    "ActionHandle": "anaplan_emulator.tenant_builder.handles",
    "BOOLEAN": "anaplan_emulator.tenant_builder.list_builder",
    "DATE": "anaplan_emulator.tenant_builder.list_builder",
    "Emulator": "anaplan_emulator.emulator",
    "Fault": "anaplan_emulator.faults",
    "FileHandle": "anaplan_emulator.tenant_builder.handles",
    "ImportHandle": "anaplan_emulator.tenant_builder.handles",
    "KeyPair": "anaplan_emulator.certificates",
    "LINE_ITEMS": "anaplan_emulator.tenant.action_definitions",
    "ListBuilder": "anaplan_emulator.tenant_builder.list_builder",
    "ModelBuilder": "anaplan_emulator.tenant_builder.model_builder",
    "ModuleBuilder": "anaplan_emulator.tenant_builder.module_builder",
    "NUMBER": "anaplan_emulator.tenant_builder.list_builder",
    "OAuthRefusedError": "anaplan_emulator.apis.oauth.headless_consent",
    "ReceivedRequest": "anaplan_emulator.request_log",
    "Settings": "anaplan_emulator.settings",
    "SourceField": "anaplan_emulator.tenant.action_definitions",
    "StateError": "anaplan_emulator.store.database",
    "TEXT": "anaplan_emulator.tenant_builder.list_builder",
    "TIME": "anaplan_emulator.tenant.model_description",
    "TenantBuilder": "anaplan_emulator.tenant_builder.tenant",
    "TenantDescription": "anaplan_emulator.tenant.tenant_description",
    "TenantError": "anaplan_emulator.tenant.problems",
    "TenantProblem": "anaplan_emulator.tenant.problems",
    "UnknownUserError": "anaplan_emulator.tenant_state",
    "check_tenant": "anaplan_emulator.tenant_check",
    "read_tenant": "anaplan_emulator.tenant.tenant_file",
    "tenant_schema": "anaplan_emulator.tenant.tenant_schema",
    "UserHandle": "anaplan_emulator.tenant_builder.tenant",
    "VERSIONS": "anaplan_emulator.tenant.model_description",
    "ViewHandle": "anaplan_emulator.tenant_builder.handles",
    "WorkspaceBuilder": "anaplan_emulator.tenant_builder.tenant",
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
