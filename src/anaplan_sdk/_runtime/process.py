"""The process: what a forked child does not share with its parent, and the interpreter's end.

A child inherits the sockets of its parent, and locks that threads hold which it does not have. What
it can't share is registered here and made anew in it, at the fork.
"""

from __future__ import annotations

import os
import threading
from socket import socket
from typing import Protocol
from weakref import WeakSet


class Renewable(Protocol):
    """Has connections, locks or other state of one process."""

    def renew_in_child(self) -> None:
        """Give up what belongs to the parent, without a wait and without a lock."""
        ...


_renewables: WeakSet[Renewable] = WeakSet()
_sockets: WeakSet[socket] = WeakSet()
# What belongs to the parent and must not be finalized: that would change it in the parent, too.
_parents: list[object] = []
_process_ids = {os.getpid()}


def renew_in_child(renewable: Renewable) -> None:
    """Have an object renewed in each forked child, as long as it lives."""
    _renewables.add(renewable)


def close_in_child(connection: socket) -> None:
    """Have a socket closed in each forked child, in which it must not be used."""
    _sockets.add(connection)


def leave_to_parent(inherited: object) -> None:
    """Keep what a child has inherited, so that it is never finalized in the child."""
    _parents.append(inherited)


def check_process() -> None:
    """Renew what is registered if this is a child whose fork Python has not noticed.

    An embedding server that forks by itself, such as uWSGI without threads, may not report it.
    """
    if os.getpid() not in _process_ids:
        _renew()


def is_ending() -> bool:
    """Whether the interpreter is ending, so that no thread can be started."""
    return not threading.main_thread().is_alive()


def _renew() -> None:
    _process_ids.clear()
    _process_ids.add(os.getpid())
    # That closes the child's descriptor only. Nothing is sent, over TLS neither, and the parent's
    # connection stays as it is.
    for connection in tuple(_sockets):
        connection.close()
    for renewable in tuple(_renewables):
        renewable.renew_in_child()


if hasattr(os, "register_at_fork"):  # There are no forks on Windows.
    os.register_at_fork(after_in_child=_renew)
