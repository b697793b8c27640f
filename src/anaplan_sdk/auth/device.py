"""The device authorization grant (RFC 8628): sign-in on another device than the program's."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BaseModel, Field, TypeAdapter

from anaplan_sdk._http.replies import decode
from anaplan_sdk._runtime import process
from anaplan_sdk._runtime.flow import Flow, Pause, call, send
from anaplan_sdk.auth.oauth_app import SCOPE, TOKEN_URL, OAuthApp, OAuthToken, make_app
from anaplan_sdk.auth.oauth_tokens import OAuthBearer, OnToken, refuse_async
from anaplan_sdk.auth.prompt import can_show, show
from anaplan_sdk.auth.stores import TokenStore
from anaplan_sdk.exceptions import AnaplanException, OAuthException, SignInRequiredException
from anaplan_sdk.regions import Hosts, Region, given_hosts

_GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
# RFC 8628, section 3.5: seconds to add to the interval after `slow_down`.
_SLOW_DOWN = 5.0
# The shortest interval, in seconds, for a server that sets none.
_MIN_INTERVAL = 0.1
# Seconds: a longer lifetime in a reply is not plausible.
_LONGEST_LIFETIME = 86_400
# Seconds within which `cancel` is noticed.
_CANCEL_INTERVAL = 1.0


class DeviceCode(BaseModel):
    """What the person needs to sign in (RFC 8628, section 3.2).

    Attributes:
        user_code: The code to enter.
        verification_uri: The address to enter it at.
        verification_uri_complete: The same address with the code in it.
        device_code: Identifies the sign-in; a secret.
        expires_in: Seconds until the code expires, at most a day.
        interval: Seconds between two polls.
    """

    user_code: str
    verification_uri: str
    verification_uri_complete: str | None = None
    device_code: str
    expires_in: Annotated[int, AfterValidator(lambda value: min(value, _LONGEST_LIFETIME))]
    interval: float = Field(default=5, ge=0, allow_inf_nan=False)

    def __repr_args__(self) -> list[tuple[str | None, object]]:
        # Without the device code: with it, anyone can get the token.
        return [("user_code", self.user_code), ("verification_uri", self.verification_uri)]


_DEVICE_CODE = TypeAdapter(DeviceCode)

DevicePrompt: TypeAlias = Callable[[DeviceCode], object]
"""Shows the person where to sign in; may block."""


class DeviceSignIn:
    """Shows a person where to sign in, and polls Anaplan until they have.

    Args:
        prompt: Called with the code in place of printing it.
    """

    def __init__(self, prompt: DevicePrompt | None) -> None:
        refuse_async("prompt", prompt)
        self._prompt = prompt
        self.renew_in_child()
        process.renew_in_child(self)

    def renew_in_child(self) -> None:
        """Have a forked process cancel its own sign-in only."""
        self.cancelled = threading.Event()

    def __call__(self, app: OAuthApp) -> Flow[OAuthToken]:  # noqa: D102 - it is a SignIn
        if self._prompt is None and not can_show():
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
        yield from call(lambda: (self._prompt or show_code)(code))
        # At least one poll before the code expires, whatever the interval.
        interval = max(min(code.interval, code.expires_in / 2), _MIN_INTERVAL)
        while True:
            yield from self._wait(min(interval, deadline - time.monotonic()))
            if time.monotonic() >= deadline:
                raise OAuthException(
                    f"Nobody signed in within {code.expires_in} seconds: begin again.",
                    code="expired_token",
                )
            request = app.token_request(_GRANT_TYPE, device_code=code.device_code)
            try:
                response = yield from send(request)
                return app.read_token(response)
            except OAuthException as error:
                if error.code == "slow_down":
                    interval += _SLOW_DOWN
                elif error.code != "authorization_pending":
                    raise
            except AnaplanException as error:
                if not error.retryable:
                    raise
                # RFC 8628, section 3.5, for connections that time out.
                interval = max(1.0, interval * 2)

    def _wait(self, seconds: float) -> Flow[None]:
        while not self.cancelled.is_set():
            if seconds <= 0:
                return
            yield Pause(min(seconds, _CANCEL_INTERVAL))
            seconds -= _CANCEL_INTERVAL
        raise OAuthException("The sign-in was cancelled.", code="cancelled")


def show_code(code: DeviceCode) -> None:
    """Print where to sign in, to stderr.

    Args:
        code: The code.
    """
    where = code.verification_uri_complete or code.verification_uri
    show(
        f"\nTo sign in to Anaplan, open\n\n    {where}\n\non any device and check that it shows "
        f"the code {code.user_code}. Waiting, for {code.expires_in // 60} minutes at most..."
    )


class AnaplanDeviceAuth(OAuthBearer):
    """Have a person sign in with a code on any other device; for servers and SSH sessions.

    Pass it to a client as `auth`. At the first request the code and the address to enter it at are
    printed; the request goes on once the person has signed in there. Threads, tasks and clients may
    share the object: one sign-in serves them all. The token is refreshed five minutes before it
    expires. Users of single sign-on can't use this grant.

    The exchange of a code or a refresh token goes on when its caller is cancelled or interrupted,
    until the new refresh token is stored. Closing a client waits for that, five seconds at most.
    The wait for the person can be interrupted.

    Source: RFC 8628.

    Args:
        client_id: The client as registered with Anaplan, a Device client; it has no secret.
        token: A token to start with, as the property `token` returned it.
        persist_token: Whether to keep the refresh token between runs, in the keyring unless `store`
            is given. A stored one is used before `token`, and the person is asked only when Anaplan
            refuses it.
        keyring_service: The name that the keyring stores the refresh token under.
        token_url: The token endpoint; the default is that of the shared regions.
        scope: The scopes to ask for. `offline_access` is needed for a refresh token.
        store: Keeps the refresh token between runs, in place of the keyring.
        user: Distinguishes the stored tokens of several users.
        on_token: Called with every new token before it is used. It may block, is called from any
            thread, and its exceptions end the request; the next request calls it again.
        prompt: Called with a `DeviceCode` in place of printing it, to show it to the person in
            another way, such as by a message. It may block.
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
        given = given_hosts(base_url=base_url, region=region, hosts=hosts)
        app = make_app(client_id, token_url=token_url, scope=scope, hosts=given)
        self._sign_in = DeviceSignIn(prompt)
        super().__init__(
            app,
            token,
            sign_in=self._sign_in,
            store=store,
            keyring_service=keyring_service if persist_token else None,
            user=user,
            on_token=on_token,
        )

    def cancel(self) -> None:
        """End a sign-in that is waited for, from another thread or task.

        Its callers get an `OAuthException` with the code `"cancelled"`, within a second.
        """
        self._sign_in.cancelled.set()
