"""The device authorization grant (RFC 8628): sign-in on another device than the program's."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import TypeAlias

from pydantic import BaseModel, Field, TypeAdapter

from anaplan_sdk._http.replies import decode
from anaplan_sdk._runtime.flow import Flow, Pause, call, send
from anaplan_sdk.auth.oauth import (
    AUTHORIZATION_URL,
    SCOPE,
    TOKEN_URL,
    VALIDATION_URL,
    OAuthApp,
    OAuthToken,
    make_app,
)
from anaplan_sdk.auth.oauth_tokens import (
    OAuthBearer,
    OAuthTokenCache,
    OnToken,
    choose_store,
    require_plain,
)
from anaplan_sdk.auth.prompt import show
from anaplan_sdk.auth.stores import TokenStore
from anaplan_sdk.exceptions import AnaplanException, OAuthException, SignInRequiredException
from anaplan_sdk.regions import Hosts, Region, given_hosts

_GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
# RFC 8628, 3.5: how much longer to wait when told to slow down.
_SLOWER = 5.0
# A server that sets no interval isn't asked as fast as the network allows.
_LEAST = 0.1
# How long it takes at most until `cancel` is noticed.
_LOOK = 1.0


class DeviceCode(BaseModel):
    """What the person needs to sign in (RFC 8628, 3.2). Times are in seconds."""

    user_code: str
    verification_uri: str
    verification_uri_complete: str | None = None
    device_code: str
    expires_in: int
    interval: float = Field(default=5, ge=0)

    def __repr_args__(self) -> list[tuple[str | None, object]]:
        """Leaves the device code out: whoever knows it gets the token."""
        return [("user_code", self.user_code), ("verification_uri", self.verification_uri)]


_DEVICE_CODE = TypeAdapter(DeviceCode)

DevicePrompt: TypeAlias = Callable[[DeviceCode], object]
"""Tells the person where to sign in; may block."""


class DeviceSignIn:
    """Tells a person where to sign in, and asks Anaplan until it was done."""

    def __init__(self, prompt: DevicePrompt | None) -> None:
        require_plain("prompt", prompt)
        self._prompt = prompt
        self.cancelled = threading.Event()

    def steps(self, app: OAuthApp) -> Flow[OAuthToken]:
        """What has to be done, up to the token."""
        if self._prompt is None and not (sys.stderr and sys.stderr.isatty()):
            raise SignInRequiredException(
                "Someone has to sign in, but this session has no terminal to show the code at. Run "
                "the program once in a terminal with persist_token=True, or pass prompt= to send "
                "the code to someone."
            )
        self.cancelled.clear()
        response = yield from send(app.device_request())
        app.read(response)
        code = decode(_DEVICE_CODE, response, secret=True)
        deadline = time.monotonic() + code.expires_in
        yield from call(lambda: (self._prompt or _show)(code))
        interval = max(code.interval, _LEAST)
        while True:
            yield from self._wait(interval)
            if time.monotonic() >= deadline:
                raise OAuthException(
                    f"Nobody signed in within {code.expires_in} seconds; begin again.",
                    code="expired_token",
                )
            request = app.token_request(_GRANT_TYPE, device_code=code.device_code)
            try:
                response = yield from send(request)
                return app.read_token(response)
            except OAuthException as error:
                if error.code == "slow_down":
                    interval += _SLOWER
                elif error.code != "authorization_pending":
                    raise
            except AnaplanException as error:
                if not error.retryable:
                    raise
                interval = max(1.0, interval * 2)  # RFC 8628, 3.5, for connections that time out

    def _wait(self, seconds: float) -> Flow[None]:
        while not self.cancelled.is_set():
            if seconds <= 0:
                return
            yield Pause(min(seconds, _LOOK))
            seconds -= _LOOK
        raise OAuthException("The sign-in was cancelled.", code="cancelled")


def _show(code: DeviceCode) -> None:
    where = code.verification_uri_complete or code.verification_uri
    show(
        f"\nTo sign in to Anaplan, open\n\n    {where}\n\non any device and check that it shows "
        f"the code {code.user_code}. Waiting, for {code.expires_in // 60} minutes at the most..."
    )


class AnaplanDeviceAuth(OAuthBearer):
    """Signs in with a code that is typed in on any other device; for servers and SSH sessions.

    At the first request the code and the address to enter it at are printed; the request goes on
    once the person has signed in there. However many threads and tasks wait for a token, one
    sign-in serves them all. Users of single sign-on can't use this grant.

    Args:
        client_id: As registered with Anaplan, a Device client; it has no secret.
        token: A token to begin with, as `token` returned it.
        persist_token: Keep the refresh token between runs; in the keyring unless `store` is given.
        keyring_service: What the keyring files it under.
        token_url: The token endpoint; the default is that of the shared regions.
        scope: What is asked for.
        store: Where to keep the refresh token instead of the keyring.
        user: Tells the stored tokens of several users apart.
        on_token: Called with every new token before it is used.
        prompt: Tells the person in a way of your own, such as by a message; given a `DeviceCode`.
        base_url, region, hosts: Where Anaplan's services are, as for `Client`; by default where
            those of the first client are that it is given to.

    Raises:
        ValueError: Something is missing or isn't an address.
        ImportError: An extra isn't installed.
    """

    def __init__(
        self,
        client_id: str,
        token: OAuthToken | None = None,
        persist_token: bool = False,
        keyring_service: str = "anaplan_sdk",
        token_url: str = TOKEN_URL,
        scope: str = SCOPE,
        *,
        store: TokenStore | None = None,
        user: str | None = None,
        on_token: OnToken | None = None,
        prompt: DevicePrompt | None = None,
        base_url: str | None = None,
        region: Region | None = None,
        hosts: Hosts | None = None,
    ) -> None:
        app = make_app(
            client_id,
            None,
            None,
            AUTHORIZATION_URL,
            token_url,
            VALIDATION_URL,
            scope,
            hosts=given_hosts(base_url=base_url, region=region, hosts=hosts),
        )
        self._sign_in = DeviceSignIn(prompt)
        super().__init__(
            OAuthTokenCache(
                app,
                token,
                sign_in=self._sign_in,
                store=choose_store(store, keyring_service, persist=persist_token),
                user=user,
                on_token=on_token,
            )
        )

    def cancel(self) -> None:
        """Ends a sign-in that is being waited for; its callers get an `OAuthException`."""
        self._sign_in.cancelled.set()
