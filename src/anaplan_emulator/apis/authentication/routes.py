"""HTTP in and out of the authentication service."""

from starlette.responses import JSONResponse, Response

from anaplan_emulator import audit, tokens
from anaplan_emulator.apis.authentication import state
from anaplan_emulator.apis.authentication.certificate import user_by_certificate
from anaplan_emulator.calls import Call, Endpoint, token_in_header
from anaplan_emulator.replies import AUTHENTICATION, ApiError
from anaplan_emulator.store.users import User
from anaplan_emulator.tokens import Token

# Anaplan names its own host whatever host was asked (facts 2.1).
VALIDATION_URL = "https://auth.anaplan.com/token/validate"


def authenticate(call: Call) -> Response:
    """Sign in with a password or a certificate."""
    try:
        user = _signing_in(call)
    except ApiError as error:
        audit.record(call, "USR-9", error_number=error.code)
        raise
    audit.record(call, "USR-8", user_id=user.id, object_id=user.id)
    state.record_login(call.db, user, call.world.clock.now())
    token = tokens.issue(
        call.db, user, call.world.clock, call.world.settings.token_lifetime_seconds
    )
    return _success("Login successful", token, status_code=201)


def _signing_in(call: Call) -> User:
    scheme, _, value = call.headers.get("authorization", "").partition(" ")
    match scheme:
        case "Basic":
            return state.user_by_credential(call.db, value)
        case "CACertificate":
            return user_by_certificate(call, value.strip())
        case _:
            raise state.bad_header(401)


def refresh(call: Call) -> Response:
    """Extend a living token."""
    token, _ = _living_token(call, malformed=400)
    if token.grant_id is not None:
        # Facts don't say; an OAuth client has a refresh token for that.
        raise state.bad_credential("An OAuth access token is renewed at /oauth/token.")
    extended = tokens.extend(
        call.db, token, call.world.clock, call.world.settings.token_lifetime_seconds
    )
    return _success("Token refreshed", extended)


def validate(call: Call) -> Response:
    """Tell what a living token is good for."""
    token, user = _living_token(call, malformed=400)
    body = _body("Token validated")
    body["tokenInfo"] = {"expiresAt": token.expires_at, "tokenId": token.id}
    body["userInfo"] = {
        "userGuid": user.id,
        "userId": user.email,
        "customerGuid": user.customer_id,
    }
    return JSONResponse(body)


def logout(call: Call) -> Response:
    """End a living token."""
    try:
        token, user = _living_token(call, malformed=401)
    except ApiError as error:
        audit.record(call, "USR-11", error_number=error.code)
        raise
    audit.record(call, "USR-10", object_id=user.id)
    tokens.revoke(call.db, token)
    return Response(status_code=204)


def _living_token(call: Call, *, malformed: int) -> tuple[Token, User]:
    """Find the caller's token; a header of another shape has a status of its own (facts 2.2)."""
    value = token_in_header(call.headers, AUTHENTICATION.schemes)
    if not value:
        raise state.bad_header(malformed)
    recognised = tokens.recognise(call.db, value, call.world.clock)
    if recognised is None:
        raise ApiError(401, "The token is unknown or has expired.", code="FAILURE_BAD_CREDENTIAL")
    token, user = recognised
    call.account.user_id, call.account.session_id = user.id, token.id
    return recognised


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
