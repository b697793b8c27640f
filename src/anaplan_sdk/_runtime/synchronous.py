"""Waiting, parallel work and shared state for threads."""

from __future__ import annotations

import _thread
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from contextvars import ContextVar, copy_context
from functools import partial
from math import inf
from queue import Empty, SimpleQueue
from socket import socket
from typing import Any, Generic, ParamSpec, TypeAlias, TypeGuard, TypeVar, cast
from weakref import proxy

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

Pieces: TypeAlias = Iterable[str | bytes]
"""Content that comes piece by piece."""

Function: TypeAlias = Callable[[T], R]
"""A function of one argument."""

Producer: TypeAlias = Callable[[], T]
"""A function without arguments, such as one that sends a certain request."""

Poll: TypeAlias = Callable[[], T]
"""Returns the current state of something."""

Send: TypeAlias = Callable[[httpx2.Request], httpx2.Response]
"""Sends a request and reads the body of its reply."""

# Seconds within which a Ctrl-C is noticed, whatever the main thread waits for.
_CHECK_INTERVAL = 0.1

# Set in threads whose result may become unneeded: the event that signals it.
_cancelled: ContextVar[threading.Event | None] = ContextVar("_cancelled", default=None)

# When connections end what a thread reads and writes, on the clock of `time.monotonic`: a little
# after its deadline, so that the waiting caller reports the deadline first.
_io_end: ContextVar[float] = ContextVar("_io_end", default=inf)
_IO_GRACE = 0.1

# Bytes that are written between two checks of that time.
WRITTEN_AT_ONCE = 262_144


class Cancelled(BaseException):
    """Ends a thread whose result nobody needs any more."""


def sleep(seconds: float) -> None:
    """Wait; in a thread whose result nobody needs any more, end the thread.

    Raises:
        Cancelled: Nobody needs the result.
    """
    cancelled = _cancelled.get()
    if cancelled is None:
        time.sleep(seconds)
    elif cancelled.wait(seconds):
        raise Cancelled


