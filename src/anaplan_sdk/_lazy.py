"""What is made when it is first used: public names of a package, modules, and attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Generic, Self, TypeVar, overload

T = TypeVar("T")


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


class LazyModule:
    """A module that is imported when one of its attributes is first read.

    Args:
        name: Its name.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(import_module(self._name), attribute)


class lazy_property(Generic[T]):  # noqa: N801 - named like functools.cached_property
    """An attribute that is computed when it is first read, at worst by several threads at once.

    Until Python 3.12, `functools.cached_property` holds a lock meanwhile, for which a child that is
    forked at that moment would wait for ever.

    Args:
        compute: Computes the value.
    """

    def __init__(self, compute: Callable[[Any], T]) -> None:
        self._compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type[object], name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type[object] | None = None) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type[object] | None = None) -> T: ...

    def __get__(self, instance: object, owner: type[object] | None = None) -> Self | T:
        if instance is None:
            return self
        value = self._compute(instance)
        vars(instance)[self._name] = value
        return value
