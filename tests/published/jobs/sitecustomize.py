"""Sends connections for Anaplan's hosts to the emulator, in the process of a published client."""

import os
import socket

_PORT = int(os.environ["EMULATOR_PORT"])
_getaddrinfo = socket.getaddrinfo


def _emulated(host, port, *args, **kwargs):
    name = host.decode() if isinstance(host, bytes) else host
    if name and name.endswith(".anaplan.com"):
        host, port = "127.0.0.1", _PORT
    return _getaddrinfo(host, port, *args, **kwargs)


socket.getaddrinfo = _emulated
