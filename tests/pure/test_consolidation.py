"""Access to Financial Consolidation, and filters of its tables."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from anaplan_sdk import ConsolidationAccess, Hosts
from anaplan_sdk.models.consolidation import Filter, WorkflowState, column

A = column("A") == "a"
B = column("B") != 2
C = column("C") >= 1.5


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (A, "A eq 'a'"),
        (A & B & C, "A eq 'a' and B ne 2 and C ge 1.5"),
        (A | B & C, "A eq 'a' or (B ne 2 and C ge 1.5)"),
        ((A | B) & C, "(A eq 'a' or B ne 2) and C ge 1.5"),
        (~A & ~(B | C), "not (A eq 'a') and not (B ne 2 or C ge 1.5)"),
        (column("A") == "O'Neill' or 1 eq 1", "A eq 'O''Neill'' or 1 eq 1'"),
        (column("A") == True, "A eq true"),  # noqa: E712
        (column("A") != None, "A ne null"),  # noqa: E711
        (column("A") < -1, "A lt -1"),
        (column("A") <= "m", "A le 'm'"),
        (column("A") > 1e-7, "A gt 1e-07"),
        (column("A").contains("'"), "contains(A,'''')"),
        (A | column("A").startswith("1"), "A eq 'a' or startswith(A,'1')"),
        (column("A").endswith("2"), "endswith(A,'2')"),
    ],
)
def test_filters(expression: Filter, text: str) -> None:
    assert str(expression) == text


def test_mistakes_with_python_operators_are_errors() -> None:
    name: Any = column("A")
    with pytest.raises(TypeError, match="no truth value"):
        bool(A)
    other: Any = "x"
    with pytest.raises(TypeError, match="each comparison in parentheses"):
        assert name == "a" & name == "b"
    for left, right in ((name, A), (A, other)):
        with pytest.raises(TypeError, match="each comparison in parentheses"):
            assert left | right
    for value in (object(), float("nan"), b"a"):
        with pytest.raises(TypeError, match="cannot be compared"):
            assert name == value
    for text in ("", "1a", "a b", "a eq 1 or b", "a/b"):
        with pytest.raises(ValueError, match="not a valid column name"):
            column(text)


def test_access_is_masked() -> None:
    access = ConsolidationAccess(token="secret", tenant="My Tenant")
    assert repr(access) == str(access) == "ConsolidationAccess(tenant='My Tenant')"
    assert access == pickle.loads(pickle.dumps(access))
    for token, tenant in (("", "T"), ("t", " "), ("t\nX: y", "T"), ("t", "Tenänt")):
        with pytest.raises(ValueError, match=r"token|tenant") as problem:
            ConsolidationAccess(token, tenant)
        assert "X: y" not in str(problem.value)


def test_its_host_is_the_same_for_all_regions() -> None:
    host = "https://fluenceapi-prod.fluence.app/api/v2305.1"
    assert Hosts.of_region("us1").consolidation == Hosts.of_region("au1").consolidation == host
    assert Hosts.at("http://127.0.0.1:1/").consolidation == "http://127.0.0.1:1/api/v2305.1"


def test_a_workflow_that_never_ran() -> None:
    assert not WorkflowState().has_run
    assert WorkflowState(run_id="11111111-1111-1111-1111-111111111111").has_run
