"""Errors of the authorization server, with Anaplan's statuses and codes."""

from datetime import datetime
from typing import Any

from authlib.oauth2.rfc6749 import OAuth2Error

from anaplan_emulator.apis.replies import Api, ApiError

# Anaplan's statuses, and its codes where they differ from RFC 6749. Only the codes are certain
# (docs/anaplan-behaviour.md#oauth-errors).
_STATUSES_AND_CODES = {
    "access_denied": (403, "access_denied"),
    "authorization_pending": (403, "authorization_pending"),
    "expired_token": (403, "expired_token"),
    "invalid_client": (401, "access_denied"),
    "invalid_grant": (403, "invalid_grant"),
    "slow_down": (403, "slow_down"),
    "unauthorized_client": (403, "unauthorized_client"),
    "unsupported_grant_type": (401, "access_denied"),
}
_DESCRIPTIONS = {
    "authorization_pending": "The user has not decided yet.",
    "expired_token": "The device code has expired.",
    "invalid_client": "The client is unknown, or its secret is wrong or missing.",
    "slow_down": "The device polls too fast: its interval is now five seconds longer.",
}


def _error_body(error: ApiError, _path: str, _now: datetime) -> Any:
    code = error.code or ("server_error" if error.status >= 500 else "invalid_request")
    return {"error": code, "error_description": error.message}


OAUTH = Api(
    name="OAuth 2.0 Service API",
    # No endpoint accepts a token (docs/anaplan-behaviour.md#authorization-schemes).
    schemes=frozenset(),
    error_body=_error_body,
)


def api_error(error: OAuth2Error) -> ApiError:
    """Convert an error of Authlib into one with Anaplan's status and code."""
    name = error.error or "invalid_request"
    status, code = _STATUSES_AND_CODES.get(name, (400, "invalid_request"))
    description = _DESCRIPTIONS.get(name) or error.get_error_description() or name
    return ApiError(status, description, code=code, headers={"Cache-Control": "no-store"})
