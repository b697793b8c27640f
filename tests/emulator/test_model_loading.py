"""Opening and closing models, and requests to models that are not open."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx2
    from tests.emulator.conftest import TenantClient

    from anaplan_emulator.settings import Settings


@pytest.fixture
def settings(shop: TenantClient) -> Settings:
    """Settings with which opening a model takes twenty seconds."""
    shop.emulator.settings.model_open_seconds = 20
    return shop.emulator.settings


@pytest.fixture
def closed(shop: TenantClient) -> Iterator[TenantClient]:
    """The shop with a closed model. Requests that wait for it end after the test."""
    assert shop.http.post(shop.path("/close")).status_code == 204
    yield shop
    shop.emulator.advance(hours=1)


def status(shop: TenantClient) -> dict[str, Any]:
    found: dict[str, Any] = shop.get("/status").json()["requestStatus"]
    return found


def step(shop: TenantClient) -> str:
    return str(status(shop)["currentStep"])


def open_model(shop: TenantClient) -> int:
    return shop.http.post(shop.path("/open")).status_code


def test_a_model_opens_by_the_emulator_clock(closed: TenantClient, settings: Settings) -> None:
    assert step(closed) == "Closed"
    assert open_model(closed) == 202
    assert step(closed) == "Opening"
    closed.emulator.advance(seconds=10)
    assert status(closed)["progress"] == pytest.approx(0.5, abs=0.2)
    # Another request does not restart the opening.
    assert open_model(closed) == 202
    closed.emulator.advance(seconds=10)
    assert (step(closed), status(closed)["progress"]) == ("Open", -1.0)
    assert open_model(closed) == 200
    closed.http.post(closed.path("/close"))
    assert open_model(closed) == 202
    assert step(closed) == "Opening"


def test_closing_a_model_that_is_being_opened(closed: TenantClient, settings: Settings) -> None:
    open_model(closed)
    closed.http.post(closed.path("/close"))
    assert step(closed) == "Closed"
    closed.emulator.advance(seconds=30)
    assert step(closed) == "Closed"


def test_requests_to_a_closed_model_are_served_by_default(
    closed: TenantClient, settings: Settings
) -> None:
    assert closed.get("/lists").status_code == 200
    assert step(closed) == "Closed"


def test_requests_are_rejected_while_a_model_opens(
    closed: TenantClient, settings: Settings
) -> None:
    settings.closed_models = "refuse"
    refused = closed.get("/lists")
    assert refused.status_code == 503
    assert 1 <= int(refused.headers["retry-after"]) <= 20
    assert refused.json()["status"]["message"] == "The model is being opened"
    # The request has opened it. Requests without data are answered in the meantime.
    assert step(closed) == "Opening"
    assert closed.get("").status_code == 200
    files = closed.path("/files/113000000000")
    assert closed.http.put(files, content=b"Code\n").status_code == 503
    closed.emulator.advance(seconds=20)
    assert closed.get("/lists").status_code == 200
    assert closed.http.put(files, content=b"Code\n").status_code == 204


def test_requests_wait_while_a_model_opens(closed: TenantClient, settings: Settings) -> None:
    settings.closed_models = "wait"
    replies: list[httpx2.Response] = []
    caller = threading.Thread(target=lambda: replies.append(closed.get("/lists")))
    caller.start()
    while step(closed) == "Closed":
        pass
    assert step(closed) == "Opening"
    assert not replies
    closed.emulator.advance(seconds=20)
    caller.join(timeout=30)
    assert replies[0].status_code == 200
    assert step(closed) == "Open"


def test_a_reset_releases_waiting_requests(closed: TenantClient, settings: Settings) -> None:
    settings.closed_models = "wait"
    replies: list[httpx2.Response] = []
    caller = threading.Thread(target=lambda: replies.append(closed.get("/lists")))
    caller.start()
    while step(closed) == "Closed":
        pass
    closed.emulator.reset()
    caller.join(timeout=30)
    # Its token may have been revoked by the reset before it was checked again.
    assert replies[0].status_code in (200, 401)


def test_unused_models_are_closed(shop: TenantClient, settings: Settings) -> None:
    settings.model_unload_minutes = 5
    assert step(shop) == "Open"
    shop.emulator.advance(minutes=4)
    assert shop.get("/lists").status_code == 200
    shop.emulator.advance(minutes=4)
    # Reading its status does not count as use, but a running task does.
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
    reply = shop.http.post(path, json={"modelIdsToDelete": [shop.model_id()]})
    assert reply.json()["modelsDeleted"] == 1


def test_a_model_changes_its_state_while_the_emulator_runs(shop: TenantClient) -> None:
    model = shop.emulator.model_id or ""
    change = {"items": [{"name": "Lamp", "code": "L1"}]}
    adding = shop.path("/lists/101000000000/items?action=add")

    def changed() -> int:
        return shop.http.post(adding, json=change).status_code

    shop.emulator.set_active_state(model, "LOCKED")
    assert (shop.get("/lists").status_code, changed()) == (200, 423)
    shop.emulator.set_active_state(model, "MAINTENANCE")
    assert (shop.get("/lists").status_code, changed()) == (424, 424)
    reply = shop.http.post(
        "/_emulator/model-states", json={"model": model, "active_state": "UNLOCKED"}
    )
    assert reply.status_code == 200
    assert changed() == 200
    unknown = {"model": "Nothing", "active_state": "LOCKED"}
    assert shop.http.post("/_emulator/model-states", json=unknown).status_code == 404
    strange = {"model": model, "active_state": "ASLEEP"}
    assert shop.http.post("/_emulator/model-states", json=strange).status_code == 400
