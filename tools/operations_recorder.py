"""A pytest plugin that records which client method sent which request in which test.

`pytest --operations=FOLDER` turns it on. Each process of the test run writes a file into the
folder, from which `tools/operations.py` generates the table of operations.
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
from anaplan_sdk._async.transport import http_client as async_client
from anaplan_sdk._sync.transport import http_client as sync_client

# Ids differ from run to run.
_ID = re.compile(r"(?<=/)(?:[0-9a-fA-F]{32}|\d{6,})(?=/|$)")

_TOKEN = "token"  # noqa: S105 - nothing is sent with it

_END = object()
_method: ContextVar[str] = ContextVar("_method", default="")


class Recorder:
    """Records test, method, request and status, each combination once.

    Args:
        folder: The folder to write to.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._test = ""
        self._seen: set[tuple[str, str, str, str, int]] = set()

    def pytest_sessionstart(self) -> None:
        """Wrap the methods of all clients, and the functions that send requests."""
        for client in (anaplan_sdk.Client, anaplan_sdk.AsyncClient):
            for owner, prefix in _namespaces(client(token=_TOKEN), client.__name__):
                _wrap_methods(owner, prefix)
        for owner in (anaplan_sdk.Oauth, anaplan_sdk.AsyncOauth):
            _wrap_methods(owner, owner.__name__)
        self._wrap_requests()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Store which test is running."""
        self._test = item.nodeid
        return (yield)

    def pytest_sessionfinish(self) -> None:
        """Write the records of this process."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{os.environ.get('PYTEST_XDIST_WORKER', 'main')}.json"
        path.write_text(json.dumps(sorted(self._seen)), encoding="utf-8")

    def _record(self, request: httpx2.Request, response: httpx2.Response) -> None:
        path = _ID.sub("*", request.url.path)
        self._seen.add((self._test, _method.get(), request.method, path, response.status_code))

    def _wrap_requests(self) -> None:
        # The HTTP library's clients are those of tests, and serve some requests of ours.
        for owner in (httpx2.Client, sync_client.HttpClient):
            self._wrap_send(owner, owner.send)
        for async_owner in (httpx2.AsyncClient, async_client.HttpClient):
            self._wrap_async_send(async_owner, async_owner.send)

    def _wrap_send(self, owner: type[Any], send: Callable[..., Any]) -> None:
        def recording(client: object, request: httpx2.Request, *args: Any, **kwargs: Any) -> Any:
            response = send(client, request, *args, **kwargs)
            self._record(request, response)
            return response

        owner.send = recording

    def _wrap_async_send(self, owner: type[Any], send: Callable[..., Any]) -> None:
        async def recording(
            client: object, request: httpx2.Request, *args: Any, **kwargs: Any
        ) -> Any:
            response = await send(client, request, *args, **kwargs)
            self._record(request, response)
            return response

        owner.send = recording


def _namespaces(client: object, name: str) -> Iterator[tuple[type, str]]:
    """Yield the class and name of a client or namespace, and of all namespaces in it."""
    yield type(client), name
    for attribute in dir(type(client)):
        member = inspect.getattr_static(type(client), attribute)
        if not attribute.startswith("_") and isinstance(member, property | cached_property):
            value = getattr(client, attribute)
            if type(value).__module__.startswith("anaplan_sdk"):
                yield from _namespaces(value, f"{name}.{attribute}")


def _wrap_methods(owner: type, prefix: str) -> None:
    for name in dir(owner):
        function = inspect.getattr_static(owner, name)
        if not name.startswith("_") and inspect.isfunction(function):
            setattr(owner, name, _wrapped(function, f"{prefix}.{name}"))


@contextmanager
def _running(name: str) -> Iterator[None]:
    token = _method.set(name)
    try:
        yield
    finally:
        _method.reset(token)


def _wrapped(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """Wrap a function so that `_method` has its name while it runs."""
    if inspect.iscoroutinefunction(function):

        @wraps(function)
        async def call_async(*args: Any, **kwargs: Any) -> Any:
            with _running(name):
                return await function(*args, **kwargs)

        return call_async

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with _running(name):
            result = function(*args, **kwargs)
        if isinstance(result, AsyncGenerator):
            return _wrapped_async_items(result, name)
        return _wrapped_items(result, name) if isinstance(result, Generator) else result

    return call


# Between two items a generator is not running, so the name is set for each item.


def _wrapped_items(generator: Generator[Any], name: str) -> Generator[Any]:
    with closing(generator) as items:
        while True:
            with _running(name):
                item = next(items, _END)
            if item is _END:
                return
            yield item


async def _wrapped_async_items(generator: AsyncGenerator[Any], name: str) -> AsyncGenerator[Any]:
    async with aclosing(generator) as items:
        while True:
            with _running(name):
                item = await anext(items, _END)
            if item is _END:
                return
            yield item
