"""What people see: the pages to sign in, to consent, and to let a device in."""

from collections.abc import Callable
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from authlib.oauth2.rfc6749 import OAuth2Error
from starlette.responses import RedirectResponse, Response

from anaplan_emulator import audit
from anaplan_emulator.apis.authentication.state import record_login, user_by_password
from anaplan_emulator.apis.oauth import state
from anaplan_emulator.apis.oauth.clients import client_by_id
from anaplan_emulator.apis.oauth.grants import CodeGrant
from anaplan_emulator.apis.oauth.parameters import ProviderRequest
from anaplan_emulator.apis.oauth.provider import Provider
from anaplan_emulator.apis.oauth.sessions import Browser, browser, sign_in, sign_out
from anaplan_emulator.apis.oauth.state import Device
from anaplan_emulator.calls import Call, Endpoint
from anaplan_emulator.pages import STYLESHEET, page, stylesheet
from anaplan_emulator.replies import OAUTH, ApiError

PRELOGIN = "/auth/prelogin"
CONSENT = "/auth/consent"
ACTIVATE = "/activate"
DEVICE_CODE = "/activate/code"
DEVICE_CONFIRMATION = "/activate/confirm"


def show_sign_in(call: Call) -> Response:
    """Ask who is there, for a client that wants a code."""
    grant = _authorization(call)
    if isinstance(grant, Response):
        return grant
    return _sign_in_page(call, browser(call), action=f"{PRELOGIN}?{_query(call)}")


def take_sign_in(call: Call) -> Response:
    """Check who is there, and go on to the consent page."""
    grant = _authorization(call)
    if isinstance(grant, Response):
        return grant
    query = _query(call)
    return _take_sign_in(call, action=f"{PRELOGIN}?{query}", then=f"{CONSENT}?{query}")


def show_consent(call: Call) -> Response:
    """Ask whether the client may have what it asks for."""
    grant = _authorization(call)
    if isinstance(grant, Response):
        return grant
    visitor = browser(call)
    if visitor.user is None:
        return _see(f"{PRELOGIN}?{_query(call)}")
    return page(
        "consent.html",
        leaves=True,
        action=f"{CONSENT}?{_query(call)}",
        form_token=visitor.form_token,
        user=visitor.user,
        client=grant.client,
        scopes=grant.request.scope.split(),
        destination=urlsplit(grant.redirect_uri).netloc,
        other_account=f"{PRELOGIN}?{_query(call)}",
    )


def take_consent(call: Call) -> Response:
    """Send the browser back to the client, with a code or with a refusal."""
    grant = _authorization(call)
    if isinstance(grant, Response):
        return grant
    visitor, form = browser(call), _form(call)
    if visitor.user is None:
        return _see(f"{PRELOGIN}?{_query(call)}")
    if not visitor.filled(form):
        return _foreign_form()
    allowed = form.get("decision") == "allow"
    answer = Provider.serving(call).decide(grant, visitor.user if allowed else None)
    return sign_out(call.db, visitor, answer)


def show_device_sign_in(call: Call) -> Response:
    """Ask who is there, for a device."""
    return _sign_in_page(call, browser(call), action=f"{ACTIVATE}?{_query(call)}", device=True)


def take_device_sign_in(call: Call) -> Response:
    """Check who is there, and go on to the device's code."""
    query = _query(call)
    return _take_sign_in(
        call, action=f"{ACTIVATE}?{query}", then=f"{DEVICE_CODE}?{query}", device=True
    )


def show_device_code(call: Call) -> Response:
    """Ask for the code that the device shows."""
    visitor = browser(call)
    if visitor.user is None:
        return _see(f"{ACTIVATE}?{_query(call)}")
    return _device_code_page(visitor, call.query.get("user_code", ""))


def take_device_code(call: Call) -> Response:
    """Look for the device, and go on to ask what shall become of it."""
    visitor, form = browser(call), _form(call)
    if visitor.user is None:
        return _see(ACTIVATE)
    if not visitor.filled(form):
        return _foreign_form()
    typed = form.get("user_code", "")
    device = _waiting_device(call, typed)
    if device is None:
        return _device_code_page(visitor, typed, wrong=True)
    return _see(f"{DEVICE_CONFIRMATION}?user_code={quote(device.user_code)}")


