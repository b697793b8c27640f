"""Where downloads go, and what is there when there is nothing to download."""

from __future__ import annotations

import json
import os
import socket
import stat
import threading
from pathlib import Path

import pytest

from anaplan_sdk.exceptions import (
    AnaplanException,
    AnaplanResponseException,
    FileContentMissingException,
    InvalidIdentifierException,
)
from anaplan_sdk.testing import EmulatedAnaplan

DATA = b"code,name\n" + b"".join(b"%d,Number %d\n" % (number, number) for number in range(500))
FILE = 113000000000
EXPORT = 116000000000
IMPORT = 112000000001


class Reader(threading.Thread):
    """Reads what is written into a pipe."""

    def __init__(self, target: int | Path) -> None:
        super().__init__(daemon=True)
        self._target = target
        self.content = b""
        self.start()

    def run(self) -> None:
        with open(self._target, "rb") as pipe:  # noqa: PTH123 - it may be a descriptor
            self.content = pipe.read()

    def read(self) -> bytes:
        self.join(5)
        return self.content


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("is_link", [False, True])
async def test_a_named_pipe_is_written_into(
    anaplan: EmulatedAnaplan, tmp_path: Path, is_link: bool
) -> None:
    path, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(path)
    link.symlink_to(path)
    async with anaplan.async_client(upload_chunk_size=700) as client:
        await client.upload_file(FILE, DATA)
        timer = threading.Timer(0.15, lambda: readers.append(Reader(path)))
        readers: list[Reader] = []
        timer.start()  # It is waited for.
        await client.download_file(FILE, link if is_link else path)
    assert readers[0].read() == DATA
    assert stat.S_ISFIFO(path.stat().st_mode)
    assert names_in(tmp_path) == ["link", "pipe"]


