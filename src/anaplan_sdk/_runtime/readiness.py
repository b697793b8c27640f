"""Whether a socket has something to read, without reading it."""

from __future__ import annotations

import select
import sys


def is_readable(descriptor: int) -> bool:
    """Whether data or the end of the connection has arrived, or the socket is closed.

    Args:
        descriptor: The socket's file descriptor; negative once it is closed.
    """
    if descriptor < 0:
        return True
    if sys.platform == "win32":
        return bool(select.select([descriptor], [], [], 0)[0])
    polled = select.poll()  # select() takes no descriptor above 1,023.
    polled.register(descriptor, select.POLLIN)
    return bool(polled.poll(0))
