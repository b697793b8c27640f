"""Tables of a pipeline arrive in a model: one file and one import for each."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import dlt
import pyarrow as pa
import pytest
from dlt.common.configuration.exceptions import ConfigurationValueError
from dlt.pipeline.exceptions import PipelineStepFailed
from emulated import (
    AIRLINES_FILE,
    AIRLINES_IMPORT,
    AIRPORTS_FILE,
    TIME_ZONES_IMPORT,
    Pipelines,
    airlines,
    codes,
    started,
)

from anaplan_sdk.testing import EmulatedAnaplan
from dlt_anaplan import AnaplanDestination, table_loads


@pytest.fixture
def small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets dlt write at most two rows to a job file."""
    monkeypatch.setenv("NORMALIZE__DATA_WRITER__FILE_MAX_ITEMS", "2")
    monkeypatch.setenv("NORMALIZE__DATA_WRITER__BUFFER_MAX_ITEMS", "2")


def uploaded(anaplan: EmulatedAnaplan, file_id: int = AIRLINES_FILE) -> str:
    return anaplan.client().get_file(file_id).decode()


def text_of(error: BaseException | None) -> str:
    texts = []
    while error is not None:
        texts.append(str(error))
        error = error.__cause__
    return "\n".join(texts)


def test_a_table_is_imported_once(anaplan: EmulatedAnaplan, to_anaplan: Pipelines) -> None:
    info = to_anaplan().run(airlines(5), table_name="airlines")
    (load,) = table_loads(info)
    assert started(anaplan) == [str(AIRLINES_IMPORT)]
    assert codes(anaplan) >= {f"X{number}" for number in range(5)}
    assert (load.table, load.rows, load.refused) == ("airlines", 5, 0)
    assert load.action_id == str(AIRLINES_IMPORT)
    assert uploaded(anaplan).splitlines()[0] == "carrier,name", "dlt's own columns are not sent."


@pytest.mark.usefixtures("small_files")
def test_the_files_of_a_table_are_collected_first(
    anaplan: EmulatedAnaplan, to_anaplan: Pipelines
) -> None:
    pipeline = to_anaplan()
    info = pipeline.run(airlines(9), table_name="airlines")
    jobs = info.load_packages[0].jobs["completed_jobs"]
    files = [
        job
        for job in jobs
        if job.job_file_info.table_name == "airlines" and job.job_file_info.file_format == "parquet"
    ]
    assert len(files) > 3
    assert started(anaplan) == [str(AIRLINES_IMPORT)]
    assert len(anaplan.requests("PUT", f"*/files/{AIRLINES_FILE}*")) == 1
    lines = uploaded(anaplan).splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == [f"X{number}" for number in range(9)]
    assert table_loads(info)[0].rows == 9


@pytest.mark.usefixtures("small_files")
def test_a_column_that_appears_later_is_empty_before(
    anaplan: EmulatedAnaplan, to_anaplan: Pipelines
) -> None:
    rows: list[dict[str, Any]] = [{"carrier": f"X{number}"} for number in range(4)]
    rows += [{"carrier": "Z", "name": "Zeta"}] * 2
    to_anaplan().run(rows, table_name="airlines")
    lines = uploaded(anaplan).splitlines()
    assert lines[1].split(",") in (["X0", ""], ["X0", '""'])
    assert lines[-1] == "Z,Zeta"


def test_a_column_without_any_value_needs_a_type(
    anaplan: EmulatedAnaplan, to_anaplan: Pipelines
) -> None:
    rows = [{"carrier": "X0", "name": None}]
    with pytest.raises(PipelineStepFailed) as failure:
        to_anaplan("without").run(rows, table_name="airlines")
    assert "there is no 'name'" in text_of(failure.value)
    assert anaplan.requests("PUT") == []

    columns = [{"name": "name", "data_type": "text"}]
    to_anaplan("with").run(rows, table_name="airlines", columns=columns)
    assert uploaded(anaplan).splitlines()[0] == "carrier,name"


def test_each_load_runs_the_import_once(anaplan: EmulatedAnaplan, to_anaplan: Pipelines) -> None:
    pipeline = to_anaplan()
    pipeline.run(airlines(1), table_name="airlines")
    pipeline.run(airlines(2), table_name="airlines")
    assert started(anaplan) == [str(AIRLINES_IMPORT)] * 2


