"""Rows of CSV that arrives in pieces of any size."""

import csv
import io
from functools import partial
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from anaplan_sdk._formats.csv_rows import RowReader, add_action_column

VALUES = st.text(
    alphabet=st.sampled_from('",\r\n é€😀\u2028\x85') | st.characters(codec="utf-8"), max_size=12
)
# Before Python 3.13 a writer that ends lines with "\n" may leave a "\r" in a value unquoted.
WRITERS = [
    partial(csv.writer, quoting=csv.QUOTE_ALL, lineterminator="\n"),
    partial(csv.writer, quoting=csv.QUOTE_ALL, lineterminator="\r\n"),
    partial(csv.writer, quoting=csv.QUOTE_MINIMAL, lineterminator="\r\n"),
]
RAW = st.text(alphabet=st.sampled_from('a",\r\né'), max_size=60)
BYTE_ORDER_MARK = "\ufeff"


@st.composite
def tables(draw: st.DrawFn) -> str:
    width = draw(st.integers(1, 4))
    rows = draw(st.lists(st.lists(VALUES, min_size=width, max_size=width), min_size=1, max_size=6))
    text = io.StringIO(newline="")
    draw(st.sampled_from(WRITERS))(text).writerows(rows)
    whole = text.getvalue()
    return draw(st.sampled_from([whole, whole.rstrip("\r\n")]))


def named(table: str) -> list[dict[str, str]]:
    """The rows as the csv module takes them apart, their columns named one by one."""
    header, *rows = [*csv.reader(io.StringIO(table, newline=""))] or [[]]
    wanted = []
    for row in filter(None, rows):
        names: list[str] = []
        for place, _ in enumerate(row):
            name = header[place] if place < len(header) else f"Column {place + 1}"
            unique, number = name, 1
            while unique in names or (number > 1 and unique in header):
                number += 1
                unique = f"{name} ({number})"
            names.append(unique)
        wanted.append(dict(zip(names, row, strict=True)))
    return wanted


def read(content: bytes, cuts: list[int]) -> list[dict[str, str]]:
    reader = RowReader()
    places = [0, *sorted(min(cut, len(content)) for cut in cuts), len(content)]
    rows = [row for start, end in pairwise(places) for row in reader.feed(content[start:end])]
    return rows + list(reader.finish())


@given(tables(), st.lists(st.integers(0, 200), max_size=8), st.sampled_from(["", BYTE_ORDER_MARK]))
@example('a\n" "', [], "")
@example('a,b\r\n"1\r\n2",3\r\n', [8, 9, 10], BYTE_ORDER_MARK)
def test_cuts_change_nothing(table: str, cuts: list[int], mark: str) -> None:
    table = table.removeprefix(BYTE_ORDER_MARK)
    assert read((mark + table).encode(), cuts) == named(table)


@given(RAW, st.lists(st.integers(0, 60), max_size=6))
@example('name,why\n5" pipe,no such item\n6" pipe,no such item\n', [])
@example('a\n"x""y\nz"\n', [6])
@example("a\rb\r\nc\r", [2, 4])
def test_malformed_text_is_read_as_the_csv_module_reads_it(text: str, cuts: list[int]) -> None:
    assert read(text.encode(), cuts) == named(text)


def test_rows_are_yielded_as_soon_as_they_are_complete() -> None:
    reader = RowReader()
    assert list(reader.feed(b'"_Line_","_Error_1_"\n"2","Invalid parent"\n"3","Inv')) == [
        {"_Line_": "2", "_Error_1_": "Invalid parent"}
    ]
    assert list(reader.feed(b'alid\nname"')) == []
    assert list(reader.finish()) == [{"_Line_": "3", "_Error_1_": "Invalid\nname"}]


def test_no_field_is_lost() -> None:
    assert read(b"a,a,a (2),a\n1,2,3,4\n", []) == [
        {"a": "1", "a (3)": "2", "a (2)": "3", "a (4)": "4"}
    ]
    assert read(b"a,Column 3\n1,2,3,4\n5\n", []) == [
        {"a": "1", "Column 3": "2", "Column 3 (2)": "3", "Column 4": "4"},
        {"a": "5"},
    ]


def test_a_broken_byte_costs_one_character() -> None:
    assert read(b"a,b\n1,\xff\n2,x\n3,\xe2\x82", [5, 6]) == [
        {"a": "1", "b": "\ufffd"},
        {"a": "2", "b": "x"},
        {"a": "3", "b": "\ufffd"},
    ]


def test_empty_content_has_no_rows() -> None:
    assert read(b"", []) == []
    assert read(b"only,a,header\r\n", [3]) == []


def test_a_row_has_the_name_of_its_action() -> None:
    assert list(add_action_column("Load", {"a": "1"}).items()) == [("_Action_", "Load"), ("a", "1")]
    own = add_action_column("Load", {"_Action_": "mine", "_Action_ (2)": "too"})
    assert own["_Action_"] == "Load"
    assert sorted(own.values()) == ["Load", "mine", "too"]
