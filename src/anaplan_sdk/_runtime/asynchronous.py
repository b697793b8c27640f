"""Waiting, parallel work and shared state for tasks of an event loop, asyncio's or trio's."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Iterator,
)
from concurrent.futures import Future
from contextlib import aclosing, suppress
from contextvars import copy_context
from typing import Any, Generic, ParamSpec, Protocol, TypeAlias, TypeGuard, TypeVar

import anyio
import anyio.lowlevel
import anyio.to_thread

from anaplan_sdk._runtime.flow import Blocking, DeadlineExceeded, Pause, Waiting

T = TypeVar("T")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
P = ParamSpec("P")

Pieces: TypeAlias = Iterable[str | bytes] | AsyncIterable[str | bytes]
"""Content that comes piece by piece."""

Function: TypeAlias = Callable[[T], Awaitable[R]]
"""A function of one argument."""

Poll: TypeAlias = Callable[[], Awaitable[T]]
"""Asks how things stand."""

# Event loops keep weak references only.
_unfinished: set[asyncio.Task[Any]] = set()

_END: Any = object()
_NOTHING: Any = object()

# Seconds after which a thread that takes items lets its caller be cancelled.
_TURN = 0.05


async def sleep(seconds: float) -> None:
    await anyio.sleep(seconds)


async def run_in_thread(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Runs what computes or blocks without holding up the event loop."""
    return await anyio.to_thread.run_sync(lambda: function(*args, **kwargs))


async def perform(step: Waiting) -> object:
    """Waits for what a step names, and returns its answer."""
    if isinstance(step, Pause):
        await anyio.sleep(step.seconds)
    elif isinstance(step, Blocking):
        if step.abandons:
            return await _run_apart(step.call)
        with anyio.CancelScope(shield=True):
            return await anyio.to_thread.run_sync(step.call)
    else:
        await _wait_for(step)
    return None


async def finish(function: Callable[P, Awaitable[R]], *args: P.args, **kwargs: P.kwargs) -> R:
    """Lets work come to its end even when its caller is cancelled, who doesn't wait for it.

    Trio has no tasks outside a nursery: there only what the work does `unbroken` comes to its end,
    and the caller waits for that.
    """
    if not _on_asyncio():
        return await function(*args, **kwargs)
    return await asyncio.shield(_apart(function, *args, **kwargs))


async def conclude(function: Callable[P, Awaitable[R]], *args: P.args, **kwargs: P.kwargs) -> R:
    """Finishes before it lets a cancelled caller go, by whatever the caller is cancelled."""
    if not _on_asyncio():
        return await unbroken(function, *args, **kwargs)
    task = _apart(function, *args, **kwargs)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        with anyio.CancelScope(shield=True):
            await asyncio.wait([task])
        raise


async def unbroken(function: Callable[P, Awaitable[R]], *args: P.args, **kwargs: P.kwargs) -> R:
    """Finishes before it lets a caller go that is cancelled by a scope, as all are on trio."""
    with anyio.CancelScope(shield=True):
        return await function(*args, **kwargs)
    raise AssertionError("unreachable: nobody cancels the scope itself")


async def within(
    seconds: float | None, function: Callable[P, Awaitable[R]], *args: P.args, **kwargs: P.kwargs
) -> R:
    """Work that is cancelled when it takes longer than so many seconds.

    Raises:
        DeadlineExceeded: It did. What it does `unbroken` comes to its end even so.
    """
    if seconds is None:
        return await function(*args, **kwargs)
    with anyio.move_on_after(seconds):
        return await function(*args, **kwargs)
    raise DeadlineExceeded


def _apart(
    function: Callable[P, Awaitable[R]], *args: P.args, **kwargs: P.kwargs
) -> asyncio.Task[R]:
    """A task that outlives its caller, and whose error nobody may be there to see."""
    task = asyncio.ensure_future(_awaited(lambda _: function(*args, **kwargs), None))
    _unfinished.add(task)
    task.add_done_callback(_let_go)
    return task


def _let_go(task: asyncio.Task[Any]) -> None:
    _unfinished.discard(task)
    if not task.cancelled():
        task.exception()  # Asked for, or the event loop would complain that nobody did.


