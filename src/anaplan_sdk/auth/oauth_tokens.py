"""OAuth tokens that are refreshed as needed (RFC 6749, section 6)."""

from __future__ import annotations

import inspect
import threading
import time
from collections.abc import Callable, Iterable
from typing import TypeAlias

from anaplan_sdk._arguments import check_secret, check_token
from anaplan_sdk._runtime.flow import Flow, Pause, call, send
from anaplan_sdk.auth.bearer import Bearer
from anaplan_sdk.auth.oauth_app import (
    ASSUMED_LIFETIME,
    TOKEN_URL,
    OAuthApp,
    OAuthToken,
    make_app,
)
from anaplan_sdk.auth.stores import (
    KeyringStore,
    TokenStore,
    load_from,
    lock_for,
    save_to,
    store_key,
)
from anaplan_sdk.auth.token_cache import Token, TokenCache, TokenState, lifetime_of, number_of
from anaplan_sdk.exceptions import (
    AnaplanException,
    ArgumentTypeException,
    InvalidArgumentException,
    InvalidCredentialsException,
    OAuthException,
    SignInRequiredException,
    TokenStoreException,
)
from anaplan_sdk.regions import Hosts, Region, given_hosts

OnToken: TypeAlias = Callable[[OAuthToken], object]
"""Called with every new token before it is used. It may block, and is called from any thread."""

SignIn: TypeAlias = Callable[[OAuthApp], Flow[OAuthToken]]
"""Has a person sign in to a client."""

# Seconds between two attempts to get the lock of a stored token.
_LOCK_PAUSE = 0.1
# OAuth's codes for a refresh token that has expired, was spent or revoked.
_REFUSED_GRANTS = frozenset(("invalid_grant", "expired_token", "access_denied"))

_INHERITED = (
    "{} This process has the refresh token from the one that it was forked from, and only one of "
    "them can exchange it: pass a store that processes share, such as PlaintextFileStore, or sign "
    "in after the fork."
)


