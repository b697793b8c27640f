"""Access to Financial Consolidation, a service that has tokens of its own.

Source: Anaplan help, "Financial Consolidation API".
"""

from __future__ import annotations

from collections.abc import Generator

import httpx2

from anaplan_sdk._http.redaction import safe_url
from anaplan_sdk.config import ConsolidationAccess
from anaplan_sdk.exceptions import InvalidCredentialsException


class ConsolidationAuth(httpx2.Auth):
    """Puts the token and the tenant on requests to Financial Consolidation."""

    def __init__(self, access: ConsolidationAccess | None) -> None:
        self._access = access

    def __repr__(self) -> str:
        return f"<ConsolidationAuth {self._access!r}>"

    def auth_flow(
        self, request: httpx2.Request
    ) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Adds the headers.

        Raises:
            InvalidCredentialsException: The client has no access; nothing was sent.
        """
        if self._access is None:
            raise InvalidCredentialsException(
                "This client has no access to Financial Consolidation: give it "
                "consolidation=ConsolidationAccess(token=..., tenant=...).",
                not_performed=True,
            )
        request.headers["X_API_TOKEN"] = self._access.token
        request.headers["TENANT"] = self._access.tenant
        yield request


class ConsolidationOnly(httpx2.Auth):
    """Refuses all requests to Anaplan, of a client that has no credentials for it."""

    def __repr__(self) -> str:
        return "<ConsolidationOnly>"

    def auth_flow(
        self, request: httpx2.Request
    ) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Refuses.

        Raises:
            InvalidCredentialsException: Always; nothing was sent.
        """
        raise InvalidCredentialsException(
            "This client has access to Financial Consolidation only; sign in with a password, a "
            "certificate or OAuth for this call.",
            method=request.method,
            url=safe_url(request.url),
            not_performed=True,
        )
