"""Public names of a package, each imported when it is first used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy_names(
    package: str, modules: str, homes: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Make `__getattr__`, `__dir__` and `__all__` for a package.

    A program that uses one client or one model does not wait for the import of all others. Type
    checkers read the same names as imports under `TYPE_CHECKING`; tests/architecture compares both.

    Args:
        package: Name of the package.
        modules: Public modules of the package, separated by spaces.
        homes: Public names by the module that defines them, which is relative to the package.

    Returns:
        The three of them.
    """
    home_of = {name: home for home, names in homes.items() for name in names.split()}
    exported = sorted([*modules.split(), *home_of])

    def get(name: str) -> Any:
        if name in home_of:
            value = getattr(import_module(f"{package}.{home_of[name]}"), name)
        elif name in exported:
            value = import_module(f"{package}.{name}")
        else:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        setattr(import_module(package), name, value)
        return value

    return get, lambda: exported, exported
