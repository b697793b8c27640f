"""Starting at most once: what is recovered, sent again, or reported as unknown."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import pytest

from anaplan_sdk import models
from anaplan_sdk._async.transport.recovery import (
    Created,
    ListedStart,
    Recovery,
    start_at_most_once,
)
from anaplan_sdk._async.transport.start_ledger import StartLedger
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk.exceptions import AnaplanException, OutcomeUnknownException

CLOCK = 1_800_000_000.0
LOST = {"status_code": 504, "code": "GATEWAY", "attempts": 3, "request_id": "r-1"}


@dataclass(frozen=True)
class Task:
    id: str
    created_at: float | None


class Service:
    """A list of tasks, and a way to start them that answers as it is told to.

    Attributes:
        tasks: What was started.
        answers: For each start: the error that it ends with, and whether it is carried out.
    """

    def __init__(self, *answers: tuple[AnaplanException | None, bool]) -> None:
        self.tasks: list[Task] = []
        self.answers = list(answers)
        self.sent = 0
        self.listings = 0
        self.problem: AnaplanException | None = None

    async def send(self) -> Created:
        self.sent += 1
        error, is_carried_out = self.answers.pop(0) if self.answers else (None, True)
        if is_carried_out:
            self.add(server_time(time.monotonic()))
        if error is not None:
            raise error
        return Created(self.tasks[-1].id)

    async def find(self) -> list[Task]:
        self.listings += 1
        if self.problem is not None:
            raise self.problem
        return list(self.tasks)

    def add(self, created_at: float) -> str:
        # As Anaplan tells it: in whole seconds.
        self.tasks.append(Task(f"T{len(self.tasks) + 1}", float(int(created_at))))
        return self.tasks[-1].id

    def start(self, **options: Any) -> ListedStart[Task]:
        given: dict[str, Any] = {"key": "run", "what": "Task", **options}
        return ListedStart(find=self.find, created_at=lambda task: task.created_at, **given)


def server_time(moment: float) -> float:
    return CLOCK + moment


def lost(**facts: Any) -> AnaplanException:
    return AnaplanException("lost", retryable=True, **{**LOST, **facts})


def recovery(settle_time: float = 0.05, retry_count: int = 2) -> Recovery:
    return Recovery(server_time, retry_count, settle_time)


async def test_a_lost_reply_is_recovered_and_nothing_sent_again() -> None:
    service = Service((lost(), True))
    assert (await recovery().start(service.send, service.start(repeat=True))).id == "T1"
    assert service.sent == 1


async def test_what_was_not_started_is_started_again() -> None:
    service = Service((lost(), False), (lost(), False))
    assert (await recovery().start(service.send, service.start(repeat=True))).id == "T1"
    assert service.sent == 3


async def test_attempts_have_an_end() -> None:
    service = Service(*[(lost(), False)] * 3)
    with pytest.raises(AnaplanException, match="lost") as failed:
        await recovery().start(service.send, service.start(repeat=True))
    assert type(failed.value) is AnaplanException
    assert service.sent == 3


async def test_an_unknown_outcome_keeps_what_is_known_of_the_failure() -> None:
    service = Service((lost(), False))
    with pytest.raises(OutcomeUnknownException) as unknown:
        await recovery().start(service.send, service.start(verb="created"))
    error = unknown.value
    assert str(error) == (
        "Task may have been created, but can't be found: lost "
        "([HTTP 504, GATEWAY, request id r-1, 3 attempts])"
    )
    assert {name: getattr(error, name) for name in LOST} == LOST
    assert not error.retryable
    assert not error.not_performed


async def test_what_anaplan_did_not_act_on_is_not_looked_up() -> None:
    service = Service((lost(not_performed=True), False))
    with pytest.raises(AnaplanException, match="lost"):
        await recovery().start(service.send, service.start(repeat=True))
    assert (service.sent, service.listings) == (1, 0)


async def test_a_refusal_with_a_reason_is_looked_up_once() -> None:
    refused = lost(status_code=500, reason="Duplicate name")
    service = Service((refused, False))
    with pytest.raises(AnaplanException) as failed:
        await recovery(60).start(service.send, service.start(repeat=True, refusal_codes=(500,)))
    assert failed.value is refused
    assert (service.sent, service.listings) == (1, 1)


async def test_what_a_conflict_shows_may_be_somebody_elses() -> None:
    """The first request may have arrived late, or somebody else has started it meanwhile."""
    conflict = AnaplanException("running", status_code=409, not_performed=True)
    service = Service((lost(), False), (conflict, True))
    with pytest.raises(OutcomeUnknownException, match="only afterwards") as unknown:
        await recovery().start(service.send, service.start(repeat=True))
    assert unknown.value.candidates == ["T1"]
    assert service.sent == 2


async def test_a_conflict_that_remains_unexplained_may_have_been_performed() -> None:
    """The first request may have been carried out, although the second one was refused."""
    conflict = AnaplanException("running", status_code=409, not_performed=True)
    service = Service((lost(), False), (conflict, False))
    with pytest.raises(AnaplanException, match="running") as failed:
        await recovery().start(service.send, service.start(repeat=True))
    assert not failed.value.not_performed
    assert service.sent == 2


async def test_several_that_match_are_candidates() -> None:
    service = Service((lost(), True))
    service.add(server_time(time.monotonic()))
    with pytest.raises(OutcomeUnknownException, match="several match") as unknown:
        await recovery().start(service.send, service.start(repeat=True))
    assert unknown.value.candidates == ["T1", "T2"]


@pytest.mark.parametrize(
    ("earlier", "why"),
    [(0.0, None), (0.1, "may be older"), (1.9, "may be older"), (2.1, "can't be found")],
)
async def test_only_what_was_created_since_the_request_is_recovered(
    earlier: float, why: str | None
) -> None:
    """What is a little older by Anaplan's clock is neither recovered nor started again."""
    service = Service((lost(), False))
    start = service.start()
    service.tasks.append(Task("T1", server_time(start.began) - earlier))
    if why is None:
        assert (await recovery().start(service.send, start)).id == "T1"
    else:
        with pytest.raises(OutcomeUnknownException, match=why):
            await recovery().start(service.send, start)


