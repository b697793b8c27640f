"""Clients that work while the interpreter ends."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from anaplan_sdk.testing import EmulatedAnaplan

PROGRAM = """
import atexit, json, sys, threading
from anaplan_sdk import AsyncClient, Client
from anaplan_sdk.exceptions import AnaplanException

options = json.loads(sys.argv[1])
file, action, way = options.pop("file"), options.pop("action"), options.pop("way")
options["upload_chunk_size"] = 1000
content = b"code,name\\n" + b"AA,American Airlines\\n" * 200

def upload():
    with Client(**options, request_deadline=30) as client:
        client.upload_file(file, content)
        client.upload_file(file, iter([content]))
        print(client.get_file(file) == content, len(client.get_models()) > 0)

async def upload_in_tasks():
    async with AsyncClient(**options) as client:
        await client.upload_file(file, content)
        print(await client.get_file(file) == content, len(await client.get_models()) > 0)

def refused():
    import asyncio
    try:
        asyncio.run(upload_in_tasks())
    except AnaplanException as error:
        print(type(error).__name__, "interpreter is ending" in str(error), error.not_performed)

def in_loop():
    import asyncio
    asyncio.run(upload_in_tasks())

if way == "no threads":
    threading.stack_size(1 << 46)  # No thread gets that much.
    upload()
elif way == "no threads for tasks":
    threading.stack_size(1 << 46)
    in_loop()
else:
    atexit.register({"threads": upload, "tasks": in_loop, "names": refused}[way])
"""


@pytest.mark.parametrize("way", ["threads", "tasks", "no threads", "no threads for tasks", "names"])
def test_transfers_without_threads(anaplan: EmulatedAnaplan, way: str) -> None:
    emulator = anaplan.emulator
    with anaplan.client() as client:
        file = client.get_files()[0].id
    base_url = emulator.base_url
    if way == "names":  # asyncio needs a thread to look up a host's address.
        base_url = base_url.replace("127.0.0.1", "localhost")
    setting = {
        "base_url": base_url,
        "workspace_id": emulator.workspace_id,
        "model_id": emulator.model_id,
        "user_email": emulator.user_email,
        "password": emulator.password,
        "file": file,
        "action": 0,
        "way": way,
    }
    command = [sys.executable, "-W", "error", "-c", PROGRAM, json.dumps(setting)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    expected = "AnaplanConnectionException True True" if way == "names" else "True True"
    assert done.stdout.strip() == expected
