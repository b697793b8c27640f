"""OAuth tokens that keep themselves usable (RFC 6749, 6: refreshing an access token)."""

from __future__ import annotations

import inspect
import threading
import time
from collections.abc import Callable, Iterable
from typing import Protocol, TypeAlias

from anaplan_sdk._runtime.flow import Flow, Pause, call, send
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
from anaplan_sdk.auth.stores import KeyringStore, TokenStore, lock_for, store_key
from anaplan_sdk.auth.token_cache import Token, TokenCache, TokenState, check_token
from anaplan_sdk.exceptions import (
    AnaplanException,
    InvalidCredentialsException,
    OAuthException,
    TokenStoreException,
)
from anaplan_sdk.regions import Hosts, Region, given_hosts

OnToken: TypeAlias = Callable[[OAuthToken], object]
"""Told of every new token before it is used; may block."""

_LOCK_PAUSE = 0.1
_ASSUMED_LIFETIME = 2100
# What OAuth says of a refresh token that has ended, was spent or revoked.
_REFUSED_GRANTS = frozenset(("invalid_grant", "expired_token", "access_denied"))


class SignIn(Protocol):
    """A way to have a person sign in."""

    def steps(self, app: OAuthApp) -> Flow[OAuthToken]:
        """What has to be done, up to the token."""
        ...


