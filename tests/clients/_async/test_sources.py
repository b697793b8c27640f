"""What is uploaded: files, pipes, devices and buffers, and those that change meanwhile."""

from __future__ import annotations

import io
import os
import socket
import threading
import time
from collections.abc import Callable
from mmap import mmap
from pathlib import Path

import pytest

from anaplan_sdk import Progress
from anaplan_sdk.exceptions import InvalidArgumentException, UploadIncompleteException
from anaplan_sdk.testing import EmulatedAnaplan

DATA = b"code,name\n" + b"".join(b"%d,Number %d\n" % (number, number) for number in range(500))
OTHER = DATA[:-5] + b"XXXX\n"
FILE = 113000000000


def written_later(target: int | Path, content: bytes) -> threading.Thread:
    """A thread that writes into a pipe, and closes it."""

    def write() -> None:
        with open(target, "wb", buffering=0) as pipe:  # noqa: PTH123 - it may be a descriptor
            pipe.write(content)

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    return thread


def written_directly(path: Path, content: bytes) -> None:
    with path.open("r+b") as file:
        file.write(content)


def given(path: Path) -> None:
    path.write_bytes(DATA)


def made_old(path: Path) -> None:
    os.utime(path, (1_700_000_000, 1_700_000_000))


@pytest.mark.parametrize("kind", ["named pipe", "process substitution", "link"])
@pytest.mark.parametrize("size", [700, 25_000_000])
async def test_a_path_that_is_no_file_is_read_to_its_end(
    anaplan: EmulatedAnaplan, tmp_path: Path, kind: str, size: int
) -> None:
    path = tmp_path / "pipe"
    if kind == "named pipe":
        os.mkfifo(path)
        writer = written_later(path, DATA)
    else:
        reading, writing = os.pipe()
        path = Path(f"/dev/fd/{reading}")
        if kind == "link":
            (tmp_path / "link").symlink_to(path)
            path = tmp_path / "link"
        writer = written_later(writing, DATA)
    async with anaplan.async_client(upload_chunk_size=size) as client:
        await client.upload_file(FILE, path)
        assert await client.get_file(FILE) == DATA
    writer.join(5)
    if kind != "named pipe":
        os.close(reading)


@pytest.mark.parametrize("buffering", [0, -1])
async def test_a_pipe_that_does_not_block_is_read_to_its_end(
    anaplan: EmulatedAnaplan, buffering: int
) -> None:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)

    def write() -> None:
        with os.fdopen(writing, "wb", buffering=0) as pipe:
            for start in range(0, len(DATA), 3000):
                time.sleep(0.15)
                pipe.write(DATA[start : start + 3000])

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    with os.fdopen(reading, "rb", buffering=buffering) as pipe:
        async with anaplan.async_client(upload_chunk_size=700) as client:
            await client.upload_file(FILE, pipe)
            assert await client.get_file(FILE) == DATA
    writer.join(5)


async def test_a_file_whose_content_the_system_makes_up(anaplan: EmulatedAnaplan) -> None:
    # Its size is 0, whatever is in it.
    async with anaplan.async_client() as client:
        await client.upload_file(FILE, Path("/proc/self/status"))
        assert b"Pid:" in await client.get_file(FILE)


@pytest.mark.parametrize(
    "kind", ["old path", "new path", "file", "bytearray", "mmap", "list", "io"]
)
async def test_content_that_changes_meanwhile_is_never_reported_as_uploaded(
    anaplan: EmulatedAnaplan, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(DATA)
    if kind != "new path":
        made_old(path)
    buffer = bytearray(DATA)
    memory = io.BytesIO(DATA)
    with path.open("r+b") as file, mmap(file.fileno(), 0) as mapped:
        parts = [buffer, b"end"]
        contents = {
            "bytearray": buffer,
            "mmap": mapped,
            "list": parts,
            "file": file,
            "io": memory,
        }
        changes: dict[str, Callable[[], object]] = {
            "bytearray": lambda: buffer.__setitem__(slice(0, 4), b"CODE"),
            "list": lambda: buffer.__setitem__(slice(0, 4), b"CODE"),
            "mmap": lambda: mapped.__setitem__(slice(0, 4), b"CODE"),
            "io": lambda: memory.getbuffer().__setitem__(slice(0, 4), b"CODE"),
        }
        change = changes.get(kind, lambda: written_directly(path, OTHER))

        def meddle(progress: Progress) -> None:
            if progress.chunks == 1:
                change()

        async with anaplan.async_client(upload_chunk_size=100) as client:
            with pytest.raises(UploadIncompleteException, match="was changed while") as failed:
                await client.upload_file_stream(
                    FILE,
                    contents.get(kind, path),  # type: ignore[arg-type]
                    on_progress=meddle,
                )
            assert failed.value.retryable
            # The last chunk, which makes a file whole, was not sent.
            content = bytes(buffer) + b"end" if kind == "list" else DATA
            last = -(-len(content) // 100) - 1
            assert not anaplan.requests("PUT", f"*/chunks/{last}")
            file.seek(0)
            memory.seek(0)
            await client.upload_file(FILE, contents.get(kind, path))  # type: ignore[arg-type]
    buffer.append(1)  # It is not locked any more.


async def test_a_file_that_is_replaced_meanwhile_is_uploaded_as_it_was(
    anaplan: EmulatedAnaplan, tmp_path: Path
) -> None:
    path, other = tmp_path / "data.csv", tmp_path / "other.csv"
    path.write_bytes(DATA)
    other.write_bytes(OTHER)

    def replace(progress: Progress) -> None:
        if progress.chunks == 1:
            other.replace(path)

    async with anaplan.async_client(upload_chunk_size=100) as client:
        await client.upload_file_stream(
            FILE,
            path,  # type: ignore[arg-type]
            on_progress=replace,
        )
        assert await client.get_file(FILE) == DATA


@pytest.mark.parametrize("kind", ["folder", "missing", "unreadable", "empty", "socket"])
async def test_a_path_that_cannot_be_read_sends_no_request(
    anaplan: EmulatedAnaplan, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / kind
    if kind == "folder":
        path.mkdir()
    elif kind == "empty":
        path.touch()
    elif kind == "unreadable":
        path.symlink_to(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(path))
    async with anaplan.async_client() as client:
        with pytest.raises(InvalidArgumentException if kind == "empty" else OSError):
            await client.upload_file(FILE, path)
    assert anaplan.requests() == []


@pytest.mark.parametrize("kind", ["file", "pipe", "home", "long"])
async def test_a_text_that_is_a_path_is_refused(
    anaplan: EmulatedAnaplan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path.joinpath(*["x" * 100] * 3 if kind == "long" else [])
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "data.csv"
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.touch()
    text = "~/data.csv" if kind == "home" else str(path)
    async with anaplan.async_client() as client:
        with pytest.raises(InvalidArgumentException, match=r"pass Path\("):
            await client.upload_file(FILE, text)
        with pytest.raises(InvalidArgumentException, match=r"pass Path\("):
            await client.upload_small_file(FILE, text)
    assert anaplan.requests() == []


async def test_a_file_whose_name_begins_with_a_tilde(
    anaplan: EmulatedAnaplan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    given(Path("~backup.csv"))
    async with anaplan.async_client() as client:
        await client.upload_file(FILE, Path("~backup.csv"))
        assert await client.download_file(FILE, "~copy.csv") == Path("~copy.csv")
    assert (tmp_path / "~copy.csv").read_bytes() == DATA
