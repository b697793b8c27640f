"""Errors that may come from Anaplan's limit for the size of one reply."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from anaplan_sdk.exceptions import AnaplanRequestException


@contextmanager
def suggest_unlimited(methods: str, *arguments: object) -> Generator[None]:
    """Name the methods without a limit in errors that may come from exceeding one.

    Anaplan reports an exceeded limit with 400, as other mistakes, in undocumented words. Errors
    about other mistakes are recognized by what they quote: an argument of the caller.

    Args:
        methods: The methods that have no limit.
        arguments: The caller's arguments that Anaplan would quote.
    """
    try:
        yield
    except AnaplanRequestException as error:
        quotes_argument = any(str(argument) in (error.reason or "") for argument in arguments)
        if error.status_code == 413 or (error.status_code == 400 and not quotes_argument):
            error.replace_message(
                f"{error.message.rstrip('.')}. If the reply would be too large, use {methods}, "
                "which have no limit."
            )
        raise
