"""Replies as values or errors, in the different forms of Anaplan's APIs."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar, cast

import httpx2

from anaplan_sdk._http.redaction import excerpt, safe_url
from anaplan_sdk._http.retry_policy import (
    is_transient,
    retry_after,
    was_never_sent,
    was_not_performed,
)
from anaplan_sdk.exceptions import (
    AnaplanConnectionException,
    AnaplanException,
    AnaplanRequestException,
    AnaplanResponseException,
    AnaplanTimeoutException,
    FileContentMissingException,
    InvalidCredentialsException,
    InvalidIdentifierException,
    ModelUnavailableException,
    PermissionDeniedException,
    RateLimitException,
    ServerException,
)

if TYPE_CHECKING:
    from anaplan_sdk.models._decoding import Adapter

T = TypeVar("T")

_ERRORS: dict[int, tuple[type[AnaplanException], str]] = {
    401: (InvalidCredentialsException, "Anaplan did not accept the token or the credentials"),
    403: (PermissionDeniedException, "This user's role does not allow the request"),
    404: (InvalidIdentifierException, "The object does not exist or is not visible to this user"),
    422: (ModelUnavailableException, "The model is archived"),
    423: (ModelUnavailableException, "The model is locked"),
    424: (ModelUnavailableException, "The model is offline"),
    425: (ModelUnavailableException, "The model is deployed"),
    452: (PermissionDeniedException, "The tenant is not entitled to this"),
    429: (RateLimitException, "Anaplan asks for fewer requests"),
}
# Codes of the Audit and the Exception Users APIs, and of the Administration API.
_MISSING_ROLE = ("FAILURE_UNAUTHORIZED_USER_ACTION", "ACCESS_CONTROL_DENIED")
_REQUEST_ID_HEADERS = ("X-Request-Id", "X-Correlation-Id", "X-Amzn-Trace-Id", "X-B3-TraceId")


def error_of(response: httpx2.Response, attempts: int) -> AnaplanException | None:
    """Return the error that a reply reports; `None` for a success. An error's body must be read."""
    status = response.status_code
    if response.is_success:
        if is_html(response):
            # Anaplan's APIs send no pages: a proxy or gateway has replaced the reply.
            return unreadable(response, f"an HTML page: {excerpt(response.content)!r}")
        if status == HTTPStatus.PARTIAL_CONTENT:  # No request asks for a part.
            error = unreadable(response, "only a part of what was asked for")
            error.retryable = True
            return error
        return None
    code, reason = _stated_reason(response)
    known = 403 if lacks_rights(response) else status
    kind, text = _ERRORS.get(known, (AnaplanRequestException, "Anaplan refused the request"))
    if status >= 500:
        kind, text = ServerException, "Anaplan could not answer"
    elif response.is_redirect:
        text = f"Anaplan's address redirects to {safe_url(response.headers.get('Location', ''))!r}"
    return kind(
        f"{text}: {reason}" if reason else f"{text}.",
        method=response.request.method,
        url=safe_url(response.request.url),
        status_code=status,
        code=code,
        reason=reason,
        request_id=request_id_of(response),
        attempts=attempts,
        retryable=is_transient(status),
        not_performed=was_not_performed(status),
        retry_after=retry_after(response.headers) if status in (429, 503) else None,
    )


def lacks_rights(response: httpx2.Response) -> bool:
    """Whether a reply's 401 is about the user's role, so that another token would not help."""
    return response.status_code == 401 and _stated_reason(response)[0] in _MISSING_ROLE


def is_html(response: httpx2.Response) -> bool:
    """Whether the body is an HTML page, which none of Anaplan's APIs sends."""
    return _content_type(response) == "text/html"


