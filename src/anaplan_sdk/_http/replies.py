"""A reply becomes a value or an error, whichever of Anaplan's APIs has worded it."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from typing import TypeVar, cast

import httpx2

from anaplan_sdk._http.redaction import excerpt, safe_url
from anaplan_sdk._http.retry_policy import is_transient, never_left, retry_after, was_not_performed
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
from anaplan_sdk.models._envelopes import Reader

T = TypeVar("T")

_ERRORS: dict[int, tuple[type[AnaplanException], str]] = {
    401: (InvalidCredentialsException, "Anaplan did not accept the token or the credentials"),
    403: (PermissionDeniedException, "This user's role does not allow the request"),
    404: (InvalidIdentifierException, "No such object, or none that this user may see"),
    422: (ModelUnavailableException, "The model is archived"),
    423: (ModelUnavailableException, "The model is locked"),
    424: (ModelUnavailableException, "The model is offline"),
    425: (ModelUnavailableException, "The model is deployed"),
    452: (PermissionDeniedException, "The tenant is not entitled to this"),
    429: (RateLimitException, "Anaplan asks for fewer requests"),
}
# The words of the Audit and the Exception Users APIs, and of the Administration API.
_LACK_OF_RIGHTS = ("FAILURE_UNAUTHORIZED_USER_ACTION", "ACCESS_CONTROL_DENIED")
_REQUEST_ID_HEADERS = ("X-Request-Id", "X-Correlation-Id", "X-Amzn-Trace-Id", "X-B3-TraceId")


def error_of(response: httpx2.Response, attempts: int) -> AnaplanException | None:
    """The error a read reply stands for, or `None` when it is a success."""
    status = response.status_code
    if response.is_success:
        if is_page(response):
            # No API answers a success with a page: something on the way has put its own in place.
            return unreadable(response, f"an HTML page: {excerpt(response.content)!r}")
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
        request_id=_request_id(response),
        attempts=attempts,
        retryable=is_transient(status),
        not_performed=was_not_performed(status),
        retry_after=retry_after(response.headers) if status in (429, 503) else None,
    )


def lacks_rights(response: httpx2.Response) -> bool:
    """Whether a read reply's 401 is about the user's role, and no other token would help."""
    return response.status_code == 401 and _stated_reason(response)[0] in _LACK_OF_RIGHTS


def is_page(response: httpx2.Response) -> bool:
    """Whether the body is an HTML page, which none of the APIs sends."""
    return _content_type(response) == "text/html"


def transport_error(error: httpx2.RequestError, attempts: int) -> AnaplanException:
    """Our error for one of the HTTP library's."""
    timed_out = isinstance(error, httpx2.TimeoutException)
    kind = AnaplanTimeoutException if timed_out else AnaplanConnectionException
    what = "No answer in time" if timed_out else "The connection failed"
    causes = list(_causes(error))
    detail = next((text for cause in causes if (text := str(cause))), type(error).__name__)
    is_lasting = isinstance(error, httpx2.UnsupportedProtocol | httpx2.TooManyRedirects) or any(
        isinstance(cause, ssl.SSLCertVerificationError) for cause in causes
    )
    return kind(
        f"{what}: {detail}",
        method=error.request.method,
        url=safe_url(error.request.url),
        attempts=attempts,
        retryable=not is_lasting,
        not_performed=never_left(error),
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, and what it came from."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def decode(reader: Reader[T], response: httpx2.Response, *, secret: bool = False) -> T:
    """The value in a successful reply's body, straight from its bytes.

    Args:
        reader: Reads the value.
        response: A read reply.
        secret: Whether even half of the body may hold a secret, so that no error quotes it.

    Raises:
        AnaplanResponseException: There is no body, it isn't JSON, or a required key is missing.
    """
    from pydantic import ValidationError

    from anaplan_sdk.models._reading import read_json

    if not response.content.strip():
        raise unreadable(response, "the body is empty")
    try:
        return read_json(reader, response.content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
    # Not raised above: the error's context would be pydantic's, which quotes the body.
    if first["type"] == "json_invalid":
        shown = "" if secret else f": {excerpt(response.content)!r}"
        raise unreadable(response, f"not JSON but {_content_type(response)}{shown}")
    place = ".".join(str(step) for step in first["loc"])
    raise unreadable(response, f"at {place!r}: {first['msg']}")


def unreadable(response: httpx2.Response, why: str) -> AnaplanResponseException:
    """The error for a successful reply that isn't what Anaplan documents."""
    return AnaplanResponseException(
        f"Anaplan's reply can't be understood: {why}",
        method=response.request.method,
        url=safe_url(response.request.url),
        status_code=response.status_code,
        request_id=_request_id(response),
    )


def _stated_reason(response: httpx2.Response) -> tuple[str | None, str | None]:
    """Anaplan's code and message, from whichever of its error bodies this is."""
    from pydantic_core import from_json

    try:
        said: object = from_json(response.content)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        text = excerpt(response.content)
        return None, text if text and "html" not in _content_type(response) else None
    body = cast("dict[str, object]", said)
    status = body.get("status")
    if isinstance(status, dict):  # Integration, ALM, CloudWorks
        return None, _first_text(cast("dict[str, object]", status), "message")
    if "detail" in body:  # SCIM, whose status only repeats the HTTP one
        return _first_text(body, "scimType"), _first_text(body, "detail")
    code = _first_text(body, "status", "error", "errorCode")
    return code, _first_text(body, "statusMessage", "message", "error_description")


def _first_text(body: dict[str, object], *names: str) -> str | None:
    values = (body.get(name) for name in names)
    return next((value for value in values if isinstance(value, str) and value), None)


def _content_type(response: httpx2.Response) -> str:
    named = str(response.headers.get("Content-Type", "an unnamed type"))
    return named.partition(";")[0].strip().lower()


def _request_id(response: httpx2.Response) -> str | None:
    return next(
        (response.headers[name] for name in _REQUEST_ID_HEADERS if name in response.headers), None
    )
