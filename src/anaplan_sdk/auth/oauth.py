"""OAuth 2.0 for web applications (RFC 6749, 4.1: the authorization code grant)."""

from __future__ import annotations

import secrets
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from hmac import compare_digest
from importlib.util import find_spec
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlencode

import httpx2
from pydantic import TypeAdapter

from anaplan_sdk._http.redaction import excerpt, safe_url
from anaplan_sdk._http.replies import decode, error_of, transport_error
from anaplan_sdk._runtime.flow import ExchangeRequest
from anaplan_sdk.auth.token_cache import check_token, is_token
from anaplan_sdk.exceptions import OAuthException, OAuthStateException
from anaplan_sdk.regions import Hosts, Region, check_base_url, resolve_hosts

OAuthToken: TypeAlias = dict[str, str | int]
"""A token reply (RFC 6749, 5.1) and `expires_at`, in seconds since 1970."""

AUTHORIZATION_URL = "https://us1a.app.anaplan.com/auth/prelogin"
TOKEN_URL = "https://us1a.app.anaplan.com/oauth/token"  # noqa: S105 - an address
VALIDATION_URL = "https://auth.anaplan.com/token/validate"
_DEVICE_URL = "https://us1a.app.anaplan.com/oauth/device/code"
SCOPE = "openid profile email offline_access"

