"""What the command prints when something fails, and the exit code that goes with it."""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING

import typer

from anaplan_sdk._printable import printable
from anaplan_sdk.cli.exit_codes import ExitCode
from anaplan_sdk.cli.wording import fitting

if TYPE_CHECKING:
    from anaplan_sdk.exceptions import AnaplanException

# The type of an error in the command line, in JSON.
_USAGE_ERROR = "UsageError"


@dataclass(frozen=True)
class Failure:
    """A failure as it is printed.

    Attributes:
        code: The exit code.
        message: What happened.
        advice: What to do.
        task_id: The run that it is about, if there is one.
        kind: Name of the exception's class.
    """

    code: ExitCode
    message: str
    advice: str = ""
    task_id: str | None = None
    kind: str | None = None

    def show(self, *, as_json: bool) -> None:
        """Print the failure to stderr: in two lines, or as one line of JSON.

        Args:
            as_json: Whether to print JSON.
        """
        if as_json:
            facts = {
                "code": int(self.code),
                "type": self.kind,
                "message": self.message,
                "advice": self.advice or None,
                "task_id": self.task_id,
            }
            text = json.dumps({"error": facts}, ensure_ascii=False)
        else:
            text = "\n".join(filter(None, (f"Error: {self.message}", self.advice)))
            text = fitting(printable(text, lines=True))
        with suppress(OSError):  # Nobody may be reading it.
            print(text, file=sys.stderr, flush=True)


class CommandError(Exception):
    """A failure that a command itself finds.

    Args:
        code: The exit code.
        message: What happened.
        advice: What to do.
        task_id: The run that it is about, if there is one.
        kind: Name of the class of the exception that it was, if it was another.
    """

    def __init__(
        self,
        code: ExitCode,
        message: str,
        advice: str = "",
        task_id: str | None = None,
        kind: str | None = None,
    ) -> None:
        super().__init__(message)
        self.failure = Failure(code, message, advice, task_id, kind)


def usage_error(message: str, advice: str = "") -> CommandError:
    """Return the error for a command line that is not valid.

    Args:
        message: What is not valid.
        advice: What to do.

    Returns:
        The error, to be raised.
    """
    return CommandError(ExitCode.USAGE, message, advice, kind=_USAGE_ERROR)


def failure_of(error: BaseException) -> Failure | None:
    """Return how an exception is printed.

    Args:
        error: The exception.

    Returns:
        The failure; None if the exception is not one that a user can do something about.
    """
    if isinstance(error, CommandError):
        return error.failure
    from anaplan_sdk.exceptions import AnaplanException

    if isinstance(error, AnaplanException):
        return _anaplan_failure(error)
    if isinstance(error, ImportError) and "pip install" in str(error):
        return Failure(ExitCode.FAILED, str(error), kind=type(error).__name__)
    if isinstance(error, OSError) and error.filename is not None:
        return Failure(
            ExitCode.FAILED,
            f"{error.filename}: {error.strerror}",
            "Check the path and its permissions.",
            kind=type(error).__name__,
        )
    if isinstance(error, OSError):  # Such as a full disk, or a closed stdout.
        return Failure(
            ExitCode.FAILED,
            f"Reading or writing failed: {error.strerror or error}",
            "Check where the output goes, such as the space on the disk.",
            kind=type(error).__name__,
        )
    return None


def without_python_advice(text: str) -> str:
    """Return the text of an error without what it advises for programs in Python.

    Args:
        text: The text.

    Returns:
        What is wrong.
    """
    from anaplan_sdk.auth.stores.keyring import WAYS_OUT

    return text.partition(f" {WAYS_OUT}")[0]


