"""The results of the checks of `anaplan doctor`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

from anaplan_sdk.cli.exit_codes import ExitCode
from anaplan_sdk.cli.failures import failure_of

Result: TypeAlias = Literal["ok", "problem", "warning", "not used"]


@dataclass(frozen=True)
class Check:
    """The result of a check.

    Attributes:
        name: What was checked.
        result: Whether it is well.
        message: What was found.
        advice: What to do.
        code: The exit code that a problem means.
    """

    name: str
    result: Result
    message: str
    advice: str = ""
    code: ExitCode = ExitCode.DONE

    @property
    def facts(self) -> dict[str, Any]:
        """The check as JSON has it."""
        return {**asdict(self), "code": int(self.code)}


def failed(name: str, error: BaseException) -> Check:
    """Return the check that an error means.

    Args:
        name: What was checked.
        error: The error.

    Returns:
        The check.
    """
    failure = failure_of(error)
    if failure is None:
        return Check(name, "problem", f"{type(error).__name__}: {error}", code=ExitCode.FAILED)
    return Check(name, "problem", failure.message, failure.advice, failure.code)