_OBJECT = TypeAdapter(dict[str, Any])
_REFUSALS = frozenset((400, 401, 403))
# OAuth's words for a refusal, which count whatever the status (RFC 6749, 5.2; RFC 8628, 3.5).
_REFUSAL_WORDS = frozenset(
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
_LIFETIME = 2100
_FORM_HEADERS = {
    "Content-Type": "application/x-www-form-urlencoded",
    "Accept": "application/json",
}
_PUBLIC_FIELDS = frozenset(("client_id", "grant_type", "redirect_uri", "scope"))


def require_oauthlib() -> None:
    """Raises an error that names the extra, when it isn't installed."""
    if find_spec("oauthlib") is None:
        raise ImportError("OAuth needs the extra 'oauth': pip install 'anaplan-sdk[oauth]'")


@dataclass(frozen=True)
class OAuthApp:
    """A client registered with Anaplan, and where it talks to: requests out, replies in, no I/O."""

    client_id: str
    client_secret: str | None = field(repr=False)
    redirect_uri: str | None
    authorization_url: str
    token_url: str
    validation_url: str
    device_url: str
    scope: str
    is_placed: bool = True

    def at(self, hosts: Hosts) -> OAuthApp:
        """The same at these hosts; addresses that aren't left at their defaults stay."""
        places = {
            AUTHORIZATION_URL: f"{hosts.oauth}/auth/prelogin",
            TOKEN_URL: f"{hosts.oauth}/oauth/token",
            VALIDATION_URL: f"{hosts.authentication}/token/validate",
            _DEVICE_URL: f"{hosts.oauth}/oauth/device/code",
        }
        return replace(
            self,
            authorization_url=places.get(self.authorization_url, self.authorization_url),
            token_url=places.get(self.token_url, self.token_url),
            validation_url=places.get(self.validation_url, self.validation_url),
            device_url=places.get(self.device_url, self.device_url),
        )

    def authorization_request(self, url: str | None, state: str) -> str:
        """Where to send the user's browser.

        Raises:
            ValueError: The URL given instead of the usual one isn't one.
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
        """The request that exchanges a callback's code for a token.

        Raises:
            OAuthStateException: The callback's state isn't the expected one.
            OAuthException: The callback carries an error, or no code.
        """
        from oauthlib.oauth2 import OAuth2Error
        from oauthlib.oauth2.rfc6749.parameters import parse_authorization_code_response

        # Only the query counts: a proxy that ends TLS makes a callback look like plain http, and
        # browsers hide the scheme of what is copied from them.
        query = callback.partition("#")[0].partition("?")[2].strip()
        answer = dict(parse_qsl(query))
        if not answer.keys() & {"code", "error"}:
            raise OAuthException(
                "The callback holds neither a code nor an error: it isn't where a sign-in ended.",
                code="missing_code",
            )
        # An empty state proves nothing, and would equal that of a callback without one.
        if state is not None and not (
            state and compare_digest(answer.get("state", "").encode(), state.encode())
        ):
            raise OAuthStateException(
                "The callback's state is not the one this sign-in was begun with: it belongs to "
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
        """The request that spends a refresh token."""
        return self.token_request("refresh_token", refresh_token=refresh_token)

    def token_request(self, grant_type: str, **fields: str | None) -> httpx2.Request:
        """A request to the token endpoint."""
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
        """The request that begins a sign-in on another device (RFC 8628, 3.1)."""
        body = urlencode({"client_id": self.client_id, "scope": self.scope})
        return httpx2.Request("POST", self.device_url, content=body, headers=_FORM_HEADERS)

    def validation_request(self, token: str) -> httpx2.Request:
        """The request that asks Anaplan whether a token is good.

        Raises:
            ValueError: The token isn't one.
        """
        check_token("token", token)
        headers = {"Authorization": f"AnaplanAuthToken {token}", "Accept": "application/json"}
        return httpx2.Request("GET", self.validation_url, headers=headers)

    def read(self, response: httpx2.Response) -> dict[str, Any]:
        """A reply's object.

        Raises:
            OAuthException: Anaplan refused; `code` is OAuth's own word for it.
            AnaplanException: It could not answer, or not sensibly.
        """
        error = error_of(_without_echo(response), 1)
        if error is None:
            return decode(_OBJECT, response, secret=True)
        # Of other statuses only OAuth's own word is a verdict: a proxy may have answered.
        status = response.status_code
        is_verdict = status == 401 or error.code in _REFUSAL_WORDS
        if not is_verdict and not (status in _REFUSALS and error.code):
            raise error
        raise OAuthException(
            f"Anaplan refused: {error.reason or error.code or 'no reason given'}",
            method=error.method,
            url=error.url,
            status_code=error.status_code,
            code=error.code,
            reason=error.reason,
            request_id=error.request_id,
            attempts=1,
        )

    def read_token(self, response: httpx2.Response, spent: str | None = None) -> OAuthToken:
        """A token reply's token; one without a refresh token leaves the one that was spent good."""
        reply = self.read(response)
        if not is_token(reply.get("access_token")):
            raise OAuthException(
                "Anaplan's reply holds no access token.",
                method="POST",
                url=safe_url(response.request.url),
                status_code=response.status_code,
            )
        if spent is not None and not reply.get("refresh_token"):
            reply["refresh_token"] = spent
        reply["expires_in"] = _seconds(reply.get("expires_in"))
        reply["expires_at"] = int(time.time()) + reply["expires_in"]
        return reply


class _OauthBase:
    """What both clients of the authorization server share."""

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        redirect_uri: str,
        authorization_url: str = AUTHORIZATION_URL,
        token_url: str = TOKEN_URL,
        validation_url: str = VALIDATION_URL,
        scope: str = SCOPE,
        state_generator: Callable[[], str] | None = None,
        *,
        base_url: str | None = None,
        region: Region | None = None,
        hosts: Hosts | None = None,
        timeout: float | httpx2.Timeout = 30,
        verify: ssl.SSLContext | str | bool = True,
        proxy: str | httpx2.URL | httpx2.Proxy | None = None,
    ) -> None:
        self._app = make_app(
            client_id,
            client_secret,
            redirect_uri,
            authorization_url,
            token_url,
            validation_url,
            scope,
            hosts=resolve_hosts(base_url=base_url, region=region, hosts=hosts),
        )
        self._state_generator = state_generator or random_state
        self._timeout = timeout
        self._verify = verify
        self._proxy = proxy

    def __repr__(self) -> str:
        return f"<{type(self).__name__} client_id={self._app.client_id!r} {self._app.token_url}>"

    def authorization_url(
        self, authorization_url: str | None = None, state: str | None = None
    ) -> tuple[str, str]:
        """Where to send the user's browser, and the state to remember for this sign-in.

        Keep the state with the user's session (a signed cookie, a server-side session) and pass it
        to `fetch_token` when the callback comes: it proves that the callback belongs to this
        sign-in (RFC 6749, 10.12). Nothing is kept on this object.

        Args:
            authorization_url: Another address than the one this object was made with.
            state: A state of your own; a random one by default.

        Returns:
            The URL and the state.
        """
        state = state or self._state_generator()
        return self._app.authorization_request(authorization_url, state), state

    # Building a TLS context takes longer than all else about a request.
    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return (
            self._verify
            if isinstance(self._verify, ssl.SSLContext)
            else httpx2.create_ssl_context(verify=self._verify)
        )


