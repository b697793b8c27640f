"""Splitting content into chunks."""

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anaplan_sdk._formats import chunks
from anaplan_sdk._formats.chunks import MAX_CHUNK_SIZE, MAX_CHUNKS, Rechunker


def view(content: bytes) -> memoryview:
    return memoryview(content)


PIECES = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.binary(max_size=40).map(bytearray),
        st.binary(max_size=40).map(view),
        st.text(max_size=20),
    ),
    max_size=12,
)


def as_bytes(piece: bytes | bytearray | memoryview | str) -> bytes:
    return piece.encode() if isinstance(piece, str) else bytes(piece)


def cut(chunker: Rechunker, *pieces: bytes | bytearray | memoryview | str) -> list[bytes]:
    """The full chunks, each released at once, so that its memory is used again."""
    found: list[bytes] = []
    for piece in pieces:
        for chunk in chunker.feed(piece):
            found.append(bytes(chunk.content))
            chunk.release()
    return found


def rest(chunker: Rechunker) -> bytes:
    chunk = chunker.flush()
    return b"" if chunk is None else bytes(chunk.content)


@given(PIECES, st.integers(1, 50))
def test_chunks_are_full_and_hold_everything_in_order(
    pieces: list[bytes | bytearray | memoryview | str], chunk_size: int
) -> None:
    chunker = Rechunker(chunk_size)
    full, last = cut(chunker, *pieces), rest(chunker)
    whole = b"".join(map(as_bytes, pieces))
    assert b"".join([*full, last]) == whole
    assert {len(chunk) for chunk in full} <= {chunk_size}
    assert len(last) < chunk_size
    assert len(full) + bool(last) == chunks.chunk_count(len(whole), chunk_size)
    assert chunker.flush() is None


@given(PIECES, st.integers(1, 50))
def test_chunks_that_are_kept_stay_as_they_are(
    pieces: list[bytes | bytearray | memoryview | str], chunk_size: int
) -> None:
    chunker = Rechunker(chunk_size)
    kept = [chunk for piece in pieces for chunk in chunker.feed(piece)]
    last = rest(chunker)
    whole = b"".join(map(as_bytes, pieces))
    assert b"".join([*(bytes(chunk.content) for chunk in kept), last]) == whole
    assert [chunk.size for chunk in kept] == [chunk_size] * len(kept)


def test_immutable_pieces_are_not_copied() -> None:
    piece = b"abcdefgh"
    cuts = list(Rechunker(4).feed(piece))
    assert [bytes(chunk.content) for chunk in cuts] == [b"abcd", b"efgh"]
    for chunk in cuts:
        assert isinstance(chunk.content, memoryview)
        assert chunk.content.obj is piece


def test_the_memory_of_a_released_chunk_is_used_again() -> None:
    chunker = Rechunker(4)
    places: list[object] = []
    for _ in range(3):
        (chunk,) = chunker.feed(bytearray(b"abcd"))
        assert isinstance(chunk.content, memoryview)
        places.append(chunk.content.obj)
        chunk.release()
        assert bytes(chunk.content) == b""
        assert chunk.size == 4
    assert places[0] is places[1] is places[2]


@given(st.lists(st.binary(min_size=3, max_size=3), max_size=10), st.integers(1, 20))
def test_a_producer_may_reuse_its_buffer(pieces: list[bytes], chunk_size: int) -> None:
    chunker, buffer = Rechunker(chunk_size), bytearray(3)
    full: list[bytes] = []
    for piece in pieces:
        buffer[:] = piece
        full += cut(chunker, memoryview(buffer))
    assert b"".join([*full, rest(chunker)]) == b"".join(pieces)


def test_a_buffer_is_free_again_once_it_was_fed() -> None:
    chunker, buffer = Rechunker(10), bytearray(b"abc")
    assert cut(chunker, buffer) == []
    buffer.extend(b"def")  # BufferError while a view of it is held
    assert rest(chunker) == b"abc"


def test_wide_items_of_a_memoryview_count_as_bytes() -> None:
    assert cut(Rechunker(4), memoryview(b"abcdefgh").cast("H")) == [b"abcd", b"efgh"]