async def _run_apart(call: Callable[[], object]) -> object:
    # Not in one of anyio's threads: on asyncio the interpreter waits for their end before its own.
    future: Future[object] = Future()
    context = copy_context()

    def work() -> None:
        try:
            future.set_result(context.run(call))
        except BaseException as error:  # noqa: BLE001 - it is the waiting task's
            future.set_exception(error)

    threading.Thread(target=work, name="anaplan-sdk", daemon=True).start()
    await _wait_for(future)
    return future.result()


async def _wait_for(future: Future[Any]) -> None:
    # Another thread may end it; cancelling the wait leaves it be.
    done = anyio.Event()
    if _on_asyncio():
        call_soon: Callable[[Callable[[], None]], object] = (
            asyncio.get_running_loop().call_soon_threadsafe
        )
    else:
        import trio

        call_soon = trio.lowlevel.current_trio_token().run_sync_soon

    def wake(_: Future[Any]) -> None:
        # The loop of a waiter that was cancelled may have ended meanwhile.
        with suppress(RuntimeError):
            call_soon(done.set)

    future.add_done_callback(wake)
    await done.wait()


async def settle(futures: Collection[Future[bool]], seconds: float) -> None:
    """Waits for the end of all, a cancelled caller too, but only so many seconds."""
    if futures:
        with anyio.move_on_after(seconds, shield=True):
            for future in futures:
                await _wait_for(future)


def is_iterable(content: object) -> TypeGuard[Pieces]:
    """Whether content comes piece by piece.

    Other iterables, such as a dict or a data frame, may give labels instead of content.
    """
    return isinstance(content, Iterator | list | tuple | AsyncIterable)


async def iterate(items: Iterable[T] | AsyncIterable[T]) -> AsyncGenerator[T]:
    """Either kind of iterable as one; a plain one, which may block, is advanced in a thread."""
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
        return
    iterator = iter(items)
    while (item := await run_in_thread(next, iterator, _END)) is not _END:
        yield item


async def flat_map(
    function: Callable[[T], Iterable[R]], items: Iterable[T] | AsyncIterable[T]
) -> AsyncGenerator[R]:
    """The results of all items in order; plain items, which may block, are taken in a thread."""
    if isinstance(items, AsyncIterable):
        async for item in items:
            for result in function(item):
                yield result
        return
    async with aclosing(iterate(_in_turns(function, items))) as results:
        async for result in results:
            if result is not _NOTHING:
                yield result


def _in_turns(function: Callable[[T], Iterable[R]], items: Iterable[T]) -> Iterator[R]:
    """The results; where there is none for a while, a sign that the caller may look around."""
    turn_ends = time.monotonic() + _TURN
    for item in items:
        results = function(item)
        del item  # It may be large, and is only needed there.
        for result in results:
            yield result
            turn_ends = time.monotonic() + _TURN
        if time.monotonic() > turn_ends:
            yield _NOTHING
            turn_ends = time.monotonic() + _TURN


def ordered_map(
    function: Callable[[T], Awaitable[R]], items: Iterable[T] | AsyncIterable[T], width: int
) -> AsyncGenerator[R]:
    """The results in the order of the items, of which at most `width` are worked on at a time.

    Items are taken as there is room for them. When one fails, or the caller closes the generator,
    the others are cancelled.
    """
    return (_sequence if width == 1 else _window)(function, items, width)


async def _sequence(
    function: Callable[[T], Awaitable[R]], items: Iterable[T] | AsyncIterable[T], _: int
) -> AsyncGenerator[R]:
    async with aclosing(_each(items)) as each:
        async for item in each:
            yield await function(item)


