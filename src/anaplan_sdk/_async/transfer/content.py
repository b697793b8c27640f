"""What users upload, as chunks: bytes, text, a path, an open file, or pieces of any size."""

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
from anaplan_sdk.exceptions import AnaplanException

Content: TypeAlias = (
    str | bytes | bytearray | memoryview | os.PathLike[str] | BinaryIO | runtime.Pieces
)

_LONGEST_NAME = 255
_EMPTY = "The content is empty: Anaplan takes no file without any bytes."


@runtime_checkable
class BinaryFile(Protocol):
    """What is needed of an open file."""

    def read(self, size: int, /) -> bytes:
        """Up to so many bytes; none at the end."""
        ...

    def seekable(self) -> bool:
        """Whether the size can be looked up."""
        ...

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Moves to a place, and tells it."""
        ...

    def tell(self) -> int:
        """The place to read from next."""
        ...


@dataclass
class Upload:
    """Content cut into chunks.

    Attributes:
        source: Gives the chunks, but for those read ahead; whoever has the upload closes it.
        chunk_size: Bytes of each chunk but the last.
        count: How many chunks there will be; `None` while that isn't known.
        size: Their bytes in all; `None` while that isn't known.
        ahead: The first chunks, where they were needed to know as much.
        again: Gives all chunks anew, before the source is begun, where that can be done.
    """

    source: AsyncGenerator[Chunk]
    chunk_size: int
    count: int | None
    size: int | None
    ahead: list[Chunk] = field(default_factory=list[Chunk])
    again: Callable[[], AsyncGenerator[Chunk]] | None = None

    async def chunks(self) -> AsyncGenerator[tuple[int, Chunk]]:
        """The chunks in order, each with its index.

        The last one, which makes an upload whole, is given only if all bytes that were announced
        have come, and no more.

        Raises:
            AnaplanException: The source gives more or fewer bytes than it had announced.
            ValueError: There are more chunks than Anaplan takes.
        """
        last: Chunk | None = None
        index = given = 0
        async with aclosing(self._all()) as every:
            async for chunk in every:
                given += chunk.size
                if index == MAX_CHUNKS:
                    raise ValueError(
                        f"The content has more than {MAX_CHUNKS:,} chunks, Anaplan's limit: make "
                        "upload_chunk_size larger."
                    )
                if last is not None:
                    break
                if index + 1 == self.count:
                    last = chunk
                else:
                    yield index, chunk
                    index += 1
        if self.size is not None and given != self.size:
            amount = "more" if given > self.size else f"{given:,}"
            raise AnaplanException(f"the source announced {self.size:,} bytes and gave {amount}")
        if last is not None:
            yield index, last

    async def _all(self) -> AsyncGenerator[Chunk]:
        while self.ahead:
            yield self.ahead.pop(0)
        async for chunk in self.source:
            yield chunk


async def prepare(content: Content, chunk_size: int) -> Upload:
    """Looks at the content, so that Anaplan can be told the number of chunks beforehand.

    Raises:
        ValueError: There is no content, or more than Anaplan takes.
        TypeError: It is of no kind that can be uploaded.
        OSError: The file can't be read.
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
    raise TypeError(
        f"{type(content).__name__} can't be uploaded: give bytes, str, a path, a file opened in "
        "binary mode, or a list or an iterator of bytes or str."
    )


def _of_size(size: int, chunk_size: int, pieces: Callable[[int], Iterable[Piece]]) -> Upload:
    if size == 0:
        raise ValueError(_EMPTY)
    fitting = fitting_chunk_size(size, chunk_size)

    def read() -> AsyncGenerator[Chunk]:
        return _rechunked(pieces(fitting), fitting)

    return Upload(read(), fitting, chunk_count(size, fitting), size, again=read)


async def _of_file(file: BinaryFile, chunk_size: int) -> Upload:
    if isinstance(await runtime.run_in_thread(file.read, 0), str):
        raise TypeError("The file is open in text mode; open it in binary mode: open(path, 'rb').")
    if not file.seekable():
        return await _of_unknown_size(_reads(file, chunk_size), chunk_size)
    start, size = await runtime.run_in_thread(_measure_rest, file)
    return _of_size(size, chunk_size, lambda fitting: _reads_from(file, start, fitting))


async def _of_unknown_size(pieces: runtime.Pieces, chunk_size: int) -> Upload:
    chunks = _rechunked(pieces, chunk_size)
    ahead: list[Chunk] = []
    while len(ahead) < 2 and (chunk := await anext(chunks, None)) is not None:
        ahead.append(chunk)
    if not ahead:
        raise ValueError(_EMPTY)
    if len(ahead) == 1:
        return Upload(chunks, chunk_size, 1, ahead[0].size, ahead)
    return Upload(chunks, chunk_size, None, None, ahead)


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
    # No file of this name would be uploaded, but the name.
    is_name = 0 < len(text) <= _LONGEST_NAME and "\n" not in text and "\0" not in text
    if is_name and _is_file(Path(text)):
        raise ValueError(
            f"{text!r} is a file: to upload its content, give a path: Path({text!r}). "
            "A str is content."
        )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # as a name it is too long, in bytes
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
        del piece  # Not held any longer while the next one is read.
