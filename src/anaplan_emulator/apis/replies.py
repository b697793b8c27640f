"""Responses: the errors of an API, and the envelope of the Integration API."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse, Response


class ApiError(Exception):
    """A response other than success. Its body is determined by the API that is called.

    Args:
        status: HTTP status.
        message: The message for users; the reason phrase of the status by default.
        code: The API's error code, such as `FAILURE_BAD_CREDENTIAL`, if it has any.
        headers: Headers of the response.
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
        self.message = message if message is not None else reason_phrase(status)
        self.code = code
        self.headers = dict(headers or {})
        super().__init__(f"{status} {self.message}")


def reason_phrase(status: int) -> str:
    """Return the reason phrase of a status, or "" for statuses of Anaplan's own, such as 452."""
    return HTTPStatus(status).phrase if status in set(HTTPStatus) else ""


@dataclass(frozen=True, slots=True)
class Api:
    """What the endpoints of an API have in common: authentication and errors.

    Attributes:
        name: Name of the API.
        schemes: The `Authorization` schemes of tokens
            (docs/anaplan-behaviour.md#authorization-schemes).
        error_body: Returns the body of an error, given the error, the path and the time; None for
            an error without a body.
        unauthenticated: Returns the error for a request without a token.
        unverified: Returns the error for an unknown or expired token, if that is another one.
        key_schemes: The `Authorization` schemes of API keys.
        accepts_basic: Whether a user's password is accepted with the scheme Basic.
        media_type: The `Content-Type` of errors.
    """

    name: str
    schemes: frozenset[str]
    error_body: Callable[[ApiError, str, datetime], Any]
    unauthenticated: Callable[[], ApiError] = field(default=lambda: ApiError(401))
    unverified: Callable[[], ApiError] | None = None
    key_schemes: frozenset[str] = frozenset()
    accepts_basic: bool = False
    media_type: str = "application/json"

    def authentication_error(self, value: str) -> ApiError:
        """Return the error for a token that is unknown, expired or, if empty, missing."""
        if value and self.unverified is not None:
            return self.unverified()
        return self.unauthenticated()

    def error_response(self, error: ApiError, path: str, now: datetime) -> Response:
        """Return the response for an error."""
        body = self.error_body(error, path, now)
        if body is None:
            return Response(status_code=error.status, headers=error.headers)
        return JSONResponse(
            body, status_code=error.status, headers=error.headers, media_type=self.media_type
        )


def _error_body(error: ApiError, path: str, now: datetime) -> Any:
    return {
        "status": {"code": error.status, "message": error.message},
        "path": path,
        "timestamp": nanosecond_timestamp(now),
    }


INTEGRATION = Api(
    name="Integration API",
    schemes=frozenset({"AnaplanAuthToken", "Bearer"}),
    error_body=_error_body,
)


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    """Return rows as CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def nanosecond_timestamp(moment: datetime) -> str:
    """Return a timestamp with nine fractional digits and Z, as in the Integration API's errors."""
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
    """Return a response in the envelope of the Integration API.

    Source: docs/anaplan-behaviour.md#envelope.

    Args:
        kind: The last segment of `meta.schema`, such as `module`.
        model_id: Id of the model that the response is about, if any.
        paging: The object `meta.paging` of a listing.
        status_code: HTTP status, which is repeated in the body.
        message: The message in the body.
        headers: Headers of the response.
        **payload: The other members of the body.
    """
    # Anaplan's URL is the same for all hosts (docs/anaplan-behaviour.md#envelope).
    model = f"/models/{model_id}" if model_id else ""
    meta: dict[str, Any] = {"schema": f"https://api.anaplan.com/2/0{model}/objects/{kind}"}
    if paging is not None:
        meta["paging"] = dict(paging)
    status = {"code": status_code, "message": message}
    return JSONResponse(
        {"meta": meta, "status": status, **payload}, status_code=status_code, headers=headers
    )
