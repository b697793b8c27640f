"""The arithmetic of pages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anaplan_sdk._http.paging import bounded, further_offsets
from anaplan_sdk.exceptions import ReplyTooLargeException


@given(st.integers(1, 40), st.integers(0, 300))
def test_pages_cover_everything_once(page_size: int, total: int) -> None:
    items = range(total)
    first = items[:page_size]
    if not first:
        assert list(further_offsets(0, total)) == []
        return
    rest = [
        item for offset in further_offsets(len(first), total) for item in items[offset:][:page_size]
    ]
    assert [*first, *rest] == list(items)


@pytest.mark.parametrize(("received", "total"), [(0, 0), (7, 0), (7, 7), (8, 7), (0, 3)], ids=str)
def test_one_page_may_be_all(received: int, total: int) -> None:
    assert list(further_offsets(received, total)) == []


def test_smaller_pages_than_requested_determine_the_offsets() -> None:
    assert list(further_offsets(5000, 12_345)) == [5000, 10_000]


def test_more_pages_than_a_range_can_count_are_too_many() -> None:
    with pytest.raises(ReplyTooLargeException):
        list(bounded(further_offsets(1, 10**30), 1000))
    assert list(bounded(range(5, 20, 5), 4)) == [5, 10, 15]
