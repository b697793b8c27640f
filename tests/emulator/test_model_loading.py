"""A model that isn't open: how it opens, what is answered meanwhile, and when it closes itself."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx2
    from tests.emulator.conftest import Shop

    from anaplan_emulator.settings import Settings


@pytest.fixture
def settings(shop: Shop) -> Settings:
    """The settings of an emulator whose models take twenty seconds to open."""
    shop.emulator.settings.model_open_seconds = 20
    return shop.emulator.settings


@pytest.fixture
def closed(shop: Shop) -> Iterator[Shop]:
    """The shop, whose model is closed; calls that wait for it end with the test."""
    assert shop.http.post(shop.path("/close")).status_code == 204
    yield shop
    shop.emulator.advance(hours=1)


def status(shop: Shop) -> dict[str, Any]:
    found: dict[str, Any] = shop.get("/status").json()["requestStatus"]
    return found


def step(shop: Shop) -> str:
    return str(status(shop)["currentStep"])


def open_model(shop: Shop) -> int:
    return shop.http.post(shop.path("/open")).status_code


def test_a_model_opens_by_the_clock(closed: Shop, settings: Settings) -> None:
    assert step(closed) == "Closed"
    assert open_model(closed) == 202
    assert step(closed) == "Opening"
    closed.emulator.advance(seconds=10)
    assert status(closed)["progress"] == pytest.approx(0.5, abs=0.2)
    # To ask again makes it no slower.
    assert open_model(closed) == 202
    closed.emulator.advance(seconds=10)
    assert (step(closed), status(closed)["progress"]) == ("Open", -1.0)
    assert open_model(closed) == 200
    closed.http.post(closed.path("/close"))
    assert open_model(closed) == 202
    assert step(closed) == "Opening"


def test_closing_ends_the_opening(closed: Shop, settings: Settings) -> None:
    open_model(closed)
    closed.http.post(closed.path("/close"))
    assert step(closed) == "Closed"
    closed.emulator.advance(seconds=30)
    assert step(closed) == "Closed"


def test_a_closed_model_is_served_unless_told_otherwise(closed: Shop, settings: Settings) -> None:
    assert closed.get("/lists").status_code == 200
    assert step(closed) == "Closed"


def test_calls_are_refused_while_a_model_opens(closed: Shop, settings: Settings) -> None:
    settings.closed_models = "refuse"
    refused = closed.get("/lists")
    assert refused.status_code == 503
    assert 1 <= int(refused.headers["retry-after"]) <= 20
    assert refused.json()["status"]["message"] == "The model is being opened"
    # The call opened it; what needs no data is answered meanwhile.
    assert step(closed) == "Opening"
    assert closed.get("").status_code == 200
    files = closed.path("/files/113000000000")
    assert closed.http.put(files, content=b"Code\n").status_code == 503
    closed.emulator.advance(seconds=20)
    assert closed.get("/lists").status_code == 200
    assert closed.http.put(files, content=b"Code\n").status_code == 204


def test_calls_wait_while_a_model_opens(closed: Shop, settings: Settings) -> None:
    settings.closed_models = "wait"
    answers: list[httpx2.Response] = []
    caller = threading.Thread(target=lambda: answers.append(closed.get("/lists")))
    caller.start()
    while step(closed) == "Closed":
        pass
    assert step(closed) == "Opening"
    assert not answers
    closed.emulator.advance(seconds=20)
    caller.join(timeout=30)
    assert answers[0].status_code == 200
    assert step(closed) == "Open"


def test_a_reset_lets_go_of_who_waits(closed: Shop, settings: Settings) -> None:
    settings.closed_models = "wait"
    answers: list[httpx2.Response] = []
    caller = threading.Thread(target=lambda: answers.append(closed.get("/lists")))
    caller.start()
    while step(closed) == "Closed":
        pass
    closed.emulator.reset()
    caller.join(timeout=30)
    # Its token may have gone with the reset before it was looked at again.
    assert answers[0].status_code in (200, 401)


def test_a_model_that_nobody_uses_is_closed(shop: Shop, settings: Settings) -> None:
    settings.model_unload_minutes = 5
    assert step(shop) == "Open"
    shop.emulator.advance(minutes=4)
    assert shop.get("/lists").status_code == 200
    shop.emulator.advance(minutes=4)
    # To look at its state is no use of it, but what runs in it is.
    assert step(shop) == "Open"
    shop.run("actions", "Drop orders")
    shop.emulator.advance(minutes=4)
    assert step(shop) == "Open"
    shop.emulator.advance(minutes=1)
    assert step(shop) == "Closed"
    assert open_model(shop) == 202
    assert step(shop) == "Opening"
    shop.emulator.advance(seconds=20)
    assert step(shop) == "Open"
    shop.emulator.advance(minutes=5)
    path = f"/2/0/workspaces/{shop.workspace_id}/bulkDeleteModels"
    answer = shop.http.post(path, json={"modelIdsToDelete": [shop.model_id()]})
    assert answer.json()["modelsDeleted"] == 1


def test_a_model_changes_its_state_while_the_emulator_runs(shop: Shop) -> None:
    model = shop.emulator.model_id or ""
    change = {"items": [{"name": "Lamp", "code": "L1"}]}
    adding = shop.path("/lists/101000000000/items?action=add")

    def changed() -> int:
        return shop.http.post(adding, json=change).status_code

    shop.emulator.set_active_state(model, "LOCKED")
    assert (shop.get("/lists").status_code, changed()) == (200, 423)
    shop.emulator.set_active_state(model, "MAINTENANCE")
    assert (shop.get("/lists").status_code, changed()) == (424, 424)
    told = shop.http.post(
        "/_emulator/model-states", json={"model": model, "active_state": "UNLOCKED"}
    )
    assert told.status_code == 200
    assert changed() == 200
    unknown = {"model": "Nothing", "active_state": "LOCKED"}
    assert shop.http.post("/_emulator/model-states", json=unknown).status_code == 404
    strange = {"model": model, "active_state": "ASLEEP"}
    assert shop.http.post("/_emulator/model-states", json=strange).status_code == 400