class OAuthTokenCache(TokenCache):
    """Keeps an OAuth token usable: spends its refresh token, or has a person sign in.

    While a stored refresh token is read, exchanged and replaced, a lock is held, so that no two
    processes spend the same one. A new token is stored, and `on_token` called, before it is used.

    Args:
        app: The registered client. Unless it is bound to hosts, `bind` does that.
        token: A token to start with.
        sign_in: Has a person sign in when there is no other way.
        store: Keeps the refresh token between runs.
        user: Distinguishes the stored tokens of several users.
        on_token: Called with every new token before it is used.
        clock: Returns seconds since 1970; replaced in tests.
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
        refuse_async("on_token", on_token)
        if store is not None:
            refuse_async("store.load", store.load)
            refuse_async("store.save", store.save)
        self._reply: OAuthToken = dict(token or {})
        if "access_token" in self._reply:
            check_token("access_token", self._reply["access_token"])
        if self._reply.get("refresh_token"):
            check_secret("refresh_token", self._reply["refresh_token"])
        self._sign_in = sign_in
        self._store = store
        self._user = user
        self._use(app)
        self._unbound_app = None if app.is_bound else app
        self._is_bound = False
        self._on_token = on_token
        # Counts the calls of `clear_all`: a token that was requested before one is not kept.
        self._generation = 0
        self._is_delivered = True
        self._passed_refresh_token = self._refresh_token
        # Where a person can be asked to sign in, a stored token comes before one that was passed.
        is_store_first = store is not None and sign_in is not None
        self._passed_token = self._usable_token() if is_store_first else None
        super().__init__(None if is_store_first else self._usable_token(), clock)
        self._is_inherited = False

    def renew_in_child(self) -> None:
        """Keep the tokens in a forked process, with locks of its own."""
        super().renew_in_child()
        self._reply_lock = threading.Lock()
        self._is_inherited = True

    def _use(self, app: OAuthApp) -> None:
        self._app = app
        self._key = store_key(app.token_url, app.client_id, self._user)
        self._store_lock = lock_for(self._store, self._key)

    def bind(self, hosts: Hosts) -> None:
        """Get tokens at the hosts of the first client, unless hosts were given before.

        Args:
            hosts: The hosts of a client that uses this cache.

        Raises:
            InvalidArgumentException: The tokens come from other hosts, for another client.
        """
        if self._unbound_app is None:
            return
        app = self._unbound_app.at(hosts)
        with self._lock:
            if not self._is_bound:
                self._use(app)
                self._is_bound = True
            elif app.token_url != self._app.token_url:
                raise InvalidArgumentException(
                    f"This auth object gets its tokens at {self._app.token_url}, and the client "
                    f"would need those of {app.token_url}: make another one for it."
                )

    def __repr__(self) -> str:
        return f"<OAuthTokenCache at {self._app.token_url}, {self.state.name}>"

    @property
    def _source(self) -> str:
        return f"{self._app.token_url} as OAuth client {self._app.client_id}"

    @property
    def reply(self) -> OAuthToken:
        """The current token as in Anaplan's reply; empty while there is none."""
        return dict(self._reply)

    @property
    def can_renew(self) -> bool:
        """Whether a refused token can be replaced."""
        return True

    @property
    def _keeps_refusal(self) -> bool:
        return self._sign_in is None

    def _renew(self, old: Token | None) -> Flow[Token]:
        self._is_bound = True
        has_lock = False
        try:  # Whatever is raised from here on, an interrupt too, releases the lock.
            while not (has_lock := self._store_lock.take()):
                if old is not None:
                    raise TokenStoreException(
                        "Another process is getting a token: use the old one."
                    )
                yield Pause(_LOCK_PAUSE)
            generation, reply = self._generation, self._reply
            if not self._is_delivered:
                return (yield from self._deliver(reply, generation))
            stored = None if self._store is None else (yield from call(self._load))
            own = self._refresh_token if stored is None else None
            candidates = (stored, self._passed_token, own, self._passed_refresh_token)
            # While the old token is usable, nobody is asked to sign in.
            sign_in = self._sign_in if old is None else None
            return (yield from self._first_usable(candidates, sign_in, generation))
        finally:
            if has_lock:
                self._store_lock.release()

    def _first_usable(
        self, candidates: Iterable[str | Token | None], sign_in: SignIn | None, generation: int
    ) -> Flow[Token]:
        """Try refresh tokens and tokens in turn; at last have a person sign in."""
        refusal: AnaplanException | None = None
        for candidate in dict.fromkeys(candidates):
            if isinstance(candidate, Token):
                if candidate.state(self._clock()) is TokenState.GONE:
                    continue
                yield from call(lambda: self._save(generation), must_finish=True)
                self._passed_token = None
                return candidate
            if candidate is None:
                continue
            response = yield from send(self._app.refresh_request(candidate))
            try:
                reply = self._app.read_token(response, candidate)
            except OAuthException as error:
                if error.code not in _REFUSED_GRANTS:
                    raise
                refusal = error
                if self._is_inherited:
                    refusal.replace_message(_INHERITED.format(error.message))
            else:
                return (yield from self._accept(reply, generation))
        if sign_in is None:
            raise refusal or InvalidCredentialsException(
                "The access token has expired, and there is no refresh token to get another one "
                "with: ask for the scope offline_access."
            )
        # What was cleared before a sign-in doesn't concern the token of the sign-in.
        self._is_cleared, generation = False, self._generation
        try:
            reply = yield from sign_in(self._app)
        except SignInRequiredException as error:
            raise _explained(error, refusal) from refusal
        return (yield from self._accept(reply, generation))

    def _accept(self, reply: OAuthToken, generation: int) -> Flow[Token]:
        """Make a new token the current one, unless all was cleared since it was requested."""
        with self._reply_lock:
            if self._generation == generation:
                self._reply = reply
                self._passed_refresh_token = self._passed_token = None
                self._is_delivered = self._is_inherited = False
        if self._generation != generation:
            # It serves the request that it was obtained for, and nothing else.
            return _token_of(reply)
        return (yield from self._deliver(reply, generation))

    def _deliver(self, reply: OAuthToken, generation: int) -> Flow[Token]:
        """Store a new token and report it, before it is used; after a failure, once more."""

        def deliver() -> None:
            try:
                self._save(generation)
            finally:
                # Also if the store failed: the old refresh token may have been spent.
                if self._on_token is not None and self._generation == generation:
                    self._on_token(dict(reply))

        yield from call(deliver, must_finish=True)
        self._is_delivered = True
        return _token_of(reply)

    def _save(self, generation: int) -> None:
        """Store the refresh token, unless all was cleared since then."""
        with self._reply_lock:
            if self._store is not None and self._refresh_token and self._generation == generation:
                save_to(self._store, self._key, self._refresh_token)

    def clear_all(self) -> None:
        """Remove the token, also from the store; one that is being obtained is not kept."""
        with self._reply_lock:
            self._generation += 1
            self.clear()
            self._is_delivered = True
            self._reply = {}
            self._passed_refresh_token = self._passed_token = None
            if self._store is not None:
                save_to(self._store, self._key, None)

    def _load(self) -> str | None:
        return load_from(self._store, self._key) if self._store is not None else None

    @property
    def _refresh_token(self) -> str | None:
        value = self._reply.get("refresh_token")
        return str(value) if value else None

    def _usable_token(self) -> Token | None:
        """The token that was passed; without an expiry it is used until Anaplan refuses it."""
        value, end = self._reply.get("access_token"), self._reply.get("expires_at")
        if value is None:
            return None
        if not end:
            return Token(str(value))
        if (expires_at := number_of(end)) is None:
            raise InvalidArgumentException("expires_at of the token is not a time.")
        lifetime = lifetime_of(self._reply.get("expires_in"), ASSUMED_LIFETIME)
        return Token.until(str(value), expires_at, lifetime)


def _explained(
    error: SignInRequiredException, refusal: AnaplanException | None
) -> SignInRequiredException:
    """Say in the error that a kept token has ended, if one was refused."""
    if refusal is not None:
        why = refusal.reason or refusal.code or "no reason given"
        error.replace_message(f"Anaplan refused the refresh token that was kept: {why}. {error}")
    return error