async def _window(
    function: Callable[[T], Awaitable[R]], items: Iterable[T] | AsyncIterable[T], width: int
) -> AsyncGenerator[R]:
    # Tasks without a nursery, since an async generator must not hold a cancel scope open where it
    # yields: it may be closed from another task than the one that ran it.
    on_asyncio = _on_asyncio()
    pending: deque[_Running[R]] = deque()
    try:
        async with aclosing(_each(items)) as each:
            async for item in each:
                work = _AsyncioTask(function, item) if on_asyncio else _TrioTask(function, item)
                pending.append(work)
                if len(pending) >= width:
                    yield await _first_of(pending)
        while pending:
            yield await _first_of(pending)
    finally:
        for task in pending:
            task.cancel()
        with anyio.CancelScope(shield=True):
            for task in pending:
                await task.end()


class _Running(Protocol[R_co]):
    """Work that goes on beside its caller."""

    async def result(self) -> R_co: ...

    def cancel(self) -> None: ...

    async def end(self) -> None: ...


async def _first_of(pending: deque[_Running[R]]) -> R:
    # It stays among the others until it has ended, so that it is cancelled with them.
    result = await pending[0].result()
    pending.popleft()
    return result


class _AsyncioTask(Generic[R]):
    def __init__(self, function: Callable[[T], Awaitable[R]], item: T) -> None:
        self._task = asyncio.ensure_future(_awaited(function, item))

    async def result(self) -> R:
        return await self._task

    def cancel(self) -> None:
        self._task.cancel()

    async def end(self) -> None:
        await asyncio.gather(self._task, return_exceptions=True)


class _TrioTask(Generic[R]):
    def __init__(self, function: Callable[[T], Awaitable[R]], item: T) -> None:
        import trio

        self._results: list[R] = []
        self._error: Exception | None = None
        self._scope = anyio.CancelScope()
        self._ended = anyio.Event()
        trio.lowlevel.spawn_system_task(self._run, function, item, context=copy_context())

    async def _run(self, function: Callable[[T], Awaitable[R]], item: T) -> None:
        try:
            with self._scope:
                self._results.append(await function(item))
        except Exception as error:  # noqa: BLE001 - it is the waiting task's
            self._error = error
        finally:
            self._ended.set()

    async def result(self) -> R:
        await self._ended.wait()
        if self._error is not None:
            raise self._error
        return self._results[0]

    def cancel(self) -> None:
        self._scope.cancel()

    async def end(self) -> None:
        await self._ended.wait()


async def _each(items: Iterable[T] | AsyncIterable[T]) -> AsyncGenerator[T]:
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item


async def _awaited(function: Callable[[T], Awaitable[R]], item: T) -> R:
    return await function(item)


class PerLoop(Generic[T]):
    """One value for each event loop, made when it is first asked for; let go after the loop."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._values: dict[Any, T] = {}
        self.is_closed = False

    def get(self) -> T:
        """The running loop's value.

        Raises:
            LookupError: No more values are made.
        """
        if self.is_closed:
            raise LookupError("closed")
        loop = anyio.lowlevel.current_token().native_token
        if loop not in self._values:
            self._let_go()
            self._values[loop] = self._make()
        return self._values[loop]

    def close(self) -> T | None:
        """Takes the running loop's value out, if there is one, and makes no more."""
        self.is_closed = True
        self._let_go()
        return self._values.pop(anyio.lowlevel.current_token().native_token, None)

    def _let_go(self) -> None:
        for loop in list(self._values):  # Other threads' loops come and go meanwhile.
            if _has_ended(loop):
                self._values.pop(loop, None)


def _has_ended(loop: Any) -> bool:
    if isinstance(loop, asyncio.AbstractEventLoop):
        return loop.is_closed()
    try:
        loop.run_sync_soon(int)  # trio's way to ask
    except RuntimeError:
        return True
    return False


class Semaphore:
    """Lets so many callers through at a time, in each event loop."""

    def __init__(self, width: int) -> None:
        self._semaphores = PerLoop(lambda: anyio.Semaphore(width, fast_acquire=True))

    async def acquire(self, seconds: float | None = None) -> bool:
        """Waits for a turn, so many seconds at the most; tells whether it came."""
        semaphore = self._semaphores.get()
        if seconds is None:
            await semaphore.acquire()
            return True
        with anyio.move_on_after(seconds):
            await semaphore.acquire()
            return True
        return False

    def release(self) -> None:
        self._semaphores.get().release()


def _on_asyncio() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
