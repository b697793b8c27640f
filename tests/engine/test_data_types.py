import pytest

from anaplan_emulator.tenant.data_types import DataType, Stored, parser, render


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", 1.0), ("-1,234.5", -1234.5), ("+.5", 0.5), ("1e3", 1000.0), ("", None), ("7.", 7.0)],
)
def test_numbers(text: str, value: Stored) -> None:
    assert parser(DataType.NUMBER)(text) == value


@pytest.mark.parametrize("text", ["nan", "inf", "1_000", "1,23", "--1", "1e999", "0x10", "e5", "."])
def test_invalid_numbers(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parser(DataType.NUMBER)(text)


def test_numbers_with_a_decimal_comma() -> None:
    assert parser(DataType.NUMBER, ",")("1.234,5") == 1234.5


@pytest.mark.parametrize(
    ("text", "value"), [("TRUE", 1), ("yes", 1), ("1", 1), ("no", None), ("False", None)]
)
def test_booleans(text: str, value: Stored) -> None:
    assert parser(DataType.BOOLEAN)(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("2013-02-28", "2013-02-28"), ("2013-02-01T10:00:00Z", "2013-02-01"), ("", None)],
)
def test_dates(text: str, value: Stored) -> None:
    assert parser(DataType.DATE)(text) == value


@pytest.mark.parametrize("text", ["2013-02-30", "28.02.2013", "20130228", "2013-W09-4"])
def test_invalid_dates(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parser(DataType.DATE)(text)


@pytest.mark.parametrize(
    ("data_type", "value", "text"),
    [
        (DataType.NUMBER, None, "0"),
        (DataType.NUMBER, 3.0, "3"),
        (DataType.NUMBER, -0.1, "-0.1"),
        (DataType.NUMBER, 1e300, "1e+300"),
        (DataType.BOOLEAN, None, "false"),
        (DataType.BOOLEAN, 1, "true"),
        (DataType.TEXT, None, ""),
        (DataType.DATE, "2026-01-01", "2026-01-01"),
    ],
)
def test_rendering(data_type: DataType, value: Stored, text: str) -> None:
    assert render(data_type, value) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("9007199254740991", "9007199254740991"),
        ("9007199254740992", "9007199254740992"),
        ("-12345678901234567", "-12345678901234568"),
        ("1e20", "100000000000000000000"),
        ("1e22", "1e+22"),
        ("0.5", "0.5"),
    ],
)
def test_great_integers_are_shown_without_a_fraction(text: str, shown: str) -> None:
    assert render(DataType.NUMBER, parser(DataType.NUMBER)(text)) == shown
