"""The Arrow library that reads and writes tables: arro3, or pyarrow where arro3 is absent.

The environment variable `ANAPLAN_SDK_ARROW` chooses one by name, where both are installed.
"""

from __future__ import annotations

import os
from functools import cache
from importlib.util import find_spec

from anaplan_sdk._formats.tables.arrow_library import ArrowLibrary
from anaplan_sdk.exceptions import InvalidArgumentException

VARIABLE = "ANAPLAN_SDK_ARROW"
_NAMES = ("arro3", "pyarrow")


def arrow_library() -> ArrowLibrary:
    """Return the Arrow library in use.

    Raises:
        ImportError: None is installed, or pyarrow only in a version that is too old.
        InvalidArgumentException: The environment variable names neither of the libraries.
    """
    name = os.environ.get(VARIABLE) or next((each for each in _NAMES if find_spec(each)), "")
    return _load(name)


@cache
def _load(name: str) -> ArrowLibrary:
    try:
        if name == "arro3":
            from anaplan_sdk._formats.tables.arro3_library import Arro3Library

            return Arro3Library()
        if name == "pyarrow":
            from anaplan_sdk._formats.tables.pyarrow_library import PyArrowLibrary

            return PyArrowLibrary()
    except ModuleNotFoundError as error:
        raise ImportError(
            f"{error.name or name} is not installed: pip install 'anaplan-sdk[tables]'"
        ) from error
    if name:
        raise InvalidArgumentException(f"{VARIABLE} must be {' or '.join(_NAMES)}, not {name!r}.")
    raise ImportError("Tables need the extra 'tables': pip install 'anaplan-sdk[tables]'")
