"""OAuth tokens that keep themselves usable (RFC 6749, 6: refreshing an access token)."""

from __future__ import annotations

import inspect
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
from anaplan_sdk.auth.session import Token, TokenSession, TokenState, check_token
from anaplan_sdk.auth.stores import KeyringStore, TokenStore, lock_for, store_key
from anaplan_sdk.exceptions import (
    AnaplanException,
    InvalidCredentialsException,
    OAuthException,
    TokenStoreException,
)
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
        require_plain("on_token", on_token)
        if store is not None:
            require_plain("store.load", store.load)
            require_plain("store.save", store.save)
        self._reply: OAuthToken = dict(token or {})
        if "access_token" in self._reply:
            check_token("access_token", self._reply["access_token"])
        self._app = app
        self._sign_in = sign_in
        self._store = store
        self._key = store_key(app.token_url, app.client_id, user)
        self._lock_of_store = lock_for(store, self._key)
        self._on_token = on_token
        self._is_handed_over = True
        # The refresh token that was passed is in no store yet.
        self._unkept = self._refresh_token
        # Where someone can be asked to sign in, a kept token comes before one that was passed.
        looks_first = store is not None and sign_in is not None
        self._passed = self._usable() if looks_first else None
        super().__init__(None if looks_first else self._usable(), clock)

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
            if not self._is_handed_over:
                return (yield from self._hand_over())
            return (yield from self._get(self._refresh_token, sign_in))
        while not self._lock_of_store.take():
            if old is not None:
                raise TokenStoreException(
                    "Another process is getting a token; the old one will do."
                )
            yield Pause(_LOCK_PAUSE)
        try:
            if not self._is_handed_over:
                return (yield from self._hand_over())
            kept = yield from called(self._load)
            passed, self._passed = self._passed, None
            if kept is None and passed and passed.state(self._clock()) is not TokenState.GONE:
                yield from called(self._save)
                return passed
            return (yield from self._get(kept or self._refresh_token, sign_in))
        finally:
            self._lock_of_store.release()

    def _get(self, refresh_token: str | None, sign_in: SignIn | None) -> Steps[Token]:
        refused: AnaplanException | None = None
        for candidate in dict.fromkeys((refresh_token, self._unkept)):
            if candidate is None:
                continue
            response = yield from sent(self._app.refresh_request(candidate))
            try:
                reply = self._app.read_token(response, candidate)
            except OAuthException as error:
                if error.code not in _REFUSED_GRANTS:
                    raise
                refused = error
            else:
                return (yield from self._take(reply))
        if sign_in is None:
            raise refused or InvalidCredentialsException(
                "The access token has ended, and there is no refresh token to get another one "
                "with; the scope offline_access asks for one."
            )
        reply = yield from sign_in.steps(self._app)
        return (yield from self._take(reply))

    def _take(self, reply: OAuthToken) -> Steps[Token]:
        self._reply = reply
        self._unkept = None
        self._is_handed_over = False
        return (yield from self._hand_over())

    def _hand_over(self) -> Steps[Token]:
        """Tells of the new token, again if that failed the last time; then it may be used."""
        yield from called(self._tell)
        self._is_handed_over = True
        return Token.until(
            str(self._reply["access_token"]),
            float(self._reply["expires_at"]),
            float(self._reply["expires_in"]),
        )

    def _tell(self) -> None:
        self._save()
        if self._on_token is not None:
            self._on_token(self.reply)

    def _save(self) -> None:
        if self._store is not None and self._refresh_token:
            self._store.save(self._key, self._refresh_token)

    def forget_all(self) -> None:
        """Drops the token here and in the store."""
        if self._store is not None:
            self._store.save(self._key, None)
        self.drop()
        self._reply = {}
        self._unkept = self._passed = None
        self._is_handed_over = True

    def _load(self) -> str | None:
        return self._store.load(self._key) if self._store is not None else None

    @property
    def _refresh_token(self) -> str | None:
        value = self._reply.get("refresh_token")
        return str(value) if value else None

    def _usable(self) -> Token | None:
        """The token that was passed; one without a time is used until Anaplan refuses it."""
        value, end = self._reply.get("access_token"), self._reply.get("expires_at")
        if value is None:
            return None
        lifetime = self._reply.get("expires_in") or _ASSUMED_LIFETIME
        return Token.until(str(value), float(end), float(lifetime)) if end else Token(str(value))


def require_plain(name: str, call: Callable[..., object] | None) -> None:
    """Makes sure that a call does its work when it is called.

    Raises:
        TypeError: It has to be awaited, and nobody would.
    """
    if inspect.iscoroutinefunction(call):
        raise TypeError(
            f"{name} must be a plain function, not an async one: it is called in a thread, also "
            "from clients that don't await."
        )


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

    def forget(self) -> None:
        """Drops the token, a kept one too: the next request has to sign in anew.

        Raises:
            TokenStoreException: The store can't be written.
        """
        self._oauth.forget_all()


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