async def test_a_device_stays_what_it_is(anaplan: EmulatedAnaplan, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("/dev/null")
    async with anaplan.async_client() as client:
        await client.upload_file(FILE, DATA)
        for path in (Path("/dev/null"), link):
            assert await client.download_file(FILE, path) == path
            assert stat.S_ISCHR(path.stat().st_mode)
    assert link.is_symlink()


@pytest.mark.parametrize("kind", ["pipe", "socket", "file"])
async def test_an_open_file_is_written_into(
    anaplan: EmulatedAnaplan, tmp_path: Path, kind: str
) -> None:
    target = tmp_path / "out"
    if kind == "file":
        target.write_bytes(b"before\n")
        writing = os.open(target, os.O_WRONLY | os.O_APPEND)
    elif kind == "pipe":
        reading, writing = os.pipe()
        reader = Reader(reading)
    else:
        ours, other = socket.socketpair()
        reader, writing = Reader(other.detach()), ours.detach()
    async with anaplan.async_client() as client:
        await client.upload_file(FILE, DATA)
        await client.download_file(FILE, f"/dev/fd/{writing}")
    os.close(writing)
    if kind == "file":
        assert target.read_bytes() == b"before\n" + DATA
    else:
        assert reader.read() == DATA


async def test_a_socket_is_not_replaced(anaplan: EmulatedAnaplan, tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        async with anaplan.async_client() as client:
            with pytest.raises(OSError, match="socket"):
                await client.download_file(FILE, path)
        assert stat.S_ISSOCK(path.stat().st_mode)
    assert anaplan.requests() == []


@pytest.mark.parametrize("kind", ["link", "dangling", "long"])
async def test_a_file_is_replaced_as_a_whole(
    anaplan: EmulatedAnaplan, tmp_path: Path, kind: str
) -> None:
    target = path = tmp_path / ("n" * 255 if kind == "long" else "data.csv")
    if kind != "dangling":
        target.write_bytes(b"before")
        target.chmod(0o604)
    if kind != "long":
        path = tmp_path / "link"
        path.symlink_to(target)
    async with anaplan.async_client() as client:
        await client.upload_file(FILE, DATA)
        await client.download_file(FILE, path)
    assert target.read_bytes() == DATA
    assert not target.is_symlink()
    assert path.is_symlink() == (kind != "long")
    assert kind == "dangling" or target.stat().st_mode & 0o777 == 0o604
    assert names_in(tmp_path) == sorted({target.name, path.name})


@pytest.mark.parametrize("gone", ["never made", "deleted", "expired", "404", "incomplete"])
async def test_nothing_replaces_a_file_by_nothing(
    anaplan: EmulatedAnaplan, tmp_path: Path, gone: str
) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(DATA)
    async with anaplan.async_client() as client:
        if gone != "never made":
            await client.upload_file(FILE, DATA)
        if gone == "deleted":
            await client.delete_file(FILE)
        elif gone == "expired":
            anaplan.advance(hours=49)
        elif gone == "404":
            anaplan.fault(path="*/chunks", status=404, times=None)
        elif gone == "incomplete":
            anaplan.fault(method="PUT", status=204, processed=False)
            await client.upload_file(FILE, DATA)
        with pytest.raises(FileContentMissingException):
            await client.download_file(FILE, path)
        with pytest.raises(FileContentMissingException):
            await client.get_file(FILE)
        with pytest.raises(FileContentMissingException):
            async for _ in client.get_file_stream(FILE):
                pass
        if gone != "404":
            with pytest.raises(FileContentMissingException):
                await client.get_small_file(FILE)
    assert path.read_bytes() == DATA
    assert names_in(tmp_path) == ["data.csv"]


async def test_the_output_of_an_export_that_is_gone(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        with pytest.raises(FileContentMissingException):
            await client.get_file(EXPORT)
        anaplan.fault(path="*/chunks", status=200, body='{"status": {}}')
        anaplan.fault(method="GET", path=f"*/files/{EXPORT}", status=404)
        with pytest.raises(FileContentMissingException):
            await client.export_and_download(EXPORT)


async def test_a_file_that_does_not_exist_is_another_error(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        for read in (client.get_file, client.get_small_file):
            with pytest.raises(InvalidIdentifierException) as failed:
                await read(113999999999)
            assert type(failed.value) is InvalidIdentifierException


async def test_an_empty_file_is_downloaded(anaplan: EmulatedAnaplan, tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(DATA)
    octets = {"Content-Type": "application/octet-stream"}
    async with anaplan.async_client() as client:
        await client.upload_file(FILE, DATA)
        anaplan.fault(method="GET", path="*/chunks/0", status=200, body="", headers=octets)
        assert await client.get_file(FILE) == b""
        # No chunks are listed, but there is content: it is empty.
        anaplan.fault(path="*/chunks", status=200, body='{"chunks": []}')
        anaplan.fault(method="GET", path=f"*/files/{FILE}", status=200, body="", headers=octets)
        await client.download_file(FILE, path)
    assert path.read_bytes() == b""


@pytest.mark.parametrize("ids", [[0, 0], [0, 2], [1, 2], [0, 1, 1]])
async def test_chunks_that_are_listed_twice_or_with_gaps_are_refused(
    anaplan: EmulatedAnaplan, ids: list[int]
) -> None:
    async with anaplan.async_client(upload_chunk_size=2000) as client:
        await client.upload_file(FILE, DATA)
        body = json.dumps({"chunks": [{"id": str(number), "name": "Chunk"} for number in ids]})
        anaplan.fault(path="*/chunks", status=200, body=body)
        with pytest.raises(AnaplanResponseException, match="without gaps"):
            await client.get_file(FILE)


async def test_the_order_of_listed_chunks_makes_no_difference(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(upload_chunk_size=500) as client:
        await client.upload_file(FILE, DATA)
        ids = [chunk.id for chunk in await client.get_file_chunks(FILE)]
        chunks = [{"id": str(number), "name": "Chunk"} for number in sorted(ids, key=str)]
        anaplan.fault(path="*/chunks", status=200, body=json.dumps({"chunks": chunks}))
        assert len(ids) > 10
        assert await client.get_file(FILE) == DATA


@pytest.mark.parametrize(("status", "body"), [(204, ""), (206, "code"), (202, "")])
async def test_a_part_is_not_taken_for_a_chunk(
    anaplan: EmulatedAnaplan, status: int, body: str
) -> None:
    async with anaplan.async_client(retry_count=1, backoff=0.01) as client:
        await client.upload_file(FILE, DATA)
        octets = {"Content-Type": "application/octet-stream"}
        for path, read in (
            ("*/chunks/0", client.get_file),
            (f"*/files/{FILE}", client.get_small_file),
        ):
            anaplan.fault(
                method="GET", path=path, status=status, body=body or None, headers=octets, times=2
            )
            with pytest.raises(AnaplanException) as failed:
                await read(FILE)
            assert isinstance(failed.value, FileContentMissingException) == (status == 204)
            anaplan.emulator.clear_faults()
        anaplan.fault(method="GET", path="*/chunks/0", status=206, body="code", headers=octets)
        assert await client.get_file(FILE) == DATA  # It is asked for again.


@pytest.mark.parametrize("status", [204, 400, 404])
async def test_a_dump_that_does_not_exist(anaplan: EmulatedAnaplan, status: int) -> None:
    async with anaplan.async_client() as client:
        task = await client.upload_and_import(FILE, b"carrier,name\nAA,American\n", IMPORT)
        anaplan.fault(path="*/dump*", status=status, times=None)
        with pytest.raises(FileContentMissingException, match="failure dump"):
            await client.get_dump(IMPORT, task.id)
        if status != 204:
            with pytest.raises(FileContentMissingException, match="failure dump"):
                async for _ in client.get_dump_rows(IMPORT, task.id):
                    pass
            with pytest.raises(AnaplanException) as failed:
                await client.get_dump(IMPORT, "0" * 32)
            assert not isinstance(failed.value, FileContentMissingException)
