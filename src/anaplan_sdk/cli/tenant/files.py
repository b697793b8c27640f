"""Reading tenant files for the commands."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from anaplan_sdk.cli.exit_codes import ExitCode
from anaplan_sdk.cli.failures import CommandError, usage_error

if TYPE_CHECKING:
    from anaplan_emulator import TenantDescription, TenantProblem


def checked(path: str) -> tuple[TenantDescription | None, tuple[TenantProblem, ...]]:
    """Read a tenant file, and find all mistakes in it.

    Args:
        path: The file.

    Returns:
        The description, which is None if there are mistakes, and the mistakes.

    Raises:
        CommandError: The file can't be read, or the extra is missing.
    """
    require_emulator()
    from anaplan_emulator import TenantError, check_tenant

    try:
        return check_tenant(path)
    except ImportError as problem:
        raise _missing_extra(problem) from None
    except TenantError as error:
        raise usage_error(f"{error}", "Name a YAML, JSON or TOML file.") from None


def require_emulator() -> None:
    """Check that the extra `emulator` is installed.

    Raises:
        CommandError: It is not.
    """
    try:
        import_module("anaplan_emulator.tenant.tenant_file")
    except ImportError as problem:
        raise _missing_extra(problem) from None


def _missing_extra(problem: ImportError) -> CommandError:
    return CommandError(
        ExitCode.FAILED,
        f"Tenant files need an extra ({problem}).",
        "pip install 'anaplan-sdk[emulator]'",
        kind=type(problem).__name__,
    )
