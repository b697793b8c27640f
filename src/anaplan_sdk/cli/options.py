"""Options that several commands have, and the reading of their values."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

from anaplan_sdk.cli.failures import usage_error

Locale: TypeAlias = Annotated[
    str, typer.Option("--locale", metavar="LOCALE", help="Locale of numbers and dates.")
]
Timeout: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--timeout",
        metavar="SECONDS",
        min=0,
        help="Longest wait for the end; the run continues afterwards.",
    ),
]
AllowRefused: TypeAlias = Annotated[
    str,
    typer.Option(
        "--allow-refused",
        metavar="N|all",
        help="How many rows Anaplan may refuse before the exit code is 6.",
    ),
]
Refused: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--refused",
        metavar="DEST",
        help="Write the refused rows to a file: .csv, .parquet, .arrow or .jsonl; or - for CSV.",
    ),
]
NoWait: TypeAlias = Annotated[
    bool, typer.Option("--no-wait", help="Start it, print its id, and do not wait for the end.")
]


def _run_store(path: str | None) -> str | None:
    if path in ("", "-"):
        raise typer.BadParameter(f"{path!r} is not the path of a file.")
    return path


RunStoreOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--run-store",
        metavar="PATH",
        callback=_run_store,
        help="Record of this run: the same command resumes it instead of starting it again.",
    ),
]


def assignment(option: str, form: str, text: str) -> tuple[str, str]:
    """Read a value of the form `A=B`.

    Args:
        option: The option.
        form: What A and B are, for the message.
        text: The value.

    Returns:
        What is before the first `=`, and what is after it.

    Raises:
        CommandError: One of the two is missing.
    """
    name, sign, value = text.partition("=")
    if not (sign and name and value):
        raise usage_error(f"{option} takes {form}, not {text!r}.")
    return name, value


def assignments(option: str, form: str, given: list[str] | None) -> dict[str, str]:
    """Read an option that is given as `A=B`, once or several times.

    Args:
        option: The option.
        form: What A and B are, for the message.
        given: Its values.

    Returns:
        B by A.

    Raises:
        CommandError: A value has another form, or two have the same A.
    """
    found: dict[str, str] = {}
    for text in given or ():
        name, value = assignment(option, form, text)
        if name in found:
            raise usage_error(f"{option} is given twice for {name!r}.")
        found[name] = value
    return found
