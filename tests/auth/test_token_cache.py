"""The one current token, driven by hand: no server, and a clock that is moved."""

import json
import logging
import re
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from email.utils import formatdate

import httpx2
import pytest

from anaplan_sdk._runtime.flow import Flow, Step
from anaplan_sdk.auth.basic import BasicCredentials
from anaplan_sdk.auth.token_cache import TokenState
from anaplan_sdk.auth.token_service import AnaplanTokenCache
from anaplan_sdk.exceptions import (
    AnaplanConnectionException,
    AnaplanException,
    AnaplanRequestException,
    AnaplanResponseException,
    InvalidCredentialsException,
    InvalidIdentifierException,
    ServerException,
)

HOST = "https://auth.anaplan.com"
LIFE = 2100.0
NOON = 1_784_030_400.0
SIGN_IN, REFRESH = "/token/authenticate", "/token/refresh"
REFUSAL = '{"status":"FAILURE_BAD_CREDENTIAL","statusMessage":"Invalid login"}'


class Clock:
    def __init__(self, now: float = NOON) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Caller:
    """Somebody who needs a token, one step at a time."""

    def __init__(self, session: AnaplanTokenCache) -> None:
        self._steps: Flow[str] = session.obtain()
        self.token: str | None = None
        self.step: Step | None = None
        self._advance(None)

    def _advance(self, answer: httpx2.Response | None) -> None:
        self.step = None
        try:
            self.step = self._steps.send(answer)
        except StopIteration as end:
            self.token = end.value

    @property
    def asks(self) -> str | None:
        """The path of the request to be sent."""
        return self.step.url.path if isinstance(self.step, httpx2.Request) else None

    @property
    def waits(self) -> bool:
        return isinstance(self.step, Future)

    def answer(self, response: httpx2.Response) -> "Caller":
        assert isinstance(self.step, httpx2.Request)
        response.request = self.step
        self._advance(response)
        return self

    def go_on(self) -> "Caller":
        assert isinstance(self.step, Future)
        assert self.step.done(), "nobody has ended the flight that this caller waits for"
        self._advance(None)
        return self

    def give_up(self) -> None:
        self._steps.close()


def token(
    value: str = "t1", life: float | None = LIFE, server_time: float = NOON, *, dated: bool = True
) -> httpx2.Response:
    info: dict[str, object] = {"tokenValue": value, "tokenId": "id", "refreshToken": "new"}
    if life is not None:
        info["expiresAt"] = int(1000 * (server_time + life))
    headers = {"Date": formatdate(server_time, usegmt=True)} if dated else {}
    return httpx2.Response(201, json={"status": "SUCCESS", "tokenInfo": info}, headers=headers)


def reply(status: int, body: str = "", **headers: str) -> httpx2.Response:
    return httpx2.Response(
        status,
        content=body.encode(),
        headers={name.replace("_", "-"): v for name, v in headers.items()},
    )


def states(session: AnaplanTokenCache, clock: Clock, *ages: float) -> list[TokenState]:
    """What the token is good for so many seconds from now."""
    now, found = clock.now, []
    for age in ages:
        clock.now = now + age
        found.append(session.state)
    return found


GROWING_OLD = [TokenState.FRESH, TokenState.STALE, TokenState.GONE]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def session(clock: Clock) -> AnaplanTokenCache:
    return AnaplanTokenCache(HOST, BasicCredentials("ada@example.com", "secret"), clock=clock)


@pytest.fixture
def signed_in(session: AnaplanTokenCache) -> AnaplanTokenCache:
    Caller(session).answer(token())
    return session


def test_the_first_caller_signs_in_and_the_next_use_its_token(session: AnaplanTokenCache) -> None:
    first = Caller(session)
    assert first.asks == SIGN_IN
    assert first.answer(token()).token == "t1"
    assert Caller(session).token == "t1"


