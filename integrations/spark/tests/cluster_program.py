"""Reads and writes with a cluster of two executors, one of which is killed; run by a test.

python cluster_program.py FOLDER READS WRITE
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from pyspark.sql import SparkSession

from anaplan_spark import AnaplanDataSource


def session(folder: Path) -> SparkSession:
    """Start the cluster."""
    options = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
    spark = (
        SparkSession.builder.master("local-cluster[2,1,512]")
        .config("spark.driver.memory", "512m")
        .config("spark.executor.memory", "512m")
        .config("spark.driver.extraJavaOptions", options)
        .config("spark.executor.extraJavaOptions", options)
        .config("spark.python.authenticate.socketTimeout", "120s")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.scheduler.minRegisteredResourcesRatio", "1")
        .config("spark.scheduler.maxRegisteredResourcesWaitingTime", "200s")
        .config("spark.executorEnv.PYTHONPATH", os.environ["PYTHONPATH"])
        .config("spark.eventLog.enabled", "true")
        .config("spark.eventLog.compress", "false")
        .config("spark.eventLog.dir", (folder / "events").as_uri())
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", "100")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    spark.dataSource.register(AnaplanDataSource)
    return spark


def read(spark: SparkSession, reads: list[dict[str, str]]) -> dict[str, int]:
    """Read each of the tables in a task of its own, at the same time."""

    def with_executor(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            # The parent is the daemon of the executor's Python workers.
            yield pa.RecordBatch.from_pydict({"executor": [os.getppid()], "rows": [batch.num_rows]})

    whole = None
    for options in reads:
        frame = spark.read.format("anaplan").options(**options).load()
        frame = frame.mapInArrow(with_executor, "executor long, rows long")
        whole = frame if whole is None else whole.unionAll(frame)
    assert whole is not None
    rows = whole.collect()
    return {"executors": len({each[0] for each in rows}), "rows": sum(each[1] for each in rows)}


def write(spark: SparkSession, folder: Path, options: dict[str, str]) -> None:
    """Write 4,000 airlines; the JVM of the executor that has partition 1 is killed once."""
    marker = folder / "killed"

    def kill_once(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from pyspark import TaskContext

        context = TaskContext.get()
        assert context is not None
        (folder / f"executor-{os.getppid()}").touch()
        for number, batch in enumerate(batches):
            if number == 2 and context.partitionId() == 1 and not marker.exists():
                marker.touch()
                # The daemon of the workers is a child of the executor.
                daemon = Path(f"/proc/{os.getppid()}/stat").read_text()
                os.kill(int(daemon.rpartition(")")[2].split()[1]), signal.SIGKILL)
            yield batch

    frame = spark.range(0, 4000, 1, 4).selectExpr(
        "concat('X', id) carrier", "concat('Airline ', id) name"
    )
    frame = frame.mapInArrow(kill_once, "carrier string, name string")
    frame.write.format("anaplan").mode("append").options(**options).save()


def main(folder: Path, reads: list[dict[str, str]], options: dict[str, str]) -> None:
    """Read, print what came, and write."""
    spark = session(folder)
    sys.stdout.write(json.dumps(read(spark, reads)) + "\n")
    sys.stdout.flush()
    write(spark, folder, options)
    spark.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]), json.loads(sys.argv[3]))
