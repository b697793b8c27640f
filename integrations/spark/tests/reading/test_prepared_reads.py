"""Reads that the program prepares, and several tasks carry out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pyspark.sql import SparkSession

from anaplan_sdk.exceptions import InvalidArgumentException
from anaplan_spark import AnaplanDataSource, prepare_export, prepare_list, prepare_view

if TYPE_CHECKING:
    from conftest import SparkAnaplan

PLAN = "102000000001"
AIRPORTS = "101000000002"


def test_an_export_in_parts(spark: SparkSession, source: SparkAnaplan) -> None:
    source.anaplan.emulator.settings.output_chunk_bytes = 1000  # So that borders cut rows.
    export = source.export_named("single column")
    prepared = prepare_export(export, source.options, partitions=3)
    assert source.runs() == 1
    assert prepared == {**source.options, "export": export, "run": "false", "partitions": "3"}
    frame = spark.read.format("anaplan").options(**prepared).load()
    assert frame.rdd.getNumPartitions() == 3
    rows = frame.collect()
    assert len(rows) == frame.count()
    with source.anaplan.client() as client:
        expected = client.export_table(export, run=False).read_all().to_pylist()
    assert [row.asDict() for row in rows] == expected
    assert source.runs() == 1


def test_partitions_of_a_small_output(source: SparkAnaplan) -> None:
    export = source.export_named("single column")
    assert prepare_export(export, source.options)["partitions"] == "1"


@pytest.mark.parametrize("kind", ["view", "list"])
def test_a_large_read_in_parts(spark: SparkSession, source: SparkAnaplan, kind: str) -> None:
    source.anaplan.emulator.settings.read_request_page_rows = 10
    with source.anaplan.client() as client:
        if kind == "list":
            names = [{"name": f"Airport {number}", "code": f"A{number}"} for number in range(25)]
            client.tr.insert_list_items(AIRPORTS, names)
            expected = client.tr.list_table(AIRPORTS).read_all().to_pylist()
        else:
            expected = client.tr.view_table(PLAN).read_all().to_pylist()
    prepare = prepare_list if kind == "list" else prepare_view
    with prepare(AIRPORTS if kind == "list" else PLAN, source.options, partitions=2) as prepared:
        requests = len(source.anaplan.requests())
        schema = AnaplanDataSource(prepared).schema()
        assert len(source.anaplan.requests()) == requests
        frame = spark.read.format("anaplan").options(**prepared).load()
        assert frame.schema == schema
        assert frame.rdd.getNumPartitions() == 2
        rows = frame.collect()
        assert source.anaplan.requests("DELETE", "*/readRequests/*") == []
    assert [row.asDict() for row in rows] == expected
    assert len(source.anaplan.requests("POST", "*/readRequests")) == 1
    assert [each.status for each in source.anaplan.requests("DELETE", "*/readRequests/*")] == [200]


def test_a_read_ends_after_an_error(source: SparkAnaplan) -> None:
    with pytest.raises(RuntimeError), prepare_view(PLAN, source.options):
        raise RuntimeError
    assert len(source.anaplan.requests("DELETE", "*/readRequests/*")) == 1


def test_arguments(source: SparkAnaplan) -> None:
    with pytest.raises(InvalidArgumentException, match="at least 1, not 0"):
        prepare_export("116000000003", source.options, partitions=0)
    with pytest.raises(InvalidArgumentException, match="password can't be an option"):
        prepare_export("116000000003", {**source.options, "password": "Fl1ghts!"})
    for text in ("1", "{}", "request", '{"list_metadata": null}'):
        with pytest.raises(InvalidArgumentException, match="read must be what prepare_view"):
            AnaplanDataSource({**source.options, "view": PLAN, "read": text}).schema()
    assert source.anaplan.requests() == []
