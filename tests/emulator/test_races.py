"""Threads that reset, stop and use an emulator at the same time."""

import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from anaplan_emulator import Emulator, TenantDescription
from anaplan_emulator.store.database import Store

SHOP = Path(__file__).parents[1] / "tenants" / "shop.json"
EVERY_HOUR = {
    "name": "All day",
    "type": "hourly",
    "fromTime": "00:00",
    "toTime": "23:59",
    "repeatEvery": 1,
    "daysOfWeek": [0, 1, 2, 3, 4, 5, 6],
    "startDate": "2020-01-01",
    "timezone": "UTC",
}


@pytest.fixture(autouse=True)
def frequent_switches() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@contextmanager
def repeated(*functions: Callable[[], object]) -> Iterator[list[BaseException]]:
    """Call each function again and again in a thread of its own."""
    ended = threading.Event()
    errors: list[BaseException] = []

    def repeat(function: Callable[[], object]) -> None:
        while not ended.is_set() and not errors:
            try:
                function()
            except BaseException as error:  # noqa: BLE001 (the test reports it)
                errors.append(error)

    threads = [threading.Thread(target=repeat, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    try:
        yield errors
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def test_resetting_while_scheduled_runs_end() -> None:
    description = json.loads(SHOP.read_text())
    for integration in description["cloud_works"]["integrations"]:
        integration["schedule"] = EVERY_HOUR
    with Emulator(TenantDescription.model_validate(description)) as emulator:

        def advance() -> None:
            emulator.advance(hours=30)

        with repeated(advance, advance) as errors:
            for _ in range(4):
                emulator.reset()
        assert not errors

        # The schedules of the tenant that was loaded last are still followed.
        emulator.reset()
        emulator.advance(hours=2)
        with emulator.tenant.store.snapshot() as db:
            (runs,) = db.execute("SELECT count(*) FROM cloud_runs").fetchone()
        assert runs


def test_resets_settings_and_the_clock_in_several_threads(emulator: Emulator) -> None:
    with repeated(
        emulator.info,
        lambda: emulator.advance(seconds=1),
        lambda: emulator.tenant.change_settings({"task_polls": 1}),
        emulator.requests,
    ) as errors:
        for _ in range(2):
            emulator.reset()
    assert not errors


def test_no_change_of_a_setting_is_lost(emulator: Emulator) -> None:
    def change(name: str) -> None:
        for value in range(1, 30):
            emulator.tenant.change_settings({name: value})

    names = ("page_limit", "task_polls", "scim_page_size")
    threads = [threading.Thread(target=change, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [getattr(emulator.settings, name) for name in names] == [29, 29, 29]


def test_a_store_is_closed_while_it_is_used(tmp_path: Path) -> None:
    for number in range(8):
        store = Store(tmp_path / f"{number}.sqlite")

        def read(store: Store = store) -> None:
            with store.snapshot() as db:
                db.execute("SELECT count(*) FROM users").fetchone()

        with repeated(read, read, read) as errors:
            for _ in range(8):
                read()
            store.close()
        assert not errors