def transport_error(error: httpx2.RequestError, attempts: int) -> AnaplanException:
    """Return the SDK's error for an error of the HTTP library."""
    timed_out = isinstance(error, httpx2.TimeoutException)
    kind = AnaplanTimeoutException if timed_out else AnaplanConnectionException
    what = "No answer in time" if timed_out else "The connection failed"
    causes = list(_causes(error))
    detail = next((text for cause in causes if (text := str(cause))), type(error).__name__)
    is_permanent = isinstance(error, httpx2.UnsupportedProtocol | httpx2.TooManyRedirects) or any(
        isinstance(cause, ssl.SSLCertVerificationError) for cause in causes
    )
    return kind(
        f"{what}: {detail}",
        method=error.request.method,
        url=safe_url(error.request.url),
        attempts=attempts,
        retryable=not is_permanent,
        not_performed=was_never_sent(error),
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and the errors that caused it."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def decode(adapter: Adapter[T], response: httpx2.Response, *, secret: bool = False) -> T:
    """Decode the body of a successful reply, straight from its bytes.

    Args:
        adapter: Validates the value.
        response: The reply, which was read.
        secret: Whether the body may contain a secret, so that no error may quote it.

    Raises:
        AnaplanResponseException: The body is empty, is not JSON, or lacks a required key.
    """
    from pydantic import ValidationError

    from anaplan_sdk.models._decoding import decode_json

    if not response.content.strip():
        raise unreadable(response, "the body is empty")
    try:
        return decode_json(adapter, response.content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
    # Raised outside of the except block: its context would be pydantic's error, which quotes the
    # body.
    if first["type"] == "json_invalid":
        shown = "" if secret else f": {excerpt(response.content)!r}"
        raise unreadable(response, f"not JSON but {_content_type(response)}{shown}")
    place = ".".join(str(step) for step in first["loc"])
    raise unreadable(response, f"at {place!r}: {first['msg']}")


def unreadable(response: httpx2.Response, why: str) -> AnaplanResponseException:
    """Return the error for a successful reply that is not what Anaplan documents."""
    return AnaplanResponseException(
        f"Anaplan's reply is not valid: {why}",
        method=response.request.method,
        url=safe_url(response.request.url),
        status_code=response.status_code,
        request_id=request_id_of(response),
    )


def content_of(response: httpx2.Response, what: str) -> bytes:
    """Return the body of a reply that is content; it may be empty.

    Args:
        response: The reply, which was read.
        what: What was asked for, for messages: "File 113…".

    Raises:
        FileContentMissingException: The reply says that there is no content (204).
        AnaplanResponseException: It has another status than 200.
    """
    if response.status_code == HTTPStatus.NO_CONTENT:
        raise FileContentMissingException(
            f"{what} has no content.",
            method=response.request.method,
            url=safe_url(response.request.url),
            status_code=response.status_code,
            request_id=request_id_of(response),
        )
    if response.status_code != HTTPStatus.OK:
        raise unreadable(response, f"{what} came with an unexpected status")
    return response.content


def _stated_reason(response: httpx2.Response) -> tuple[str | None, str | None]:
    """Return Anaplan's code and message from an error body of any of its APIs."""
    from pydantic_core import from_json

    try:
        content: object = from_json(response.content)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        text = excerpt(response.content)
        return None, text if text and "html" not in _content_type(response) else None
    body = cast("dict[str, object]", content)
    status = body.get("status")
    if isinstance(status, dict):  # Integration, ALM, CloudWorks
        return None, _first_text(cast("dict[str, object]", status), "message")
    if "detail" in body:  # SCIM, whose `status` repeats the HTTP status
        return _first_text(body, "scimType"), _first_text(body, "detail")
    code = _first_text(body, "status", "error", "errorCode")
    return code, _first_text(body, "statusMessage", "message", "error_description")


def _first_text(body: dict[str, object], *names: str) -> str | None:
    values = (body.get(name) for name in names)
    return next((value for value in values if isinstance(value, str) and value), None)


def _content_type(response: httpx2.Response) -> str:
    named = str(response.headers.get("Content-Type", "an unnamed type"))
    return named.partition(";")[0].strip().lower()


def request_id_of(response: httpx2.Response) -> str | None:
    """Return the id by which Anaplan's support can find the request."""
    return next(
        (response.headers[name] for name in _REQUEST_ID_HEADERS if name in response.headers), None
    )
