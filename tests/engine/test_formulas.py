"""Parsing formulas."""

import pytest

from anaplan_emulator.tenant.data_types import DataType
from anaplan_emulator.tenant.formulas import Term, is_constant, terms


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("Units", [("+", "Units")]),
        ("Units - Returned Units", [("+", "Units"), ("-", "Returned Units")]),
        ("-Out+In", [("-", "Out"), ("+", "In")]),
        ("'Pre-orders' + 'Units'", [("+", "Pre-orders"), ("+", "Units")]),
    ],
)
def test_sums(formula: str, expected: list[tuple[str, str]]) -> None:
    assert [(term.sign, term.name) for term in terms(formula)] == expected
    assert all(isinstance(term, Term) for term in terms(formula))


@pytest.mark.parametrize("formula", ["Units +", "'a' 'b'", "Units ++ Out", "'open"])
def test_invalid_formulas(formula: str) -> None:
    with pytest.raises(ValueError, match="neither a constant nor a sum"):
        terms(formula)


@pytest.mark.parametrize(
    ("formula", "data_type", "constant"),
    [
        ("12.5", DataType.NUMBER, True),
        ("TRUE", DataType.BOOLEAN, True),
        ('"some text"', DataType.TEXT, True),
        ("Units", DataType.NUMBER, False),
        ("Units", DataType.LIST, False),
    ],
)
def test_constants(formula: str, data_type: DataType, constant: bool) -> None:
    assert is_constant(formula, data_type) is constant
