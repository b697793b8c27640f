"""Work in threads of its own."""

from __future__ import annotations

import _thread
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from types import FrameType

import pytest

from anaplan_sdk._runtime.flow import DeadlineExceeded
from anaplan_sdk._runtime.synchronous import (
    Cancelled,
    DetachedTasks,
    PerLoop,
    ordered_map,
    run_shielded,
    sleep,
    with_deadline,
)

on_unix = pytest.mark.skipif(sys.platform == "win32", reason="There are no such signals.")


class Work:
    """Work that goes on until the test lets it end.

    Attributes:
        began: Set when it has begun.
        may_end: Set to let it end.
        threads: Those that it ran in.
        ended: The results.
    """

    def __init__(self) -> None:
        self.began = threading.Event()
        self.may_end = threading.Event()
        self.threads: list[threading.Thread] = []
        self.ended: list[int] = []

    def __call__(self, number: int = 0) -> int:
        self.threads.append(threading.current_thread())
        self.began.set()
        assert self.may_end.wait(60)
        self.ended.append(number)
        return number


def send_interrupt() -> None:
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


@contextmanager
def interrupt(began: threading.Event, then: Callable[[], object] = bool) -> Iterator[None]:
    """Interrupts this thread, the main one, once work has begun.

    Args:
        began: Set when it has.
        then: Called afterwards, in another thread.
    """
    assert threading.current_thread() is threading.main_thread()
    is_noticed = threading.Event()

    def handle(number: int, frame: FrameType | None) -> None:
        is_noticed.set()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, handle)

    def act() -> None:
        assert began.wait(60)
        send_interrupt()
        assert is_noticed.wait(60)
        then()

    thread = threading.Thread(target=act)
    thread.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            yield
    finally:
        thread.join()
        signal.signal(signal.SIGINT, before)


def fail() -> None:
    raise ZeroDivisionError


@on_unix
def test_shielded_work_is_waited_for() -> None:
    work = Work()
    with interrupt(work.began, then=work.may_end.set):
        run_shielded(work)
    assert work.ended == [0]
    assert work.threads[0].daemon


@on_unix
def test_shielded_work_ends_at_its_next_pause() -> None:
    work = Work()
    work.may_end.set()
    ends: list[str] = []

    def attempt() -> None:
        work()
        try:
            sleep(60)
        except Cancelled:
            ends.append("cancelled")
            raise

    with interrupt(work.began):
        run_shielded(attempt)
    assert ends == ["cancelled"]


@on_unix
def test_a_second_interrupt_ends_the_wait_for_shielded_work() -> None:
    work = Work()

    with interrupt(work.began, then=send_interrupt):
        run_shielded(work)
    assert work.ended == []
    work.may_end.set()


def test_shielded_work_of_a_daemon_goes_on_at_the_end_of_the_interpreter() -> None:
    work = Work()
    work.may_end.set()
    caller = threading.Thread(target=run_shielded, args=(work,), daemon=True)
    caller.start()
    caller.join()
    assert not work.threads[0].daemon


def test_shielded_work_gives_its_result_or_its_error() -> None:
    work = Work()
    work.may_end.set()
    assert run_shielded(work, 3) == 3
    with pytest.raises(ZeroDivisionError):
        run_shielded(fail)


@on_unix
def test_detached_work_is_not_waited_for() -> None:
    work, tasks = Work(), DetachedTasks()
    abandoned: list[list[int]] = []
    with interrupt(work.began):
        tasks.run(work, on_abandoned=lambda: abandoned.append([*work.ended]))
    tasks.wait(0)
    assert work.ended == []
    assert abandoned == []
    work.may_end.set()
    tasks.wait(60)
    assert work.ended == [0]
    work.threads[0].join()
    assert abandoned == [[0]]
    # The interpreter waits for it, before it ends.
    assert not work.threads[0].daemon


