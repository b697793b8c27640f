"""The three grants: Authlib implements RFC 6749 and RFC 8628, and the emulator stores the rest."""

import logging
from typing import Any

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
from anaplan_emulator.apis.oauth.provider import Provider
from anaplan_emulator.apis.oauth.state import AuthorizationCode, Device, RefreshToken
from anaplan_emulator.store.users import User

# At DEBUG, these modules log whole tokens.
for _module in ("rfc6749.grants", "rfc8628"):
    logging.getLogger(f"authlib.oauth2.{_module}").setLevel(logging.INFO)


class CodeGrant(AuthorizationCodeGrant):
    """The authorization-code grant."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_post",)

    request: ProviderRequest
    server: Provider

    @staticmethod
    def validate_authorization_redirect_uri(request: OAuth2Request, client: ClientMixin) -> str:
        """Check that the callback URL is registered. Authlib's message cannot quote every URL."""
        uri = request.payload.redirect_uri if request.payload else ""
        if not client.check_redirect_uri(uri):
            raise InvalidRequestError("The redirect_uri is not registered for this client.")
        return uri

    def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
        """Store a code after the user has allowed access."""
        server = self.server
        parameters = self.request.payload.data
        grant = state.insert_grant(
            server.db,
            server.tenant.clock,
            client_id=parameters["client_id"],
            user=self.request.user,
            scope=request.scope,
            nonce=parameters.get("nonce"),
        )
        state.insert_code(
            server.db,
            server.tenant.clock,
            code=code,
            grant=grant,
            redirect_uri=parameters["redirect_uri"],
            lifetime_seconds=server.tenant.settings.authorization_code_lifetime_seconds,
        )

    def query_authorization_code(self, code: str, client: ClientMixin) -> AuthorizationCode:
        """Return a valid code. Using a code again revokes the tokens that it was exchanged for."""
        server = self.server
        found = state.find_code(server.db, code, client.get_client_id(), server.tenant.clock)
        if found is None:
            raise InvalidGrantError("The authorization code is unknown.")
        if found.spent:
            # As RFC 6749, section 4.1.2, recommends.
            state.revoke_grant(server.db, found.grant)
            raise InvalidGrantError("The authorization code has been used before.")
        if found.expired:
            raise InvalidGrantError("The authorization code has expired.")
        return found

    def delete_authorization_code(self, authorization_code: AuthorizationCode) -> None:
        """Mark a code as used."""
        state.mark_code_used(self.server.db, authorization_code)

    def authenticate_user(self, authorization_code: AuthorizationCode) -> User:
        """Return the user who allowed access."""
        return self.server.active_user(authorization_code.grant)


class RefreshGrant(RefreshTokenGrant):
    """The refresh grant. The refresh token rotates if the client is registered so."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_post", "none")

    request: ProviderRequest
    server: Provider

    def authenticate_refresh_token(self, refresh_token: str) -> RefreshToken:
        """Return a valid refresh token.

        A rotated token cannot be used again. The newer tokens remain valid: Anaplan only documents
        that the old one becomes unusable (docs/anaplan-behaviour.md#refresh-tokens).
        """
        found = state.find_refresh_token(self.server.db, refresh_token, self.server.tenant.clock)
        if found is None:
            raise InvalidGrantError("The refresh token is unknown, revoked or expired.")
        if found.spent:
            raise InvalidGrantError("The refresh token has been used before.")
        return found

    def authenticate_user(self, refresh_token: Any) -> User:
        """Return the user who allowed access."""
        return self.server.active_user(refresh_token.grant)

    def issue_token(self, user: User, refresh_token: Any) -> dict[str, str | int]:
        """Generate the response. Without a refresh token in it, the old one remains valid."""
        return self.generate_token(
            user=user,
            scope=self.request.payload.scope or refresh_token.get_scope(),
            include_refresh_token=self.client.rotates,
        )

    def revoke_old_credential(self, refresh_token: Any) -> None:
        """Mark a replaced refresh token as used."""
        if self.client.rotates:
            state.mark_refresh_token_used(self.server.db, refresh_token)


class DeviceGrant(DeviceCodeGrant):
    """The device grant."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("none",)

    server: Provider

    def query_device_credential(self, device_code: str) -> Device:
        """Return the device with a device code."""
        server = self.server
        device = state.device_by_device_code(server.db, device_code, server.tenant.clock)
        if device is None:
            raise InvalidGrantError("The device code is unknown.")
        return device

    def query_user_grant(self, user_code: str) -> tuple[User | None, bool] | None:
        """Return the user's decision, if there is one."""
        server = self.server
        device = state.device_by_user_code(server.db, user_code, server.tenant.clock)
        if device is None or device.is_waiting:
            return None
        if device.grant is None:
            return None, False
        return server.active_user(device.grant), True

    def should_slow_down(self, credential: Device) -> bool:
        """Record a poll, and return whether it came too early."""
        return state.record_poll(self.server.db, credential, self.server.tenant.clock)


class DeviceEndpoint(DeviceAuthorizationEndpoint):
    """The endpoint that issues device codes."""

    server: Provider

    def __init__(self, server: Provider) -> None:
        super().__init__(server)
        self.EXPIRES_IN = server.tenant.settings.device_code_lifetime_seconds
        self.INTERVAL = server.tenant.settings.device_poll_seconds

    def authenticate_client(self, request: OAuth2Request) -> Client:
        """Return the client, which must be a device client. It does not authenticate itself."""
        client_id = request.payload.client_id if request.payload else ""
        if not client_id:
            raise InvalidRequestError("Missing required parameter: client_id")
        client = self.server.query_client(client_id)
        if client is None or not client.check_grant_type(DeviceGrant.GRANT_TYPE):
            raise UnauthorizedClientError("No device client has this id.")
        request.client = self._client = client
        return client

    def get_verification_uri(self) -> str:
        """Return the URL of the page on which the user enters the code."""
        return f"{self.server.origin}/activate"

    def save_device_credential(
        self, client_id: str, scope: str | None, data: dict[str, Any]
    ) -> None:
        """Store a device that is waiting for its user."""
        state.insert_device(
            self.server.db,
            self.server.tenant.clock,
            device_code=data["device_code"],
            user_code=data["user_code"],
            client_id=client_id,
            scope=self._client.get_allowed_scope(scope),
            lifetime_seconds=data["expires_in"],
            interval_seconds=data["interval"],
        )
