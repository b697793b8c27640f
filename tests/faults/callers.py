"""Both kinds of client behind one face that blocks, for tests that don't care which it is."""

from __future__ import annotations

from functools import partial
from itertools import islice
from typing import Any, Protocol

from anyio.from_thread import BlockingPortal

from anaplan_sdk.testing import EmulatedAnaplan

KINDS = ("sync", "asyncio", "trio")


class Caller(Protocol):
    """A client whose methods are named."""

    def call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """What the method returns."""
        ...

    def stream(self, method: str, *args: Any, most: int | None = None, **kwargs: Any) -> list[Any]:
        """What the method yields; of more than `most` the rest is left."""
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

    def stream(self, method: str, *args: Any, most: int | None = None, **kwargs: Any) -> list[Any]:
        stream = getattr(self._client, method)(*args, **kwargs)
        try:
            return list(islice(stream, most))
        finally:
            stream.close()

    def close(self) -> None:
        self._client.close()


class AsyncCaller:
    """An `AsyncClient`, on an event loop of its own."""

    def __init__(self, portal: BlockingPortal, anaplan: EmulatedAnaplan, **options: Any) -> None:
        self._portal = portal
        self._client = anaplan.async_client(**options)

    def call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        return self._portal.call(partial(getattr(self._client, method), *args, **kwargs))

    def stream(self, method: str, *args: Any, most: int | None = None, **kwargs: Any) -> list[Any]:
        async def collect() -> list[Any]:
            collected: list[Any] = []
            stream = getattr(self._client, method)(*args, **kwargs)
            try:
                while most is None or len(collected) < most:
                    collected.append(await anext(stream))
            except StopAsyncIteration:
                pass
            finally:
                await stream.aclose()
            return collected

        return self._portal.call(collect)

    def close(self) -> None:
        self._portal.call(self._client.aclose)
