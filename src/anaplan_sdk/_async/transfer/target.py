"""The target of a download, opened for writing."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO

from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk._runtime import targets

_PAUSE = 0.05


@asynccontextmanager
async def open_target(path: Path) -> AsyncGenerator[BinaryIO]:
    """Open what a download is written to.

    A file is replaced when the block ends without an error; until then, and after an error, it is
    what it was. Anything else, such as a pipe, is written into; a named pipe is waited for until
    somebody reads it.

    Args:
        path: The target.

    Raises:
        OSError: The path is a folder, its folder does not exist, or it cannot be written.
    """
    if targets.is_replaceable(path):
        with targets.replacing(path) as file:
            yield file
        return
    while (device := targets.open_device(path)) is None:
        await runtime.sleep(_PAUSE)
    with device:
        yield device
