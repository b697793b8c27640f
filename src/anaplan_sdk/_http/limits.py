"""What to do instead where Anaplan's limit for one reply is passed."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager

from anaplan_sdk.exceptions import AnaplanRequestException

_TOO_LARGE = re.compile(r"1[,. ]?000[,. ]?000|million|too (many|large)|exceed|limit", re.IGNORECASE)


@contextmanager
def suggesting(other: str) -> Generator[None]:
    """Names the methods that have no limit, in the error of one that has."""
    try:
        yield
    except AnaplanRequestException as error:
        is_too_large = error.status_code == 400 and _TOO_LARGE.search(error.reason or "")
        if is_too_large or error.status_code == 413:
            error.message = f"{error.message.rstrip('.')}. Use {other}, which have no such limit."
            error.args = (error.message,)
        raise
