"""The authorization server with all its grants."""

import secrets
import sqlite3
from collections.abc import Iterable
from typing import Self, cast
from urllib.parse import urlsplit

from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Error
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from starlette.responses import Response

from anaplan_emulator.apis.calls import Call
from anaplan_emulator.apis.oauth.grants import CodeGrant, DeviceEndpoint, DeviceGrant, RefreshGrant
from anaplan_emulator.apis.oauth.identity import IdToken
from anaplan_emulator.apis.oauth.parameters import ProviderRequest
from anaplan_emulator.apis.oauth.provider import Provider
from anaplan_emulator.store.tokens import new_token_value
from anaplan_emulator.store.users import User
from anaplan_emulator.tenant_state import TenantState

_REQUIRED_PARAMETERS = ("client_id", "redirect_uri", "response_type", "scope")


class OAuthServer(Provider):
    """The authorization server, for one request.

    Args:
        tenant: The tenant.
        db: The transaction of the request.
        origin: Origin of the authorization server.
    """

    def __init__(self, tenant: TenantState, db: sqlite3.Connection, origin: str) -> None:
        super().__init__(tenant, db, origin)
        lifetime = tenant.settings.token_lifetime_seconds
        identity = IdToken(db, tenant.clock, origin, lifetime)
        for grant in (CodeGrant, RefreshGrant, DeviceGrant):
            self.register_grant(grant, [identity])
        self.register_token_generator(
            "default",
            BearerTokenGenerator(
                _new_access_token, _new_refresh_token, lambda *_: max(1, round(lifetime))
            ),
        )

    @classmethod
    def for_call(cls, call: Call) -> Self:
        """Create the server for a request, with the origin that the request was sent to."""
        url = urlsplit(call.url)
        return cls(call.tenant, call.db, f"{url.scheme}://{url.netloc}")

    def authorization(self, query: Iterable[tuple[str, str]]) -> CodeGrant:
        """Validate the parameters of an authorization URL.

        Raises:
            OAuth2Error: They are not valid. If the error has a `redirect_uri`, the browser may be
                redirected to it.
        """
        request = ProviderRequest("GET", query)
        for name in _REQUIRED_PARAMETERS:
            if not request.payload.data.get(name):
                raise InvalidRequestError(f"Missing required parameter: {name}")
        try:
            grant: CodeGrant = self.get_consent_grant(request)  # type: ignore[no-untyped-call]
        except ValueError as error:
            # Authlib quotes parameters in its errors, which may not contain every character.
            raise InvalidRequestError("A parameter contains invalid characters.") from error
        return grant

    def decide(self, grant: CodeGrant, user: User | None) -> Response:
        """Redirect the browser to the client with a code, or with an error if no user is given."""
        return cast("Response", self.create_authorization_response(grant.request, user, grant))

    def authorize_device(self, request: ProviderRequest) -> Response:
        """Issue a device code and a user code."""
        try:
            return self.handle_response(*DeviceEndpoint(self)(request))
        except OAuth2Error as error:
            return self.handle_error_response(request, error)


def _new_access_token(**_: object) -> str:
    return new_token_value()


def _new_refresh_token(**_: object) -> str:
    return secrets.token_urlsafe(48)
