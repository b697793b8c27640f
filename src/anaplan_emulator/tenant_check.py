"""Checking a tenant's file."""

from pathlib import Path

from anaplan_emulator.tenant.problems import TenantError, TenantProblem
from anaplan_emulator.tenant.tenant_description import TenantDescription
from anaplan_emulator.tenant.tenant_file import find_problems
from anaplan_emulator.tenant_state import TenantState


def check_tenant(path: Path | str) -> tuple[TenantDescription | None, tuple[TenantProblem, ...]]:
    """Find the mistakes in a tenant's file and in the files of data beside it.

    All mistakes that can be seen in the files are found at once, of each file of data the first
    hundred. A tenant without such mistakes is then loaded, as an emulator would load it. That finds
    the first of those that remain, such as rows of a Parquet file that are not valid.

    Args:
        path: The file.

    Returns:
        The description, which is None if there are mistakes, and the mistakes in the order of the
        file.

    Raises:
        TenantError: The file can't be read.
    """
    tenant, problems = find_problems(path)
    if tenant is None:
        return None, problems
    try:
        TenantState(tenant=tenant).close()
    except TenantError as error:
        cause = error.__cause__
        reason = str(cause) if isinstance(cause, ValueError) else str(error)
        return None, error.problems or (TenantProblem("", reason),)
    return tenant, ()
