"""Routes of the OAuth 2.0 Service API: authorization, tokens and device codes."""

from typing import cast
from urllib.parse import parse_qsl, urlencode

from authlib.oauth2.rfc6749 import OAuth2Error
from starlette.responses import RedirectResponse, Response

from anaplan_emulator.apis.calls import Call, Endpoint, parse_json
from anaplan_emulator.apis.oauth.authorization_server import OAuthServer
from anaplan_emulator.apis.oauth.errors import OAUTH, api_error
from anaplan_emulator.apis.oauth.parameters import ProviderRequest
from anaplan_emulator.apis.replies import ApiError

SIGN_IN_PATH = "/auth/prelogin"
"""Path of the sign-in page."""


def authorize(call: Call) -> Response:
    """GET /auth/authorize: redirect the browser to the sign-in page."""
    provider = OAuthServer.for_call(call)
    query = call.query.multi_items()
    try:
        provider.authorization(query)
    except OAuth2Error as error:
        if error.redirect_uri:
            return provider.handle_error_response(ProviderRequest("GET", query), error)
        raise api_error(error) from error
    return RedirectResponse(f"{SIGN_IN_PATH}?{urlencode(query)}", status_code=302)


def token(call: Call) -> Response:
    """POST /oauth/token: exchange a code, a device code or a refresh token."""
    request = ProviderRequest("POST", _parameters(call))
    return cast("Response", OAuthServer.for_call(call).create_token_response(request))


def device_code(call: Call) -> Response:
    """POST /oauth/device/code: issue codes to a device."""
    request = ProviderRequest("POST", _parameters(call))
    return OAuthServer.for_call(call).authorize_device(request)


def _parameters(call: Call) -> list[tuple[str, str]]:
    """Return the parameters in a JSON body, or in a form as in RFC 6749.

    Source: docs/anaplan-behaviour.md#oauth-endpoints.

    Raises:
        ApiError: 400, the body is not valid.
    """
    media_type = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if media_type == "application/x-www-form-urlencoded":
            pairs = parse_qsl(call.body.decode(), keep_blank_values=True)
        else:
            content = parse_json(call.body or b"{}")
            pairs = [(name, value) for name, value in content.items() if value is not None]
    except (ValueError, AttributeError) as error:
        raise ApiError(400, "The body is neither a JSON object nor a form.") from error
    if any(not isinstance(value, str) for _, value in pairs):
        raise ApiError(400, "Every parameter must be a string.")
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise ApiError(400, "A parameter is repeated in the body.")
    # An empty parameter counts as missing (RFC 6749, section 3.2).
    return [(name, value) for name, value in pairs if value]


ENDPOINTS = [
    Endpoint("GET", "/auth/authorize", authorize, OAUTH, authenticated=False),
    Endpoint("POST", "/oauth/device/code", device_code, OAUTH, authenticated=False),
    Endpoint("POST", "/oauth/token", token, OAUTH, authenticated=False),
]
