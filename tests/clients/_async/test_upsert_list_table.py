"""Tables to list items: new ones are added, others changed where they differ."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from tests.clients.sales_model import PRODUCT_LIST

from anaplan_sdk import AsyncClient
from anaplan_sdk.exceptions import (
    ColumnMismatchException,
    InvalidArgumentException,
    InvalidIdentifierException,
    InvalidTableException,
    RowsRefusedException,
    WriteInterruptedException,
)
from anaplan_sdk.testing import EmulatedAnaplan

AIRLINES = 101000000001
FLIGHTS = 101000000003
COUNTRIES = 101000000005


@pytest.fixture(autouse=True, params=["arro3", "pyarrow"])
def arrow(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANAPLAN_SDK_ARROW", request.param)


async def items_of(client: AsyncClient, list_id: int | str) -> pl.DataFrame:
    return (await (await client.tr.list_table(list_id)).read_all()).to_polars()


async def list_named(client: AsyncClient, name: str) -> int | str:
    return next(each.id for each in await client.tr.get_lists() if each.name == name)


def changes(anaplan: EmulatedAnaplan, method: str) -> list[list[dict[str, Any]]]:
    """The items of each request that added or changed some."""
    requests = anaplan.requests(method, "*/items")
    return [json.loads(request.body or "")["items"] for request in requests]


async def test_new_changed_and_unchanged_items(anaplan: EmulatedAnaplan) -> None:
    table = pl.DataFrame(
        {
            "name": ["Canada", "France", "Spain"],
            "code": ["CA", "FR", "ES"],
            "parent": ["North America", "North America", "Europe"],
            "Euro Area": [False, True, True],
        }
    )
    async with anaplan.async_client() as client:
        before = (await items_of(client, COUNTRIES)).rows()
        result = await client.tr.upsert_list_table(COUNTRIES, table)
        assert (result.inserted, result.updated, result.unchanged) == (1, 1, 1)
        assert len(result.refused) == 0
        expected = [
            before[0],
            before[1],
            ("France", "FR", "North America", True),
            before[3],
            ("Spain", "ES", "Europe", True),
        ]
        assert (await items_of(client, COUNTRIES)).rows() == expected
        again = await client.tr.upsert_list_table(COUNTRIES, table)
        assert (again.inserted, again.updated, again.unchanged) == (0, 0, 3)
    # Only what differs is sent.
    assert changes(anaplan, "PUT") == [[{"code": "FR", "parent": "North America"}]]
    assert len(changes(anaplan, "POST")) == 1


@pytest.mark.parametrize("name", ["Products", "Colors", "Orders", "Regions"])
async def test_the_table_of_a_list(anaplan_shop: EmulatedAnaplan, name: str) -> None:
    async with anaplan_shop.async_client() as client:
        list_id = await list_named(client, name)
        table = await items_of(client, list_id)
        for nulls in ("skip", "clear"):
            result = await client.tr.upsert_list_table(list_id, table, nulls=nulls)
            assert (result.inserted, result.updated, result.unchanged) == (0, 0, len(table))
            assert len(result.refused) == 0
        await client.tr.delete_list_items(list_id, [{"code": code} for code in table["code"]])
        result = await client.tr.upsert_list_table(list_id, table)
        assert (result.inserted, len(result.refused)) == (len(table), 0)
        restored = await items_of(client, list_id)
        # Anaplan numbers the items of a numbered list.
        columns = [each for each in table.columns if (name, each) != ("Orders", "name")]
        assert restored.select(columns).equals(table.select(columns))
    assert changes(anaplan_shop, "PUT") == []


async def test_every_format(anaplan_shop: EmulatedAnaplan) -> None:
    values = {
        "Price": 0.1,
        "Launched": date(2026, 2, 28),
        "Fresh": True,
        "Made In": "Asia",
        "Note": 'a "quoted", text',
        "Sour": True,
    }
    async with anaplan_shop.async_client() as client:
        products = await list_named(client, "Products")
        table = await items_of(client, products)
        changed = table.with_columns(**{name: pl.lit(value) for name, value in values.items()})
        assert (await client.tr.upsert_list_table(products, changed)).updated == 2
        assert (await items_of(client, products)).equals(changed)
        assert (await client.tr.upsert_list_table(products, changed)).unchanged == 2

        texts = changed.with_columns(
            pl.lit("0.10").alias("Price"),
            pl.lit("TRUE").alias("Fresh"),
            pl.lit("true").alias("Sour"),
        )
        assert (await client.tr.upsert_list_table(products, texts)).unchanged == 2

        nulls = changed.with_columns(
            **{name: pl.lit(None, table.schema[name]) for name in ["parent", *values]}
        )
        assert (await client.tr.upsert_list_table(products, nulls)).unchanged == 2
        assert (await client.tr.upsert_list_table(products, nulls, nulls="clear")).updated == 2
        cleared = await items_of(client, products)
        assert (await client.tr.upsert_list_table(products, nulls, nulls="clear")).unchanged == 2
    assert cleared["Price"].to_list() == [0.0, 0.0]
    assert cleared["Fresh"].to_list() == [False, False]
    assert cleared["Sour"].to_list() == [True, True]
    assert cleared["Launched"].null_count() == cleared["Note"].null_count() == 2
    assert set(cleared["parent"]) <= {None, "World"}


async def test_keys_ignore_case_and_blanks(anaplan: EmulatedAnaplan) -> None:
    table = pl.DataFrame({"code": [" ca", "us"], "name": ["Kanada", "United States"]})
    async with anaplan.async_client() as client:
        result = await client.tr.upsert_list_table(COUNTRIES, table)
        assert (result.inserted, result.updated, result.unchanged) == (0, 1, 1)
        rows = (await items_of(client, COUNTRIES)).rows()
        assert [row[:2] for row in rows[:2]] == [("United States", "US"), ("Kanada", "CA")]


async def test_names_as_keys(anaplan: EmulatedAnaplan) -> None:
    table = pl.DataFrame(
        {"name": ["canada", "France", "Spain"], "code": ["CA", "F", "ES"], "parent": ["EU"] * 3}
    )
    async with anaplan.async_client() as client:
        result = await client.tr.upsert_list_table(COUNTRIES, table, key="name")
        assert (result.inserted, result.updated, result.unchanged) == (1, 2, 0)
        assert len(result.refused) == 0
        rows = {row[0]: row[1:3] for row in (await items_of(client, COUNTRIES)).rows()}
        assert rows["Canada"] == ("CA", "Europe")
        assert rows["France"] == ("F", "Europe")
        assert rows["Spain"] == ("ES", "Europe")
        # Parents by code are recognized.
        again = await client.tr.upsert_list_table(COUNTRIES, table, key="name")
        assert again.unchanged == 3

        await client.tr.insert_list_items(AIRLINES, [{"name": "United"}])
        codes = pl.DataFrame({"name": ["United"], "code": ["UA"]})
        assert (await client.tr.upsert_list_table(AIRLINES, codes, key="name")).updated == 1
        assert (await items_of(client, AIRLINES)).rows() == [("United", "UA", None)]


async def test_refused_rows(anaplan: EmulatedAnaplan) -> None:
    table = pl.DataFrame(
        {
            "id": [10, 11, 12, 13, 14, 15],
            "code": ["ES", None, "es", "PT", "CA", "IT"],
            "name": ["Spain", "Nowhere", "Spain 2", "Portugal", "Canada", "Italy"],
            "parent": ["Europe", "Europe", "Europe", "Atlantis", "Atlantis", "Europe"],
            "euro": ["true", None, None, None, None, "perhaps"],
        }
    )
    async with anaplan.async_client() as client:
        columns = ["code", "name", "parent", "euro"]
        with pytest.raises(ColumnMismatchException, match="does not have 'euro'"):
            await client.tr.upsert_list_table(COUNTRIES, table, columns=columns)
        renamed = table.drop("id")
        result = await client.tr.upsert_list_table(
            COUNTRIES, renamed, columns={"euro": "Euro Area"}
        )
        assert (result.inserted, result.updated, result.unchanged) == (1, 0, 0)
        refused = result.refused.to_pylist()
        reasons = {row["row"]: str(row["reason"]) for row in refused}
        assert reasons[1] == "The row has no code."
        assert reasons[2] == "The code 'es' is that of row 0, too."
        assert reasons[5] == "Euro Area: 'perhaps' is neither true nor false."
        assert "Atlantis" in reasons[3]
        assert "Atlantis" in reasons[4]
        assert list(refused[0]) == ["row", "reason", "code", "name", "parent", "euro"]
        own = {"code": "PT", "name": "Portugal", "parent": "Atlantis", "euro": None}
        (portugal,) = (row for row in refused if row["row"] == 3)
        assert portugal == {"row": 3, "reason": reasons[3], **own}
        with pytest.raises(RowsRefusedException) as caught:
            await client.tr.upsert_list_table(
                COUNTRIES, renamed, columns={"euro": "Euro Area"}, max_refused=4
            )
        assert len(pl.DataFrame(caught.value.refused)) == 5


async def test_numbers_that_requests_do_not_have_are_refused_in_their_rows(
    anaplan_of_sales: EmulatedAnaplan,
) -> None:
    prices = ["1.5", "NaN", "-Infinity", "1e400"]
    table = pl.DataFrame({"code": ["A", "B", "C", "D"], "name": list("abcd"), "Price": prices})
    async with anaplan_of_sales.async_client() as client:
        result = await client.tr.upsert_list_table(PRODUCT_LIST, table)
        items = await client.tr.get_list_items(PRODUCT_LIST)
    assert [(row["row"], row["Price"]) for row in result.refused.to_pylist()] == list(
        enumerate(prices[1:], 1)
    )
    assert [(item.code, item.properties["Price"]) for item in items] == [("A", "1.5")]


async def test_columns_that_do_not_match(anaplan: EmulatedAnaplan) -> None:
    table = pl.DataFrame({"Code": ["CA"], "name": ["Canada"]})
    twice = pa.table([pa.array(["CA"]), pa.array(["CA"])], names=["code", "code"])
    async with anaplan.async_client() as client:
        with pytest.raises(ColumnMismatchException) as caught:
            await client.tr.upsert_list_table(COUNTRIES, table)
        assert (caught.value.unexpected, caught.value.missing) == (["Code"], ["code"])
        assert caught.value.expected == ["name", "code", "parent", "Euro Area"]
        with pytest.raises(ColumnMismatchException, match="more than one column 'code'"):
            await client.tr.upsert_list_table(COUNTRIES, twice)
        with pytest.raises(InvalidIdentifierException):
            await client.tr.upsert_list_table(101000000099, table)
        with pytest.raises(InvalidTableException, match="'name' has the type"):
            await client.tr.upsert_list_table(
                COUNTRIES, pl.DataFrame({"code": ["CA"], "name": [["x"]]})
            )
    assert changes(anaplan, "POST") == changes(anaplan, "PUT") == []


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"key": "id"}, "key must be"),
        ({"nulls": "keep"}, "nulls must be"),
        ({"max_refused": -1}, "max_refused"),
        ({"items_per_request": 0}, "items_per_request"),
    ],
)
async def test_invalid_arguments(
    anaplan: EmulatedAnaplan, arguments: dict[str, Any], problem: str
) -> None:
    table = pl.DataFrame({"code": ["CA"]})
    async with anaplan.async_client() as client:
        with pytest.raises(InvalidArgumentException, match=problem):
            await client.tr.upsert_list_table(COUNTRIES, table, **arguments)
    assert changes(anaplan, "POST") == []


async def test_numbered_lists(anaplan: EmulatedAnaplan) -> None:
    table = pl.DataFrame({"name": ["UA 1", "UA 2"], "code": [1, 2], "Flight Number": ["1", "2"]})
    async with anaplan.async_client() as client:
        with pytest.raises(InvalidArgumentException, match="numbered"):
            await client.tr.upsert_list_table(FLIGHTS, table, key="name")
        assert (await client.tr.upsert_list_table(FLIGHTS, table)).inserted == 2
        assert (await client.tr.upsert_list_table(FLIGHTS, table)).unchanged == 2
        rows = (await items_of(client, FLIGHTS)).rows()
    assert [row[:2] for row in rows] == [("#1", "1"), ("#2", "2")]
    assert [row[3] for row in rows] == ["1", "2"]


async def test_parents_among_the_new_rows(anaplan: EmulatedAnaplan) -> None:
    table = pl.DataFrame({"name": ["B", "A", "C"], "code": ["2", "1", "3"]})
    async with anaplan.async_client() as client:
        result = await client.tr.upsert_list_table(AIRLINES, table, items_per_request=1)
        assert result.inserted == 3
    sent = [item["code"] for items in changes(anaplan, "POST") for item in items]
    assert sent == ["2", "1", "3"]


@pytest.mark.parametrize("is_carried_out", [True, False])
async def test_a_lost_reply(anaplan: EmulatedAnaplan, is_carried_out: bool) -> None:
    trouble = {"lose_reply": True} if is_carried_out else {"reset_during_request": 20}
    names = [f"Airline {number}" for number in range(25)]
    table = pl.DataFrame({"name": names, "code": names})
    async with anaplan.async_client(settle_time=0.2, backoff=0.01) as client:
        anaplan.fault(method="POST", path="*/items", skip=1, **trouble)
        result = await client.tr.upsert_list_table(AIRLINES, table, items_per_request=10)
        assert (result.inserted, len(result.refused)) == (25, 0)
        assert (await items_of(client, AIRLINES))["name"].to_list() == names
    assert len(changes(anaplan, "POST")) == (3 if is_carried_out else 4)


async def test_the_same_call_after_an_interruption(anaplan: EmulatedAnaplan) -> None:
    names = [f"Airline {number}" for number in range(25)]
    table = pl.DataFrame({"name": names, "code": names})
    async with anaplan.async_client(retry_count=0, settle_time=0.1) as client:
        anaplan.fault(method="POST", path="*/items", skip=1, status=500)
        with pytest.raises(WriteInterruptedException):
            await client.tr.upsert_list_table(AIRLINES, table, items_per_request=10)
        result = await client.tr.upsert_list_table(AIRLINES, table, items_per_request=10)
        assert (result.inserted, result.unchanged) == (15, 10)
        assert (await items_of(client, AIRLINES))["name"].to_list() == names


async def test_a_list_that_anaplan_does_not_return_at_once(anaplan: EmulatedAnaplan) -> None:
    table = pl.DataFrame({"name": ["Kanada", "Spain"], "code": ["CA", "ES"]})
    async with anaplan.async_client() as client:
        anaplan.emulator.settings.list_items_limit = 1
        result = await client.tr.upsert_list_table(COUNTRIES, table)
        assert (result.inserted, result.updated) == (1, 1)
        codes = pl.DataFrame({"name": ["France"], "code": ["F"]})
        refused = (await client.tr.upsert_list_table(COUNTRIES, codes, key="name")).refused
        assert "can't be changed" in str(refused.to_pylist()[0]["reason"])
    assert [each.status for each in anaplan.requests("DELETE", "*")] == [200, 200]


async def test_values_that_anaplan_does_not_have(anaplan: EmulatedAnaplan) -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        yield pa.record_batch({"code": ["A", "B"], "name": [1.0, 2.0]})
        yield pa.record_batch({"code": ["C", "D"], "name": [3.0, float("inf")]})

    async with anaplan.async_client() as client:
        with pytest.raises(InvalidTableException) as caught:
            await client.tr.upsert_list_table(AIRLINES, batches())
        assert (caught.value.row, caught.value.column) == (3, "name")
        assert len(await items_of(client, AIRLINES)) == 0
        table = pl.DataFrame({"code": ["A"], "name": ["B"]}).clear()
        empty = await client.tr.upsert_list_table(AIRLINES, table)
        assert (empty.inserted, empty.updated, empty.unchanged, len(empty.refused)) == (0, 0, 0, 0)
