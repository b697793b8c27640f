"""Uploads that are whole at the other side, or go on where they ended."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.faults.witness import Witness

from anaplan_sdk import AsyncClient, Progress
from anaplan_sdk.exceptions import (
    AnaplanConnectionException,
    AnaplanException,
    UploadIncompleteException,
)
from anaplan_sdk.testing import EmulatedAnaplan

DATA = b"code,name\n" + b"".join(b"%d,Number %d\n" % (number, number) for number in range(1000))
SIZE = 1000
COUNT = -(-len(DATA) // SIZE)
AIRLINES = 113000000000


def pieces(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), 333):
        yield data[start : start + 333]


def sent(anaplan: EmulatedAnaplan) -> set[int]:
    """The chunks that have arrived so far; a broken off one may come after its upload's end."""
    requests = anaplan.requests("PUT", "*/chunks/*")
    return {int(each.path.rpartition("/")[2]) for each in requests if each.status == 204}


def beginnings(anaplan: EmulatedAnaplan) -> int:
    return len(anaplan.requests("POST", f"*/files/{AIRLINES}"))


def resumable(anaplan: EmulatedAnaplan, **arguments: Any) -> AsyncClient:
    return anaplan.async_client(upload_chunk_size=SIZE, retry_count=0, settle_time=0.3, **arguments)


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def lines_of(journal: Path) -> list[str]:
    return [line for line in journal.read_text().splitlines(keepends=True) if line.strip()]


def noted(journal: Path) -> set[int]:
    return {json.loads(line)["chunk"] for line in lines_of(journal)[1:]}


def given_empty(journal: Path, content: bytes) -> None:
    journal.write_bytes(content)


def cut_off(journal: Path) -> int:
    """The chunk whose line was the last one, and is no longer whole."""
    lines = lines_of(journal)
    journal.write_text("".join(lines)[:-30])
    index: int = json.loads(lines[-1])["chunk"]
    return index


async def interrupted(client: AsyncClient, anaplan: EmulatedAnaplan, journal: Path) -> set[int]:
    """An upload that chunk 4 ends; the chunks that have arrived, as the journal knows."""
    anaplan.fault(method="PUT", path="*/chunks/4", status=500)
    with pytest.raises(UploadIncompleteException):
        await client.upload_file(AIRLINES, DATA, journal=journal)
    arrived = noted(journal)
    assert {0, 1, 2, 3} <= arrived < set(range(COUNT)) - {4}
    anaplan.emulator.clear_requests()
    return arrived


@contextmanager
def given(data: bytes, journal: Path, kind: str) -> Iterator[Any]:
    """The data as something whose size can be known."""
    path = journal.with_name("given")
    path.write_bytes(data)
    with path.open("rb") as file:
        contents = {"bytes": data, "str": data.decode(), "path": path, "file": file}
        yield contents.get(kind, list(pieces(data)))


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "upload.journal"


async def test_a_later_run_sends_only_what_is_missing(
    anaplan: EmulatedAnaplan, journal: Path
) -> None:
    reports: list[Progress] = []
    async with resumable(anaplan) as client:
        arrived = await interrupted(client, anaplan, journal)
    async with resumable(anaplan) as client:
        await client.upload_file(AIRLINES, DATA, journal=journal, on_progress=reports.append)
        assert await client.get_file(AIRLINES) == DATA
    assert sent(anaplan) == set(range(COUNT)) - arrived
    assert beginnings(anaplan) == 0
    assert reports[-1] == Progress("upload", len(DATA), len(DATA), COUNT, COUNT)
    assert names_in(journal.parent) == []


async def test_a_stream_whose_length_is_unknown_goes_on_too(
    anaplan: EmulatedAnaplan, journal: Path
) -> None:
    anaplan.fault(method="PUT", path="*/chunks/4", status=500)
    async with resumable(anaplan) as client:
        with pytest.raises(UploadIncompleteException):
            await client.upload_file_stream(AIRLINES, pieces(DATA), 2, journal=journal)
        arrived = noted(journal)
        assert not anaplan.requests("POST", "*/complete")
        anaplan.emulator.clear_requests()
        await client.upload_file_stream(AIRLINES, pieces(DATA), 2, journal=journal)
        assert await client.get_file(AIRLINES) == DATA
    assert sent(anaplan) == set(range(COUNT)) - arrived
    assert beginnings(anaplan) == 0
    assert len(anaplan.requests("POST", "*/complete")) == 1
    assert names_in(journal.parent) == []


