"""The main job in Python, end to end: load a month of real flights, and read them back.

`anaplan demo` does the same with the command.

Starts the emulator, signs in with a certificate, uploads three files, runs the process that builds
the lists and loads the module, shows which rows were rejected and why, exports the module, and
compares its totals with the source.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Self

from anaplan_sdk import Client, Progress

# The emulator's package has the files that its default tenant is loaded from.
DATA = Path(str(files("anaplan_emulator"))) / "sample_data"
SOURCES = {
    "airlines.csv": DATA / "airlines.csv",
    "airports.csv": DATA / "airports.csv",
    "flights.csv": DATA / "flights-2013-02.csv.gz",
}
PROCESS = "Load flights"
EXPORT = "Flight Facts - tabular.csv"
GREEN, RED = 32, 31
# Columns of the source, and the line items that they are loaded into.
TOTALS = {"distance": "Distance", "air_time": "Air Time", "arr_delay": "Arrival Delay"}

NEXT_STEPS = """\
To continue, start an emulator in another terminal:

    {python} -m anaplan_emulator

and connect to it from Python ({python}):

    import anaplan_sdk

    client = anaplan_sdk.Client(
        base_url="http://127.0.0.1:8765",
        user_email="{user_email}",
        password="{password}",
        workspace_id="{workspace_id}",
        model_id="{model_id}",
    )
    print(client.get_processes())

The same code works on your own tenant: leave base_url out (and pass
region="eu3" or the like, if the region has its own hosts), and use your
certificate and ids:

    client = anaplan_sdk.Client(
        certificate="~/certs/anaplan.pem",
        private_key="~/keys/anaplan.pem",
        workspace_id="your workspace's id",
        model_id="your model's id",
    )
"""


def main() -> int:
    """Run the job. The exit code is 1 if the totals differ."""
    with emulator() as anaplan:
        print(f"The Anaplan emulator is listening on {anaplan['base_url']}\n")
        started = time.perf_counter()
        with Client(
            base_url=anaplan["base_url"],
            certificate=anaplan["certificate"],
            private_key=anaplan["private_key"],
            workspace_id=anaplan["workspace_id"],
            model_id=anaplan["model_id"],
        ) as client:
            client.authenticate()
            print(f"Signed in with a certificate. The model is {client.get_model().name!r}.\n")
            sizes = upload(client)
            rejected = load(client)
            is_equal = compare(client, rejected)
        seconds = time.perf_counter() - started
        print(f"{sum(sizes):,} bytes uploaded, loaded and read back in {seconds:.1f} seconds.\n")
        print(NEXT_STEPS.format(python=os.path.relpath(sys.executable), **anaplan), end="")
    return 0 if is_equal else 1


def upload(client: Client) -> list[int]:
    """Upload the sources to the model's files of the same names, and return their sizes."""
    ids = {file.name: file.id for file in client.get_files()}
    sizes = []
    for name, path in SOURCES.items():
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        with Bar(f"Uploading {name}") as show:
            client.upload_file(ids[name], content, on_progress=show)
        sizes.append(len(content))
    print()
    return sizes


def load(client: Client) -> list[Mapping[str, str]]:
    """Run the process; print and return the rows that it rejected."""
    process = next(process for process in client.get_processes() if process.name == PROCESS)
    with Bar(f"Running {PROCESS!r}") as show:
        task = client.run_action(process.id, on_progress=show)
    print()
    for step in task.result.nested_results:
        for detail in step.details[:1]:
            print(f"  {detail.local_message_text}".rstrip())
    rejected: list[Mapping[str, str]] = []
    for dump in task.dumps:
        rejected += client.get_dump_rows(*dump)
    print(f"\nRejected: {len(rejected):,} rows")
    for reason, count in Counter(row["_Error_1_"] for row in rejected).most_common():
        print(f"  {count:>6,}  {reason}")
    print(f"  The first is line {rejected[0]['_Line_']}, flight {rejected[0]['flight_id']}\n")
    return rejected


def compare(client: Client, rejected: Iterable[Mapping[str, str]]) -> bool:
    """Export the module, and compare its totals with those of the accepted source rows."""
    export = next(export for export in client.get_exports() if export.name == EXPORT)
    with Bar(f"Exporting {EXPORT!r}") as show:
        content = client.export_and_download(export.id, on_progress=show)
    with gzip.open(SOURCES["flights.csv"], "rt", encoding="utf-8") as source:
        rejected_ids = {row["flight_id"] for row in rejected}
        sent = [row for row in csv.DictReader(source) if row["flight_id"] not in rejected_ids]
    received = list(csv.DictReader(io.StringIO(content.decode())))
    print(f"\n  {'':16}{'sent':>14}{'received':>14}")
    pairs: dict[str, tuple[float, float]] = {"rows": (len(sent), len(received))}
    for column, line_item in TOTALS.items():
        pairs[line_item] = (total(sent, column), total(received, line_item))
    for name, (ours, theirs) in pairs.items():
        verdict = paint("equal", GREEN) if ours == theirs else paint("DIFFERENT", RED)
        print(f"  {name:16}{ours:>14,.0f}{theirs:>14,.0f}  {verdict}")
    print()
    return all(ours == theirs for ours, theirs in pairs.values())


def paint(text: str, colour: int) -> str:
    """Return the text with a colour, if the output is a terminal."""
    return f"\033[{colour}m{text}\033[0m" if sys.stdout.isatty() else text


def total(rows: Iterable[Mapping[str, str]], column: str) -> float:
    """Return the sum of a column, without empty values."""
    return sum(float(row[column]) for row in rows if row[column])


@contextmanager
def emulator() -> Iterator[dict[str, str]]:
    """Start an emulator in a process of its own; yield its address and credentials."""
    command = [sys.executable, "-m", "anaplan_emulator", "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            (line,) = islice(process.stdout or (), 1)
            yield json.loads(line)
        finally:
            process.terminate()


class Bar:
    """Shows progress on one line, which is updated if the output is a terminal."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._live = sys.stdout.isatty()

    def __enter__(self) -> Self:
        self._started = time.perf_counter()
        return self

    def __call__(self, progress: Progress) -> None:
        """Show a report."""
        if self._live and progress.total:
            self._draw(progress.completed / progress.total, progress.step)

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        if error is None:
            self._draw(1, f"{time.perf_counter() - self._started:.1f} s")
            print()

    def _draw(self, share: float, text: str) -> None:
        # A line that wraps could not be updated: the cursor would only return to its last part.
        width = shutil.get_terminal_size().columns - 1
        what = f"{self._what[:width]:{min(38, width)}}"
        length = max(0, min(24, width - len(what) - len("  100%  99.9 s")))
        done = round(length * share)
        bar = f" {paint('█' * done, GREEN)}{'░' * (length - done)} {share:4.0%}" if length else ""
        left = width - len(what) - length - len("  100%")
        text = f"  {text}"[:left] if length else ""
        start, end = ("\r", "\033[K") if self._live else ("", "")
        print(f"{start}{what}{bar}{text}{end}", end="", flush=True)


if __name__ == "__main__":
    sys.exit(main())
