"""Sign-in with an e-mail address and a password."""

from __future__ import annotations

from dataclasses import dataclass, field

import httpx2


@dataclass(frozen=True)
class BasicCredentials:
    """A user's e-mail address and password.

    Workspaces with single sign-on accept them from exception users only.
    """

    user_email: str
    password: str = field(repr=False)
    may_block: bool = field(default=False, init=False, repr=False)

    fallback: None = field(default=None, init=False, repr=False)

    @property
    def description(self) -> str:
        """Who signs in, and how, for the log."""
        return f"with the password of {self.user_email}"

    def token_request(self, authentication: str) -> httpx2.Request:
        """Return the request for a token to the authentication service at this base URL."""
        request = httpx2.Request("POST", f"{authentication}/token/authenticate")
        basic = httpx2.BasicAuth(self.user_email, self.password)
        return next(basic.auth_flow(request))
