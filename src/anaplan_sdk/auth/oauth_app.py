"""A client registered with Anaplan's authorization server (RFC 6749)."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hmac import compare_digest
from importlib.util import find_spec
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlencode

import httpx2
from pydantic import TypeAdapter

from anaplan_sdk._arguments import check_secret, check_token, identifier, is_token
from anaplan_sdk._http.redaction import excerpt
from anaplan_sdk._http.replies import decode, error_of, url_of
from anaplan_sdk._runtime.flow import ExchangeRequest
from anaplan_sdk.auth.token_cache import lifetime_of
from anaplan_sdk.exceptions import InvalidArgumentException, OAuthException, OAuthStateException
from anaplan_sdk.regions import Hosts, check_base_url

OAuthToken: TypeAlias = dict[str, str | int]
"""A token reply (RFC 6749, section 5.1) and `expires_at`, in seconds since 1970."""

AUTHORIZATION_URL = "https://us1a.app.anaplan.com/auth/prelogin"
TOKEN_URL = "https://us1a.app.anaplan.com/oauth/token"  # noqa: S105 - an address
VALIDATION_URL = "https://auth.anaplan.com/token/validate"
_DEVICE_URL = "https://us1a.app.anaplan.com/oauth/device/code"
SCOPE = "openid profile email offline_access"

_OBJECT = TypeAdapter(dict[str, Any])
_REFUSED_STATUSES = frozenset((400, 401, 403))
# OAuth's codes for a refusal, which count whatever the status (RFC 6749, section 5.2; RFC 8628,
# section 3.5).
_REFUSED_CODES = frozenset(
    (
        "access_denied",
        "authorization_pending",
        "expired_token",
        "invalid_client",
        "invalid_grant",
        "invalid_request",
        "invalid_scope",
        "slow_down",
        "unauthorized_client",
        "unsupported_grant_type",
    )
)
# Seconds that a token without `expires_in` is assumed to live.
ASSUMED_LIFETIME = 2100
_FORM_HEADERS = {
    "Content-Type": "application/x-www-form-urlencoded",
    "Accept": "application/json",
}


def require_oauthlib() -> None:
    """Check that the extra is installed.

    Raises:
        ImportError: It is not.
    """
    if find_spec("oauthlib") is None:
        raise ImportError("OAuth needs the extra 'oauth': pip install 'anaplan-sdk[oauth]'")


@dataclass(frozen=True)
class OAuthApp:
    """A client registered with Anaplan and its endpoints: makes requests, reads replies; no I/O.

    Attributes:
        is_bound: Whether the endpoints are final. Otherwise those left at their defaults follow the
            hosts of the first client.
    """

    client_id: str
    client_secret: str | None = field(repr=False)
    redirect_uri: str | None
    authorization_url: str
    token_url: str
    validation_url: str
    device_url: str
    scope: str
    is_bound: bool = True

    def at(self, hosts: Hosts) -> OAuthApp:
        """Return the same client at these hosts; addresses other than the defaults stay."""
        addresses = {
            AUTHORIZATION_URL: f"{hosts.oauth}/auth/prelogin",
            TOKEN_URL: f"{hosts.oauth}/oauth/token",
            VALIDATION_URL: f"{hosts.authentication}/token/validate",
            _DEVICE_URL: f"{hosts.oauth}/oauth/device/code",
        }
        return replace(
            self,
            authorization_url=addresses.get(self.authorization_url, self.authorization_url),
            token_url=addresses.get(self.token_url, self.token_url),
            validation_url=addresses.get(self.validation_url, self.validation_url),
            device_url=addresses.get(self.device_url, self.device_url),
        )

    def authorization_request(self, url: str | None, state: str) -> str:
        """Return the address to send the user's browser to.

        Args:
            url: The sign-in page, in place of the client's own.
            state: The state of this sign-in.

        Raises:
            InvalidArgumentException: `url` is not valid.
        """
        from oauthlib.oauth2.rfc6749 import parameters

        target = url or self.authorization_url
        check_base_url("authorization_url", target.partition("?")[0])
        # oauthlib takes https only, loopback addresses included.
        scheme, _, rest = target.partition("://")
        prepared = parameters.prepare_grant_uri(  # pyright: ignore[reportUnknownMemberType] - stubs
            f"https://{rest}",
            self.client_id,
            "code",
            redirect_uri=self.redirect_uri,
            scope=self.scope,
            state=state,
        )
        return f"{scheme}://{prepared.removeprefix('https://')}"

    def exchange_request(self, callback: str, state: str | None) -> httpx2.Request:
        """Return the request that exchanges a callback's code for a token.

        Raises:
            OAuthStateException: The callback's state is not the expected one.
            OAuthException: The callback contains an error, or no code.
        """
        from oauthlib.oauth2 import OAuth2Error
        from oauthlib.oauth2.rfc6749.parameters import parse_authorization_code_response

        # Only the query counts: a proxy that ends TLS makes a callback look like plain http, and
        # browsers hide the scheme of what is copied from them.
        query = callback.partition("#")[0].partition("?")[2].strip()
        answer = dict(parse_qsl(query))
        if not answer.keys() & {"code", "error"}:
            raise OAuthException(
                "The callback contains neither a code nor an error: pass the whole address that "
                "the sign-in ended at.",
                code="missing_code",
            )
        # An empty state proves nothing, and would equal that of a callback without one.
        if state is not None and not (
            state and compare_digest(answer.get("state", "").encode(), state.encode())
        ):
            raise OAuthStateException(
                "The callback's state is not the one that this sign-in began with: it belongs to "
                "another sign-in, or was forged."
            )
        try:
            answer = parse_authorization_code_response(f"https://callback/?{query}")
        except OAuth2Error as error:
            why = excerpt((error.description or error.error or "").encode())
            raise OAuthException(
                f"The sign-in was not completed: {why}",
                code=error.error,
                reason=error.description or None,
            ) from None
        return self.token_request(
            "authorization_code", code=answer["code"], redirect_uri=self.redirect_uri
        )

    def refresh_request(self, refresh_token: str) -> httpx2.Request:
        """Return the request that spends a refresh token.

        Raises:
            InvalidArgumentException: The refresh token was not copied exactly.
        """
        check_secret("refresh_token", refresh_token)
        return self.token_request("refresh_token", refresh_token=refresh_token)

    def token_request(self, grant_type: str, **fields: str | None) -> httpx2.Request:
        """Return a request to the token endpoint."""
        from oauthlib.oauth2.rfc6749 import parameters

        given: dict[str, Any] = {
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            **fields,
        }
        given = {name: value for name, value in given.items() if value is not None}
        # The stubs leave a parameter untyped.
        prepare: Callable[..., str] = parameters.prepare_token_request  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        body = prepare(grant_type, **given)
        return ExchangeRequest("POST", self.token_url, content=body, headers=_FORM_HEADERS)

    def device_request(self) -> httpx2.Request:
        """Return the request that begins a sign-in on another device (RFC 8628, section 3.1)."""
        body = urlencode({"client_id": self.client_id, "scope": self.scope})
        return httpx2.Request("POST", self.device_url, content=body, headers=_FORM_HEADERS)

    def validation_request(self, token: str) -> httpx2.Request:
        """Return the request that validates a token.

        Raises:
            InvalidArgumentException: The token can't be sent in a header.
        """
        check_token("token", token)
        headers = {"Authorization": f"AnaplanAuthToken {token}", "Accept": "application/json"}
        return httpx2.Request("GET", self.validation_url, headers=headers)

    def read(self, response: httpx2.Response) -> dict[str, Any]:
        """Return the object in a reply.

        Raises:
            OAuthException: Anaplan refused; `code` is OAuth's code for the reason.
            AnaplanException: The request failed otherwise, or the reply can't be read.
        """
        error = error_of(response, 1)
        if error is None:
            return decode(_OBJECT, response, secret=True)
        # With other statuses only OAuth's own code is a refusal: a proxy may have answered.
        status = response.status_code
        is_refusal = status == 401 or error.code in _REFUSED_CODES
        if not is_refusal and not (status in _REFUSED_STATUSES and error.code):
            raise error
        raise error.as_type(
            OAuthException,
            f"Anaplan refused: {error.reason or error.code or 'no reason given'}",
            retryable=False,
        )

    def read_token(self, response: httpx2.Response, spent: str | None = None) -> OAuthToken:
        """Return the token in a reply.

        Args:
            response: The reply.
            spent: The refresh token that was exchanged: it stays valid if the reply has none.

        Raises:
            OAuthException: Anaplan refused, or the reply has no access token.
            AnaplanException: The request failed otherwise, or the reply can't be read.
        """
        reply = self.read(response)
        if not is_token(reply.get("access_token")):
            raise OAuthException(
                "Anaplan's reply contains no access token.",
                method="POST",
                url=url_of(response),
                status_code=response.status_code,
            )
        if spent is not None and not reply.get("refresh_token"):
            reply["refresh_token"] = spent
        reply["expires_in"] = int(lifetime_of(reply.get("expires_in"), ASSUMED_LIFETIME))
        reply["expires_at"] = int(time.time()) + reply["expires_in"]
        return reply


def make_app(
    client_id: str,
    client_secret: str | None = None,
    redirect_uri: str | None = None,
    *,
    authorization_url: str = AUTHORIZATION_URL,
    token_url: str = TOKEN_URL,
    validation_url: str = VALIDATION_URL,
    scope: str = SCOPE,
    hosts: Hosts | None,
) -> OAuthApp:
    """Make a registered client; addresses left at their defaults follow the hosts, if given.

    Raises:
        InvalidArgumentException: An argument is empty, or an address is not valid.
        ImportError: The extra `oauth` is not installed.
    """
    require_oauthlib()
    for name, value in (("client_id", client_id), ("redirect_uri", redirect_uri)):
        if value is not None and not str(value).strip():
            raise InvalidArgumentException(f"{name} is empty.")
    if client_secret is not None:
        check_secret("client_secret", client_secret)
    app = OAuthApp(
        identifier(client_id),
        client_secret,
        redirect_uri.strip() if redirect_uri else None,
        check_base_url("authorization_url", authorization_url),
        check_base_url("token_url", token_url),
        check_base_url("validation_url", validation_url),
        _DEVICE_URL,
        scope,
        is_bound=hosts is not None,
    )
    return app if hosts is None else app.at(hosts)


def random_state() -> str:
    """Return a state that can't be guessed."""
    return secrets.token_urlsafe(32)
