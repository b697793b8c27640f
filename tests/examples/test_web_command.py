"""`make web`: one command that starts an emulator and the web application, and ends both."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from anaplan_emulator import TenantDescription

APP = Path(__file__).parents[2] / "examples" / "fastapi_app"


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_to_go_and_leaves_nothing_behind(
    tmp_path: Path, tenant_of: Callable[..., TenantDescription], end: signal.Signals
) -> None:
    """On any port: the tenant's file names another callback URL."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    tenant = tmp_path / "tenant.json"
    tenant.write_text(tenant_of("http://127.0.0.1:8000/oauth/callback").model_dump_json())
    command = [sys.executable, str(APP), "--port", str(port), "--tenant", str(tenant)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        greeting = "".join(process.stdout.readline() for _ in range(8))
        emulator = re.findall(r"curl -X POST (\S+)/_emulator/clock", greeting)[0]
        portal = re.findall(r"portal is running at (\S+) ", greeting)[0]
        assert "Sign in as pat@example.com with the password Pl4nning!" in greeting

        with httpx2.Client(timeout=30) as visitor:
            begun = visitor.get(f"{portal}/login").headers["location"]
            decided = visitor.post(
                f"{emulator}/_emulator/oauth/authorizations", json={"url": begun}
            )
            arrived = visitor.get(decided.json()["callback_url"], follow_redirects=True)
            assert "Pat Planner" in arrived.text

        process.send_signal(end)
        process.wait(timeout=20)
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{emulator}/_emulator/health")


def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = subprocess.run(
            [sys.executable, str(APP), "--port", str(port)],
            capture_output=True,
            text=True,
            check=False,
        )
    assert result.returncode == 1
    assert result.stderr.startswith(f"Can't listen on port {port}: ")
