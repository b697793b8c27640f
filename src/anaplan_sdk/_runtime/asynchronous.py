"""Waiting, parallel work and shared state for tasks of an event loop.

asyncio and trio are reached through anyio, apart from two things it has no means for: a task that
no task group holds (`_Task`), and a call from another thread that doesn't block it (`_call_soon`).
"""

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
    Iterable,
    Iterator,
)
from concurrent.futures import Future
from contextlib import aclosing, suppress
from contextvars import copy_context
from typing import Any, Generic, ParamSpec, TypeAlias, TypeGuard, TypeVar

import anyio
import anyio.lowlevel
import anyio.to_thread
import httpx2

from anaplan_sdk._runtime import process
from anaplan_sdk._runtime.flow import (
    Call,
    DeadlineExceeded,
    Flow,
    Pause,
    Step,
    Wait,
    for_one_origin,
    must_finish,
    resume,
    with_client_defaults,
)

T = TypeVar("T")
R = TypeVar("R")
P = ParamSpec("P")

Pieces: TypeAlias = Iterable[str | bytes] | AsyncIterable[str | bytes]
"""Content that comes piece by piece."""

Function: TypeAlias = Callable[[T], Awaitable[R]]
"""A function of one argument."""

Producer: TypeAlias = Callable[[], Awaitable[T]]
"""A function without arguments, such as one that sends a certain request."""

Poll: TypeAlias = Callable[[], Awaitable[T]]
"""Returns the current state of something."""

Send: TypeAlias = Callable[[httpx2.Request], Awaitable[httpx2.Response]]
"""Sends a request and reads the body of its reply."""

# Event loops hold tasks by weak references only.
_asyncio_tasks: set[asyncio.Task[None]] = set()

_END: Any = object()
_NO_RESULT: Any = object()

# Seconds after which a thread that takes items lets its caller notice a cancellation.
_CHECK_INTERVAL = 0.05


async def sleep(seconds: float) -> None:
    """Wait."""
    await anyio.sleep(seconds)


