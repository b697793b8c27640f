"""Work that goes on at Anaplan: what is said when its end is not seen, and its cancellation."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import typer

from anaplan_sdk.cli.exit_codes import ExitCode
from anaplan_sdk.cli.failures import CommandError

if TYPE_CHECKING:
    from anaplan_sdk.cli.invocation import Invocation
    from anaplan_sdk.exceptions import AnaplanException


def is_over_time(error: AnaplanException) -> bool:
    """Return whether an error says that the end was not waited for any longer.

    Args:
        error: The error.

    Returns:
        Whether it does. The timeout of a single request, which names the request, does not.
    """
    from anaplan_sdk.exceptions import AnaplanTimeoutException

    return isinstance(error, AnaplanTimeoutException) and error.url is None


def unseen_end(
    error: AnaplanException,
    advice: str,
    task_id: str | None = None,
    message: str | None = None,
) -> CommandError:
    """Return the error of a wait that did not see the end of what was started.

    Args:
        error: Why it did not.
        advice: How to find out about the end.
        task_id: What was started.
        message: What happened; by default what the error says.

    Returns:
        The error, to be raised: another run of the command would start it twice.
    """
    code = ExitCode.STILL_RUNNING if is_over_time(error) else ExitCode.OUTCOME_UNKNOWN
    said = message or str(error)
    return CommandError(code, said, advice, task_id or error.task_id, type(error).__name__)


def offer_cancellation(
    invocation: Invocation, question: str, cancel: Callable[[], str], unknown: str
) -> None:
    """After Ctrl-C, ask whether to cancel what goes on, and keep the state true.

    Args:
        invocation: The run of the command; its state says how things are.
        question: The question.
        cancel: Cancels it, and returns what has become of it.
        unknown: The state until it has returned.
    """
    from anaplan_sdk.exceptions import AnaplanException

    if not invocation.interactive:
        return
    try:
        if not invocation.ask(question):
            return
    except typer.Abort:  # Ctrl-C once more.
        return
    goes_on, invocation.state = invocation.state, unknown
    try:
        invocation.state = cancel()
    except AnaplanException as error:
        invocation.state = f"It could not be cancelled: {error} {goes_on}"