def show_device_confirmation(call: Call) -> Response:
    """Ask whether the device may have what it asks for."""
    visitor = browser(call)
    typed = call.query.get("user_code", "")
    if visitor.user is None:
        return _see(f"{ACTIVATE}?{_query(call)}")
    device = _waiting_device(call, typed)
    if device is None:
        return _device_code_page(visitor, typed, wrong=True)
    return page(
        "device_confirmation.html",
        action=f"{DEVICE_CONFIRMATION}?user_code={quote(device.user_code)}",
        form_token=visitor.form_token,
        user=visitor.user,
        client=client_by_id(call.db, device.client_id),
        scopes=device.scope.split(),
        user_code=device.user_code,
        other_account=f"{ACTIVATE}?user_code={quote(device.user_code)}",
    )


def take_device_confirmation(call: Call) -> Response:
    """Let the device in, or turn it away."""
    visitor, form = browser(call), _form(call)
    typed = call.query.get("user_code", "")
    if visitor.user is None:
        return _see(f"{ACTIVATE}?{_query(call)}")
    if not visitor.filled(form):
        return _foreign_form()
    device = _waiting_device(call, typed)
    if device is None:
        return _device_code_page(visitor, typed, wrong=True)
    allowed = form.get("decision") == "allow"
    if allowed:
        state.approve_device(call.db, device, visitor.user, call.world.clock)
    else:
        state.deny_device(call.db, device)
    return sign_out(call.db, visitor, page("device_done.html", allowed=allowed))


def _authorization(call: Call) -> CodeGrant | Response:
    """Read what the browser was sent with, at every step anew; or say why that won't do.

    A browser is only ever sent to a callback URL that its client has registered.
    """
    provider = Provider.serving(call)
    query = call.query.multi_items()
    try:
        return provider.authorization(query)
    except OAuth2Error as error:
        if error.redirect_uri:
            return provider.handle_error_response(ProviderRequest("GET", query), error)
        return page("error.html", 400, message=error.description)


def _sign_in_page(
    call: Call,
    visitor: Browser,
    *,
    action: str,
    device: bool = False,
    email: str = "",
    message: str = "",
) -> Response:
    shown = page(
        "sign_in.html",
        401 if message else 200,
        action=action,
        form_token=visitor.form_token,
        email=email,
        message=message,
        device=device,
    )
    return visitor.remember(shown, call)


def _take_sign_in(call: Call, *, action: str, then: str, device: bool = False) -> Response:
    visitor, form = browser(call), _form(call)
    if not visitor.filled(form):
        return _foreign_form()
    email = form.get("email", "").strip()
    try:
        user = user_by_password(call.db, email, form.get("password", ""))
    except ApiError as error:
        audit.record(call, "USR-9", error_number=error.code)
        return _sign_in_page(
            call, visitor, action=action, device=device, email=email, message=error.message
        )
    record_login(call.db, user, call.world.clock.now())
    audit.record(call, "USR-8", user_id=user.id, object_id=user.id)
    return sign_in(call.db, user, call.world.clock).remember(_see(then), call)


def _device_code_page(visitor: Browser, typed: str, *, wrong: bool = False) -> Response:
    return page(
        "device_code.html",
        400 if wrong else 200,
        action=DEVICE_CODE,
        form_token=visitor.form_token,
        user=visitor.user,
        user_code=typed,
        wrong=wrong,
    )


def _waiting_device(call: Call, user_code: str) -> Device | None:
    device = state.device_by_user_code(call.db, user_code, call.world.clock)
    return device if device is not None and device.waits else None


def _foreign_form() -> Response:
    return page(
        "error.html",
        403,
        message="This form is out of date, or another site has sent it. Go back and try again.",
    )


def _see(path: str) -> Response:
    return RedirectResponse(path, status_code=303, headers={"Cache-Control": "no-store"})


def _query(call: Call) -> str:
    return urlencode(call.query.multi_items())


def _form(call: Call) -> dict[str, str]:
    return dict(parse_qsl(call.body.decode(errors="replace"), keep_blank_values=True))


def _page(method: str, path: str, handler: Callable[[Call], Response]) -> Endpoint:
    return Endpoint(method, path, handler, OAUTH, authenticated=False)


PAGES = [
    _page("GET", STYLESHEET, stylesheet),
    _page("GET", PRELOGIN, show_sign_in),
    _page("POST", PRELOGIN, take_sign_in),
    _page("GET", CONSENT, show_consent),
    _page("POST", CONSENT, take_consent),
    _page("GET", ACTIVATE, show_device_sign_in),
    _page("POST", ACTIVATE, take_device_sign_in),
    _page("GET", DEVICE_CODE, show_device_code),
    _page("POST", DEVICE_CODE, take_device_code),
    _page("GET", DEVICE_CONFIRMATION, show_device_confirmation),
    _page("POST", DEVICE_CONFIRMATION, take_device_confirmation),
]