def test_a_token_grows_old(signed_in: AnaplanTokenCache, clock: Clock) -> None:
    # The server's clock is told in whole seconds, so a second of the token's life may be gone.
    assert states(signed_in, clock, LIFE - 302, LIFE - 300, LIFE) == GROWING_OLD
    clock.now = NOON
    assert states(signed_in, clock, 0, LIFE - 2) == GROWING_OLD[:2]


@pytest.mark.parametrize("life", [1.5, 10, 60, 299])
def test_a_short_life_has_its_fresh_part_too(
    session: AnaplanTokenCache, clock: Clock, life: float
) -> None:
    Caller(session).answer(token(life=life))
    assert states(session, clock, 0, life) == [TokenState.FRESH, TokenState.GONE]


def test_one_caller_refreshes_early_and_the_others_go_on(
    signed_in: AnaplanTokenCache, clock: Clock
) -> None:
    clock.now = NOON + LIFE - 100
    early = Caller(signed_in)
    assert early.asks == REFRESH
    assert isinstance(early.step, httpx2.Request)
    assert early.step.headers["Authorization"] == "AnaplanAuthToken t1"
    assert [Caller(signed_in).token for _ in range(3)] == ["t1"] * 3
    assert early.answer(token("t1", server_time=clock.now)).token == "t1"
    assert signed_in.state is TokenState.FRESH
    clock.now += LIFE - 400
    assert Caller(signed_in).token == "t1"


def test_a_refresh_may_bring_another_token(signed_in: AnaplanTokenCache, clock: Clock) -> None:
    clock.now = NOON + LIFE - 100
    assert Caller(signed_in).answer(token("t2", server_time=clock.now)).token == "t2"
    assert Caller(signed_in).token == "t2"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 501])
def test_when_the_refresh_is_refused_the_same_caller_signs_in(
    signed_in: AnaplanTokenCache, clock: Clock, status: int
) -> None:
    clock.now = NOON + LIFE - 100
    early = Caller(signed_in).answer(reply(status, REFUSAL))
    assert early.asks == SIGN_IN
    assert Caller(signed_in).token == "t1"
    assert early.answer(token("t2", server_time=clock.now)).token == "t2"
    assert Caller(signed_in).token == "t2"


@pytest.mark.parametrize(
    "answer",
    [reply(500), reply(502), reply(503), reply(429, Retry_After="1"), reply(200, '{"tokenInfo":')],
    ids=lambda answer: str(answer.status_code),
)
def test_when_the_refresh_fails_the_old_token_is_used_and_it_rests(
    signed_in: AnaplanTokenCache, clock: Clock, answer: httpx2.Response
) -> None:
    clock.now = NOON + LIFE - 200
    assert Caller(signed_in).answer(answer).token == "t1"
    for _ in range(3):
        clock.now += 9
        assert Caller(signed_in).token == "t1"
    clock.now += 9
    assert Caller(signed_in).asks == REFRESH


def test_refreshes_are_logged(
    signed_in: AnaplanTokenCache, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "anaplan_sdk.auth")
    clock.now = NOON + LIFE - 200
    Caller(signed_in).answer(reply(503))
    clock.now += 40
    Caller(signed_in).answer(token("t2", server_time=clock.now))
    lines = [record.getMessage() for record in caplog.records]
    assert [line.split()[:2] for line in lines] == [
        ["Refreshing", "a"],
        ["The", "token"],
        ["Refreshing", "a"],
        ["Obtained", "a"],
    ]
    assert "could not be refreshed" in lines[1]
    assert not re.search(r"\bt[12]\b", caplog.text)


def test_when_the_refresh_gets_no_answer_it_rests_too(
    signed_in: AnaplanTokenCache, clock: Clock
) -> None:
    clock.now = NOON + LIFE - 200
    Caller(signed_in).give_up()
    assert Caller(signed_in).token == "t1"
    clock.now += 31
    assert Caller(signed_in).asks == REFRESH


def test_an_ended_token_is_never_refreshed(signed_in: AnaplanTokenCache, clock: Clock) -> None:
    clock.now = NOON + LIFE
    assert Caller(signed_in).asks == SIGN_IN


