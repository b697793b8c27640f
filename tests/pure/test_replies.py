"""Replies become values or errors, whichever of Anaplan's APIs worded them."""

import json

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter

from anaplan_sdk import exceptions
from anaplan_sdk._http.replies import (
    decode,
    error_of,
    transport_error,
)
from anaplan_sdk.exceptions import (
    AnaplanConnectionException,
    AnaplanException,
    AnaplanRequestException,
    AnaplanResponseException,
    AnaplanTimeoutException,
    InvalidCredentialsException,
    InvalidIdentifierException,
    ModelUnavailableException,
    PermissionDeniedException,
    RateLimitException,
    ServerException,
)

JSON = {"Content-Type": "application/json;charset=UTF-8"}
HTML = {"Content-Type": "text/html"}
INTEGRATION = (
    '{"status":{"code":%d,"message":"%s"},'
    '"path":"/2/0/x","timestamp":"2026-07-14T13:55:12.198115662Z"}'
)


def reply(
    status: int = 200,
    body: bytes | str = b"",
    *,
    headers: dict[str, str] | None = None,
    request: httpx2.Request | None = None,
) -> httpx2.Response:
    asked = request or httpx2.Request("GET", "https://me:secret@api.anaplan.com/2/0/x?secret")
    return httpx2.Response(status, content=body, headers=headers, request=asked)


class Thing(BaseModel):
    name: str


THING = TypeAdapter(Thing)


def failed(response: httpx2.Response) -> AnaplanException:
    error = error_of(response, 2)
    assert error is not None
    return error


@pytest.mark.parametrize(
    ("status", "body", "code", "reason"),
    [
        # Integration and ALM
        (404, INTEGRATION % (404, "Not Found"), None, "Not Found"),
        (400, INTEGRATION % (400, "Bad page selector"), None, "Bad page selector"),
        (424, '{"status":{"code":424,"message":""}}', None, None),
        # CloudWorks
        (409, '{"status":{"code":409,"message":"Name is taken"}}', None, "Name is taken"),
        (452, '{"status":{"code":452,"message":"No role"}}', None, "No role"),
        # Authentication, Audit, exception users
        (
            401,
            '{"status":"FAILURE_BAD_CREDENTIAL","statusMessage":"Invalid login"}',
            "FAILURE_BAD_CREDENTIAL",
            "Invalid login",
        ),
        (400, '{"status":"FAILURE_BAD_HEADER","statusMessage":""}', "FAILURE_BAD_HEADER", None),
        # OAuth
        (
            400,
            '{"error":"invalid_grant","error_description":"Unknown refresh token"}',
            "invalid_grant",
            "Unknown refresh token",
        ),
        # SCIM
        (
            400,
            '{"schemas":["Error"],"detail":"Bad","status":"400","scimType":"invalidFilter"}',
            "invalidFilter",
            "Bad",
        ),
        (404, '{"schemas":[],"detail":"No such user","status":"404"}', None, "No such user"),
        # Administration
        (403, '{"status":"FORBIDDEN","message":"No role"}', "FORBIDDEN", "No role"),
        (500, '{"errorCode":"E1","message":"No role"}', "E1", "No role"),
        (401, "", None, None),
        # Others on the way
        (404, '{"timestamp":1,"status":404,"error":"Not Found","path":"/x"}', "Not Found", None),
        (502, "upstream\n connect  error", None, "upstream connect error"),
        (500, "null", None, "null"),
        (500, '["a list"]', None, '["a list"]'),
        (500, '{"status":null,"message":7}', None, None),
        (500, '{"status":{"message":["a"]}}', None, None),
        (500, b"\xff\xfe", None, "\ufffd\ufffd"),
    ],
)  # fmt: skip
def test_the_reason_is_found_in_every_apis_body(
    status: int, body: str | bytes, code: str | None, reason: str | None
) -> None:
    error = failed(reply(status, body, headers=JSON))
    assert (error.code, error.reason) == (code, reason)
    assert error.status_code == status
    assert (reason or "") in str(error)


def test_a_reason_that_says_the_same_is_not_repeated() -> None:
    error = failed(reply(422, INTEGRATION % (422, "The model is archived")))
    assert error.message == "The model is archived."
    assert error.reason == "The model is archived"


def test_a_proxys_page_is_no_reason() -> None:
    page = "<html><head><title>502 Bad Gateway</title></head></html>"
    error = failed(reply(502, page, headers={"Content-Type": "Text/HTML ; charset=utf-8"}))
    assert type(error) is ServerException
    assert error.reason is None
    assert "<" not in str(error)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, AnaplanRequestException),
        (401, InvalidCredentialsException),
        (403, PermissionDeniedException),
        (404, InvalidIdentifierException),
        (405, AnaplanRequestException),
        (406, AnaplanRequestException),
        (407, AnaplanRequestException),
        (415, AnaplanRequestException),
        (422, ModelUnavailableException),
        (423, ModelUnavailableException),
        (424, ModelUnavailableException),
        (425, ModelUnavailableException),
        (429, RateLimitException),
        (500, ServerException),
        (501, ServerException),
        (503, ServerException),
        (599, ServerException),
        (301, AnaplanRequestException),
    ],
)
def test_each_status_has_its_class(status: int, kind: type[AnaplanException]) -> None:
    assert type(failed(reply(status))) is kind


