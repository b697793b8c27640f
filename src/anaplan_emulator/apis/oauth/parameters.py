"""Parameters of requests to the authorization server."""

from collections.abc import Iterable
from typing import Any

from authlib.oauth2 import OAuth2Request
from authlib.oauth2.rfc6749 import OAuth2Payload


class Parameters(OAuth2Payload):
    """The parameters of a request."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._all: dict[str, list[str]] = {}
        for name, value in pairs:
            self._all.setdefault(name, []).append(value)

    @property
    def data(self) -> dict[str, str]:
        """The last value of each name."""
        return {name: values[-1] for name, values in self._all.items()}

    @property
    def datalist(self) -> dict[str, list[str]]:
        """All values of each name."""
        return self._all


class ProviderRequest(OAuth2Request):
    """A request with parameters from a query, a form or JSON, as Authlib requires it."""

    payload: Parameters
    user: Any

    def __init__(self, method: str, pairs: Iterable[tuple[str, str]]) -> None:
        # Authlib rejects plain HTTP, which the emulator may serve on loopback.
        super().__init__(method, "https://us1a.app.anaplan.com/", headers={})
        self.payload = Parameters(pairs)

    @property
    def form(self) -> dict[str, str]:
        """The parameters, which Authlib expects here if they are in the body."""
        return self.payload.data
