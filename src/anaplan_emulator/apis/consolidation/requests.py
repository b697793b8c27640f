"""What requests to Financial Consolidation carry: its own headers, and JSON."""

import hmac
from collections.abc import Callable
from functools import wraps

from starlette.responses import Response

from anaplan_emulator import calls
from anaplan_emulator.calls import Call
from anaplan_emulator.replies import ApiError
from anaplan_emulator.tokens import digest


def signed_in(handler: Callable[[Call], Response]) -> Callable[[Call], Response]:
    """Let only those in who send the API token and name the tenant.

    Raises:
        ApiError: 401 without the token, 400 without a tenant, 403 with another one.
    """

    @wraps(handler)
    def handle(call: Call) -> Response:
        # Both spellings are documented (facts 11).
        sent = call.headers.get("x_api_token") or call.headers.get("x-api-token") or ""
        known = call.db.execute("SELECT name, token FROM consolidation_tenant").fetchone()
        if known is None or not hmac.compare_digest(digest(sent), known["token"]):
            raise ApiError(401, "The API token is missing, malformed or unknown.")
        tenant = call.headers.get("tenant")
        if not tenant:
            raise ApiError(400, "The TENANT header is missing.")
        if tenant != known["name"]:
            raise ApiError(403, "The API token is another tenant's.")
        return handler(call)

    return handle


def json_body(call: Call) -> object:
    """Read the body.

    Raises:
        ApiError: 415, it isn't said to be JSON; 400, it isn't JSON.
    """
    media_type = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise ApiError(415)
    return call.json()


def whole_number(name: str, text: str | None, *, least: int) -> int | None:
    """Read a number in the query.

    Raises:
        ApiError: 400.
    """
    if text is None:
        return None
    number = calls.whole_number(text)
    if number is None or number < least:
        raise ApiError(400, f"{name} is not a whole number from {least}.")
    return number
