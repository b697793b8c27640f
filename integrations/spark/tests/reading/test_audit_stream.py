"""Audit events as a stream: each of them once, also after a failure and a restart."""

from __future__ import annotations

import pickle
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from anaplan_spark.audit_stream import AuditStreamReader
from anaplan_spark.columns import schema_of
from anaplan_spark.read_options import ReadOptions

if TYPE_CHECKING:
    from conftest import SparkAnaplan
    from pyspark.sql.streaming import DataStreamWriter, StreamingQuery

EVENTS = "/audit/api/1/events"


def now(source: SparkAnaplan) -> int:
    """Return the time of Anaplan's clock, which is not that of Spark."""
    return int(1000 * source.anaplan.emulator.now().timestamp())


def events(spark: SparkSession, source: SparkAnaplan, **options: object) -> DataFrame:
    reader = spark.readStream.format("anaplan").options(**source.auditor, audit="true")
    return reader.options(lag_seconds=0, **options).load()


def store(frame: DataFrame, folder: Path) -> None:
    """Append the events that there are now to Parquet files."""
    query = (
        frame.writeStream.format("parquet")
        .option("path", str(folder / "events"))
        .option("checkpointLocation", str(folder / "checkpoint"))
        .trigger(availableNow=True)
    )
    run(query).awaitTermination()


def run(query: DataStreamWriter) -> StreamingQuery:
    """Start a query, again if Spark has not: its Python process must start within 10 seconds."""
    while True:
        started = query.start()
        while started.isActive and not started.recentProgress:
            time.sleep(0.1)
        if "worker failed to connect back" not in str(started.exception()):
            return started


def stored(spark: SparkSession, folder: Path) -> list[int]:
    return [row.id for row in spark.read.parquet(str(folder / "events")).select("id").collect()]


def act(source: SparkAnaplan) -> None:
    """Do something that Anaplan records."""
    with source.anaplan.client() as client:
        client.run_action(source.export_named("single column"))
    # Anaplan tells its time in whole seconds, so the newest events come later.
    source.anaplan.advance(minutes=1)


def ids_between(source: SparkAnaplan, start: int, end: int) -> list[int]:
    with source.anaplan.client(user_email="auditor@skyline.example") as client:
        found = client.audit.get_event_stream(start - 1, end)
        return sorted(each.id for each in found if start <= each.event_date < end)


def test_each_event_once_after_failures_and_restarts(
    spark: SparkSession, source: SparkAnaplan, tmp_path: Path
) -> None:
    began = now(source)
    act(source)
    store(events(spark, source, starting_at=began), tmp_path)
    first = stored(spark, tmp_path)
    assert first

    act(source)
    # The first request asks for the time, the next one is the task's.
    source.anaplan.fault(method="GET", path=EVENTS, status=403, skip=1, times=1000)
    with pytest.raises(PySparkException, match="PermissionDenied"):
        store(events(spark, source, starting_at=began), tmp_path)
    assert "dateFrom" in source.anaplan.requests("GET", EVENTS)[-1].query
    source.anaplan.emulator.clear_faults()

    act(source)
    ended = now(source)
    store(events(spark, source, starting_at=began), tmp_path)
    if spark.version.startswith("4.1."):
        # There the query ends after the batch that it repeats.
        store(events(spark, source, starting_at=began), tmp_path)
    ids = stored(spark, tmp_path)
    assert len(ids) == len(set(ids))
    assert len(ids) > len(first)
    assert set(ids_between(source, began, ended)) <= set(ids)


def test_a_new_stream_starts_now(spark: SparkSession, source: SparkAnaplan, tmp_path: Path) -> None:
    act(source)
    began = now(source)
    frame = events(spark, source).select("event_date")
    query = run(
        frame.writeStream.format("memory")
        .queryName("new_events")
        .option("checkpointLocation", str(tmp_path))
        .trigger(processingTime="200 milliseconds")
    )
    try:
        act(source)
        deadline = time.monotonic() + 200
        while not (rows := spark.table("new_events").collect()) and time.monotonic() < deadline:
            assert query.isActive, query.exception()
            time.sleep(0.1)
    finally:
        query.stop()
    assert rows
    # The time that Anaplan tells may be a second slow.
    assert min(1000 * row.event_date.timestamp() for row in rows) >= began - 2000


def test_a_start_before_the_oldest_event(
    spark: SparkSession, source: SparkAnaplan, tmp_path: Path
) -> None:
    start = now(source) - 31 * 24 * 3600 * 1000
    with pytest.raises(PySparkException, match="Anaplan keeps audit events for 30 days"):
        store(events(spark, source, starting_at=start), tmp_path)


def test_a_batch_ends_by_the_clock_of_anaplan(source: SparkAnaplan) -> None:
    moment = datetime(2026, 3, 1, tzinfo=UTC)  # The driver's clock is fast by months.
    source.anaplan.emulator.set_clock(moment)
    options = ReadOptions.from_options(
        {**source.auditor, "audit": "true", "lag_seconds": "60"}, is_stream=True
    )
    reader = AuditStreamReader(options, schema_of(options))
    latest = reader.latestOffset()["milliseconds"]
    now = 1000 * source.anaplan.emulator.now().timestamp()
    assert 1000 * (moment.timestamp() - 62) <= latest <= now - 60_000
    # A batch never ends before it starts, and what tasks get has no client.
    assert reader.latestOffset({"milliseconds": latest + 10**9}) == {"milliseconds": latest + 10**9}
    assert pickle.loads(pickle.dumps(reader))._client is None
    reader.stop()
