"""Clients that are used before a fork and in the forked processes, as pre-fork servers do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from anaplan_sdk.testing import EmulatedAnaplan

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="There are no forks.")

# In a program of its own, since pytest has threads that a fork would not copy.
PREPARATION = """
import ctypes, json, multiprocessing, os, socket, ssl, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
from anaplan_sdk import AsyncClient, Client

options = json.loads(sys.argv[1])
if authority := options.pop("authority"):
    options["verify"] = ssl.create_default_context(cafile=authority)
with Client(**options) as other:
    first, second = [model.id for model in other.get_models()][:2]
client = Client(timeout=20, **options)

def wrong(number):
    model = (first, second)[number % 2]
    return client.get_model(model).id != model

def in_child(work, seconds=20):
    # Returns what a forked process has; None if it takes too long.
    reader, writer = multiprocessing.Pipe(duplex=False)
    if not (child := os.fork()):
        try:
            writer.send(work())
        finally:
            os._exit(0)
    writer.close()
    try:
        return reader.recv() if reader.poll(seconds) else None
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
"""

POOL = """
with ThreadPoolExecutor(4) as threads:  # Several connections, which stay open.
    assert not any(threads.map(wrong, range(8)))
with multiprocessing.get_context("fork").Pool(4) as pool:
    print(sum(pool.map(wrong, range(400), chunksize=10)))
assert not wrong(0)
"""

# Each worker answers in threads, with the client that its parent has used.
SERVER = """
assert not wrong(0)
listener = socket.create_server(("127.0.0.1", 0))

def answer(connection):
    with connection:
        connection.sendall(b"%d" % wrong(int(connection.recv(100))))

def serve():
    with ThreadPoolExecutor(8) as threads:
        while True:
            threads.submit(answer, listener.accept()[0])

workers = []
for _ in range(3):
    if not (worker := os.fork()):
        serve()
    workers.append(worker)

def ask(number):
    with socket.create_connection(listener.getsockname(), 30) as connection:
        connection.sendall(b"%d" % number)
        return int(connection.recv(100))

with ThreadPoolExecutor(12) as threads:
    answers = threads.map(ask, range(200))
    print(sum(wrong(n) for n in range(20)) + sum(answers))
for worker in workers:
    os.kill(worker, 9)
    os.waitpid(worker, 0)
listener.close()
"""

# Whatever they hold at the moment of a fork, the children don't wait for it.
BUSY_THREADS = """
is_over = threading.Event()
failures = []

def work(number):
    while not is_over.is_set():
        if wrong(number):
            failures.append(number)

assert not wrong(0)
threads = [threading.Thread(target=work, args=(n,), daemon=True) for n in range(6)]
for thread in threads:
    thread.start()
children = [in_child(lambda: [wrong(n) for n in range(4)]) for _ in range(6)]
is_over.set()
for thread in threads:
    thread.join()
print(children.count([False] * 4), len(failures))
"""

# One of the parent's threads signs in, and has the only permit: neither ends in this test.
SIGN_IN_UNDER_WAY = """
threading.Thread(target=wrong, args=(0,), daemon=True).start()
time.sleep(0.5)
print(in_child(lambda: [wrong(n) for n in range(2)]), flush=True)
os._exit(0)
"""

EVENT_LOOPS = """
import asyncio
shared = AsyncClient(**options)

async def ask(number):
    model = (first, second)[number % 2]
    return (await shared.get_model(model)).id != model

async def main():
    return sum(await asyncio.gather(*(ask(n) for n in range(20))))

loop = asyncio.new_event_loop()
assert not loop.run_until_complete(main())
children = [in_child(lambda: asyncio.run(main())) for _ in range(3)]
print(children, loop.run_until_complete(main()))
loop.run_until_complete(shared.aclose())
loop.close()
"""

# By C code that does not inform Python, as uWSGI does without threads.
UNNOTICED = """
assert not wrong(0)
reader, writer = multiprocessing.Pipe(duplex=False)
if not ctypes.PyDLL(None).fork():
    writer.send(sum(wrong(n) for n in range(20)))
    os._exit(0)
print(sum(wrong(n) for n in range(20)), reader.recv())
os.wait()
"""

DESCRIPTORS = """
with ThreadPoolExecutor(4) as threads:
    assert not any(threads.map(wrong, range(8)))

