"""How content is cut into the chunks that Anaplan's files are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

Piece: TypeAlias = str | bytes | bytearray | memoryview
"""What content may come in."""

# Anaplan help, "Upload files in chunks": 1 to 50 MB each, 1,000 at the most.
MAX_CHUNK_SIZE = 50_000_000
MAX_CHUNKS = 1_000
# The same page: "for files smaller than 1 MB" a single request does.
SMALL_FILE_SIZE = 1_000_000

# How much text is encoded at a time, in characters.
_TEXT_PIECE = 1_048_576


def fitting_chunk_size(size: int, chunk_size: int) -> int:
    """The chunk size, made larger where the content would take more chunks than Anaplan allows.

    Raises:
        ValueError: The content is larger than Anaplan's largest file.
    """
    least = -(-size // MAX_CHUNKS)
    if least > MAX_CHUNK_SIZE:
        raise ValueError(
            f"The content has {size:,} bytes; Anaplan takes {MAX_CHUNKS * MAX_CHUNK_SIZE:,} at the "
            "most: 1,000 chunks of 50 MB."
        )
    return max(chunk_size, least)


def chunk_count(size: int, chunk_size: int) -> int:
    return -(-size // chunk_size)


def encoded_pieces(text: str) -> Iterator[bytes]:
    """Text as UTF-8, piece by piece, so that it needn't be held twice."""
    for start in range(0, len(text), _TEXT_PIECE):
        yield text[start : start + _TEXT_PIECE].encode()


def encoded_size(text: str) -> int:
    return len(text) if text.isascii() else sum(map(len, encoded_pieces(text)))


def piece_size(piece: Piece) -> int:
    """The bytes of a piece as it is sent.

    Raises:
        TypeError: It is none.
    """
    if isinstance(piece, str):
        return encoded_size(piece)
    return memoryview(_checked(piece)).nbytes


def _checked(piece: bytes | bytearray | memoryview) -> bytes | bytearray | memoryview:
    if not isinstance(piece, bytes | bytearray | memoryview):
        raise TypeError(f"The content's pieces must be bytes or str, not {type(piece).__name__}.")
    return piece


class Chunk:
    """A part of the content, which lets go of its bytes once they are needed no more.

    Attributes:
        size: Its bytes.
    """

    __slots__ = ("_content", "_give_back", "size")

    def __init__(
        self, content: bytes | memoryview, give_back: Callable[[], None] | None = None
    ) -> None:
        self.size = len(content)
        self._content = content
        self._give_back = give_back

    @property
    def content(self) -> bytes | memoryview:
        """The bytes; none once they were let go."""
        return self._content

    def release(self) -> None:
        """Lets go of the bytes, whose memory the next chunk may use."""
        self._content = b""
        if self._give_back is not None:
            self._give_back()
            self._give_back = None


class Rechunker:
    """Turns pieces of any size into chunks of one size; boundaries go by bytes.

    What can't change any more isn't copied where a chunk fits into it. The rest is put together in
    memory that is used again for later chunks.
    """

    def __init__(self, chunk_size: int) -> None:
        self._chunk_size = chunk_size
        self._free: list[bytearray] = []
        self._buffer: bytearray | None = None
        self._held = 0

    def feed(self, piece: Piece) -> Iterator[Chunk]:
        """Takes a piece in; the chunks that are full now.

        Raises:
            TypeError: It is none.
        """
        view = memoryview(piece.encode() if isinstance(piece, str) else _checked(piece)).cast("B")
        # A producer may fill one and the same buffer again for its next piece.
        is_lasting = isinstance(view.obj, bytes)
        start, size = 0, len(view)
        while start < size:
            if is_lasting and not self._held and size - start >= self._chunk_size:
                chunk = Chunk(view[start : start + self._chunk_size])
                start += self._chunk_size
            else:
                start += self._copy(view[start:])
                if self._held < self._chunk_size:
                    break
                chunk = self._take()
            if start == size:
                # A large piece isn't held any longer than its last chunk.
                piece, view = b"", memoryview(b"")
            yield chunk

    def flush(self) -> Chunk | None:
        """What is left, shorter than a chunk; `None` if there is nothing."""
        return self._take() if self._held else None

    def _copy(self, rest: memoryview) -> int:
        """Copies what there is room for in the present chunk, and tells how much that was."""
        if self._buffer is None:
            self._buffer = self._free.pop() if self._free else bytearray(self._chunk_size)
        end = min(self._held + len(rest), self._chunk_size)
        count = end - self._held
        memoryview(self._buffer)[self._held : end] = rest[:count]
        self._held = end
        return count

    def _take(self) -> Chunk:
        buffer, self._buffer = self._buffer, None
        held, self._held = self._held, 0
        if buffer is None:
            raise AssertionError("unreachable: what is held is in the buffer")
        return Chunk(memoryview(buffer)[:held], lambda: self._free.append(buffer))
