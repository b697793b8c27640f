"""OAuth for programs on one's own machine: sign-in in the browser, the result is pasted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import httpx2

from anaplan_sdk._runtime.flow import Flow, call, send
from anaplan_sdk.auth.oauth_app import (
    AUTHORIZATION_URL,
    SCOPE,
    TOKEN_URL,
    VALIDATION_URL,
    OAuthApp,
    OAuthToken,
    make_app,
    random_state,
)
from anaplan_sdk.auth.oauth_tokens import OAuthBearer, OnToken, refuse_async
from anaplan_sdk.auth.prompt import ask, open_browser, require_terminal
from anaplan_sdk.auth.stores import TokenStore
from anaplan_sdk.exceptions import OAuthException
from anaplan_sdk.regions import Hosts, Region, given_hosts

Prompt: TypeAlias = Callable[[str], str]
"""Takes the address to sign in at, and returns the address that the browser ended at."""

_TRIES = 3
_INSTEAD = (
    "Run the program once in a terminal with persist_token=True, or use AnaplanDeviceAuth, a "
    "certificate, or AnaplanRefreshTokenAuth with a token from elsewhere."
)
_INVITATION = """
{how}

    {url}

Anaplan then sends your browser to an address that begins with {redirect_uri}
(the page itself need not exist). Copy that whole address and paste it here: """
_AGAIN = (
    "That address contains no code. Copy the whole address of the last page and paste it here: "
)


class BrowserSignIn:
    """Has a person sign in in a browser and paste the address that it ended at.

    Args:
        make_state: Makes the states that protect sign-ins.
        prompt: Called in place of the terminal.
    """

    def __init__(self, make_state: Callable[[], str], prompt: Prompt | None) -> None:
        refuse_async("prompt", prompt)
        self._make_state = make_state
        self._prompt = prompt

    def __call__(self, app: OAuthApp) -> Flow[OAuthToken]:  # noqa: D102 - it is a SignIn
        if self._prompt is None:
            require_terminal(_INSTEAD)
        state = self._make_state()
        url = app.authorization_request(None, state)
        request = yield from call(lambda: self._ask(app, url, state))
        response = yield from send(request)
        return app.read_token(response)

    def _ask(self, app: OAuthApp, url: str, state: str) -> httpx2.Request:
        if self._prompt is not None:
            return app.exchange_request(self._prompt(url), state)
        opened = open_browser(url)
        how = "Sign in to Anaplan in the page that was opened:" if opened else "To sign in, open"
        text = _INVITATION.format(how=how, url=url, redirect_uri=app.redirect_uri)
        for tries_left in reversed(range(_TRIES)):
            try:
                return app.exchange_request(ask(text), state)
            except OAuthException as error:
                if error.code != "missing_code" or not tries_left:
                    raise
                text = _AGAIN
        raise AssertionError("unreachable: the last try returns or raises")


class AnaplanLocalOAuth(OAuthBearer):
    """Have a person sign in in the browser once, and refresh the token from then on.

    Pass it to a client as `auth`. At the first request the sign-in page is opened, or its address
    printed where there is no screen. After the sign-in, the person copies the address that the
    browser ends at and pastes it into the terminal: Anaplan registers no addresses on one's own
    machine, so a program can't receive the redirect. Threads, tasks and clients may share the
    object: one sign-in serves them all. The token is refreshed five minutes before it expires.

    The exchange of a code or a refresh token goes on when its caller is cancelled or interrupted,
    until the new refresh token is stored. Closing a client waits for that, five seconds at most.
    The wait for the person can be interrupted.

    Args:
        client_id: The client as registered with Anaplan, an Authorization code client.
        client_secret: The secret of the client.
        redirect_uri: One of the redirect URIs of the client; the page need not exist.
        token: A token to start with, as the property `token` or `Oauth.fetch_token` returned it.
        persist_token: Whether to keep the refresh token between runs, in the keyring unless `store`
            is given. A stored one is used before `token`, and the person is asked only when Anaplan
            refuses it.
        keyring_service: The name that the keyring stores the refresh token under.
        authorization_url: The sign-in page; the default is that of the shared regions.
        token_url: The token endpoint; the default is that of the shared regions.
        validation_url: The address that validates tokens; the default is that of the shared
            regions.
        scope: The scopes to ask for. `offline_access` is needed for a refresh token.
        state_generator: Makes the states that protect sign-ins (RFC 6749, section 10.12); random
            ones by default.
        store: Keeps the refresh token between runs, in place of the keyring.
        user: Distinguishes the stored tokens of several users.
        on_token: Called with every new token before it is used. It may block, is called from any
            thread, and its exceptions end the request; the next request calls it again.
        prompt: Called in place of the terminal, with the address of the sign-in page; returns the
            address that the browser ended at. It may block.
        base_url: One address for all of Anaplan's services, such as that of the emulator. Of
            `base_url`, `region` and `hosts` give at most one; by default tokens come from where the
            services of the first client are that this object is given to.
        region: The region of the tenant, such as `"eu3"`.
        hosts: The base URLs of the services.

    Raises:
        InvalidArgumentException: An argument is missing or contradicts another, or an address is
            not valid.
        ArgumentTypeException: `prompt`, `on_token` or the store is async.
        ImportError: The extra `oauth` is not installed, or `keyring` is needed and is not.
    """

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        redirect_uri: str,
        token: OAuthToken | None = None,
        persist_token: bool = False,
        keyring_service: str = "anaplan_sdk",
        authorization_url: str = AUTHORIZATION_URL,
        token_url: str = TOKEN_URL,
        validation_url: str = VALIDATION_URL,
        scope: str = SCOPE,
        state_generator: Callable[[], str] | None = None,
        *,
        store: TokenStore | None = None,
        user: str | None = None,
        on_token: OnToken | None = None,
        prompt: Prompt | None = None,
        base_url: str | None = None,
        region: Region | None = None,
        hosts: Hosts | None = None,
    ) -> None:
        app = make_app(
            client_id,
            client_secret,
            redirect_uri,
            authorization_url=authorization_url,
            token_url=token_url,
            validation_url=validation_url,
            scope=scope,
            hosts=given_hosts(base_url=base_url, region=region, hosts=hosts),
        )
        super().__init__(
            app,
            token,
            sign_in=BrowserSignIn(state_generator or random_state, prompt),
            store=store,
            keyring_service=keyring_service if persist_token else None,
            user=user,
            on_token=on_token,
        )
