"""Rows of parts of a file: together they are those of the whole, wherever its chunks end."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from anaplan_sdk._formats.tables.file_format import FileFormat
from anaplan_sdk._formats.tables.row_borders import HeaderReader, PartReader, check_encoding
from anaplan_sdk.exceptions import AnaplanResponseException, InvalidArgumentException


def read_part(file_format: FileFormat, chunks: Sequence[bytes], start: int, end: int) -> bytes:
    """Return the rows of a part, the first with the header, as the download reads them."""
    header = HeaderReader(file_format)
    content = b""
    for number, chunk in enumerate(chunks):
        content += chunk
        header.feed(content, is_last=number == len(chunks) - 1)
        if header.header is not None:
            break
    rows = content[: header.end] if start == 0 else b""
    if start == end:
        return rows
    part = PartReader(file_format, header, is_first=start == 0)
    for number in range(start, len(chunks)):
        is_last = number == len(chunks) - 1
        rows += part.feed(chunks[number], is_own=number < end, is_last=is_last)
        if part.is_done:
            return rows
    raise AssertionError("the part never ended")


def read_parts(file_format: FileFormat, chunks: Sequence[bytes], count: int) -> list[bytes]:
    total = len(chunks)
    borders = [index * total // count for index in range(count + 1)]
    parts = []
    for start, end in pairwise(borders):
        part = read_part(file_format, chunks, start, end)
        parts.append(b"" if start == end else part)
    return parts


def split(content: bytes, cuts: Sequence[int]) -> list[bytes]:
    places = [0, *sorted({cut % len(content) for cut in cuts} - {0}), len(content)]
    return [content[a:b] for a, b in pairwise(places)]


def written(
    rows: Sequence[Sequence[str]], file_format: FileFormat, line_end: str, *, is_ended: bool = True
) -> bytes:
    file = io.StringIO(newline="")
    quote = file_format.quote
    csv.writer(
        file,
        delimiter=file_format.separator or "\x1f",
        lineterminator=line_end,
        **({"quotechar": quote} if quote else {"quoting": csv.QUOTE_NONE, "quotechar": None}),
    ).writerows(rows)
    text = file.getvalue()
    return (text if is_ended else text.removesuffix(line_end)).encode(file_format.codec)


@st.composite
def contents(draw: st.DrawFn) -> tuple[FileFormat, bytes]:
    separator = draw(st.sampled_from([",", ";", "\t", "|"]))
    quote = draw(st.sampled_from(['"', "'"]))
    encoding = draw(st.sampled_from(["UTF-8", "ISO-8859-1", "windows-1252"]))
    file_format = FileFormat(separator=separator, quote=quote, encoding=encoding)
    letters = "ab €é😀" if encoding == "UTF-8" else "ab é"
    text = st.text(alphabet=letters + separator * 2 + quote * 2 + "\r\n", max_size=8)
    width = draw(st.integers(1, 4))
    rows = draw(st.lists(st.lists(text, min_size=width, max_size=width), max_size=12))
    header = [f"c{number}" for number in range(width)]
    line_end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    content = written([header, *rows], file_format, line_end, is_ended=draw(st.booleans()))
    if encoding == "UTF-8" and draw(st.booleans()):
        content = b"\xef\xbb\xbf" + content
    return file_format, content


@given(contents(), st.lists(st.integers(0, 1000), max_size=12), st.integers(1, 6))
@example((FileFormat(), b'a,b\n"x\n\r\n""","y"\r\nz,w'), [8, 9, 10, 11, 12], 6)
def test_parts_are_the_whole_or_an_error(
    content: tuple[FileFormat, bytes], cuts: list[int], count: int
) -> None:
    file_format, whole = content
    chunks = split(whole, cuts)
    parts: list[bytes] | None = None
    with suppress(AnaplanResponseException):
        parts = read_parts(file_format, chunks, count)
    assert parts is None or b"".join(parts) == whole
    assert parts is not None or count > 1


@given(st.lists(st.integers(0, 10_000), max_size=12), st.integers(1, 6), st.booleans())
def test_tables_as_they_are_usual_can_be_read_in_parts(
    cuts: list[int], count: int, is_crlf: bool
) -> None:
    rows = [
        ["code", "name", "remark"],
        *(
            [f"A{number}", f'Airline "{number}", Inc.', "two\r\nlines\nor three" * (number % 3)]
            for number in range(60)
        ),
    ]
    whole = written(rows, FileFormat(), "\r\n" if is_crlf else "\n")
    assert b"".join(read_parts(FileFormat(), split(whole, cuts), count)) == whole


def test_every_place_of_a_cut() -> None:
    rows = [["a", "b"], *([f'é "{n}"\r\n,', f"€\n{n}"] for n in range(5)), ["1", "2"]]
    whole = written(rows, FileFormat(), "\r\n")
    for cut in range(1, len(whole)):
        assert b"".join(read_parts(FileFormat(), split(whole, [cut]), 2)) == whole, cut


def test_no_quotes() -> None:
    file_format = FileFormat(separator="\t", quote="")
    whole = b'a\tb\n1"\t"2\n"3\t4"\n' * 9
    for cut in range(1, len(whole)):
        assert b"".join(read_parts(file_format, split(whole, [cut]), 2)) == whole


def test_one_column_without_separator() -> None:
    file_format = FileFormat(separator="")
    whole = b'name\n"a, b"\nc\n"d ""e"" f"\n'
    for cut in range(1, len(whole)):
        assert b"".join(read_parts(file_format, split(whole, [cut]), 2)) == whole


def test_an_ambiguous_output_is_an_error() -> None:
    # Within a text or not, all of the second half is valid.
    whole = b"a\n" + b'"\n"\n' * 400_000
    with pytest.raises(AnaplanResponseException, match="read it as one part, without part"):
        read_parts(FileFormat(), split(whole, [82]), 2)


def test_a_wrong_choice_is_found_by_the_part_before() -> None:
    # The second chunk has no quote, so that it seems to begin outside of a text.
    text = b"x,y\n" * 300_000
    whole = b'a,b\n1,"' + text + b'"\n'
    with pytest.raises(AnaplanResponseException, match="read it as one part, without part"):
        read_part(FileFormat(), split(whole, [10]), 0, 1)


def test_long_rows() -> None:
    row = b'"' + b"x, " * 700_000 + b'",2\n'
    whole = b"a,b\n" + row * 4
    assert b"".join(read_parts(FileFormat(), split(whole, [3_000_000, 5_000_000]), 3)) == whole


@pytest.mark.parametrize("encoding", ["UTF-8", "ISO-8859-15", "GB2312", "Shift_JIS", "EUC-KR"])
def test_encodings_whose_separators_are_ascii(encoding: str) -> None:
    check_encoding(FileFormat(encoding=encoding))


@pytest.mark.parametrize(
    ("encoding", "separator"), [("UTF-16LE", ","), ("UTF-16", ","), ("Shift_JIS", "|")]
)
def test_other_encodings_are_refused(encoding: str, separator: str) -> None:
    with pytest.raises(InvalidArgumentException, match="read it as one part, without part"):
        check_encoding(FileFormat(encoding=encoding, separator=separator))
