"""Work in tasks of its own, and what belongs to an event loop; on asyncio and on trio."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from typing import Any

import anyio
import pytest

from anaplan_sdk._runtime.asynchronous import (
    DetachedTasks,
    PerLoop,
    ordered_map,
    run_shielded,
    with_deadline,
)
from anaplan_sdk._runtime.flow import DeadlineExceeded

Run = Callable[[Callable[[], Coroutine[Any, Any, None]]], None]


@pytest.fixture(params=["asyncio", "trio"])
def run(request: pytest.FixtureRequest) -> Run:
    return lambda main: anyio.run(main, backend=request.param)


class Work:
    """Work that goes on until the test lets it end.

    Attributes:
        began: Set when it has begun.
        may_end: Set to let it end.
        ended: The results.
        cancelled: The numbers of those that were cancelled.
    """

    def __init__(self) -> None:
        self.began = anyio.Event()
        self.may_end = anyio.Event()
        self.ended: list[int] = []
        self.cancelled: list[int] = []

    async def __call__(self, number: int = 0) -> int:
        self.began.set()
        try:
            await self.may_end.wait()
        except BaseException:
            # As what closes a connection does, it takes a moment.
            with anyio.CancelScope(shield=True):
                await anyio.sleep(0.01)
            self.cancelled.append(number)
            raise
        self.ended.append(number)
        return number


def test_shielded_work_is_waited_for(run: Run) -> None:
    async def main() -> None:
        work = Work()
        async with anyio.create_task_group() as group:

            async def call() -> None:
                try:
                    await run_shielded(work)
                finally:
                    assert work.ended == [0]

            group.start_soon(call)
            await work.began.wait()
            group.cancel_scope.cancel()
            with anyio.CancelScope(shield=True):
                await anyio.wait_all_tasks_blocked()
            work.may_end.set()
        assert group.cancel_scope.cancelled_caught
        assert work.cancelled == []

    run(main)


def test_shielded_work_outlives_a_task_that_is_cancelled() -> None:
    async def main() -> None:
        work = Work()
        calling = asyncio.create_task(run_shielded(work))
        await work.began.wait()
        calling.cancel()
        await anyio.wait_all_tasks_blocked()
        assert not calling.done()
        work.may_end.set()
        with pytest.raises(asyncio.CancelledError):
            await calling
        assert work.ended == [0]

    asyncio.run(main())


def test_shielded_work_gives_its_result_or_its_error(run: Run) -> None:
    async def fail() -> None:
        raise ZeroDivisionError

    async def main() -> None:
        work = Work()
        work.may_end.set()
        assert await run_shielded(work, 3) == 3
        with pytest.raises(ZeroDivisionError):
            await run_shielded(fail)

    run(main)


def test_detached_work_is_not_waited_for(run: Run) -> None:
    async def main() -> None:
        work, tasks = Work(), DetachedTasks()
        abandoned: list[list[int]] = []

        async def call() -> None:
            await tasks.run(work, on_abandoned=lambda: abandoned.append([*work.ended]))

        async with anyio.create_task_group() as group:
            group.start_soon(call)
            await work.began.wait()
            group.cancel_scope.cancel()
        await tasks.wait(0)
        assert work.ended == work.cancelled == []
        assert abandoned == []
        work.may_end.set()
        await tasks.wait(60)
        assert work.ended == [0]
        assert abandoned == [[0]]

    run(main)


def test_detached_work_gives_its_result_or_its_error(run: Run) -> None:
    async def fail() -> None:
        raise ZeroDivisionError

    async def main() -> None:
        work, tasks = Work(), DetachedTasks()
        abandoned: list[str] = []
        work.may_end.set()
        assert await tasks.run(work, 3, on_abandoned=lambda: abandoned.append("work")) == 3
        assert abandoned == []
        with pytest.raises(ZeroDivisionError):
            await tasks.run(fail, on_abandoned=lambda: abandoned.append("failure"))

    run(main)


def test_a_caller_that_is_cancelled_waits_for_detached_work(run: Run) -> None:
    async def main() -> None:
        work, tasks = Work(), DetachedTasks()

        async def close() -> None:
            try:
                await tasks.wait(60)
            finally:
                assert work.ended == [0]

        async with anyio.create_task_group() as callers:
            callers.start_soon(lambda: tasks.run(work, on_abandoned=lambda: None))
            await work.began.wait()
            callers.cancel_scope.cancel()
        async with anyio.create_task_group() as group:
            group.start_soon(close)
            group.cancel_scope.cancel()
            with anyio.CancelScope(shield=True):
                await anyio.wait_all_tasks_blocked()
            work.may_end.set()

    run(main)


def test_a_deadline_cancels(run: Run) -> None:
    async def main() -> None:
        work = Work()
        with pytest.raises(DeadlineExceeded):
            await with_deadline(0.01, work, 1)
        assert work.cancelled in ([1], [])  # It may have come before the work had begun.
        work.may_end.set()
        assert await with_deadline(60, work, 2) == 2
        assert await with_deadline(None, work, 3) == 3

    run(main)


@pytest.mark.parametrize("how", ["closed", "cancelled", "failed"])
def test_work_in_parallel_is_cancelled_and_waited_for(run: Run, how: str) -> None:
    async def main() -> None:
        work = Work()
        all_began = anyio.Event()

        async def step(number: int) -> int:
            if number == 2:
                all_began.set()
            if number or how == "cancelled":
                return await work(number)
            await all_began.wait()
            if how == "failed":
                raise ZeroDivisionError
            return number

        async def read() -> None:
            try:
                async with aclosing(ordered_map(step, range(9), 3)) as results:
                    async for _ in results:
                        return
            except ZeroDivisionError:
                assert how == "failed"
            finally:
                # Those that were begun are over, although this caller was cancelled.
                assert sorted(work.cancelled) == ([0, 1, 2] if how == "cancelled" else [1, 2])

        async with anyio.create_task_group() as group:
            group.start_soon(read)
            await all_began.wait()
            await work.began.wait()
            if how == "cancelled":
                group.cancel_scope.cancel()
        assert work.ended == []

    run(main)


def test_tasks_that_are_cancelled_before_they_have_begun() -> None:
    """As at a Ctrl-C: the loop cancels all tasks, and waits for their end."""
    work: list[int] = []

    async def step(number: int) -> None:
        work.append(number)

    async def read() -> None:
        async with aclosing(ordered_map(step, range(9), 3)) as results:
            async for _ in results:
                pass

    async def main() -> None:
        reading = asyncio.create_task(read())
        await asyncio.sleep(0)  # It makes its tasks, and none of them begins yet.
        assert len(asyncio.all_tasks()) > 2
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(reading, 60)

    asyncio.run(main())
    assert work == []


class Value:
    """Something that can be seen to be gone."""


def test_the_values_of_loops_that_have_ended_are_released(run: Run) -> None:
    values = PerLoop(Value)
    refs: list[weakref.ref[Value]] = []

    async def main() -> None:
        assert values.get() is values.get()
        refs.append(weakref.ref(values.get()))

    for _ in range(3):
        run(main)
        gc.collect()
        assert [ref() is None for ref in refs] == [True] * (len(refs) - 1) + [False]


def test_the_value_of_a_loop_that_goes_on_is_kept(run: Run) -> None:
    values = PerLoop(Value)

    async def other() -> None:
        values.get()

    async def main() -> None:
        value = values.get()
        thread = threading.Thread(target=run, args=(other,))
        thread.start()
        thread.join()
        assert values.get() is value
        assert values.close() is value
        with pytest.raises(LookupError):
            values.get()

    run(main)
