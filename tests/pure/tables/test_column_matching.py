"""The columns of a table that are sent, and those that an import expects."""

from __future__ import annotations

from typing import Any

import pytest

from anaplan_sdk._formats.tables.column_matching import check_columns, check_unique, chosen_columns
from anaplan_sdk.exceptions import (
    ArgumentTypeException,
    ColumnMismatchException,
    InvalidArgumentException,
)

READER = "import 'Sales'"


@pytest.mark.parametrize(
    ("names", "columns", "chosen"),
    [
        (["A", "B"], None, [(0, "A"), (1, "B")]),
        (["A", "B"], {"A": "X"}, [(0, "X"), (1, "B")]),
        (["A", "B"], {"A": "B", "B": "A"}, [(0, "B"), (1, "A")]),
        (["A", "B", "C"], ["C", "A"], [(2, "C"), (0, "A")]),
        (["A", "B"], ("B",), [(1, "B")]),
        # The index of a pandas frame, if it has no name.
        (["A", "__index_level_0__"], None, [(0, "A")]),
        (["A", "__index_level_0__"], {"A": "X"}, [(0, "X")]),
        (["A", "__index_level_0__"], {"__index_level_0__": "X"}, [(0, "A"), (1, "X")]),
        (["A", "__index_level_0__"], ["__index_level_0__"], [(1, "__index_level_0__")]),
    ],
)
def test_chosen_columns(names: list[str], columns: Any, chosen: list[tuple[int, str]]) -> None:
    assert chosen_columns(names, columns) == chosen


@pytest.mark.parametrize(
    ("names", "columns", "message"),
    [
        (["A", "B"], ["A", "Z"], "the table has no 'Z'; it has 'A', 'B'"),
        (["A", "B"], {"Z": "A"}, "the table has no 'Z'"),
        (["A", "B", "B"], ["B"], "the table has more than one column 'B'"),
        (["A", "B"], ["A", "A"], "more than one column would be called 'A'"),
        (["A", "B"], {"A": "X", "B": "X"}, "more than one column would be called 'X'"),
        (["A", "B"], {"A": "B"}, "more than one column would be called 'B'"),
        (["A", "B"], {"A": " B "}, "more than one column would be called 'B'"),
    ],
)
def test_columns_that_the_table_has_not_or_twice(
    names: list[str], columns: Any, message: str
) -> None:
    with pytest.raises(ColumnMismatchException, match=message):
        chosen_columns(names, columns)


@pytest.mark.parametrize("columns", [{}, [], ()])
def test_columns_must_not_be_empty(columns: Any) -> None:
    with pytest.raises(InvalidArgumentException, match="must not be empty: leave it out"):
        chosen_columns(["A"], columns)


@pytest.mark.parametrize("columns", ["A", 7, {"A"}, [1], [["A"]], {"A": None}])
def test_columns_must_be_names(columns: Any) -> None:
    with pytest.raises(ArgumentTypeException, match="columns must "):
        chosen_columns(["A"], columns)


def mismatch(sent: list[str], expected: list[str]) -> ColumnMismatchException:
    with pytest.raises(ColumnMismatchException) as caught:
        check_columns(sent, expected, READER)
    assert READER in str(caught.value)
    assert caught.value.expected == [name.strip() for name in expected]
    return caught.value


def test_columns_that_are_expected() -> None:
    check_columns(["A", " B "], ["A ", "B"], READER)
    check_columns(["A", "A"], ["A", "A"], READER)


def test_missing_and_unexpected_columns() -> None:
    error = mismatch(["A", "b"], ["A", "B", "C"])
    assert (error.missing, error.unexpected, error.repeated) == (["B", "C"], ["b"], [])
    assert "there is no 'B', 'C'; the import does not have 'b'" in str(error)
    error = mismatch(["A", "B", "C"], ["A", "B"])
    assert (error.missing, error.unexpected) == ([], ["C"])


def test_columns_in_another_order() -> None:
    error = mismatch(["B", "A"], ["A", "B"])
    assert (error.missing, error.unexpected, error.repeated) == ([], [], [])
    assert "columns=['A', 'B'] sends them in the order of the import" in str(error)
    # A list has the names in the table, which a mapping replaces.
    assert "if columns={...} renames them, put them in this order in the table" in str(error)


def test_repeated_columns() -> None:
    error = mismatch(["A", "A", "B"], ["A", "B"])
    assert error.repeated == ["A"]
    error = mismatch(["A", " A"], ["A", "B"])
    assert (error.missing, error.repeated) == (["B"], ["A"])


def test_many_columns_are_not_all_named() -> None:
    error = mismatch([f"N{number}" for number in range(30)], ["A"])
    assert "'N19', and 10 more" in str(error)
    assert len(error.unexpected) == 30


def test_unique_names() -> None:
    check_unique(["A", "B", "a"])
    with pytest.raises(ColumnMismatchException, match="more than one column 'A'") as caught:
        check_unique(["A", "B", " A"])
    assert caught.value.repeated == ["A"]