def test_an_error_knows_its_request_and_no_secret() -> None:
    headers = {**JSON, "X-Request-Id": "r-1", "Retry-After": "7"}
    error = failed(reply(503, INTEGRATION % (503, "Busy"), headers=headers))
    assert error.method == "GET"
    assert error.url == "https://api.anaplan.com/2/0/x"
    assert error.request_id == "r-1"
    assert error.attempts == 2
    assert error.retryable
    assert not error.not_performed
    assert error.retry_after == 7
    assert "secret" not in f"{error!s} {error!r} {vars(error)}"


def test_only_replies_that_mean_it_ask_to_wait() -> None:
    assert failed(reply(429, headers={"Retry-After": "7"})).retry_after == 7
    assert failed(reply(500, headers={"Retry-After": "7"})).retry_after is None


@pytest.mark.parametrize("status", [200, 201, 202, 204, 207])
def test_a_success_is_no_error(status: int) -> None:
    assert error_of(reply(status, b"{}", headers=JSON), 1) is None


@pytest.mark.parametrize("content_type", ["text/html", "TEXT/HTML", "text/html ;charset=utf-8"])
def test_a_page_in_place_of_a_success_is_one(content_type: str) -> None:
    error = failed(reply(200, "<h1>Log in</h1>", headers={"Content-Type": content_type}))
    assert type(error) is AnaplanResponseException
    assert "<h1>Log in</h1>" in str(error)
    assert not error.retryable


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("https://user:secret@other.example/x?secret", "https://other.example/x"),
        ("http://other.example:port/", "an invalid URL"),
        (None, ""),
    ],
)
def test_a_redirect_names_where_to(location: str | None, said: str) -> None:
    headers = {} if location is None else {"Location": location}
    error = failed(reply(307, headers=headers))
    assert f"redirects to {said!r}" in str(error)
    assert "secret" not in str(error)
    assert not error.retryable


@given(st.binary(max_size=300), st.integers(300, 599), st.sampled_from([JSON, HTML, {}]))
def test_any_body_makes_an_error_of_ours(body: bytes, status: int, headers: dict[str, str]) -> None:
    request = httpx2.Request("GET", "https://api.anaplan.com/2/0/x")
    response = httpx2.Response(status, content=body, headers=headers, request=request)
    assert type(failed(response)).__name__ in exceptions.__all__


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["status", "message", "detail", "error", "code", "statusMessage"]),
            inner,
        )
    ),
    max_leaves=6,
)


@given(JSON_VALUES)
def test_any_json_makes_an_error_of_ours(value: object) -> None:
    request = httpx2.Request("GET", "https://api.anaplan.com/2/0/x")
    error = failed(httpx2.Response(400, content=json.dumps(value).encode(), request=request))
    assert error.reason is None or isinstance(error.reason, str)
    assert error.code is None or isinstance(error.code, str)


def test_a_byte_order_mark_is_ignored() -> None:
    assert decode(THING, reply(body=b'\xef\xbb\xbf{"name": "Flights"}')).name == "Flights"


def test_values_are_read_from_the_bytes() -> None:
    assert decode(THING, reply(200, '{"name":"Plan","more":1}')) == Thing(name="Plan")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "the body is empty"),
        (" \r\n", "the body is empty"),
        ("busy", "not JSON but application/json: 'busy'"),
        ('{"name":"Pl', "not JSON"),
        ("[]", "at ''"),
        ('{"title":"Plan"}', "at 'name': Field required"),
        ('{"name":["a"]}', "at 'name'"),
        (b'{"name":"\xff"}', "not JSON"),
    ],
)
def test_what_cannot_be_understood_says_why(body: str | bytes, said: str) -> None:
    with pytest.raises(AnaplanResponseException, match=r"is not valid") as caught:
        decode(THING, reply(200, body, headers=JSON))
    assert said in str(caught.value)
    assert caught.value.status_code == 200
    assert not caught.value.retryable
    assert "secret" not in str(caught.value)


def test_half_a_reply_to_a_token_request_is_not_quoted() -> None:
    request = httpx2.Request("POST", "https://auth.anaplan.com/token/authenticate")
    response = reply(201, '{"tokenInfo":{"tokenValue":"secret', headers=JSON, request=request)
    with pytest.raises(AnaplanResponseException, match="not JSON but application/json") as caught:
        decode(THING, response, secret=True)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("error", "kind", "retryable", "not_performed"),
    [
        (httpx2.ConnectError("refused"), AnaplanConnectionException, True, True),
        (httpx2.ConnectTimeout(""), AnaplanTimeoutException, True, True),
        (httpx2.ReadTimeout("slow"), AnaplanTimeoutException, True, False),
        (httpx2.PoolTimeout("busy"), AnaplanTimeoutException, True, True),
        (httpx2.RemoteProtocolError("half"), AnaplanConnectionException, True, False),
        (httpx2.DecodingError("not gzip"), AnaplanConnectionException, True, False),
        (httpx2.TooManyRedirects("20"), AnaplanConnectionException, False, False),
        (httpx2.UnsupportedProtocol("ftp"), AnaplanConnectionException, False, True),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_networks_errors_become_ours(
    error: httpx2.RequestError, kind: type[AnaplanException], retryable: bool, not_performed: bool
) -> None:
    error.request = httpx2.Request("PUT", "https://me:secret@api.anaplan.com/2/0/x?secret")
    ours = transport_error(error, 3, error.request)
    assert type(ours) is kind
    assert (ours.retryable, ours.not_performed) == (retryable, not_performed)
    assert ours.attempts == 3
    assert ours.url == "https://api.anaplan.com/2/0/x"
    assert (str(error) or type(error).__name__) in str(ours)
    assert "secret" not in str(ours)
