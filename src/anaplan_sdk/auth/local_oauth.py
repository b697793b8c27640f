"""OAuth for programs on one's own machine: sign-in in the browser, the result pasted back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import httpx2

from anaplan_sdk._runtime.flow import Flow, call, send
from anaplan_sdk.auth.oauth import (
    AUTHORIZATION_URL,
    SCOPE,
    TOKEN_URL,
    VALIDATION_URL,
    OAuthApp,
    OAuthToken,
    make_app,
    random_state,
)
from anaplan_sdk.auth.oauth_tokens import (
    OAuthBearer,
    OAuthTokenCache,
    OnToken,
    choose_store,
    require_plain,
)
from anaplan_sdk.auth.prompt import ask, open_browser, require_terminal
from anaplan_sdk.auth.stores import TokenStore
from anaplan_sdk.exceptions import OAuthException
from anaplan_sdk.regions import Hosts, Region, given_hosts

Prompt: TypeAlias = Callable[[str], str]
"""Is given the address to sign in at, and returns the address that sign-in ended at."""

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
_AGAIN = "That address holds no code. Copy the whole address of the last page and paste it here: "


class BrowserSignIn:
    """Has a person sign in in a browser and paste the address that it ended at."""

    def __init__(self, make_state: Callable[[], str], prompt: Prompt | None) -> None:
        require_plain("prompt", prompt)
        self._make_state = make_state
        self._prompt = prompt

    def steps(self, app: OAuthApp) -> Flow[OAuthToken]:
        """What has to be done, up to the token."""
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
    """Signs in through the browser once, and refreshes the token from then on.

    At the first request the sign-in page is opened, or its address printed where there is no
    screen. After signing in, copy the address the browser ends at and paste it into the terminal:
    Anaplan registers no addresses on one's own machine, so a program can't catch it. However many
    threads and tasks wait for a token, one sign-in serves them all.

    With `persist_token` the refresh token is kept in the system's keyring: the next run begins with
    it, a `token` that is passed notwithstanding, and asks only when Anaplan refuses it.

    Args:
        client_id: As registered with Anaplan, an Authorization code client.
        client_secret: Its secret.
        redirect_uri: One of its redirect URIs; the page needn't exist.
        token: A token to begin with, as `token` or `Oauth.fetch_token` returned it.
        persist_token: Keep the refresh token between runs; in the keyring unless `store` is given.
        keyring_service: What the keyring files it under.
        authorization_url, token_url, validation_url: Addresses; the defaults are those of the
            shared regions.
        scope: What is asked for.
        state_generator: Makes states; random ones by default.
        store: Where to keep the refresh token instead of the keyring.
        user: Tells the stored tokens of several users apart.
        on_token: Called with every new token before it is used.
        prompt: Has the person sign in in a way of your own: it is given the address of the sign-in
            page and returns the address the browser ended at. It may block.
        base_url, region, hosts: Where Anaplan's services are, as for `Client`; by default where
            those of the first client are that it is given to.

    Raises:
        ValueError: Something is missing or isn't an address.
        ImportError: An extra isn't installed.
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
            authorization_url,
            token_url,
            validation_url,
            scope,
            hosts=given_hosts(base_url=base_url, region=region, hosts=hosts),
        )
        super().__init__(
            OAuthTokenCache(
                app,
                token,
                sign_in=BrowserSignIn(state_generator or random_state, prompt),
                store=choose_store(store, keyring_service, persist=persist_token),
                user=user,
                on_token=on_token,
            )
        )