def test_detached_work_gives_its_result_or_its_error() -> None:
    work, tasks = Work(), DetachedTasks()
    abandoned: list[str] = []
    work.may_end.set()
    assert tasks.run(work, 3, on_abandoned=lambda: abandoned.append("work")) == 3
    assert abandoned == []
    with pytest.raises(ZeroDivisionError):
        tasks.run(fail, on_abandoned=lambda: abandoned.append("failure"))


def test_no_thread_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """As at the end of the interpreter."""

    def refuse(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(_thread, "start_new_thread", refuse)
    abandoned: list[bool] = []
    caller = threading.get_ident()
    detached = DetachedTasks().run(threading.get_ident, on_abandoned=lambda: abandoned.append(True))
    assert detached == caller
    assert abandoned == []
    assert run_shielded(threading.get_ident) == caller
    assert with_deadline(60, threading.get_ident) == caller
    seen: list[int] = []
    assert list(ordered_map(seen.append, range(9), 4)) == [None] * 9
    assert seen == list(range(9))


def test_an_interrupt_before_the_thread_has_begun_abandons_its_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    abandoned: list[bool] = []
    tasks = DetachedTasks()

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(_thread, "start_new_thread", interrupted)
    with pytest.raises(KeyboardInterrupt):
        tasks.run(list, on_abandoned=lambda: abandoned.append(True))
    assert abandoned == [True]
    began = time.monotonic()
    tasks.wait(60)
    assert time.monotonic() - began < 30


INTERRUPTS = """
import faulthandler, random, signal, time
from contextlib import closing
from anaplan_sdk._runtime.synchronous import Semaphore, ordered_map

faulthandler.dump_traceback_later(60, exit=True)
# What started the tests may ignore it, as shells do for work in the background.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))
permits, chance, interrupted = Semaphore(4), random.Random(1), 0

def work(item):
    permits.acquire()
    permits.release()

def run():
    with closing(ordered_map(work, range(8), 4)) as results:
        list(results)

began = time.perf_counter()
for _ in range(20):
    run()
usual = (time.perf_counter() - began) / 20
end = time.monotonic() + 5
while time.monotonic() < end:
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, max(usual * chance.random(), 1e-5))
            run()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        interrupted += 1
print(interrupted)
"""


@on_unix
def test_no_interrupt_of_parallel_work_leaves_it_waiting() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", INTERRUPTS],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 10


def test_a_deadline_leaves_work_to_itself() -> None:
    work = Work()
    with pytest.raises(DeadlineExceeded):
        with_deadline(0.01, work, 1)
    work.may_end.set()
    assert with_deadline(60, work, 2) == 2
    assert with_deadline(None, work, 3) == 3
    assert work.threads[-1] is threading.current_thread()
    assert work.threads[0].daemon


@on_unix
def test_an_interrupt_ends_the_wait_for_work_with_a_deadline() -> None:
    work = Work()
    with interrupt(work.began):
        with_deadline(60, work)
    assert work.ended == []
    work.may_end.set()


@pytest.mark.parametrize("how", ["closed", "failed"])
def test_work_in_parallel_ends_at_its_next_pause(how: str) -> None:
    pausing = threading.Event()
    ends: list[int] = []

    def step(number: int) -> int:
        if number:
            pausing.set()
            try:
                sleep(60)
            finally:
                ends.append(number)
        assert pausing.wait(60)
        return 1 // (how != "failed")

    results = ordered_map(step, range(9), 2)
    with closing(results):
        if how == "failed":
            with pytest.raises(ZeroDivisionError):
                next(results)
        else:
            next(results)
    assert set(ends) <= {1, 2}
    assert 1 in ends


def test_one_value_for_all_threads() -> None:
    # They would meet where the value is made, if nothing kept them apart.
    meeting = threading.Barrier(2)

    def make() -> object:
        try:
            meeting.wait(0.2)
        except threading.BrokenBarrierError:
            return object()
        raise AssertionError("two made a value")

    values = PerLoop(make)
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(values.get())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2
    assert found[0] is found[1]
    assert values.close() is found[0]
    with pytest.raises(LookupError):
        values.get()
