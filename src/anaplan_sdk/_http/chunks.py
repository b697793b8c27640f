"""How content is cut into the chunks that Anaplan's files are made of."""

from __future__ import annotations

from collections.abc import Iterator

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


class Rechunker:
    """Turns pieces of any size into chunks of one size; boundaries go by bytes."""

    def __init__(self, chunk_size: int) -> None:
        self._chunk_size = chunk_size
        self._pieces: list[memoryview] = []
        self._held = 0

    def feed(self, piece: bytes | bytearray | memoryview | str) -> Iterator[bytes]:
        """Takes a piece in; the chunks that are full now."""
        if not isinstance(piece, str | bytes | bytearray | memoryview):
            raise TypeError(
                f"The content's pieces must be bytes or str, not {type(piece).__name__}."
            )
        rest = memoryview(piece.encode() if isinstance(piece, str) else piece).cast("B")
        while self._held + len(rest) >= self._chunk_size:
            cut = self._chunk_size - self._held
            self._hold(rest[:cut])
            rest = rest[cut:]
            yield self.flush()
        # A producer may fill one and the same buffer again for its next piece.
        self._hold(rest if isinstance(rest.obj, bytes) else memoryview(bytes(rest)))

    def flush(self) -> bytes:
        """What is left, shorter than a chunk."""
        chunk = b"".join(self._pieces)
        self._pieces.clear()
        self._held = 0
        return chunk

    def _hold(self, piece: memoryview) -> None:
        if len(piece):
            self._pieces.append(piece)
            self._held += len(piece)