async def run_in_thread(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a function that computes or blocks without holding up the event loop.

    Where no thread can be started, since the interpreter is ending or there are too many, the
    loop's runs it.
    """
    # The thread returns nothing itself: asyncio's debug mode logs what it returns, such as a token.
    results: list[R] = []
    has_begun = False

    def work() -> None:
        nonlocal has_begun
        has_begun = True
        results.append(function(*args, **kwargs))

    try:
        await anyio.to_thread.run_sync(work)
    except RuntimeError:
        if has_begun:
            raise
        work()
    return results[0]


async def run_shielded(function: Callable[..., Awaitable[R]], *args: Any) -> R:
    """Run work that goes on to its end when the caller is cancelled, and wait for that end."""
    task = _Task(function, *args)
    try:
        return await task.result()
    finally:
        with anyio.CancelScope(shield=True):
            await _wait_until_done(task.future)


async def with_deadline(
    seconds: float | None, function: Callable[P, Awaitable[R]], *args: P.args, **kwargs: P.kwargs
) -> R:
    """Run work that is cancelled when it takes longer; None sets no limit.

    Raises:
        DeadlineExceeded: The work was cancelled.
    """
    if seconds is None:
        return await function(*args, **kwargs)
    with anyio.move_on_after(seconds):
        return await function(*args, **kwargs)
    raise DeadlineExceeded


async def with_own_time(
    seconds: float,  # noqa: ARG001 - a cancelled task has no time of its own
    function: Callable[P, Awaitable[R]],
    *args: P.args,
    **kwargs: P.kwargs,
) -> R:
    """Run work that others need, too: it ends with its caller nevertheless, as all tasks do."""
    return await function(*args, **kwargs)


def watch_connection(stream: object) -> None:
    """Leave a new connection as it is: deadlines cancel tasks, and an event loop isn't inherited.

    Args:
        stream: The connection.
    """


class DetachedTasks:
    """Tasks that continue when their caller is cancelled; the caller does not wait for them."""

    def __init__(self) -> None:
        self._running: set[Future[Any]] = set()

    async def run(
        self,
        function: Callable[..., Awaitable[R]],
        *args: Any,
        on_abandoned: Callable[[], object],
    ) -> R:
        """Run a function in a task of its own.

        Args:
            function: What to run.
            *args: Its arguments.
            on_abandoned: Called after the end of the task if its result reached nobody.
        """
        future = _Task(function, *args).future
        self._running.add(future)
        future.add_done_callback(self._running.discard)
        try:
            await _wait_until_done(future)
            return future.result()
        except BaseException:
            future.add_done_callback(lambda _: on_abandoned())
            raise

    async def wait(self, seconds: float) -> None:
        """Wait for the end of all tasks, even if cancelled, but no longer than this."""
        if self._running:
            with anyio.move_on_after(seconds, shield=True):
                for future in tuple(self._running):
                    await _wait_until_done(future)


async def run_flow(
    flow: Flow[None],
    request: httpx2.Request,
    send: Send | None = None,
    tasks: DetachedTasks | None = None,
) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
    """Carry out a flow that signs a request.

    Yields the request each time it is to be sent, and takes the reply. Without `send`, yields the
    requests for a token, too.

    Args:
        flow: The flow.
        request: The request that it signs.
        send: Sends requests for a token.
        tasks: Runs the exchange of a refresh token, up to its being stored.
    """
    is_ours = True
    try:
        step = resume(flow)
        while step is not None:
            if step is request:
                reply = yield request
                if reply.status_code == 401:
                    await reply.aread()
                step = resume(flow, reply)
            elif send is not None and tasks is not None and must_finish(step):
                is_ours = False
                step = await tasks.run(_finish, flow, send, step, on_abandoned=flow.close)
                is_ours = True
            elif not isinstance(step, httpx2.Request):
                step = await _take_step(flow, _wait, step)
            elif send is not None:
                step = await _take_step(flow, send, step)
            else:
                reply = yield for_one_origin(with_client_defaults(step, request))
                await reply.aread()
                step = resume(flow, reply)
    finally:
        if is_ours:
            flow.close()


async def _finish(flow: Flow[None], send: Send, step: Step | None) -> Step | None:
    """Take the steps that must finish; return the first that may be cancelled."""
    while step is not None and must_finish(step):
        take = send if isinstance(step, httpx2.Request) else _wait
        step = await _take_step(flow, take, step)
    return step


async def _take_step(
    flow: Flow[None], take: Callable[[Any], Awaitable[object]], step: Step
) -> Step | None:
    """Take a step and return the next."""
    try:
        answer = await take(step)
    except Exception as error:  # noqa: BLE001 - the flow handles it
        return resume(flow, error=error)
    return resume(flow, answer)


async def _wait(step: Wait) -> object:
    if isinstance(step, Pause):
        await anyio.sleep(step.seconds)
        return None
    if not isinstance(step, Call):
        await _wait_until_done(step)
        return None
    if step.must_finish:
        return await run_in_thread(step.function)
    # Not in one of anyio's threads: those hold up the end of the interpreter.
    future: Future[object] = Future()
    context = copy_context()

    def work() -> None:
        try:
            future.set_result(context.run(step.function))
        except BaseException as error:  # noqa: BLE001 - it is raised in the waiting task
            future.set_exception(error)

    try:
        threading.Thread(target=work, name="anaplan-sdk", daemon=True).start()
    except RuntimeError:  # The interpreter is ending, or there are too many threads.
        work()
    await _wait_until_done(future)
    return future.result()


def is_iterable(content: object) -> TypeGuard[Pieces]:
    """Whether content comes piece by piece.

    Other iterables, such as a dict or a data frame, may give labels instead of content.
    """
    return isinstance(content, Iterator | list | tuple | AsyncIterable)


async def iterate(items: Iterable[T] | AsyncIterable[T]) -> AsyncGenerator[T]:
    """Yield the items; a plain iterable, which may block, is advanced in a thread."""
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
    """Yield the results of all items in order; a plain iterable is advanced in a thread."""
    if isinstance(items, AsyncIterable):
        async for item in items:
            for result in function(item):
                yield result
        return
    async with aclosing(iterate(_results_or_pauses(function, items))) as results:
        async for result in results:
            if result is not _NO_RESULT:
                yield result


def _results_or_pauses(function: Callable[[T], Iterable[R]], items: Iterable[T]) -> Iterator[R]:
    """Yield the results, and `_NO_RESULT` where there was none for a while."""
    check_at = time.monotonic() + _CHECK_INTERVAL
    for item in items:
        results = function(item)
        del item  # It may be large, and isn't needed any more.
        for result in results:
            yield result
            check_at = time.monotonic() + _CHECK_INTERVAL
        if time.monotonic() > check_at:
            yield _NO_RESULT
            check_at = time.monotonic() + _CHECK_INTERVAL


def ordered_map(
    function: Callable[[T], Awaitable[R]], items: Iterable[T] | AsyncIterable[T], width: int
) -> AsyncGenerator[R]:
    """Yield the results in the order of the items, working on at most `width` items at a time.

    An item is taken when its work can begin. When one fails, or the caller closes the generator,
    the others are cancelled.
    """
    return (_map_one_by_one if width == 1 else _map_in_parallel)(function, items, width)


async def _map_one_by_one(
    function: Callable[[T], Awaitable[R]], items: Iterable[T] | AsyncIterable[T], _: int
) -> AsyncGenerator[R]:
    async with aclosing(_each(items)) as each:
        async for item in each:
            yield await function(item)


async def _map_in_parallel(
    function: Callable[[T], Awaitable[R]], items: Iterable[T] | AsyncIterable[T], width: int
) -> AsyncGenerator[R]:
    # Not in a task group: an async generator must not hold a cancel scope open where it yields,
    # since another task than the one that ran it may close it.
    pending: deque[_Task[R]] = deque()
    try:
        async with aclosing(_each(items)) as each:
            async for item in each:
                pending.append(_Task(function, item))
                if len(pending) >= width:
                    yield await _first_of(pending)
        while pending:
            yield await _first_of(pending)
    finally:
        for task in pending:
            task.cancel()
        with anyio.CancelScope(shield=True):
            for task in pending:
                await _wait_until_done(task.future)


async def _first_of(pending: deque[_Task[R]]) -> R:
    # It stays among the others until it has ended, so that it is cancelled with them.
    result = await pending[0].result()
    pending.popleft()
    return result


async def _each(items: Iterable[T] | AsyncIterable[T]) -> AsyncGenerator[T]:
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item


class _Task(Generic[R]):
    """Work in a task of its own, which no task group holds.

    Attributes:
        future: Ends with the task. It is cancelled if the task was.
    """

    def __init__(self, function: Callable[..., Awaitable[R]], *args: Any) -> None:
        self.future: Future[R] = Future()
        self._scope = anyio.CancelScope()
        if isinstance(_running_loop(), asyncio.AbstractEventLoop):
            task = asyncio.create_task(self._run(function, args))
            _asyncio_tasks.add(task)
            task.add_done_callback(_asyncio_tasks.discard)
            # It may be cancelled before it has begun.
            task.add_done_callback(lambda _: self.future.cancel())
        else:
            import trio

            trio.lowlevel.spawn_system_task(self._run, function, args, context=copy_context())

    async def _run(self, function: Callable[..., Awaitable[R]], args: tuple[Any, ...]) -> None:
        try:
            with self._scope:
                self.future.set_result(await function(*args))
        except Exception as error:  # noqa: BLE001 - it is raised in the waiting task
            self.future.set_exception(error)
        finally:
            self.future.cancel()

    async def result(self) -> R:
        await _wait_until_done(self.future)
        return self.future.result()

    def cancel(self) -> None:
        self._scope.cancel()


class PerLoop(Generic[T]):
    """One value for each event loop, made when it is first needed and released after the loop."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._values: dict[Any, T] = {}
        self.is_closed = False
        process.renew_in_child(self)

    def renew_in_child(self) -> None:
        """Leave the values to the event loops of the parent."""
        process.leave_to_parent(self._values)
        self._values = {}

    def get(self) -> T:
        """Return the running loop's value.

        Raises:
            LookupError: This was closed.
        """
        if self.is_closed:
            raise LookupError("closed")
        process.check_process()
        loop = _running_loop()
        if loop not in self._values:
            self._release_ended()
            with process.without_fork():
                self._values[loop] = self._make()
        return self._values[loop]

    def close(self) -> T | None:
        """Make no more values; return the running loop's, if there is one."""
        self.is_closed = True
        self._release_ended()
        return self._values.pop(_running_loop(), None)

    def _release_ended(self) -> None:
        for loop in tuple(self._values):  # Loops of other threads come and go meanwhile.
            try:
                _call_soon(loop, int)
            except RuntimeError:  # It has ended.
                self._values.pop(loop, None)


class Semaphore:
    """Lets at most `width` callers through at a time, in each event loop."""

    def __init__(self, width: int) -> None:
        self._semaphores = PerLoop(lambda: anyio.Semaphore(width, fast_acquire=True))

    async def acquire(self, seconds: float | None = None) -> bool:
        """Wait, at most `seconds`, until the caller may pass; return whether it may."""
        semaphore = self._semaphores.get()
        if seconds is None:
            await semaphore.acquire()
            return True
        with anyio.move_on_after(seconds):
            await semaphore.acquire()
            return True
        return False

    def release(self) -> None:
        """Let the next caller through."""
        self._semaphores.get().release()


async def _wait_until_done(future: Future[Any]) -> None:
    """Wait for the end of a future that another thread may set; a cancelled wait leaves it."""
    loop, ended = _running_loop(), anyio.Event()

    def wake(_: Future[Any]) -> None:
        # The loop of a waiter that was cancelled may have ended meanwhile.
        with suppress(RuntimeError):
            _call_soon(loop, ended.set)

    future.add_done_callback(wake)
    await ended.wait()


def _running_loop() -> Any:
    return anyio.lowlevel.current_token().native_token


def _call_soon(loop: Any, function: Callable[[], object]) -> None:
    """Have a loop call a function, from any thread.

    Raises:
        RuntimeError: The loop has ended.
    """
    if isinstance(loop, asyncio.AbstractEventLoop):
        loop.call_soon_threadsafe(function)
    else:
        loop.run_sync_soon(function)
