"""Checking tables against imports: nothing is changed, and what would be refused is reported."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from tests.clients.sales_model import (
    LATIN,
    LOAD,
    ORDER_LIST,
    ORDER_MODULE,
    ORDERS,
    PRODUCT_LIST,
    PRODUCTS,
    REGIONS,
    SALES_IMPORT,
    SALES_MODULE,
    sent,
)

from anaplan_sdk import CheckReason, CheckReport
from anaplan_sdk.exceptions import (
    ArgumentTypeException,
    ColumnMismatchException,
    InvalidArgumentException,
    InvalidIdentifierException,
    PermissionDeniedException,
)
from anaplan_sdk.testing import EmulatedAnaplan

DAY = date(2026, 1, 31)
SALES = pl.DataFrame(
    {
        "Regions": ["North", "s", "N"],
        "Amount": ["1,234.5", "(5)", None],
        "Sold": ["TRUE", "no", None],
        "Day": ["31/01/2026", "Jan 5", None],
        "Note": ["x", "y", None],
        "Origin": ["South", "N", None],
    }
)


def found(report: CheckReport) -> list[tuple[str, CheckReason, int]]:
    return [(each.column, each.reason, each.count) for each in report.problems]


async def test_a_table_that_fits_has_no_problems(anaplan_of_sales: EmulatedAnaplan) -> None:
    async with anaplan_of_sales.async_client() as client:
        report = await client.check_table(SALES_IMPORT, SALES)
        assert (report.rows, report.refused, report.ok, report.unchecked) == (3, 0, True, {})
        assert report.target is not None
        assert (report.target.kind, report.target.name) == ("module", "Sales")
        assert report.target.is_inferred
        assert "no problems" in str(report)
        assert len(report.to_table()) == 0
    assert sent(anaplan_of_sales) == []
    # Each list is read once, although two columns have its items.
    assert len(anaplan_of_sales.requests("GET", f"*/dimensions/{REGIONS}/items")) == 1


async def test_what_would_be_refused_is_reported(anaplan_of_sales: EmulatedAnaplan) -> None:
    table = pl.DataFrame(
        {
            "Regions": ["North", "Nowhere", "", "Beyond", "Nowhere"],
            "Amount": ["1", "2026-01-31", "12 EUR", "9007199254740993", "-"],
            "Sold": ["true", "maybe", "1", "0", "yes"],
            "Day": ["soon", "2026-01-31", None, "1.2.26", "45000"],
            "Note": ["x"] * 5,
            "Origin": ["N", "North", "", "Beyond", "S"],
        }
    )
    async with anaplan_of_sales.async_client() as client:
        report = await client.check_table(SALES_IMPORT, table, target=SALES_MODULE)
    assert sent(anaplan_of_sales) == []
    assert found(report) == [
        ("Regions", CheckReason.NOT_A_MEMBER, 3),
        ("Regions", CheckReason.EMPTY, 1),
        ("Amount", CheckReason.NOT_A_NUMBER, 2),
        ("Amount", CheckReason.ROUNDED, 1),
        ("Sold", CheckReason.NOT_A_BOOLEAN, 1),
        ("Day", CheckReason.NOT_A_DATE, 1),
        ("Origin", CheckReason.NOT_A_MEMBER, 1),
    ]
    assert (report.rows, report.refused, report.ok) == (5, 5, False)
    assert report.certain == report.problems
    members = report.problems[0]
    assert (members.rows, members.examples) == ((1, 3, 4), ("Nowhere", "Beyond"))
    assert members.target == "dimension 'Regions'"
    assert "'Nowhere', 'Beyond'" in str(report)
    rows = report.to_table().to_pylist()
    assert [(row["column"], row["reason"], row["rows"], row["first_row"]) for row in rows][:2] == [
        ("Regions", "not a member of the list", 3, 1),
        ("Regions", "empty dimension", 1, 2),
    ]
    assert pl.DataFrame(report.to_table())["inferred"].to_list() == [False] * 7


async def test_what_anaplan_refuses_has_been_reported(anaplan_of_sales: EmulatedAnaplan) -> None:
    table = pl.DataFrame(
        {
            "Regions": ["North", "Nowhere", "South", "N"],
            "Amount": ["1", "2", "x", "4"],
            "Sold": [True, False, True, None],
            "Day": [DAY] * 4,
            "Note": ["\n"] * 4,
            "Origin": ["S", "S", "S", "Nowhere"],
        }
    )
    async with anaplan_of_sales.async_client() as client:
        report = await client.check_table(SALES_IMPORT, table)
        result = await client.import_table(SALES_IMPORT, table)
    assert result.refused is not None
    refused = {row["row"] for row in result.refused.to_pylist()}
    assert report.refused == len(refused) == 3
    assert {row for problem in report.problems for row in problem.rows} == refused
    assert all(problem.is_inferred for problem in report.problems)
    assert report.certain == ()


async def test_the_columns_are_compared_and_not_refused(anaplan_of_sales: EmulatedAnaplan) -> None:
    async with anaplan_of_sales.async_client() as client:
        table = SALES.rename({"Note": "Notes"}).with_columns(Extra=1)
        report = await client.check_table(SALES_IMPORT, table)
        assert found(report) == [
            ("Note", CheckReason.MISSING_COLUMN, 0),
            ("Notes", CheckReason.UNEXPECTED_COLUMN, 0),
            ("Extra", CheckReason.UNEXPECTED_COLUMN, 0),
        ]
        assert (report.refused, report.ok) == (0, False)
        assert list(report.unchecked) == ["Notes", "Extra"]
        report = await client.check_table(SALES_IMPORT, SALES.select(reversed(SALES.columns)))
        assert [each.reason for each in report.problems] == [CheckReason.COLUMN_ORDER]
        doubled = pa.table([pa.array(["N"])] * 2, names=["Note", "Note"])
        report = await client.check_table(SALES_IMPORT, doubled)
        assert CheckReason.REPEATED_COLUMN in [each.reason for each in report.problems]
        renamed = await client.check_table(
            SALES_IMPORT, SALES.rename({"Regions": "Where"}), columns={"Where": "Regions"}
        )
        assert renamed.ok
        with pytest.raises(ColumnMismatchException, match="Wher"):
            await client.check_table(SALES_IMPORT, SALES, columns={"Wher": "Regions"})


async def test_values_that_cannot_be_written_are_counted(
    anaplan_of_sales: EmulatedAnaplan,
) -> None:
    table = pl.DataFrame(
        {
            "Regions": ["N"] * 4,
            "Amount": [1.5, float("nan"), float("inf"), None],
            "Note": ["Größe", "日本", "語", "x"],
        }
    )
    async with anaplan_of_sales.async_client() as client:
        report = await client.check_table(LATIN, table)
        assert found(report) == [
            ("Amount", CheckReason.NOT_WRITABLE, 2),
            ("Note", CheckReason.NOT_WRITABLE, 2),
        ]
        assert (report.rows, report.refused) == (4, 2)
        assert report.problems[0].rows == (1, 2)
        assert report.target is None
        assert report.unchecked.keys() == {"Regions", "Amount", "Note"}
        binary = table.with_columns(Note=pl.lit(b"x"), Amount=pl.datetime(2026, 1, 1, 8))
        report = await client.check_table(LATIN, binary)
    assert found(report) == [
        ("Amount", CheckReason.NOT_WRITABLE, 4),
        ("Note", CheckReason.TYPE, 0),
    ]


async def test_lists_are_named_by_the_caller(anaplan_of_sales: EmulatedAnaplan) -> None:
    table = pl.DataFrame({"Regions": ["N", "Nowhere"], "Amount": [1, 2], "Note": ["South", "X"]})
    lists: dict[str, int | str] = {"Regions": REGIONS, "Note": str(REGIONS)}
    async with anaplan_of_sales.async_client() as client:
        report = await client.check_table(LATIN, table, lists=lists)
        assert found(report) == [
            ("Regions", CheckReason.NOT_A_MEMBER, 1),
            ("Note", CheckReason.NOT_A_MEMBER, 1),
        ]
        assert report.certain == report.problems
        assert list(report.unchecked) == ["Amount"]
        report = await client.check_table(LATIN, table, lists=lists, members=False)
        assert report.ok
        assert report.unchecked.keys() == {"Regions", "Amount", "Note"}
        with pytest.raises(InvalidArgumentException, match="Region"):
            await client.check_table(LATIN, table, lists={"Region": REGIONS})
        with pytest.raises(InvalidIdentifierException):
            await client.check_table(LATIN, table, lists={"Note": 101_000_000_999})


async def test_the_properties_and_parents_of_a_list_are_checked(
    anaplan_of_sales: EmulatedAnaplan,
) -> None:
    table = pl.DataFrame(
        {
            "Code": ["A", "B"],
            "Name": ["New", "Newer"],
            "Parent": ["North", "Nowhere"],
            "Price": ["free", "1"],
            "Active": [True, False],
            "Launch": [DAY, DAY],
            "Region": ["?", "?"],
        }
    )
    async with anaplan_of_sales.async_client() as client:
        report = await client.check_table(PRODUCTS, table)
        assert report.target is not None
        assert (report.target.kind, report.target.id) == ("list", str(PRODUCT_LIST))
        named = await client.check_table(PRODUCTS, table, target=str(PRODUCT_LIST))
    assert found(report) == [
        ("Parent", CheckReason.NOT_A_MEMBER, 1),
        ("Price", CheckReason.NOT_A_NUMBER, 1),
    ]
    assert report.unchecked.keys() == {"Code", "Name", "Region"}
    assert found(named) == found(report)
    assert named.certain == named.problems


async def test_items_of_numbered_lists_are_only_compared_when_the_list_is_named(
    anaplan_of_sales: EmulatedAnaplan,
) -> None:
    table = pl.DataFrame({"Orders": ["#1"], "Total": [1]})
    async with anaplan_of_sales.async_client() as client:
        report = await client.check_table(ORDERS, table, target=ORDER_MODULE)
        assert report.ok
        assert "numbered" in report.unchecked["Orders"]
        report = await client.check_table(ORDERS, table, lists={"Orders": ORDER_LIST})
    assert found(report) == [("Orders", CheckReason.NOT_A_MEMBER, 1)]


async def test_what_is_inferred_but_cannot_be_read_is_unchecked(
    anaplan_of_sales: EmulatedAnaplan,
) -> None:
    anaplan_of_sales.fault(path="*/lineItems*", status=403)
    async with anaplan_of_sales.async_client() as client:
        report = await client.check_table(SALES_IMPORT, SALES)
        assert report.ok
        assert report.target is None
        assert report.unchecked.keys() == set(SALES.columns)
        anaplan_of_sales.fault(path=f"*/dimensions/{REGIONS}/items", status=403)
        report = await client.check_table(SALES_IMPORT, SALES)
        assert report.unchecked.keys() == {"Regions", "Origin"}
        anaplan_of_sales.fault(path="*/lineItems*", status=403)
        with pytest.raises(PermissionDeniedException):
            await client.check_table(SALES_IMPORT, SALES, target=SALES_MODULE)
        anaplan_of_sales.fault(path=f"*/dimensions/{REGIONS}/items", status=403)
        with pytest.raises(PermissionDeniedException):
            await client.check_table(SALES_IMPORT, SALES, lists={"Regions": REGIONS})


async def test_large_lists_are_read_in_pages(anaplan_of_sales: EmulatedAnaplan) -> None:
    async with anaplan_of_sales.async_client() as client:
        metadata = (await client.tr.get_list_metadata(REGIONS)).model_dump(by_alias=True)
        metadata["itemCount"] = 1_000_001
        anaplan_of_sales.fault(path=f"*/lists/{REGIONS}", body={"metadata": metadata}, times=None)
        report = await client.check_table(
            SALES_IMPORT, SALES.with_columns(Origin=pl.lit("Nowhere")), target=SALES_MODULE
        )
    assert found(report) == [("Origin", CheckReason.NOT_A_MEMBER, 3)]
    assert anaplan_of_sales.requests("GET", "*/dimensions/*") == []
    # A large read is made, and ended; nothing else is sent.
    assert [each.split()[0] for each in sent(anaplan_of_sales)] == ["POST", "DELETE"]
    assert len(anaplan_of_sales.requests("POST", f"*/lists/{REGIONS}/readRequests")) == 1


async def test_a_large_table_is_counted_completely(anaplan_of_sales: EmulatedAnaplan) -> None:
    count = 40_000
    table = pl.DataFrame(
        {
            "Regions": [f"Region {number}" for number in range(count)],
            "Amount": [str(number) if number % 2 else "x" for number in range(count)],
            "Note": [None] * count,
        },
        schema_overrides={"Note": pl.String},
    )
    async with anaplan_of_sales.async_client() as client:
        report = await client.check_table(LATIN, table, target=SALES_MODULE)
    assert found(report) == [
        ("Regions", CheckReason.NOT_A_MEMBER, count),
        ("Amount", CheckReason.NOT_A_NUMBER, count // 2),
    ]
    assert (report.rows, report.refused) == (count, count)
    assert report.problems[0].rows == tuple(range(10))
    assert len(report.problems[0].examples) == 10


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"import_id": LOAD}, InvalidIdentifierException),
        ({"import_id": 112_000_000_999}, InvalidIdentifierException),
        ({"target": 102_000_000_999}, InvalidIdentifierException),
        ({"table": SALES.lazy()}, ArgumentTypeException),
        ({"columns": []}, InvalidArgumentException),
    ],
    ids=["no import", "unknown import", "unknown target", "lazy table", "no columns"],
)
async def test_invalid_arguments_are_errors(
    anaplan_of_sales: EmulatedAnaplan, arguments: dict[str, Any], error: type[Exception]
) -> None:
    async with anaplan_of_sales.async_client() as client:
        with pytest.raises(error):
            await client.check_table(**{"import_id": SALES_IMPORT, "table": SALES, **arguments})
    assert sent(anaplan_of_sales) == []
