"""Files of tables: their formats, their quotes, and the row that each line belongs to."""

from __future__ import annotations

import csv
import datetime as dt
import io
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.pure.tables.written import LIBRARIES, Written, of, on_both_libraries, write

from anaplan_sdk._formats.tables.file_format import FileFormat
from anaplan_sdk._formats.tables.table_encoder import BATCH_ROWS
from anaplan_sdk.exceptions import InvalidArgumentException, InvalidTableException

TEXTS = ["plain", "a,b;c|d\te", "it's", 'say "x"', "1\n2", "1\r2", "1\r\n2", " x ", "", "é"]
MIXED = pa.table(
    {
        "Text": [*TEXTS, None],
        "Number": [None, *range(len(TEXTS))],
        "Float": [0.5, None] + [2.0] * (len(TEXTS) - 1),
        "Date": [dt.date(2024, 1, 31)] * (len(TEXTS) + 1),
    }
)


def refusal(library: str, table: object, **options: Any) -> InvalidTableException:
    with pytest.raises(InvalidTableException) as caught:
        write(library, table, **options)
    return caught.value


@on_both_libraries
@pytest.mark.parametrize("separator", [",", "\t", ";", "|"])
@pytest.mark.parametrize("quote", ['"', "'"])
@pytest.mark.parametrize(
    "encoding", ["UTF-8", "ISO-8859-1", "UTF-16LE", "UTF-16", "windows-1252", "cp850"]
)
def test_formats(library: str, separator: str, quote: str, encoding: str) -> None:
    written = write(library, MIXED, separator=separator, quote=quote, encoding=encoding)
    header, *rows = written.records()
    assert header == ["Text", "Number", "Float", "Date"]
    assert [row[0] for row in rows] == [*TEXTS, ""]
    assert rows[1][1:] == ["0", "", "2024-01-31"]
    assert rows[-1][1:] == [str(len(TEXTS) - 1), "2", "2024-01-31"]


@on_both_libraries
def test_one_byte_order_mark(library: str) -> None:
    table = of(["x"] * (BATCH_ROWS + 1))
    data = write(library, table, encoding="UTF-16").data
    assert data.decode("UTF-16") == write(library, table).data.decode()
    assert not write(library, table, encoding="UTF-16LE").data.startswith(b"\xff\xfe")


@on_both_libraries
@pytest.mark.parametrize("quote", ['"', "'", ""])
@pytest.mark.parametrize("separator", [",", ";"])
def test_a_decimal_comma(library: str, separator: str, quote: str) -> None:
    table = pa.table({"Float": [1.5, None, -2e-7], "Integer": [1, 2, 3]})
    options: dict[str, Any] = {"separator": separator, "quote": quote, "decimal_separator": ","}
    if separator == "," and not quote:
        error = refusal(library, table, **options)
        assert (error.row, error.column) == (0, "Float")
        return
    rows = write(library, table, **options).records()[1:]
    assert rows == [["1,5", "1"], ["", "2"], ["-0,0000002", "3"]]


@on_both_libraries
@pytest.mark.parametrize(
    ("header", "data", "lines"),
    [
        (1, 2, ["Value", "7"]),
        (0, 1, ["7"]),
        (0, 3, ["", "", "7"]),
        (2, 3, ["", "Value", "7"]),
        (1, 4, ["Value", "", "", "7"]),
        (3, 6, ["", "", "Value", "", "", "7"]),
    ],
)
def test_header_and_first_row(library: str, header: int, data: int, lines: list[str]) -> None:
    table = of([7])
    written = write(library, table, header_row=header, first_data_row=data)
    assert written.data.decode().splitlines() == lines
    for line in range(1, 9):
        wanted = 0 if line == data else None
        assert written.encoder.row_of_line(line) == wanted


@on_both_libraries
def test_a_file_without_quotes(library: str) -> None:
    table = pa.table({"A": ['say "x"', "it's", None], "B": [1, None, 3]})
    written = write(library, table, quote="", separator=";")
    assert written.data == b'A;B\nsay "x";1\nit\'s;\n;3\n'


@on_both_libraries
@pytest.mark.parametrize("text", ["a;b", "1\n2", "1\r2", "\x1f"])
def test_a_text_that_needs_quotes_is_refused(library: str, text: str) -> None:
    rows: list[str | None] = [None, "x"] * BATCH_ROWS + [text, text]
    table = pa.table({"A": pa.array(range(len(rows))), "B": rows})
    error = refusal(library, table, quote="", separator=";")
    assert (error.row, error.column) == (2 * BATCH_ROWS, "B")
    assert repr(text) in str(error)
    assert "quotes" in str(error)


@on_both_libraries
@pytest.mark.parametrize("values", [["x", None], ["x", ""], [1, None], [True, None], [0.5, None]])
def test_a_single_column_with_nulls(library: str, values: list[object]) -> None:
    """A null is no blank line, which would be no row; without quotes it can't be written."""
    written = write(library, of(values))
    assert written.data.endswith(b'\n""\n')
    assert len(written.column()) == 2
    error = refusal(library, of(values), quote="")
    assert (error.row, error.column) == (1, "Value")
    assert "blank" in str(error)


@on_both_libraries
def test_a_file_without_separator_has_one_column(library: str) -> None:
    assert write(library, of(["a,b", "c"]), separator="").column() == ["a,b", "c"]
    with pytest.raises(InvalidTableException, match="it has one column; the table has 2"):
        write(library, pa.table({"A": [1], "B": [2]}), separator="")


