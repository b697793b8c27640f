"""The three ways to tokens: RFC 6749's and 8628's rules are Authlib's, what is stored is ours."""

import logging
from typing import TYPE_CHECKING, Any

from authlib.oauth2 import OAuth2Request
from authlib.oauth2.rfc6749 import (
    AuthorizationCodeGrant,
    ClientMixin,
    InvalidGrantError,
    InvalidRequestError,
    RefreshTokenGrant,
    UnauthorizedClientError,
)
from authlib.oauth2.rfc8628 import DeviceAuthorizationEndpoint, DeviceCodeGrant

from anaplan_emulator.apis.oauth import state
from anaplan_emulator.apis.oauth.clients import Client
from anaplan_emulator.apis.oauth.parameters import ProviderRequest
from anaplan_emulator.apis.oauth.state import AuthorizationCode, Device, Grant, RefreshToken
from anaplan_emulator.store.users import User

if TYPE_CHECKING:
    from anaplan_emulator.apis.oauth.provider import Provider

# These modules write whole tokens to their logs at DEBUG.
for _outspoken in ("rfc6749.grants", "rfc8628"):
    logging.getLogger(f"authlib.oauth2.{_outspoken}").setLevel(logging.INFO)


class CodeGrant(AuthorizationCodeGrant):
    """Tokens for the code that a user's browser brought to the client's callback URL."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_post",)

    request: ProviderRequest
    server: "Provider"

    @staticmethod
    def validate_authorization_redirect_uri(request: OAuth2Request, client: ClientMixin) -> str:
        """See that the callback URL is registered; Authlib's words could not quote any URL."""
        uri = request.payload.redirect_uri if request.payload else ""
        if not client.check_redirect_uri(uri):
            raise InvalidRequestError("The redirect_uri is not registered for this client.")
        return uri

    def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
        """Keep a code for a user who has just consented."""
        server = self.server
        parameters = self.request.payload.data
        grant = state.insert_grant(
            server.db,
            server.world.clock,
            client_id=parameters["client_id"],
            user=self.request.user,
            scope=request.scope,
            nonce=parameters.get("nonce"),
        )
        state.insert_code(
            server.db,
            server.world.clock,
            code=code,
            grant=grant,
            redirect_uri=parameters["redirect_uri"],
            lifetime_seconds=server.world.settings.authorization_code_lifetime_seconds,
        )

    def query_authorization_code(self, code: str, client: ClientMixin) -> AuthorizationCode:
        """Find a code that is still good; one that comes again ends all that was made of it."""
        server = self.server
        found = state.find_code(server.db, code, client.get_client_id(), server.world.clock)
        if found is None:
            raise InvalidGrantError("The authorization code is unknown.")
        if found.spent:
            # RFC 6749, section 4.1.2.
            state.revoke_grant(server.db, found.grant)
            raise InvalidGrantError("The authorization code has been used before.")
        if found.expired:
            raise InvalidGrantError("The authorization code has expired.")
        return found

    def delete_authorization_code(self, authorization_code: AuthorizationCode) -> None:
        """Note that a code has been exchanged."""
        state.spend_code(self.server.db, authorization_code)

    def authenticate_user(self, authorization_code: AuthorizationCode) -> User:
        """Find who allowed it."""
        return self.server.active_user(authorization_code.grant)


class RefreshGrant(RefreshTokenGrant):
    """Tokens for a refresh token, which rotates where the client is registered so."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_post", "none")

    request: ProviderRequest
    server: "Provider"

    def authenticate_refresh_token(self, refresh_token: str) -> RefreshToken:
        """Find a refresh token that is still good.

        A second use of one that rotated is refused. It doesn't end the newer tokens: Anaplan
        only says that the old one becomes unusable (facts 3.3).
        """
        found = state.find_refresh_token(self.server.db, refresh_token, self.server.world.clock)
        if found is None:
            raise InvalidGrantError("The refresh token is unknown, revoked or expired.")
        if found.spent:
            raise InvalidGrantError("The refresh token has been used before.")
        return found

    def authenticate_user(self, refresh_token: Any) -> User:
        """Find who allowed it."""
        return self.server.active_user(refresh_token.grant)

    def issue_token(self, user: User, refresh_token: Any) -> dict[str, str | int]:
        """Make the reply; one without a refresh token says that the old one goes on."""
        return self.generate_token(
            user=user,
            scope=self.request.payload.scope or refresh_token.get_scope(),
            include_refresh_token=self.client.rotates,
        )

    def revoke_old_credential(self, refresh_token: Any) -> None:
        """End a refresh token that has been replaced."""
        if self.client.rotates:
            state.spend_refresh_token(self.server.db, refresh_token)


class DeviceGrant(DeviceCodeGrant):
    """Tokens for a device whose user has approved it elsewhere."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("none",)

    server: "Provider"

    def query_device_credential(self, device_code: str) -> Device:
        """Find the device by the code it polls with."""
        server = self.server
        device = state.device_by_device_code(server.db, device_code, server.world.clock)
        if device is None:
            raise InvalidGrantError("The device code is unknown.")
        return device

    def query_user_grant(self, user_code: str) -> tuple[User | None, bool] | None:
        """Tell whether the user has decided, and how."""
        server = self.server
        device = state.device_by_user_code(server.db, user_code, server.world.clock)
        if device is None or device.waits:
            return None
        if device.grant is None:
            return None, False
        return server.active_user(device.grant), True

    def should_slow_down(self, credential: Device) -> bool:
        """Note a poll that came before the user decided."""
        return state.polls_too_fast(self.server.db, credential, self.server.world.clock)


class DeviceEndpoint(DeviceAuthorizationEndpoint):
    """Where a device begins."""

    server: "Provider"

    def __init__(self, server: "Provider") -> None:
        super().__init__(server)
        self.EXPIRES_IN = server.world.settings.device_code_lifetime_seconds
        self.INTERVAL = server.world.settings.device_poll_seconds

    def authenticate_client(self, request: OAuth2Request) -> Client:
        """Find the client; devices prove nothing, and web applications have no business here."""
        client_id = request.payload.client_id if request.payload else ""
        if not client_id:
            raise InvalidRequestError("Missing required parameter: client_id")
        client = self.server.query_client(client_id)
        if client is None or not client.check_grant_type(DeviceGrant.GRANT_TYPE):
            raise UnauthorizedClientError("No device client has this id.")
        request.client = self._client = client
        return client

    def get_verification_uri(self) -> str:
        """Return the page that the user opens."""
        return f"{self.server.origin}/activate"

    def save_device_credential(
        self, client_id: str, scope: str | None, data: dict[str, Any]
    ) -> None:
        """Keep a device that begins to wait."""
        state.insert_device(
            self.server.db,
            self.server.world.clock,
            device_code=data["device_code"],
            user_code=data["user_code"],
            client_id=client_id,
            scope=self._client.get_allowed_scope(scope),
            lifetime_seconds=data["expires_in"],
            interval_seconds=data["interval"],
        )


def granted(request: OAuth2Request) -> Grant:
    """Return what a token request rests on."""
    source: Any = request.authorization_code or request.refresh_token or request.credential
    grant: Grant = source.grant
    return grant
