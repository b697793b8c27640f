"""Pages of large reads as rows, and what an error says where a reply would be too large."""

from __future__ import annotations

import pytest

from anaplan_sdk._http.limits import suggesting
from anaplan_sdk._http.pages import PageReader
from anaplan_sdk.exceptions import AnaplanRequestException


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


def test_no_pages_are_no_rows() -> None:
    assert rows() == rows(b"") == rows(b"a,b\n") == []


@pytest.mark.parametrize(
    ("status", "reason", "is_suggested"),
    [
        (400, "The view has more than 1,000,000 cells", True),
        (400, "Cell count exceeds the limit", True),
        (413, None, True),
        (400, "Invalid page selector 1:2", False),
        (400, None, False),
        (403, "limit", False),
    ],
)
def test_errors_name_the_way_that_has_no_limit(
    status: int, reason: str | None, is_suggested: bool
) -> None:
    with (
        pytest.raises(AnaplanRequestException) as caught,
        suggesting("tr.read_view or tr.read_view_pages"),
    ):
        raise AnaplanRequestException("Refused.", status_code=status, reason=reason)
    assert ("Refused. Use tr.read_view or" in str(caught.value)) is is_suggested
