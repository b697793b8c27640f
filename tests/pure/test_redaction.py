"""What may be said of a request."""

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anaplan_sdk._http.redaction import excerpt, safe_url
from anaplan_sdk._printable import printable


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://api.anaplan.com/2/0/models", "https://api.anaplan.com/2/0/models"),
        ("https://me:secret@host/p?code=secret#secret", "https://host/p"),
        ("https://secret@host:8443/", "https://host:8443/"),
        ("/login?token=secret", "/login"),
        ("//host/p?secret", "//host/p"),
        ("", ""),
    ],
)
def test_urls_are_named_without_what_can_be_secret(url: str, said: str) -> None:
    assert safe_url(url) == said
    if url.startswith("https"):
        assert safe_url(httpx2.URL(url)) == said


@given(st.text())
def test_any_text_may_stand_where_a_url_should(url: str) -> None:
    said = safe_url(url)
    assert "?" not in said
    assert "#" not in said


def test_excerpts_are_one_line() -> None:
    assert excerpt(b"<html>\r\n  <b>Bad\tgateway</b>") == "<html> <b>Bad gateway</b>"
    assert excerpt(b"") == ""


@given(st.binary(max_size=2000))
def test_excerpts_are_short_and_say_that_they_are_cut(content: bytes) -> None:
    text = excerpt(content)
    assert len(text) <= 201
    assert text.isprintable() or not text.isascii()
    whole = " ".join(printable(content.decode("utf-8", "replace").replace("\0", "")).split())
    assert text == whole or text.endswith("…")


def test_text_that_takes_many_bytes_is_cut_visibly() -> None:
    assert excerpt("😀".encode() * 201) == "😀" * 200 + "…"
