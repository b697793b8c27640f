"""Programs without OpenTelemetry: nothing is different, and nothing is loaded."""

from __future__ import annotations

import subprocess
import sys

import pytest

from anaplan_emulator import Emulator

LOAD = """
import sys
{before}
from anaplan_sdk import Client
client = Client(base_url={url!r}, workspace_id={workspace!r}, model_id={model!r},
                user_email={email!r}, password={password!r})
with client:
    client.upload_and_import(113000000000, "carrier,name\\nAA,American\\n", 112000000001)
    assert client.get_file(113000000000)
    with client.export_table(116000000000) as table:
        assert table.read_all().num_rows == 0
{after}
"""
BLOCKED = 'sys.modules["opentelemetry"] = None'
NOT_LOADED = 'assert not [name for name in sys.modules if name.startswith("opentelemetry")]'
# A part of a program imports the API, and nothing sets a provider.
API_ONLY = "from opentelemetry import trace, metrics"
NO_SDK = 'assert "opentelemetry.sdk" not in sys.modules'


@pytest.mark.parametrize(
    ("before", "after"),
    [(BLOCKED, ""), ("", NOT_LOADED), (API_ONLY, NO_SDK)],
    ids=["not installed", "not used", "no provider"],
)
def test_nothing_is_different(anaplan_emulator: Emulator, before: str, after: str) -> None:
    anaplan_emulator.reset()
    code = LOAD.format(
        before=before,
        after=after,
        url=anaplan_emulator.base_url,
        workspace=anaplan_emulator.workspace_id,
        model=anaplan_emulator.model_id,
        email=anaplan_emulator.user_email,
        password=anaplan_emulator.password,
    )
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
