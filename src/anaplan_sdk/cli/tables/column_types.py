"""The types of the columns of a table that is read from Anaplan: `--type`."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated, TypeAlias

import typer

from anaplan_sdk.cli.exit_codes import ExitCode
from anaplan_sdk.cli.failures import CommandError, usage_error
from anaplan_sdk.cli.options import assignments

_TYPES = ("number", "boolean", "date", "text")

TypeOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--type",
        metavar="COLUMN=TYPE",
        help="A column's type in Parquet or Arrow: number, boolean, date or text; repeatable.",
    ),
]


def column_types(given: list[str] | None) -> dict[str, str]:
    """Read the option.

    Args:
        given: Its values.

    Returns:
        The types by column.

    Raises:
        CommandError: A value is not valid.
    """
    found = assignments("--type", "COLUMN=TYPE", given)
    for column, name in found.items():
        if name not in _TYPES:
            raise usage_error(
                f"--type: {name!r} is not a type, for the column {column!r}.",
                f"Types are {', '.join(_TYPES)}.",
            )
    return found


@contextmanager
def type_advice() -> Generator[None]:
    """Name the option if a value is not of its column's type.

    Raises:
        CommandError: One is not.
    """
    from anaplan_sdk.exceptions import UnexpectedValueException

    try:
        yield
    except UnexpectedValueException as error:
        column = "COLUMN" if error.column is None else error.column
        advice = f"--type '{column}=text' reads the column as text."
        raise CommandError(
            ExitCode.FAILED, str(error), advice, kind=type(error).__name__
        ) from error
