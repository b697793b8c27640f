"""The content of uploads: bytes, str, paths, open files and iterables, split into chunks."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import ExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from mmap import mmap
from pathlib import Path
from typing import BinaryIO, TypeAlias, cast

from anaplan_sdk._arguments import expanded
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
from anaplan_sdk._runtime.sources import (
    BinaryFile,
    PathSource,
    WatchedFile,
    reads,
    slices,
    twice,
)
from anaplan_sdk.exceptions import AnaplanException, ArgumentTypeException, InvalidArgumentException

Content: TypeAlias = (
    str | bytes | bytearray | memoryview | mmap | os.PathLike[str] | BinaryIO | runtime.Pieces
)

_LONGEST_PATH = 4096
_EMPTY = "The content is empty: Anaplan accepts only files with at least one byte."


@dataclass
class Upload:
    """Content as chunks.

    Attributes:
        source: Yields the chunks after those in `buffered`. The owner of the upload closes it.
        chunk_size: Bytes of each chunk but the last, unless pieces of an iterator are kept.
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


@asynccontextmanager
async def open_content(
    content: Content, chunk_size: int, *, keep_pieces: bool
) -> AsyncGenerator[Upload]:
    """Open and examine the content, so that the number of chunks can be announced if it is known.

    Args:
        content: The content as the caller passed it.
        chunk_size: Bytes of a chunk.
        keep_pieces: Whether large pieces of an iterator may be chunks of their own, so that the
            chunks depend on the pieces.

    Raises:
        InvalidArgumentException: The content is empty, or larger than Anaplan accepts.
        ArgumentTypeException: The content has a type that cannot be uploaded.
        OSError: The file cannot be read.
    """
    with ExitStack() as stack:
        upload = await _prepare(content, chunk_size, stack, keep_pieces=keep_pieces)
        async with aclosing(upload.source):
            yield upload


async def _prepare(
    content: Content, chunk_size: int, stack: ExitStack, *, keep_pieces: bool
) -> Upload:
    if isinstance(content, os.PathLike):
        return await _of_path(expanded(content), chunk_size, stack)
    if isinstance(content, str):
        await runtime.run_in_thread(refuse_path, content)
        size = await runtime.run_in_thread(encoded_size, content)
        return _of_size(size, chunk_size, lambda _: encoded_pieces(content))
    if isinstance(content, bytes | bytearray | memoryview | mmap):
        return _of_buffer(cast("bytes | bytearray | mmap", content), chunk_size, stack)
    if isinstance(content, BinaryFile):
        return await _of_file(content, chunk_size)
    if isinstance(content, list | tuple):
        return await _of_pieces(tuple(cast("Sequence[Piece]", content)), chunk_size)
    if runtime.is_iterable(content):
        return await _of_unknown_size(content, chunk_size, keep_pieces=keep_pieces)
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


async def _of_path(path: Path, chunk_size: int, stack: ExitStack) -> Upload:
    source = await runtime.run_in_thread(PathSource, path)
    stack.callback(source.close)
    if source.size is None:
        return await _of_unknown_size(source.pieces(chunk_size), chunk_size)
    return _of_size(source.size, chunk_size, source.pieces)


def _of_buffer(
    content: bytes | bytearray | memoryview[int] | mmap, chunk_size: int, stack: ExitStack
) -> Upload:
    view: memoryview[int] = memoryview(cast("bytes", content))
    stack.enter_context(view)
    if not view.c_contiguous:
        raise ArgumentTypeException("The content is a memoryview that is not contiguous.")
    whole = stack.enter_context(view.cast("B"))
    start = content.tell() if isinstance(content, mmap) else 0
    rest = stack.enter_context(whole[start:])
    if isinstance(view.obj, bytes):
        return _of_size(len(rest), chunk_size, lambda step: slices(rest, step))
    # It may be changed while it is being sent.
    return _of_size(
        len(rest), chunk_size, lambda step: twice(lambda: map(bytes, slices(rest, step)))
    )


async def _of_pieces(pieces: Sequence[Piece], chunk_size: int) -> Upload:
    size = await runtime.run_in_thread(lambda: sum(map(piece_size, pieces)))
    if all(isinstance(piece, str | bytes) for piece in pieces):
        return _of_size(size, chunk_size, lambda _: pieces)
    return _of_size(size, chunk_size, lambda _: twice(lambda: map(_encoded, pieces)))


def _encoded(piece: Piece) -> bytes:
    return piece.encode() if isinstance(piece, str) else bytes(piece)


async def _of_file(file: BinaryFile, chunk_size: int) -> Upload:
    if isinstance(await runtime.run_in_thread(file.read, 0), str):
        raise ArgumentTypeException(
            "The file is open in text mode; open it in binary mode: open(path, 'rb')."
        )
    if not file.seekable():
        return await _of_unknown_size(reads(file, chunk_size), chunk_size)
    watched = await runtime.run_in_thread(WatchedFile, file)
    return _of_size(watched.size, chunk_size, watched.pieces)


async def _of_unknown_size(
    pieces: runtime.Pieces, chunk_size: int, *, keep_pieces: bool = False
) -> Upload:
    chunks = _rechunked(pieces, chunk_size, keep_pieces=keep_pieces)
    buffered: list[Chunk] = []
    while len(buffered) < 2 and (chunk := await anext(chunks, None)) is not None:
        buffered.append(chunk)
    if not buffered:
        raise InvalidArgumentException(_EMPTY)
    if len(buffered) == 1:
        return Upload(chunks, chunk_size, 1, buffered[0].size, buffered)
    return Upload(chunks, chunk_size, None, None, buffered)


async def _rechunked(
    pieces: runtime.Pieces | Iterable[Piece], chunk_size: int, *, keep_pieces: bool = False
) -> AsyncGenerator[Chunk]:
    chunker = Rechunker(chunk_size, keep_pieces=keep_pieces)
    async with aclosing(runtime.flat_map(chunker.feed, pieces)) as chunks:
        async for chunk in chunks:
            yield chunk
    if rest := chunker.flush():
        yield rest


def refuse_path(text: str) -> None:
    """Refuse a text that is a path: a str is content, so the path itself would be uploaded.

    Raises:
        InvalidArgumentException: It is the path of a file, a device or a pipe.
    """
    is_name = 0 < len(text) <= _LONGEST_PATH and "\n" not in text and "\0" not in text
    if is_name and _is_file(Path(os.path.expanduser(text))):  # noqa: PTH111 - `~` may be text
        raise InvalidArgumentException(
            f"{text!r} is the name of a file, but a str is content: pass Path({text!r}) to upload "
            "the file."
        )


def _is_file(path: Path) -> bool:
    try:
        return path.exists() and not path.is_dir()
    except (OSError, ValueError):  # Too long for the name of a file, or not encodable.
        return False
