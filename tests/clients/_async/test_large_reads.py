"""Reading views and lists of any size, page by page."""

from __future__ import annotations

from contextlib import aclosing

import pytest

from anaplan_sdk import Progress
from anaplan_sdk.exceptions import (
    AnaplanTimeoutException,
    LargeReadException,
    LargeReadExpiredException,
)
from anaplan_sdk.testing import EmulatedAnaplan

AIRLINES = 101000000001
READ = "A" * 32
CSV = {"Content-Type": "text/csv"}


def deletions(anaplan: EmulatedAnaplan) -> int:
    return len(anaplan.requests("DELETE", "*/readRequests/*"))


def said(state: str, pages: int, *, successful: bool = False) -> dict[str, object]:
    request: dict[str, object] = {"requestId": READ, "requestState": state, "listId": AIRLINES}
    request |= {"availablePages": pages, "successful": successful, "url": "https://elsewhere"}
    return {"listReadRequest": request}


def order(anaplan: EmulatedAnaplan, *steps: dict[str, object], **pages: str) -> None:
    """Has Anaplan answer a read so, step by step; pages are named `p0`, `p1` and so on."""
    anaplan.fault(method="POST", path="*/readRequests", body=steps[0])
    anaplan.fault(method="DELETE", path=f"*/readRequests/{READ}", body=said("CANCELLED", 0))
    for step in steps[1:]:
        anaplan.fault(method="GET", path=f"*/readRequests/{READ}", body=step)
    for name, page in pages.items():
        anaplan.fault(path=f"*/{READ}/pages/{name[1:]}", body=page, headers=CSV, times=None)


async def test_pages_are_read_while_others_are_made(anaplan: EmulatedAnaplan) -> None:
    order(
        anaplan,
        said("NOT_STARTED", 0),
        said("IN_PROGRESS", 0),
        said("IN_PROGRESS", 2),
        said("IN_PROGRESS", 2),
        said("COMPLETE", 3, successful=True),
        p0="name,code\nA,1\n",
        p1="B,2\n",
        p2='name,code\n"C, D",3\n',
    )
    reports: list[Progress] = []
    async with anaplan.async_client(status_poll_delay=0.05) as client:
        reading = client.tr.read_list(AIRLINES, on_progress=reports.append)
        rows = [row async for row in reading]
    assert rows == [
        {"name": "A", "code": "1"},
        {"name": "B", "code": "2"},
        {"name": "C, D", "code": "3"},
    ]
    assert reports == [Progress("read", 1), Progress("read", 2), Progress("read", 3, 3)]
    assert deletions(anaplan) == 1
    assert [request.path[-1] for request in anaplan.requests("GET", "*/pages/*")][2] == "2"


async def test_many_pages_come_in_order(anaplan: EmulatedAnaplan) -> None:
    pages = {f"p{number}": f"{number}\n" for number in range(12)}
    order(anaplan, said("COMPLETE", 12, successful=True), **pages)
    anaplan.fault(path=f"*/{READ}/pages/0", body="late", delay_seconds=0.2)
    async with anaplan.async_client() as client:
        read = [page async for page in client.tr.read_list_pages(AIRLINES)]
    assert read == [page.encode() for page in pages.values()]
    assert deletions(anaplan) == 1


async def test_a_caller_who_stops_early_leaves_nothing_behind(anaplan: EmulatedAnaplan) -> None:
    order(anaplan, said("COMPLETE", 2, successful=True), p0="a\n1\n", p1="2\n")
    async with anaplan.async_client() as client:
        async with aclosing(client.tr.read_list(AIRLINES)) as rows:
            async for _ in rows:
                break
        assert deletions(anaplan) == 1


async def test_a_caller_who_fails_leaves_nothing_behind(anaplan: EmulatedAnaplan) -> None:
    order(anaplan, said("COMPLETE", 2, successful=True), p0="a\n1\n", p1="2\n")
    async with anaplan.async_client() as client:

        async def fail() -> None:
            async with aclosing(client.tr.read_list(AIRLINES)) as rows:
                async for _ in rows:
                    raise RuntimeError("enough")

        with pytest.raises(RuntimeError, match="enough"):
            await fail()
    assert deletions(anaplan) == 1


async def test_a_read_that_expires(anaplan: EmulatedAnaplan) -> None:
    order(anaplan, said("COMPLETE", 1, successful=True))
    anaplan.fault(path=f"*/{READ}/pages/0", status=404)
    async with anaplan.async_client() as client:
        with pytest.raises(LargeReadExpiredException, match="30 minutes") as caught:
            _ = [row async for row in client.tr.read_list(AIRLINES)]
    assert caught.value.status_code == 404
    assert deletions(anaplan) == 1


async def test_a_page_that_fails_is_asked_for_again(anaplan: EmulatedAnaplan) -> None:
    anaplan.fault(path="*/pages/0", status=503)
    order(anaplan, said("COMPLETE", 1, successful=True), p0="a\n1\n")
    async with anaplan.async_client(backoff=0) as client:
        assert [row async for row in client.tr.read_list(AIRLINES)] == [{"a": "1"}]
    assert len(anaplan.requests("GET", "*/pages/0")) == 2


@pytest.mark.parametrize("state", ["COMPLETE", "CANCELLED"])
async def test_a_read_that_anaplan_gives_up(anaplan: EmulatedAnaplan, state: str) -> None:
    order(anaplan, said(state, 0))
    async with anaplan.async_client() as client:
        with pytest.raises(LargeReadException):
            _ = [row async for row in client.tr.read_list(AIRLINES)]
    assert deletions(anaplan) == 1


async def test_waiting_has_an_end(anaplan: EmulatedAnaplan) -> None:
    order(anaplan, *[said("IN_PROGRESS", 0)] * 9)
    async with anaplan.async_client(status_poll_delay=0.05) as client:
        with pytest.raises(AnaplanTimeoutException, match=r"IN_PROGRESS after 0\.2 .* given up"):
            _ = [row async for row in client.tr.read_list(AIRLINES, timeout=0.2)]
        assert deletions(anaplan) == 1
        with pytest.raises(ValueError, match="timeout can't be negative"):
            _ = [row async for row in client.tr.read_list(AIRLINES, timeout=-1)]