class Oauth(_OauthBase):
    """Signs users of a web application in at Anaplan; sync.

    Share one object between all users and threads: it keeps nothing of any sign-in.

    Args:
        client_id: As registered with Anaplan, an Authorization code client.
        client_secret: Its secret.
        redirect_uri: Where Anaplan sends the browser back to, exactly as registered.
        authorization_url: The sign-in page; the default is that of the shared regions.
        token_url: The token endpoint.
        validation_url: Where tokens are validated.
        scope: What is asked for. `offline_access` is needed for a refresh token.
        state_generator: Makes states; random ones by default.
        base_url, region, hosts: Where Anaplan's services are, as for `Client`; addresses that are
            given themselves come first.
        timeout, verify, proxy: As for `httpx2.Client`.

    Raises:
        ValueError: An address isn't one, or would carry secrets over plain http.
        ImportError: The extra `oauth` isn't installed.
    """

    def fetch_token(self, authorization_response: str, state: str | None = None) -> OAuthToken:
        """Exchanges the code of a callback for a token. A code is good for one exchange.

        Args:
            authorization_response: The whole URL that the user's browser was sent back to.
            state: The state that `authorization_url` returned for this sign-in. Pass it always;
                without it the callback may be anybody's.

        Returns:
            The token: `access_token`, `refresh_token`, `expires_in` and `expires_at` (seconds),
            `token_type`, `scope`, and `id_token`.

        Raises:
            OAuthStateException: The state differs.
            OAuthException: The user or Anaplan refused; `code` says how, as RFC 6749 names it.
            AnaplanException: Anaplan could not be asked.
        """
        request = self._app.exchange_request(authorization_response, state)
        return self._app.read_token(self._send(request))

    def refresh_token(self, refresh_token: str) -> OAuthToken:
        """Exchanges a refresh token for a new token.

        Keep the new refresh token before anything else: of a rotatable client the old one is good
        for nothing now. A reply without one leaves the old one good, and it is returned.

        Raises:
            OAuthException: Anaplan refused; the user has to sign in again.
            AnaplanException: Anaplan could not be asked.
        """
        response = self._send(self._app.refresh_request(refresh_token))
        return self._app.read_token(response, spent=refresh_token)

    def validate_token(self, token: str) -> dict[str, str | dict[str, str | int]]:
        """Asks Anaplan about an access token: whose it is and when it ends.

        Raises:
            OAuthException: The token is good for nothing.
            AnaplanException: Anaplan could not be asked.
        """
        return self._app.read(self._send(self._app.validation_request(token)))

    def _send(self, request: httpx2.Request) -> httpx2.Response:
        with httpx2.Client(timeout=self._timeout, verify=self._tls, proxy=self._proxy) as http:
            try:
                return http.send(request)
            except httpx2.RequestError as error:
                raise transport_error(error, 1) from error


class AsyncOauth(_OauthBase):
    """Signs users of a web application in at Anaplan; async. Arguments as for `Oauth`."""

    async def fetch_token(
        self, authorization_response: str, state: str | None = None
    ) -> OAuthToken:
        """Exchanges the code of a callback for a token, as `Oauth.fetch_token`."""
        request = self._app.exchange_request(authorization_response, state)
        return self._app.read_token(await self._send(request))

    async def refresh_token(self, refresh_token: str) -> OAuthToken:
        """Exchanges a refresh token for a new token, as `Oauth.refresh_token`."""
        response = await self._send(self._app.refresh_request(refresh_token))
        return self._app.read_token(response, spent=refresh_token)

    async def validate_token(self, token: str) -> dict[str, str | dict[str, str | int]]:
        """Asks Anaplan about an access token, as `Oauth.validate_token`."""
        return self._app.read(await self._send(self._app.validation_request(token)))

    async def _send(self, request: httpx2.Request) -> httpx2.Response:
        async with httpx2.AsyncClient(
            timeout=self._timeout, verify=self._tls, proxy=self._proxy
        ) as http:
            try:
                return await http.send(request)
            except httpx2.RequestError as error:
                raise transport_error(error, 1) from error


def make_app(
    client_id: str,
    client_secret: str | None,
    redirect_uri: str | None,
    authorization_url: str,
    token_url: str,
    validation_url: str,
    scope: str,
    *,
    hosts: Hosts | None,
) -> OAuthApp:
    """A registered client; addresses left at their defaults follow the hosts, if there are any.

    Raises:
        ValueError: Something is missing, or an address isn't one.
        ImportError: The extra `oauth` isn't installed.
    """
    require_oauthlib()
    for name, value in (("client_id", client_id), ("redirect_uri", redirect_uri)):
        if value is not None and not value:
            raise ValueError(f"{name} is empty.")
    if client_secret is not None and not client_secret:
        raise ValueError("client_secret is empty.")
    app = OAuthApp(
        client_id,
        client_secret,
        redirect_uri,
        check_base_url("authorization_url", authorization_url),
        check_base_url("token_url", token_url),
        check_base_url("validation_url", validation_url),
        _DEVICE_URL,
        scope,
        is_placed=hosts is not None,
    )
    return app if hosts is None else app.at(hosts)


def random_state() -> str:
    """A state that can't be guessed."""
    return secrets.token_urlsafe(32)


def _seconds(value: object) -> int:
    try:
        return int(float(str(value)))
    except (ValueError, OverflowError):
        return _LIFETIME


def _without_echo(response: httpx2.Response) -> httpx2.Response:
    """An error reply that repeats none of the secrets it was sent."""
    request = response.request
    sent = [
        value for name, value in parse_qsl(request.content.decode()) if name not in _PUBLIC_FIELDS
    ]
    sent += request.headers.get("Authorization", "").split()[1:]
    text = response.text
    if response.is_success or not any(secret in text for secret in sent):
        return response
    for secret in sent:
        text = text.replace(secret, "***")
    headers = {
        name: value
        for name, value in response.headers.items()
        if name not in ("content-encoding", "content-length", "transfer-encoding")
    }
    return httpx2.Response(response.status_code, headers=headers, text=text, request=request)
