"""Routes of the pages to sign in, and to allow access to clients and devices."""

from collections.abc import Callable
from functools import partial
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from authlib.oauth2.rfc6749 import OAuth2Error
from starlette.responses import RedirectResponse, Response

from anaplan_emulator.apis.authentication.state import record_login, user_by_password
from anaplan_emulator.apis.calls import Call, Endpoint
from anaplan_emulator.apis.oauth import state
from anaplan_emulator.apis.oauth.authorization_server import OAuthServer
from anaplan_emulator.apis.oauth.clients import client_by_id
from anaplan_emulator.apis.oauth.errors import OAUTH
from anaplan_emulator.apis.oauth.grants import CodeGrant
from anaplan_emulator.apis.oauth.parameters import ProviderRequest
from anaplan_emulator.apis.oauth.routes import SIGN_IN_PATH
from anaplan_emulator.apis.oauth.state import Device
from anaplan_emulator.apis.replies import ApiError
from anaplan_emulator.hosts import UNKNOWN_HOST
from anaplan_emulator.pages.browser_sessions import (
    BrowserSession,
    current_session,
    sign_in,
    sign_out,
)
from anaplan_emulator.pages.templates import STYLESHEET, page, stylesheet

CONSENT = "/auth/consent"
ACTIVATE = "/activate"
DEVICE_CODE = "/activate/code"
DEVICE_CONFIRMATION = "/activate/confirm"


def show_sign_in(call: Call) -> Response:
    """GET /auth/prelogin: the sign-in page for a client."""
    grant = _authorization(call)
    if isinstance(grant, Response):
        return grant
    return _sign_in_page(call, current_session(call), action=f"{SIGN_IN_PATH}?{_query(call)}")


def submit_sign_in(call: Call) -> Response:
    """POST /auth/prelogin: sign in, and continue with the consent page."""
    grant = _authorization(call)
    if isinstance(grant, Response):
        return grant
    query = _query(call)
    return _sign_in(call, action=f"{SIGN_IN_PATH}?{query}", then=f"{CONSENT}?{query}")


def show_consent(call: Call) -> Response:
    """GET /auth/consent: the consent page for a client."""
    grant = _authorization(call)
    if isinstance(grant, Response):
        return grant
    session = current_session(call)
    if session.user is None:
        return _redirect(f"{SIGN_IN_PATH}?{_query(call)}")
    return page(
        "consent.html",
        redirects=True,
        action=f"{CONSENT}?{_query(call)}",
        form_token=session.form_token,
        user=session.user,
        client=grant.client,
        scopes=grant.request.scope.split(),
        destination=urlsplit(grant.redirect_uri).netloc,
        other_account=f"{SIGN_IN_PATH}?{_query(call)}",
    )


def submit_consent(call: Call) -> Response:
    """POST /auth/consent: redirect the browser to the client, with a code or an error."""
    grant = _authorization(call)
    if isinstance(grant, Response):
        return grant
    session, form = current_session(call), _form(call)
    if session.user is None:
        return _redirect(f"{SIGN_IN_PATH}?{_query(call)}")
    if not session.sent_form(form):
        return _invalid_form()
    allowed = form.get("decision") == "allow"
    response = OAuthServer.for_call(call).decide(grant, session.user if allowed else None)
    return sign_out(call.db, session, response)


def show_device_sign_in(call: Call) -> Response:
    """GET /activate: the sign-in page for a device."""
    return _sign_in_page(
        call, current_session(call), action=f"{ACTIVATE}?{_query(call)}", device=True
    )


def submit_device_sign_in(call: Call) -> Response:
    """POST /activate: sign in, and continue with the page for the code."""
    query = _query(call)
    return _sign_in(call, action=f"{ACTIVATE}?{query}", then=f"{DEVICE_CODE}?{query}", device=True)


def show_device_code(call: Call) -> Response:
    """GET /activate/code: the page for the code that the device shows."""
    session = current_session(call)
    if session.user is None:
        return _redirect(f"{ACTIVATE}?{_query(call)}")
    return _device_code_page(session, call.query.get("user_code", ""))


def submit_device_code(call: Call) -> Response:
    """POST /activate/code: find the device, and continue with the page for the decision."""
    session, form = current_session(call), _form(call)
    if session.user is None:
        return _redirect(ACTIVATE)
    if not session.sent_form(form):
        return _invalid_form()
    user_code = form.get("user_code", "")
    device = _waiting_device(call, user_code)
    if device is None:
        return _device_code_page(session, user_code, unknown=True)
    return _redirect(f"{DEVICE_CONFIRMATION}?user_code={quote(device.user_code)}")


def show_device_confirmation(call: Call) -> Response:
    """GET /activate/confirm: the page for the decision about a device."""
    session = current_session(call)
    user_code = call.query.get("user_code", "")
    if session.user is None:
        return _redirect(f"{ACTIVATE}?{_query(call)}")
    device = _waiting_device(call, user_code)
    if device is None:
        return _device_code_page(session, user_code, unknown=True)
    return page(
        "device_confirmation.html",
        action=f"{DEVICE_CONFIRMATION}?user_code={quote(device.user_code)}",
        form_token=session.form_token,
        user=session.user,
        client=client_by_id(call.db, device.client_id),
        scopes=device.scope.split(),
        user_code=device.user_code,
        other_account=f"{ACTIVATE}?user_code={quote(device.user_code)}",
    )


