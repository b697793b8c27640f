"""Splitting content into the chunks of which Anaplan's files consist."""

from __future__ import annotations

import mmap
import sys
from collections.abc import Callable, Iterator
from typing import TypeAlias

from anaplan_sdk.exceptions import ArgumentTypeException, InvalidArgumentException

Piece: TypeAlias = str | bytes | bytearray | memoryview
"""A part of the content that a caller passes."""

# Anaplan help, "Upload files in chunks": a chunk has 1 to 50 MB, and a file at most 1,000 chunks.
MIN_CHUNK_SIZE = 1_000_000
MAX_CHUNK_SIZE = 50_000_000
MAX_CHUNKS = 1_000

# Characters that are encoded at a time.
_TEXT_PIECE = 1_048_576


def fitting_chunk_size(size: int, chunk_size: int) -> int:
    """Enlarge the chunk size if the content would have more chunks than Anaplan allows.

    Raises:
        InvalidArgumentException: The content is larger than Anaplan's largest file.
    """
    smallest = -(-size // MAX_CHUNKS)
    if smallest > MAX_CHUNK_SIZE:
        raise InvalidArgumentException(
            f"The content must have at most {MAX_CHUNKS * MAX_CHUNK_SIZE:,} bytes (1,000 chunks "
            f"of 50 MB), not {size:,}."
        )
    return max(chunk_size, smallest)


def chunk_count(size: int, chunk_size: int) -> int:
    """Return how many chunks the content has, the last one possibly smaller."""
    return -(-size // chunk_size)


def encoded_pieces(text: str) -> Iterator[bytes]:
    """Encode a str as UTF-8 piece by piece, so that no second copy of it is in memory."""
    for start in range(0, len(text), _TEXT_PIECE):
        yield text[start : start + _TEXT_PIECE].encode()


def encoded_size(text: str) -> int:
    """Return the number of bytes of a str in UTF-8."""
    return len(text) if text.isascii() else sum(map(len, encoded_pieces(text)))


def piece_size(piece: Piece) -> int:
    """Return the number of bytes that a piece has when it is sent.

    Raises:
        ArgumentTypeException: The piece is neither str nor bytes.
    """
    if isinstance(piece, str):
        return encoded_size(piece)
    return memoryview(_check_bytes(piece)).nbytes


def _check_bytes(piece: bytes | bytearray | memoryview) -> bytes | bytearray | memoryview:
    if not isinstance(piece, bytes | bytearray | memoryview):
        raise ArgumentTypeException(
            f"The content's pieces must be bytes or str, not {type(piece).__name__}."
        )
    return piece


class Chunk:
    """A chunk of the content, whose memory can be released for later chunks.

    Attributes:
        size: The number of bytes.
    """

    __slots__ = ("_content", "_on_release", "size")

    def __init__(
        self, content: bytes | memoryview, on_release: Callable[[], None] | None = None
    ) -> None:
        self.size = len(content)
        self._content = content
        self._on_release = on_release

    @property
    def content(self) -> bytes | memoryview:
        """The bytes; empty after `release`."""
        return self._content

    def release(self) -> None:
        """Drop the bytes, so that a later chunk can use their memory."""
        self._content = b""
        if self._on_release is not None:
            self._on_release()
            self._on_release = None


class Rechunker:
    """Turns pieces of any size into chunks, counted in bytes.

    All chunks but the last have the chunk size, unless pieces are kept: then a piece of at least
    1 MB, and at least a quarter of the chunk size, ends its chunk, instead of being joined with the
    next. Since the number of chunks is limited, later chunks get larger, by up to a quarter. Pieces
    are kept only as long as these still hold 1,000 times the chunk size in total.

    A chunk that lies within one immutable piece is a view of it. Other chunks are assembled in
    buffers, which are used again after `Chunk.release`.

    Args:
        chunk_size: Bytes of a chunk.
        keep_pieces: Whether a piece may be a chunk of its own.
    """

    def __init__(self, chunk_size: int, *, keep_pieces: bool = False) -> None:
        self._chunk_size = chunk_size
        self._content_left = MAX_CHUNKS * chunk_size
        self._chunks_left = MAX_CHUNKS
        self._largest, self._least_kept = chunk_size, sys.maxsize
        if keep_pieces:
            self._largest = min(chunk_size * 5 // 4, MAX_CHUNK_SIZE)
            self._least_kept = max(chunk_size // 4, MIN_CHUNK_SIZE)
        self._free_buffers: list[mmap.mmap] = []
        self._buffer: mmap.mmap | None = None
        self._filled = 0

    def feed(self, piece: Piece) -> Iterator[Chunk]:
        """Add a piece and yield the chunks that are complete.

        Raises:
            ArgumentTypeException: The piece is neither str nor bytes.
        """
        view = memoryview(piece.encode() if isinstance(piece, str) else _check_bytes(piece)).cast(
            "B"
        )
        # The producer of a mutable piece may fill the same buffer again for its next piece.
        is_immutable = isinstance(view.obj, bytes)
        start, size = 0, len(view)
        while start < size:
            is_end = size - start >= self._chunk_size - self._filled or self._is_kept(size - start)
            if is_immutable and not self._filled and is_end:
                chunk = Chunk(view[start : start + self._chunk_size])
                start += chunk.size
            else:
                start += self._copy(view[start:])
                if not is_end:
                    break
                chunk = self._take()
            self._advance(chunk.size)
            if start == size:
                # Drop the references to a large piece along with its last chunk.
                piece, view = b"", memoryview(b"")
            yield chunk

    def flush(self) -> Chunk | None:
        """Return the last chunk, which may be shorter; None if nothing is left."""
        return self._take() if self._filled else None

    def _is_kept(self, size: int) -> bool:
        """Whether the rest of a piece, if it is this large, ends its chunk."""
        left = self._content_left - self._filled - size
        return size >= self._least_kept and left <= (self._chunks_left - 1) * self._largest

    def _advance(self, size: int) -> None:
        """Spread the content that should still fit over the chunks that are left."""
        self._content_left -= size
        self._chunks_left -= 1
        if self._chunks_left > 0:
            self._chunk_size = -(-self._content_left // self._chunks_left)

    def _copy(self, rest: memoryview) -> int:
        """Copy as much as the buffer has space for, and return the number of bytes."""
        if self._buffer is None:
            self._buffer = (
                self._free_buffers.pop() if self._free_buffers else _new_buffer(self._largest)
            )
        end = min(self._filled + len(rest), self._chunk_size)
        count = end - self._filled
        memoryview(self._buffer)[self._filled : end] = rest[:count]
        self._filled = end
        return count

    def _take(self) -> Chunk:
        buffer, self._buffer = self._buffer, None
        filled, self._filled = self._filled, 0
        if buffer is None:
            raise AssertionError("unreachable: bytes are filled into a buffer")
        return Chunk(memoryview(buffer)[:filled], lambda: self._free_buffers.append(buffer))


def _new_buffer(size: int) -> mmap.mmap:
    """Return memory that is taken page by page as it is filled, and not shared with children."""
    if sys.platform == "win32":
        return mmap.mmap(-1, size)
    return mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
