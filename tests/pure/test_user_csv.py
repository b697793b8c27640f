"""The CSV of users."""

from __future__ import annotations

import pytest

from anaplan_sdk import models
from anaplan_sdk._formats.json_batches import locate_failures
from anaplan_sdk._formats.user_csv import read_users, to_csv, user_batches, without_header


def users(count: int) -> list[models.UserRow]:
    return [
        models.UserRow(username=f"{i}@b.c", first_name="A", last_name="B", licenses=["S", "E"])
        for i in range(count)
    ]


@pytest.mark.parametrize(
    ("count", "spans"),
    [(1, [(0, 1)]), (500, [(0, 500)]), (501, [(0, 500), (500, 501)])],
)
def test_batches(count: int, spans: list[tuple[int, int]]) -> None:
    batches = user_batches(users(count))
    assert [(batch.span.start, batch.span.stop) for batch in batches] == spans
    assert [batch.is_last for batch in batches] == [False] * (len(spans) - 1) + [True]
    assert [row for batch in batches for row in read_users(to_csv(batch))] == users(count)


def test_the_file_that_is_sent() -> None:
    row = {"username": "a@b.c", "first_name": 'A"', "last_name": "B\nC", "licenses": "S, E"}
    (batch,) = user_batches([row])
    content = to_csv(batch)
    assert content == (b'username,first_name,last_name,licenses\r\na@b.c,"A""","B\nC","S,E"\r\n')
    assert without_header(content).startswith(b"a@b.c")
    assert batch.items == [row]


def test_failures_in_any_form() -> None:
    batch = user_batches(users(501))[1]
    for errors, expected in (
        ({"1": "a"}, [(500, "a")]),
        ({"row 1": None}, [(500, "")]),
        ([{"row": "1", "message": "a"}], [(500, "a")]),
        (["b"], [(-1, "b")]),
        ([{"message": "c"}], [(-1, "c")]),
        ([], []),
        ("?", []),
    ):
        result = models.UserImportResult.model_validate({"accepted": 1, "errors": errors})
        failures = locate_failures(result, batch).failures
        assert [(one.index, one.details) for one in failures] == expected
        assert all((one.item is None) == (one.index < 0) for one in failures)