def test_who_comes_after_the_end_joins_a_late_refresh(
    signed_in: AnaplanTokenCache, clock: Clock
) -> None:
    clock.now = NOON + LIFE - 10
    early = Caller(signed_in)
    clock.now = NOON + LIFE + 10
    late = Caller(signed_in)
    assert late.waits
    early.answer(reply(503))
    assert late.go_on().asks == SIGN_IN
    assert late.answer(token("t2", server_time=clock.now)).token == "t2"


@pytest.mark.parametrize("skew", [-7200.0, -60.0, 60.0, 7200.0])
def test_a_skewed_clock_does_no_harm(skew: float) -> None:
    clock = Clock(NOON + skew)
    session = AnaplanTokenCache(HOST, BasicCredentials("a", "b"), clock=clock)
    Caller(session).answer(token(server_time=NOON))
    assert states(session, clock, LIFE - 302, LIFE - 299, LIFE) == GROWING_OLD


@pytest.mark.parametrize(
    ("answer", "life"),
    [
        (token(life=None), 1800),
        (token(life=-500), 1800),
        (token(dated=False), LIFE),
        (token(server_time=NOON - 86_400, dated=False), 1800),
    ],
    ids=["no end told", "end is past", "no date told", "no date told, clocks differ"],
)
def test_without_a_usable_end_half_an_hour_is_assumed(
    session: AnaplanTokenCache, clock: Clock, answer: httpx2.Response, life: float
) -> None:
    Caller(session).answer(answer)
    assert states(session, clock, life - 301, life - 299, life) == GROWING_OLD


def test_a_date_that_is_none_is_not_believed(session: AnaplanTokenCache, clock: Clock) -> None:
    answer = token(dated=False)
    answer.headers["Date"] = "yesterday"
    Caller(session).answer(answer)
    clock.now += LIFE - 302
    assert session.state is TokenState.FRESH


def test_many_callers_make_one_flight(session: AnaplanTokenCache) -> None:
    leader, *others = [Caller(session) for _ in range(8)]
    assert leader.asks == SIGN_IN
    assert all(other.waits for other in others)
    leader.answer(token())
    assert {other.go_on().token for other in others} == {"t1"}


class MeetingClock(Clock):
    """Keeps a thread where it reads the time until another one reads it, too, or for a moment.

    Attributes:
        meeting: Where they meet.
        have_met: Whether two were there at once.
    """

    def __init__(self, now: float) -> None:
        super().__init__(now)
        self.meeting = threading.Barrier(2)
        self.have_met = False

    def __call__(self) -> float:
        # Too short a time makes the test weaker, never wrong.
        with suppress(threading.BrokenBarrierError):
            self.meeting.wait(0.2)
            self.have_met = True
        return self.now


@pytest.mark.parametrize("call", [Caller, AnaplanTokenCache.current])
def test_threads_look_at_the_token_one_after_the_other(
    call: Callable[[AnaplanTokenCache], object],
) -> None:
    clock = MeetingClock(NOON)
    session = AnaplanTokenCache(HOST, BasicCredentials("a", "b"), clock=clock)
    Caller(session).answer(token())
    clock.meeting.reset()
    clock.now += LIFE
    with ThreadPoolExecutor(2) as pool:
        _ = list(pool.map(call, [session] * 2))
    assert not clock.have_met


def test_a_usable_token_takes_no_flow(signed_in: AnaplanTokenCache, clock: Clock) -> None:
    assert signed_in.current() == "t1"
    clock.now = NOON + LIFE - 100
    assert signed_in.current() is None
    early = Caller(signed_in)
    assert early.asks == REFRESH
    assert signed_in.current() == "t1"
    early.answer(reply(503))
    assert signed_in.current() == "t1"
    clock.now = NOON + LIFE
    assert signed_in.current() is None


def test_when_the_leader_gives_up_a_waiter_takes_over(session: AnaplanTokenCache) -> None:
    leader, second, third = (Caller(session) for _ in range(3))
    leader.give_up()
    assert second.go_on().asks == SIGN_IN
    assert third.go_on().waits
    second.answer(token())
    assert third.go_on().token == "t1"


