"""Batches: what arrives, that the import runs once, and what is left behind."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from pyspark.errors import PySparkException

if TYPE_CHECKING:
    from conftest import Airlines

AIRPORTS = "faa,name,lat,lon,alt,tz,dst,tzone"
FLIGHTS = (
    "flight_id,year,month,day,dep_time,sched_dep_time,dep_delay,arr_time,sched_arr_time,arr_delay,"
    "carrier,flight,tailnum,origin,dest,air_time,distance,hour,minute,time_hour"
)


def codes_of(count: int) -> list[str]:
    return [f"X{number}" for number in range(count)]


def failure(error: pytest.ExceptionInfo[PySparkException]) -> str:
    return str(error.value)


def test_staged_partitions_arrive_in_order_and_are_imported_once(airlines: Airlines) -> None:
    airlines.stage(airlines.frame(5000, partitions=3))
    assert airlines.codes() == codes_of(5000)
    assert set(codes_of(5000)) <= airlines.members()
    assert airlines.runs() == 1
    assert airlines.staged() == []


def test_without_staging_one_task_uploads(airlines: Airlines) -> None:
    airlines.write(airlines.frame(500).coalesce(1))
    assert airlines.codes() == codes_of(500)
    assert set(codes_of(500)) <= airlines.members()
    assert airlines.runs() == 1


def test_without_staging_several_partitions_are_refused(airlines: Airlines) -> None:
    before = airlines.members()
    with pytest.raises(PySparkException) as error:
        airlines.write(airlines.frame(10))
    assert "coalesce(1)" in failure(error)
    assert (airlines.runs(), airlines.members()) == (0, before)


def test_without_staging_speculation_is_refused(airlines: Airlines) -> None:
    context = airlines.spark.sparkContext
    # Spark passes this to tasks as it passes the setting.
    context.setLocalProperty("spark.speculation", "true")
    try:
        with pytest.raises(PySparkException) as error:
            airlines.write(airlines.frame(10).coalesce(1))
    finally:
        context.setLocalProperty("spark.speculation", None)  # type: ignore[arg-type]
    assert "spark.speculation" in failure(error)
    assert airlines.source.anaplan.requests("PUT") == []


def test_columns_can_be_renamed(airlines: Airlines) -> None:
    frame = airlines.frame(3).withColumnRenamed("carrier", "code")
    airlines.stage(frame, columns='{"code": "carrier"}')
    assert airlines.codes() == codes_of(3)


@pytest.mark.parametrize("is_staged", [True, False])
def test_a_frame_without_rows_is_imported_like_any_other(
    airlines: Airlines, is_staged: bool
) -> None:
    frame = airlines.frame(5).where("false").coalesce(1)
    airlines.stage(frame) if is_staged else airlines.write(frame)
    assert airlines.codes() == []
    assert airlines.runs() == 1


def test_a_process_runs_with_the_rows(airlines: Airlines) -> None:
    with airlines.source.anaplan.client() as client:
        # The other imports of the process read these files.
        client.upload_file(113000000001, f"{AIRPORTS}\nJFK,Kennedy,40.6,-73.8,13,-5,A,New York\n")
        client.upload_file(113000000002, f"{FLIGHTS}\n")
    frame = airlines.frame(20)
    airlines.stage(frame, process="118000000000", file="113000000000", run_id="load")
    airlines.stage(frame, process="118000000000", file="113000000000", run_id="load")
    assert set(codes_of(20)) <= airlines.members()
    assert airlines.source.runs() == 1


# Spark warns of pandas 3, which it imports, but this does not use.
@pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")
def test_a_task_that_dies_is_retried_and_its_rows_count_once(
    airlines: Airlines, tmp_path: Path
) -> None:
    marker = tmp_path / "died"

    def die_once(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import os

        for number, batch in enumerate(batches):
            # The writer has staged the first batches of this attempt by now.
            if number == 2 and not marker.exists():
                marker.touch()
                os._exit(1)
            yield batch

    airlines.spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "100")
    try:
        frame = airlines.frame(2000).mapInArrow(die_once, "carrier string, name string")
        airlines.stage(frame, keep_staging="true")
    finally:
        airlines.spark.conf.unset("spark.sql.execution.arrow.maxRecordsPerBatch")
    assert marker.exists()
    # The dead attempt's piece is there beside those of the two that were successful.
    assert len(airlines.staged()) > 2
    assert airlines.codes() == codes_of(2000)
    assert airlines.runs() == 1


def test_a_start_without_a_reply_is_not_repeated(airlines: Airlines) -> None:
    airlines.source.anaplan.fault(method="POST", path="*/tasks", lose_reply=True)
    airlines.stage(airlines.frame(10))
    assert airlines.runs() == 1
    assert set(codes_of(10)) <= airlines.members()


def test_a_run_that_was_completed_is_not_repeated(airlines: Airlines) -> None:
    airlines.stage(airlines.frame(10), run_id="2026-01-31")
    uploads = len(airlines.source.anaplan.requests("PUT"))
    airlines.stage(airlines.frame(20), run_id="2026-01-31")
    assert len(airlines.source.anaplan.requests("PUT")) == uploads
    assert airlines.codes() == codes_of(10)
    assert airlines.runs() == 1
    # The record stays, the pieces don't.
    assert [name.partition(".")[0] for name in airlines.staged()] == ["run"]
    airlines.stage(airlines.frame(20), run_id="2026-02-01")
    assert airlines.codes() == codes_of(20)
    assert airlines.runs() == 2


def test_after_a_commit_that_failed_the_same_run_starts_again(airlines: Airlines) -> None:
    airlines.source.anaplan.fault(method="POST", path="*/tasks", status=400)
    with pytest.raises(PySparkException) as error:
        airlines.stage(airlines.frame(10), run_id="again")
    assert "HTTP 400" in failure(error)
    # abort has removed the pieces.
    assert not [name for name in airlines.staged() if name.endswith(".arrows")]
    airlines.stage(airlines.frame(12), run_id="again")
    assert airlines.codes() == codes_of(12)
    # The first request was refused.
    assert len(airlines.source.anaplan.requests("POST", "*/tasks")) == 2
    assert set(codes_of(12)) <= airlines.members()


def test_refused_rows_are_written_and_counted(airlines: Airlines, tmp_path: Path) -> None:
    without_code = airlines.frame(2).selectExpr("'' carrier", "concat('Bad ', name) name")
    frame = airlines.frame(10).union(without_code)
    refused = tmp_path / "refused" / "rows.parquet"
    airlines.stage(frame, refused_path=str(refused), max_refused="2")
    rows = airlines.spark.read.parquet(str(refused)).collect()
    assert [row["_Line_"] for row in rows] == ["12", "13"]
    frame = airlines.frame(10).union(without_code.limit(1))
    with pytest.raises(PySparkException) as error:
        airlines.stage(frame, max_refused="0", run_id="refused")
    with airlines.source.anaplan.client() as client:
        tasks = [each.id for each in client.get_task_summaries(112000000001)]
    assert "RowsRefusedException" in failure(error)
    assert "refused 1 row, or values of it, and max_refused allows 0" in failure(error)
    assert any(task in failure(error) for task in tasks)
    # The run is complete, so it isn't started again, and says the same.
    with pytest.raises(PySparkException) as again:
        airlines.stage(frame, max_refused="0", run_id="refused")
    assert "refused 1 row, or values of it" in failure(again)
    assert airlines.runs() == 2


def test_only_the_mode_append_is_accepted(airlines: Airlines) -> None:
    options: dict[str, Any] = {**airlines.source.options, "import": "112000000001"}
    with pytest.raises(PySparkException) as error:
        airlines.frame(1).write.format("anaplan").mode("overwrite").options(**options).save()
    assert "Use mode 'append'" in failure(error)
    assert airlines.source.anaplan.requests() == []


def test_no_secret_is_shown(airlines: Airlines) -> None:
    airlines.source.anaplan.fault(method="POST", path="*/tasks", status=400)
    frame = airlines.frame(3)
    with pytest.raises(PySparkException) as error:
        airlines.stage(frame, run_id="shown")
    with pytest.raises(PySparkException) as refused:
        airlines.stage(frame, user_email="x@y.example", password="not-to-be-shown")
    staged = "".join(p.read_text() for p in airlines.staging.rglob("*.json"))
    for password in airlines.source.passwords:
        assert password not in failure(error) + failure(refused) + staged
    assert "password can't be an option" in failure(refused)
    assert "not-to-be-shown" not in failure(refused)


@pytest.mark.parametrize("value", ["array(1)", "map('a', 1)", "struct(1)", "binary('a')"])
def test_a_type_that_anaplan_does_not_have(airlines: Airlines, value: str) -> None:
    frame = airlines.frame(3).selectExpr("carrier", "name", f"{value} odd")
    with pytest.raises(PySparkException) as error:
        airlines.stage(frame)
    assert "Column 'odd' has the type" in failure(error)
    assert airlines.source.anaplan.requests() == []
    assert not airlines.staging.exists()
    airlines.stage(frame, columns='["carrier", "name"]')
    assert airlines.codes() == codes_of(3)


def test_credentials_that_are_not_there_are_found_before_rows_are_staged(
    airlines: Airlines, tmp_path: Path
) -> None:
    options = {**airlines.source.options, "secret": f"file:{tmp_path}/none"}
    with pytest.raises(PySparkException, match="can't be read on this machine"):
        airlines.frame(3).write.format("anaplan").mode("append").options(**options).options(
            **{"import": "112000000001", "staging": str(airlines.staging)}
        ).save()
    del options["secret"]
    with pytest.raises(PySparkException, match="no-such-profile"):
        airlines.frame(3).write.format("anaplan").mode("append").options(**options).options(
            **{"import": "112000000001", "staging": str(airlines.staging)},
            profile="no-such-profile",
        ).save()
    assert not airlines.staging.exists()
    assert airlines.source.anaplan.requests() == []


@pytest.mark.parametrize("name", ["na,me", 'na"me', "na\nme", "=name", "NAME", ""])
def test_columns_with_other_names_are_refused_before_rows_are_staged(
    airlines: Airlines, name: str
) -> None:
    frame = airlines.frame(3).toDF("carrier", name)
    if name == "NAME":
        frame = frame.selectExpr("carrier", "NAME", "NAME name")
    with pytest.raises(PySparkException, match="has the columns 'carrier', 'name', in this order"):
        airlines.stage(frame)
    assert not airlines.staging.exists()
    assert airlines.source.anaplan.requests("PUT") == []
    assert airlines.runs() == 0


def test_what_the_model_does_not_have_is_found_before_rows_are_staged(airlines: Airlines) -> None:
    with pytest.raises(PySparkException, match="The model has no import 112999999999"):
        airlines.stage(airlines.frame(3), **{"import": "112999999999"})
    with pytest.raises(PySparkException, match="the data frame has no column 'code'"):
        airlines.stage(airlines.frame(3), columns='{"code": "carrier"}')
    assert not airlines.staging.exists()
    assert airlines.source.runs() == 0


@pytest.mark.parametrize(
    ("url", "package"),
    [("s3a://box/s", "s3fs"), ("gs://box/s", "gcsfs"), ("abfss://box@account/s", "adlfs")],
)
def test_a_file_system_without_its_package_is_refused_before_anything_is_sent(
    airlines: Airlines, url: str, package: str
) -> None:
    if find_spec(package) is not None:
        pytest.skip(f"{package} is installed")
    frame = airlines.frame(3)
    with pytest.raises(PySparkException, match=f"staging: .*nstall {package}"):
        airlines.write(frame, staging=url)
    assert airlines.source.anaplan.requests() == []


def test_partitions_without_rows(airlines: Airlines) -> None:
    airlines.stage(airlines.frame(3, partitions=5))
    assert airlines.codes() == codes_of(3)
    assert airlines.runs() == 1


def test_pieces_of_other_writes_are_neither_read_nor_removed(airlines: Airlines) -> None:
    other = airlines.staging / "tonight" / "0123" / "00000-1.arrows"
    for path in (other, airlines.staging / "other" / "run.1.json"):
        path.parent.mkdir(parents=True)
        path.write_text("incomplete")
    airlines.stage(airlines.frame(3), run_id="tonight")
    assert airlines.codes() == codes_of(3)
    assert airlines.runs() == 1
    assert airlines.staged() == ["00000-1.arrows", "run.1.json", "run.3.json"]


def test_an_upload_that_fails_is_repeated_by_the_same_run(airlines: Airlines) -> None:
    airlines.source.anaplan.fault(method="PUT", path="*/files/*/chunks/*", status=403)
    with pytest.raises(PySparkException, match="UploadIncomplete"):
        airlines.stage(airlines.frame(5), run_id="tonight")
    assert airlines.runs() == 0
    airlines.stage(airlines.frame(6), run_id="tonight")
    assert airlines.codes() == codes_of(6)
    assert airlines.runs() == 1
