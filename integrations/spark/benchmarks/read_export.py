# ruff: noqa: INP001, S101, S603, T201 - a script that prints and starts itself
"""Measures reading the output of an export with Spark, beside one process with `export_table`.

    python benchmarks/read_export.py [ROWS [PARTITIONS ...]]

By default 5,000,000 rows are read, with 1 and 2 partitions.

The server is that of the SDK's benchmarks, on this machine, which shares its cores with Spark. It
serves the output of an export that has been run, each reply after 20 ms. Each measurement is made
in a process of its own.
"""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
COLUMNS = {
    "Code": "TEXT",
    "Product": "ENTITY",
    "Region": "ENTITY",
    "Ordered": "DATE",
    "Units": "NUMBER",
    "Price": "NUMBER",
    "Active": "BOOLEAN",
}
EXPORT = "116000000001"
BLOCK = 100_000


def write_table(path: Path, rows: int) -> None:
    """Write the output of the export: 100,000 rows, which are repeated."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for index in range(min(rows, BLOCK)):
        some = index * 2654435761 % 4294967296
        day = f"2026-{some % 12 + 1:02}-{some % 28 + 1:02}"
        units, price = some % 1009, some % 10_000_000 / 100
        is_active = "true" if some % 3 else "false"
        product, region = f"Product {some % 997:04}", f"Region {some % 41}"
        writer.writerow((f"F{index:08}", product, region, day, units, price, is_active))
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(COLUMNS) + "\n")
        for _ in range(max(1, rows // BLOCK)):
            file.write(text.getvalue())


def options_of(port: int, secret: str) -> dict[str, str]:
    """Return the options that reach the server."""
    return {
        "base_url": f"http://127.0.0.1:{port}",
        "workspace_id": "0123456789abcdef0123456789abcdef",
        "model_id": "0123456789ABCDEF0123456789ABCDEF",
        "secret": f"file:{secret}",
    }


def read_alone(options: dict[str, str]) -> dict[str, float]:
    """Read the record batches one by one in this process."""
    from anaplan_spark.connection import Connection

    began = time.perf_counter()
    with Connection.from_options(options).client() as client:
        stream = client.export_table(EXPORT, run=False)
        rows = sum(batch.num_rows for batch in stream)
    return {"seconds": time.perf_counter() - began, "rows": rows, "memory": peak(os.getpid())}


def read_with_spark(options: dict[str, str], partitions: int) -> dict[str, float]:
    """Read with Spark, and count the rows and the values that are not null."""
    from pyspark.sql import SparkSession

    from anaplan_spark import AnaplanDataSource

    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    spark = (
        SparkSession.builder.master(f"local[{partitions}]")
        .config("spark.driver.memory", "1g")
        .config("spark.ui.enabled", "false")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("OFF")
    spark.dataSource.register(AnaplanDataSource)
    what = {"export": EXPORT, "run": "false", "partitions": str(partitions)}
    frame = spark.read.format("anaplan").options(**options, **what).load()
    frame.limit(1).collect()  # Starts the processes that plan and read, which are used again.
    highest = [0.0]
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.1):
            highest[0] = max([highest[0], *(peak(each) for each in workers(os.getpid()))])

    watcher = threading.Thread(target=watch)
    watcher.start()
    began = time.perf_counter()
    columns = ", ".join(f"count(`{name}`)" for name in COLUMNS)
    rows = frame.selectExpr(*columns.split(", ")).first()[0]
    seconds = time.perf_counter() - began
    done.set()
    watcher.join()
    spark.stop()
    return {"seconds": seconds, "rows": rows, "memory": highest[0]}


def workers(process: int) -> list[int]:
    """Return the Python processes below a process."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text()
        except OSError:
            continue
        parents.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(folder.name))
    found: list[int] = []
    below = list(parents.get(process, []))
    while below:
        each = below.pop()
        below += parents.get(each, [])
        try:
            command = Path(f"/proc/{each}/cmdline").read_bytes()
        except OSError:
            continue
        if b"pyspark" in command and b"java" not in command.split(b"\0")[0]:
            found.append(each)
    return found


def peak(process: int) -> float:
    """Return the most memory that a process has had, in MiB."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0.0
    return next(
        (int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")),
        0.0,
    )


def main(rows: int, counts: list[int]) -> None:
    """Measure one process, then Spark with each number of partitions."""
    with tempfile.TemporaryDirectory() as folder:
        content = Path(folder, "output.csv")
        write_table(content, rows)
        secret = Path(folder, "secret.json")
        secret.write_text(json.dumps({"user_email": "a@example.com", "password": "any"}))
        setup = {
            "content": str(content),
            "download": content.stat().st_size,
            "columns": COLUMNS,
            "latency": 0.02,
        }
        server = subprocess.Popen(
            [sys.executable, str(BENCHMARKS / "server.py"), json.dumps(setup)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert server.stdout is not None
        options = options_of(int(server.stdout.readline()), str(secret))
        size = content.stat().st_size / 1e6
        print(f"{rows:,} rows of {len(COLUMNS)} columns, {size:,.0f} MB\n")
        print("| way | seconds | rows/s | peak memory of a reading process |")
        print("|---|---|---|---|", flush=True)
        for count in [0, *counts]:
            done = subprocess.run(
                [sys.executable, __file__, "measure", str(count), json.dumps(options)],
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                print(done.stderr[-3000:])
                continue
            result = json.loads(done.stdout.splitlines()[-1])
            assert result["rows"] == rows, result
            name = f"Spark, partitions: {count}" if count else "one process, `export_table`"
            print(
                f"| {name} | {result['seconds']:,.1f} | {rows / result['seconds']:,.0f} | "
                f"{result['memory']:,.0f} MiB |",
                flush=True,
            )
        server.communicate()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["measure", count, given]:
            options = json.loads(given)
            parts = int(count)
            print(json.dumps(read_with_spark(options, parts) if parts else read_alone(options)))
        case [rows, *counts]:
            main(int(rows), [int(each) for each in counts] or [1, 2])
        case _:
            main(5_000_000, [1, 2])
