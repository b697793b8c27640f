"""Both kinds of client behind one face that blocks, for tests that don't care which it is."""

from __future__ import annotations

from functools import partial
from typing import Any, Protocol

from anyio.from_thread import BlockingPortal

from anaplan_sdk.testing import EmulatedAnaplan


class Caller(Protocol):
    """A client whose methods are named."""

    def call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """What the method returns."""
        ...

    def stream(self, method: str, *args: Any, **kwargs: Any) -> list[Any]:
        """What the method yields."""
        ...

    def close(self) -> None:
        """Closes the client."""
        ...


class SyncCaller:
    """A `Client`."""

    def __init__(self, anaplan: EmulatedAnaplan, **options: Any) -> None:
        self._client = anaplan.client(**options)

    def call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        return getattr(self._client, method)(*args, **kwargs)

    def stream(self, method: str, *args: Any, **kwargs: Any) -> list[Any]:
        return list(getattr(self._client, method)(*args, **kwargs))

    def close(self) -> None:
        self._client.close()


class AsyncCaller:
    """An `AsyncClient`, on an event loop of its own."""

    def __init__(self, portal: BlockingPortal, anaplan: EmulatedAnaplan, **options: Any) -> None:
        self._portal = portal
        self._client = anaplan.async_client(**options)

    def call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        return self._portal.call(partial(getattr(self._client, method), *args, **kwargs))

    def stream(self, method: str, *args: Any, **kwargs: Any) -> list[Any]:
        async def collect() -> list[Any]:
            return [item async for item in getattr(self._client, method)(*args, **kwargs)]

        return self._portal.call(collect)

    def close(self) -> None:
        self._portal.call(self._client.aclose)
