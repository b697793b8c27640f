"""Measure the emulator: `python benchmarks/emulator.py`, in an environment with the dev extra.

Each measurement is made in a new process that runs the emulator, and is driven from this one, so
that only the emulator is measured. The table shows medians of the rounds: the duration, the time of
the processor, and the greatest resident memory meanwhile. It needs Linux.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from anaplan_sdk import Client

ROOT = Path(__file__).resolve().parent.parent
MIB = 1 << 20
DATA = ROOT / "src" / "anaplan_emulator" / "sample_data"
RESETS = 50
CALLS = 1000

# Prints its measurement: seconds from the first import to a client of the fixture `anaplan`.
_READY = """
import time
started = time.perf_counter()
from anaplan_emulator import Emulator
from anaplan_sdk.testing import EmulatedAnaplan
with Emulator() as emulator:
    emulator.reset()
    EmulatedAnaplan(emulator).client().get_model()
    print(time.perf_counter() - started, flush=True)
    input()
"""
# Prints the mean of the resets between tests, each of which made a call. The first two resets of a
# process load the tenant; later ones restore a copy.
_RESET = f"""
import time
from anaplan_emulator import Emulator
from anaplan_sdk.testing import EmulatedAnaplan
spent = 0
with Emulator() as emulator:
    for test in range({RESETS} + 2):
        started = time.perf_counter()
        emulator.reset()
        spent += (time.perf_counter() - started) if test > 1 else 0
        anaplan = EmulatedAnaplan(emulator)
        anaplan.client().get_model()
        anaplan.close()
    print(spent / {RESETS}, flush=True)
    input()
"""
# Prints the medians of starts of the emulator (the first has imported everything), and of resets
# between tests that have added an item to a list.
_TENANT = """
import sys, time
from statistics import median
from anaplan_emulator import TEXT, Emulator, TenantBuilder
from anaplan_sdk.testing import EmulatedAnaplan

def build(size):
    tenant = TenantBuilder()
    model = tenant.model("Sales", months=3)
    parts = model.list("Parts", properties={"Note": TEXT})
    for number in range(size):
        parts.item(f"Part {number}", code=f"P{number}", properties={"Note": "n"})
    return tenant.build()

tenant = None if sys.argv[1] == "default" else build(int(sys.argv[1]))
starts, resets = [], []
for _ in range(6):
    started = time.perf_counter()
    with Emulator(tenant) as emulator:
        starts.append(time.perf_counter() - started)
with Emulator(tenant) as emulator:
    for test in range(32):
        started = time.perf_counter()
        emulator.reset()
        resets.append(time.perf_counter() - started)
        anaplan = EmulatedAnaplan(emulator)
        client = anaplan.client()
        client.tr.insert_list_items(client.tr.get_lists()[0].id, [{"name": "New"}])
        anaplan.close()
    print(median(starts[1:]), resets[0], median(resets[1:]), flush=True)
    input()
"""
# Prints what a client needs, and runs until the input ends.
_SERVE = """
from anaplan_emulator import Emulator
with Emulator() as emulator:
    print(emulator.base_url, emulator.user_email, emulator.password,
          emulator.workspace_id, emulator.model_id, flush=True)
    input()
