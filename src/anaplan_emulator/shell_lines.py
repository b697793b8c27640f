"""Lines for a shell of this platform."""

import shlex
import sys
from collections.abc import Iterator, Mapping


def assignments(variables: Mapping[str, str | None]) -> Iterator[str]:
    """Yield the lines that set environment variables, without those that have no value."""
    for name, value in variables.items():
        if value is None:
            continue
        if sys.platform == "win32":
            quoted = value.replace("'", "''")
            yield f"$env:{name} = '{quoted}'"
        else:
            yield f"export {name}={shlex.quote(value)}"
