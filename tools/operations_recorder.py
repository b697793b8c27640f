"""A pytest plugin that notes which method of a client sent which request in which test.

`pytest --operations=FOLDER` turns it on; each process of the run writes a file into the folder,
from which `tools/operations.py` makes the table of operations.
"""

from __future__ import annotations

import inspect
import json
import os
import re
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import aclosing, closing, contextmanager
from contextvars import ContextVar
from functools import cached_property, wraps
from pathlib import Path
from typing import Any

import httpx2
import pytest

import anaplan_sdk

# Ids differ from one run to another, and say nothing here.
_ID = re.compile(r"(?<=/)(?:[0-9a-fA-F]{32}|\d{6,})(?=/|$)")

_TOKEN = "token"  # noqa: S105 - nothing is sent with it

_END = object()
_method: ContextVar[str] = ContextVar("_method", default="")


class Recorder:
    """Notes test, method, request and status, each combination once.

    Args:
        folder: Where to write.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._test = ""
        self._seen: set[tuple[str, str, str, str, int]] = set()

    def pytest_sessionstart(self) -> None:
        """Follows what is sent from now on."""
        for client in (anaplan_sdk.Client, anaplan_sdk.AsyncClient):
            for owner, prefix in _namespaces(client(token=_TOKEN), client.__name__):
                _follow_methods(owner, prefix)
        for owner in (anaplan_sdk.Oauth, anaplan_sdk.AsyncOauth):
            _follow_methods(owner, owner.__name__)
        self._follow_requests()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Remembers which test is running."""
        self._test = item.nodeid
        return (yield)

    def pytest_sessionfinish(self) -> None:
        """Writes what this process has seen."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{os.environ.get('PYTEST_XDIST_WORKER', 'main')}.json"
        path.write_text(json.dumps(sorted(self._seen)), encoding="utf-8")

    def _note(self, request: httpx2.Request, response: httpx2.Response) -> None:
        path = _ID.sub("*", request.url.path)
        self._seen.add((self._test, _method.get(), request.method, path, response.status_code))

    def _follow_requests(self) -> None:
        send, asend = httpx2.Client.send, httpx2.AsyncClient.send

        def noting_send(client: httpx2.Client, request: httpx2.Request, **kw: Any) -> Any:
            response = send(client, request, **kw)
            self._note(request, response)
            return response

        async def noting_asend(
            client: httpx2.AsyncClient, request: httpx2.Request, **kw: Any
        ) -> Any:
            response = await asend(client, request, **kw)
            self._note(request, response)
            return response

        httpx2.Client.send = noting_send  # type: ignore[method-assign,assignment]
        httpx2.AsyncClient.send = noting_asend  # type: ignore[method-assign,assignment]


def _namespaces(client: object, name: str) -> Iterator[tuple[type, str]]:
    """The class of a client or namespace, and those of the namespaces in it, with their names."""
    yield type(client), name
    for attribute in dir(type(client)):
        member = inspect.getattr_static(type(client), attribute)
        if not attribute.startswith("_") and isinstance(member, property | cached_property):
            value = getattr(client, attribute)
            if type(value).__module__.startswith("anaplan_sdk"):
                yield from _namespaces(value, f"{name}.{attribute}")


def _follow_methods(owner: type, prefix: str) -> None:
    for name in dir(owner):
        function = inspect.getattr_static(owner, name)
        if not name.startswith("_") and inspect.isfunction(function):
            setattr(owner, name, _followed(function, f"{prefix}.{name}"))


@contextmanager
def _inside(name: str) -> Iterator[None]:
    token = _method.set(name)
    try:
        yield
    finally:
        _method.reset(token)


def _followed(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The same function, inside of which it is known which method is running."""
    if inspect.iscoroutinefunction(function):

        @wraps(function)
        async def call_async(*args: Any, **kwargs: Any) -> Any:
            with _inside(name):
                return await function(*args, **kwargs)

        return call_async

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with _inside(name):
            result = function(*args, **kwargs)
        if isinstance(result, AsyncGenerator):
            return _followed_async_items(result, name)
        return _followed_items(result, name) if isinstance(result, Generator) else result

    return call


# A generator that waits for its reader is not running.


def _followed_items(generator: Generator[Any], name: str) -> Generator[Any]:
    with closing(generator) as items:
        while True:
            with _inside(name):
                item = next(items, _END)
            if item is _END:
                return
            yield item


async def _followed_async_items(generator: AsyncGenerator[Any], name: str) -> AsyncGenerator[Any]:
    async with aclosing(generator) as items:
        while True:
            with _inside(name):
                item = await anext(items, _END)
            if item is _END:
                return
            yield item
