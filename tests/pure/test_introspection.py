"""What Python itself shows of the SDK: type hints, classes, reprs and hashes."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Iterator

import pytest

import anaplan_sdk
from anaplan_sdk import AsyncClient, Client, exceptions, models
from anaplan_sdk.models import cloud_works, flows, scim

PASSWORD = "s3cret"


def client() -> Client:
    return Client(user_email="ada@example.com", password=PASSWORD, workspace_id="w", model_id="m")


def namespaces(client: Client | AsyncClient) -> Iterator[object]:
    yield client
    for owner in (client, client.cw):
        for name, member in inspect.getmembers_static(type(owner)):
            if isinstance(member, property) and not name.startswith("_"):
                yield getattr(owner, name)


def public_classes() -> Iterator[type]:
    clients = client(), AsyncClient(user_email="ada@example.com", password=PASSWORD)
    yield from {type(one) for each in clients for one in namespaces(each)}
    for module in (anaplan_sdk, exceptions, models, cloud_works, flows, scim):
        for name in module.__all__:
            if inspect.isclass(kind := getattr(module, name)):
                yield kind


CLASSES = sorted(
    {kind for kind in public_classes() if kind.__module__.startswith("anaplan_sdk")},
    key=lambda kind: f"{kind.__module__}.{kind.__qualname__}",
)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__qualname__)
def test_type_hints_can_be_read(kind: type) -> None:
    typing.get_type_hints(kind)
    for name, member in inspect.getmembers_static(kind):
        function = member.fget if isinstance(member, property) else member
        function = getattr(function, "__func__", function)
        if name.startswith("_") and name != "__init__":
            continue
        if inspect.isfunction(function) and function.__module__.startswith("anaplan_sdk"):
            assert typing.get_type_hints(function) or name


def test_enough_classes_were_found() -> None:
    assert len(CLASSES) > 200
    names = {kind.__qualname__ for kind in CLASSES}
    assert {"Client", "AsyncClient", "Alm", "Flows", "Scim", "ListItem", "Oauth"} <= names


def test_unions_are_classes_to_isinstance() -> None:
    done = {"taskId": "T", "taskState": "COMPLETE", "creationTime": 1, "result": {"successful": 1}}
    kinds = models.TaskStatus | models.SyncTask | models.ReportTask
    assert isinstance(models.CompletedTask.model_validate(done), kinds)
    assert isinstance(models.CompletedSyncTask.model_validate(done), models.SyncTask)
    assert not isinstance(models.CompletedSyncTask.model_validate(done), models.TaskStatus)
    assert isinstance(models.NumberMetadata(), models.FormatMetadata)
    assert isinstance(models.BaseCalendar(), models.ModelCalendar)
    for union in (cloud_works.ConnectionBody, kinds):
        assert not isinstance(None, union)


@pytest.mark.parametrize("client", [client(), AsyncClient(token="t0ken", workspace_id="w")])
def test_namespaces_name_their_client(client: Client | AsyncClient) -> None:
    facts = repr(client).partition(" ")[2].rstrip(">")
    for one in namespaces(client):
        if one is not client:
            assert repr(one).startswith(f"<{type(one).__qualname__} of client {facts}")
        assert " at 0x" not in repr(one)
        assert PASSWORD not in repr(one)
        assert "t0ken" not in repr(one)


def test_a_client_says_who_signs_in() -> None:
    assert "with the password of ada@example.com, no token yet" in repr(client())


def test_a_large_task_is_shown_shortly() -> None:
    detail = {"localMessageText": "Invalid value" * 20, "type": "t", "values": ["a", "1"] * 90}
    result = {"successful": True, "details": [detail] * 70, "objectId": 118000000001}
    task = models.CompletedTask.model_validate(
        {
            "taskId": "T",
            "taskState": "COMPLETE",
            "creationTime": 1,
            "result": {**result, "nestedResults": [result] * 3},
        }
    )
    assert len(repr(task)) < 400
    assert "details=[70 items]" in str(task)
    assert "successful=True" in repr(task)
    assert repr(task.result.details[0]).count("Invalid value") < 10
    assert task.model_dump()["result"]["details"][0]["values"] == ["a", "1"] * 90


def test_models_with_an_id_are_hashable() -> None:
    lists = {models.List(id=1, name="A"), models.List(id=1, name="A"), models.List(id=2, name="B")}
    assert len(lists) == 2
    assert {models.ReadRequest(request_id="A")} == {models.ReadRequest(request_id="A")}
    assert len({models.Module(id=1, name="A"), models.List(id=1, name="A")}) == 2
    with pytest.raises(TypeError, match="ViewInfo has no id"):
        hash(models.ViewInfo())