def _anaplan_failure(error: AnaplanException) -> Failure:
    from anaplan_sdk import exceptions as e

    code, advice = ExitCode.FAILED, "Run it again with --verbose to see the requests."
    # The order matters: the first class that fits decides.
    table: Sequence[tuple[type[e.AnaplanException], ExitCode, str]] = (
        (e.InvalidArgumentException, ExitCode.USAGE, "Nothing was sent for it. See --help."),
        (
            e.OutcomeUnknownException,
            ExitCode.OUTCOME_UNKNOWN,
            "Check what was done before you repeat it: 'anaplan tasks REF' lists runs.",
        ),
        (
            e.CredentialsNotFoundException,
            ExitCode.SIGN_IN,
            "Run 'anaplan login', or set variables; 'anaplan doctor' shows what is set.",
        ),
        (
            e.InvalidCredentialsException,
            ExitCode.SIGN_IN,
            "'anaplan doctor' shows which credentials are used and where they come from.",
        ),
        (
            e.TokenStoreException,
            ExitCode.SIGN_IN,
            "Without a keyring: 'anaplan login --token-file FILE', or ANAPLAN_TOKEN_FILE.",
        ),
        (
            e.PermissionDeniedException,
            ExitCode.SIGN_IN,
            "The user lacks a role for this: 'anaplan whoami' shows who is signed in.",
        ),
        (
            e.RunStoreException,
            ExitCode.FAILED,
            "--run-store takes a file in an existing folder, which the user can read and write.",
        ),
        (e.AmbiguousNameException, ExitCode.NOT_FOUND, "Use one of the ids."),
        (
            e.FileContentMissingException,
            ExitCode.NOT_FOUND,
            "Anaplan deletes content 48 hours after its last use; it belongs to one user.",
        ),
        (
            e.InvalidIdentifierException,
            ExitCode.NOT_FOUND,
            "'anaplan ls KIND' lists what the user can see.",
        ),
        (
            e.AnaplanActionError,
            ExitCode.RUN_FAILED,
            "'anaplan refused REF TASK' prints the rows that it refused, if there are any.",
        ),
        (
            e.IntegrationRunException,
            ExitCode.RUN_FAILED,
            "'anaplan cw status REF' shows the run with its messages.",
        ),
        (
            e.NotSyncableException,
            ExitCode.FAILED,
            "'anaplan alm revisions' lists the revisions of a model; both need a common one.",
        ),
        (e.LargeReadException, ExitCode.RUN_FAILED, "The command can be repeated."),
        (
            e.PartialFailureException,
            ExitCode.ROWS_REFUSED,
            "The others were written; correct these and send them again.",
        ),
        (
            e.WriteInterruptedException,
            ExitCode.OUTCOME_UNKNOWN,
            "A part was written: check it before you repeat the command.",
        ),
        (
            e.UploadIncompleteException,
            ExitCode.UNREACHABLE,
            "Nothing was run. The command can be repeated; --journal continues an upload.",
        ),
        (
            e.ModelUnavailableException,
            ExitCode.UNREACHABLE,
            "The command can be repeated once the model is available.",
        ),
    )
    for kind, found, text in table:
        if isinstance(error, kind):
            code, advice = found, text
            break
    else:
        is_missing = error.status_code == HTTPStatus.NOT_IMPLEMENTED
        busy = (e.AnaplanConnectionException, e.RateLimitException, e.ServerException)
        if is_missing:
            advice = "Anaplan does not provide this; repeating the command does not help."
        elif isinstance(error, (*busy, e.AnaplanTimeoutException)) or error.retryable:
            code, advice = ExitCode.UNREACHABLE, "The command can be repeated."
            if isinstance(error, e.AnaplanConnectionException):
                advice += _address_note(error)
    if error.task_id and code in (ExitCode.UNREACHABLE, ExitCode.FAILED):
        # A run was started, and its end was not seen.
        is_timeout = isinstance(error, e.AnaplanTimeoutException)
        code = ExitCode.STILL_RUNNING if is_timeout else ExitCode.OUTCOME_UNKNOWN
        advice = f"It goes on at Anaplan: 'anaplan wait REF {error.task_id}' waits for its end."
    message = without_python_advice(str(error))
    return Failure(code, message, advice, error.task_id, type(error).__name__)


def _address_note(error: AnaplanException) -> str:
    """Return that a variable names the address, if it is the one that was not reached."""
    from urllib.parse import urlsplit

    address = os.environ.get("ANAPLAN_BASE_URL")
    if not address or not (error.url or "").startswith(address.strip().rstrip("/")):
        return ""
    with suppress(ValueError):
        if urlsplit(address).hostname in ("127.0.0.1", "localhost", "::1"):
            return f"\nANAPLAN_BASE_URL is {address}: is the emulator running?"
    return f"\nANAPLAN_BASE_URL is {address}: 'anaplan doctor' checks it."


def report(error: Exception, *, as_json: bool, verbose: bool, state: str = "") -> ExitCode:
    """Print an exception.

    Args:
        error: The exception.
        as_json: Whether to print JSON.
        verbose: Whether to print the traceback of an exception that nobody expected.
        state: What the command leaves behind, in a sentence. It is printed where the error may come
            after all work was done.

    Returns:
        The exit code.
    """
    if is_broken_pipe(error):
        close_output()
        return ExitCode.OUTPUT_CLOSED
    failure = failure_of(error)
    if failure is None:
        if verbose:
            import traceback

            traceback.print_exception(error)
        failure = Failure(
            ExitCode.FAILED,
            f"{type(error).__name__}: {error}",
            "This may be a fault of the command; --verbose shows where it happened.",
            kind=type(error).__name__,
        )
    if isinstance(error, OSError) and error.filename is None and state:
        failure = replace(failure, message=f"{failure.message}. {state}")
    failure.show(as_json=as_json)
    flush_output()
    return failure.code


def is_broken_pipe(error: BaseException) -> bool:
    """Return whether an exception means that nobody reads the output any more.

    Args:
        error: The exception.

    Returns:
        Whether it does.
    """
    # Windows reports it as EINVAL.
    return isinstance(error, BrokenPipeError) or (
        sys.platform == "win32"
        and isinstance(error, OSError)
        and error.errno == errno.EINVAL
        and error.filename is None
    )


def flush_output() -> None:
    """Print what is buffered; discard it if that fails."""
    try:
        sys.stdout.flush()
    except OSError:
        close_output()


def close_output() -> None:
    """Discard what is still buffered, since Python would complain when it flushes it at its end."""
    with suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)


def report_usage(error: typer.TyperException, arguments: Sequence[str]) -> ExitCode:
    """Print an error in the command line.

    Args:
        error: The error.
        arguments: The arguments.

    Returns:
        The exit code.
    """
    context = getattr(error, "ctx", None)
    text = error.format_message()
    if context is not None and text == context.get_help():  # A group without a command.
        print(text, file=sys.stderr)
        return ExitCode.USAGE
    text = " ".join(text.split())  # Choices are in lines of their own.
    path = context.command_path if context is not None else "anaplan"
    # The options have not been read at this point.
    joined = " ".join(arguments).replace("=", " ")
    as_json = any(f"{name} json" in joined for name in ("--output", "-o"))
    Failure(ExitCode.USAGE, text, f"Try '{path} --help'.", kind=_USAGE_ERROR).show(as_json=as_json)
    return ExitCode.USAGE
