"""The parameters of requests to the authorization server, wherever they stand."""

from collections.abc import Iterable
from typing import Any

from authlib.oauth2 import OAuth2Request
from authlib.oauth2.rfc6749 import OAuth2Payload


class Parameters(OAuth2Payload):
    """The parameters of a request: the last of each name, and all of them."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._all: dict[str, list[str]] = {}
        for name, value in pairs:
            self._all.setdefault(name, []).append(value)

    @property
    def data(self) -> dict[str, str]:
        """Each name with its last value."""
        return {name: values[-1] for name, values in self._all.items()}

    @property
    def datalist(self) -> dict[str, list[str]]:
        """Each name with all its values."""
        return self._all


class ProviderRequest(OAuth2Request):
    """A request as the provider reads it, in a query, a form or JSON alike."""

    payload: Parameters
    user: Any

    def __init__(self, method: str, pairs: Iterable[tuple[str, str]]) -> None:
        # Authlib refuses plain HTTP, which is all that loopback needs.
        super().__init__(method, "https://us1a.app.anaplan.com/", headers={})
        self.payload = Parameters(pairs)

    @property
    def form(self) -> dict[str, str]:
        """The parameters, where Authlib looks for those of a body."""
        return self.payload.data
