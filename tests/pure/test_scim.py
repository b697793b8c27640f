"""Filters of users, and changes of their workspaces that were not applied."""

from __future__ import annotations

from typing import Any

import pytest

from anaplan_sdk import field
from anaplan_sdk.models import scim
from anaplan_sdk.models._scim_entitlements import unapplied_changes
from anaplan_sdk.models.scim_filter import checked_filter

A = field("userName") == "a"
B = field("externalId") == "b"
C = field("id") != "c"


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (A, 'userName eq "a"'),
        (A & B & C, 'userName eq "a" and externalId eq "b" and id ne "c"'),
        (A | B & C, 'userName eq "a" or (externalId eq "b" and id ne "c")'),
        ((A | B) & C, '(userName eq "a" or externalId eq "b") and id ne "c"'),
        (A & (B | C), 'userName eq "a" and (externalId eq "b" or id ne "c")'),
        (A | (B | C), 'userName eq "a" or externalId eq "b" or id ne "c"'),
        (field("externalId"), "externalId pr"),
        (field("externalId").present() & A, 'externalId pr and userName eq "a"'),
        (field("active"), "active eq true"),
        (~field("active"), "active eq false"),
        (field("active").present(), "active pr"),
        (~field("externalId"), "externalId eq null"),
        (field("active") == False, "active eq false"),  # noqa: E712
        (field("name.givenName") < "m", 'name.givenName lt "m"'),
        (field("name.givenName") <= "m", 'name.givenName le "m"'),
        (field("name.familyName") > "m", 'name.familyName gt "m"'),
        (field("name.familyName") >= "m", 'name.familyName ge "m"'),
        (field("userName") == 'a" or active eq true \\', r'userName eq "a\" or active eq true \\"'),
        (field("userName") == "Zoë\n", 'userName eq "Zoë\\n"'),
    ],
)
def test_expressions(expression: scim.FilterExpression, text: str) -> None:
    assert str(expression) == checked_filter(expression) == text
    assert checked_filter(text) == text
    assert text in repr(expression)


def test_mistakes_with_python_operators_are_errors() -> None:
    name: Any = field("userName")
    with pytest.raises(TypeError, match="no truth value"):
        bool(A)
    with pytest.raises(TypeError, match="no truth value"):
        assert "a" < name < "b"
    with pytest.raises(TypeError, match="each comparison in parentheses"):
        assert name == "a" & name == "b"
    with pytest.raises(TypeError, match="each comparison in parentheses"):
        assert name == "a" | name == "b"
    with pytest.raises(TypeError, match="each comparison in parentheses"):
        assert A & "x"  # type: ignore[operator]
    with pytest.raises(TypeError, match="does not support `not`"):
        assert ~A
    with pytest.raises(TypeError, match="~field"):
        assert name == None  # noqa: E711
    with pytest.raises(TypeError, match="compared with text, not int"):
        assert name == 1
    for wrong in ("true", None, 1):
        with pytest.raises(TypeError, match="True or False"):
            assert field("active") == wrong
    with pytest.raises(TypeError, match="True or False"):
        assert field("active") < True  # type: ignore[operator]
    with pytest.raises(ValueError, match="cannot filter users by 'emails'"):
        field("emails")  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ['userName eq "not [co]"', 'userName eq "\\"["', "userName pr"])
def test_quoted_operators_are_text(text: str) -> None:
    assert checked_filter(text) == text


def user(*ids: str, lines: bool = False) -> scim.User:
    names = {"1": "One", "2": "Two", "3": "Three"}
    entitlements: list[dict[str, str]] = [
        {"value": ",".join(ids), "type": "WORKSPACE_IDS"},
        {"value": ",".join(names[id_] for id_ in ids), "type": "WORKSPACE_NAMES"},
    ]
    if not lines:
        entitlements += [{"value": id_, "type": "WORKSPACE", "display": names[id_]} for id_ in ids]
    person = {"id": "u", "userName": "u", "name": {"givenName": "U", "familyName": "U"}}
    return scim.User.model_validate({**person, "entitlements": entitlements})


def entitled(*ids: str, kind: str = "WORKSPACE") -> list[dict[str, str]]:
    return [{"value": id_, "type": kind} for id_ in ids]


@pytest.mark.parametrize("lines", [False, True])
@pytest.mark.parametrize(
    ("operations", "now", "not_assigned", "still_assigned"),
    [
        ([("add", "entitlements", entitled("1", "2"))], ["1"], ["2"], []),
        ([("add", "entitlements", entitled("1,3", kind="WORKSPACE_IDS"))], ["1"], ["3"], []),
        ([("add", "entitlements", entitled("One,No", kind="WORKSPACE_NAMES"))], ["1"], ["No"], []),
        ([("remove", "entitlements", entitled("1", "2"))], ["1", "3"], [], ["1"]),
        ([("remove", "entitlements", None)], ["1"], [], ["1"]),
        ([("replace", "entitlements", entitled("1", "2"))], ["1", "3"], ["2"], ["3"]),
        ([("replace", 'entitlements[type eq "WORKSPACE"]', entitled("1"))], ["1"], [], []),
        (
            [("add", "entitlements", entitled("1")), ("remove", "entitlements", entitled("1"))],
            [],
            [],
            [],
        ),
        ([("replace", "active", False)], ["1"], [], []),
    ],
)
def test_changes_that_were_not_applied(
    operations: list[tuple[str, str, object]],
    now: list[str],
    not_assigned: list[str],
    still_assigned: list[str],
    lines: bool,
) -> None:
    asked = [
        scim.Operation.model_validate({"op": op, "path": path, "value": value})
        for op, path, value in operations
    ]
    assert unapplied_changes(asked, user(*now, lines=lines)) == (not_assigned, still_assigned)


def test_operations_as_they_are_sent() -> None:
    entitlement = scim.EntitlementInput(value="1")
    assert scim.Add(path="entitlements", value=[entitlement]).to_request() == {
        "op": "add",
        "path": "entitlements",
        "value": [{"value": "1", "type": "WORKSPACE"}],
    }
    assert scim.Replace(path="externalId", value=None).to_request()["value"] is None
    assert scim.Remove(path="externalId").to_request() == {"op": "remove", "path": "externalId"}


def test_users_are_read_tolerantly() -> None:
    sparse = {"id": "1", "userName": "a@b.c", "name": {"givenName": "A", "familyName": "B"}}
    read = scim.User.model_validate({**sparse, "nickName": "x"})
    assert (read.workspace_ids, read.active, read.meta.created) == ([], True, None)
    dumped = read.model_dump(by_alias=True)
    assert dumped["nickName"] == "x"
    assert scim.User.model_validate(dumped) == read
    odd = {"value": "w", "type": "FOLDER", "display": "F"}
    assert scim.Entitlement.model_validate(odd).type == "FOLDER"
