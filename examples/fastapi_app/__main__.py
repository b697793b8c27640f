"""Run the portal against an emulator of its own."""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import islice

import uvicorn

GREETING = """\
The planning portal is running at {portal} - press Ctrl+C to stop it.

Sign in as {user_email} with the password {password}

To see an access token expire and be refreshed, advance the emulator's clock and reload a page:

    curl -X POST {base_url}/_emulator/clock -d '{{"advance_seconds": 2400}}'
"""


def main() -> None:
    """Run until interrupted or terminated."""
    parser = argparse.ArgumentParser(description="Run the planning portal against an emulator.")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (%(default)s)")
    parser.add_argument(
        "--tenant", metavar="FILE", help="tenant file with an OAuth client for the portal"
    )
    arguments = parser.parse_args()
    # Exit through the `with` block, which stops the emulator.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with (
        suppress(KeyboardInterrupt),
        listen(arguments.port) as listening,
        ExitStack() as stack,
    ):
        portal = f"http://127.0.0.1:{listening.getsockname()[1]}"
        anaplan = stack.enter_context(emulator(arguments.tenant, f"{portal}/oauth/callback"))
        os.environ |= {
            "ANAPLAN_BASE_URL": anaplan["base_url"],
            "ANAPLAN_CLIENT_ID": anaplan["oauth_client_id"],
            "ANAPLAN_CLIENT_SECRET": anaplan["oauth_client_secret"],
            "ANAPLAN_REDIRECT_URI": anaplan["redirect_uri"],
        }
        print(GREETING.format(portal=portal, **anaplan), flush=True)
        # No access log: callback URLs contain codes.
        config = uvicorn.Config("app:app", access_log=False, log_level="warning")
        uvicorn.Server(config).run(sockets=[listening])


def listen(port: int) -> socket.socket:
    """Listen before the address is printed, so that early requests wait."""
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        sys.exit(f"Can't listen on port {port}: {error.strerror}. Choose another port with --port.")


@contextmanager
def emulator(tenant: str | None, redirect_uri: str) -> Iterator[dict[str, str]]:
    """Start an emulator in a process of its own; yield its address and credentials."""
    command = [sys.executable, "-m", "anaplan_emulator", "--port", "0", "--json"]
    command += ["--redirect-uri", redirect_uri]
    command += ["--tenant", tenant] if tenant else []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            (line,) = islice(process.stdout or (), 1)
            yield json.loads(line)
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
