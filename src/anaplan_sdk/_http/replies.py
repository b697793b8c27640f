"""Replies as values or errors, in the different forms of Anaplan's APIs."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar, cast

import httpx2

from anaplan_sdk._http.redaction import excerpt, has_secret, quote, safe_url
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
    InvalidArgumentException,
    InvalidCredentialsException,
    InvalidIdentifierException,
    ModelUnavailableException,
    PermissionDeniedException,
    RateLimitException,
    ReplyTooLargeException,
    ServerException,
    WriteRefusedException,
)

if TYPE_CHECKING:
    from anaplan_sdk.models._decoding import Adapter, Envelope
    from anaplan_sdk.models.writes import WriteResult

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
# Ids of workspaces are in lower case, those of models in upper case; for a hint only, since this is
# not documented.
_ID_FORMS = (("workspace", "[0-9A-F]{32}", "model"), ("model", "[0-9a-f]{32}", "workspace"))
# Codes of the Audit and the Exception Users APIs, and of the Administration API.
_MISSING_ROLE = ("FAILURE_UNAUTHORIZED_USER_ACTION", "ACCESS_CONTROL_DENIED")
_LONGEST_ID = 200
_REQUEST_ID_HEADERS = ("X-Request-Id", "X-Correlation-Id", "X-Amzn-Trace-Id", "X-B3-TraceId")


def error_of(response: httpx2.Response, attempts: int) -> AnaplanException | None:
    """Return the error that a reply reports; `None` for a success. An error's body must be read."""
    status = response.status_code
    if response.is_success:
        if is_html(response):
            # Anaplan's APIs send no pages: a proxy or gateway has replaced the reply.
            return unreadable(
                response, f"an HTML page: {excerpt(response.content, *_requests(response))!r}"
            )
        if status == HTTPStatus.PARTIAL_CONTENT:  # No request asks for a part.
            error = unreadable(response, "only a part of what was asked for")
            error.retryable = True
            return error
        return None
    code, reason = (
        quote(said, *_requests(response)) if said else None for said in _stated_reason(response)
    )
    known = 403 if lacks_rights(response) else status
    kind, text = _ERRORS.get(known, (AnaplanRequestException, "Anaplan refused the request"))
    if status >= 500:
        kind, text = ServerException, "Anaplan could not answer"
    elif response.is_redirect:
        target = quote(safe_url(response.headers.get("Location", "")), *_requests(response))
        text = f"Anaplan's address redirects to {target!r}"
    facts: dict[str, Any] = {}
    if status == 400 and (result := _refused_items(response)) is not None:
        kind, facts = WriteRefusedException, {"result": result}
        text = f"Anaplan wrote nothing of the request, as {len(result.failures):,} of it is invalid"
        first = result.failures[0]
        said = (quote(part, *_requests(response)) for part in (first.reason, first.details) if part)
        reason = ": ".join(filter(None, [reason, *said])) or None
    is_same = reason is not None and reason.rstrip(".").casefold() == text.casefold()
    text = f"{text}: {reason}" if reason and not is_same else f"{text}."
    if status in (400, 403, 404) and (hint := _id_hint(response.request.url.path)):
        text = f"{text.rstrip('.')}. {hint}"
    return kind(
        text,
        method=response.request.method,
        url=url_of(response),
        status_code=status,
        code=code,
        reason=reason,
        request_id=request_id_of(response),
        attempts=attempts,
        retryable=is_transient(status),
        not_performed=was_not_performed(status),
        retry_after=retry_after(response.headers) if status in (429, 503) else None,
        **facts,
    )


def _id_hint(path: str) -> str | None:
    """Say that an id has the form of another kind's, which proves nothing by itself."""
    for kind, form, other in _ID_FORMS:
        found = re.search(f"/{kind}s/({form})(?:/|$)", path)
        if found and not found[1].isdecimal():
            return f"The {kind}'s id {found[1]} has the form of a {other}'s: are the two mixed up?"
    return None


def _refused_items(response: httpx2.Response) -> WriteResult | None:
    """Return what was invalid in a write of cells or items that Anaplan refused as a whole."""
    if b'"failures"' not in response.content:
        return None
    from pydantic import TypeAdapter, ValidationError

    from anaplan_sdk.models._decoding import decode_json
    from anaplan_sdk.models.writes import WriteResult

    try:
        result = decode_json(TypeAdapter(WriteResult), response.content)
    except ValidationError:
        return None
    return result if result.failures else None


def lacks_rights(response: httpx2.Response) -> bool:
    """Whether a reply's 401 is about the user's role, so that another token would not help."""
    return response.status_code == 401 and _stated_reason(response)[0] in _MISSING_ROLE


def is_html(response: httpx2.Response) -> bool:
    """Whether the body is an HTML page, which none of Anaplan's APIs sends."""
    return _content_type(response) == "text/html"


