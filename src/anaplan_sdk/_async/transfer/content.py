"""The content of uploads: bytes, str, paths, open files and iterables, split into chunks."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol, TypeAlias, cast, runtime_checkable

from anaplan_sdk._formats.chunks import (
    MAX_CHUNKS,
    Chunk,
    Piece,
    Rechunker,
    chunk_count,
    encoded_pieces,
    encoded_size,
    fitting_chunk_size,
    piece_size,
)
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk.exceptions import AnaplanException, ArgumentTypeException, InvalidArgumentException

Content: TypeAlias = (
    str | bytes | bytearray | memoryview | os.PathLike[str] | BinaryIO | runtime.Pieces
)

_LONGEST_NAME = 255
_EMPTY = "The content is empty: Anaplan accepts only files with at least one byte."


@runtime_checkable
class BinaryFile(Protocol):
    """The methods of an open file that an upload uses."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, none at the end."""
        ...

    def seekable(self) -> bool:
        """Whether the position can be changed."""
        ...

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Change the position, and return it."""
        ...

    def tell(self) -> int:
        """Return the position."""
        ...


@dataclass
class Upload:
    """Content as chunks.

    Attributes:
        source: Yields the chunks after those in `buffered`. The owner of the upload closes it.
        chunk_size: Bytes of each chunk but the last.
        count: How many chunks there are; `None` if that is unknown.
        size: Bytes of the content; `None` if that is unknown.
        buffered: The first chunks, if they had to be read to prepare the upload.
        reread: Yields all chunks, before the source is read, if the content can be read twice.
    """

    source: AsyncGenerator[Chunk]
    chunk_size: int
    count: int | None
    size: int | None
    buffered: list[Chunk] = field(default_factory=list[Chunk])
    reread: Callable[[], AsyncGenerator[Chunk]] | None = None

    @property
    def announced_count(self) -> int:
        """The number of chunks as Anaplan is given it: -1 if it is unknown."""
        return -1 if self.count is None else self.count

    async def chunks(self) -> AsyncGenerator[tuple[int, Chunk]]:
        """Yield the chunks in order, each with its index.

        The last chunk, with which Anaplan considers a file complete, is only yielded if the content
        has exactly the size it was announced with.

        Raises:
            AnaplanException: The content has more or fewer bytes than announced.
            InvalidArgumentException: There are more chunks than Anaplan accepts.
        """
        last: Chunk | None = None
        index = size = 0
        async with aclosing(self._all()) as every:
            async for chunk in every:
                size += chunk.size
                if index == MAX_CHUNKS:
                    raise InvalidArgumentException(
                        f"The content has more than {MAX_CHUNKS:,} chunks, Anaplan's limit: "
                        "increase upload_chunk_size."
                    )
                if last is not None:
                    break
                if index + 1 == self.count:
                    last = chunk
                else:
                    yield index, chunk
                    index += 1
        if self.size is not None and size != self.size:
            amount = "more" if size > self.size else f"{size:,}"
            raise AnaplanException(
                f"The content was announced with {self.size:,} bytes and has {amount}."
            )
        if last is not None:
            yield index, last

    async def _all(self) -> AsyncGenerator[Chunk]:
        while self.buffered:
            yield self.buffered.pop(0)
        async for chunk in self.source:
            yield chunk


async def prepare(content: Content, chunk_size: int) -> Upload:
    """Examine the content, so that the number of chunks can be announced if it is known.

    Args:
        content: The content as the caller passed it.
        chunk_size: Bytes of a chunk.

    Raises:
        InvalidArgumentException: The content is empty, or larger than Anaplan accepts.
        ArgumentTypeException: The content has a type that cannot be uploaded.
        OSError: The file cannot be read.
    """
    if isinstance(content, os.PathLike):
        path, size = await runtime.run_in_thread(_measure, content)
        return _of_size(size, chunk_size, lambda fitting: _file_pieces(path, fitting))
    if isinstance(content, str):
        await runtime.run_in_thread(_refuse_path, content)
        size = await runtime.run_in_thread(encoded_size, content)
        return _of_size(size, chunk_size, lambda _: encoded_pieces(content))
    if isinstance(content, bytes | bytearray | memoryview):
        view = memoryview(content).cast("B")
        return _of_size(len(view), chunk_size, lambda fitting: _slices(view, fitting))
    if isinstance(content, BinaryFile):
        return await _of_file(content, chunk_size)
    if isinstance(content, list | tuple):
        pieces = cast("Sequence[str | bytes]", content)
        size = await runtime.run_in_thread(lambda: sum(map(piece_size, pieces)))
        return _of_size(size, chunk_size, lambda _: pieces)
    if runtime.is_iterable(content):
        return await _of_unknown_size(content, chunk_size)
    raise ArgumentTypeException(
        f"{type(content).__name__} cannot be uploaded: pass bytes, str, a path, a file opened in "
        "binary mode, or a list or an iterator of bytes or str."
    )


def _of_size(size: int, chunk_size: int, pieces: Callable[[int], Iterable[Piece]]) -> Upload:
    if size == 0:
        raise InvalidArgumentException(_EMPTY)
    fitting = fitting_chunk_size(size, chunk_size)

    def read() -> AsyncGenerator[Chunk]:
        return _rechunked(pieces(fitting), fitting)

    return Upload(read(), fitting, chunk_count(size, fitting), size, reread=read)


async def _of_file(file: BinaryFile, chunk_size: int) -> Upload:
    if isinstance(await runtime.run_in_thread(file.read, 0), str):
        raise ArgumentTypeException(
            "The file is open in text mode; open it in binary mode: open(path, 'rb')."
        )
    if not file.seekable():
        return await _of_unknown_size(_reads(file, chunk_size), chunk_size)
    start, size = await runtime.run_in_thread(_measure_rest, file)
    return _of_size(size, chunk_size, lambda fitting: _reads_from(file, start, fitting))


async def _of_unknown_size(pieces: runtime.Pieces, chunk_size: int) -> Upload:
    chunks = _rechunked(pieces, chunk_size)
    buffered: list[Chunk] = []
    while len(buffered) < 2 and (chunk := await anext(chunks, None)) is not None:
        buffered.append(chunk)
    if not buffered:
        raise InvalidArgumentException(_EMPTY)
    if len(buffered) == 1:
        return Upload(chunks, chunk_size, 1, buffered[0].size, buffered)
    return Upload(chunks, chunk_size, None, None, buffered)


async def _rechunked(
    pieces: runtime.Pieces | Iterable[Piece], chunk_size: int
) -> AsyncGenerator[Chunk]:
    chunker = Rechunker(chunk_size)
    async with aclosing(runtime.flat_map(chunker.feed, pieces)) as chunks:
        async for chunk in chunks:
            yield chunk
    if rest := chunker.flush():
        yield rest


def _refuse_path(text: str) -> None:
    # A str is content: the name of the file would be uploaded instead of the file.
    is_name = 0 < len(text) <= _LONGEST_NAME and "\n" not in text and "\0" not in text
    if is_name and _is_file(Path(text)):
        raise InvalidArgumentException(
            f"{text!r} is the name of a file, but a str is content: pass Path({text!r}) to upload "
            "the file."
        )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # Too long for the name of a file, in bytes.
        return False


def _measure(path: os.PathLike[str]) -> tuple[Path, int]:
    expanded = Path(path).expanduser()
    return expanded, expanded.stat().st_size


def _measure_rest(file: BinaryFile) -> tuple[int, int]:
    start = file.tell()
    size = file.seek(0, os.SEEK_END) - start
    file.seek(start)
    return start, size


def _slices(view: memoryview, step: int) -> Iterator[memoryview]:
    for start in range(0, len(view), step):
        yield view[start : start + step]


def _file_pieces(path: Path, step: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from _reads(file, step)


def _reads_from(file: BinaryFile, start: int, step: int) -> Iterator[bytes]:
    file.seek(start)
    yield from _reads(file, step)


def _reads(file: BinaryFile, step: int) -> Iterator[bytes]:
    while piece := file.read(step):
        yield piece
        del piece  # Free its memory before the next piece is read.