async def appearing(
    later: float, repeat: bool = True, **facts: Any
) -> tuple[Service, Created | Task | OutcomeUnknownException]:
    """A start that fails; then a task appears in the list, which was created `later`."""
    service = Service((lost(**facts), False))

    async def find() -> list[Task]:
        listed = await service.find()
        if service.listings == 1:
            service.tasks.append(Task("T1", server_time(time.monotonic()) + later))
        return listed

    start = ListedStart(
        find=find, created_at=lambda task: task.created_at, key="run", what="Task", repeat=repeat
    )
    try:
        return service, await recovery(settle_time=1).start(service.send, start)
    except OutcomeUnknownException as error:
        return service, error


@pytest.mark.parametrize("later", [0.0, 0.4, 30.0])
async def test_what_appears_after_the_failure_may_be_somebody_elses(later: float) -> None:
    service, error = await appearing(later)
    assert isinstance(error, OutcomeUnknownException)
    assert "somebody else's" in error.message
    assert error.candidates == ["T1"]
    assert service.sent == 1


async def test_a_task_that_is_listed_late_is_recovered() -> None:
    """By its date it was created while the request was under way."""
    service = Service((lost(), False))
    created: list[Task] = []

    async def send() -> Created:
        await runtime.sleep(0.01)
        created.append(Task("T1", server_time(time.monotonic())))
        await runtime.sleep(0.01)
        return await service.send()

    async def find() -> list[Task]:
        service.listings += 1
        return created if service.listings > 1 else []

    start = ListedStart(find=find, created_at=lambda task: task.created_at, key="run", what="Task")
    assert (await recovery(settle_time=1).start(send, start)).id == "T1"


@pytest.mark.parametrize("is_listed_first", [False, True])
async def test_without_dates_only_a_list_read_before_shows_what_is_new(
    is_listed_first: bool,
) -> None:
    service = Service((lost(), False))
    service.tasks.append(Task("T0", None))

    async def send() -> Created:
        service.tasks.append(Task("T1", None))
        return await service.send()

    start = service.start(repeat=True, is_listed_first=is_listed_first)
    if is_listed_first:
        assert (await recovery().start(send, start)).id == "T1"
    else:
        with pytest.raises(OutcomeUnknownException) as unknown:
            await recovery().start(send, start)
        assert unknown.value.candidates == ["T0", "T1"]
    assert service.sent == 1


async def test_a_list_that_can_not_be_read_first_is_no_reason_to_start_nothing() -> None:
    service = Service()
    service.problem = AnaplanException("forbidden")
    start = service.start(is_listed_first=True)
    assert (await recovery().start(service.send, start)).id == "T1"


async def test_without_a_clock_nothing_is_recovered_or_started_again() -> None:
    service = Service((lost(), True))
    client = Recovery(lambda _: None, 2, 0.05)
    with pytest.raises(OutcomeUnknownException, match="does not show when"):
        await client.start(service.send, service.start(repeat=True))
    assert service.sent == 1


async def test_what_has_a_name_of_ours_may_appear_later() -> None:
    service = Service((lost(status_code=200), False))

    async def find() -> list[Task]:
        listed = await service.find()
        service.tasks = [Task("T1", None)]
        return listed

    start = ListedStart(find=find, created_at=lambda _: None, key="n", what="N", is_named=True)
    assert (await recovery(settle_time=1).start(service.send, start)).id == "T1"


@pytest.mark.parametrize("is_carried_out", [True, False])
async def test_an_accepted_request_is_never_sent_again(is_carried_out: bool) -> None:
    service = Service((lost(status_code=202), is_carried_out))
    start = service.start(repeat=True)
    if is_carried_out:
        assert (await recovery().start(service.send, start)).id == "T1"
    else:
        with pytest.raises(OutcomeUnknownException):
            await recovery().start(service.send, start)
    assert service.sent == 1