@pytest.mark.parametrize("kind", ["bytes", "str", "path", "file", "list"])
async def test_content_that_has_changed_begins_anew(
    anaplan: EmulatedAnaplan, journal: Path, kind: str
) -> None:
    changed = DATA[: -2 * SIZE] + b"changed" + DATA[7 - 2 * SIZE :]
    last_but_one = (len(DATA) - 2 * SIZE) // SIZE
    async with resumable(anaplan) as client:
        anaplan.fault(method="PUT", path=f"*/chunks/{COUNT - 1}", status=500)
        with pytest.raises(UploadIncompleteException):
            await client.upload_file(AIRLINES, DATA, journal=journal)
        # Were it gone on with, the last chunk would make a file that is half the former content.
        anaplan.fault(method="PUT", path=f"*/chunks/{last_but_one}", status=500, delay_seconds=0.3)
        with pytest.raises(UploadIncompleteException), given(changed, journal, kind) as content:
            await client.upload_file(AIRLINES, content, journal=journal)
        assert Witness(anaplan.emulator).content(AIRLINES) in (None, changed)
        with given(changed, journal, kind) as content:
            await client.upload_file(AIRLINES, content, journal=journal)
        assert await client.get_file(AIRLINES) == changed
    assert beginnings(anaplan) == 2


async def test_a_stream_that_has_changed_is_not_mixed_with_what_had_arrived(
    anaplan: EmulatedAnaplan, journal: Path
) -> None:
    witness = Witness(anaplan.emulator)
    changed = b"CODE" + DATA[4:-SIZE]
    async with resumable(anaplan) as client:
        anaplan.fault(method="POST", path="*/complete", status=500)
        with pytest.raises(UploadIncompleteException):
            await client.upload_file_stream(AIRLINES, pieces(DATA), 2, journal=journal)
        with pytest.raises(UploadIncompleteException):
            await client.upload_file_stream(AIRLINES, pieces(changed), 2, journal=journal)
        assert witness.content(AIRLINES) is None
        await client.upload_file_stream(AIRLINES, pieces(changed), 2, journal=journal)
        assert witness.content(AIRLINES) == changed


async def test_other_content_begins_anew(anaplan: EmulatedAnaplan, journal: Path) -> None:
    async with resumable(anaplan) as client:
        await interrupted(client, anaplan, journal)
        longer = DATA + b"1000,Number 1000\n" * 100
        await client.upload_file(AIRLINES, longer, journal=journal)
        assert await client.get_file(AIRLINES) == longer
    assert beginnings(anaplan) == 1


