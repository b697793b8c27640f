"""Staged pieces and the record of a run, on a local disk and on another file system of fsspec."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pytest

from anaplan_spark.staging import StagedRun

BATCHES = [pa.record_batch({"a": [1, 2]}), pa.record_batch({"a": [3]})]


@pytest.fixture(params=["path", "file:", "file://", "memory://"])
def staging(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "memory://":
        return f"memory://{uuid4().hex}"
    return f"{'' if request.param == 'path' else request.param}{tmp_path}/staging/"


def test_pieces_are_read_in_the_given_order_and_removed_with_their_write(staging: str) -> None:
    run = StagedRun(staging, "tonight")
    pieces = [run.write("w1", number, 0, BATCHES) for number in range(2)]
    other = run.write("w2", 0, 3, BATCHES[1:])
    assert [(piece.partition, piece.rows) for piece in pieces] == [(0, 3), (1, 3)]
    assert other.name == "w2/00000-3.arrows"
    run.check([*pieces, other])
    assert [batch.num_rows for batch in run.batches([*pieces, other])] == [2, 1, 2, 1, 1]
    run.save("{}")
    run.remove_write("w1")
    run.remove_write("w1")
    run.check([other])
    with pytest.raises(OSError, match="can't be seen by the driver"):
        run.check(pieces)
    assert run.load() == "{}"
    run.remove()
    assert run.load() is None


def test_a_partition_without_rows_has_no_piece(staging: str) -> None:
    run = StagedRun(staging, "tonight")
    piece = run.write("w1", 0, 0, [])
    assert (piece.name, piece.rows) == (None, 0)
    run.check([piece])
    assert list(run.batches([piece])) == []


def test_an_incomplete_piece_is_an_error(tmp_path: Path) -> None:
    run = StagedRun(str(tmp_path), "tonight")
    piece = run.write("w1", 0, 0, BATCHES)
    with pytest.raises(OSError, match="has 3 rows, and its task wrote 4"):
        list(run.batches([replace(piece, rows=4)]))
    path = tmp_path / "tonight" / str(piece.name)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(OSError, match="its task wrote"):
        run.check([piece])


def test_the_record_is_the_one_that_was_saved_last(staging: str) -> None:
    run = StagedRun(staging, "tonight")
    run.save(None)
    assert run.load() is None
    for number in range(12):
        run.save(f'{{"number": {number}}}')
        assert StagedRun(staging, "tonight").load() == f'{{"number": {number}}}'
    run.save(None)
    assert run.load() is None


def test_a_record_that_was_not_written_to_its_end_does_not_count(tmp_path: Path) -> None:
    run = StagedRun(str(tmp_path), "tonight")
    run.save('{"number": 1}')
    (tmp_path / "tonight" / "run.2.json").write_text('{"num')
    assert run.load() == '{"number": 1}'
    run.save('{"number": 3}')
    assert run.load() == '{"number": 3}'
