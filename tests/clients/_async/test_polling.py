"""Polling: growing pauses, a last poll at the deadline, and failures on the way."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice

import pytest

from anaplan_sdk._async.transport.polling import growing_pauses, poll_until, wait_until
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk._runtime.deadline import Deadline
from anaplan_sdk.exceptions import AnaplanException, AnaplanTimeoutException

LOST = AnaplanException("lost", retryable=True)
REFUSED = AnaplanException("refused")


class Answers:
    """Returns or raises one of its answers for each poll, the last one again and again."""

    def __init__(self, *answers: int | Exception, seconds: float = 0) -> None:
        self.answers = list(answers)
        self.seconds = seconds
        self.polls = 0

    async def __call__(self) -> int:
        self.polls += 1
        await runtime.sleep(self.seconds)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def when_positive(answer: int) -> int | None:
    return answer if answer > 0 else None


async def poll(answers: Answers, seconds: float, *, skip_failures: bool = False) -> int:
    return await poll_until(
        answers,
        when_positive,
        delay=0.02,
        deadline=Deadline.after(seconds),
        on_timeout=lambda answer: answer - 100,
        skip_failures=skip_failures,
    )


@pytest.mark.parametrize(
    ("longest", "pauses"),
    [(1.0, [0.1, 0.2, 0.4, 0.8, 1.0, 1.0]), (0.15, [0.1, 0.15, 0.15]), (0.05, [0.05, 0.05])],
)
async def test_pauses_grow_up_to_the_delay(longest: float, pauses: list[float]) -> None:
    growing: Iterator[float] = growing_pauses(longest)
    assert list(islice(growing, len(pauses))) == pytest.approx(pauses)


async def test_polling_ends_with_the_first_result() -> None:
    answers = Answers(0, 0, 7)
    assert await poll(answers, 60) == 7
    assert answers.polls == 3


async def test_the_last_poll_begins_at_the_deadline() -> None:
    """A poll that was slow is not the last one, however late it ended."""
    slow = Answers(0, 7, seconds=0.8)
    assert await poll(slow, 0.5) == 7
    once = Answers(0)
    assert await poll(once, 0) == -100
    assert once.polls == 1


async def test_pauses_end_at_the_deadline() -> None:
    answers = Answers(0)
    began = time.monotonic()
    await poll_until(
        answers,
        when_positive,
        delay=60,
        deadline=Deadline.after(0.2),
        on_timeout=lambda answer: answer,
    )
    assert time.monotonic() - began < 30


async def test_failures_are_skipped_only_if_the_caller_wants_it() -> None:
    assert await poll(Answers(LOST, 0, LOST, 7), 60, skip_failures=True) == 7
    for answers, skip_failures in ((Answers(LOST, 7), False), (Answers(REFUSED, 7), True)):
        with pytest.raises(AnaplanException):
            await poll(answers, 60, skip_failures=skip_failures)
        assert answers.polls == 1


async def test_the_failure_of_the_last_poll_is_raised() -> None:
    with pytest.raises(AnaplanException, match="lost"):
        await poll(Answers(LOST), 0.1, skip_failures=True)


async def test_a_wait_names_its_state_and_its_limit() -> None:
    async def wait(answers: Answers, timeout: float | None, total: float | None = None) -> int:
        return await wait_until(
            answers,
            when_positive,
            delay=0.02,
            timeout=timeout,
            describe=lambda answer: f"It is {answer}",
            total_timeout=total,
        )

    assert await wait(Answers(0, 7), None) == 7
    with pytest.raises(AnaplanTimeoutException, match=r"^It is 0 after 0\.1 seconds; it continues"):
        await wait(Answers(0), 0.1)
    with pytest.raises(AnaplanTimeoutException, match="after 5 seconds"):
        await wait(Answers(0), 0, 5)
    # A caller waits for no other poll after a slow one.
    slow = Answers(0, 7, seconds=0.3)
    with pytest.raises(AnaplanTimeoutException):
        await wait(slow, 0.1)
    assert slow.polls == 1
