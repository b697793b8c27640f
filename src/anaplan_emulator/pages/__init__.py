"""The pages that a browser shows, and the headers that guard them."""

from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from anaplan_emulator.calls import Call

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
    "openid": "Know who you are",
    "email": "See your e-mail address",
    "offline_access": "Stay signed in when you are away",
}


def page(name: str, status_code: int = 200, *, leaves: bool = False, **context: object) -> Response:
    """Answer with a page.

    Args:
        name: The template's name.
        status_code: HTTP status.
        leaves: Whether its form may end on another site: browsers apply `form-action` to the
            redirects that follow a form, too.
        **context: What the template shows, all of it escaped.
    """
    policy = _POLICY if leaves else f"{_POLICY}; form-action 'self'"
    text = _templates().get_template(name).render(stylesheet=STYLESHEET, **context)
    return HTMLResponse(text, status_code, {**_SECURITY, "Content-Security-Policy": policy})


def stylesheet(_: Call) -> Response:
    """Answer with the style of all pages."""
    text = (files(__name__) / "pages.css").read_text("utf-8")
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
    environment.globals["scope_meanings"] = _SCOPES
    return environment
