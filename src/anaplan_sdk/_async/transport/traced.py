"""Methods that are traced as one piece of work."""

from __future__ import annotations

# sync: from collections.abc import Callable
from collections.abc import Callable, Coroutine  # async-only
from functools import wraps

# sync: from typing import ParamSpec, TypeAlias, TypeVar
from typing import Any, ParamSpec, TypeAlias, TypeVar  # async-only

from anaplan_sdk import _telemetry

P = ParamSpec("P")
R = TypeVar("R")

# sync: Method: TypeAlias = Callable[P, R]
Method: TypeAlias = Callable[P, Coroutine[Any, Any, R]]  # async-only
"""A method of a namespace."""


def traced(
    name: str, *, duration: str | None = None, is_stream: bool = False
) -> Callable[[Method[P, R]], Method[P, R]]:
    """Return a decorator that traces each call of a method as one operation.

    Args:
        name: The name of the span.
        duration: The metric of the call's duration, if there is one.
        is_stream: Whether the result is a stream, which ends the operation when it is closed.
    """

    def decorate(method: Method[P, R]) -> Method[P, R]:
        @wraps(method)
        async def call(*args: P.args, **kwargs: P.kwargs) -> R:
            operation = _telemetry.begin(name, duration=duration)
            with operation.opening() if is_stream else operation:
                return await method(*args, **kwargs)

        return call

    return decorate
