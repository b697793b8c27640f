"""Rendering the pages, with security headers."""

from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from anaplan_emulator.apis.calls import Call

STYLESHEET = "/auth/pages.css"

_SECURITY = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'"
)

_SCOPES = {
    "openid": "Identify you",
    "email": "See your e-mail address",
    "offline_access": "Keep its access while you are offline",
}


def page(
    name: str, status_code: int = 200, *, redirects: bool = False, **context: object
) -> Response:
    """Return a page as a response.

    Args:
        name: File name of the template.
        status_code: HTTP status.
        redirects: Whether its form may be redirected to another site. Browsers also apply
            `form-action` to redirects.
        **context: Variables of the template, which are escaped.
    """
    policy = _POLICY if redirects else f"{_POLICY}; form-action 'self'"
    text = _templates().get_template(name).render(stylesheet=STYLESHEET, **context)
    return HTMLResponse(text, status_code, {**_SECURITY, "Content-Security-Policy": policy})


def stylesheet(_: Call) -> Response:
    """GET /auth/pages.css: the style sheet of all pages."""
    text = (files("anaplan_emulator.pages") / "pages.css").read_text("utf-8")
    return Response(text, media_type="text/css", headers={"X-Content-Type-Options": "nosniff"})


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("anaplan_emulator", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["scope_descriptions"] = _SCOPES
    return environment
