"""Writing the tenant file, as YAML or JSON."""

from __future__ import annotations

import io
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from anaplan_sdk._runtime.targets import replacing
from anaplan_sdk.cli.failures import usage_error
from anaplan_sdk.cli.tenant.capturing.capture_state import write_json
from anaplan_sdk.cli.tenant.capturing.options import FileFormat

_HEADER = """\
# Captured by 'anaplan tenant capture', for 'anaplan emulator --tenant FILE'.
# Anaplan does not show everything: what 'confirm' says was guessed. See report.md.
"""


def require_format(file_format: FileFormat) -> None:
    """Check that a format can be written.

    Args:
        file_format: The format.

    Raises:
        CommandError: The library for it is not installed.
    """
    if file_format == "yaml" and not _has_yaml():
        raise usage_error(
            "YAML needs a library that is not installed.",
            "Give --format json, or: pip install 'anaplan-sdk[cli,emulator]'",
        )


def write_tenant(path: Path, tenant: dict[str, Any], file_format: FileFormat) -> None:
    """Write the tenant file, as a whole or not at all.

    Args:
        path: The file.
        tenant: What it has.
        file_format: Its format.
    """
    if file_format == "json":
        write_json(path, tenant)
        return
    from ruamel.yaml import YAML

    # Not of the safe type, which sorts members by name.
    yaml = YAML()
    yaml.width = 100
    yaml.representer.ignore_aliases = _never
    yaml.indent(mapping=2, sequence=4, offset=2)
    text = io.StringIO(newline="")
    yaml.dump(tenant, text)  # pyright: ignore[reportUnknownMemberType]
    with replacing(path) as file:
        file.write((_HEADER + text.getvalue()).encode())


def _has_yaml() -> bool:
    try:
        return find_spec("ruamel.yaml") is not None
    except ModuleNotFoundError:
        return False


def _never(_value: object) -> bool:
    """Return that a value that occurs twice is written twice."""
    return True
