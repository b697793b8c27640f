"""The command line of the emulator."""

import argparse
import contextlib
import errno
import json
import logging
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import TextIO

import platformdirs

from anaplan_emulator.emulator import Emulator
from anaplan_emulator.hosts import is_loopback
from anaplan_emulator.shell_lines import assignments
from anaplan_emulator.store.database import StateError
from anaplan_emulator.tenant.problems import TenantError
from anaplan_emulator.tenant.tenant_schema import schema_text

DEFAULT_PORT = 8765

START_MESSAGE = """\
The Anaplan emulator is listening on {base_url}. Press Ctrl+C to stop it.
Console in a browser: {base_url}/

    user           {user_email}
    password       {password}
    certificate    {certificate}
    private key    {private_key}
    workspace      {workspace_id}
    model          {model_id}
    OAuth client   {oauth_client_id}
    client secret  {oauth_client_secret}
    callback URL   {redirect_uri}
    device client  {device_client_id}

For the command line, set these variables in another {shell}:

    {variables}
    anaplan ls {kind}

From Python, anaplan_sdk.Client.from_env() reads them; or with the certificate:

    import anaplan_sdk

    {by_certificate}

Control API for clock, faults, received requests and more: {base_url}/_emulator/
"""

TRUST_MESSAGE = """\

TLS is served for all of Anaplan's host names. Clients must trust the emulator's certificate
authority:

    {trust}
"""


def main(argv: Sequence[str] | None = None, *, prog: str = "python -m anaplan_emulator") -> int:
    """Serve until the process is interrupted or terminated.

    Args:
        argv: The arguments; those of the process by default.
        prog: The name of the program in its usage text.

    Returns:
        The exit code: 0 after `--schema`, SIGINT, SIGTERM or SIGHUP, 1 if the emulator cannot
        start.
    """
    arguments = _parser(prog).parse_args(argv)
    if arguments.schema:
        _write(sys.stdout, schema_text())
        return 0
    if arguments.verbose:
        _log_requests()
    if not is_loopback(arguments.host):
        _write(sys.stderr, f"Warning: other machines can reach the emulator on {arguments.host}.\n")
    # A signal during the start of the emulator also stops it normally.
    with _stop_signal() as stopped:
        try:
            return _serve(arguments, stopped)
        except StateError as error:
            _write(sys.stderr, f"{error}\n")
            return 1


def _serve(arguments: argparse.Namespace, stopped: threading.Event) -> int:
    try:
        certificates = _certificates_folder(arguments)
    except OSError as error:
        return _fail(f"{error.filename}: {error.strerror}")
    try:
        emulator = Emulator(
            arguments.tenant,
            state=arguments.state,
            port=arguments.port,
            tls=arguments.tls,
            host=arguments.host,
            control_from_anywhere=arguments.control_from_anywhere,
            allowed_hosts=arguments.allowed_host,
            redirect_uri=arguments.redirect_uri,
            certificates=certificates,
        )
    except OSError as error:
        reason = error.strerror or error
        taken = error.errno == errno.EADDRINUSE
        advice = "; --port 0 chooses a free one" if taken else ""
        return _fail(f"cannot listen on {arguments.host} port {arguments.port}: {reason}{advice}")
    except (StateError, TenantError) as error:
        return _fail(str(error))
    if arguments.tenant is not None and emulator.tenant.resumed:
        _write(
            sys.stderr,
            f"Warning: {arguments.state} contains a tenant already; "
            f"{arguments.tenant} is ignored.\n",
        )
    with emulator:
        info = emulator.info()
        if arguments.json:
            _write(sys.stdout, json.dumps(info) + "\n")
        else:
            _write(sys.stdout, _start_message(info))
        # On Windows, a wait without a timeout would not be interrupted by Ctrl+C.
        while not stopped.wait(timeout=1):
            pass
    return 0