BLOCK = random.Random(1).randbytes(3_000_000)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(0, len(BLOCK)), max_size=6),
    st.integers(500_000, len(BLOCK)),
    st.booleans(),
)
def test_kept_pieces_hold_everything_in_order(
    sizes: list[int], chunk_size: int, is_mutable: bool
) -> None:
    chunker = Rechunker(chunk_size, keep_pieces=True)
    pieces = [BLOCK[:size] for size in sizes]
    full = cut(chunker, *(map(bytearray, pieces) if is_mutable else pieces))
    assert b"".join([*full, rest(chunker)]) == b"".join(pieces)
    assert all(min(chunk_size, 1_000_000) <= len(chunk) <= chunk_size * 5 / 4 for chunk in full)


@pytest.mark.parametrize("piece", [b"x" * 1_500_000, "x" * 1_500_000, bytearray(1_500_000)])
def test_large_pieces_can_be_chunks_of_their_own(piece: bytes | str | bytearray) -> None:
    chunker = Rechunker(5_000_000, keep_pieces=True)
    for _ in range(3):
        (chunk,) = chunker.feed(piece)
        assert bytes(chunk.content) == as_bytes(piece)
        if isinstance(piece, bytes):
            assert isinstance(chunk.content, memoryview)
            assert chunk.content.obj is piece
        chunk.release()
    assert chunker.flush() is None


def test_small_pieces_are_joined_with_the_next() -> None:
    chunker = Rechunker(8_000_000, keep_pieces=True)
    small, large = b"header\n", b"x" * 2_000_000
    assert cut(chunker, small, large, large, large[1:]) == [small + large, large]
    assert cut(chunker, large) == [large[1:] + large]
    assert cut(Rechunker(2_000_000, keep_pieces=True), BLOCK[:999_999]) == []


def test_a_piece_larger_than_a_chunk_is_split() -> None:
    chunker = Rechunker(2_000_000, keep_pieces=True)
    assert cut(chunker, BLOCK) == [BLOCK[:2_000_000], BLOCK[2_000_000:]]
    assert rest(chunker) == b""


def test_kept_pieces_leave_room_for_as_much_content_as_full_chunks() -> None:
    chunker, piece = Rechunker(2_000_000, keep_pieces=True), bytes(1_000_000)
    found: list[int] = []
    for _ in range(2 * MAX_CHUNKS):
        for chunk in chunker.feed(piece):
            found.append(chunk.size)
            chunk.release()
    assert chunker.flush() is None
    assert len(found) == MAX_CHUNKS
    assert found[:250] == [len(piece)] * 250
    assert max(found) <= 2_500_000


def test_no_piece_is_kept_if_later_chunks_cannot_be_larger() -> None:
    assert cut(Rechunker(MAX_CHUNK_SIZE, keep_pieces=True), b"x" * 20_000_000) == []


@given(st.integers(1, MAX_CHUNKS * MAX_CHUNK_SIZE), st.integers(1, MAX_CHUNK_SIZE))
def test_chunk_sizes_keep_within_anaplans_limits(size: int, chunk_size: int) -> None:
    fitting = chunks.fitting_chunk_size(size, chunk_size)
    assert chunk_size <= fitting <= MAX_CHUNK_SIZE
    assert chunks.chunk_count(size, fitting) <= MAX_CHUNKS
    assert fitting == chunk_size or chunks.chunk_count(size, fitting - 1) > MAX_CHUNKS


def test_the_largest_file_is_fifty_billion_bytes() -> None:
    assert chunks.fitting_chunk_size(50_000_000_000, 1) == MAX_CHUNK_SIZE
    with pytest.raises(ValueError, match=r"50,000,000,000 bytes.* not 50,000,000,001"):
        chunks.fitting_chunk_size(50_000_000_001, MAX_CHUNK_SIZE)


@given(st.text())
def test_text_has_the_size_it_is_sent_with(text: str) -> None:
    pieces = list(chunks.encoded_pieces(text))
    assert b"".join(pieces) == text.encode()
    assert chunks.encoded_size(text) == len(text.encode())


@pytest.mark.parametrize("length", [1_048_575, 1_048_576, 1_048_577, 2_500_000])
def test_long_text_comes_in_pieces(length: int) -> None:
    text = "é" * length
    pieces = list(chunks.encoded_pieces(text))
    assert b"".join(pieces) == text.encode()
    assert chunks.encoded_size(text) == 2 * length
    assert all(len(before) >= len(after) for before, after in pairwise(pieces))
    assert max(map(len, pieces)) <= 2 * 1_048_576
