"""Gzip of upload chunks."""

import gzip
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anaplan_sdk._formats.gzip import Decompressor, compress, decompress

WITHOUT_ISAL = """
import gzip, sys
sys.modules["isal"] = None
from anaplan_sdk._formats.gzip import compress, decompress
packed = compress(b"a,b\\n" * 1000)
assert gzip.decompress(packed) == b"a,b\\n" * 1000
assert compress(memoryview(b"a,b\\n" * 1000)) == packed
assert decompress(packed + packed) == b"a,b\\n" * 2000
assert packed[4:8] == bytes(4), "a timestamp"
assert len(packed) < 200
"""


@given(st.binary())
def test_compression_is_reversible(content: bytes) -> None:
    assert gzip.decompress(compress(content)) == content
    assert compress(memoryview(content)) == compress(content)
    assert decompress(compress(content)) == content


def test_members_of_several_chunks_join() -> None:
    assert gzip.decompress(compress(b"one,") + compress(b"two")) == b"one,two"


def test_equal_chunks_stay_equal() -> None:
    packed = compress(b"x" * 10_000)
    assert packed[4:8] == bytes(4)
    assert len(packed) < 500


def test_zlib_replaces_a_missing_isal() -> None:
    subprocess.run([sys.executable, "-W", "error", "-c", WITHOUT_ISAL], check=True)


@pytest.mark.parametrize("broken", [b"", b"a,b\n", compress(b"a,b\n" * 99)[:-9]])
def test_invalid_gzip_is_an_error(broken: bytes) -> None:
    if broken:
        with pytest.raises(ValueError, match="invalid gzip"):
            decompress(broken)
    else:
        assert decompress(broken) == b""


@given(st.lists(st.binary(max_size=50), max_size=3), st.integers(1, 40))
def test_members_are_read_from_pieces_of_any_size(members: list[bytes], size: int) -> None:
    packed = b"".join(map(compress, members))
    decompressor = Decompressor()
    pieces = [packed[start : start + size] for start in range(0, len(packed), size)]
    assert b"".join(map(decompressor.feed, pieces)) == b"".join(members)
    decompressor.finish()


def test_pieces_that_end_too_early() -> None:
    decompressor = Decompressor()
    decompressor.feed(compress(b"whole") + compress(b"a,b\n" * 99)[:-9])
    with pytest.raises(ValueError, match="too early"):
        decompressor.finish()


def test_no_pieces_hold_nothing() -> None:
    decompressor = Decompressor()
    assert decompressor.feed(b"") == b""
    decompressor.finish()