def sockets():
    names = (f"/proc/self/fd/{name}" for name in os.listdir("/proc/self/fd"))
    return sum(os.path.exists(n) and os.readlink(n).startswith("socket:") for n in names)

mine = sockets()
print(mine > 0, in_child(sockets), sockets() == mine, in_child(lambda: in_child(lambda: wrong(1))))
"""


@pytest.fixture(params=["http", "tls"])
def either(request: pytest.FixtureRequest) -> EmulatedAnaplan:
    """Anaplan over plain HTTP, and over TLS."""
    name = "anaplan" if request.param == "http" else "anaplan_over_tls"
    anaplan: EmulatedAnaplan = request.getfixturevalue(name)
    return anaplan


def run(anaplan: EmulatedAnaplan, program: str, **options: Any) -> str:
    """Returns what a program prints; it has no warnings."""
    emulator = anaplan.emulator
    is_tls = emulator.base_url.startswith("https:")
    setting = {
        "base_url": emulator.base_url,
        "authority": str(emulator.ca_certificate) if is_tls else "",
        "user_email": emulator.user_email,
        "password": emulator.password,
        **options,
    }
    # Python 3.12 and later warn of a fork in a program with threads.
    warnings = ["-W", "error", "-W", "ignore:This process:DeprecationWarning"]
    command = [
        sys.executable,
        *warnings,
        "-c",
        PREPARATION + program + "client.close()",
        json.dumps(setting),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


def test_no_process_of_a_pool_reads_anothers_replies(either: EmulatedAnaplan) -> None:
    assert run(either, POOL) == "0"


def test_workers_of_a_pre_fork_server_share_nothing(either: EmulatedAnaplan) -> None:
    assert run(either, SERVER) == "0"


def test_children_do_not_wait_for_threads_of_their_parent(either: EmulatedAnaplan) -> None:
    assert run(either, BUSY_THREADS, max_concurrency=2) == "6 0"


def test_a_child_does_not_wait_for_a_sign_in_of_its_parent(anaplan: EmulatedAnaplan) -> None:
    anaplan.fault(path="/token/authenticate", skip=1, delay_seconds=60)
    assert run(anaplan, SIGN_IN_UNDER_WAY, max_concurrency=1) == "[False, False]"


def test_a_rate_limit_is_that_of_each_process(anaplan: EmulatedAnaplan) -> None:
    # The parent's threads have reserved the next minutes.
    program = """
for _ in range(3):
    threading.Thread(target=wrong, args=(0,), daemon=True).start()
time.sleep(0.5)
print(in_child(lambda: wrong(1)), flush=True)
os._exit(0)
"""
    assert run(anaplan, program, requests_per_minute=1) == "False"


def test_event_loops_of_children_have_connections_of_their_own(either: EmulatedAnaplan) -> None:
    assert run(either, EVENT_LOOPS) == "[0, 0, 0] 0"


def test_a_fork_that_python_does_not_notice(anaplan: EmulatedAnaplan) -> None:
    assert run(anaplan, UNNOTICED) == "0 0"


@pytest.mark.skipif(sys.platform != "linux", reason="It reads /proc.")
def test_a_child_does_not_keep_the_connections_of_its_parent_open(either: EmulatedAnaplan) -> None:
    assert run(either, DESCRIPTORS) == "True 0 True False"


FIRST_REPLY = """
import os, threading, warnings
from multiprocessing import Pipe
from anaplan_sdk.models._envelopes import ObjectReply

warnings.simplefilter("ignore")
began, may_end = threading.Event(), threading.Event()

def item():
    began.set()
    may_end.wait(0 if threading.current_thread() is threading.main_thread() else 60)
    return dict

reply = ObjectReply("thing", item)
thread = threading.Thread(target=lambda: reply.adapter)
thread.start()
began.wait()
reader, writer = Pipe(duplex=False)
child = os.fork()
if not child:
    writer.send(reply.adapter.validate_json(b'{"thing": {}}').value)
    os._exit(0)
print(reader.recv() if reader.poll(10) else "hangs")
os.kill(child, 9)
may_end.set()
thread.join()
"""


def test_a_fork_while_another_thread_prepares_for_its_first_reply() -> None:
    """Python 3.11 computes a cached property under a lock, which the child would inherit."""
    command = [sys.executable, "-c", FIRST_REPLY]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["{}"], done.stderr