def _token_of(reply: OAuthToken) -> Token:
    return Token.until(
        str(reply["access_token"]), float(reply["expires_at"]), float(reply["expires_in"])
    )


def refuse_async(name: str, function: Callable[..., object] | None) -> None:
    """Refuse an async function.

    Args:
        name: The name of the argument.
        function: Its value.

    Raises:
        ArgumentTypeException: The function would have to be awaited.
    """
    if inspect.iscoroutinefunction(function):
        raise ArgumentTypeException(
            f"{name} must be a plain function, not an async one: it is called in a thread, also "
            "by the sync client."
        )


class OAuthBearer(Bearer):
    """What the auth classes for OAuth share: they own a token and give access to it.

    Given to a client of this SDK, they never lose a new refresh token to a caller that is cancelled
    or interrupted. Any other `httpx2` client sends the requests for a token itself, so that the
    exchange ends with its caller.

    Args:
        app: The registered client.
        token: A token to start with.
        sign_in: Has a person sign in when there is no other way.
        store: Keeps the refresh token between runs.
        keyring_service: The name that the keyring stores the refresh token under, in place of a
            store; None for no keyring.
        user: Distinguishes the stored tokens of several users.
        on_token: Called with every new token before it is used.
    """

    def __init__(
        self,
        app: OAuthApp,
        token: OAuthToken | None,
        *,
        sign_in: SignIn | None = None,
        store: TokenStore | None,
        keyring_service: str | None = None,
        user: str | None,
        on_token: OnToken | None,
    ) -> None:
        if store is None and keyring_service is not None:
            store = KeyringStore(keyring_service)
        self._oauth = OAuthTokenCache(
            app, token, sign_in=sign_in, store=store, user=user, on_token=on_token
        )
        super().__init__(self._oauth)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._oauth!r}>"

    def bind(self, hosts: Hosts) -> None:
        """Get tokens where this client's services are, unless hosts were given before.

        Clients call it; there is no need to.

        Args:
            hosts: The hosts of the client that this object is given to.

        Raises:
            InvalidArgumentException: The tokens come from other hosts, for another client.
        """
        self._oauth.bind(hosts)

    @property
    def token(self) -> OAuthToken:
        """The current token as in Anaplan's reply; empty before the first sign-in.

        While this object is in use, use nothing but the `access_token`: a rotating refresh token is
        valid for one exchange, and this object will make it.

        Returns:
            A copy: `access_token`, `refresh_token`, `expires_in` (seconds), `expires_at` (seconds
            since 1970), `token_type`, `scope` and `id_token`, as far as they are known.
        """
        return self._oauth.reply

    def clear_token(self) -> None:
        """Remove the token, also from the store: the next request needs a new sign-in.

        Nothing is sent: Anaplan still accepts the token. A token that is being obtained meanwhile
        serves the request it is obtained for and is not kept.

        Raises:
            TokenStoreException: The store can't be written.
        """
        self._oauth.clear_all()


class AnaplanRefreshTokenAuth(OAuthBearer):
    """Use a token that was obtained elsewhere, and refresh it as long as Anaplan allows.

    Pass it to a client as `auth`. It owns the token from then on: a rotating one is valid for one
    exchange, so nothing else may use it. Threads, tasks and clients may share the object: one of
    them exchanges the refresh token, the others wait for the new token. It is refreshed five
    minutes before it expires.

    The exchange of a refresh token goes on when its caller is cancelled or interrupted, until the
    new refresh token is stored. Closing a client waits for that, five seconds at most.

    Args:
        client_id: The client that the token was issued to.
        client_secret: The secret of the client.
        redirect_uri: The redirect URI of the client.
        token: The token, as `Oauth.fetch_token` returned it. Its `refresh_token` alone is enough.
            An `access_token` without `expires_at` is used until Anaplan refuses it.
        token_url: The token endpoint; the default is that of the shared regions.
        store: Keeps the refresh token between runs. A stored one is used before that of `token`.
        user: Distinguishes the stored tokens of several users.
        on_token: Called with every new token before it is used. It may block, is called from any
            thread, and its exceptions end the request; the next request calls it again.
        base_url: One address for all of Anaplan's services, such as that of the emulator. Of
            `base_url`, `region` and `hosts` give at most one; by default tokens come from where the
            services of the first client are that this object is given to.
        region: The region of the tenant, such as `"eu3"`.
        hosts: The base URLs of the services.

    Raises:
        InvalidArgumentException: An argument is missing or contradicts another, or an address is
            not valid.
        ArgumentTypeException: `on_token` or the store is async.
        ImportError: The extra `oauth` is not installed.
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
            raise InvalidArgumentException(
                "token has neither an access_token nor a refresh_token: pass one."
            )
        given = given_hosts(base_url=base_url, region=region, hosts=hosts)
        app = make_app(client_id, client_secret, redirect_uri, token_url=token_url, hosts=given)
        super().__init__(app, token, store=store, user=user, on_token=on_token)