def test_columns_are_renamed_matched_and_put_in_order(
    anaplan: EmulatedAnaplan, to_anaplan: Pipelines
) -> None:
    pipeline = to_anaplan(
        imports={"Airlines": AIRLINES_IMPORT}, column_names={"Airlines": {"IATA Code": "carrier"}}
    )
    pipeline.run([{"NAME": "Airline 0", "IATA Code": "X0"}], table_name="Airlines")
    assert uploaded(anaplan).splitlines() == ["carrier,name", "X0,Airline 0"]


def test_arrow_tables_are_loaded_as_they_are(
    anaplan: EmulatedAnaplan, to_anaplan: Pipelines
) -> None:
    table = pa.table({"carrier": ["X0"], "name": ["Airline 0"]})
    to_anaplan().run(table, table_name="airlines")
    assert codes(anaplan) == {"X0"}


def test_other_columns_are_refused_before_anything_is_sent(
    anaplan: EmulatedAnaplan, to_anaplan: Pipelines
) -> None:
    with pytest.raises(PipelineStepFailed) as failure:
        to_anaplan().run([{"carrier": "X0", "colour": "red"}], table_name="airlines")
    assert "colour" in text_of(failure.value)
    assert anaplan.requests("PUT") == []
    assert started(anaplan) == []


def test_a_table_without_a_target_is_refused_before_anything_is_sent(
    anaplan: EmulatedAnaplan, to_anaplan: Pipelines
) -> None:
    @dlt.source
    def two() -> Any:
        yield dlt.resource(airlines(2), name="airlines")
        yield dlt.resource(airlines(2), name="others")

    with pytest.raises(PipelineStepFailed) as failure:
        to_anaplan().run(two())
    assert "Table others has no target at Anaplan" in text_of(failure.value)
    assert anaplan.requests() == []


def test_a_disposition_that_is_not_accepted_is_refused_before_anything_is_sent(
    anaplan: EmulatedAnaplan, to_anaplan: Pipelines
) -> None:
    for disposition in ("replace", "merge"):
        with pytest.raises(PipelineStepFailed) as failure:
            to_anaplan(disposition).run(
                airlines(2),
                table_name="airlines",
                write_disposition=disposition,
                primary_key="carrier",
            )
        assert f"write disposition '{disposition}'" in text_of(failure.value)
    assert anaplan.requests() == []


def test_an_accepted_disposition_runs_the_import(
    anaplan: EmulatedAnaplan, to_anaplan: Pipelines
) -> None:
    for disposition in ("replace", "merge"):
        pipeline = to_anaplan(disposition, write_dispositions=["append", "replace", "merge"])
        pipeline.run(
            airlines(2),
            table_name="airlines",
            write_disposition=disposition,
            primary_key="carrier",
        )
    assert started(anaplan) == [str(AIRLINES_IMPORT)] * 2


AIRPORT = {
    "faa": "JFK",
    "name": "John F Kennedy Intl",
    "lat": 40.639751,
    "lon": -73.778925,
    "alt": 13,
    "tz": -5,
    "dst": "A",
    "tzone": "America/New_York",
}


def test_several_tables_are_loaded_one_after_another(
    anaplan: EmulatedAnaplan, to_anaplan: Pipelines
) -> None:
    @dlt.source
    def two() -> Any:
        yield dlt.resource(airlines(2), name="airlines")
        yield dlt.resource([AIRPORT], name="airports")

    pipeline = to_anaplan(imports={"airlines": AIRLINES_IMPORT, "airports": TIME_ZONES_IMPORT})
    info = pipeline.run(two())
    assert sorted(started(anaplan)) == [str(TIME_ZONES_IMPORT), str(AIRLINES_IMPORT)]
    assert [load.table for load in table_loads(info)] == ["airlines", "airports"]


