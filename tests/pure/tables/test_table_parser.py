"""Text of CSV files, cut anywhere, as record batches."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anaplan_sdk._formats.tables import table_parser
from anaplan_sdk._formats.tables.arrow_library import ArrowLibrary
from anaplan_sdk._formats.tables.arrow_types import Kind, RecordBatch
from anaplan_sdk._formats.tables.file_format import FileFormat
from anaplan_sdk._formats.tables.installed_library import arrow_library
from anaplan_sdk._formats.tables.table_parser import TableParser
from anaplan_sdk.exceptions import (
    AnaplanResponseException,
    UnexpectedValueException,
)

CUTS = (1, 2, 3, 7, 1_000_000)
BOM = b"\xef\xbb\xbf"
# What decides where rows and fields end.
FIELDS = st.text(st.sampled_from('"",,\n\r ab€ß𝄞;'), max_size=5)


def library_named(name: str) -> ArrowLibrary:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("ANAPLAN_SDK_ARROW", name)
        return arrow_library()


@pytest.fixture(params=["arro3", "pyarrow"])
def library(request: pytest.FixtureRequest) -> ArrowLibrary:
    return library_named(request.param)


def new_parser(
    library: ArrowLibrary,
    file_format: FileFormat | None = None,
    kind: Kind = Kind.TEXT,
    batch_rows: int = 50_000,
) -> TableParser:
    return TableParser(
        library,
        file_format or FileFormat(),
        lambda names: [library.type(kind)] * len(names),
        batch_rows=batch_rows,
    )


def cut(data: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def fed(
    parser: TableParser,
    pieces: Iterable[bytes],
    feed: Callable[[bytes], Iterator[RecordBatch]] | None = None,
) -> list[RecordBatch]:
    batches = [batch for piece in pieces for batch in (feed or parser.feed)(piece)]
    return batches + list(parser.finish())


def names_of(parser: TableParser) -> list[str]:
    return [name for name, _ in parser.fields or ()]


def rows_of(batches: Sequence[RecordBatch]) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for batch in batches:
        columns = [batch.column(place).to_pylist() for place in range(batch.num_columns)]
        rows += zip(*columns, strict=True)
    return rows


def read(
    library: ArrowLibrary, data: bytes, file_format: FileFormat | None = None
) -> tuple[list[str], list[tuple[object, ...]]]:
    """Return the columns and rows, which are the same however the data is cut."""
    results: list[tuple[list[str], list[tuple[object, ...]]]] = []
    for size in CUTS:
        parser = new_parser(library, file_format)
        rows = rows_of(fed(parser, cut(data, size)))
        assert parser.rows == len(rows)
        results.append((names_of(parser), rows))
    assert all(result == results[0] for result in results)
    return results[0]


def written(rows: Sequence[Sequence[str]], line_end: str, *, quotes_all: bool) -> bytes:
    def field(text: str) -> str:
        quoted = text.replace('"', '""')
        return f'"{quoted}"' if quotes_all or any(each in text for each in ',"\r\n') else text

    return "".join(",".join(map(field, row)) + line_end for row in rows).encode()


@pytest.mark.parametrize("name", ["arro3", "pyarrow"])
@given(
    rows=st.lists(st.lists(FIELDS, min_size=3, max_size=3), max_size=6),
    line_end=st.sampled_from(["\n", "\r\n"]),
    quotes_all=st.booleans(),
    size=st.integers(1, 12),
    batch_rows=st.integers(1, 4),
)
def test_rows_are_the_same_wherever_the_text_is_cut(
    *,
    name: str,
    rows: list[list[str]],
    line_end: str,
    quotes_all: bool,
    size: int,
    batch_rows: int,
) -> None:
    data = written([["one", "two", "three"], *rows], line_end, quotes_all=quotes_all)
    parser = new_parser(library_named(name), batch_rows=batch_rows)
    batches = fed(parser, cut(data, size))
    assert rows_of(batches) == [tuple(text or None for text in row) for row in rows]
    assert batches[0].num_rows == 0
    assert all(batch.num_rows <= batch_rows for batch in batches)


@pytest.mark.parametrize("name", ["arro3", "pyarrow"])
@given(
    body=st.lists(st.sampled_from(['"', '""', "\n", "\r\n", "\r", "a", "é", ' "', '"\n'])),
    size=st.integers(1, 9),
    batch_rows=st.integers(1, 3),
)
def test_odd_quotes_are_read_as_the_csv_module_reads_them(
    name: str, body: list[str], size: int, batch_rows: int
) -> None:
    text = "name\n" + "".join(body)
    parser = new_parser(library_named(name), batch_rows=batch_rows)
    expected = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    problem = ""
    rows: list[tuple[object, ...]] = []
    try:
        rows = rows_of(fed(parser, cut(text.encode(), size)))
    except AnaplanResponseException as error:
        problem = str(error)
    if problem:  # The csv module reads on to the end.
        assert "not closed" in problem
        return
    assert rows == [(field or None,) for (field,) in expected[1:]]


@pytest.mark.parametrize(
    ("encoding", "bom"),
    [("UTF-8", b""), ("UTF-8", BOM), ("UTF-16LE", b""), ("UTF-16LE", b"\xff\xfe")],
)
def test_encodings(library: ArrowLibrary, encoding: str, bom: bytes) -> None:
    data = bom + 'Größe,"𝄞"\n"ä\nö",€\n,\n'.encode(encoding)
    columns, rows = read(library, data, FileFormat(encoding=encoding))
    assert columns == ["Größe", "𝄞"]
    assert rows == [("ä\nö", "€"), (None, None)]


def test_latin_1(library: ArrowLibrary) -> None:
    columns, rows = read(library, b"Gr\xf6\xdfe\n\xe4\n", FileFormat(encoding="ISO-8859-1"))
    assert (columns, rows) == (["Größe"], [("ä",)])


def test_a_mark_of_its_own_is_no_text(library: ArrowLibrary) -> None:
    assert read(library, BOM) == ([], [])
    assert read(library, BOM + b"a\n") == (["a"], [])


@pytest.mark.parametrize(
    ("encoding", "data", "message"),
    [
        ("UTF-8", b"a,b\n1,2\n3,\xff\n", "Row 1, column 'b': the text is not in the file's enc"),
        ("UTF-8", b"a,\xff\n1,2\n", "The header is not in the file's encoding, UTF-8"),
        ("UTF-16LE", "a\n1\n".encode("utf-16-le") + b"\x00\xd8\x00\x00", "encoding, UTF-16LE"),
        ("UTF-16LE", "a\n1\n".encode("utf-16-le") + b"\x00", "encoding, UTF-16LE"),
    ],
)
def test_text_in_another_encoding(
    library: ArrowLibrary, encoding: str, data: bytes, message: str
) -> None:
    for size in CUTS:
        parser = new_parser(library, FileFormat(encoding=encoding))
        with pytest.raises(AnaplanResponseException, match=message):
            fed(parser, cut(data, size))


@pytest.mark.parametrize(
    ("separator", "quote", "data", "row"),
    [
        (";", '"', b'a;b\n"1;2";3\n', ("1;2", "3")),
        ("\t", "'", b"a\tb\n'1\t\n''2'\t\"\n", ("1\t\n'2", '"')),
        ("|", "", b'a|b\n"1|2"\n', ('"1', '2"')),
        ("", '"', b'a,b\n"1,\n""2"\n', ('1,\n"2',)),
        ("", "", b'a,b\n"1,2\n', ('"1,2',)),
    ],
)
def test_separators_and_quotes(
    library: ArrowLibrary, separator: str, quote: str, data: bytes, row: tuple[str, ...]
) -> None:
    _, rows = read(library, data, FileFormat(separator=separator, quote=quote))
    assert rows == [row]


@pytest.mark.parametrize(
    ("data", "columns", "rows"),
    [
        (b"", [], []),
        (b"a,b", ["a", "b"], []),
        (b"a,b\r\n", ["a", "b"], []),
        (b"a,b\n1,2", ["a", "b"], [("1", "2")]),
        (b'a,b\n1,"2"', ["a", "b"], [("1", "2")]),
        (b"a,b\n\n1,2\r\n\r\n3,4\n\n", ["a", "b"], [("1", "2"), ("3", "4")]),
        (b'a\n""\n\n1\n', ["a"], [(None,), ("1",)]),
        (b"a,b\r1,2\r3,4", ["a", "b"], [("1", "2"), ("3", "4")]),
        (b"Name,Name,,\n1,2,3,4\n", ["Name", "Name (2)", "", " (2)"], [("1", "2", "3", "4")]),
        (b'"a\nb, ""c""", d \n1,2\n', ['a\nb, "c"', "d"], [("1", "2")]),
        ('Size 24",a\x85b\u2028c\n1,2\n'.encode(), ['Size 24"', "a\x85b\u2028c"], [("1", "2")]),
        (b'a,b\n24" screen,x"\n"y\n",z\n', ["a", "b"], [('24" screen', 'x"'), ("y\n", "z")]),
        (b"\n1\n", [""], [("1",)]),
    ],
)
def test_shapes(
    library: ArrowLibrary, data: bytes, columns: list[str], rows: list[tuple[str, ...]]
) -> None:
    assert read(library, data) == (columns, rows)


