"""Large reads whose caller is cancelled, as only async callers can be."""

from __future__ import annotations

import anyio

from anaplan_sdk.testing import EmulatedAnaplan

COUNTRIES = 101000000005


def deletions(anaplan: EmulatedAnaplan) -> list[int | None]:
    return [request.status for request in anaplan.requests("DELETE", "*/readRequests/*")]


async def test_a_large_read_that_is_cancelled_leaves_nothing_behind(
    anaplan: EmulatedAnaplan,
) -> None:
    anaplan.fault(path="*/pages/0", delay_seconds=5)
    async with anaplan.async_client() as client:
        with anyio.move_on_after(0.5) as scope:
            _ = [page async for page in client.tr.read_list_pages(COUNTRIES)]
    assert scope.cancelled_caught
    assert deletions(anaplan) == [200]


async def test_a_large_read_that_is_cancelled_while_it_waits_leaves_nothing_behind(
    anaplan: EmulatedAnaplan,
) -> None:
    settings = anaplan.emulator.settings
    settings.hold_tasks, settings.read_request_limit = "NOT_STARTED", 1
    async with anaplan.async_client(status_poll_delay=0.05, retry_count=0) as client:
        with anyio.move_on_after(0.5) as scope:
            _ = [row async for row in client.tr.read_list(COUNTRIES)]
        assert scope.cancelled_caught
        assert deletions(anaplan) == [200]
        settings.hold_tasks = None
        assert len([row async for row in client.tr.read_list(COUNTRIES)]) == 4


async def test_a_large_read_that_is_cancelled_at_its_start_leaves_nothing_behind(
    anaplan: EmulatedAnaplan,
) -> None:
    anaplan.fault(method="POST", path="*/readRequests", delay_seconds=0.5)
    async with anaplan.async_client() as client:
        await client.tr.get_modules()
        with anyio.move_on_after(0.2) as scope:
            _ = [page async for page in client.tr.read_list_pages(COUNTRIES)]
        with anyio.fail_after(5):
            # The emulator tells nobody when a request comes.
            while not deletions(anaplan):  # noqa: ASYNC110
                await anyio.sleep(0.05)
    assert scope.cancelled_caught
    assert deletions(anaplan) == [200]
