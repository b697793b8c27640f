"""The authorization server: Authlib's, with the emulator's rows behind it and Anaplan's errors."""

import secrets
import sqlite3
from collections.abc import Iterable
from typing import TYPE_CHECKING, Self, cast
from urllib.parse import urlsplit

from authlib.oauth2 import OAuth2Request
from authlib.oauth2.rfc6749 import (
    AuthorizationServer,
    ClientMixin,
    InvalidGrantError,
    InvalidRequestError,
    OAuth2Error,
)
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from starlette.responses import JSONResponse, Response

from anaplan_emulator import tokens
from anaplan_emulator.apis.oauth import state
from anaplan_emulator.apis.oauth.clients import Client, client_by_id
from anaplan_emulator.apis.oauth.grants import (
    CodeGrant,
    DeviceEndpoint,
    DeviceGrant,
    RefreshGrant,
    granted,
)
from anaplan_emulator.apis.oauth.identity import IdToken
from anaplan_emulator.apis.oauth.parameters import ProviderRequest
from anaplan_emulator.apis.oauth.state import Grant
from anaplan_emulator.replies import OAUTH, ApiError
from anaplan_emulator.store.users import User, user_by_id

if TYPE_CHECKING:
    from anaplan_emulator.calls import Call
    from anaplan_emulator.world import World

_REQUIRED = ("client_id", "redirect_uri", "response_type", "scope")

# Anaplan's words where they differ from RFC 6749's, and its statuses (facts 3.2: only the words
# are known for sure).
_REFUSALS = {
    "access_denied": (403, "access_denied"),
    "authorization_pending": (403, "authorization_pending"),
    "expired_token": (403, "expired_token"),
    "invalid_client": (401, "access_denied"),
    "invalid_grant": (403, "invalid_grant"),
    "slow_down": (403, "slow_down"),
    "unauthorized_client": (403, "unauthorized_client"),
    "unsupported_grant_type": (401, "access_denied"),
}
_DESCRIPTIONS = {
    "authorization_pending": "The user has not decided yet.",
    "expired_token": "The device code has expired.",
    "invalid_client": "The client is unknown, or its secret is wrong or missing.",
    "slow_down": "The device polls too fast: it must wait five seconds longer from now on.",
}


class Provider(AuthorizationServer):
    """The authorization server, for one request.

    Args:
        world: Its clock and settings.
        db: The transaction of the request.
        origin: Where it is served.
    """

    def __init__(self, world: "World", db: sqlite3.Connection, origin: str) -> None:
        super().__init__()
        self.world = world
        self.db = db
        self.origin = origin
        lifetime = world.settings.token_lifetime_seconds
        identity = IdToken(db, world.clock, origin, lifetime)
        for grant in (CodeGrant, RefreshGrant, DeviceGrant):
            self.register_grant(grant, [identity])
        self.register_token_generator(
            "default",
            BearerTokenGenerator(
                _new_access_token, _new_refresh_token, lambda *_: max(1, round(lifetime))
            ),
        )

    @classmethod
    def serving(cls, call: "Call") -> Self:
        """Make the provider for a request, served wherever the request found it."""
        url = urlsplit(call.url)
        return cls(call.world, call.db, f"{url.scheme}://{url.netloc}")

    def authorization(self, query: Iterable[tuple[str, str]]) -> CodeGrant:
        """Read what a browser was sent with, and see that it may be asked.

        Raises:
            OAuth2Error: It may not. With a `redirect_uri`, the client may be told so.
        """
        request = ProviderRequest("GET", query)
        for name in _REQUIRED:
            if not request.payload.data.get(name):
                raise InvalidRequestError(f"Missing required parameter: {name}")
        try:
            grant: CodeGrant = self.get_consent_grant(request)  # type: ignore[no-untyped-call]
        except ValueError as error:
            # Authlib quotes parameters in its errors, which may not hold every character.
            raise InvalidRequestError("A parameter holds unexpected characters.") from error
        return grant

    def decide(self, grant: CodeGrant, user: User | None) -> Response:
        """Send the browser back to the client: with a code from this user, or denied."""
        return cast("Response", self.create_authorization_response(grant.request, user, grant))

    def authorize_device(self, request: ProviderRequest) -> Response:
        """Let a device begin to wait."""
        try:
            return self.handle_response(*DeviceEndpoint(self)(request))
        except OAuth2Error as error:
            return self.handle_error_response(request, error)

    def active_user(self, grant: Grant) -> User:
        """Find who allowed something.

        Raises:
            InvalidGrantError: The user may not sign in any more.
        """
        user = user_by_id(self.db, grant.user_id)
        if user is None or not user.active:
            raise InvalidGrantError("The user is not active.")
        return user

    def query_client(self, client_id: str) -> Client | None:  # type: ignore[override]
        """Find a client."""
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
        """Make a reply; a refresh token is in it only where the scope asks for one."""
        offline = "offline_access" in (scope or "").split()
        return super().generate_token(
            grant_type, client, user, scope, expires_in, include_refresh_token and offline
        )

    def save_token(self, token: dict[str, str | int], request: OAuth2Request) -> None:
        """Keep the tokens of a reply."""
        grant = granted(request)
        tokens.issue(
            self.db,
            self.active_user(grant),
            self.world.clock,
            self.world.settings.token_lifetime_seconds,
            value=str(token["access_token"]),
            grant_id=grant.id,
        )
        client = self.query_client(grant.client_id)
        if client and "refresh_token" in token:
            value = str(token["refresh_token"])
            state.insert_refresh_token(self.db, value, grant, client, self.world.clock)
        if request.credential:
            state.delete_device(self.db, request.credential)

    def create_oauth2_request(self, request: ProviderRequest) -> ProviderRequest:
        """Take a request as it is."""
        return request

    # Authlib's stubs promise headers in a mapping, Authlib brings pairs.
    def handle_response(  # type: ignore[override]
        self, status: int, body: object, headers: Iterable[tuple[str, str]]
    ) -> Response:
        """Answer as the provider says."""
        if isinstance(body, dict):
            return JSONResponse(body, status, dict(headers))
        return Response(status_code=status, headers=dict(headers))

    def handle_error_response(
        self,
        request: OAuth2Request,  # noqa: ARG002 - Authlib's signature
        error: OAuth2Error,
    ) -> Response:
        """Refuse: through the client's callback URL where the error says so, else in JSON."""
        if error.redirect_uri:
            return self.handle_response(*error())
        return OAUTH.refuse(refusal(error), "", self.world.clock.now())

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Take no notice: nobody listens."""


def refusal(error: OAuth2Error) -> ApiError:
    """Put a refusal into Anaplan's words."""
    name = error.error or "invalid_request"
    status, code = _REFUSALS.get(name, (400, "invalid_request"))
    description = _DESCRIPTIONS.get(name) or error.get_error_description() or name
    return ApiError(status, description, code=code, headers={"Cache-Control": "no-store"})


def _new_access_token(**_: object) -> str:
    return tokens.new_value()


def _new_refresh_token(**_: object) -> str:
    return secrets.token_urlsafe(48)