async def test_a_recovered_task_is_marked() -> None:
    service = Service((lost(), True))
    client = recovery()
    first = await client.start(service.send, service.start())
    second = await client.start(service.send, service.start())
    marks = [client.mark(models.Task(id=each.id)).recovered for each in (first, second)]
    assert marks == [True, False]


async def test_a_strict_client_recovers_nothing() -> None:
    service = Service((lost(), True))
    client = Recovery(server_time, 2, 0.05, is_strict=True)
    with pytest.raises(OutcomeUnknownException, match="may have been started: lost"):
        await client.start(service.send, service.start(repeat=True, is_listed_first=True))
    assert (service.sent, service.listings) == (1, 0)


async def test_what_this_client_started_itself_is_not_recovered() -> None:
    service = Service((None, True), (lost(), False))
    client = recovery()
    first = await client.start(service.send, service.start())
    with pytest.raises(OutcomeUnknownException, match="can't be found"):
        await client.start(service.send, service.start())
    assert [first.id] == [task.id for task in service.tasks]


@pytest.mark.parametrize(("apart", "is_confused"), [(2.5, True), (3.5, False)])
async def test_like_starts_some_seconds_apart(apart: float, is_confused: bool) -> None:
    """Within three seconds an earlier start of unknown outcome may be taken for the later one."""
    service = Service((lost(), False), (lost(), False))
    client = recovery()
    service.problem = AnaplanException("forbidden")
    with pytest.raises(OutcomeUnknownException, match="can't be looked up"):
        await client.start(service.send, service.start())
    service.problem = None
    later = service.start(began=time.monotonic() + apart)
    service.tasks.append(Task("T1", server_time(later.began)))
    if is_confused:
        with pytest.raises(OutcomeUnknownException, match="by an earlier call") as unknown:
            await client.start(service.send, later)
        assert unknown.value.candidates == ["T1"]
    else:
        assert (await client.start(service.send, later)).id == "T1"


async def test_starts_under_other_keys_are_not_confused() -> None:
    service = Service((lost(), False), (lost(), True))
    client = recovery()
    with pytest.raises(OutcomeUnknownException):
        await client.start(service.send, service.start())
    assert (await client.start(service.send, service.start(key="other"))).id == "T1"


async def test_a_concurrent_start_is_waited_for() -> None:
    """While another start is under way, what is found may be what that one has started."""
    service = Service((lost(), False))
    client = recovery(settle_time=0.3)
    service.add(server_time(time.monotonic()))
    other = client._ledger.starting("run")
    with other, pytest.raises(OutcomeUnknownException, match="under way") as unknown:
        await client.start(service.send, service.start())
    assert unknown.value.candidates == ["T1"]
    assert service.listings > 1


async def test_a_list_that_can_not_be_read_is_read_again() -> None:
    service = Service((lost(), True))
    problems = [AnaplanException("busy", retryable=True)] * 2

    async def find() -> list[Task]:
        if problems:
            raise problems.pop()
        return await service.find()

    start = ListedStart(find=find, created_at=lambda task: task.created_at, key="run", what="Task")
    assert (await recovery(settle_time=5).start(service.send, start)).id == "T1"
    problems.append(AnaplanException("busy", retryable=True))
    service.answers = [(lost(), True)]
    with pytest.raises(OutcomeUnknownException, match=r"can't be looked up \(busy\)"):
        await recovery(settle_time=0).start(service.send, start)


async def test_without_a_list_the_outcome_is_unknown() -> None:
    async def send() -> None:
        raise lost()

    with pytest.raises(OutcomeUnknownException, match="A row may have been inserted: lost"):
        await start_at_most_once(send, what="A row", verb="inserted", attempts=3)


async def test_the_ledger_forgets_the_oldest_keys() -> None:
    ledger = StartLedger()
    for number in range(1100):
        ledger.record_started("kept", f"K{number}")
        ledger.record_started(f"key {number}", "T")
    assert ledger.started("key 0") == ()
    assert ledger.started("key 1099") == ("T",)
    assert len(ledger.started("kept")) == 64
    assert "K1099" in ledger.started("kept")


async def test_starts_are_concurrent_while_two_are_under_way() -> None:
    ledger = StartLedger()
    with ledger.starting("run"):
        with ledger.starting("run"):
            assert not ledger.is_concurrent("another run")
            with ledger.starting("run"):
                assert ledger.is_concurrent("run")
            assert ledger.is_concurrent("run")
        assert not ledger.is_concurrent("run")
    with ledger.starting("run"):
        assert not ledger.is_concurrent("run")


async def test_a_cancelled_start_is_of_unknown_outcome() -> None:
    client = recovery()

    async def send() -> Created:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await client.start(send, Service().start())
    assert client._ledger.last_ambiguous("run") > 0
    assert not client._ledger.is_concurrent("run")
