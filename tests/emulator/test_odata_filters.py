from typing import Any

import pytest

from anaplan_emulator.apis.consolidation.odata import (
    ODataError,
    UnsupportedODataError,
    parse_filter,
    parse_order,
)

ROW: dict[str, Any] = {"Name": "O'Neill", "Amount": 12.5, "Count": 3, "Final": 1, "Text": None}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Name eq 'O''Neill'", True),
        ("Name eq 'o''neill'", False),
        ("Amount gt 12 and Amount le 12.5", True),
        ("Amount lt -1 or Count ge 3", True),
        ("not (Count ne 3)", True),
        ("not Count eq 4 and Final eq true", True),
        ("Final", True),
        ("Count eq 3 or Count eq 4 and Count eq 5", True),
        ("(Count eq 3 or Count eq 4) and Count eq 5", False),
        ("contains(Name, 'Nei') and startswith(Name,'O') and endswith(Name,'ll')", True),
        ("contains(Text, 'x')", False),
        ("tolower(Name) eq 'o''neill' and length(toupper(trim(' a '))) eq 1", True),
        ("Text eq null and Name ne null", True),
        ("Text gt 'a'", False),
        ("Text ne 'a'", True),
        ("Count in (1, 2, 3)", True),
        ("5 gt Count", True),
        ("Amount eq 1.25e1", True),
    ],
)
def test_filters(text: str, expected: bool) -> None:
    assert parse_filter(text, ROW)(ROW) is expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "ends too early"),
        ("Name eq", "ends too early"),
        ("Name eq 'open", "cannot read"),
        ("Nmae eq 'x'", "no column is called 'Nmae'"),
        ("(Count eq 3", "'\\)' is missing"),
        ("Count eq 3)", "unexpected \\)"),
        ("Count eq 3 Count eq 4", "unexpected Count"),
        ("contains(Name)", "takes 2 arguments"),
        ("and", "unexpected and"),
        ("(" * 60 + "Count eq 3" + ")" * 60, "too deeply"),
    ],
)
def test_invalid_filters(text: str, message: str) -> None:
    with pytest.raises(ODataError, match=message):
        parse_filter(text, ROW)


@pytest.mark.parametrize("text", ["Name gt 3", "contains(Count, '3')"])
def test_values_of_the_wrong_type(text: str) -> None:
    with pytest.raises(ODataError):
        parse_filter(text, ROW)(ROW)


@pytest.mark.parametrize("text", ["Count add 1 eq 4", "year(Name) eq 2020", "mod eq 1"])
def test_unsupported_parts_of_the_language(text: str) -> None:
    with pytest.raises(UnsupportedODataError):
        parse_filter(text, ROW)


def test_sort_orders() -> None:
    assert parse_order("Name, Amount desc,Count asc", ROW) == [
        ("Name", False),
        ("Amount", True),
        ("Count", False),
    ]
    for text in ("Name up", "Nmae", "Name,,Count"):
        with pytest.raises(ODataError):
            parse_order(text, ROW)
