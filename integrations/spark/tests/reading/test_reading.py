"""Exports, views, lists and audit events as data frames."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

if TYPE_CHECKING:
    from conftest import SparkAnaplan

PLAN = "102000000001"
COUNTRIES = "101000000005"
EVENTS = "/audit/api/1/events"


def test_an_export(spark: SparkSession, source: SparkAnaplan) -> None:
    export = source.export_named("single column")
    frame = spark.read.format("anaplan").options(**source.options, export=export).load()
    assert frame.schema.simpleString() == (
        "struct<Countries:string,Time:string,Versions:string,Line Items:string,Value:string>"
    )
    assert source.runs() == 0
    rows = frame.collect()
    assert source.runs() == 1
    with source.anaplan.client() as client:
        expected = client.export_table(export, run=False).read_all().to_pylist()
    assert [row.asDict() for row in rows] == expected
    assert len(rows) == 288


def test_the_last_output_of_an_export(spark: SparkSession, source: SparkAnaplan) -> None:
    export = source.export_named("single column")
    with source.anaplan.client() as client:
        client.run_action(export)
    options = {**source.options, "export": export, "run": "false"}
    frame = spark.read.format("anaplan").options(**options).load()
    assert frame.count() == 288
    assert source.runs() == 1


def test_chosen_columns_and_types(spark: SparkSession, source: SparkAnaplan) -> None:
    export = source.export_named("single column")
    frame = (
        spark.read.format("anaplan")
        .options(**source.options, export=export, invalid="null", batch_rows=100)
        .schema("Value decimal(12, 2), Countries string, `Line Items` string")
        .load()
    )
    passengers = frame.where("Countries = 'United States' and `Line Items` = 'Passengers'")
    assert float(passengers.first()["Value"]) == 412000
    assert frame.where("`Line Items` = 'Approved' and Value is not null").count() == 0


def test_an_unknown_column(spark: SparkSession, source: SparkAnaplan) -> None:
    export = source.export_named("single column")
    reader = spark.read.format("anaplan").options(**source.options, export=export)
    with pytest.raises(PySparkException, match="there is no column 'Valeu'; the columns are"):
        reader.schema("Countries string, Valeu string").load().collect()
    assert source.runs() == 0


def test_a_view(spark: SparkSession, source: SparkAnaplan) -> None:
    frame = spark.read.format("anaplan").options(**source.options, view=PLAN).load()
    assert frame.schema.simpleString() == (
        "struct<Countries:string,Time:string,Versions:string,Passengers:double,"
        "Load Factor:double,Approved:boolean>"
    )
    row = frame.where("Countries = 'United States' and Time = 'Jan 13'").first()
    assert row.asDict() == {
        "Countries": "United States",
        "Time": "Jan 13",
        "Versions": "Actual",
        "Passengers": 412000.0,
        "Load Factor": 0.81,
        "Approved": True,
    }


def test_a_list(spark: SparkSession, source: SparkAnaplan) -> None:
    frame = spark.read.format("anaplan").options(**source.options, list=COUNTRIES).load()
    assert frame.schema.simpleString() == (
        "struct<name:string,code:string,parent:string,Euro Area:boolean>"
    )
    assert [tuple(row) for row in frame.where("`Euro Area`").collect()] == [
        ("France", "FR", "Europe", True),
        ("Germany", "DE", "Europe", True),
    ]


def test_a_plan_starts_nothing(spark: SparkSession, source: SparkAnaplan) -> None:
    export = source.export_named("single column")
    for what in ({"export": export}, {"view": PLAN}, {"list": COUNTRIES}):
        spark.read.format("anaplan").options(**source.options, **what).load().explain(True)
    assert source.runs() == 0
    assert source.anaplan.requests("POST", "*/readRequests") == []
    assert source.anaplan.requests("GET", "*/data") == []


def test_audit_events(spark: SparkSession, source: SparkAnaplan) -> None:
    end = datetime.now(UTC) + timedelta(seconds=1)
    options = {**source.auditor, "audit": "true", "end": end.isoformat()}
    frame = spark.read.format("anaplan").options(**options).load()
    types = dict(frame.dtypes)
    assert (types["id"], types["event_date"], types["success"]) == (
        "bigint",
        "timestamp",
        "boolean",
    )
    with source.anaplan.client(user_email="auditor@skyline.example") as client:
        # The task signs in, which is an event of its own.
        until = int(1000 * (datetime.now(UTC) - timedelta(hours=1)).timestamp())
        expected = {each.id for each in client.audit.get_event_stream(end=until)}
    rows = frame.where(frame.event_date <= datetime.now(UTC) - timedelta(hours=1)).collect()
    assert expected
    assert expected <= {row.id for row in rows}
    assert len(rows) == len({row.id for row in rows})


def test_filters_narrow_the_window(spark: SparkSession, source: SparkAnaplan) -> None:
    options = {**source.auditor, "audit": "true", "push_filters": "true"}
    reader = spark.read.format("anaplan").options(**options)
    with pytest.raises(PySparkException, match="DATA_SOURCE_PUSHDOWN_DISABLED"):
        reader.load().collect()
    first = datetime.now(UTC).replace(microsecond=0) - timedelta(days=2)
    last = first + timedelta(days=1)
    spark.conf.set("spark.sql.python.filterPushdown.enabled", "true")
    try:
        frame = reader.load()
        rows = frame.where((frame.event_date >= first) & (frame.event_date < last)).collect()
    finally:
        spark.conf.unset("spark.sql.python.filterPushdown.enabled")
    window = parse_qs(source.anaplan.requests("GET", EVENTS)[-1].query)
    assert int(window["dateFrom"][0]) == 1000 * first.timestamp()
    assert int(window["dateTo"][0]) == 1000 * last.timestamp() + 1
    assert all(first <= row.event_date.replace(tzinfo=UTC) < last for row in rows)


@pytest.mark.parametrize("kind", ["export", "view", "list"])
def test_columns_are_those_of_the_tables(source: SparkAnaplan, kind: str) -> None:
    from anaplan_spark import AnaplanDataSource

    sql_types = {"string": str, "double": float, "boolean": bool, "date": date}
    with source.anaplan.client() as client:
        if kind == "export":
            ids = [each.id for each in client.get_exports() if "TABULAR" in (each.layout or "")]
            tables = {each: client.export_table(each) for each in ids}
        elif kind == "view":
            ids = [each.id for each in client.tr.get_views()]
            tables = {each: client.tr.view_table(each) for each in ids}
        else:
            ids = [each.id for each in client.tr.get_lists()]
            tables = {each: client.tr.list_table(each) for each in ids}
        assert len(tables) > 1
        for each, table in tables.items():
            schema = AnaplanDataSource({**source.options, kind: str(each)}).schema()
            assert schema.fieldNames() == table.column_names
            arrow = table.to_pyarrow().schema
            for field in schema:
                python_type = sql_types[field.dataType.simpleString()]
                assert python_type is _python_type(str(arrow.field(field.name).type))


def _python_type(arrow: str) -> type:
    return {"string": str, "double": float, "bool": bool, "date32[day]": date}[arrow]
