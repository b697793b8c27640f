"""Tables that other libraries read from a stream while it arrives, as only the sync client does."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from anaplan_sdk import Client, TableStream
from anaplan_sdk.exceptions import (
    ServerException,
    StreamConsumedException,
    UnexpectedValueException,
)
from anaplan_sdk.testing import EmulatedAnaplan

ROWS = 288


@pytest.fixture(params=["arro3", "pyarrow"], autouse=True)
def arrow(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("ANAPLAN_SDK_ARROW", request.param)
    name: str = request.param
    return name


@pytest.fixture
def client(anaplan: EmulatedAnaplan) -> Iterator[Client]:
    anaplan.emulator.settings.output_chunk_bytes = 100
    with anaplan.client(retry_count=0) as client:
        client.run_action(export_of(client))
        yield client


def export_of(client: Client) -> int:
    return next(int(each.id) for each in client.get_exports() if "single column" in each.name)


def opened(client: Client, **arguments: Any) -> TableStream:
    return client.export_table(export_of(client), run=False, batch_rows=1, **arguments)


def chunks(anaplan: EmulatedAnaplan) -> int:
    return len(anaplan.requests("GET", "*/chunks/*"))


def wait_until_closed(stream: TableStream) -> None:
    """Wait until the stream was closed by its reader."""
    deadline = time.monotonic() + 20
    while not stream._is_closed:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def read_by_polars(stream: TableStream) -> int:
    return len(pl.DataFrame(stream))


def read_by_pyarrow(stream: TableStream) -> int:
    return len(pa.RecordBatchReader.from_stream(stream).read_all())


def read_by_duckdb(stream: TableStream) -> int:
    with duckdb.connect() as connection:
        return len(connection.from_arrow(stream).fetchall())


def read_by_name(stream: TableStream) -> int:
    with duckdb.connect() as connection:
        return len(connection.sql("select * from stream").fetchall())


FOREIGN = [read_by_polars, read_by_pyarrow, read_by_duckdb, read_by_name]


@pytest.mark.parametrize("read", FOREIGN)
def test_other_libraries_read_all_of_it(client: Client, read: Callable[[TableStream], int]) -> None:
    stream = opened(client)
    assert read(stream) == ROWS
    wait_until_closed(stream)
    with pytest.raises(StreamConsumedException):
        stream.to_polars()


@pytest.mark.parametrize("read", FOREIGN)
def test_errors_of_other_libraries_contain_ours(
    client: Client, read: Callable[[TableStream], int]
) -> None:
    with pytest.raises(Exception, match="Row 0, column 'Value'"):
        read(opened(client, schema={"Value": "date"}))


def never_read(stream: TableStream) -> None:
    stream.__arrow_c_stream__()


def closed_reader(stream: TableStream) -> None:
    reader = pa.RecordBatchReader.from_stream(stream)
    assert reader.read_next_batch().num_rows == 1
    reader.close()


def dropped_reader(stream: TableStream) -> None:
    assert pa.RecordBatchReader.from_stream(stream).read_next_batch().num_rows == 1


def limited_query(stream: TableStream) -> None:
    with duckdb.connect() as connection:
        assert len(connection.sql("select * from stream limit 1").fetchall()) == 1


def failed_reader(stream: TableStream) -> None:
    """Drop a reader while an exception is being raised."""
    with pytest.raises(KeyError, match="user"):  # noqa: PT012
        for _ in pa.RecordBatchReader.from_stream(stream):
            raise KeyError("user")


@pytest.mark.parametrize(
    "read", [never_read, closed_reader, dropped_reader, limited_query, failed_reader]
)
def test_the_release_of_a_stream_ends_the_download(
    anaplan: EmulatedAnaplan, client: Client, read: Callable[[TableStream], None]
) -> None:
    stream = opened(client)
    read(stream)
    wait_until_closed(stream)
    requested = chunks(anaplan)
    client.get_files()
    assert chunks(anaplan) == requested < 20
    with pytest.raises(StreamConsumedException):
        stream.read_all()


def test_no_thread_is_left_when_a_stream_was_released(client: Client) -> None:
    # Those of other tests live until Python has collected the errors that their readers raised.
    before = set(threading.enumerate())
    stream = opened(client)
    never_read(stream)
    wait_until_closed(stream)
    for thread in set(threading.enumerate()) - before:
        if thread.name == "anaplan-tables":
            thread.join(20)
            assert not thread.is_alive()


CONVERSIONS: list[Callable[[TableStream, Path], object]] = [
    lambda stream, _: stream.to_polars(),
    lambda stream, _: stream.to_pandas(),
    lambda stream, _: stream.to_pyarrow(),
    lambda stream, _: stream.read_all(),
    lambda stream, path: stream.to_parquet(path),
    lambda stream, path: stream.to_arrow(path),
    lambda stream, path: stream.to_csv(path),
]


@pytest.mark.parametrize("convert", CONVERSIONS)
def test_conversions_raise_our_own_errors(
    anaplan: EmulatedAnaplan,
    client: Client,
    tmp_path: Path,
    convert: Callable[[TableStream, Path], object],
) -> None:
    path = tmp_path / "table"
    path.write_bytes(b"former")
    stream = opened(client, schema={"Value": "date"})
    with pytest.raises(UnexpectedValueException, match="Row 0, column 'Value'"):
        convert(stream, path)
    with pytest.raises(StreamConsumedException):
        convert(stream, path)
    anaplan.fault(method="GET", path="*/chunks/30", status=500, times=99)
    with pytest.raises(ServerException):
        convert(opened(client), path)
    assert [each.name for each in tmp_path.iterdir()] == ["table"]
    assert path.read_bytes() == b"former"


def test_files(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    table = client.export_table(export_of(client), run=False).to_pyarrow()
    path = opened(client).to_parquet("~/table.parquet")
    assert path == tmp_path / "table.parquet"
    assert pq.read_table(path).equals(table)
    with pa.ipc.open_stream(opened(client).to_arrow(tmp_path / "table.arrow")) as reader:
        assert reader.read_all().equals(table)
    written = pl.read_csv(opened(client).to_csv(tmp_path / "table.csv"), infer_schema=False)
    assert written.to_dicts() == table.to_pylist()
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.skipif(sys.platform == "win32", reason="There are no such pipes.")
@pytest.mark.parametrize("kind", ["parquet", "arrow", "csv"])
def test_pipes(client: Client, tmp_path: Path, kind: str) -> None:
    pipe, path, copy = tmp_path / "pipe", tmp_path / "file", tmp_path / "copy"
    os.mkfifo(pipe)
    with (
        copy.open("wb") as file,
        subprocess.Popen(["cat", str(pipe)], stdout=file) as reader,
    ):
        getattr(opened(client), f"to_{kind}")(pipe)
        assert reader.wait(60) == 0
    getattr(opened(client), f"to_{kind}")(path)
    assert copy.read_bytes() == path.read_bytes()
