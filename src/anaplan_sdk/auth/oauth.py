"""OAuth 2.0 for web applications (RFC 6749, section 4.1: the authorization code grant)."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any

import httpx2

from anaplan_sdk._http.client_options import check_http_options, check_http_timeout
from anaplan_sdk._http.client_settings import client_settings
from anaplan_sdk._http.replies import transport_error
from anaplan_sdk.auth.oauth_app import (
    AUTHORIZATION_URL,
    SCOPE,
    TOKEN_URL,
    VALIDATION_URL,
    OAuthToken,
    make_app,
    random_state,
)
from anaplan_sdk.regions import Hosts, Region, resolve_hosts


class _OauthBase:
    # The arguments are documented in both of the classes below.

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
            authorization_url=authorization_url,
            token_url=token_url,
            validation_url=validation_url,
            scope=scope,
            hosts=resolve_hosts(base_url=base_url, region=region, hosts=hosts),
        )
        self._state_generator = state_generator or random_state
        check_http_timeout(timeout)
        options = {"verify": verify, "proxy": proxy}
        check_http_options(options)
        # Building a TLS context takes longer than all else about a request.
        self._settings: dict[str, Any] = {
            **client_settings(options, (self._app.token_url, self._app.validation_url)),
            "timeout": timeout,
        }

    def __repr__(self) -> str:
        return f"<{type(self).__name__} client_id={self._app.client_id!r} {self._app.token_url}>"

    def authorization_url(
        self, authorization_url: str | None = None, state: str | None = None
    ) -> tuple[str, str]:
        """Return the address to send the user's browser to, and the state of this sign-in.

        Keep the state with the user's session (a signed cookie, a server-side session) and pass it
        to `fetch_token` when the callback comes: it proves that the callback belongs to this
        sign-in. Nothing is sent, and this object keeps nothing.

        Source: RFC 6749, sections 4.1.1 and 10.12.

        Args:
            authorization_url: A sign-in page other than the one this object was made with.
            state: A state of your own; a new one by default.

        Returns:
            The address and the state.

        Raises:
            InvalidArgumentException: `authorization_url` is not a valid URL.
        """
        state = state or self._state_generator()
        return self._app.authorization_request(authorization_url, state), state


class Oauth(_OauthBase):
    """Sign users of a web application in at Anaplan.

    All users and threads may share one object: it keeps nothing of any sign-in.

    Args:
        client_id: The client as registered with Anaplan, an Authorization code client.
        client_secret: The secret of the client.
        redirect_uri: The address that Anaplan sends the browser back to, exactly as registered.
        authorization_url: The sign-in page; the default is that of the shared regions.
        token_url: The token endpoint; the default is that of the shared regions.
        validation_url: The address that validates tokens; the default is that of the shared
            regions.
        scope: The scopes to ask for. `offline_access` is needed for a refresh token.
        state_generator: Makes states; random ones by default.
        base_url: One address for all of Anaplan's services, such as that of the emulator. Of
            `base_url`, `region` and `hosts` give at most one; addresses that are given themselves
            take precedence.
        region: The region of the tenant, such as `"eu3"`; the shared regions by default.
        hosts: The base URLs of the services.
        timeout: Seconds for each step of a request, or an `httpx2.Timeout`.
        verify: Whether to verify certificates, or what to verify them by; as for `httpx2.Client`.
        proxy: The proxy to use; as for `httpx2.Client`.

    Raises:
        InvalidArgumentException: An argument is empty or contradicts another, an address is not
            valid or would send secrets over plain http, or `timeout`, `verify` or `proxy`, or the
            environment in their place, can't be used.
        ArgumentTypeException: One of these has the wrong type.
        ImportError: The extra `oauth`, or the package for a SOCKS proxy, is not installed.
    """

    def fetch_token(self, authorization_response: str, state: str | None = None) -> OAuthToken:
        """Exchange the code of a callback for a token. A code is valid for one exchange.

        Source: RFC 6749, sections 4.1.2 to 4.1.4.

        Args:
            authorization_response: The whole URL that the user's browser was sent back to.
            state: The state that `authorization_url` returned for this sign-in. Pass it always:
                without it the callback may belong to another sign-in.

        Returns:
            The token: `access_token`, `refresh_token`, `expires_in` (seconds), `expires_at`
            (seconds since 1970), `token_type`, `scope`, and `id_token`.

        Raises:
            OAuthStateException: The state differs.
            OAuthException: The user or Anaplan refused; `code` is the reason as in RFC 6749.
            AnaplanException: The request failed; see the subclasses.
        """
        request = self._app.exchange_request(authorization_response, state)
        return self._app.read_token(self._send(request))

    def refresh_token(self, refresh_token: str) -> OAuthToken:
        """Exchange a refresh token for a new token.

        Store the new refresh token before anything else: that of a client with rotation is valid
        for one exchange. Two exchanges of the same one at the same time end in a refusal.

        Source: RFC 6749, section 6.

        Args:
            refresh_token: The refresh token to exchange.

        Returns:
            The new token, as from `fetch_token`. If the reply has no refresh token, the old one is
            still good and is returned.

        Raises:
            InvalidArgumentException: The refresh token is empty, or has whitespace around it.
            OAuthException: Anaplan refused: the user has to sign in again.
            AnaplanException: The request failed; see the subclasses.
        """
        response = self._send(self._app.refresh_request(refresh_token))
        return self._app.read_token(response, spent=refresh_token)

    def validate_token(self, token: str) -> dict[str, str | dict[str, str | int]]:
        """Ask Anaplan about an access token.

        Args:
            token: The access token.

        Returns:
            Anaplan's reply: the user of the token, and when it expires.

        Raises:
            InvalidArgumentException: The token is empty or contains characters that can't be sent.
            OAuthException: The token is not valid, or has expired.
            AnaplanException: The request failed; see the subclasses.
        """
        return self._app.read(self._send(self._app.validation_request(token)))

    def _send(self, request: httpx2.Request) -> httpx2.Response:
        with httpx2.Client(**self._settings) as http:
            try:
                return http.send(request)
            except (httpx2.RequestError, UnicodeError) as error:
                failure = transport_error(error, 1, request)
        raise failure  # Outside of the except clause: the context would quote the request.


class AsyncOauth(_OauthBase):
    """Sign users of a web application in at Anaplan, from async code.

    All users, tasks and event loops may share one object: it keeps nothing of any sign-in.

    Args:
        client_id: The client as registered with Anaplan, an Authorization code client.
        client_secret: The secret of the client.
        redirect_uri: The address that Anaplan sends the browser back to, exactly as registered.
        authorization_url: The sign-in page; the default is that of the shared regions.
        token_url: The token endpoint; the default is that of the shared regions.
        validation_url: The address that validates tokens; the default is that of the shared
            regions.
        scope: The scopes to ask for. `offline_access` is needed for a refresh token.
        state_generator: Makes states; random ones by default.
        base_url: One address for all of Anaplan's services, such as that of the emulator. Of
            `base_url`, `region` and `hosts` give at most one; addresses that are given themselves
            take precedence.
        region: The region of the tenant, such as `"eu3"`; the shared regions by default.
        hosts: The base URLs of the services.
        timeout: Seconds for each step of a request, or an `httpx2.Timeout`.
        verify: Whether to verify certificates, or what to verify them by; as for
            `httpx2.AsyncClient`.
        proxy: The proxy to use; as for `httpx2.AsyncClient`.

    Raises:
        InvalidArgumentException: An argument is empty or contradicts another, an address is not
            valid or would send secrets over plain http, or `timeout`, `verify` or `proxy`, or the
            environment in their place, can't be used.
        ArgumentTypeException: One of these has the wrong type.
        ImportError: The extra `oauth`, or the package for a SOCKS proxy, is not installed.
    """

    async def fetch_token(
        self, authorization_response: str, state: str | None = None
    ) -> OAuthToken:
        """Exchange the code of a callback for a token. A code is valid for one exchange.

        Source: RFC 6749, sections 4.1.2 to 4.1.4.

        Args:
            authorization_response: The whole URL that the user's browser was sent back to.
            state: The state that `authorization_url` returned for this sign-in. Pass it always:
                without it the callback may belong to another sign-in.

        Returns:
            The token: `access_token`, `refresh_token`, `expires_in` (seconds), `expires_at`
            (seconds since 1970), `token_type`, `scope`, and `id_token`.

        Raises:
            OAuthStateException: The state differs.
            OAuthException: The user or Anaplan refused; `code` is the reason as in RFC 6749.
            AnaplanException: The request failed; see the subclasses.
        """
        request = self._app.exchange_request(authorization_response, state)
        return self._app.read_token(await self._send(request))

    async def refresh_token(self, refresh_token: str) -> OAuthToken:
        """Exchange a refresh token for a new token.

        Store the new refresh token before anything else: that of a client with rotation is valid
        for one exchange. Two exchanges of the same one at the same time end in a refusal. The new
        token is lost if the call is cancelled during the exchange.

        Source: RFC 6749, section 6.

        Args:
            refresh_token: The refresh token to exchange.

        Returns:
            The new token, as from `fetch_token`. If the reply has no refresh token, the old one is
            still good and is returned.

        Raises:
            InvalidArgumentException: The refresh token is empty, or has whitespace around it.
            OAuthException: Anaplan refused: the user has to sign in again.
            AnaplanException: The request failed; see the subclasses.
        """
        response = await self._send(self._app.refresh_request(refresh_token))
        return self._app.read_token(response, spent=refresh_token)

    async def validate_token(self, token: str) -> dict[str, str | dict[str, str | int]]:
        """Ask Anaplan about an access token.

        Args:
            token: The access token.

        Returns:
            Anaplan's reply: the user of the token, and when it expires.

        Raises:
            InvalidArgumentException: The token is empty or contains characters that can't be sent.
            OAuthException: The token is not valid, or has expired.
            AnaplanException: The request failed; see the subclasses.
        """
        return self._app.read(await self._send(self._app.validation_request(token)))

    async def _send(self, request: httpx2.Request) -> httpx2.Response:
        async with httpx2.AsyncClient(**self._settings) as http:
            try:
                return await http.send(request)
            except (httpx2.RequestError, UnicodeError) as error:
                failure = transport_error(error, 1, request)
        raise failure  # Outside of the except clause: the context would quote the request.