def test_a_file_without_a_header(library: ArrowLibrary) -> None:
    file_format = FileFormat(header_row=0, first_data_row=1)
    assert read(library, b"1,2\n3,4\n", file_format) == (
        ["Column 1", "Column 2"],
        [("1", "2"), ("3", "4")],
    )
    assert read(library, b"", file_format) == ([], [])


def test_names_have_no_nul_at_which_arro3_panics(library: ArrowLibrary) -> None:
    assert read(library, b"a\0,\0b\n1,2\n") == (["a", "b"], [("1", "2")])


def test_lines_around_the_header(library: ArrowLibrary) -> None:
    data = b'"Report\n1"\na,b\nunits\n1,2\n'
    file_format = FileFormat(header_row=2, first_data_row=4)
    assert read(library, data, file_format) == (["a", "b"], [("1", "2")])
    assert read(library, data[:16], file_format) == (["a", "b"], [])


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (b"7\n", r"Row 30 has 1 fields, but there are 2 columns: '7'"),
        (b'"7,\n",8,9\n', r"Row 30 has 3 fields, but there are 2 columns: '7,\\n,8,9'"),
    ],
)
def test_a_row_with_other_fields_is_named(library: ArrowLibrary, bad: bytes, message: str) -> None:
    data = b"a,b\n" + b'1,"x\n"\n' * 30 + bad + b"1,2\n"
    for size in CUTS:
        parser = new_parser(library, batch_rows=7)
        with pytest.raises(AnaplanResponseException, match=message):
            fed(parser, cut(data, size))


