"""How content is cut into chunks."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anaplan_sdk._http import chunks
from anaplan_sdk._http.chunks import MAX_CHUNK_SIZE, MAX_CHUNKS, Rechunker


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


@given(PIECES, st.integers(1, 50))
def test_chunks_are_full_and_hold_everything_in_order(
    pieces: list[bytes | bytearray | memoryview | str], chunk_size: int
) -> None:
    chunker = Rechunker(chunk_size)
    full = [chunk for piece in pieces for chunk in chunker.feed(piece)]
    rest = chunker.flush()
    whole = b"".join(map(as_bytes, pieces))
    assert b"".join([*full, rest]) == whole
    assert {len(chunk) for chunk in full} <= {chunk_size}
    assert len(rest) < chunk_size
    assert len(full) + bool(rest) == chunks.chunk_count(len(whole), chunk_size)
    assert chunker.flush() == b""


@given(st.lists(st.binary(min_size=3, max_size=3), max_size=10), st.integers(1, 20))
def test_a_producer_may_reuse_its_buffer(pieces: list[bytes], chunk_size: int) -> None:
    chunker, buffer = Rechunker(chunk_size), bytearray(3)
    full: list[bytes] = []
    for piece in pieces:
        buffer[:] = piece
        full += chunker.feed(memoryview(buffer))
    assert b"".join([*full, chunker.flush()]) == b"".join(pieces)


def test_a_buffer_is_free_again_once_it_was_fed() -> None:
    chunker, buffer = Rechunker(10), bytearray(b"abc")
    assert list(chunker.feed(buffer)) == []
    buffer.extend(b"def")  # BufferError while a view of it is held
    assert chunker.flush() == b"abc"


def test_wide_items_of_a_memoryview_count_as_bytes() -> None:
    chunker = Rechunker(4)
    assert list(chunker.feed(memoryview(b"abcdefgh").cast("H"))) == [b"abcd", b"efgh"]


@given(st.integers(1, MAX_CHUNKS * MAX_CHUNK_SIZE), st.integers(1, MAX_CHUNK_SIZE))
def test_chunk_sizes_keep_within_anaplans_limits(size: int, chunk_size: int) -> None:
    fitting = chunks.fitting_chunk_size(size, chunk_size)
    assert chunk_size <= fitting <= MAX_CHUNK_SIZE
    assert chunks.chunk_count(size, fitting) <= MAX_CHUNKS
    assert fitting == chunk_size or chunks.chunk_count(size, fitting - 1) > MAX_CHUNKS


def test_the_largest_file_is_fifty_billion_bytes() -> None:
    assert chunks.fitting_chunk_size(50_000_000_000, 1) == MAX_CHUNK_SIZE
    with pytest.raises(ValueError, match=r"50,000,000,001 bytes.*50,000,000,000"):
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