def run_in_thread(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a function where it is called: there is no event loop to hold up."""
    return function(*args, **kwargs)


def run_shielded(function: Callable[..., R], *args: Any) -> R:
    """Run work that goes on to its end at a Ctrl-C, and wait for that end.

    What the work would do after its next `sleep` is not done then. A second Ctrl-C ends the wait.
    """
    cancelled = threading.Event()
    # The interpreter ends without waiting for threads that are daemons. A caller that is one needs
    # another kind for its work; for other callers a second Ctrl-C could not end the program.
    is_daemon = not threading.current_thread().daemon
    future: Future[R] = Future()
    try:
        _start(future, is_daemon, _run_cancellable, cancelled, function, *args)
        _wait_until_done(future)
    except BaseException:
        cancelled.set()
        _wait_until_done(future)
        raise
    return future.result()


def with_deadline(
    seconds: float | None, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs
) -> R:
    """Run work in its own thread; if it takes longer, stop waiting for it.

    The thread then ends at its next use of a connection. None sets no limit.

    Raises:
        DeadlineExceeded: The work took longer.
    """
    if seconds is None:
        return function(*args, **kwargs)

    def work() -> R:
        _io_end.set(time.monotonic() + seconds + _IO_GRACE)
        return function(*args, **kwargs)

    future: Future[R] = Future()
    _start(future, True, work)
    if not _wait_until_done(future, seconds):
        raise DeadlineExceeded
    return future.result()


def with_own_time(seconds: float, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run work that others need, too: in place of its caller's deadline it has these seconds.

    Without a deadline it has no limit.
    """
    if _io_end.get() == inf:
        return function(*args, **kwargs)
    token = _io_end.set(time.monotonic() + seconds)
    try:
        return function(*args, **kwargs)
    finally:
        _io_end.reset(token)


def watch_connection(stream: Any) -> None:
    """Have a new connection serve each thread until its deadline, and no forked child.

    The HTTP library's own timeouts begin again with every byte that arrives or leaves.

    Args:
        stream: The connection, a `NetworkStream` of the HTTP library.
    """
    # Weak, or the connection would have to wait for the garbage collector.
    weak: Any = proxy(stream)
    kind = cast("Any", type(stream))

    def read_until_end(max_bytes: int, timeout: float | None = None) -> bytes:
        content: bytes = kind.read(weak, max_bytes, limited(timeout))
        return content

    def write_until_end(buffer: bytes, timeout: float | None = None) -> None:
        if _io_end.get() == inf:
            kind.write(weak, buffer, timeout)
            return
        content = memoryview(buffer)
        for start in range(0, len(content), WRITTEN_AT_ONCE):
            piece = content[start : start + WRITTEN_AT_ONCE]
            kind.write(weak, piece, limited(timeout))

    stream.read, stream.write = read_until_end, write_until_end
    if isinstance(connection := stream.get_extra_info("socket"), socket):
        process.close_in_child(connection)


def limited(timeout: float | None) -> float | None:
    """Return a timeout that ends no later than this thread's time.

    Raises:
        DeadlineExceeded: There is no time left.
    """
    end = _io_end.get()
    if end == inf:
        return timeout
    left = end - time.monotonic()
    if left <= 0:
        raise DeadlineExceeded
    return left if timeout is None else min(timeout, left)


class DetachedTasks:
    """Threads that continue when their caller is interrupted by Ctrl-C.

    The caller does not wait for them.
    The interpreter waits for them before it ends, unless there is a second Ctrl-C.
    """

    def __init__(self) -> None:
        self._running: set[Future[Any]] = set()

    def run(self, function: Callable[..., R], *args: Any, on_abandoned: Callable[[], object]) -> R:
        """Run a function in a thread of its own.

        Args:
            function: What to run.
            *args: Its arguments.
            on_abandoned: Called after the end of the thread if its result reached nobody.
        """
        future: Future[R] = Future()
        self._running.add(future)
        future.add_done_callback(self._running.discard)
        try:
            _start(future, False, function, *args)
            _wait_until_done(future)
            return future.result()
        except BaseException:
            future.add_done_callback(lambda _: on_abandoned())
            raise

    def wait(self, seconds: float) -> None:
        """Wait for the end of all threads, but no longer than this."""
        end = time.monotonic() + seconds
        for future in tuple(self._running):
            _wait_until_done(future, end - time.monotonic())


def run_flow(
    flow: Flow[None],
    request: httpx2.Request,
    send: Send | None = None,
    tasks: DetachedTasks | None = None,
) -> Generator[httpx2.Request, httpx2.Response]:
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
                    reply.read()
                step = resume(flow, reply)
            elif send is not None and tasks is not None and must_finish(step):
                is_ours = False
                step = tasks.run(_finish, flow, send, step, on_abandoned=flow.close)
                is_ours = True
            elif not isinstance(step, httpx2.Request):
                step = _take_step(flow, _wait, step)
            elif send is not None:
                step = _take_step(flow, send, step)
            else:
                reply = yield for_one_origin(with_client_defaults(step, request))
                reply.read()
                step = resume(flow, reply)
    finally:
        if is_ours:
            flow.close()


def _finish(flow: Flow[None], send: Send, step: Step | None) -> Step | None:
    """Take the steps that must finish; return the first that may be cancelled."""
    while step is not None and must_finish(step):
        take = send if isinstance(step, httpx2.Request) else _wait
        step = _take_step(flow, take, step)
    return step


def _take_step(flow: Flow[None], take: Callable[[Any], object], step: Step) -> Step | None:
    """Take a step and return the next."""
    try:
        answer = take(step)
    except Exception as error:  # noqa: BLE001 - the flow handles it
        return resume(flow, error=error)
    return resume(flow, answer)


def _wait(step: Wait) -> object:
    if isinstance(step, Call):
        return step.function()
    if isinstance(step, Pause):
        sleep(step.seconds)
    else:
        _wait_until_done(step)
    return None


def is_iterable(content: object) -> TypeGuard[Pieces]:
    """Whether content comes piece by piece.

    Other iterables, such as a dict or a data frame, may give labels instead of content.
    """
    return isinstance(content, Iterator | list | tuple)


def iterate(items: Iterable[T]) -> Generator[T]:
    """Yield the items."""
    yield from items


def flat_map(function: Callable[[T], Iterable[R]], items: Iterable[T]) -> Generator[R]:
    """Yield the results of all items in order."""
    for item in items:
        results = function(item)
        del item  # It may be large, and isn't needed any more.
        yield from results


def ordered_map(function: Callable[[T], R], items: Iterable[T], width: int) -> Generator[R]:
    """Yield the results in the order of the items, working on at most `width` items at a time.

    An item is taken when its work can begin. When one fails, or the caller closes the generator,
    the work that hasn't begun is dropped, and the rest goes on up to its next `sleep`.
    """
    if width == 1:
        for item in items:
            yield function(item)
        return
    workers = _Workers(width)
    pending: deque[SimpleQueue[Future[R]]] = deque()
    cancelled = threading.Event()

    def work(item: T, outcome: SimpleQueue[Future[R]]) -> None:
        if not cancelled.is_set():
            done: Future[R] = Future()
            _run_into(done, _run_cancellable, cancelled, function, item)
            outcome.put(done)

    try:
        for item in items:
            outcome: SimpleQueue[Future[R]] = SimpleQueue()
            # As tasks do, threads know the caller's context: a trace goes on in them.
            workers.run(partial(copy_context().run, partial(work, item, outcome)))
            pending.append(outcome)
            if len(pending) >= width:
                yield _get_from(pending.popleft()).result()
        while pending:
            yield _get_from(pending.popleft()).result()
    finally:
        cancelled.set()
        workers.close()


class _Workers:
    """Runs tasks in threads.

    In place of a ThreadPoolExecutor, whose locks are written in Python: a Ctrl-C in the main thread
    may leave one locked, for which its threads would wait for ever. A SimpleQueue has no such lock.

    Args:
        width: The most threads.
    """

    def __init__(self, width: int) -> None:
        self._width = width
        self._started = 0
        self._process = os.getpid()
        self._tasks: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._ended: SimpleQueue[None] = SimpleQueue()

    def run(self, task: Callable[[], object]) -> None:
        """Run a task in a thread, or in the caller's where none can be started."""
        if self._started < self._width:
            with suppress(RuntimeError):
                _start_thread(self._take_tasks, is_daemon=True)
                self._started += 1
        if self._started:
            self._tasks.put(task)
        else:
            task()

    def close(self) -> None:
        """Wait for the end of all tasks."""
        self._tasks.put(None)
        # A generator that was not read to its end may be closed where its threads are gone.
        if sys.is_finalizing() or os.getpid() != self._process:
            return
        for _ in range(self._started):
            _get_from(self._ended)

    def _take_tasks(self) -> None:
        while (task := self._tasks.get()) is not None:
            task()
            del task  # Its item may be large.
        self._tasks.put(None)  # For the next thread.
        self._ended.put(None)


def _start_thread(run: Callable[[], object], *, is_daemon: bool) -> None:
    """Start a thread, of which a Ctrl-C cannot prevent the beginning or the end.

    `Thread.start` waits for the thread with a lock that a Ctrl-C may leave locked, and the thread
    would wait for it for ever. Signals are handled in the main thread only, so another one starts
    it.

    Raises:
        RuntimeError: There are no more threads, or the interpreter is ending.
    """
    thread = threading.Thread(target=run, name="anaplan-sdk", daemon=is_daemon)
    if threading.current_thread() is threading.main_thread():
        _thread.start_new_thread(_start_or_run, (thread, run))
    else:
        thread.start()


def _start_or_run(thread: threading.Thread, run: Callable[[], object]) -> None:
    try:
        thread.start()
    except RuntimeError:  # There are no more threads but this one.
        run()


def _start(
    future: Future[R], is_daemon: bool, function: Callable[..., R], *args: Any, **kwargs: Any
) -> None:
    """Run a function in a thread of its own, which knows the caller's context.

    Where no thread can be started, since the interpreter is ending or there are too many, the
    caller's runs it.

    A Ctrl-C that interrupts the caller here cancels the future unless the thread has begun.
    """
    run = partial(copy_context().run, _run_into, future, function, *args, **kwargs)
    try:
        try:
            _start_thread(run, is_daemon=is_daemon)
        except RuntimeError:
            run()
    except BaseException:
        future.cancel()
        raise


def _run_into(future: Future[R], function: Callable[..., R], *args: Any, **kwargs: Any) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(function(*args, **kwargs))
    except BaseException as error:  # noqa: BLE001 - it is raised in the waiting thread
        future.set_exception(error)


def _run_cancellable(cancelled: threading.Event, function: Callable[..., R], *args: Any) -> R:
    _cancelled.set(cancelled)
    return function(*args)


def _wait_until_done(future: Future[Any], seconds: float | None = None) -> bool:
    """Wait for the end of a future, at most `seconds`; return whether it has ended."""
    # Not by the future's own means: a Ctrl-C that meets them may leave it locked.
    ended: SimpleQueue[object] = SimpleQueue()
    future.add_done_callback(ended.put)
    try:
        _get_from(ended, seconds)
    except Empty:
        return False
    return True


def _get_from(queue: SimpleQueue[T], seconds: float | None = None) -> T:
    """Wait for an item, at most `seconds`.

    Raises:
        Empty: There was none.
    """
    end = inf if seconds is None else time.monotonic() + seconds
    while True:
        left = max(0.0, end - time.monotonic())
        try:
            # Python doesn't notice a Ctrl-C that comes right before a wait, and on Windows none
            # that comes during a wait.
            return queue.get(timeout=min(left, _CHECK_INTERVAL))
        except Empty:
            if left <= _CHECK_INTERVAL:
                raise


class PerLoop(Generic[T]):
    """One value for all threads, made when it is first needed."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._value: T | None = None
        self.is_closed = False
        process.renew_in_child(self)

    def renew_in_child(self) -> None:
        """Make another value in a forked child."""
        self._lock = threading.Lock()
        self._value = None

    def get(self) -> T:
        """Return the value.

        Raises:
            LookupError: This was closed.
        """
        process.check_process()
        with self._lock:
            if self.is_closed:
                raise LookupError("closed")
            if self._value is None:
                with process.without_fork():
                    self._value = self._make()
            return self._value

    def close(self) -> T | None:
        """Make no more values; return the one there is."""
        with self._lock:
            self.is_closed = True
            value, self._value = self._value, None
            return value


class Semaphore:
    """Lets at most `width` callers through at a time."""

    def __init__(self, width: int) -> None:
        self._width = width
        self.renew_in_child()
        process.renew_in_child(self)

    def renew_in_child(self) -> None:
        """Let all callers of a forked child through that its parent would."""
        # Not a threading.Semaphore, whose lock a Ctrl-C may leave locked.
        self._permits: SimpleQueue[None] = SimpleQueue()
        for _ in range(self._width):
            self._permits.put(None)

    def acquire(self, seconds: float | None = None) -> bool:
        """Wait, at most `seconds`, until the caller may pass; return whether it may."""
        try:
            self._permits.get_nowait()
        except Empty:
            try:
                _get_from(self._permits, seconds)
            except Empty:
                return False
        return True

    def release(self) -> None:
        """Let the next caller through."""
        self._permits.put(None)
