"""The command line: what it takes, what it says, and how it ends."""

import argparse
import ipaddress
import json
import logging
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from anaplan_emulator.emulator import Emulator
from anaplan_emulator.store.database import StateError
from anaplan_emulator.store.tenant import TenantError

DEFAULT_PORT = 8765

GREETING = """\
Anaplan's emulator is listening on {base_url} - stop it with Ctrl+C.

    user           {user_email}
    password       {password}
    certificate    {certificate}
    private key    {private_key}
    workspace      {workspace_id}
    model          {model_id}
    OAuth client   {oauth_client_id}
    its secret     {oauth_client_secret}
    its callback   {redirect_uri}
    device client  {device_client_id}

From Python, with the certificate:

    import anaplan_sdk

    {by_certificate}

or with the password:

    {by_password}

Clock, faults, received requests and more: {base_url}/_emulator/
"""

TRUST = """\

TLS is served for all of Anaplan's host names. Clients must trust the emulator's authority:

    export SSL_CERT_FILE="{ca_certificate}"
"""


def main(argv: Sequence[str] | None = None, *, prog: str = "python -m anaplan_emulator") -> int:
    """Serve until interrupted or terminated.

    Args:
        argv: The command line, without the program's name; the process's own by default.
        prog: What the program is called in its usage.

    Returns:
        The exit code: 0 after an orderly end, 1 when the emulator can't start.
    """
    arguments = _parser(prog).parse_args(argv)
    if arguments.verbose:
        _log_requests()
    if not _is_loopback(arguments.host):
        _say(sys.stderr, f"Warning: other machines can reach the emulator on {arguments.host}.\n")
    # A signal that comes while the emulator is made ends it in good order, too.
    with _stop_signal() as stopped:
        return _serve(arguments, stopped)


def _serve(arguments: argparse.Namespace, stopped: threading.Event) -> int:
    try:
        emulator = Emulator(
            arguments.tenant,
            state=arguments.state,
            port=arguments.port,
            tls=arguments.tls,
            host=arguments.host,
            control_from_anywhere=arguments.control_from_anywhere,
        )
    except OSError as error:
        reason = error.strerror or error
        return _fail(f"can't listen on {arguments.host} port {arguments.port}: {reason}")
    except (StateError, TenantError) as error:
        return _fail(str(error))
    if arguments.tenant is not None and emulator.world.resumed:
        _say(
            sys.stderr,
            f"Warning: {arguments.state} goes on with its own tenant; "
            f"{arguments.tenant} is ignored.\n",
        )
    with emulator:
        info = emulator.info()
        if arguments.json:
            _say(sys.stdout, json.dumps(info) + "\n")
        else:
            _say(sys.stdout, _greeting(info))
        # An endless wait would not let Ctrl+C through on Windows.
        while not stopped.wait(timeout=1):
            pass
    return 0


def _greeting(info: Mapping[str, str | None]) -> str:
    text = GREETING.format(
        by_certificate=_client(info, "certificate", "private_key"),
        by_password=_client(info, "user_email", "password"),
        **{name: value or "none" for name, value in info.items()},
    )
    return text + TRUST.format_map(info) if "ca_certificate" in info else text


def _client(info: Mapping[str, str | None], *credentials: str) -> str:
    """Write the call that makes a client, leaving out what the tenant doesn't have."""
    names = ("base_url", *credentials, "workspace_id", "model_id")
    arguments = [f"        {name}={json.dumps(info[name])}," for name in names if info[name]]
    return "\n".join(["client = anaplan_sdk.Client(", *arguments, "    )"])


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog, description="Serve Anaplan's APIs from this machine."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument(
        "--port",
        type=_port,
        default=DEFAULT_PORT,
        help="port to listen on; 0 picks a free one (%(default)s)",
    )
    parser.add_argument(
        "--tenant", type=Path, metavar="FILE", help="JSON or TOML file that describes a tenant"
    )
    parser.add_argument(
        "--state", type=Path, metavar="FILE", help="keep everything in this file across restarts"
    )
    parser.add_argument(
        "--tls", action="store_true", help="serve TLS, for all of Anaplan's host names"
    )
    parser.add_argument("--json", action="store_true", help="print what to use as one line of JSON")
    parser.add_argument(
        "--control-from-anywhere",
        action="store_true",
        help="open the control room to other machines, too",
    )
    parser.add_argument("--verbose", action="store_true", help="log every request")
    return parser


def _port(text: str) -> int:
    if not (text.isdecimal() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 65535")
    return int(text)


@contextmanager
def _stop_signal() -> Iterator[threading.Event]:
    """Give an event that SIGINT and SIGTERM set, and the end of the terminal."""
    stopped = threading.Event()
    numbers = [signal.SIGINT, signal.SIGTERM]
    # `nohup` has it ignored, and Windows doesn't have it.
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, lambda *_: stopped.set()) for number in numbers}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _log_requests() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    logger = logging.getLogger("anaplan_emulator")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _fail(reason: str) -> int:
    _say(sys.stderr, f"The emulator can't start: {reason}\n")
    return 1


def _say(stream: TextIO, text: str) -> None:
    stream.write(text)
    stream.flush()
