"""Requests to the Financial Consolidation API: authentication, bodies and numbers."""

import hmac
from collections.abc import Callable
from functools import wraps

from starlette.responses import Response

from anaplan_emulator.apis.calls import Call
from anaplan_emulator.apis.replies import ApiError
from anaplan_emulator.store.tokens import digest


def authenticated(handler: Callable[[Call], Response]) -> Callable[[Call], Response]:
    """Wrap a handler so that it requires the API token and the header TENANT.

    Raises:
        ApiError: 401, the token is missing or unknown; 400, the tenant is missing; 403, it is
            another tenant.
    """

    @wraps(handler)
    def handle(call: Call) -> Response:
        # Both spellings are documented (docs/anaplan-behaviour.md#financial-consolidation-api).
        value = call.headers.get("x_api_token") or call.headers.get("x-api-token") or ""
        tenant = call.db.execute("SELECT name, token FROM consolidation_tenant").fetchone()
        if tenant is None or not hmac.compare_digest(digest(value), tenant["token"]):
            raise ApiError(401, "The API token is missing, malformed or unknown.")
        name = call.headers.get("tenant")
        if not name:
            raise ApiError(400, "The TENANT header is missing.")
        if name != tenant["name"]:
            raise ApiError(403, "The API token belongs to another tenant.")
        return handler(call)

    return handle


def json_body(call: Call) -> object:
    """Return the body, parsed as JSON.

    Raises:
        ApiError: 415, the media type is not JSON; 400, the body is not JSON.
    """
    media_type = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise ApiError(415)
    return call.json()
