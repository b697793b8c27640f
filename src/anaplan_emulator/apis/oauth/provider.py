"""The base of the authorization server: Authlib's, with the emulator's clients and tokens."""

import sqlite3
from collections.abc import Iterable
from typing import Any

from authlib.oauth2 import OAuth2Request
from authlib.oauth2.rfc6749 import (
    AuthorizationServer,
    ClientMixin,
    InvalidGrantError,
    OAuth2Error,
)
from starlette.responses import JSONResponse, Response

from anaplan_emulator.apis.oauth import state
from anaplan_emulator.apis.oauth.clients import Client, client_by_id
from anaplan_emulator.apis.oauth.errors import OAUTH, api_error
from anaplan_emulator.apis.oauth.parameters import ProviderRequest
from anaplan_emulator.apis.oauth.state import Grant
from anaplan_emulator.store.tokens import issue_token
from anaplan_emulator.store.users import User, user_by_id
from anaplan_emulator.tenant_state import TenantState


class Provider(AuthorizationServer):
    """An authorization server without grants, for one request.

    Args:
        tenant: The tenant.
        db: The transaction of the request.
        origin: Origin of the authorization server.
    """

    def __init__(self, tenant: TenantState, db: sqlite3.Connection, origin: str) -> None:
        super().__init__()
        self.tenant = tenant
        self.db = db
        self.origin = origin

    def active_user(self, grant: Grant) -> User:
        """Return the user of a grant.

        Raises:
            InvalidGrantError: The user is no longer active.
        """
        user = user_by_id(self.db, grant.user_id)
        if user is None or not user.active:
            raise InvalidGrantError("The user is not active.")
        return user

    def query_client(self, client_id: str) -> Client | None:  # type: ignore[override]
        """Find a client by id."""
        return client_by_id(self.db, client_id)

    def generate_token(
        self,
        grant_type: str,
        client: ClientMixin,
        user: User | None = None,
        scope: str | None = None,
        expires_in: int | None = None,
        include_refresh_token: bool = True,
    ) -> dict[str, str | int]:
        """Generate tokens, with a refresh token only if the scope contains `offline_access`."""
        offline = "offline_access" in (scope or "").split()
        return super().generate_token(
            grant_type, client, user, scope, expires_in, include_refresh_token and offline
        )

    def save_token(self, token: dict[str, str | int], request: OAuth2Request) -> None:
        """Store the tokens of a response."""
        grant = _grant_of(request)
        issue_token(
            self.db,
            self.active_user(grant),
            self.tenant.clock,
            self.tenant.settings.token_lifetime_seconds,
            value=str(token["access_token"]),
            grant_id=grant.id,
        )
        client = self.query_client(grant.client_id)
        if client and "refresh_token" in token:
            value = str(token["refresh_token"])
            state.insert_refresh_token(self.db, value, grant, client, self.tenant.clock)
        if request.credential:
            state.delete_device(self.db, request.credential)

    def create_oauth2_request(self, request: ProviderRequest) -> ProviderRequest:
        """Return the request unchanged."""
        return request

    # Authlib's stubs declare a mapping of headers, but Authlib passes pairs.
    def handle_response(  # type: ignore[override]
        self, status: int, body: object, headers: Iterable[tuple[str, str]]
    ) -> Response:
        """Return a response of Authlib."""
        if isinstance(body, dict):
            return JSONResponse(body, status, dict(headers))
        return Response(status_code=status, headers=dict(headers))

    def handle_error_response(
        self,
        request: OAuth2Request,  # noqa: ARG002 (Authlib's signature)
        error: OAuth2Error,
    ) -> Response:
        """Return an error: as a redirect if Authlib says so, otherwise as JSON."""
        if error.redirect_uri:
            return self.handle_response(*error())
        return OAUTH.error_response(api_error(error), "", self.tenant.clock.now())

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Ignore signals: there are no receivers."""


def _grant_of(request: OAuth2Request) -> Grant:
    """Return the grant of a token request."""
    source: Any = request.authorization_code or request.refresh_token or request.credential
    grant: Grant = source.grant
    return grant
