"""What clients call: the start of an authorization, tokens, and device codes."""

from typing import cast
from urllib.parse import parse_qsl, urlencode

from authlib.oauth2.rfc6749 import OAuth2Error
from starlette.responses import RedirectResponse, Response

from anaplan_emulator.apis.oauth.browser_routes import PAGES, PRELOGIN
from anaplan_emulator.apis.oauth.parameters import ProviderRequest
from anaplan_emulator.apis.oauth.provider import Provider, refusal
from anaplan_emulator.calls import Call, Endpoint, read_json
from anaplan_emulator.replies import OAUTH, ApiError


def authorize(call: Call) -> Response:
    """Send a browser on to the sign-in page."""
    provider = Provider.serving(call)
    query = call.query.multi_items()
    try:
        provider.authorization(query)
    except OAuth2Error as error:
        if error.redirect_uri:
            return provider.handle_error_response(ProviderRequest("GET", query), error)
        raise refusal(error) from error
    return RedirectResponse(f"{PRELOGIN}?{urlencode(query)}", status_code=302)


def token(call: Call) -> Response:
    """Exchange a code, a device code or a refresh token for tokens."""
    request = ProviderRequest("POST", _parameters(call))
    return cast("Response", Provider.serving(call).create_token_response(request))


def device_code(call: Call) -> Response:
    """Let a device begin to wait for its user."""
    request = ProviderRequest("POST", _parameters(call))
    return Provider.serving(call).authorize_device(request)


def _parameters(call: Call) -> list[tuple[str, str]]:
    """Read a body of JSON, or of a form as RFC 6749 has it (facts 3.1).

    Raises:
        ApiError: 400, the body is neither.
    """
    media_type = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if media_type == "application/x-www-form-urlencoded":
            pairs = parse_qsl(call.body.decode(), keep_blank_values=True)
        else:
            content = read_json(call.body or b"{}")
            pairs = [(name, value) for name, value in content.items() if value is not None]
    except (ValueError, AttributeError) as error:
        raise ApiError(400, "The body is neither a JSON object nor a form.") from error
    if any(not isinstance(value, str) for _, value in pairs):
        raise ApiError(400, "Every parameter must be a string.")
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise ApiError(400, "A parameter stands twice in the body.")
    # An empty parameter is as good as none (RFC 6749, section 3.2).
    return [(name, value) for name, value in pairs if value]


ENDPOINTS = [
    Endpoint("GET", "/auth/authorize", authorize, OAUTH, authenticated=False),
    Endpoint("POST", "/oauth/device/code", device_code, OAUTH, authenticated=False),
    Endpoint("POST", "/oauth/token", token, OAUTH, authenticated=False),
    *PAGES,
]
