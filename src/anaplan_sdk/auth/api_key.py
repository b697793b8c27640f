"""API keys: credentials that few of the APIs accept.

Source: Anaplan help, "API keys".
"""

from __future__ import annotations

from collections.abc import Generator

import httpx2

from anaplan_sdk._arguments import check_token
from anaplan_sdk.exceptions import InvalidArgumentException, InvalidCredentialsException

# The scheme that a key is sent under, by the path of the API.
_SCHEMES = {
    "/scim/1/0/v2/": "Bearer",
    "/admin/1/0/permissions/exception-users": "AnaplanApiKey",
}


class ApiKeyAuth(httpx2.Auth):
    """Puts the key on requests to the APIs that accept one, and refuses all others.

    Args:
        api_key: The key.

    Raises:
        InvalidArgumentException: It does not have the form of a key.
    """

    def __init__(self, api_key: str) -> None:
        check_token("api_key", api_key)
        if not api_key.startswith("auk_"):
            raise InvalidArgumentException(
                "api_key is not an API key of Anaplan's: they begin with 'auk_'."
            )
        self._api_key = api_key

    def __repr__(self) -> str:
        return "<ApiKeyAuth>"

    def auth_flow(
        self, request: httpx2.Request
    ) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Add the header.

        Args:
            request: The request to sign.

        Yields:
            The request.

        Raises:
            InvalidCredentialsException: This API accepts no API keys; nothing was sent.
        """
        scheme = next((s for path, s in _SCHEMES.items() if path in request.url.path), None)
        if scheme is None:
            raise InvalidCredentialsException(
                "Anaplan accepts API keys for SCIM and for exception users only: sign in with a "
                "password, a certificate or OAuth for this call.",
                not_performed=True,
            )
        request.headers["Authorization"] = f"{scheme} {self._api_key}"
        yield request
