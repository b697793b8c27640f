"""Checking the values of tables, without HTTP."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anaplan_sdk._formats.tables.arrow_library import ArrowLibrary
from anaplan_sdk._formats.tables.file_format import FileFormat
from anaplan_sdk._formats.tables.installed_library import VARIABLE, arrow_library
from anaplan_sdk._formats.tables.names import folded
from anaplan_sdk._formats.tables.table_check import (
    Expectation,
    TableCheck,
    header_problems,
)
from anaplan_sdk._formats.tables.value_checks import ValueKind, check_value, is_rounded
from anaplan_sdk._table_checks import CheckProblem, CheckReason
from anaplan_sdk.exceptions import ColumnMismatchException


@pytest.fixture(params=["arro3", "pyarrow"])
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ArrowLibrary:
    monkeypatch.setenv(VARIABLE, request.param)
    return arrow_library()


def check(
    library: ArrowLibrary,
    table: pa.Table,
    expectations: dict[int, Expectation],
    file_format: FileFormat | None = None,
) -> tuple[TableCheck, list[CheckProblem]]:
    stream = library.open(table)
    columns = list(enumerate(table.column_names))
    made = TableCheck(
        library,
        stream.fields,
        columns,
        file_format or FileFormat(),
        {place: [each] for place, each in expectations.items()},
    )
    for batch in stream.batches:
        made.add(batch)
    return made, made.problems()


@pytest.mark.parametrize(
    "text",
    [
        "1",
        "-1.5",
        "+2",
        "1,234.5",
        "1.234,5",
        "1 234",
        "(5)",
        "5%",
        "€ 5",
        "1e5",
        "1E-5",
        "-",
        ".5",
    ],
)
def test_what_may_be_a_number_is_not_reported(text: str) -> None:
    assert check_value("number", text) is None


@pytest.mark.parametrize(
    "text",
    ["x", "12 EUR", "5k", "2026-01-31", "31/01/2026", "08:30", "1-2", "N/A", "?", "e5", "true"],
)
def test_what_is_certainly_no_number_is_reported(text: str) -> None:
    assert check_value("number", text) is CheckReason.NOT_A_NUMBER


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        ("boolean", "Yes", None),
        ("boolean", "2", CheckReason.NOT_A_BOOLEAN),
        ("boolean", "2026-01-31", CheckReason.NOT_A_BOOLEAN),
        ("date", "1 février", None),
        ("date", "45000", None),
        ("date", "true", CheckReason.NOT_A_DATE),
        ("text", "anything", None),
        ("number", "9007199254740992", None),
        ("number", "-9007199254740993", CheckReason.ROUNDED),
        ("number", "0000000000000000000001", None),
    ],
)
def test_values_of_other_types(kind: ValueKind, text: str, reason: CheckReason | None) -> None:
    assert check_value(kind, text) is reason


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_is_a_number(value: float) -> None:
    assert check_value("number", repr(value)) is None
    plain = format(Decimal(repr(value)), "f")
    assert check_value("number", plain) is not CheckReason.NOT_A_NUMBER


@given(st.integers())
def test_an_integer_is_rounded_if_a_float_has_another_value(value: int) -> None:
    try:
        is_changed = int(float(value)) != value
    except OverflowError:
        is_changed = True
    assert is_rounded(value) is is_changed
    assert is_rounded(Decimal(value)) is is_changed
    assert check_value("number", str(value)) is (CheckReason.ROUNDED if is_changed else None)


@pytest.mark.parametrize(
    ("column", "kind", "reason", "rows"),
    [
        (pa.array([2**53, 2**53 + 1, None]), "number", CheckReason.ROUNDED, (1,)),
        (pa.array([2**63, 2**63 + 1], pa.uint64()), "number", CheckReason.ROUNDED, (1,)),
        (pa.array([True, None]), "number", CheckReason.NOT_A_NUMBER, (0,)),
        (pa.array([0], pa.date32()), "number", CheckReason.NOT_A_NUMBER, (0,)),
        (pa.array(["x", "1", ""]).dictionary_encode(), "number", CheckReason.NOT_A_NUMBER, (0,)),
        (pa.array([0, 1, 2]), "boolean", CheckReason.NOT_A_BOOLEAN, (2,)),
        (pa.array([0.0, 1.0, 0.5]), "boolean", CheckReason.NOT_A_BOOLEAN, (2,)),
        (pa.array([True]), "date", CheckReason.NOT_A_DATE, (0,)),
    ],
)
def test_values_are_compared_as_they_are_written(
    library: ArrowLibrary,
    column: pa.Array,
    kind: ValueKind,
    reason: CheckReason,
    rows: tuple[int, ...],
) -> None:
    table = pa.table({"A": column})
    made, problems = check(library, table, {0: Expectation("line item 'A'", kind=kind)})
    assert [(each.reason, each.rows, each.count) for each in problems] == [
        (reason, rows, len(rows))
    ]
    assert (made.rows, made.refused) == (len(column), len(rows))


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (pa.array([1e300, None]), "number"),
        (pa.array([Decimal("1.10"), None]), "number"),
        (pa.array([2**60], pa.int64()), "number"),
        (pa.array([True, None]), "boolean"),
        (pa.array([0], pa.date32()), "date"),
        (pa.array([0], pa.timestamp("ms", "UTC")), "date"),
        (pa.nulls(3), "number"),
        (pa.array([b"x"], pa.binary()).cast(pa.string()), "text"),
    ],
)
def test_values_that_fit_are_no_problems(
    library: ArrowLibrary, column: pa.Array, kind: ValueKind
) -> None:
    made, problems = check(library, pa.table({"A": column}), {0: Expectation("A", kind=kind)})
    assert problems == []
    assert made.refused == 0


def test_decimal_commas_make_no_difference(library: ArrowLibrary) -> None:
    table = pa.table({"A": pa.array([Decimal("1.5")]), "B": [2.5]})
    expectations = {place: Expectation("", kind="number") for place in (0, 1)}
    _, problems = check(library, table, expectations, FileFormat(decimal_separator=","))
    assert problems == []


def test_members_are_names_or_codes_in_any_case(library: ArrowLibrary) -> None:
    members = frozenset(map(folded, ("North", "N", "Straße", "1")))
    table = pa.table({"A": ["NORTH", " n ", "STRASSE", "no", "", None], "B": [1, 2, 1, 1, 1, None]})
    expectation = Expectation("list", members=members)
    made, problems = check(library, table, {0: expectation, 1: expectation})
    assert [(each.column, each.rows, each.examples) for each in problems] == [
        ("A", (3,), ("no",)),
        ("B", (1,), ("2",)),
    ]
    assert made.refused == 2


def test_an_empty_dimension_is_a_problem_unless_the_row_is_blank(library: ArrowLibrary) -> None:
    table = pa.table({"A": ["x", "", None], "B": [1, 2, None]})
    _, problems = check(library, table, {0: Expectation("", is_dimension=True)})
    assert [(each.reason, each.rows) for each in problems] == [(CheckReason.EMPTY, (1,))]


def test_a_row_is_counted_once_and_a_problem_remembers_few_rows(library: ArrowLibrary) -> None:
    count = 20_000
    table = pa.table({name: [f"{name}{row}" for row in range(count)] for name in "AB"})
    number = Expectation("", kind="number")
    made, problems = check(library, table, {0: number, 1: number})
    assert (made.rows, made.refused) == (count, count)
    for problem in problems:
        assert problem.count == count
        assert problem.rows == tuple(range(10))
        assert problem.examples == tuple(f"{problem.column}{row}" for row in range(10))


def test_values_beside_one_that_cannot_be_written_are_compared(library: ArrowLibrary) -> None:
    table = pa.table({"A": ["日本", "x", "1"]})
    file_format = FileFormat(encoding="ISO-8859-1")
    made, problems = check(library, table, {0: Expectation("", kind="number")}, file_format)
    assert [(each.reason, each.rows) for each in problems] == [
        (CheckReason.NOT_WRITABLE, (0,)),
        (CheckReason.NOT_A_NUMBER, (1,)),
    ]
    assert "ISO-8859-1" in problems[0].message
    assert made.refused == 2


def test_the_message_has_no_place_whatever_the_name_of_the_column(library: ArrowLibrary) -> None:
    table = pa.table({"Price: net": [1.0, float("nan")]})
    _, (problem,) = check(library, table, {})
    assert problem.rows == (1,)
    assert problem.message.startswith("nan is not a finite number")


@pytest.mark.parametrize(
    ("names", "file_format", "column"),
    [
        (["日本"], FileFormat(encoding="ISO-8859-1"), "日本"),
        (["A", "B"], FileFormat(separator=""), "B"),
    ],
)
def test_a_head_that_cannot_be_written_is_a_problem(
    library: ArrowLibrary, names: list[str], file_format: FileFormat, column: str
) -> None:
    table = pa.table({name: ["x"] for name in names})
    _, problems = check(library, table, {}, file_format)
    assert [each.column for each in problems] == [column]


@pytest.mark.parametrize(
    ("fields", "reasons"),
    [
        ({"missing": ["A"]}, [CheckReason.MISSING_COLUMN]),
        (
            {"unexpected": ["B"], "repeated": ["C"]},
            [CheckReason.UNEXPECTED_COLUMN, CheckReason.REPEATED_COLUMN],
        ),
        ({"expected": ["A", "B"]}, [CheckReason.COLUMN_ORDER]),
    ],
)
def test_other_columns_are_problems(fields: dict[str, Any], reasons: list[CheckReason]) -> None:
    problems = header_problems(ColumnMismatchException("", **fields))
    assert [each.reason for each in problems] == reasons
    assert all(each.message and not each.count for each in problems)