def test_a_table_is_uploaded_only_if_a_file_is_named(
    anaplan: EmulatedAnaplan, to_anaplan: Pipelines
) -> None:
    info = to_anaplan(imports=None, files={"airlines": AIRLINES_FILE}).run(
        airlines(2), table_name="airlines"
    )
    assert started(anaplan) == []
    assert uploaded(anaplan).splitlines() == ["carrier,name", "X0,Airline 0", "X1,Airline 1"]
    assert table_loads(info)[0].task_id is None


def test_a_process_is_run_after_the_upload(anaplan: EmulatedAnaplan, to_anaplan: Pipelines) -> None:
    give_flights(anaplan)
    pipeline = to_anaplan(
        imports=None, files={"airports": AIRPORTS_FILE}, processes={"airports": 118000000000}
    )
    info = pipeline.run([AIRPORT], table_name="airports")
    assert started(anaplan) == ["118000000000"]
    assert table_loads(info)[0].action_id == "118000000000"


FLIGHTS_HEADER = (
    "flight_id,year,month,day,dep_time,sched_dep_time,dep_delay,arr_time,sched_arr_time,arr_delay,"
    "carrier,flight,tailnum,origin,dest,air_time,distance,hour,minute,time_hour\n"
)


def give_flights(anaplan: EmulatedAnaplan) -> None:
    """Upload the other files that the process reads."""
    client = anaplan.client()
    client.upload_file(113000000002, FLIGHTS_HEADER)
    client.upload_file(AIRLINES_FILE, "carrier,name\nAA,American\n")


