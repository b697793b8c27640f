"""What to do instead where Anaplan's limit for one reply is passed."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from anaplan_sdk.exceptions import AnaplanRequestException


@contextmanager
def suggesting(other: str, *asked: object) -> Generator[None]:
    """Names the methods that have no limit, in errors that may come from one.

    Anaplan answers 400, as to other mistakes, and how it words this one is not documented. So only
    the words of the others can be told: they quote what was asked for.

    Args:
        other: The methods.
        asked: What the caller chose, which Anaplan would quote if it were the mistake.
    """
    try:
        yield
    except AnaplanRequestException as error:
        is_other = any(str(choice) in (error.reason or "") for choice in asked)
        if error.status_code == 413 or (error.status_code == 400 and not is_other):
            error.message = (
                f"{error.message.rstrip('.')}. If that is too much for one reply, use {other}, "
                "which have no limit."
            )
            error.args = (error.message,)
        raise
