"""Listings as models and as raw dicts."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from anaplan_sdk._http.replies import decode
from anaplan_sdk.exceptions import AnaplanResponseException
from anaplan_sdk.models import ListItem
from anaplan_sdk.models._envelopes import ListReply, RawListReply

MODELS = ListReply("items", ListItem)
RAW = RawListReply("items")
CHECKED = ListReply("items", dict[str, object])


def reply(body: str) -> httpx2.Response:
    request = httpx2.Request("GET", "https://api.anaplan.com/2/0/x")
    return httpx2.Response(
        200, text=body, headers={"Content-Type": "application/json"}, request=request
    )


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        '{"items":[]}',
        '{"items":null}',
        '{"meta":null,"items":[{"id":"1","name":null,"more":{"a":[1.5,true,null]}}]}',
        '{"meta":{"paging":{"totalSize":7}},"items":[{}],"status":{"code":200}}',
        '{"meta":{"paging":{"totalSize":"7","offset":1}},"items":[{"id":1}]}',
        '{"meta":{"paging":{"totalSize":null}}}',
    ],
)
def test_raw_items_are_read_like_models(body: str) -> None:
    raw, checked = decode(RAW.adapter, reply(body)), decode(CHECKED.adapter, reply(body))
    assert raw.items == checked.items
    assert raw.total == checked.total


@pytest.mark.parametrize(
    "body",
    [
        "",
        "busy",
        "null",
        '{"items":[{"id":"1"}',
        '{"items":"id"}',
        '{"meta":5,"items":[{"id":"1"}]}',
        '{"meta":{"paging":{"totalSize":"many"}},"items":[]}',
    ],
)
def test_malformed_listings_raise_the_same_error(body: str) -> None:
    with pytest.raises(AnaplanResponseException) as raw:
        decode(RAW.adapter, reply(body))
    with pytest.raises(AnaplanResponseException) as checked:
        decode(CHECKED.adapter, reply(body))
    assert str(raw.value) == str(checked.value)


@pytest.mark.parametrize(
    "body",
    [
        "[]",
        '[{"id":"1"}]',
        '{"items":{"id":"1"}}',
        '{"items":[{"id":"1"},2]}',
        '{"items":[[[""]]]}',
    ],
)
def test_odd_listings_are_read_alike(body: str) -> None:
    raw, checked = decode(RAW.adapter, reply(body)), decode(CHECKED.adapter, reply(body))
    assert raw.items == checked.items == [{"id": "1"}] * body.count("id")
    assert raw.received == checked.received


@pytest.fixture(params=[True, False])
def collects(request: pytest.FixtureRequest) -> Iterator[bool]:
    if not request.param:
        gc.disable()
    yield request.param
    gc.enable()


@pytest.mark.parametrize("listing", [MODELS, RAW])
def test_large_replies_leave_the_garbage_collector_as_it_was(
    listing: ListReply[Any], collects: bool
) -> None:
    items = [{"id": str(number), "name": "N" * 100} for number in range(10_000)]
    body = json.dumps({"items": items})
    assert len(decode(listing.adapter, reply(body)).items) == 10_000
    assert gc.isenabled() is collects
    with pytest.raises(AnaplanResponseException):
        decode(listing.adapter, reply(body[:-1]))
    assert gc.isenabled() is collects
