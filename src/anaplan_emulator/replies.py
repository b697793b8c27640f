"""How each API answers: its envelope, and the shape of its errors."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse, Response


class ApiError(Exception):
    """An answer other than success; the API called gives it its body.

    Args:
        status: HTTP status.
        message: What a person should read; the reason phrase when not given.
        code: The API's own word for it, such as `FAILURE_BAD_CREDENTIAL`, where it has one.
        headers: Headers to send with it.

    """

    def __init__(
        self,
        status: int,
        message: str | None = None,
        *,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status = status
        self.message = message if message is not None else _reason_phrase(status)
        self.code = code
        self.headers = dict(headers or {})
        super().__init__(f"{status} {self.message}")


def _reason_phrase(status: int) -> str:
    # Anaplan has statuses of its own, such as 452.
    return HTTPStatus(status).phrase if status in set(HTTPStatus) else ""


@dataclass(frozen=True, slots=True)
class Api:
    """What the endpoints of one API share: how they are signed in to, and how they refuse.

    Attributes:
        name: Its name, for people.
        schemes: The `Authorization` schemes that carry a token (facts 1.2).
        error_body: Makes the body of an error, given the error, the path and the time.
        unauthenticated: Makes the error for a missing, foreign or dead token.
        key_schemes: The schemes that carry an API key.
        takes_basic: Whether a user's password is taken, too.
        media_type: What bodies of errors are labelled as.
        unverified: Makes the error for a token that is unknown or dead, where that has words of
            its own.

    """

    name: str
    schemes: frozenset[str]
    error_body: Callable[[ApiError, str, datetime], Any]
    unauthenticated: Callable[[], ApiError] = field(default=lambda: ApiError(401))
    unverified: Callable[[], ApiError] | None = None
    key_schemes: frozenset[str] = frozenset()
    takes_basic: bool = False
    media_type: str = "application/json"

    def refuse_token(self, value: str) -> ApiError:
        """Make the error for a token that wasn't recognised, or for none."""
        if value and self.unverified is not None:
            return self.unverified()
        return self.unauthenticated()

    def refuse(self, error: ApiError, path: str, now: datetime) -> Response:
        """Answer with an error."""
        body = self.error_body(error, path, now)
        if body is None:
            return Response(status_code=error.status, headers=error.headers)
        return JSONResponse(
            body, status_code=error.status, headers=error.headers, media_type=self.media_type
        )


def _integration_error(error: ApiError, path: str, now: datetime) -> Any:
    return {
        "status": {"code": error.status, "message": error.message},
        "path": path,
        "timestamp": nanosecond_timestamp(now),
    }


def _authentication_error(error: ApiError, _path: str, _now: datetime) -> Any:
    return {"status": error.code or "FAILURE_BAD_CREDENTIAL", "statusMessage": error.message}


def _audit_error(error: ApiError, _path: str, _now: datetime) -> Any:
    phrase = _reason_phrase(error.status).upper().replace(" ", "_")
    return {"status": error.code or f"FAILURE_{phrase}", "statusMessage": error.message}


def _cloud_works_error(error: ApiError, path: str, now: datetime) -> Any:
    body: dict[str, Any] = {"status": {"code": error.status, "message": error.message}}
    # What the framework refuses tells where and when, too (facts 8).
    if error.status in (401, 405):
        body |= {"path": path, "timestamp": nanosecond_timestamp(now)}
    return body


def _consolidation_error(error: ApiError, _path: str, _now: datetime) -> Any:
    # No source tells the shape (facts 11).
    return {"message": error.message}


def _oauth_error(error: ApiError, _path: str, _now: datetime) -> Any:
    code = error.code or ("server_error" if error.status >= 500 else "invalid_request")
    return {"error": code, "error_description": error.message}


def _scim_error(error: ApiError, _path: str, _now: datetime) -> Any:
    body = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "detail": error.message,
        "status": str(error.status),
    }
    return body | {"scimType": error.code} if error.code else body


def _exception_user_error(error: ApiError, _path: str, _now: datetime) -> Any:
    code = error.code or {
        400: "FAILURE_BAD_REQUEST",
        401: "FAILURE_INVALID_TOKEN",
        403: "FAILURE_UNAUTHORIZED_USER_ACTION",
        404: "FAILURE_NOT_FOUND",
    }.get(error.status, f"FAILURE_{error.status}")
    return {"status": code, "statusMessage": error.message}


