"""How fast rows go to Anaplan: one process, Spark without staging, Spark with staging.

    python benchmarks/writing.py [ROWS] [--import]

Each way sends the same Parquet file to an emulator in a process of its own, and then runs a process
that takes no time, so that what is measured is the way to Anaplan. With --import the rows are also
imported into a list once, with staging; the emulator needs far longer for that than for all else.
"""

# ruff: noqa: INP001, S101, S603, T201
from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet
from pyspark.sql import SparkSession

from anaplan_sdk import Client
from anaplan_spark import AnaplanDataSource

FILE, IMPORT = "113000000001", "112000000002"
_BATCH = 50_000
_MIB = 1024 * 1024


def main() -> None:
    """Measure each way once, and print a row of a table for each."""
    rows = int(next((each for each in sys.argv[1:] if each.isdigit()), "5000000"))
    with tempfile.TemporaryDirectory() as name, _emulator() as (options, process):
        folder = Path(name)
        data = folder / "airports.parquet"
        size = _make(data, rows)
        print(f"{rows:,} rows of 8 columns, {size / _MIB:,.0f} MiB as CSV\n", flush=True)
        print("| way | seconds | rows/s | peak memory, Python | peak memory, JVM |")
        print("|---|---|---|---|---|", flush=True)
        secret = folder / "secret.json"
        secret.write_text(json.dumps(options))
        reference = {"secret": f"file:{secret}"}
        target = {"process": process, "file": FILE}

        def alone() -> None:
            with Client(**options) as client:
                client.upload_table(FILE, data)
                client.run_action(process)

        _measure("one process, `upload_table`", rows, alone, in_child=True)
        spark = _session(folder)
        frame = spark.read.parquet(str(data))

        def write(frame: Any, **more: str) -> None:
            frame.write.format("anaplan").mode("append").options(**reference, **more).save()

        # Starts the workers.
        write(frame.limit(10).coalesce(1), **target)
        _measure("Spark, one task", rows, lambda: write(frame.coalesce(1), **target))
        staging = {"staging": str(folder / "staging")}
        count = frame.rdd.getNumPartitions()
        _measure(
            f"Spark, staging, {count} partitions", rows, lambda: write(frame, **target, **staging)
        )
        if "--import" in sys.argv:
            more = {"import": IMPORT, **staging}
            _measure("Spark, staging, with the import", rows, lambda: write(frame, **more))
        spark.stop()


@contextmanager
def _emulator() -> Iterator[tuple[dict[str, Any], str]]:
    """Start the emulator in a process, with a process that deletes the flights, of which none are.

    Yields:
        The options of a client, and the id of that process.
    """
    code = (
        "import sys; from anaplan_emulator import Emulator\n"
        "from pathlib import Path\n"
        "with Emulator(Path(sys.argv[1])) as emulator:\n"
        "    print(emulator.base_url, emulator.workspace_id, emulator.model_id, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    import anaplan_emulator

    tenant = json.loads(
        (Path(anaplan_emulator.__file__).parent / "tenant" / "default.json").read_text()
    )
    model = tenant["workspaces"][0]["models"][0]
    model["processes"].append({"name": "Nothing", "actions": ["Delete all flights"]})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "tenant.json")
        path.write_text(json.dumps(tenant))
        server = subprocess.Popen(
            [sys.executable, "-c", code, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            base_url, workspace, model_id = server.stdout.readline().split()
            user = tenant["users"][0]
            options = {
                "base_url": base_url,
                "workspace_id": workspace,
                "model_id": model_id,
                "user_email": user["email"],
                "password": user["password"],
            }
            with Client(**options) as client:
                processes = client.get_processes()
            (found,) = [str(each.id) for each in processes if each.name == "Nothing"]
            _ignored.add(server.pid)
            yield options, found
        finally:
            server.stdin.close()
            server.wait()


def _make(path: Path, rows: int) -> int:
    """Write a Parquet file of airports, and return its size as CSV without quotes."""
    size = 0
    with parquet.ParquetWriter(path, _batch(0, 1).schema) as writer:
        for start in range(0, rows, _BATCH):
            batch = _batch(start, min(_BATCH, rows - start))
            writer.write_batch(batch)
            texts = [column.cast(pa.string()) for column in batch.columns]
            size += sum(len(b"".join(t.encode() for t in each.to_pylist())) for each in texts)
            size += len(texts) * batch.num_rows
    return size


def _batch(start: int, count: int) -> pa.RecordBatch:
    numbers = range(start, start + count)
    return pa.record_batch(
        {
            "faa": [f"X{number}" for number in numbers],
            "name": [f"Airport {number}" for number in numbers],
            "lat": [number % 1800 / 10 - 90 for number in numbers],
            "lon": [number % 3600 / 10 - 180 for number in numbers],
            "alt": [number % 9000 for number in numbers],
            "tz": [number % 24 - 12 for number in numbers],
            "dst": ["A"] * count,
            "tzone": ["America/New_York"] * count,
        }
    )


def _session(folder: Path) -> SparkSession:
    os.environ["PYSPARK_PYTHON"] = sys.executable
    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.driver.memory", "1g")
        .config("spark.ui.enabled", "false")
        .config(
            "spark.sql.files.maxPartitionBytes",
            str((folder / "airports.parquet").stat().st_size // 2 + 1),
        )
        .config("spark.sql.files.openCostInBytes", "0")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    spark.dataSource.register(AnaplanDataSource)
    return spark


_ignored: set[int] = set()


def _measure(title: str, rows: int, work: Callable[[], None], *, in_child: bool = False) -> None:
    """Do work, and print how long it took and what memory its processes had at most."""
    peaks = {"python": 0, "java": 0}
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.2):
            for kind, size in _memory().items():
                peaks[kind] = max(peaks[kind], size)

    watcher = threading.Thread(target=watch)
    if in_child:
        began = time.perf_counter()
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                work()
                status = 0
            finally:
                os._exit(status)
        watcher.start()
        _, status = os.waitpid(pid, 0)
        if status:
            raise SystemExit(f"{title}: failed")
    else:
        watcher.start()
        began = time.perf_counter()
        work()
    seconds = time.perf_counter() - began
    done.set()
    watcher.join()
    java = f"{peaks['java'] / _MIB:,.0f} MiB" if peaks["java"] else "-"
    print(
        f"| {title} | {seconds:,.1f} | {rows / seconds:,.0f} | "
        f"{peaks['python'] / _MIB:,.0f} MiB | {java} |",
        flush=True,
    )


def _memory() -> dict[str, int]:
    """Return the memory of this process's descendants; shared pages are divided."""
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parents[int(folder.name)] = int(
                    (folder / "stat").read_text().rpartition(")")[2].split()[1]
                )
            except OSError:
                continue
    found: set[int] = set()
    above = {os.getpid()}
    while above:
        above = {pid for pid, parent in parents.items() if parent in above} - _ignored
        found |= above
    sizes = {"python": 0, "java": 0}
    for pid in found:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            name = Path(f"/proc/{pid}/comm").read_text().strip()
        except OSError:
            continue
        size = sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
        sizes["java" if name == "java" else "python"] += size
    return sizes


if __name__ == "__main__":
    main()