def submit_device_confirmation(call: Call) -> Response:
    """POST /activate/confirm: allow or deny access to the device."""
    session, form = current_session(call), _form(call)
    user_code = call.query.get("user_code", "")
    if session.user is None:
        return _redirect(f"{ACTIVATE}?{_query(call)}")
    if not session.sent_form(form):
        return _invalid_form()
    device = _waiting_device(call, user_code)
    if device is None:
        return _device_code_page(session, user_code, unknown=True)
    allowed = form.get("decision") == "allow"
    if allowed:
        state.approve_device(call.db, device, session.user, call.tenant.clock)
    else:
        state.deny_device(call.db, device)
    return sign_out(call.db, session, page("device_done.html", allowed=allowed))


def _authorization(call: Call) -> CodeGrant | Response:
    """Return the requested authorization, or an error as a response.

    A browser is only redirected to callback URLs that are registered for the client.
    """
    server = OAuthServer.for_call(call)
    query = call.query.multi_items()
    try:
        return server.authorization(query)
    except OAuth2Error as error:
        if error.redirect_uri:
            return server.handle_error_response(ProviderRequest("GET", query), error)
        return page("error.html", 400, message=error.description)


def _sign_in_page(
    call: Call,
    session: BrowserSession,
    *,
    action: str,
    device: bool = False,
    email: str = "",
    message: str = "",
    status: int = 200,
) -> Response:
    response = page(
        "sign_in.html",
        status,
        action=action,
        form_token=session.form_token,
        email=email,
        message=message,
        device=device,
    )
    return session.set_cookie(response, call)


def _sign_in(call: Call, *, action: str, then: str, device: bool = False) -> Response:
    session, form = current_session(call), _form(call)
    if not session.sent_form(form):
        # Of another site, or of a tab in which a person signs in after another one.
        message = "This form has expired: sign in here."
        return _sign_in_page(
            call, session, action=action, device=device, message=message, status=403
        )
    email = form.get("email", "").strip()
    try:
        user = user_by_password(call.db, email, form.get("password", ""))
    except ApiError as error:
        call.audit.record("USR-9", error_number=error.code)
        return _sign_in_page(
            call,
            session,
            action=action,
            device=device,
            email=email,
            message=error.message,
            status=401,
        )
    record_login(call.db, user, call.tenant.clock.now())
    call.audit.record("USR-8", user_id=user.id, object_id=user.id)
    return sign_in(call.db, user, call.tenant.clock).set_cookie(_redirect(then), call)


def _device_code_page(
    session: BrowserSession, user_code: str, *, unknown: bool = False
) -> Response:
    return page(
        "device_code.html",
        400 if unknown else 200,
        action=DEVICE_CODE,
        form_token=session.form_token,
        user=session.user,
        user_code=user_code,
        unknown=unknown,
    )


def _waiting_device(call: Call, user_code: str) -> Device | None:
    device = state.device_by_user_code(call.db, user_code, call.tenant.clock)
    return device if device is not None and device.is_waiting else None


def _invalid_form() -> Response:
    return page(
        "error.html",
        403,
        message="This form has expired or was sent by another site. Go back and try again.",
    )


def _redirect(path: str) -> Response:
    return RedirectResponse(path, status_code=303, headers={"Cache-Control": "no-store"})


def _query(call: Call) -> str:
    return urlencode(call.query.multi_items())


def _form(call: Call) -> dict[str, str]:
    return dict(parse_qsl(call.body.decode(errors="replace"), keep_blank_values=True))


def _endpoint(method: str, path: str, handler: Callable[[Call], Response]) -> Endpoint:
    return Endpoint(method, path, partial(_on_known_host, handler), OAUTH, authenticated=False)


def _on_known_host(handler: Callable[[Call], Response], call: Call) -> Response:
    if call.headers.get("host") not in call.tenant.allowed_hosts:
        return page("error.html", 403, message=UNKNOWN_HOST)
    return handler(call)


ENDPOINTS = [
    _endpoint("GET", STYLESHEET, stylesheet),
    _endpoint("GET", SIGN_IN_PATH, show_sign_in),
    _endpoint("POST", SIGN_IN_PATH, submit_sign_in),
    _endpoint("GET", CONSENT, show_consent),
    _endpoint("POST", CONSENT, submit_consent),
    _endpoint("GET", ACTIVATE, show_device_sign_in),
    _endpoint("POST", ACTIVATE, submit_device_sign_in),
    _endpoint("GET", DEVICE_CODE, show_device_code),
    _endpoint("POST", DEVICE_CODE, submit_device_code),
    _endpoint("GET", DEVICE_CONFIRMATION, show_device_confirmation),
    _endpoint("POST", DEVICE_CONFIRMATION, submit_device_confirmation),
]
