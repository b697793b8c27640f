"""What a probe is: a statement about Anaplan, and how both sides are asked about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from anaplan_sdk.cli.tenant.comparison.findings import Finding
    from anaplan_sdk.cli.tenant.comparison.view import View


Observe: TypeAlias = "Callable[[View], Finding | None]"


@dataclass(frozen=True)
class Probe:
    """A statement about Anaplan that can be tested.

    Attributes:
        name: Name in kebab case.
        statement: The statement or the question.
        anchor: The heading of docs/anaplan-behaviour.md that it is from.
        observe: Sends the calls to one side, and returns what was observed; None for a probe that
            only compares the replies.
        writes: Whether it changes the model, which must be a scratch model then.
    """

    name: str
    statement: str
    anchor: str
    observe: Observe
    writes: bool = False


def probe(
    name: str, statement: str, anchor: str, *, writes: bool = False
) -> Callable[[Observe], Probe]:
    """Return a decorator that makes a probe of a function.

    Args:
        name: Name in kebab case.
        statement: The statement or the question.
        anchor: The heading of docs/anaplan-behaviour.md that it is from.
        writes: Whether it changes the model.

    Returns:
        The decorator.
    """

    def make(observe: Observe) -> Probe:
        return Probe(name, statement, anchor, observe, writes)

    return make
