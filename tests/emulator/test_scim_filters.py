from typing import Any

import pytest

from anaplan_emulator.apis.scim.filters import FilterError, Value, parse_filter

ADA: dict[str, Value] = {
    "id": "a1",
    "externalId": None,
    "userName": "Ada@example.com",
    "name.givenName": "Ada",
    "name.familyName": 'King "Lovelace"',
    "active": True,
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('userName eq "ada@EXAMPLE.com"', True),
        ('USERNAME EQ "ada@example.com"', True),
        ('userName ne "ada@example.com"', False),
        ('name.familyName eq "king \\"lovelace\\""', True),
        ("active eq true", True),
        ("active eq False", False),
        ("active ne false", True),
        ("externalId pr", False),
        ("externalId eq null", True),
        ("id eq null", False),
        ("id pr", True),
        ('externalId ne "x"', True),
        ('externalId gt "x"', False),
        ('name.givenName gt "aaa"', True),
        ('name.givenName ge "ada"', True),
        ('name.givenName lt "ada"', False),
        ('name.givenName le "ADA"', True),
        # `and` has precedence over `or`.
        ('id eq "a1" or active eq false and id eq "x"', True),
        ('(id eq "a1" or active eq false) and id eq "x"', False),
        ('((id eq "a1") AND (active eq true)) Or id eq "x"', True),
        ('(id eq"a1")and(active eq true)', True),
    ],
)
def test_filters(text: str, expected: bool) -> None:
    assert parse_filter(text)(ADA) is expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "id",
        "id eq",
        "id eq a1",
        'id eq "a1',
        'id co "a"',
        'id sw "a"',
        'not (id eq "a1")',
        'emails[type eq "work"]',
        'emails.value eq "x"',
        'active eq "true"',
        "active gt true",
        'id eq "a" id eq "b"',
        '(id eq "a"',
        'id eq "a")',
        'id eq "a" and',
        "(" * 100 + "id pr" + ")" * 100,
        'id eq "\\x"',
    ],
)
def test_invalid_and_unsupported_filters(text: str) -> None:
    user: Any = ADA
    with pytest.raises(FilterError):
        parse_filter(text)(user)