def test_who_has_waited_for_three_that_gave_up_gives_up_too(session: AnaplanTokenCache) -> None:
    leader, *rest, last = (Caller(session) for _ in range(4))
    for follower in rest:
        leader.give_up()
        leader = follower.go_on()
        assert leader.asks == SIGN_IN
        assert last.go_on().waits
    leader.give_up()
    with pytest.raises(AnaplanConnectionException, match="none got an answer") as caught:
        last.go_on()
    assert caught.value.retryable
    assert caught.value.not_performed
    assert Caller(session).asks == SIGN_IN


def test_refused_credentials_are_sent_once(session: AnaplanTokenCache) -> None:
    leader, *others = [Caller(session) for _ in range(4)]
    errors: list[InvalidCredentialsException] = []
    with pytest.raises(InvalidCredentialsException, match="Invalid login") as caught:
        leader.answer(reply(401, REFUSAL, X_Request_Id="r-1"))
    errors.append(caught.value)
    for other in others:
        with pytest.raises(InvalidCredentialsException, match="Invalid login") as caught:
            other.go_on()
        errors.append(caught.value)
    for _ in range(3):
        with pytest.raises(InvalidCredentialsException, match="Invalid login") as caught:
            Caller(session)
        errors.append(caught.value)
    assert len({id(error) for error in errors}) == len(errors)
    for error in errors:
        assert error.code == "FAILURE_BAD_CREDENTIAL"
        assert error.reason == "Invalid login"
        assert error.request_id == "r-1"
        assert error.url == HOST + SIGN_IN
        assert not error.retryable
        assert "secret" not in f"{error} {error!r} {vars(error)}"


def test_each_caller_has_an_error_of_its_own(session: AnaplanTokenCache) -> None:
    """A client adds a note on the task that its caller has waited for."""
    leader, waiter = Caller(session), Caller(session)
    with pytest.raises(AnaplanRequestException) as first:
        leader.answer(reply(405))
    with pytest.raises(AnaplanRequestException) as second:
        waiter.go_on()
    first.value.add_note("about the leader")
    assert "about the leader" not in second.value.__notes__
    with pytest.raises(InvalidCredentialsException) as refused:
        Caller(session).answer(reply(401, REFUSAL))
    refused.value.add_note("about the leader")
    with pytest.raises(InvalidCredentialsException) as remembered:
        Caller(session)
    assert not hasattr(remembered.value, "__notes__")


def test_a_refusal_can_be_reset(session: AnaplanTokenCache) -> None:
    with pytest.raises(InvalidCredentialsException):
        Caller(session).answer(reply(401, REFUSAL))
    session.reset_refusal()
    again = Caller(session)
    assert again.asks == SIGN_IN
    assert again.answer(token()).token == "t1"


def test_credentials_refused_before_the_end_are_sent_once_too(
    signed_in: AnaplanTokenCache, clock: Clock
) -> None:
    clock.now = NOON + LIFE - 200
    early = Caller(signed_in).answer(reply(401, REFUSAL))
    assert early.asks == SIGN_IN
    assert early.answer(reply(401, REFUSAL)).token == "t1"
    clock.now += 100
    assert Caller(signed_in).token == "t1"
    clock.now = NOON + LIFE
    with pytest.raises(InvalidCredentialsException, match="Invalid login"):
        Caller(signed_in)
    signed_in.reset_refusal()
    assert Caller(signed_in).asks == SIGN_IN


