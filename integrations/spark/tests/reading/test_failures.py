"""Tasks that fail or die, and what Spark shows of a read."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql.types import StructType

from anaplan_spark import AnaplanDataSource
from anaplan_spark.read_options import ReadOptions
from anaplan_spark.reader import AnaplanReader

if TYPE_CHECKING:
    from conftest import SparkAnaplan


def test_a_task_whose_process_dies_reads_again(
    spark: SparkSession, source: SparkAnaplan, tmp_path: Path
) -> None:
    marker = tmp_path / "killed"

    class DyingReader(AnaplanReader):
        def read(self, partition: Any) -> Iterator[Any]:
            for batch in super().read(partition):
                yield batch
                if not marker.exists():
                    marker.touch()
                    os.kill(os.getpid(), signal.SIGKILL)

    class Dying(AnaplanDataSource):
        @classmethod
        def name(cls) -> str:
            return "anaplan_dying"

        def reader(self, schema: StructType) -> AnaplanReader:
            return DyingReader(ReadOptions.from_options(self.options), schema)

    spark.dataSource.register(Dying)
    export = source.export_named("single column")
    options = {**source.options, "export": export, "batch_rows": "100"}
    rows = spark.read.format("anaplan_dying").options(**options).load().collect()
    assert marker.exists()
    assert len(rows) == len(set(rows)) == 288
    assert source.runs() == 2


def test_an_error_of_anaplan_and_no_secret_is_shown(
    spark: SparkSession, source: SparkAnaplan, capfd: pytest.CaptureFixture[str]
) -> None:
    export = source.export_named("single column")
    frame = spark.read.format("anaplan").options(**source.options, export=export).load()
    frame.explain(True)
    assert frame.count() == 288
    source.anaplan.fault(method="GET", path="*/chunks/*", status=403, times=100)
    with pytest.raises(PySparkException) as caught:
        frame.collect()
    source.anaplan.emulator.clear_faults()
    error = str(caught.value)
    assert "PermissionDeniedException" in error
    assert "/chunks/0" in error
    context = spark.sparkContext
    context._jsc.sc().listenerBus().waitUntilEmpty()
    folder = Path(str(context.getConf().get("spark.eventLog.dir")).removeprefix("file://"))
    logs = [each.read_text("utf-8") for each in folder.rglob("*") if each.is_file()]
    assert any("PermissionDeniedException" in log for log in logs)
    shown = capfd.readouterr()
    for text in (error, shown.out, shown.err, *logs):
        assert not any(password in text for password in source.passwords)
        assert "AnaplanAuthToken" not in text


def test_a_value_that_is_not_of_its_type(spark: SparkSession, source: SparkAnaplan) -> None:
    export = source.export_named("single column")
    reader = spark.read.format("anaplan").options(**source.options, export=export)
    with pytest.raises(PySparkException, match="UnexpectedValueException"):
        reader.schema("Value date").load().collect()
