"""Streams: each micro-batch is imported once, also when Spark repeats it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pyspark.errors import PySparkException, StreamingQueryException

if TYPE_CHECKING:
    from conftest import Airlines
    from pyspark.sql.streaming import StreamingQuery


def start(airlines: Airlines, rows: Path, checkpoint: Path, **options: str) -> StreamingQuery:
    frame = airlines.spark.readStream.schema("carrier string, name string").csv(str(rows))
    return (
        frame.writeStream.format("anaplan")
        .options(**airlines.source.options, **{"import": "112000000001"}, **options)
        .option("checkpointLocation", str(checkpoint))
        .trigger(availableNow=True)
        .start()
    )


def test_each_micro_batch_is_imported_once(airlines: Airlines, tmp_path: Path) -> None:
    rows, checkpoint = tmp_path / "rows", tmp_path / "checkpoint"
    rows.mkdir()
    staging = {"staging": str(airlines.staging), "refused_path": str(tmp_path / "refused")}
    for number in range(2):
        (rows / f"{number}.csv").write_text(f"X{number},Airline {number}\n")
        start(airlines, rows, checkpoint, **staging).awaitTermination()
        assert airlines.codes() == [f"X{number}"]
        assert airlines.runs() == number + 1
    assert {path.name for path in (tmp_path / "refused").iterdir()} == {
        "batch-0.parquet",
        "batch-1.parquet",
    }
    # As if the driver had died when the import was complete, and before Spark noted that.
    for path in (checkpoint / "commits").iterdir():
        if path.name in ("1", ".1.crc"):
            path.unlink()
    uploads = len(airlines.source.anaplan.requests("PUT"))
    start(airlines, rows, checkpoint, **staging).awaitTermination()
    assert (checkpoint / "commits" / "1").exists()
    assert len(airlines.source.anaplan.requests("PUT")) == uploads
    assert airlines.runs() == 2
    assert {name.partition(".")[0] for name in airlines.staged()} == {"run"}


@pytest.mark.parametrize(
    ("options", "message"),
    [({}, "needs the option staging"), ({"staging": "s", "run_id": "a"}, "run_id can't be")],
)
def test_options_that_a_stream_does_not_have(
    airlines: Airlines, tmp_path: Path, options: dict[str, str], message: str
) -> None:
    (tmp_path / "rows").mkdir()
    (tmp_path / "rows" / "0.csv").write_text("X0,Airline\n")
    with pytest.raises((PySparkException, StreamingQueryException)) as error:
        start(airlines, tmp_path / "rows", tmp_path / "checkpoint", **options).awaitTermination()
    assert message in str(error.value)
    assert airlines.runs() == 0