@on_both_libraries
@pytest.mark.parametrize(
    ("encoding", "text", "character"),
    [
        ("ISO-8859-1", "5 €", "€"),
        ("ascii", "Zoë", "ë"),
        ("windows-1252", "Łódź", "Ł"),
    ],
)
def test_texts_that_the_encoding_does_not_have(
    library: str, encoding: str, text: str, character: str
) -> None:
    rows = ["x"] * (BATCH_ROWS + 1) + [text]
    table = pa.table({"A": [1] * len(rows), "B": rows})
    error = refusal(library, table, encoding=encoding)
    assert (error.row, error.column) == (BATCH_ROWS + 1, "B")
    assert repr(character) in str(error)
    assert encoding in str(error)
    error = refusal(library, of([1], name=text), encoding=encoding)
    assert (error.row, error.column) == (None, text)
    assert repr(character) in str(error)


@on_both_libraries
def test_a_name_that_needs_quotes(library: str) -> None:
    table = pa.table({"A,B": [1], "C\rD": [2], 'E"': [3], "F\nG": [4]})
    assert write(library, table).records()[0] == ["A,B", "C\rD", 'E"', "F\nG"]
    with pytest.raises(InvalidTableException, match="The name of column 'A,B' has a separator"):
        write(library, table, quote="")


@on_both_libraries
def test_lines_after_a_header_of_several_lines(library: str) -> None:
    written = write(library, of([7, 8], name="A\nB"), first_data_row=3)
    assert written.data == b'"A\nB"\n\n7\n8\n'
    assert [written.encoder.row_of_line(line) for line in range(1, 7)] == [
        None,
        None,
        None,
        0,
        1,
        None,
    ]


@on_both_libraries
def test_tables_without_rows_or_columns(library: str) -> None:
    empty = pa.table({"A": pa.array([], pa.int8()), "B": pa.array([], pa.float64())})
    assert write(library, empty).data == b"A,B\n"
    assert write(library, pa.Table.from_batches([], empty.schema)).data == b"A,B\n"
    assert write(library, empty, header_row=0, first_data_row=1).data == b""
    with pytest.raises(InvalidTableException, match="has no columns"):
        write(library, pa.table({}))


@on_both_libraries
@pytest.mark.parametrize("width", [1, 3])
def test_batches_of_any_size_give_the_same_bytes(library: str, width: int) -> None:
    rows = BATCH_ROWS + 3
    columns = {
        "Text": ["x", None, 'a\n"b"'] * (rows // 3) + ["y"] * (rows % 3),
        "Float": [1.5, None, 3.0] * (rows // 3) + [2.0] * (rows % 3),
        "Date": [dt.date(2024, 1, 31)] * rows,
    }
    for first in columns:
        names = [first, *(name for name in columns if name != first)][:width]
        table = pa.table({name: columns[name] for name in names})
        whole = write(library, table.combine_chunks())
        assert whole.encoder.rows == rows
        for size in (1, 1_000):
            part = table.slice(0, rows if size > 1 else 50)
            batches = part.to_batches(size)
            with_empty = [each for batch in batches for each in (batch.slice(0, 0), batch)]
            parts = write(library, with_empty)
            assert whole.data.startswith(parts.data)
            assert parts.encoder.rows == part.num_rows


@st.composite
def tables_with_line_ends(draw: st.DrawFn) -> tuple[pa.Table, int]:
    text = st.none() | st.text(alphabet=st.sampled_from("a\r\n,\"' "), max_size=5)
    width, height = draw(st.integers(1, 3)), draw(st.integers(0, 12))
    columns = {
        f"C{place}": pa.array(draw(st.lists(text, min_size=height, max_size=height)), pa.utf8())
        for place in range(width)
    }
    return pa.table(columns), draw(st.integers(1, 5))


def rows_of_lines(written: Written) -> dict[int, int]:
    """The row of each line, by the csv module: it takes the lines of the file one after another."""
    text = written.data.decode()
    lines = io.StringIO(text, newline="")  # Which ends lines at LF, CR and CR LF.
    records = csv.reader(lines, quotechar=written.file_format.quote)
    ends = [0]
    ends += [records.line_num for _ in records]
    found: dict[int, int] = {}
    data_row = written.file_format.first_data_row
    for record, (before, end) in enumerate(pairwise(ends), 1):
        if record >= data_row:
            found |= dict.fromkeys(range(before + 1, end + 1), record - data_row)
    return found


@given(
    tables_with_line_ends(),
    st.sampled_from(LIBRARIES),
    st.sampled_from(['"', "'"]),
    st.sampled_from([(1, 2), (1, 4), (0, 1), (2, 3)]),
)
def test_the_row_of_each_line(
    given_table: tuple[pa.Table, int], library: str, quote: str, start: tuple[int, int]
) -> None:
    table, size = given_table
    written = write(
        library,
        pa.RecordBatchReader.from_batches(table.schema, table.to_batches(size)),
        quote=quote,
        header_row=start[0],
        first_data_row=start[1],
    )
    wanted = rows_of_lines(written)
    assert len(set(wanted.values())) == table.num_rows
    last = max(wanted, default=start[1])
    for line in range(1, last + 3):
        assert written.encoder.row_of_line(line) == wanted.get(line)
    rows = [tuple(text or "" for text in row.values()) for row in table.to_pylist()]
    assert list(map(tuple, written.records()[start[1] - 1 :])) == rows


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"date_format": "DD/MM/YYYY"}, "writes all dates alike"),
        ({"separator": "::"}, "separator, '::', is not supported"),
        ({"separator": "\n"}, "is not supported"),
        ({"quote": "«"}, "quote, '«', is not supported"),
        ({"encoding": "EBCDIC-X"}, "'EBCDIC-X', is not known to Python"),
        ({"timestamps": "utc"}, "timestamps must be 'date' or 'text', not 'utc'"),
    ],
)
def test_formats_that_can_not_be_written(options: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidArgumentException, match=message):
        FileFormat(**options)  # type: ignore[arg-type]
