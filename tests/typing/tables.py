"""What type checkers see of tables: read by mypy and pyright, never run.

pandas and pyarrow have no types of their own.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO, assert_type

import polars as pl

from anaplan_sdk import CheckReport, Table, TableImport, TableStream, exceptions, models


def streams(stream: TableStream, path: os.PathLike[str], file: BinaryIO) -> None:
    with stream as same:
        assert_type(same, TableStream)
    assert_type(stream.column_names, list[str])
    assert_type(stream.schema.names, list[str])
    assert_type([batch.num_rows for batch in stream], list[int])
    assert_type(stream.read_all(), Table)
    assert_type(stream.to_polars(), pl.DataFrame)
    assert_type(stream.to_parquet(path), Path)
    assert_type(stream.to_arrow("plan.arrow"), Path)
    assert_type(stream.to_csv(path), Path)
    assert_type(stream.write(file, "jsonl"), None)
    assert_type(pl.DataFrame(stream), pl.DataFrame)
    stream.write(file, "xlsx")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def in_memory(table: Table) -> None:
    assert_type(len(table), int)
    assert_type(table.to_pylist(), list[dict[str, object]])
    assert_type(table.to_polars(), pl.DataFrame)
    assert_type([batch.num_columns for batch in table], list[int])


def results(result: TableImport, report: CheckReport) -> None:
    assert_type(result.task, models.CompletedTask)
    assert_type(result.refused, Table | None)
    assert_type(result.dump_error, exceptions.AnaplanException | None)
    assert_type(report.to_table(), Table)
