"""The reading of parameters: of flags, texts, choices and numbers, without pydantic.

Typer would use it, and its import takes longer than all else that a usage error needs.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from typer._click import Context

_PLAIN = (str, bool, int, float, list[str])


def read_plainly(parameter: Any) -> None:
    """Let a parameter be read without pydantic, if it is of a type that is read here.

    Args:
        parameter: The parameter.
    """
    descriptor = getattr(parameter, "type_descriptor", None)
    if descriptor and (descriptor.annotation in _PLAIN or descriptor.is_choice):
        vars(parameter)["get_runtime_param"] = _PlainValue


class _PlainValue:
    """Takes the place of what Typer reads the values of a parameter with."""

    @staticmethod
    def coerce(value: Any, param: Any, ctx: Context) -> Any:
        many = param.multiple or param.nargs == -1
        if value is None:
            return () if many else None
        if param.type_descriptor.annotation in (int, float):
            return _number(value, param, ctx)
        choices = param.type_descriptor.choices
        for each in value if many else (value,):
            if choices is not None and each not in choices:
                listed = ", ".join(choices)
                raise typer.BadParameter(f"{each!r} is not one of {listed}.", ctx, param)
        return value


def _number(value: Any, param: Any, ctx: Context) -> float:
    """Return a number that is within its limits; infinity is none, nor is NaN."""
    kind, facts = param.type_descriptor.annotation, param.type_descriptor.parameter_info
    try:
        number: float = kind(value)
    except ValueError:
        number = math.nan
    least = -math.inf if facts.min is None else facts.min
    most = math.inf if facts.max is None else facts.max
    if math.isfinite(number) and least <= number <= most:
        return number
    limits = [f"at least {least}"] if math.isfinite(least) else []
    limits += [f"at most {most}"] if math.isfinite(most) else []
    noun = "a whole number" if kind is int else "a number"
    within = f" of {' and '.join(limits)}" if limits else ""
    raise typer.BadParameter(f"{value!r} is not {noun}{within}.", ctx, param)
