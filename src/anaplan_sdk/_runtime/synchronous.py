"""Waiting, parallel work and shared state for threads."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import ContextVar, copy_context
from queue import SimpleQueue
from typing import Generic, ParamSpec, TypeAlias, TypeGuard, TypeVar

from anaplan_sdk._runtime.flow import Blocking, DeadlineExceeded, Pause, Waiting
from anaplan_sdk._runtime.interrupts import held_back, let_through

T = TypeVar("T")
R = TypeVar("R")
P = ParamSpec("P")

Pieces: TypeAlias = Iterable[str | bytes]
"""Content that comes piece by piece."""

Function: TypeAlias = Callable[[T], R]
"""A function of one argument."""

Poll: TypeAlias = Callable[[], T]
"""Asks how things stand."""


# In the threads of a map: set once nobody waits for them any more.
_given_up: ContextVar[threading.Event | None] = ContextVar("_given_up", default=None)


class Cancelled(BaseException):
    """Ends a thread whose result nobody waits for."""


def sleep(seconds: float) -> None:
    """Sleeps; in a thread that nobody waits for any more it ends the thread instead."""
    given_up = _given_up.get()
    if given_up is None:
        with let_through():
            time.sleep(seconds)
    elif given_up.wait(seconds):
        raise Cancelled


def run_in_thread(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Just runs it: a caller that mustn't be held up uses a thread of its own."""
    return function(*args, **kwargs)


def perform(step: Waiting) -> object:
    """Waits for what a step names, and returns its answer."""
    if isinstance(step, Pause):
        time.sleep(step.seconds)
    elif isinstance(step, Blocking):
        return step.call()
    else:
        wait((step,))
    return None


def finish(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Just runs it: a Ctrl-C waits for the end of what the work does `unbroken`."""
    return function(*args, **kwargs)


def conclude(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Finishes before it lets a Ctrl-C through, or up to the next `sleep`."""
    return unbroken(function, *args, **kwargs)


def unbroken(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Finishes before it lets a Ctrl-C through, or up to the next `sleep`."""
    if threading.current_thread().daemon:
        # The interpreter doesn't wait for such a thread before it ends.
        return _begin(False, function, *args, **kwargs).result()
    with held_back():
        return function(*args, **kwargs)


def _begin(
    is_daemon: bool, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs
) -> Future[R]:
    """Work in a thread of its own, which knows the caller's context."""
    future: Future[R] = Future()
    context = copy_context()

    threading.Thread(
        target=context.run,
        args=(_end, future, function, *args),
        kwargs=kwargs,
        name="anaplan-sdk",
        daemon=is_daemon,
    ).start()
    return future


def _end(future: Future[R], function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> None:
    try:
        future.set_result(function(*args, **kwargs))
    except BaseException as error:  # noqa: BLE001 - it is the waiting thread's
        future.set_exception(error)


def within(seconds: float | None, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Work whose end is waited for so many seconds, in a thread of its own, which then goes on.

    Raises:
        DeadlineExceeded: It took longer.
    """
    if seconds is None:
        return function(*args, **kwargs)
    future = _begin(True, function, *args, **kwargs)
    if not wait((future,), seconds).done:
        raise DeadlineExceeded
    return future.result()


def settle(futures: Collection[Future[bool]], seconds: float) -> None:
    """Waits for the end of all, but only so many seconds."""
    wait(futures, seconds)


def is_iterable(content: object) -> TypeGuard[Pieces]:
    """Whether content comes piece by piece.

    Other iterables, such as a dict or a data frame, may give labels instead of content.
    """
    return isinstance(content, Iterator | list | tuple)


def iterate(items: Iterable[T]) -> Generator[T]:
    yield from items


def flat_map(function: Callable[[T], Iterable[R]], items: Iterable[T]) -> Generator[R]:
    """The results of all items in order."""
    for item in items:
        results = function(item)
        del item  # It may be large, and is only needed there.
        yield from results


def ordered_map(function: Callable[[T], R], items: Iterable[T], width: int) -> Generator[R]:
    """The results in the order of the items, of which at most `width` are worked on at a time.

    Items are taken as there is room for them. When one fails, or the caller stops listening, those
    not begun are dropped, and the others are waited for, but repeat nothing any more.
    """
    if width == 1:
        for item in items:
            yield function(item)
        return
    pending: deque[SimpleQueue[Future[R]]] = deque()
    given_up = threading.Event()

    def work(item: T, outcome: SimpleQueue[Future[R]]) -> None:
        if given_up.is_set():
            return
        _given_up.set(given_up)
        done: Future[R] = Future()
        _end(done, function, item)
        outcome.put(done)

    with ThreadPoolExecutor(width, thread_name_prefix="anaplan-sdk") as pool:
        try:
            for item in items:
                # Not the pool's own futures: a Ctrl-C that meets a wait for one may leave it
                # locked, and its thread would wait for ever to end it.
                outcome: SimpleQueue[Future[R]] = SimpleQueue()
                # As tasks do, threads know the caller's context: a trace goes on in them.
                pool.submit(copy_context().run, work, item, outcome)
                pending.append(outcome)
                if len(pending) >= width:
                    yield pending.popleft().get().result()
            while pending:
                yield pending.popleft().get().result()
        finally:
            given_up.set()


class PerLoop(Generic[T]):
    """One value, made when it is first asked for; threads share it."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._value: T | None = None
        self.is_closed = False

    def get(self) -> T:
        """The value.

        Raises:
            LookupError: No more values are made.
        """
        with self._lock:
            if self.is_closed:
                raise LookupError("closed")
            if self._value is None:
                self._value = self._make()
            return self._value

    def close(self) -> T | None:
        """Takes the value out, if there is one, and makes no more."""
        with self._lock:
            self.is_closed = True
            value, self._value = self._value, None
            return value


class Semaphore:
    """Lets so many callers through at a time."""

    def __init__(self, width: int) -> None:
        self._semaphore = threading.Semaphore(width)

    def acquire(self, seconds: float | None = None) -> bool:
        """Waits for a turn, so many seconds at the most; tells whether it came."""
        return self._semaphore.acquire(timeout=seconds)

    def release(self) -> None:
        self._semaphore.release()
