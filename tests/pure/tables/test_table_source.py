"""What is opened as a table, and what is not."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import arro3.core
import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import feather, ipc
from pyarrow import parquet as pq
from tests.pure.tables.written import on_both_libraries, write

from anaplan_sdk.exceptions import (
    ArgumentTypeException,
    InvalidArgumentException,
    InvalidTableException,
)

TABLE = pa.table({"Name": ["x", None, "z"], "Amount": [1, 2, 3]})
RECORDS = [["Name", "Amount"], ["x", "1"], ["", "2"], ["z", "3"]]


def duckdb_relation() -> Any:
    connection = duckdb.connect()
    return connection.sql("select * from (values ('x', 1), (null, 2), ('z', 3)) t(Name, Amount)")


@on_both_libraries
@pytest.mark.parametrize(
    "make",
    [
        lambda: TABLE,
        lambda: TABLE.to_batches()[0],
        TABLE.to_reader,
        lambda: pl.from_arrow(TABLE),
        TABLE.to_pandas,
        duckdb_relation,
        lambda: arro3.core.Table.from_arrow(TABLE),
        lambda: arro3.core.RecordBatch.from_arrow(TABLE.to_batches()[0]),
        lambda: TABLE.to_batches(2),
        lambda: iter(TABLE.to_batches(1)),
        lambda: (arro3.core.RecordBatch.from_arrow(batch) for batch in TABLE.to_batches(2)),
        lambda: pl.DataFrame(TABLE).iter_slices(2),
        lambda: iter([TABLE.slice(0, 1).to_pandas(), TABLE.slice(1).to_pandas()]),
    ],
)
def test_tables(library: str, make: Callable[[], object]) -> None:
    assert write(library, make()).records() == RECORDS


def write_file(path: Path) -> None:
    with ipc.new_file(path, TABLE.schema) as writer:
        writer.write_table(TABLE)


def write_stream(path: Path) -> None:
    with ipc.new_stream(path, TABLE.schema) as writer:
        writer.write_table(TABLE)


@on_both_libraries
@pytest.mark.parametrize(
    ("name", "store"),
    [
        ("a.parquet", lambda path: pq.write_table(TABLE, path)),
        ("a.PQ", lambda path: pq.write_table(TABLE, path)),
        ("a.arrow", write_file),
        ("b.arrow", write_stream),
        ("a.arrows", write_stream),
        ("a.ipc", write_file),
        ("a.feather", lambda path: feather.write_feather(TABLE, path)),
        ("polars.arrow", lambda path: pl.DataFrame(TABLE).write_ipc(path, compression="zstd")),
        ("a.csv", lambda path: path.write_bytes(b"Name,Amount\nx,1\n,2\nz,3\n")),
        ("b.csv", lambda path: path.write_bytes(b'\xef\xbb\xbfName,"Amount"\r\nx,1\r\n,2\r\nz,3')),
        ("a.tsv", lambda path: path.write_bytes(b"Name\tAmount\nx\t1\n\t2\nz\t3\n")),
        ("a.csv.gz", lambda path: path.write_bytes(gzip.compress(b"Name,Amount\nx,1\n,2\nz,3\n"))),
    ],
)
def test_files(library: str, name: str, store: Callable[[Path], object], tmp_path: Path) -> None:
    store(tmp_path / name)
    assert write(library, tmp_path / name).records() == RECORDS


@on_both_libraries
def test_texts_of_csv_files_are_sent_as_they_stand_there(library: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b'Code,Text\r\n007,"a\r\nb"\r\n1e5," ""x"" "\r\nNULL,2024-1-1\r\n')
    written = write(library, path)
    assert written.records()[1:] == [["007", "a\r\nb"], ["1e5", ' "x" '], ["NULL", "2024-1-1"]]
    assert [written.encoder.row_of_line(line) for line in (2, 3, 4, 5)] == [0, 0, 1, 2]
    path.write_bytes(b"Code,Text")
    assert write(library, path).records() == [["Code", "Text"]]


@on_both_libraries
@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "'a.csv' is empty: it has no header"),
        ("a.csv", b"A,B\n1,2\n3\n", "'a.csv': .* columns"),
        ("a.csv", b"A,B\n1,2,3\n", "'a.csv': .* columns"),
        ("a.csv", b"A,B\n\xff,2\n", "'a.csv': .*UTF-?8"),
        ("a.csv.gz", b"A,B\n1,2\n", "'a.csv.gz' can't be unpacked"),
        ("a.csv.gz", gzip.compress(b"A,B\n1,2\n", mtime=0)[:-6], "'a.csv.gz' can't be unpacked"),
        ("a.parquet", b"", "'a.parquet' is empty"),
        ("a.parquet", b"A,B\n1,2\n3,4\n", "'a.parquet' can't be read: .* may be damaged"),
        ("a.parquet", b"PAR1 \x05\0\0\0PAR1", "'a.parquet' can't be read: .* may be damaged"),
        ("a.parquet", b"P", "'a.parquet' can't be read: .* may be damaged"),
        ("a.arrow", b"A,B\n1,2\n", "'a.arrow' can't be read: .* may be damaged"),
        ("a.arrow", b"ARROW1\0\0", "'a.arrow' can't be read: .* may be damaged"),
        ("a.xlsx", b"PK", "must end in one of .csv, "),
        ("a.json.gz", b"PK", "must end in one of .csv, "),
        ("data", b"PK", "must end in one of .csv, "),
    ],
)
def test_files_that_are_no_tables(
    library: str, name: str, content: bytes, message: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InvalidTableException, match=message):
        write(library, path)


@on_both_libraries
def test_damage_after_the_header(library: str, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"A": list(range(100_000))}), path)
    content = bytearray(path.read_bytes())
    content[50:5_000] = bytes(4_950)
    path.write_bytes(content)
    with pytest.raises(InvalidTableException, match=r"'a.parquet' can't be read: .* damaged"):
        write(library, path)
    path = tmp_path / "a.arrow"
    write_stream(path)
    path.write_bytes(path.read_bytes()[:-150])
    with pytest.raises(InvalidTableException, match=r"'a.arrow' can't be read: .* damaged"):
        write(library, path)


@pytest.mark.parametrize("save", [write_stream, write_file])
def test_damage_that_pyarrow_does_not_see_by_itself(
    save: Callable[[Path], None], tmp_path: Path
) -> None:
    path = tmp_path / "a.arrow"
    save(path)
    offsets = struct.pack("<4i", 0, 1, 1, 2)
    content = path.read_bytes()
    assert content.count(offsets) == 1
    path.write_bytes(content.replace(offsets, struct.pack("<4i", 0, 1, 1, 0x7F00_0000)))
    with pytest.raises(InvalidTableException, match=r"'a.arrow' can't be read: .* damaged"):
        write("pyarrow", path)


def test_a_panic_of_arro3_is_an_error_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.arrow"
    with ipc.new_stream(path, pa.schema({"A": pa.int64()})):
        pass
    content, bits = path.read_bytes(), struct.pack("<i", 64)
    assert content.count(bits) == 1
    path.write_bytes(content.replace(bits, struct.pack("<i", 63)))
    with pytest.raises(InvalidTableException, match=r"'a.arrow' can't be read: .* damaged"):
        write("arro3", path)


@on_both_libraries
@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.parquet", "a.arrow"])
def test_paths_without_a_file(library: str, name: str, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="There is no file"):
        write(library, tmp_path / name)
    (tmp_path / name).mkdir()
    with pytest.raises(IsADirectoryError, match="is a folder"):
        write(library, tmp_path / name)


@on_both_libraries
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: pl.LazyFrame(TABLE), r"polars.LazyFrame is no table: call collect\(\) on it"),
        (lambda: pl.Series([1]), r"polars.Series is no table: .*to_frame\(\)"),
        (lambda: pd.Series([1]), r"pandas.Series is no table: .*to_frame\(\)"),
        (lambda: [pl.Series([1])], "polars.Series is no table"),
        (lambda: pa.chunked_array([[1]]), "pyarrow.ChunkedArray is no table: make a table"),
        (lambda: pa.chunked_array([[{"A": 1}, None]]), "pyarrow.ChunkedArray is no table"),
        (lambda: pl.DataFrame(TABLE).group_by("Name"), "polars.GroupBy .* aggregate it first"),
        (lambda: pl.LazyFrame(TABLE).group_by("Name"), "LazyGroupBy .* aggregate it first"),
        (lambda: TABLE.to_pandas().groupby("Name"), "DataFrameGroupBy .* aggregate it first"),
        (lambda: duckdb.connect().execute("SELECT 1 AS A"), r"DuckDBPyConnection .* use sql\(\)"),
        (lambda: "a.csv", r"pass Path\('a.csv'\)"),
        (lambda: b"A,B\n", "bytes is no table"),
        (lambda: {"A": [1]}, "dict is no table"),
        (lambda: [{"A": 1}], "dict is no record batch: .* make a table first"),
        (lambda: [[1, 2]], "list is no record batch"),
        (lambda: None, "NoneType is no table: pass a polars"),
        (lambda: 7, "int is no table"),
    ],
)
def test_objects_that_are_no_tables(library: str, make: Callable[[], object], message: str) -> None:
    with pytest.raises(ArgumentTypeException, match=message):
        write(library, make())


@on_both_libraries
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (list, "no record batches"),
        (lambda: iter(()), "no record batches"),
        (lambda: pa.array([1]), "pyarrow.Int64Array can't be read by"),
        (lambda: pl.DataFrame({"A\0": [1]}), "name of column .* has a NUL character"),
        (lambda: pl.DataFrame({"A": pl.Series([1], dtype=pl.Int128)}), "convert columns of types"),
        (
            lambda: pd.DataFrame({"A": ["x", 1]}),
            "pandas.DataFrame can't be read by .*column A with type object: Expected bytes",
        ),
        (lambda: pd.DataFrame([[1, 2]], columns=["A", "A"]), "Duplicate column names"),
        (
            lambda: [TABLE.to_batches()[0], pa.record_batch({"Name": ["x"]})],
            "Record batch 2 has other columns than the first one: 'Name'",
        ),
        # Integers of the first batch would make an integer of 1.5.
        (
            lambda: [pa.record_batch({"A": [1]}), pa.record_batch({"A": [1.5]})],
            "Record batch 2 has other columns than the first one: 'A'",
        ),
    ],
)
def test_tables_that_can_not_be_read(
    library: str, make: Callable[[], object], message: str
) -> None:
    with pytest.raises(InvalidTableException, match=message):
        write(library, make())


@on_both_libraries
def test_errors_of_a_generator_are_the_callers_own(library: str) -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        yield TABLE.to_batches()[0]
        raise LookupError("the caller's")

    with pytest.raises(LookupError, match="the caller's"):
        write(library, batches())
    reader = pa.RecordBatchReader.from_batches(TABLE.schema, batches())
    with pytest.raises(InvalidTableException, match="the caller's") as caught:
        write(library, reader)
    assert "Traceback" not in str(caught.value)


@on_both_libraries
def test_a_column_of_nulls_only(library: str, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"A": pa.nulls(1), "B": [1]}), path)
    assert write(library, path).records() == [["A", "B"], ["", "1"]]


@on_both_libraries
def test_a_column_of_nulls_only_of_polars(library: str) -> None:
    frame = pl.DataFrame({"A": [None], "B": [1]})
    assert write(library, frame).records() == [["A", "B"], ["", "1"]]


@on_both_libraries
def test_the_index_of_a_pandas_frame(library: str) -> None:
    """It is a column only if it has a name, or is chosen."""
    frame = pd.DataFrame({"A": [1, 2, 3, 4]})
    assert write(library, frame).column() == ["1", "2", "3", "4"]
    filtered = frame.loc[[0, 1, 3]]
    assert write(library, filtered).records() == [["A"], ["1"], ["2"], ["4"]]
    assert write(library, filtered, {"A": "B"}).records() == [["B"], ["1"], ["2"], ["4"]]
    chosen = write(library, filtered, {"__index_level_0__": "Row"})
    assert chosen.records() == [["A", "Row"], ["1", "0"], ["2", "1"], ["4", "3"]]
    named = frame.assign(Key=["a", "b", "c", "d"]).set_index("Key")
    assert write(library, named).records()[:2] == [["A", "Key"], ["1", "a"]]
    assert write(library, named, ["Key", "A"]).records()[:2] == [["Key", "A"], ["a", "1"]]
    levels = pd.MultiIndex.from_tuples([(1, "x"), (2, "y")])
    assert write(library, pd.DataFrame({"A": [1, 2]}, index=levels)).records()[0] == ["A"]


@on_both_libraries
def test_the_index_in_a_file_of_pandas(library: str, tmp_path: Path) -> None:
    frame = pd.DataFrame({"A": [1, 2]}, index=["x", "y"])
    frame.to_parquet(tmp_path / "a.parquet")
    assert write(library, tmp_path / "a.parquet").records() == [["A"], ["1"], ["2"]]


@on_both_libraries
def test_a_table_of_an_index_only_has_no_columns(library: str) -> None:
    frame = pd.DataFrame(index=["x", "y"])
    with pytest.raises((InvalidTableException, InvalidArgumentException), match="no columns"):
        write(library, frame)