"""


@dataclass
class Measurement:
    """What a step cost the emulator.

    Attributes:
        seconds: Its duration.
        processor: Seconds of processor time.
        peak: Greatest resident memory meanwhile, in bytes.
    """

    seconds: float
    processor: float
    peak: int


Steps = dict[str, list[Measurement]]


def main() -> None:
    """Run the selected measurements and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--rounds", type=int, default=3, help="runs of each measurement (default: %(default)s)"
    )
    parser.add_argument(
        "--only", choices=PROGRAMS, action="append", help="run these measurements only"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        year = Path(folder) / "flights.csv"
        if options.only is None or "year" in options.only:
            derive = [sys.executable, str(ROOT / "tools" / "derive_flights.py"), "--year"]
            subprocess.run([*derive, str(year)], check=True)
        steps: Steps = {}
        for _ in range(options.rounds):
            for program in options.only or PROGRAMS:
                PROGRAMS[program](steps, year)
    print(f"{'':46}{'seconds':>10}{'processor':>11}{'peak MiB':>10}")
    for step, found in steps.items():
        seconds = median(each.seconds for each in found)
        processor = median(each.processor for each in found)
        peak = median(each.peak for each in found) / MIB
        print(f"{step:46}{seconds:10.4f}{processor:11.4f}{peak:10.0f}")


def ready(steps: Steps, _: Path) -> None:
    """Measure from the import to the first reply of a fixture."""
    with _process(_READY) as (process, line):
        measured = Measurement(float(line), _processor(process.pid), _peak(process.pid))
    steps.setdefault("from the import to a fixture's first reply", []).append(measured)


def reset(steps: Steps, _: Path) -> None:
    """Measure a reset between two tests."""
    with _process(_RESET) as (process, line):
        measured = Measurement(float(line), float("nan"), _peak(process.pid))
    steps.setdefault("a reset between tests", []).append(measured)


def tenants(steps: Steps, _: Path) -> None:
    """Measure starts, and resets between two tests, with tenants of several sizes."""
    for name, argument in {
        "default tenant": "default",
        "two items": "2",
        "25,000 items": "25000",
    }.items():
        with _process(_TENANT, argument) as (process, line):
            peak = _peak(process.pid)
            for what, seconds in zip(
                ("start", "first reset", "reset after a change"),
                line.split(),
                strict=True,
            ):
                measured = Measurement(float(seconds), float("nan"), peak)
                steps.setdefault(f"{what}, {name}", []).append(measured)


def call(steps: Steps, _: Path) -> None:
    """Measure a small call."""
    with _process(_SERVE) as (process, line):
        client = _client(line)
        client.get_model()
        found: Steps = {}
        with _step(found, "", process.pid):
            for _number in range(CALLS):
                client.get_model()
    ((total,),) = found.values()
    measured = Measurement(total.seconds / CALLS, total.processor / CALLS, total.peak)
    steps.setdefault("a small call", []).append(measured)


def year(steps: Steps, flights: Path) -> None:
    """Measure the import, an export and a view of the flights of a year."""
    with _process(_SERVE) as (process, line):
        client = _client(line)
        files = {file.name: file.id for file in client.get_files()}
        imports = {each.name: each.id for each in client.get_imports()}
        exports = {each.name: each.id for each in client.get_exports()}
        for table in ("airlines", "airports"):
            client.upload_file(files[f"{table}.csv"], DATA / f"{table}.csv")
        with _step(steps, "the upload of a year's flights", process.pid):
            client.upload_file(files["flights.csv"], flights)
        for name in ("Time Zones", "Airports"):
            client.run_action(imports[f"{name} from airports.csv"])
        client.run_action(imports["Airlines from airlines.csv"])
        with _step(steps, "their import into the list", process.pid):
            client.run_action(imports["Flights from flights.csv"])
        with _step(steps, "their import into the module", process.pid):
            client.run_action(imports["Flight Facts from flights.csv"])
        with _step(steps, "the export of the module", process.pid):
            client.run_action(exports["Flight Facts - tabular.csv"])
        view = next(each for each in client.tr.get_views() if each.name == "Flight Facts")
        with _step(steps, "a view of a million cells as JSON", process.pid):
            client.tr.get_view_data(view.id, max_rows=90_909)
        with _step(steps, "a view of a million cells as CSV", process.pid):
            client.tr.get_view_data(view.id, max_rows=90_909, data_format="text/csv")


PROGRAMS: dict[str, Callable[[Steps, Path], None]] = {
    program.__name__: program for program in (ready, reset, tenants, call, year)
}


def _client(line: str) -> Client:
    url, email, password, workspace_id, model_id = line.split()
    return Client(
        base_url=url,
        user_email=email,
        password=password,
        workspace_id=workspace_id,
        model_id=model_id,
    )


@contextmanager
def _process(code: str, *arguments: str) -> Generator[tuple[subprocess.Popen[str], str]]:
    """Run code in a new process, and yield it with the line that it prints."""
    command = [sys.executable, "-c", code, *arguments]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None  # because of the pipes
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline()
            process.stdin.write("\n")
            process.stdin.close()
            process.wait(60)
        finally:
            process.kill()


@contextmanager
def _step(steps: Steps, name: str, pid: int) -> Generator[None]:
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")  # resets the peak
    processor, started = _processor(pid), time.perf_counter()
    yield
    seconds = time.perf_counter() - started
    measured = Measurement(seconds, _processor(pid) - processor, _peak(pid))
    steps.setdefault(name, []).append(measured)


def _processor(pid: int) -> float:
    """Return the processor time of another process, in seconds."""
    # The name, which is in parentheses, may contain spaces.
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak(pid: int) -> int:
    """Return the greatest resident memory of another process, in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    return 0


if __name__ == "__main__":
    main()