def _administration_error(error: ApiError, _path: str, _now: datetime) -> Any:
    if "WWW-Authenticate" in error.headers:
        return None
    phrase = _reason_phrase(error.status).upper().replace(" ", "_")
    return {"status": error.code or phrase, "message": error.message}


INTEGRATION = Api(
    name="Integration API",
    schemes=frozenset({"AnaplanAuthToken", "Bearer"}),
    error_body=_integration_error,
)

AUTHENTICATION = Api(
    name="Authentication Service API",
    schemes=frozenset({"AnaplanAuthToken"}),
    error_body=_authentication_error,
    unauthenticated=lambda: ApiError(401, code="FAILURE_BAD_CREDENTIAL"),
)

AUDIT = Api(
    name="Audit API",
    schemes=frozenset({"AnaplanAuthToken"}),
    error_body=_audit_error,
    unauthenticated=lambda: ApiError(
        401, "There is no valid token header in the request.", code="FAILURE_BAD_HEADER"
    ),
    unverified=lambda: ApiError(401, "Token verification failed.", code="FAILURE_BAD_CREDENTIAL"),
)

CLOUD_WORKS = Api(
    name="CloudWorks API",
    schemes=frozenset({"AnaplanAuthToken", "Bearer"}),
    error_body=_cloud_works_error,
)

CONSOLIDATION = Api(
    name="Financial Consolidation API",
    schemes=frozenset(),  # It has a header of its own (facts 1.2).
    error_body=_consolidation_error,
)

SCIM = Api(
    name="SCIM API",
    schemes=frozenset({"AnaplanAuthToken", "Bearer"}),
    error_body=_scim_error,
    key_schemes=frozenset({"Bearer"}),
    takes_basic=True,
    media_type="application/scim+json",
)

EXCEPTION_USERS = Api(
    name="Exception Users API",
    schemes=frozenset({"AnaplanAuthToken"}),
    error_body=_exception_user_error,
    unauthenticated=lambda: ApiError(
        400, "The Authorization header is missing or malformed.", code="FAILURE_BAD_HEADER"
    ),
    unverified=lambda: ApiError(401, "The token is unknown or has expired."),
    key_schemes=frozenset({"AnaplanApiKey"}),
)

ADMINISTRATION = Api(
    name="Administration API",
    schemes=frozenset({"AnaplanAuthToken"}),
    error_body=_administration_error,
    unauthenticated=lambda: ApiError(401, headers={"WWW-Authenticate": "Bearer"}),
    unverified=lambda: ApiError(401, "The token is unknown or has expired."),
)

OAUTH = Api(
    name="OAuth 2.0 Service API",
    schemes=frozenset(),  # Nothing there takes a token (facts 1.2).
    error_body=_oauth_error,
)


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    """Write rows so that a reader of CSV finds the same fields in them."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def nanosecond_timestamp(moment: datetime) -> str:
    """Write a moment as the Integration API's errors do: nine digits of second, and Z."""
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}000Z"


def envelope(
    kind: str,
    /,
    *,
    model_id: str | None = None,
    paging: Mapping[str, Any] | None = None,
    status_code: int = 200,
    message: str = "Success",
    headers: Mapping[str, str] | None = None,
    **payload: Any,
) -> JSONResponse:
    """Answer in the Integration API's envelope (facts 4.1).

    Args:
        kind: Last word of the decorative `meta.schema`, such as `module`.
        model_id: The model the reply is about, if any.
        paging: `meta.paging` of a listing.
        status_code: HTTP status, repeated in the body.
        message: What the body says beside it.
        headers: Headers to send with it.
        **payload: The reply's own keys.

    """
    # Anaplan writes its own host here whatever host was asked (facts 15).
    model = f"/models/{model_id}" if model_id else ""
    meta: dict[str, Any] = {"schema": f"https://api.anaplan.com/2/0{model}/objects/{kind}"}
    if paging is not None:
        meta["paging"] = dict(paging)
    status = {"code": status_code, "message": message}
    return JSONResponse(
        {"meta": meta, "status": status, **payload}, status_code=status_code, headers=headers
    )
