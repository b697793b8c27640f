"""Uploads and downloads."""

from __future__ import annotations

import gzip
import io
import random
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from anaplan_sdk import AsyncClient, Progress
from anaplan_sdk.exceptions import (
    AnaplanConnectionException,
    AnaplanResponseException,
    FileContentMissingException,
    InvalidIdentifierException,
    PermissionDeniedException,
    ServerException,
    UploadIncompleteException,
)
from anaplan_sdk.testing import EmulatedAnaplan

TEXT = "code,name\n" + "".join(f"{number},Größe {number}\n" for number in range(2000))
DATA = TEXT.encode()


async def file_id(client: AsyncClient) -> int:
    return next(file.id for file in await client.get_files() if file.name == "airlines.csv")


def pieces(data: bytes, seed: int = 1) -> Iterator[bytes]:
    cuts = random.Random(seed)
    start = 0
    while start < len(data):
        size = cuts.choice((0, 1, 7, 100, 5000))
        yield data[start : start + size]
        start += size


async def slow_pieces(data: bytes) -> AsyncIterator[bytes]:
    for piece in pieces(data):
        yield piece


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


class Unseekable(io.BytesIO):
    def seekable(self) -> bool:
        return False


@pytest.mark.parametrize("chunk_size", [5000, len(DATA), 25_000_000])
@pytest.mark.parametrize(
    "source",
    ["bytes", "bytearray", "str", "path", "file", "pieces", "pipe", "iterator", "text", "slow"],
)
async def test_every_kind_of_content_arrives_completely(
    anaplan: EmulatedAnaplan, tmp_path: Path, source: str, chunk_size: int
) -> None:
    path = tmp_path / "airlines.csv"
    path.write_bytes(DATA)
    async with anaplan.async_client(upload_chunk_size=chunk_size) as client:
        target = await file_id(client)
        with path.open("rb") as file:
            contents = {
                "bytes": DATA,
                "bytearray": bytearray(DATA),
                "str": TEXT,
                "path": path,
                "file": file,
                "pieces": [*pieces(DATA[:999]), DATA[999:].decode()],
                "pipe": Unseekable(DATA),
                "iterator": pieces(DATA),
                "text": iter(TEXT.splitlines(keepends=True)),
                "slow": slow_pieces(DATA),
            }
            await client.upload_file(target, contents[source])  # type: ignore[arg-type]
        assert await client.get_file(target) == DATA
        chunks = await client.get_file_chunks(target)
        assert [chunk.id for chunk in chunks] == list(range(-(-len(DATA) // chunk_size)))
    completed = anaplan.requests("POST", "*/complete")
    is_stream = source in ("pipe", "iterator", "text", "slow")
    assert len(completed) == (1 if is_stream and chunk_size < len(DATA) else 0)


async def test_chunks_are_gzipped_and_labelled(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        await client.upload_file(await file_id(client), DATA)
    (put,) = anaplan.requests("PUT")
    assert put.content_type == "application/x-gzip"
    assert put.body_bytes < len(gzip.compress(DATA)) * 2


async def test_a_file_is_read_from_its_position(anaplan: EmulatedAnaplan) -> None:
    source = io.BytesIO(b"skipped" + DATA)
    source.seek(7)
    async with anaplan.async_client() as client:
        target = await file_id(client)
        await client.upload_file(target, source)
        assert await client.get_file(target) == DATA


@pytest.mark.parametrize("batch_size", [1, 3])
async def test_streams_both_ways(anaplan: EmulatedAnaplan, batch_size: int) -> None:
    async with anaplan.async_client(upload_chunk_size=5000) as client:
        target = await file_id(client)
        await client.upload_file_stream(target, pieces(DATA), batch_size)
        received = [chunk async for chunk in client.get_file_stream(target, batch_size)]
    assert b"".join(received) == DATA
    assert len(received) == -(-len(DATA) // 5000)


async def test_a_download_that_is_broken_off_leaves_nothing_behind(
    anaplan: EmulatedAnaplan,
) -> None:
    async with anaplan.async_client(upload_chunk_size=2000) as client:
        target = await file_id(client)
        await client.upload_file(target, DATA)
        stream = client.get_file_stream(target, 4)
        assert await anext(stream) == DATA[:2000]
        await stream.aclose()
        assert await client.get_file(target) == DATA


async def test_download_to_a_path(anaplan: EmulatedAnaplan, tmp_path: Path) -> None:
    path = tmp_path / "down.csv"
    path.write_text("what was there before")
    path.chmod(0o640)
    reports: list[Progress] = []
    async with anaplan.async_client(upload_chunk_size=5000) as client:
        target = await file_id(client)
        await client.upload_file(target, DATA)
        anaplan.fault(path="*/chunks/1", status=404)
        with pytest.raises(InvalidIdentifierException):
            await client.download_file(target, path)
        assert path.read_text() == "what was there before"
        assert await client.download_file(target, path, on_progress=reports.append) == path
    assert path.read_bytes() == DATA
    assert names_in(tmp_path) == ["down.csv"]
    assert reports[-1] == Progress("download", len(DATA), None, 7, 7)
    assert mode_of(path) == 0o640


async def test_invalid_paths_send_no_request(anaplan: EmulatedAnaplan, tmp_path: Path) -> None:
    async with anaplan.async_client() as client:
        with pytest.raises(IsADirectoryError, match="folder"):
            await client.download_file(113000000000, tmp_path)
        with pytest.raises(FileNotFoundError, match="nowhere"):
            await client.download_file(113000000000, tmp_path / "nowhere" / "down.csv")
    assert anaplan.requests() == []


async def test_progress_both_ways(anaplan: EmulatedAnaplan) -> None:
    up: list[Progress] = []
    down: list[Progress] = []
    async with anaplan.async_client(upload_chunk_size=5000) as client:
        target = await file_id(client)
        await client.upload_file(target, DATA, on_progress=up.append)
        await client.get_file(target, on_progress=down.append)
        stream = client.get_file_stream(target, on_progress=down.append)
        assert b"".join([chunk async for chunk in stream]) == DATA
        await client.upload_file(target, pieces(DATA), on_progress=up.append)
    count = -(-len(DATA) // 5000)
    sizes = [5000 * number for number in range(1, count)] + [len(DATA)]
    reported = [(report.completed, report.chunks) for report in [*up, *down]]
    assert reported == 4 * list(zip(sizes, range(1, count + 1), strict=True))
    assert {(report.total, report.total_chunks) for report in up[:count]} == {(len(DATA), count)}
    assert {(report.total, report.total_chunks) for report in up[count:]} == {(None, None)}
    assert {(report.total, report.total_chunks) for report in down} == {(None, count)}


async def test_levels_of_compression(anaplan: EmulatedAnaplan) -> None:
    sizes: list[int] = []
    for level in (0, 1, 2, 3):
        async with anaplan.async_client(upload_compression_level=level) as client:
            target = await file_id(client)
            await client.upload_file(target, DATA)
            assert await client.get_file(target) == DATA
        sizes.append(anaplan.requests("PUT")[-1].body_bytes)
    assert len(set(sizes)) > 1
    assert max(sizes) < len(DATA) / 2
    for level in (-1, 4):
        with pytest.raises(ValueError, match="upload_compression_level must be 0 to 3"):
            anaplan.async_client(upload_compression_level=level)


@pytest.mark.parametrize(
    "trouble",
    [
        {"status": 503, "headers": {"Retry-After": "0"}},
        {"status": 429, "headers": {"Retry-After": "0"}},
        {"status": 500},
        {"reset_before": True},
        {"reset_during_request": 10},
        {"lose_reply": True},
    ],
)
async def test_a_chunk_is_sent_again(anaplan: EmulatedAnaplan, trouble: dict[str, Any]) -> None:
    async with anaplan.async_client(upload_chunk_size=5000, backoff=0.01) as client:
        target = await file_id(client)
        anaplan.fault(method="PUT", path="*/chunks/2", times=2, **trouble)
        await client.upload_file(target, DATA)
        assert await client.get_file(target) == DATA
    assert len(anaplan.requests("PUT", "*/chunks/2")) == 3


@pytest.mark.parametrize("known_size", [True, False])
async def test_a_lost_chunk_fails_the_upload_and_is_named(
    anaplan: EmulatedAnaplan, known_size: bool
) -> None:
    async with anaplan.async_client(upload_chunk_size=5000, retry_count=0) as client:
        target = await file_id(client)
        anaplan.fault(method="PUT", path="*/chunks/1", status=500, times=None)
        with pytest.raises(UploadIncompleteException) as failed:
            await client.upload_file(target, DATA if known_size else pieces(DATA))
    assert 1 in failed.value.missing
    assert failed.value.file_id == target
    assert isinstance(failed.value.__cause__, ServerException)
    assert not anaplan.requests("POST", "*/complete")


async def test_an_html_page_does_not_acknowledge_a_chunk(anaplan: EmulatedAnaplan) -> None:
    page = "<html><body>Please sign in to the proxy</body></html>"
    async with anaplan.async_client(retry_count=0) as client:
        target = await file_id(client)
        anaplan.fault(method="PUT", body=page, headers={"Content-Type": "text/html"})
        with pytest.raises(UploadIncompleteException):
            await client.upload_file(target, DATA)
        await client.upload_file(target, DATA)
        anaplan.fault(path="*/chunks/0", body=page, headers={"Content-Type": "text/html"})
        with pytest.raises(AnaplanResponseException, match="HTML"):
            await client.get_file(target)


async def test_large_pieces_of_a_stream_are_chunks_of_their_own(anaplan: EmulatedAnaplan) -> None:
    produced = [b"CODE\n", *(letter * 1_000_000 for letter in (b"a", b"b", b"c"))]
    reports: list[Progress] = []
    async with anaplan.async_client(upload_chunk_size=4_000_000) as client:
        target = await file_id(client)
        await client.upload_file_stream(target, iter(produced), 2, on_progress=reports.append)
        assert await client.get_file(target) == b"".join(produced)
    assert len(anaplan.requests("PUT")) == 3
    assert [report.completed for report in reports] == [1_000_005, 2_000_005, 3_000_005]


async def test_a_stream_of_too_many_chunks(anaplan: EmulatedAnaplan) -> None:
    # Acknowledge every chunk without storing a thousand of them.
    anaplan.fault(method="PUT", path="*/chunks/*", status=204, times=None)
    async with anaplan.async_client(upload_chunk_size=1) as client:
        with pytest.raises(ValueError, match="upload_chunk_size"):
            await client.upload_file_stream(await file_id(client), iter([b"x" * 1001]), 10)
    assert len(anaplan.requests("PUT")) <= 1000
    assert not anaplan.requests("POST", "*/complete")


class Announcing(io.BytesIO):
    """A file that announces another size than it has."""

    def __init__(self, data: bytes, announced_size: int) -> None:
        super().__init__(data)
        self._announced_size = announced_size

    def seek(self, offset: int, whence: int = 0, /) -> int:
        place = super().seek(offset, whence)
        return self._announced_size if whence == io.SEEK_END else place


@pytest.mark.parametrize("chunk_size", [1000, 25_000_000])
@pytest.mark.parametrize("announced_size", [len(DATA) - 1, len(DATA) + 1, 1000, 2 * len(DATA)])
async def test_a_source_of_another_size_than_announced_completes_nothing(
    anaplan: EmulatedAnaplan, announced_size: int, chunk_size: int
) -> None:
    async with anaplan.async_client(upload_chunk_size=chunk_size) as client:
        target = await file_id(client)
        with pytest.raises(UploadIncompleteException, match="announced") as failed:
            await client.upload_file(target, Announcing(DATA, announced_size))
        assert failed.value.missing
        # The last of the announced chunks, which makes a file whole, was never sent.
        last = -(-announced_size // chunk_size) - 1
        assert not anaplan.requests("PUT", f"*/chunks/{last}")


async def test_a_source_that_shrinks_is_noticed(anaplan: EmulatedAnaplan, tmp_path: Path) -> None:
    path = tmp_path / "shrinking.csv"
    path.write_bytes(DATA)

    def shrink(_: Progress) -> None:
        path.write_bytes(DATA[:5000])

    async with anaplan.async_client(upload_chunk_size=1000) as client:
        target = await file_id(client)
        with pytest.raises(UploadIncompleteException, match="announced"):
            await client.upload_file(target, path, on_progress=shrink)


@pytest.mark.parametrize("trouble", [{"truncate_after_bytes": 100}, {"reset_after_bytes": 100}])
async def test_a_truncated_download_is_fetched_again(
    anaplan: EmulatedAnaplan, trouble: dict[str, Any]
) -> None:
    async with anaplan.async_client(upload_chunk_size=5000, backoff=0.01) as client:
        target = await file_id(client)
        await client.upload_file(target, DATA)
        anaplan.fault(method="GET", path="*/chunks/1", **trouble)
        assert await client.get_file(target) == DATA
        anaplan.fault(method="GET", path="*/chunks/1", times=None, **trouble)
        with pytest.raises(AnaplanConnectionException):
            await client.get_file(target)


async def test_files_are_not_created_by_accident(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        before = await client.get_files()
        for unknown in (113999999999, "113999999999", "new.csv", 116000000000):
            with pytest.raises(InvalidIdentifierException, match="allow_file_creation"):
                await client.upload_file(unknown, DATA)
        assert await client.get_files() == before
    assert not anaplan.requests("POST", "*/files/*")
    async with anaplan.async_client(allow_file_creation=True) as client:
        await client.upload_file("new.csv", DATA)
        assert "new.csv" in [file.name for file in await client.get_files()]


async def test_an_id_of_an_unknown_kind_is_looked_up_before_it_is_refused(
    anaplan: EmulatedAnaplan,
) -> None:
    listed = '{"files": [{"id": "9000000002", "name": "copy.csv"}]}'
    async with anaplan.async_client(retry_count=0) as client:
        anaplan.fault(path="*/files", status=200, body=listed)
        anaplan.fault(method="POST", path="*/files/9000000002", status=403)
        with pytest.raises(PermissionDeniedException):  # It was sent.
            await client.upload_file(9000000002, DATA)
        with pytest.raises(InvalidIdentifierException):
            await client.upload_file(9000000003, DATA)


async def test_deleting_content(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        target = await file_id(client)
        await client.upload_file(target, DATA)
        assert len(await client.get_file_chunks(target)) == 1
        await client.delete_file(target)
        assert await client.get_file_chunks(target) == []
        with pytest.raises(FileContentMissingException, match=f"File {target} has no content"):
            await client.get_file(target)
        assert target in [file.id for file in await client.get_files()]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", ValueError),
        ("", ValueError),
        (iter([]), ValueError),
        (iter([b"", b""]), ValueError),
        (io.BytesIO(), ValueError),
        (io.StringIO("text mode"), TypeError),
        (Path("no such file.csv"), FileNotFoundError),
        (None, TypeError),
        (5, TypeError),
        ({"code": 1, "name": 2}, TypeError),
        ({"code", "name"}, TypeError),
        ([["code", "name"]], TypeError),
        ([b"code", None], TypeError),
        ([b"", ""], ValueError),
        ("pyproject.toml", ValueError),
    ],
)
async def test_invalid_content_sends_no_request(
    anaplan: EmulatedAnaplan, content: object, error: type[Exception]
) -> None:
    async with anaplan.async_client() as client:
        with pytest.raises(error):
            await client.upload_file(113000000000, content)  # type: ignore[arg-type]
    assert anaplan.requests() == []


async def test_text_too_long_for_a_file_name_is_content(anaplan: EmulatedAnaplan) -> None:
    text = "é" * 200
    async with anaplan.async_client() as client:
        await client.upload_file(113000000000, text)
        assert await client.get_file(113000000000) == text.encode()


@pytest.mark.parametrize("batch_size", [0, -1])
async def test_batch_size_is_checked(anaplan: EmulatedAnaplan, batch_size: int) -> None:
    async with anaplan.async_client() as client:
        with pytest.raises(ValueError, match="batch_size"):
            await client.upload_file_stream(113000000000, iter([DATA]), batch_size)
        with pytest.raises(ValueError, match="batch_size"):
            await anext(client.get_file_stream(113000000000, batch_size))
    assert anaplan.requests() == []


@pytest.mark.parametrize("content", ["code,name\nAA,Ünited\n", b"code,name\nAA,A\n"])
async def test_small_content_is_uploaded_in_one_request(
    anaplan: EmulatedAnaplan, content: str | bytes
) -> None:
    async with anaplan.async_client() as client:
        await client.upload_small_file(113000000000, content)
        whole = content.encode() if isinstance(content, str) else content
        assert await client.get_file(113000000000) == whole
        assert await client.get_small_file(113000000000) == whole
        with pytest.raises(InvalidIdentifierException):
            await client.get_small_file(113999999999)
        # With a default file an import would read that, had the count not been set before.
        sent = [each.method for each in anaplan.requests(path="*/files/113000000000")]
        assert sent[:2] == ["POST", "PUT"]
        assert sent.count("PUT") == 1


@pytest.mark.parametrize("content", ["", b"x" * 1_000_000])
async def test_large_content_is_rejected_by_upload_small_file(
    anaplan: EmulatedAnaplan, content: str | bytes
) -> None:
    async with anaplan.async_client() as client:
        with pytest.raises(ValueError, match="use upload_file for more"):
            await client.upload_small_file(113000000000, content)
        assert anaplan.requests() == []
        with pytest.raises(InvalidIdentifierException):
            await client.upload_small_file(113999999999, "x")


async def test_the_largest_content_of_upload_small_file(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        await client.upload_small_file(113000000000, b"x" * 999_999)
        assert len(await client.get_small_file(113000000000)) == 999_999
    assert len(anaplan.requests("PUT", "*/files/113000000000")) == 1