class OAuthTokenCache(TokenCache):
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
        self._sign_in = sign_in
        self._store = store
        self._user = user
        self._place(app)
        self._without_place = None if app.is_placed else app
        self._is_settled = False
        self._on_token = on_token
        self._forgets = 0
        self._keeping = threading.Lock()
        self._is_handed_over = True
        # The refresh token that was passed is in no store yet.
        self._unkept = self._refresh_token
        # Where someone can be asked to sign in, a kept token comes before one that was passed.
        looks_first = store is not None and sign_in is not None
        self._passed = self._usable() if looks_first else None
        super().__init__(None if looks_first else self._usable(), clock)

    def _place(self, app: OAuthApp) -> None:
        self._app = app
        self._key = store_key(app.token_url, app.client_id, self._user)
        self._lock_of_store = lock_for(self._store, self._key)

    def bind(self, hosts: Hosts) -> None:
        """Gets tokens at the hosts of the first client it is given to, unless it was told where.

        Raises:
            ValueError: It gets them elsewhere, for another client.
        """
        if self._without_place is None:
            return
        app = self._without_place.at(hosts)
        with self._lock:
            if not self._is_settled:
                self._place(app)
                self._is_settled = True
            elif app.token_url != self._app.token_url:
                raise ValueError(
                    f"This auth object gets its tokens at {self._app.token_url}, and the client "
                    f"would need those of {app.token_url}: make another one for it."
                )

    def __repr__(self) -> str:
        return f"<OAuthTokenCache at {self._app.token_url}, {self.state.name}>"

    @property
    def reply(self) -> OAuthToken:
        """The current token as Anaplan replied it; empty while there is none."""
        return dict(self._reply)

    @property
    def can_renew(self) -> bool:
        """Whether a refused token can be replaced."""
        return True

    @property
    def _keeps_refusal(self) -> bool:
        return self._sign_in is None

    def _renew(self, old: Token | None) -> Flow[Token]:
        self._is_settled = True
        # While the old token is good, nobody is asked to sign in.
        sign_in = self._sign_in if old is None else None
        forgets, reply = self._forgets, self._reply
        if self._store is None:
            if not self._is_handed_over:
                return (yield from self._hand_over(reply, forgets))
            return (yield from self._get((self._refresh_token, self._unkept), sign_in, forgets))
        while not self._lock_of_store.take():
            if old is not None:
                raise TokenStoreException(
                    "Another process is getting a token; the old one will do."
                )
            yield Pause(_LOCK_PAUSE)
        try:
            forgets, reply = self._forgets, self._reply
            if not self._is_handed_over:
                return (yield from self._hand_over(reply, forgets))
            kept = yield from call(self._load)
            own = self._refresh_token if kept is None else None
            return (yield from self._get((kept, self._passed, own, self._unkept), sign_in, forgets))
        finally:
            self._lock_of_store.release()

    def _get(
        self, candidates: Iterable[str | Token | None], sign_in: SignIn | None, forgets: int
    ) -> Flow[Token]:
        """The first that serves of refresh tokens and a token that was passed; or a sign-in."""
        refused: AnaplanException | None = None
        for candidate in dict.fromkeys(candidates):
            if isinstance(candidate, Token):
                if candidate.state(self._clock()) is TokenState.GONE:
                    continue
                yield from call(lambda: self._save(forgets), must_finish=True)
                self._passed = None
                return candidate
            if candidate is None:
                continue
            response = yield from send(self._app.refresh_request(candidate))
            try:
                reply = self._app.read_token(response, candidate)
            except OAuthException as error:
                if error.code not in _REFUSED_GRANTS:
                    raise
                refused = error
            else:
                return (yield from self._take(reply, forgets))
        if sign_in is None:
            raise refused or InvalidCredentialsException(
                "The access token has ended, and there is no refresh token to get another one "
                "with; the scope offline_access asks for one."
            )
        # What was forgotten until now doesn't concern the token of a new sign-in.
        self._is_cleared, forgets = False, self._forgets
        reply = yield from sign_in.steps(self._app)
        return (yield from self._take(reply, forgets))

    def _take(self, reply: OAuthToken, forgets: int) -> Flow[Token]:
        with self._keeping:
            if self._forgets == forgets:
                self._reply = reply
                self._unkept = self._passed = None
                self._is_handed_over = False
        if self._forgets != forgets:
            # It serves the request that it was got for, and nothing else.
            return _token_of(reply)
        return (yield from self._hand_over(reply, forgets))

    def _hand_over(self, reply: OAuthToken, forgets: int) -> Flow[Token]:
        """Tells of the new token, again if that failed the last time; then it may be used."""
        yield from call(lambda: self._tell(reply, forgets), must_finish=True)
        self._is_handed_over = True
        return _token_of(reply)

    def _tell(self, reply: OAuthToken, forgets: int) -> None:
        self._save(forgets)
        if self._on_token is not None and self._forgets == forgets:
            self._on_token(dict(reply))

    def _save(self, forgets: int) -> None:
        """Keeps the refresh token, unless all was forgotten since it was asked for."""
        with self._keeping:
            if self._store is not None and self._refresh_token and self._forgets == forgets:
                self._store.save(self._key, self._refresh_token)

    def forget_all(self) -> None:
        """Drops the token here and in the store; one that is being got meanwhile isn't kept."""
        with self._keeping:
            self._forgets += 1
            self.clear()
            self._is_handed_over = True
            self._reply = {}
            self._unkept = self._passed = None
            if self._store is not None:
                self._store.save(self._key, None)

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


def _token_of(reply: OAuthToken) -> Token:
    return Token.until(
        str(reply["access_token"]), float(reply["expires_at"]), float(reply["expires_in"])
    )


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

    def __init__(self, session: OAuthTokenCache) -> None:
        super().__init__(session)
        self._oauth = session

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._oauth!r}>"

    def bind(self, hosts: Hosts) -> None:
        """Gets its tokens where this client's services are, if it was not told where.

        Raises:
            ValueError: It gets them elsewhere, for another client.
        """
        self._oauth.bind(hosts)

    @property
    def token(self) -> OAuthToken:
        """The current token; empty before the first sign-in.

        While this object is in use, use nothing but the `access_token`: the refresh token is good
        for one exchange, and this object will make it.
        """
        return self._oauth.reply

    def forget(self) -> None:
        """Drops the token, a kept one too: the next request has to sign in anew.

        A token that is being got meanwhile serves the request it is got for, and isn't kept.

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
        base_url, region, hosts: Where Anaplan's services are, as for `Client`; by default where
            those of the first client are that it is given to.

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
            hosts=given_hosts(base_url=base_url, region=region, hosts=hosts),
        )
        super().__init__(OAuthTokenCache(app, token, store=store, user=user, on_token=on_token))
