"""Reading a tenant's description from its file."""

import json
import tomllib
from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from anaplan_emulator.tenant.tenant_description import TenantDescription, TenantError


def read_tenant(path: Path | None) -> TenantDescription:
    """Read a tenant's file, or the default tenant.

    Args:
        path: The file, which is TOML if its suffix is `.toml` and JSON otherwise.

    Returns:
        The description.

    Raises:
        TenantError: The file is missing, is not JSON or TOML, or does not describe a tenant.
    """
    try:
        if path is None:
            default = files("anaplan_emulator.tenant") / "default.json"
            content = json.loads(default.read_text("utf-8"))
        elif path.suffix.lower() == ".toml":
            content = tomllib.loads(path.read_text("utf-8"))
        else:
            content = json.loads(path.read_text("utf-8"))
        return TenantDescription.model_validate(content)
    except ValidationError as error:
        raise TenantError("\n  ".join([f"{path}:", *_messages(error, content)])) from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise TenantError(f"{path or 'the default tenant'}: {reason}") from error


def _messages(error: ValidationError, content: object) -> Iterator[str]:
    """Yield a line for each error, with its location in the file."""
    for detail in error.errors(include_url=False, include_input=False):
        steps = list(_location(detail["loc"], content))
        if detail["type"] == "missing":
            steps.append(str(detail["loc"][-1]))
        reason = detail["msg"].removeprefix("Value error, ")
        if detail["type"] == "model_type":
            # Pydantic's message names a class of the emulator.
            reason = "Input should be an object"
        location = ".".join(steps)
        yield f"{location}: {reason}" if location else reason


def _location(location: Iterable[str | int], content: Any) -> Iterator[str]:
    """Follow pydantic's location into the file's content, skipping steps that are not in it."""
    for step in location:
        try:
            content = content[step]
        except (LookupError, TypeError):
            continue  # An alternative of a union that pydantic tried.
        yield str(step)
