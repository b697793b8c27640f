"""Large reads whose caller is cancelled, as only async callers can be."""

from __future__ import annotations

import anyio

from anaplan_sdk.testing import EmulatedAnaplan


async def test_a_large_read_that_is_cancelled_leaves_nothing_behind(
    anaplan: EmulatedAnaplan,
) -> None:
    said = {"requestId": "A" * 32, "requestState": "COMPLETE", "successful": True}
    anaplan.fault(
        method="POST",
        path="*/readRequests",
        body={"listReadRequest": {**said, "availablePages": 1}},
    )
    anaplan.fault(path="*/pages/0", body="a\n", delay_seconds=5)
    async with anaplan.async_client() as client:
        with anyio.move_on_after(0.5) as scope:
            _ = [page async for page in client.tr.read_list_pages(101)]
    assert scope.cancelled_caught
    assert len(anaplan.requests("DELETE", "*/readRequests/*")) == 1


async def test_a_large_read_that_is_cancelled_at_its_start_leaves_nothing_behind(
    anaplan: EmulatedAnaplan,
) -> None:
    said = {"requestId": "A" * 32, "requestState": "IN_PROGRESS"}
    anaplan.fault(
        method="POST",
        path="*/readRequests",
        body={"listReadRequest": said},
        delay_seconds=0.5,
    )
    async with anaplan.async_client() as client:
        await client.tr.get_modules()
        with anyio.move_on_after(0.2) as scope:
            _ = [page async for page in client.tr.read_list_pages(101)]
        with anyio.fail_after(5):
            # The emulator tells nobody when a request comes.
            while not anaplan.requests("DELETE", "*/readRequests/*"):  # noqa: ASYNC110
                await anyio.sleep(0.05)
    assert scope.cancelled_caught
