"""One token request for everybody: threads, tasks of several event loops, trio's too."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain
from typing import TypeVar

import anyio
import httpx2
import pytest
import trio

from anaplan_sdk.auth.basic import BasicCredentials
from anaplan_sdk.auth.bearer import Bearer
from anaplan_sdk.auth.token_service import AnaplanTokenCache
from anaplan_sdk.exceptions import InvalidCredentialsException

T = TypeVar("T")
WIDTH = 8
SIGN_IN = "POST /token/authenticate"


class Service(ThreadingHTTPServer):
    """Issues tokens, and serves those who hold one.

    Sign-ins wait until the test lets them go on.

    Attributes:
        issued: How many tokens were issued: `t1`, `t2`, ...
        expired: How many of these have expired.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.base_url = f"http://127.0.0.1:{self.server_port}"
        self.lock = threading.Lock()
        self.received: list[str] = []
        self.issued = self.expired = 0
        self.refuses = False
        self.asked_for_token = threading.Event()
        self.may_answer = threading.Event()

    def count(self, line: str) -> int:
        return self.received.count(line)

    def answer(self, line: str, authorization: str) -> tuple[int, bytes]:
        with self.lock:
            self.received.append(line)
        if line == SIGN_IN:
            self.asked_for_token.set()
            assert self.may_answer.wait(30)
            if self.refuses:
                return 401, b'{"status":"FAILURE_BAD_CREDENTIAL","statusMessage":"No"}'
            with self.lock:
                self.issued += 1
                return 201, b'{"tokenInfo":{"tokenValue":"t%d"}}' % self.issued
        number = int(authorization.removeprefix("AnaplanAuthToken t"))
        return (200, b"ok") if number > self.expired else (401, b"{}")


class Handler(BaseHTTPRequestHandler):
    server: Service

    def answer(self) -> None:
        line = f"{self.command} {self.path}"
        status, body = self.server.answer(line, self.headers.get("Authorization", ""))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer  # noqa: N815 - named by the standard library

    def log_message(self, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.may_answer.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def bearer(service: Service) -> Bearer:
    return Bearer(
        AnaplanTokenCache(service.base_url, BasicCredentials("ada@example.com", "secret"))
    )


def ask(bearer: Bearer, service: Service) -> int:
    with httpx2.Client(auth=bearer, timeout=30, trust_env=False) as client:
        return client.get(f"{service.base_url}/2/0/x").status_code


async def ask_async(bearer: Bearer, service: Service) -> int:
    async with httpx2.AsyncClient(auth=bearer, timeout=30, trust_env=False) as client:
        return (await client.get(f"{service.base_url}/2/0/x")).status_code


async def ask_many(bearer: Bearer, service: Service) -> list[int]:
    statuses: list[int] = []

    async def one() -> None:
        statuses.append(await ask_async(bearer, service))

    async with anyio.create_task_group() as group:
        for _ in range(WIDTH // 2):
            group.start_soon(one)
    return statuses


def all_at_once(calls: Sequence[Callable[[], T]], service: Service) -> list[T]:
    """Runs the calls in threads, and lets the sign-in go on once they had time to pile up."""
    with ThreadPoolExecutor(len(calls)) as pool:
        futures = [pool.submit(call) for call in calls]
        assert service.asked_for_token.wait(30)
        # They can't be seen waiting; too short a time makes the test weaker, never wrong.
        time.sleep(0.2)
        service.may_answer.set()
        return [future.result(30) for future in futures]


def test_threads_share_one_sign_in(bearer: Bearer, service: Service) -> None:
    calls = [lambda: ask(bearer, service)] * WIDTH
    assert all_at_once(calls, service) == [200] * WIDTH
    assert service.count(SIGN_IN) == 1
    assert service.count("GET /2/0/x") == WIDTH


def test_threads_and_event_loops_share_one_sign_in(bearer: Bearer, service: Service) -> None:
    calls: list[Callable[[], list[int]]] = [
        lambda: [ask(bearer, service)],
        lambda: asyncio.run(ask_many(bearer, service)),
        lambda: asyncio.run(ask_many(bearer, service)),
        lambda: trio.run(ask_many, bearer, service),
    ]
    statuses = list(chain.from_iterable(all_at_once(calls, service)))
    assert statuses == [200] * (1 + 3 * (WIDTH // 2))
    assert service.count(SIGN_IN) == 1


def test_threads_that_saw_401_share_one_new_token(bearer: Bearer, service: Service) -> None:
    service.may_answer.set()
    assert ask(bearer, service) == 200
    service.expired = service.issued
    service.may_answer.clear()
    service.asked_for_token.clear()
    calls = [lambda: ask(bearer, service)] * WIDTH
    assert all_at_once(calls, service) == [200] * WIDTH
    assert service.count(SIGN_IN) == 2


def test_threads_share_one_refusal(bearer: Bearer, service: Service) -> None:
    service.refuses = True

    def refused() -> str:
        with pytest.raises(InvalidCredentialsException) as caught:
            ask(bearer, service)
        return str(caught.value.reason)

    assert all_at_once([refused] * WIDTH, service) == ["No"] * WIDTH
    assert service.received == [SIGN_IN]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_when_the_leading_task_is_cancelled_a_waiting_one_takes_over(
    backend: str, bearer: Bearer, service: Service
) -> None:
    async def main() -> bool:
        leading = anyio.CancelScope()

        async def lead() -> None:
            with leading:
                await ask_async(bearer, service)

        async def wait() -> None:
            assert await ask_async(bearer, service) == 200

        async with anyio.create_task_group() as group:
            group.start_soon(lead)
            await anyio.to_thread.run_sync(service.asked_for_token.wait)
            group.start_soon(wait)
            await anyio.wait_all_tasks_blocked()
            leading.cancel()
            service.may_answer.set()
        return leading.cancelled_caught

    assert anyio.run(main, backend=backend)
    assert service.count(SIGN_IN) == 2


def test_a_session_survives_its_first_event_loop(bearer: Bearer, service: Service) -> None:
    service.may_answer.set()
    assert [asyncio.run(ask_async(bearer, service)) for _ in range(2)] == [200, 200]
    assert trio.run(ask_async, bearer, service) == 200
    assert service.count(SIGN_IN) == 1
