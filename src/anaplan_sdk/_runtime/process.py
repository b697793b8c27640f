"""The process: what a forked child does not share with its parent, and the interpreter's end.

A child inherits the sockets of its parent, and locks that threads hold which it does not have. What
it can't share is registered here and made anew in it, at the fork.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from importlib import import_module
from socket import socket
from types import SimpleNamespace
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
_inherited: list[object] = []
_process_ids = {os.getpid()}

# A namespace, since a child has another lock. The thread that holds it may fork nevertheless.
_forks = SimpleNamespace(lock=threading.RLock())
# Seconds: a fork is never held up for longer.
_LONGEST_WAIT = 10.0

# What clients import at their first requests, possibly in a thread. None of it takes long.
_IMPORTED = frozenset(
    (
        "anaplan_sdk", "anyio", "certifi", "cryptography", "filelock", "h11", "h2", "httpcore2",
        "httpx2", "idna", "isal", "keyring", "oauthlib", "platformdirs", "pydantic",
        "pydantic_core", "sniffio", "socksio",
    )
)  # fmt: skip


def renew_in_child(renewable: Renewable) -> None:
    """Have an object renewed in each forked child, as long as it lives."""
    _renewables.add(renewable)


def close_in_child(connection: socket) -> None:
    """Have a socket closed in each forked child, in which it must not be used."""
    _sockets.add(connection)


def leave_to_parent(inherited: object) -> None:
    """Keep what a child has inherited, so that it is never finalized in the child."""
    _inherited.append(inherited)


def check_process() -> None:
    """Renew what is registered if this is a child whose fork Python has not noticed.

    An embedding server that forks by itself, such as uWSGI without threads, may not report it.
    """
    if os.getpid() not in _process_ids:
        _renew()


def is_shutting_down() -> bool:
    """Whether the interpreter is ending, so that no thread can be started."""
    return not threading.main_thread().is_alive()


def _renew() -> None:
    _forks.lock = threading.RLock()
    _process_ids.clear()
    _process_ids.add(os.getpid())
    # That closes the child's descriptor only. Nothing is sent, over TLS neither, and the parent's
    # connection stays as it is.
    for connection in tuple(_sockets):
        connection.close()
    for renewable in tuple(_renewables):
        renewable.renew_in_child()


@contextmanager
def without_fork() -> Generator[None]:
    """Delay the forks of other threads until the block has ended.

    For work that must not be copied half done, such as making an HTTP client: OpenSSL has locks,
    too, which no child can renew.
    """
    with _forks.lock:
        yield


def _before_fork() -> None:
    """Wait for what other threads import and make: in the child these threads do not exist."""
    _forks.lock.acquire(timeout=_LONGEST_WAIT)
    if not _renewables:
        return
    for name, module in tuple(sys.modules.items()):
        if name.partition(".")[0] in _IMPORTED:
            spec = getattr(module, "__spec__", None)
            if getattr(spec, "_initializing", False):
                with suppress(Exception):  # The thread itself raises it.
                    import_module(name)


def _after_fork() -> None:
    with suppress(RuntimeError):  # It was not acquired in time.
        _forks.lock.release()


if hasattr(os, "register_at_fork"):  # There are no forks on Windows.
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_renew)
