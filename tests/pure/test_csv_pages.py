"""Pages of large reads as rows, and errors of replies that are too large."""

from __future__ import annotations

import csv

import pytest

from anaplan_sdk._formats.csv_pages import PageReader
from anaplan_sdk._http.reply_limits import suggest_unlimited
from anaplan_sdk.exceptions import AnaplanRequestException, AnaplanResponseException


def rows(*pages: bytes) -> list[dict[str, str]]:
    reader = PageReader()
    return [row for page in pages for row in reader.rows(page)]


@pytest.mark.parametrize(
    "pages",
    [
        (b"a,b\n1,2\n", b"3,4\n"),
        (b"a,b\r\n1,2\r\n", b"a,b\r\n3,4\r\n"),
        (b"a,b\n1,2", b"3,4"),
        (b"\xef\xbb\xbfa,b\n1,2\n", b"\xef\xbb\xbfa,b\n3,4"),
        (b"a,b\n", b"1,2\n", b"", b"3,4\n"),
    ],
)
def test_the_first_page_has_the_header_and_others_may_repeat_it(pages: tuple[bytes]) -> None:
    assert rows(*pages) == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]


def test_only_a_pages_first_row_can_be_the_header_again() -> None:
    assert rows(b"a\n1\n", b"2\na\n") == [{"a": "1"}, {"a": "2"}, {"a": "a"}]


def test_fields_may_hold_anything() -> None:
    assert rows(b'a,b\n"x, ""y""\nz",\xc3\xa9\n') == [{"a": 'x, "y"\nz', "b": "é"}]


def test_a_quote_that_is_never_closed_is_an_error() -> None:
    limit = csv.field_size_limit(131_072)  # Other tests in this process may have changed it.
    try:
        with pytest.raises(AnaplanResponseException, match="not valid CSV: field larger"):
            rows(b'a,b\n1,"' + b"x" * 140_000)
    finally:
        csv.field_size_limit(limit)


def test_no_pages_are_no_rows() -> None:
    assert rows() == rows(b"") == rows(b"a,b\n") == []


def test_columns_of_the_same_name_stay_apart() -> None:
    assert rows(b"Name,Name,Name\n1,2,3\n", b"Name,Name,Name\n4,5,6\n") == [
        {"Name": "1", "Name (2)": "2", "Name (3)": "3"},
        {"Name": "4", "Name (2)": "5", "Name (3)": "6"},
    ]


@pytest.mark.parametrize(("page", "count"), [(b"3,4,5\n", 3), (b"3\n", 1)])
def test_rows_that_dont_fit_the_header_are_an_error(page: bytes, count: int) -> None:
    reader = PageReader()
    assert [*reader.rows(b"a,b\n1,2\n")] == [{"a": "1", "b": "2"}]
    with pytest.raises(
        AnaplanResponseException, match=f"Row 2 has {count} fields, .* header has 2"
    ):
        list(reader.rows(page))


@pytest.mark.parametrize(
    ("status", "reason", "is_suggested"),
    [
        (400, "The view has more than 1,000,000 cells", True),
        (400, "Zu viele Zellen", True),
        (400, None, True),
        (413, None, True),
        (400, "Invalid page selector 20000000003:1", False),
        (403, "limit", False),
    ],
)
def test_errors_that_may_come_from_a_limit_name_methods_without_it(
    status: int, reason: str | None, is_suggested: bool
) -> None:
    with (
        pytest.raises(AnaplanRequestException) as caught,
        suggest_unlimited("tr.read_view or tr.read_view_pages", 20000000003),
    ):
        raise AnaplanRequestException("Refused.", status_code=status, reason=reason)
    suggestion = "Refused. If the reply would be too large, use tr.read_view or"
    assert (suggestion in str(caught.value)) is is_suggested