def _start_message(info: Mapping[str, str | None]) -> str:
    names = ("base_url", "user_email", "password", "workspace_id", "model_id")
    variables = {f"ANAPLAN_{name.upper()}": info[name] for name in names}
    text = START_MESSAGE.format(
        shell="PowerShell" if sys.platform == "win32" else "terminal",
        variables="\n    ".join(assignments(variables)),
        kind="imports" if info["model_id"] else "models",
        by_certificate=_client(info, "certificate", "private_key"),
        **{name: value or "none" for name, value in info.items()},
    )
    if "ca_certificate" not in info:
        return text
    (trust,) = assignments({"SSL_CERT_FILE": info["ca_certificate"]})
    return text + TRUST_MESSAGE.format(trust=trust)


def _client(info: Mapping[str, str | None], *credentials: str) -> str:
    """Return the code that creates a client, without what the tenant does not have."""
    names = ("base_url", *credentials, "workspace_id", "model_id")
    arguments = [f"        {name}={json.dumps(info[name])}," for name in names if info[name]]
    return "\n".join(["client = anaplan_sdk.Client(", *arguments, "    )"])


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog, description="Serve emulated Anaplan APIs on this machine."
    )
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: %(default)s)"
    )
    parser.add_argument(
        "--port",
        type=_port,
        default=DEFAULT_PORT,
        help="port to listen on; 0 chooses a free one (default: %(default)s)",
    )
    parser.add_argument(
        "--tenant",
        type=Path,
        metavar="FILE",
        help="YAML, JSON or TOML file that describes the tenant",
    )
    parser.add_argument(
        "--schema", action="store_true", help="print the JSON Schema of tenant files, and end"
    )
    parser.add_argument(
        "--state",
        type=Path,
        metavar="FILE",
        help="file in which everything is kept across restarts",
    )
    parser.add_argument(
        "--tls", action="store_true", help="serve TLS, for all of Anaplan's host names"
    )
    parser.add_argument(
        "--json", action="store_true", help="print URL and credentials as one line of JSON"
    )
    parser.add_argument(
        "--control-from-anywhere",
        action="store_true",
        help="allow other machines to use the control API",
    )
    parser.add_argument(
        "--allowed-host",
        action="append",
        default=[],
        metavar="NAME",
        help="further host name by which the control API and the pages may be reached",
    )
    parser.add_argument(
        "--redirect-uri",
        metavar="URL",
        help="further callback URL of the OAuth client, such as that of your web application",
    )
    parser.add_argument(
        "--certificates",
        type=Path,
        metavar="FOLDER",
        help="folder for certificates and keys (default: one of the user's own for each port)",
    )
    parser.add_argument("--verbose", action="store_true", help="log every request")
    return parser


def _certificates_folder(arguments: argparse.Namespace) -> Path | None:
    """Create the folder for certificates. It is the same after a restart, as clients name it.

    Returns:
        The folder, or None for a temporary one: the port is not known, or no other can be used.

    Raises:
        OSError: The folder that the user chose cannot be used.
    """
    given: Path | None = arguments.certificates
    if given is None and arguments.port == 0:
        return None
    name = f"{arguments.host}-{arguments.port}".replace(":", "_")
    try:
        folder = given or platformdirs.user_cache_path("anaplan-emulator") / name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            return folder
    except (OSError, RuntimeError):  # RuntimeError: the user has no home folder.
        if given is not None:
            raise
        return None


def _port(text: str) -> int:
    if not (text.isdecimal() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port number from 0 to 65535")
    return int(text)


@contextlib.contextmanager
def _stop_signal() -> Iterator[threading.Event]:
    """Return an event that is set by SIGINT, SIGTERM and SIGHUP."""
    stopped = threading.Event()
    numbers = [signal.SIGINT, signal.SIGTERM]
    # `nohup` ignores SIGHUP, and Windows does not have it.
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    previous = {number: signal.signal(number, lambda *_: stopped.set()) for number in numbers}
    try:
        yield stopped
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _log_requests() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    logger = logging.getLogger("anaplan_emulator")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)


def _fail(reason: str) -> int:
    _write(sys.stderr, f"The emulator cannot start: {reason}\n")
    return 1


def _write(stream: TextIO | None, text: str) -> None:
    # Streams that are closed when Python starts are None. Nobody may be reading the others.
    if stream is not None:
        with contextlib.suppress(OSError):
            stream.write(text)
            stream.flush()
