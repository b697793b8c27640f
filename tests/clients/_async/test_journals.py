"""Uploads that are whole at the other side, or go on where they ended."""

from __future__ import annotations

import json
import os
import time
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
    InvalidArgumentException,
    UploadIncompleteException,
)
from anaplan_sdk.testing import EmulatedAnaplan

DATA = b"code,name\n" + b"".join(b"%d,Number %d\n" % (number, number) for number in range(1000))
SIZE = 1000
COUNT = -(-len(DATA) // SIZE)
AIRLINES = 113000000000


def pieces(data: bytes, step: int = 333) -> Iterator[bytes]:
    for start in range(0, len(data), step):
        yield data[start : start + step]


def sent(anaplan: EmulatedAnaplan) -> set[int]:
    """The chunks that have arrived so far; a broken off one may come after its upload's end."""
    requests = anaplan.requests("PUT", "*/chunks/*")
    return {int(each.path.rpartition("/")[2]) for each in requests if each.status == 204}


def beginnings(anaplan: EmulatedAnaplan) -> int:
    return len(anaplan.requests("POST", f"*/files/{AIRLINES}"))


def resumable(anaplan: EmulatedAnaplan, **arguments: Any) -> AsyncClient:
    arguments = {"upload_chunk_size": SIZE, "retry_count": 0, "settle_time": 0.3, **arguments}
    return anaplan.async_client(**arguments)


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


@pytest.fixture(params=["declared", "arrived"], autouse=True)
def chunk_listing(request: pytest.FixtureRequest, anaplan: EmulatedAnaplan) -> str:
    """What a listing of chunks shows: it is not known of the service."""
    anaplan.emulator.settings.chunk_listing = request.param
    return str(request.param)


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


async def test_a_stream_goes_on_even_if_its_pieces_are_others(
    anaplan: EmulatedAnaplan, journal: Path
) -> None:
    data = b"".join(b"%07d\n" % number for number in range(500_000))
    anaplan.fault(method="PUT", path="*/chunks/1", status=500)
    async with resumable(anaplan, upload_chunk_size=2_500_000) as client:
        with pytest.raises(UploadIncompleteException):
            await client.upload_file_stream(AIRLINES, pieces(data, 1_000_000), journal=journal)
        arrived = noted(journal)
        assert arrived
        anaplan.emulator.clear_requests()
        await client.upload_file_stream(AIRLINES, pieces(data, 1_300_000), journal=journal)
        assert await client.get_file(AIRLINES) == data
    assert sent(anaplan) == {0, 1} - arrived


@pytest.mark.parametrize("kind", ["bytes", "str", "path", "file", "list"])
async def test_changed_content_is_uploaded_from_the_beginning(
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
        anaplan.fault(method="POST", path="*/complete", status=503)
        with pytest.raises(UploadIncompleteException):
            await client.upload_file_stream(AIRLINES, pieces(DATA), 2, journal=journal)
        with pytest.raises(UploadIncompleteException):
            await client.upload_file_stream(AIRLINES, pieces(changed), 2, journal=journal)
        assert witness.content(AIRLINES) is None
        await client.upload_file_stream(AIRLINES, pieces(changed), 2, journal=journal)
        assert witness.content(AIRLINES) == changed


async def test_other_content_is_uploaded_from_the_beginning(
    anaplan: EmulatedAnaplan, journal: Path
) -> None:
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


async def test_files_that_are_not_the_journal_of_this_upload_are_left_alone(
    anaplan: EmulatedAnaplan, tmp_path: Path, journal: Path
) -> None:
    data = tmp_path / "data.csv"
    data.write_bytes(DATA)
    async with resumable(anaplan) as client:
        await interrupted(client, anaplan, journal)
        before = lines_of(journal)
        asked = len(anaplan.requests("GET"))
        with pytest.raises(ValueError, match="not the journal"):
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


async def test_deleted_content_is_uploaded_from_the_beginning(
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
    anaplan: EmulatedAnaplan, chunk_listing: str, known_size: bool, lost: int
) -> None:
    anaplan.fault(method="PUT", path=f"*/chunks/{lost}", status=204, processed=False)
    content = DATA if known_size else pieces(DATA)
    async with resumable(anaplan) as client:
        if known_size and chunk_listing == "declared":
            await client.upload_file(AIRLINES, content)  # Nothing tells that it is not there.
            return
        with pytest.raises(UploadIncompleteException, match="acknowledged") as failed:
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


@pytest.mark.parametrize("listed", [0, 1, COUNT - 1, COUNT + 1])
async def test_a_listing_that_differs_does_not_fail_an_acknowledged_upload(
    anaplan: EmulatedAnaplan, caplog: pytest.LogCaptureFixture, listed: int
) -> None:
    body = {"chunks": [{"id": str(index), "name": "Chunk"} for index in range(listed)]}
    anaplan.fault(path=f"*/{AIRLINES}/chunks", status=200, body=json.dumps(body), times=None)
    async with resumable(anaplan) as client:
        await client.upload_file(AIRLINES, DATA)
    assert Witness(anaplan.emulator).content(AIRLINES) == DATA
    assert f"acknowledged {COUNT} chunks of file {AIRLINES} and lists {listed}" in caplog.text


async def test_chunks_of_an_earlier_longer_stream_are_not_left_behind(
    anaplan: EmulatedAnaplan, journal: Path
) -> None:
    anaplan.fault(method="POST", path="*/complete", status=503)
    shorter = DATA[: -2 * SIZE]
    async with resumable(anaplan) as client:
        with pytest.raises(UploadIncompleteException):
            await client.upload_file_stream(AIRLINES, pieces(DATA), 2, journal=journal)
        anaplan.fault(path=f"*/{AIRLINES}/chunks", status=500, times=None)
        with pytest.raises(UploadIncompleteException, match="of an earlier run"):
            await client.upload_file_stream(AIRLINES, pieces(shorter), 2, journal=journal)
        await client.upload_file_stream(AIRLINES, pieces(shorter), 2, journal=journal)
    assert Witness(anaplan.emulator).content(AIRLINES) == shorter


@pytest.mark.parametrize("failures", [1, 2])
async def test_a_completion_that_fails_with_500_is_tried_with_the_whole_description(
    anaplan: EmulatedAnaplan, caplog: pytest.LogCaptureFixture, failures: int
) -> None:
    anaplan.fault(method="POST", path="*/complete", status=500, times=failures)
    async with resumable(anaplan) as client:
        await client.upload_file(AIRLINES, pieces(DATA))
    assert len(anaplan.requests("POST", "*/complete")) == 2
    assert ("not confirmed to be complete" in caplog.text) == (failures == 2)


@pytest.mark.parametrize("lost", ["content", "chunk", "replaced", "expired"])
async def test_a_journal_is_not_believed_about_what_anaplan_has_no_longer(
    anaplan: EmulatedAnaplan, journal: Path, lost: str
) -> None:
    async with resumable(anaplan) as client:
        arrived = await interrupted(client, anaplan, journal)
        if lost == "content":
            await client.delete_file(AIRLINES)
        elif lost == "chunk":
            anaplan.fault(path=f"*/{AIRLINES}/chunks/{min(arrived)}", status=404)
        elif lost == "replaced":
            await client.upload_file(AIRLINES, DATA.swapcase())
        else:
            aged(journal, 49 * 3600)
        anaplan.emulator.clear_requests()
        await client.upload_file(AIRLINES, DATA, journal=journal)
        assert await client.get_file(AIRLINES) == DATA
    assert beginnings(anaplan) == 1
    assert sent(anaplan) == set(range(COUNT))


async def test_little_is_read_to_find_out_what_has_arrived(
    anaplan: EmulatedAnaplan, journal: Path
) -> None:
    size = 1_000_000
    data = DATA * (5 * size // len(DATA))
    async with anaplan.async_client(upload_chunk_size=size, retry_count=0) as client:
        anaplan.fault(method="PUT", path="*/chunks/4", status=500)
        with pytest.raises(UploadIncompleteException):
            await client.upload_file_stream(AIRLINES, [data], 1, journal=journal)
        anaplan.emulator.clear_requests()
        await client.upload_file_stream(AIRLINES, [data], 1, journal=journal)
        assert await client.get_file(AIRLINES) == data
    assert sent(anaplan) == {4}
    assert beginnings(anaplan) == 0


def aged(journal: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(journal, (then, then))


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"kind":' * 50_000, "\0" * 100_000, "x" * 100_000]
)
async def test_no_text_is_taken_for_a_journal(
    anaplan: EmulatedAnaplan, journal: Path, text: str
) -> None:
    given_empty(journal, text.encode())
    async with resumable(anaplan) as client:
        with pytest.raises(InvalidArgumentException, match="not the journal of an upload"):
            await client.upload_file(AIRLINES, DATA, journal=journal)
    assert not anaplan.requests("POST", "*/files/*")


async def test_a_journal_leaves_no_lock_behind(
    anaplan: EmulatedAnaplan, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(journal.parent))
    async with resumable(anaplan) as client:
        await interrupted(client, anaplan, journal)
        await client.upload_file(AIRLINES, DATA, journal=journal)
    assert names_in(journal.parent / "anaplan-sdk" / "locks") == []


async def test_a_begin_that_cannot_be_looked_up_may_have_been_performed(
    anaplan: EmulatedAnaplan,
) -> None:
    async with resumable(anaplan) as client:
        await client.upload_file(AIRLINES, DATA)
        anaplan.fault(method="POST", path=f"*/files/{AIRLINES}", lose_reply=True)
        anaplan.fault(path="*/files", status=403, times=None)
        with pytest.raises(AnaplanConnectionException) as failed:
            await client.upload_file(AIRLINES, DATA)
    assert not failed.value.not_performed


async def test_a_begin_is_looked_up_again_when_a_poll_fails(anaplan: EmulatedAnaplan) -> None:
    async with resumable(anaplan) as client:
        await client.get_files()
        anaplan.fault(method="POST", path=f"*/files/{AIRLINES}", lose_reply=True)
        anaplan.fault(path="*/files", status=500)
        await client.upload_file(AIRLINES, DATA)
        assert await client.get_file(AIRLINES) == DATA
    assert beginnings(anaplan) == 1


async def test_chunks_that_cannot_be_listed_do_not_fail_the_upload(
    anaplan: EmulatedAnaplan, caplog: pytest.LogCaptureFixture
) -> None:
    anaplan.fault(path=f"*/{AIRLINES}/chunks", status=403, times=None)
    async with resumable(anaplan) as client:
        await client.upload_file(AIRLINES, DATA)
    assert "cannot be listed" in caplog.text
    assert Witness(anaplan.emulator).content(AIRLINES) == DATA


async def test_a_journal_whose_folder_can_not_be_locked_fails_the_upload(
    anaplan: EmulatedAnaplan, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    occupied = journal.with_name("occupied")
    given_empty(occupied, b"")
    monkeypatch.setenv("XDG_STATE_HOME", str(occupied))  # Where a folder for locks would be.
    async with resumable(anaplan) as client:
        with pytest.raises(
            AnaplanException, match=r"upload\.journal' cannot be locked: "
        ) as failed:
            await client.upload_file(AIRLINES, DATA, journal=journal)
    assert failed.value.not_performed
    assert not anaplan.requests("POST", "*/files/*")
    assert names_in(journal.parent) == ["occupied"]


@pytest.mark.parametrize(
    ("count", "failing", "text"),
    [
        (5, 4, "chunk 4 is missing"),
        (5, 3, "chunks 3, 4 are missing"),
        (12, 0, "chunks 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, … are missing"),
    ],
)
async def test_an_incomplete_upload_names_its_missing_chunks_and_the_cause(
    anaplan: EmulatedAnaplan, count: int, failing: int, text: str
) -> None:
    headers = {"X-Request-Id": "r-500"}
    anaplan.fault(method="PUT", path=f"*/chunks/{failing}", status=500, headers=headers)
    content = list(pieces(DATA[: count * SIZE]))
    async with resumable(anaplan) as client:
        with pytest.raises(UploadIncompleteException) as failed:
            await client.upload_file_stream(AIRLINES, content, 1)
    error = failed.value
    assert str(error).startswith(f"The upload to file {AIRLINES} is incomplete, {text}: Anaplan ")
    assert f"/chunks/{failing} [HTTP 500, request id r-500]" in str(error)
    assert error.missing == list(range(failing, count))
    assert (error.file_id, error.attempts, error.retryable) == (AIRLINES, 1, True)
    assert not error.not_performed


async def test_an_incomplete_upload_may_lack_the_end_of_its_content(
    anaplan: EmulatedAnaplan,
) -> None:
    def content() -> Iterator[bytes]:
        yield DATA[: 2 * SIZE]
        raise AnaplanException("The other client failed.", not_performed=True)

    async with resumable(anaplan) as client:
        with pytest.raises(UploadIncompleteException) as failed:
            await client.upload_file_stream(AIRLINES, content())
    assert str(failed.value) == (
        f"The upload to file {AIRLINES} is incomplete, since its content was not read to the end: "
        "The other client failed."
    )
    assert failed.value.missing == []
    assert not failed.value.not_performed
