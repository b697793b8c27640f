"""Tokens of Anaplan's authentication service (`/token/...`)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import httpx2

from anaplan_sdk import _loggers
from anaplan_sdk._arguments import check_token
from anaplan_sdk._http.dates import http_date
from anaplan_sdk._http.replies import decode, error_of
from anaplan_sdk._runtime.flow import Flow, call, send
from anaplan_sdk.auth.token_cache import Token, TokenCache, lifetime_of
from anaplan_sdk.exceptions import AnaplanRequestException, InvalidCredentialsException
from anaplan_sdk.models._envelopes import ObjectReply

if TYPE_CHECKING:
    from anaplan_sdk.auth.token_info import TokenInfo

# Seconds that a token without an expiry is assumed to live; older help pages say 30 minutes.
_ASSUMED_LIFETIME = 1800.0


class Credentials(Protocol):
    """What a user signs in with."""

    @property
    def may_block(self) -> bool:
        """Whether making a request may take long."""
        ...

    @property
    def description(self) -> str:
        """Who signs in, and how, for the log."""
        ...

    @property
    def fallback(self) -> Credentials | None:
        """What to sign in with if Anaplan refuses these and has never accepted them."""
        ...

    def token_request(self, authentication: str) -> httpx2.Request:
        """Return the request for a token to the authentication service at this base URL."""
        ...


def _token_info() -> type[TokenInfo]:
    from anaplan_sdk.auth.token_info import TokenInfo

    return TokenInfo


_TOKEN = ObjectReply["TokenInfo"]("tokenInfo", _token_info)


class AnaplanTokenCache(TokenCache):
    """Obtains tokens with credentials, and refreshes them while that is possible.

    Args:
        authentication: Base URL of the authentication service.
        credentials: Obtain tokens; without them, `token` is all there is.
        token: A token to start with, used until Anaplan refuses it.
        clock: Returns seconds since 1970; replaced in tests.

    Raises:
        InvalidArgumentException: The token can't be sent in a header.
    """

    def __init__(
        self,
        authentication: str,
        credentials: Credentials | None = None,
        token: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if token is not None:
            check_token("token", token)
        super().__init__(Token(token) if token else None, clock)
        self._authentication = authentication
        self._credentials = credentials
        self._were_accepted = False

    def __repr__(self) -> str:
        return f"<AnaplanTokenCache at {self._authentication}, {self.state.name}>"

    @property
    def _source(self) -> str:
        how = self._credentials.description if self._credentials else "without credentials"
        return f"{self._authentication} {how}"

    @property
    def can_renew(self) -> bool:
        """Whether a refused token can be replaced."""
        return self._credentials is not None

    def _renew(self, old: Token | None) -> Flow[Token]:
        if old is not None:
            refreshed = yield from self._refresh(old)
            if refreshed is not None:
                return refreshed
        return (yield from self._sign_in())

    def _refresh(self, old: Token) -> Flow[Token | None]:
        """Return the token with a later expiry; None if Anaplan refuses, so a new one is needed."""
        request = httpx2.Request(
            "POST",
            f"{self._authentication}/token/refresh",
            headers={"Authorization": f"AnaplanAuthToken {old.value}"},
        )
        response = yield from send(request)
        if isinstance(error := error_of(response, 1), AnaplanRequestException) and error.retryable:
            raise error
        return None if error else self._read(response)

    def _sign_in(self) -> Flow[Token]:
        if self._credentials is None:
            raise InvalidCredentialsException(
                "The token has expired or was refused, and there are no credentials to get another "
                "one with: a client made with token= alone never refreshes it."
            )
        credentials = self._credentials
        try:
            response = yield from self._present(credentials)
        except InvalidCredentialsException as refusal:
            # Without a status it was the signer's.
            is_first = refusal.status_code is not None and not self._were_accepted
            fallback = credentials.fallback if is_first else None
            if fallback is None:
                raise
            _loggers.auth.info("%s Trying %s", refusal, fallback.description)
            try:
                response = yield from self._present(fallback)
            except InvalidCredentialsException:
                raise refusal from None
            credentials = fallback
        self._credentials, self._were_accepted = credentials, True
        return self._read(response)

    def _present(self, credentials: Credentials) -> Flow[httpx2.Response]:
        """Return the reply with a token, or raise the refusal."""
        if credentials.may_block:
            request = yield from call(lambda: credentials.token_request(self._authentication))
        else:
            request = credentials.token_request(self._authentication)
        response = yield from send(request)
        error = error_of(response, 1)
        if error is None:
            return response
        # With other statuses only Anaplan's own body is a refusal: a proxy may have answered.
        is_anaplans = (error.code or "").startswith("FAILURE_")
        status = response.status_code
        is_refusal = status == 401 or (status in (400, 403) and is_anaplans)
        if not is_refusal:
            if not error.retryable:
                error.add_note("It was a sign-in; is this the address of Anaplan's services?")
            raise error
        raise error.as_type(
            InvalidCredentialsException,
            f"Anaplan refused the credentials: {error.reason or 'no reason given'}",
            retryable=False,
        )

    def _read(self, response: httpx2.Response) -> Token:
        info = decode(_TOKEN.adapter, response, secret=True).value
        now = self._clock()
        lifetime = _ASSUMED_LIFETIME
        if info.expires_at is not None:
            # Counted on the server's own clock, so that a wrong clock here does no harm. The `Date`
            # header is in whole seconds, rounded down: the server's clock may be a second ahead.
            date = http_date(response.headers.get("Date", ""))
            left = info.expires_at / 1000 - (now if date is None else date + 1)
            lifetime = lifetime_of(left, lifetime)
        return Token.until(info.token_value, now + lifetime, lifetime)