@pytest.mark.parametrize(
    ("answer", "kind", "retryable"),
    [
        (reply(503, Retry_After="7"), ServerException, True),
        (reply(501), ServerException, False),
        (reply(404, "<html>", Content_Type="text/html"), InvalidIdentifierException, False),
        (reply(302, Location="https://login.example/"), AnaplanRequestException, False),
        (reply(200, "<h1>Hotel", Content_Type="text/html"), AnaplanResponseException, False),
        (reply(201, "{}"), AnaplanResponseException, False),
        (reply(201), AnaplanResponseException, False),
        (reply(201, '{"tokenInfo":{"tokenValue":""}}'), AnaplanResponseException, False),
        (reply(201, '{"tokenInfo":{"tokenValue":"a b"}}'), AnaplanResponseException, False),
    ],
    ids=lambda value: str(getattr(value, "status_code", "")),
)
def test_what_is_no_refusal_is_not_held_against_the_credentials(
    session: AnaplanTokenCache,
    answer: httpx2.Response,
    kind: type[AnaplanException],
    retryable: bool,
) -> None:
    leader, waiter = Caller(session), Caller(session)
    with pytest.raises(kind) as caught:
        leader.answer(answer)
    assert type(caught.value) is kind
    assert caught.value.retryable is retryable
    with pytest.raises(kind):
        waiter.go_on()
    assert Caller(session).asks == SIGN_IN


def test_a_token_is_invalidated_only_if_it_is_the_one(signed_in: AnaplanTokenCache) -> None:
    signed_in.invalidate("another")
    assert Caller(signed_in).token == "t1"
    signed_in.invalidate("t1")
    assert signed_in.state is TokenState.GONE
    renewing = Caller(signed_in)
    assert renewing.asks == SIGN_IN
    renewing.answer(token("t2"))
    signed_in.invalidate("t1")
    assert Caller(signed_in).token == "t2"


def test_a_token_alone_is_used_and_never_refreshed(clock: Clock) -> None:
    session = AnaplanTokenCache(HOST, None, "mine", clock)
    assert not session.can_renew
    clock.now += 10 * LIFE
    assert Caller(session).token == "mine"
    session.invalidate("mine")
    for _ in range(2):
        with pytest.raises(InvalidCredentialsException, match="token= alone never refreshes"):
            Caller(session)


def test_a_token_beside_credentials_saves_the_first_sign_in(clock: Clock) -> None:
    session = AnaplanTokenCache(HOST, BasicCredentials("a", "b"), "mine", clock)
    clock.now += 10 * LIFE
    assert Caller(session).token == "mine"
    session.invalidate("mine")
    assert Caller(session).answer(token()).token == "t1"


def test_logout_clears_the_token(signed_in: AnaplanTokenCache) -> None:
    assert signed_in.clear() == "t1"
    assert signed_in.clear() is None
    assert Caller(signed_in).asks == SIGN_IN


def test_a_leader_that_fails_in_an_unforeseen_way_blocks_nobody(clock: Clock) -> None:
    class Broken:
        may_block = False
        description = "with nothing"
        fallback = None

        def token_request(self, authentication: str) -> httpx2.Request:
            raise MemoryError

    session = AnaplanTokenCache(HOST, Broken(), clock=clock)
    for _ in range(2):
        with pytest.raises(MemoryError):
            Caller(session)


def test_an_interrupt_while_logging_blocks_nobody(session: AnaplanTokenCache) -> None:
    class Interrupt(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            raise KeyboardInterrupt

    logger, interrupt = logging.getLogger("anaplan_sdk.auth"), Interrupt()
    level = logger.level
    logger.setLevel(logging.DEBUG)
    logger.addFilter(interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            Caller(session)
    finally:
        logger.removeFilter(interrupt)
        logger.setLevel(level)
    assert Caller(session).asks == SIGN_IN


def test_no_secret_shows(signed_in: AnaplanTokenCache) -> None:
    shown = f"{signed_in!r} {signed_in}"
    assert shown.startswith(f"<AnaplanTokenCache at {HOST}, FRESH>")
    assert "t1" not in shown
    credentials = BasicCredentials("ada@example.com", "secret")
    assert repr(credentials) == str(credentials) == "BasicCredentials(user_email='ada@example.com')"


def test_half_a_reply_shows_no_token(session: AnaplanTokenCache) -> None:
    half = json.dumps({"tokenInfo": {"tokenValue": ["t0ken"]}})
    with pytest.raises(AnaplanResponseException) as caught:
        Caller(session).answer(reply(201, half))
    assert "t0ken" not in str(caught.value)
