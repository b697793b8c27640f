"""Interrupt downloads at random moments, and count what went wrong.

python -m tests.faults.interrupts 600
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from anaplan_emulator import Emulator
from anaplan_sdk.testing import EmulatedAnaplan

FILE = 113000000000
DATA = b"".join(b"%07d,x\n" % number for number in range(2000))
FORMER = b"what was there before"

# One process downloads again and again; a timer sends the signal at some moment of each download.
DOWNLOADS = """
import json, os, random, signal, sys, time
from pathlib import Path
from anaplan_sdk import Client

options, count, seed, folder = json.loads(sys.argv[1])
chance = random.Random(seed)
target = Path(folder, "data.csv")
former = target.read_bytes()
client = Client(upload_chunk_size=2000, **options)
signal.signal(signal.SIGINT, signal.default_int_handler)

def download():
    client.download_file(113000000000, target)

def timed():
    began = time.perf_counter()
    download()
    return time.perf_counter() - began

usual = min([timed() for _ in range(8)])
found = {"interrupted": 0, "finished": 0, "masked": [], "left": [], "partial": 0}
for _ in range(count):
    target.write_bytes(former)
    signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))
    # Half of them near the end, when the file is renamed.
    delay = usual * chance.choice([chance.uniform(0.001, 1.0), chance.gauss(0.97, 0.05)])
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, max(delay, 1e-5))
            download()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        found["interrupted"] += 1
    except BaseException as error:
        found["masked"].append(repr(error))
    else:
        found["finished"] += 1
    found["left"] += [name for name in os.listdir(folder) if name != "data.csv"]
    for name in found["left"]:
        Path(folder, name).unlink(missing_ok=True)
    if target.read_bytes() not in (former, WHOLE):
        found["partial"] += 1
print(json.dumps(found))
"""


@dataclass(frozen=True)
class Found:
    """What became of interrupted downloads.

    Attributes:
        interrupted: How many ended in KeyboardInterrupt.
        finished: How many had ended before.
        masked: Other errors that came out.
        left: Temporary files that stayed.
        partial: How often the target was neither what it was nor complete.
    """

    interrupted: int
    finished: int
    masked: list[str]
    left: list[str]
    partial: int


def interrupt_downloads(emulator: Emulator, count: int, seed: int) -> Found:
    """Interrupt downloads in another process, each once."""
    options = {
        "base_url": emulator.base_url,
        "workspace_id": emulator.workspace_id,
        "model_id": emulator.model_id,
        "user_email": emulator.user_email,
        "password": emulator.password,
    }
    with EmulatedAnaplan(emulator).client(upload_chunk_size=2000) as client:
        client.upload_file(FILE, DATA)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "data.csv").write_bytes(FORMER)
        program = DOWNLOADS.replace("WHOLE", repr(DATA))
        argument = json.dumps([options, count, seed, folder])
        done = subprocess.run(
            [sys.executable, "-c", program, argument],
            capture_output=True,
            text=True,
            check=False,
            timeout=30 + count,
        )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return Found(**json.loads(done.stdout))


if __name__ == "__main__":
    with Emulator() as running:
        seed = random.SystemRandom().randrange(1_000_000)
        sys.stdout.write(f"{interrupt_downloads(running, int(sys.argv[1]), seed)}\n")