def test_refused_rows_are_counted_logged_and_kept(
    anaplan: EmulatedAnaplan, to_anaplan: Pipelines, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("dlt").addHandler(caplog.handler)
    rows = [*airlines(2), {"carrier": "X9", "name": "Airline 0"}]
    info = to_anaplan().run(rows, table_name="airlines")
    logging.getLogger("dlt").removeHandler(caplog.handler)
    (load,) = table_loads(info)
    assert (load.rows, load.refused) == (3, 1)
    (row,) = load.refused_rows()
    assert row["_Line_"] == "4"
    assert row["_Error_1_"]
    assert "Anaplan refused 1 of 3 rows of table airlines" in caplog.text
    assert codes(anaplan) == {"X0", "X1"}


def test_too_many_refused_rows_fail_the_load_and_import_nothing_again(
    anaplan: EmulatedAnaplan, to_anaplan: Pipelines
) -> None:
    rows = [*airlines(2), {"carrier": "X9", "name": "Airline 0"}]
    pipeline = to_anaplan(max_refused=0)
    with pytest.raises(PipelineStepFailed) as failure:
        pipeline.run(rows, table_name="airlines")
    assert "refused 1 row of table airlines, and max_refused allows 0" in text_of(failure.value)
    with pytest.raises(PipelineStepFailed):
        pipeline.load()
    assert len(started(anaplan)) == 1

    info = to_anaplan(max_refused=1).load()
    assert table_loads(info)[0].refused == 1
    assert len(started(anaplan)) == 1


def test_a_failing_import_fails_the_job_with_the_message_of_the_sdk(
    anaplan: EmulatedAnaplan, to_anaplan: Pipelines
) -> None:
    pipeline = to_anaplan(
        imports=None, files={"airports": AIRPORTS_FILE}, processes={"airports": 118000000000}
    )
    with pytest.raises(PipelineStepFailed) as failure:
        pipeline.run([AIRPORT], table_name="airports")  # The other files of the process are empty.
    assert "AnaplanActionError" in text_of(failure.value)
    assert "Table airports was not loaded: " in text_of(failure.value)
    assert len(started(anaplan)) == 1

    give_flights(anaplan)
    pipeline.load()
    assert len(started(anaplan)) == 2, "After a failure it is started again."


def test_a_lost_reply_does_not_start_the_import_again(
    anaplan: EmulatedAnaplan, to_anaplan: Pipelines
) -> None:
    anaplan.fault(method="POST", path="*/tasks", lose_reply=True, times=1)
    to_anaplan().run(airlines(2), table_name="airlines")
    assert len(started(anaplan)) == 1
    assert len(anaplan.client().get_task_summaries(AIRLINES_IMPORT)) == 1


def test_a_job_that_dlt_repeats_goes_on_with_the_task(
    anaplan: EmulatedAnaplan, to_anaplan: Pipelines
) -> None:
    # More failures than the SDK repeats the request.
    anaplan.fault(method="GET", path=f"*/{AIRLINES_IMPORT}/tasks/*", status=503, times=4)
    info = to_anaplan().run(airlines(2), table_name="airlines")
    assert table_loads(info)[0].rows == 2
    assert len(started(anaplan)) == 1
    assert len(anaplan.requests("PUT", f"*/files/{AIRLINES_FILE}*")) == 1


def test_an_import_that_does_not_exist_is_named(
    anaplan: EmulatedAnaplan, to_anaplan: Pipelines
) -> None:
    with pytest.raises(PipelineStepFailed) as failure:
        to_anaplan(imports={"airlines": 112000000099}).run(airlines(1), table_name="airlines")
    assert "The model has no import 112000000099" in text_of(failure.value)
    assert anaplan.requests("PUT") == []


def test_a_process_that_does_not_exist_is_named_before_the_upload(
    anaplan: EmulatedAnaplan, to_anaplan: Pipelines
) -> None:
    pipeline = to_anaplan(
        imports=None, files={"airlines": AIRLINES_FILE}, processes={"airlines": 118000000099}
    )
    with pytest.raises(PipelineStepFailed) as failure:
        pipeline.run(airlines(1), table_name="airlines")
    assert "The model has no process 118000000099" in text_of(failure.value)
    assert anaplan.requests("PUT") == []


def test_a_table_that_is_named_twice_is_refused(
    anaplan: EmulatedAnaplan, to_anaplan: Pipelines
) -> None:
    pipeline = to_anaplan(imports={"Airlines": AIRLINES_IMPORT, "airlines": TIME_ZONES_IMPORT})
    with pytest.raises(PipelineStepFailed) as failure:
        pipeline.run(airlines(1), table_name="airlines")
    assert "Airlines and airlines are the same table for dlt, airlines" in text_of(failure.value)
    assert anaplan.requests() == []


def test_the_width_of_a_terminal_is_no_option(
    anaplan: EmulatedAnaplan, to_anaplan: Pipelines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """dlt takes options from variables of their bare name, too."""
    monkeypatch.setenv("COLUMNS", "80")
    to_anaplan().run(airlines(1), table_name="airlines")
    assert codes(anaplan) == {"X0"}


def test_a_load_without_data_has_no_tables(to_anaplan: Pipelines) -> None:
    assert table_loads(to_anaplan().run()) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"imports": {"a": 113000000000}}, "imports has 113000000000"),
        ({"files": {"airlines": AIRLINES_FILE}}, "both imports and files"),
        ({"processes": {"a": 118000000000}}, "a is in processes and not in files"),
        ({"write_dispositions": ["upsert"]}, "'upsert'"),
        ({"max_refused": -1}, "max_refused"),
        ({"timestamps": "iso"}, "timestamps"),
        ({"timeout": -1}, "timeout must be a number of seconds"),
    ],
)
def test_invalid_options_are_refused_before_anything_is_sent(
    anaplan: EmulatedAnaplan, to_anaplan: Pipelines, options: dict[str, Any], message: str
) -> None:
    with pytest.raises((ConfigurationValueError, PipelineStepFailed)) as failure:
        to_anaplan(**options).run(airlines(1), table_name="airlines")
    assert message in text_of(failure.value)
    assert anaplan.requests() == []


def test_the_configuration_is_that_of_dlt(
    anaplan: EmulatedAnaplan, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator = anaplan.emulator
    for name, value in {
        "CREDENTIALS__USER_EMAIL": emulator.user_email,
        "CREDENTIALS__PASSWORD": emulator.password,
        "CREDENTIALS__BASE_URL": emulator.base_url,
        "MODEL_ID": emulator.model_id,
        "IMPORTS": json.dumps({"airlines": AIRLINES_IMPORT}),
    }.items():
        monkeypatch.setenv(f"DESTINATION__ANAPLAN__{name}", value)
    pipeline = dlt.pipeline(
        "configured", pipelines_dir=str(folder / "pipelines"), destination=AnaplanDestination()
    )
    pipeline.run(airlines(1), table_name="airlines")
    assert codes(anaplan) == {"X0"}
