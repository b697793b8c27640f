"""OAuth tokens that keep themselves usable (RFC 6749, 6: refreshing an access token)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol, TypeAlias

from anaplan_sdk._runtime.steps import Pause, Steps, called, sent
from anaplan_sdk.auth.bearer import Bearer
from anaplan_sdk.auth.oauth import (
    AUTHORIZATION_URL,
    SCOPE,
    TOKEN_URL,
    VALIDATION_URL,
    OAuthApp,
    OAuthToken,
    make_app,
)
from anaplan_sdk.auth.session import Token, TokenSession
from anaplan_sdk.auth.stores import KeyringStore, StoreLock, TokenStore, store_key
from anaplan_sdk.exceptions import InvalidCredentialsException, OAuthException
from anaplan_sdk.regions import Hosts, Region, resolve_hosts

OnToken: TypeAlias = Callable[[OAuthToken], object]
"""Told of every new token before it is used; may block."""

_LOCK_PAUSE = 0.1
_ASSUMED_LIFETIME = 2100
# What OAuth says of a refresh token that has ended, was spent or revoked.
_REFUSED_GRANTS = frozenset(("invalid_grant", "expired_token", "access_denied"))


class SignIn(Protocol):
    """A way to have a person sign in."""

    def steps(self, app: OAuthApp) -> Steps[OAuthToken]:
        """What has to be done, up to the token."""
        ...


class OAuthSession(TokenSession):
    """Keeps an OAuth token usable: spends its refresh token, or has a person sign in.

    Of a stored refresh token, a lock is held while it is read, exchanged and replaced, so that no
    two processes spend the same one. A new token is stored, and `on_token` told, before it is used.
    """

    def __init__(
        self,
        app: OAuthApp,
        token: OAuthToken | None = None,
        *,
        sign_in: SignIn | None = None,
        store: TokenStore | None = None,
        user: str | None = None,
        on_token: OnToken | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._reply: OAuthToken = dict(token or {})
        self._app = app
        self._sign_in = sign_in
        self._store = store
        self._key = store_key(app.token_url, app.client_id, user)
        self._store_lock = StoreLock(self._key)
        self._on_token = on_token
        self._is_handed_over = True
        super().__init__(self._usable() if token else None, clock)

    def __repr__(self) -> str:
        return f"<OAuthSession at {self._app.token_url}, {self.state.name}>"

    @property
    def reply(self) -> OAuthToken:
        """The current token as Anaplan replied it; empty while there is none."""
        return dict(self._reply)

    @property
    def can_renew(self) -> bool:
        """Whether a refused token can be replaced."""
        return True

    @property
    def _gives_up(self) -> bool:
        return self._sign_in is None

    def _renew(self, old: Token | None) -> Steps[Token]:
        # While the old token is good, nobody is asked to sign in.
        sign_in = self._sign_in if old is None else None
        if self._store is None:
            return (yield from self._get(self._refresh_token, sign_in))
        while not self._store_lock.take():
            yield Pause(_LOCK_PAUSE)
        try:
            if not self._is_handed_over:
                yield from self._hand_over()
            stored = yield from called(self._load)
            return (yield from self._get(stored or self._refresh_token, sign_in))
        finally:
            self._store_lock.release()

    def _get(self, refresh_token: str | None, sign_in: SignIn | None) -> Steps[Token]:
        if refresh_token:
            response = yield from sent(self._app.refresh_request(refresh_token))
            try:
                return (yield from self._take(self._app.read_token(response, refresh_token)))
            except OAuthException as refused:
                if sign_in is None or refused.code not in _REFUSED_GRANTS:
                    raise
        if sign_in is None:
            raise InvalidCredentialsException(
                "The access token has ended, and there is no refresh token to get another one "
                "with; the scope offline_access asks for one."
            )
        reply = yield from sign_in.steps(self._app)
        return (yield from self._take(reply))

    def _take(self, reply: OAuthToken) -> Steps[Token]:
        self._reply = reply
        self._is_handed_over = False
        yield from self._hand_over()
        return self._usable()

    def _hand_over(self) -> Steps[None]:
        yield from called(self._tell)
        self._is_handed_over = True

    def _tell(self) -> None:
        if self._store is not None and self._refresh_token:
            self._store.save(self._key, self._refresh_token)
        if self._on_token is not None:
            self._on_token(self.reply)

    def _load(self) -> str | None:
        return self._store.load(self._key) if self._store is not None else None

    @property
    def _refresh_token(self) -> str | None:
        value = self._reply.get("refresh_token")
        return str(value) if value else None

    def _usable(self) -> Token:
        # A token without a time was issued who knows when: it is used until Anaplan refuses it.
        value = str(self._reply.get("access_token", ""))
        end = self._reply.get("expires_at")
        lifetime = self._reply.get("expires_in", _ASSUMED_LIFETIME)
        return Token.until(value, float(end), float(lifetime)) if end else Token(value)


def choose_store(
    store: TokenStore | None, keyring_service: str, *, persist: bool
) -> TokenStore | None:
    """The store that was given, or the keyring if tokens are to be kept, or none."""
    return KeyringStore(keyring_service) if store is None and persist else store


class OAuthBearer(Bearer):
    """What the auth classes for OAuth share: they own a token and hand it back."""

    def __init__(self, session: OAuthSession) -> None:
        super().__init__(session)
        self._oauth = session

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._oauth!r}>"

    @property
    def token(self) -> OAuthToken:
        """The current token; empty before the first sign-in.

        While this object is in use, use nothing but the `access_token`: the refresh token is good
        for one exchange, and this object will make it.
        """
        return self._oauth.reply


class AnaplanRefreshTokenAuth(OAuthBearer):
    """Uses a token that was obtained elsewhere, and refreshes it as long as Anaplan lets it.

    It owns the token from now on. Pass it to a client as `auth`.

    Args:
        client_id: The client the token was issued to.
        client_secret: Its secret.
        redirect_uri: Its redirect URI.
        token: The token, as `Oauth.fetch_token` returned it.
        token_url: The token endpoint; the default is that of the shared regions.
        store: Keeps the refresh token between runs; a stored one comes before that of `token`.
        user: Tells the stored tokens of several users apart.
        on_token: Called with every new token before it is used.
        base_url, region, hosts: Where Anaplan's services are, as for `Client`.

    Raises:
        ValueError: Something is missing or isn't an address.
        ImportError: The extra `oauth` isn't installed.
    """

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        redirect_uri: str,
        token: OAuthToken,
        token_url: str = TOKEN_URL,
        *,
        store: TokenStore | None = None,
        user: str | None = None,
        on_token: OnToken | None = None,
        base_url: str | None = None,
        region: Region | None = None,
        hosts: Hosts | None = None,
    ) -> None:
        if not token.get("access_token") and not token.get("refresh_token"):
            raise ValueError("token holds neither an access_token nor a refresh_token.")
        app = make_app(
            client_id,
            client_secret,
            redirect_uri,
            AUTHORIZATION_URL,
            token_url,
            VALIDATION_URL,
            SCOPE,
            hosts=resolve_hosts(base_url=base_url, region=region, hosts=hosts),
        )
        super().__init__(OAuthSession(app, token, store=store, user=user, on_token=on_token))