@pytest.mark.parametrize("content", [DATA, b"x" * len(DATA), b"code,name\n"])
async def test_what_has_come_meanwhile_is_not_mixed_with_the_rest(
    anaplan: EmulatedAnaplan, journal: Path, content: bytes
) -> None:
    async with resumable(anaplan) as client:
        await interrupted(client, anaplan, journal)
        begin = client._session.send
        count = -(-len(content) // SIZE)
        # Another upload has begun and has ended, too, before anything of it arrived.
        url = f"{client._model}/files/{AIRLINES}"
        await begin("POST", url, json={"chunkCount": count})
        await client.upload_file(AIRLINES, DATA, journal=journal)
        assert await client.get_file(AIRLINES) == DATA


async def test_a_journal_that_was_cut_off_serves_up_to_there(
    anaplan: EmulatedAnaplan, journal: Path
) -> None:
    async with resumable(anaplan) as client:
        arrived = await interrupted(client, anaplan, journal)
        lost = cut_off(journal)
        anaplan.fault(method="PUT", path=f"*/chunks/{COUNT - 1}", status=500)
        with pytest.raises(UploadIncompleteException):
            await client.upload_file(AIRLINES, DATA, journal=journal)
        await client.upload_file(AIRLINES, DATA, journal=journal)
        assert await client.get_file(AIRLINES) == DATA
    assert sent(anaplan) == set(range(COUNT)) - arrived | {lost}
    assert beginnings(anaplan) == 0


async def test_files_that_are_no_journal_of_this_upload_are_left_alone(
    anaplan: EmulatedAnaplan, tmp_path: Path, journal: Path
) -> None:
    data = tmp_path / "data.csv"
    data.write_bytes(DATA)
    async with resumable(anaplan) as client:
        await interrupted(client, anaplan, journal)
        before = lines_of(journal)
        asked = len(anaplan.requests("GET"))
        with pytest.raises(ValueError, match="no journal"):
            await client.upload_file(AIRLINES, data, journal=data)
        with pytest.raises(ValueError, match=f"an upload to file {AIRLINES} of model"):
            await client.upload_file(113000000001, DATA, journal=journal)
    assert len(anaplan.requests("GET")) == asked
    assert not anaplan.requests("POST")
    assert data.read_bytes() == DATA
    assert lines_of(journal) == before


@pytest.mark.parametrize("left", [b"", b"\n"])
async def test_an_empty_file_is_a_journal_of_nothing(
    anaplan: EmulatedAnaplan, journal: Path, left: bytes
) -> None:
    given_empty(journal, left)
    async with resumable(anaplan) as client:
        await interrupted(client, anaplan, journal)
        await client.upload_file(AIRLINES, DATA, journal=journal)
        assert await client.get_file(AIRLINES) == DATA
    assert names_in(journal.parent) == []


async def test_content_that_was_deleted_meanwhile_begins_anew(
    anaplan: EmulatedAnaplan, journal: Path
) -> None:
    async with resumable(anaplan) as client:
        await interrupted(client, anaplan, journal)
        # A deleted file's count may be out of date while its chunks are not to be had.
        anaplan.fault(path=f"*/{AIRLINES}/chunks", status=404)
        await client.upload_file(AIRLINES, DATA, journal=journal)
        assert await client.get_file(AIRLINES) == DATA


async def test_one_upload_has_a_journal_at_a_time(anaplan: EmulatedAnaplan, journal: Path) -> None:
    refused: list[AnaplanException] = []

    async with resumable(anaplan) as client:

        async def content() -> AsyncIterator[bytes]:
            for piece in pieces(DATA):
                yield piece

        async def meddling() -> AsyncIterator[bytes]:
            async for piece in content():
                if not refused and sent(anaplan):
                    with pytest.raises(AnaplanException, match="Another upload") as error:
                        await client.upload_file(AIRLINES, content(), journal=journal)
                    refused.append(error.value)
                yield piece

        await client.upload_file_stream(AIRLINES, meddling(), journal=journal)
        assert await client.get_file(AIRLINES) == DATA
    assert [error.not_performed for error in refused] == [True]
    assert beginnings(anaplan) == 1


@pytest.mark.parametrize(("known_size", "lost"), [(True, 0), (True, COUNT - 1), (False, COUNT - 1)])
async def test_an_acknowledged_chunk_that_is_not_there_fails_the_upload(
    anaplan: EmulatedAnaplan, known_size: bool, lost: int
) -> None:
    anaplan.fault(method="PUT", path=f"*/chunks/{lost}", status=204, processed=False)
    content = DATA if known_size else pieces(DATA)
    async with resumable(anaplan) as client:
        with pytest.raises(UploadIncompleteException, match=f"has {COUNT - 1} chunks") as failed:
            await client.upload_and_import(AIRLINES, content, 112000000000)
    assert failed.value.missing == [lost]
    assert failed.value.retryable
    assert not anaplan.requests("POST", "*/tasks")


async def test_an_upload_that_can_not_be_completed_fails(anaplan: EmulatedAnaplan) -> None:
    anaplan.fault(method="PUT", path="*/chunks/0", status=204, processed=False)
    async with resumable(anaplan) as client:
        with pytest.raises(UploadIncompleteException, match="did not complete") as failed:
            await client.upload_file(AIRLINES, pieces(DATA))
    assert failed.value.missing == []


async def test_chunks_that_nobody_sent_fail_the_upload(anaplan: EmulatedAnaplan) -> None:
    listed = {"chunks": [{"id": str(index), "name": "Chunk"} for index in range(COUNT + 1)]}
    anaplan.fault(path=f"*/{AIRLINES}/chunks", status=200, body=json.dumps(listed), times=None)
    async with resumable(anaplan) as client:
        with pytest.raises(UploadIncompleteException, match=f"has {COUNT + 1} chunks") as failed:
            await client.upload_file(AIRLINES, DATA)
    assert failed.value.missing == []


async def test_a_beginning_that_can_not_be_looked_for_may_have_been_made(
    anaplan: EmulatedAnaplan,
) -> None:
    async with resumable(anaplan) as client:
        await client.upload_file(AIRLINES, DATA)
        anaplan.fault(method="POST", path=f"*/files/{AIRLINES}", lose_reply=True)
        anaplan.fault(path="*/files", status=403, times=None)
        with pytest.raises(AnaplanConnectionException) as failed:
            await client.upload_file(AIRLINES, DATA)
    assert not failed.value.not_performed


async def test_a_beginning_is_looked_for_again_when_a_look_fails(anaplan: EmulatedAnaplan) -> None:
    async with resumable(anaplan) as client:
        await client.get_files()
        anaplan.fault(method="POST", path=f"*/files/{AIRLINES}", lose_reply=True)
        anaplan.fault(path="*/files", status=500)
        await client.upload_file(AIRLINES, DATA)
        assert await client.get_file(AIRLINES) == DATA
    assert beginnings(anaplan) == 1


async def test_a_count_that_can_not_be_had_fails_the_upload(anaplan: EmulatedAnaplan) -> None:
    anaplan.fault(path=f"*/{AIRLINES}/chunks", status=500)
    async with resumable(anaplan) as client:
        with pytest.raises(UploadIncompleteException, match="may be incomplete") as failed:
            await client.upload_file(AIRLINES, DATA)
        assert failed.value.missing == []
        await client.upload_file(AIRLINES, DATA)