def transport_error(error: Exception, attempts: int, request: httpx2.Request) -> AnaplanException:
    """Return the SDK's error for an error of the HTTP library.

    Its cause is the library's error, unless that quotes a secret. Raise it outside of the except
    clause, which would make it the context.

    Args:
        error: An `httpx2.RequestError`, or what a header or a body that can't be sent leads to.
        attempts: How many times the request was sent.
        request: The request.
    """
    facts: dict[str, Any] = {
        "method": request.method,
        "url": safe_url(request.url),
        "attempts": attempts,
    }
    if not isinstance(error, httpx2.RequestError) or isinstance(error, httpx2.LocalProtocolError):
        # The library's text quotes the header.
        return InvalidArgumentException(
            "The request can't be sent: what was put into its headers, perhaps by auth=, is empty, "
            "or contains a line break, a surrounding space or a character outside ASCII.",
            **facts,
        )
    timed_out = isinstance(error, httpx2.TimeoutException)
    kind = AnaplanTimeoutException if timed_out else AnaplanConnectionException
    what = "No answer in time" if timed_out else "The connection failed"
    causes = list(_causes(error))
    detail = next((text for cause in causes if (text := str(cause))), type(error).__name__)
    is_permanent = isinstance(error, httpx2.UnsupportedProtocol | httpx2.TooManyRedirects) or any(
        isinstance(cause, ssl.SSLCertVerificationError) for cause in causes
    )
    problem = kind(
        f"{what}: {quote(detail, request)}",
        retryable=not is_permanent,
        not_performed=was_never_sent(error),
        **facts,
    )
    if not any(has_secret(str(cause), request) for cause in causes):
        problem.__cause__ = error
    return problem


def packed_with(response: httpx2.Response) -> list[str]:
    """Return the content codings of a reply, in the order in which they were applied.

    `x-gzip` is another name of `gzip` (RFC 9110, section 8.4.1.3).
    """
    named = (
        coding.strip().lower() for coding in response.headers.get("Content-Encoding", "").split(",")
    )
    return [coding.removeprefix("x-") for coding in named if coding not in ("", "identity")]


def too_large(response: httpx2.Response, limit: int) -> ReplyTooLargeException:
    """Return the error for a reply of more bytes than the client accepts."""
    return ReplyTooLargeException(
        f"Anaplan's reply has more than {limit:,} bytes, the limit that reply_limits= sets.",
        method=response.request.method,
        url=url_of(response),
        status_code=response.status_code,
        request_id=request_id_of(response),
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
        shown = "" if secret else f": {excerpt(response.content, *_requests(response))!r}"
        raise unreadable(response, f"not JSON but {_content_type(response)}{shown}")
    place = ".".join(str(step) for step in first["loc"])
    raise unreadable(response, f"at {place!r}: {first['msg']}")


def find_id(response: httpx2.Response, *names: str) -> str:
    """Return the id in the reply to a request that has started or created something.

    Anaplan's sources show these replies in different forms, so the id is searched for, whatever
    is around it.

    Args:
        response: The reply, which was read.
        names: The keys that the id may have; an earlier one is preferred, wherever it is.

    Raises:
        AnaplanResponseException: The reply has no id.
    """
    from pydantic_core import from_json

    try:
        content: object = from_json(response.content)
    except ValueError:
        content = None
    for name in names:
        pending = [content]
        for value in pending:  # It grows: what is near the top comes first.
            if isinstance(value, list):
                pending += cast("list[object]", value)
            elif isinstance(value, dict):
                fields = cast("dict[str, object]", value)
                found = fields.get(name)
                if found and isinstance(found, str | int) and found is not True:
                    return str(found)
                pending += fields.values()
    raise unreadable(response, f"it has no {names[0]}: {excerpt(response.content)!r}")


def decode_started(
    adapter: Adapter[Envelope[T]], response: httpx2.Response, make: Callable[[str], T], *names: str
) -> T:
    """Decode the reply to a request that has started something, of which only the id is needed.

    Args:
        adapter: Validates the complete reply.
        response: The reply, which was read.
        make: Makes the value of the id alone.
        names: The keys that the id may have.

    Raises:
        AnaplanResponseException: The reply has no id.
    """
    try:
        return decode(adapter, response).value
    except AnaplanResponseException:
        return make(find_id(response, *names))


def unreadable(response: httpx2.Response, why: str) -> AnaplanResponseException:
    """Return the error for a successful reply that is not what Anaplan documents."""
    return AnaplanResponseException(
        f"Anaplan's reply is not valid: {quote(why, *_requests(response))}",
        method=response.request.method,
        url=url_of(response),
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
        text = excerpt(response.content, *_requests(response))
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
        (
            quote(response.headers[name], *_requests(response), longest=_LONGEST_ID)
            for name in _REQUEST_ID_HEADERS
            if name in response.headers
        ),
        None,
    )


def url_of(response: httpx2.Response) -> str:
    """Return the URL that a reply came from; a redirect may have put a secret into it."""
    url = safe_url(response.request.url)
    return quote(url, *_requests(response)) if response.history else url


def _requests(response: httpx2.Response) -> list[httpx2.Request]:
    """Return the requests whose secrets a reply may repeat: those before a redirect as well."""
    return [each.request for each in (*response.history, response)]