def test_a_value_of_another_type_is_named(library: ArrowLibrary) -> None:
    data = b"a,b\n" + b"1,2\n" * 30 + b"1,x\n"
    for size in CUTS:
        parser = new_parser(library, kind=Kind.FLOAT, batch_rows=7)
        with pytest.raises(UnexpectedValueException, match="Row 30, column 'b': 'x'") as caught:
            fed(parser, cut(data, size))
        assert (caught.value.row, caught.value.column) == (30, "b")


def test_a_quote_that_is_never_closed(library: ArrowLibrary) -> None:
    for size in CUTS:
        parser = new_parser(library, batch_rows=1)
        with pytest.raises(AnaplanResponseException, match="Row 2 has a quote that is not closed"):
            fed(parser, cut(b'a\n1\n2\n"3\n4\n', size))
        with pytest.raises(AnaplanResponseException, match="The header has a quote"):
            fed(new_parser(library), cut(b'a,"b\n1,2\n', size))


@pytest.mark.parametrize("start", [b'a\n1\n"', b'"'])
def test_a_quote_that_is_never_closed_does_not_fill_the_memory(start: bytes) -> None:
    library = library_named("arro3")
    limit = table_parser.MAX_ROW_BYTES
    parser, piece, sent = new_parser(library), b"text\n" * 800_000, 0

    def pieces() -> Iterator[bytes]:
        nonlocal sent
        yield start
        while sent < 3 * limit:
            sent += len(piece)
            yield piece

    with pytest.raises(AnaplanResponseException, match="a quote may not be closed"):
        fed(parser, pieces())
    assert sent <= limit + 2 * len(piece)


@pytest.mark.parametrize("repeats", [True, False])
def test_pages_of_a_large_read(library: ArrowLibrary, *, repeats: bool) -> None:
    header = b",Parent,Code\r\n"
    first, others = [b"A,,1\r\n", b'"B\r\n",A,2'], [b"C,A,3\r\n", b"", b"D,A,4"]
    pages = [header + b"".join(first), *((header if repeats else b"") + each for each in others)]
    parser = new_parser(library)
    rows = rows_of(fed(parser, pages, parser.feed_page))
    assert names_of(parser) == ["", "Parent", "Code"]
    assert rows == [("A", None, "1"), ("B\r\n", "A", "2"), ("C", "A", "3"), ("D", "A", "4")]


def test_pages_with_nothing_but_a_header(library: ArrowLibrary) -> None:
    parser = new_parser(library)
    assert rows_of(fed(parser, [b"a,b", b"a,b", b"1,2", b"a,b\n3,4"], parser.feed_page)) == [
        ("1", "2"),
        ("3", "4"),
    ]


def test_the_columns_are_known_with_the_header(library: ArrowLibrary) -> None:
    parser = new_parser(library, kind=Kind.DATE)
    assert list(parser.feed(b"a,")) == []
    assert parser.fields is None
    (batch,) = parser.feed(b"b\n2026-01-")
    assert names_of(parser) == list(batch.schema.names) == ["a", "b"]
    assert batch.num_rows == 0
    (rest,) = [*parser.feed(b"31,"), *parser.finish()]
    assert library.fields(rest.schema) == library.fields(batch.schema) == parser.fields


@pytest.mark.parametrize("piece", [100, 70_000, 10_000_000])
def test_batches_have_as_many_rows_as_allowed(library: ArrowLibrary, piece: int) -> None:
    data = b"a,b\n" + b"".join(b'%d,"x\ny"\n' % number for number in range(25_000))
    parser = new_parser(library, batch_rows=4000)
    batches = fed(parser, cut(data, piece))
    assert [batch.num_rows for batch in batches] == [0, *[4000] * 6, 1000]
    assert [first for first, _ in rows_of(batches)] == [str(number) for number in range(25_000)]


def test_long_rows_are_not_held_until_a_batch_is_full(library: ArrowLibrary) -> None:
    parser, piece = new_parser(library), b"x" * 99_999 + b"\n"
    batches = list(parser.feed(b"a\n"))
    for count in range(1, 400):
        batches += parser.feed(piece)
        if rows := sum(batch.num_rows for batch in batches):
            assert rows <= count
            break
    assert 0 < sum(batch.num_rows for batch in batches) < 200
