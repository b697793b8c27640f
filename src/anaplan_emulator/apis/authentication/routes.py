"""Routes of the Authentication Service API."""

from datetime import datetime
from typing import Any

from starlette.responses import JSONResponse, Response

from anaplan_emulator.apis.authentication import state
from anaplan_emulator.apis.authentication.certificate import user_by_certificate
from anaplan_emulator.apis.calls import Call, Endpoint, credentials_in_header, token_in_header
from anaplan_emulator.apis.replies import Api, ApiError
from anaplan_emulator.store.tokens import Token, extend_token, find_token, issue_token, revoke_token
from anaplan_emulator.store.users import User

# Anaplan's URL is the same for all hosts (docs/anaplan-behaviour.md#token-replies).
VALIDATION_URL = "https://auth.anaplan.com/token/validate"


def _error_body(error: ApiError, _path: str, _now: datetime) -> Any:
    return {"status": error.code or "FAILURE_BAD_CREDENTIAL", "statusMessage": error.message}


AUTHENTICATION = Api(
    name="Authentication Service API",
    schemes=frozenset({"AnaplanAuthToken"}),
    error_body=_error_body,
    unauthenticated=lambda: ApiError(401, code="FAILURE_BAD_CREDENTIAL"),
)


def authenticate(call: Call) -> Response:
    """Sign in with a password or a certificate."""
    try:
        user = _authenticated_user(call)
    except ApiError as error:
        call.audit.record("USR-9", error_number=error.code)
        raise
    call.audit.record("USR-8", user_id=user.id, object_id=user.id)
    state.record_login(call.db, user, call.tenant.clock.now())
    token = issue_token(
        call.db, user, call.tenant.clock, call.tenant.settings.token_lifetime_seconds
    )
    return _success("Login successful", token, status_code=201)


def _authenticated_user(call: Call) -> User:
    scheme, value = credentials_in_header(call.headers)
    match scheme:
        case "basic":
            return state.user_by_credential(call.db, value)
        case "cacertificate":
            return user_by_certificate(call, value)
        case _:
            raise state.bad_header(401)


def refresh(call: Call) -> Response:
    """Extend the life of a token."""
    token, _ = _valid_token(call, malformed=400)
    if token.grant_id is not None:
        # This is not documented. An OAuth client has a refresh token instead.
        raise state.bad_credential("An OAuth access token is renewed at /oauth/token.")
    extended = extend_token(
        call.db, token, call.tenant.clock, call.tenant.settings.token_lifetime_seconds
    )
    return _success("Token refreshed", extended)


def validate(call: Call) -> Response:
    """Return the expiry and the user of a token."""
    token, user = _valid_token(call, malformed=400)
    body = _body("Token validated")
    body["tokenInfo"] = {"expiresAt": token.expires_at, "tokenId": token.id}
    body["userInfo"] = {
        "userGuid": user.id,
        "userId": user.email,
        "customerGuid": user.customer_id,
    }
    return JSONResponse(body)


def logout(call: Call) -> Response:
    """Revoke a token."""
    try:
        token, user = _valid_token(call, malformed=401)
    except ApiError as error:
        call.audit.record("USR-11", error_number=error.code)
        raise
    call.audit.record("USR-10", object_id=user.id)
    revoke_token(call.db, token)
    return Response(status_code=204)


def _valid_token(call: Call, *, malformed: int) -> tuple[Token, User]:
    """Return the token and its user.

    Args:
        call: The request.
        malformed: The status for a malformed header, which differs between endpoints
            (docs/anaplan-behaviour.md#authentication-failures).

    Raises:
        ApiError: 401, the token is unknown or expired.
    """
    value = token_in_header(call.headers, AUTHENTICATION.schemes)
    if not value:
        raise state.bad_header(malformed)
    found = find_token(call.db, value, call.tenant.clock)
    if found is None:
        raise ApiError(401, "The token is unknown or has expired.", code="FAILURE_BAD_CREDENTIAL")
    token, user = found
    call.audit.user_id, call.audit.session_id = user.id, token.id
    return found


def _success(message: str, token: Token, *, status_code: int = 200) -> Response:
    body = _body(message)
    body["tokenInfo"] = {
        "expiresAt": token.expires_at,
        "tokenId": token.id,
        "tokenValue": token.value,
        "refreshTokenId": token.refresh_id,
    }
    return JSONResponse(body, status_code=status_code)


def _body(message: str) -> dict[str, object]:
    meta = {"validationUrl": VALIDATION_URL}
    return {"meta": meta, "status": "SUCCESS", "statusMessage": message}


ENDPOINTS = [
    Endpoint("POST", "/token/authenticate", authenticate, AUTHENTICATION, authenticated=False),
    Endpoint("POST", "/token/refresh", refresh, AUTHENTICATION, authenticated=False),
    Endpoint("GET", "/token/validate", validate, AUTHENTICATION, authenticated=False),
    Endpoint("POST", "/token/logout", logout, AUTHENTICATION, authenticated=False),
]
