"""A model with imports of tables: products into a list, and sales into a module."""

from __future__ import annotations

from typing import Any

from anaplan_sdk.testing import EmulatedAnaplan

SALES: dict[str, Any] = {
    "name": "Sales",
    "lists": [
        {
            "name": "Regions",
            "items": [{"name": "North", "code": "N"}, {"name": "South", "code": "S"}],
        },
        {
            "name": "Products",
            "parent": "Regions",
            "properties": [
                {"name": "Price", "format": "NUMBER"},
                {"name": "Active", "format": "BOOLEAN"},
                {"name": "Launch", "format": "DATE"},
                {"name": "Region", "format": "LIST", "list": "Regions"},
            ],
        },
        {"name": "Orders", "numbered": True},
    ],
    "modules": [
        {
            "name": "Sales",
            "dimensions": ["Regions"],
            "line_items": [
                {"name": "Amount", "format": "NUMBER"},
                {"name": "Sold", "format": "BOOLEAN"},
                {"name": "Day", "format": "DATE"},
                {"name": "Note", "format": "TEXT"},
                {"name": "Origin", "format": "LIST", "list": "Regions"},
            ],
        },
        {
            "name": "Order Facts",
            "dimensions": ["Orders"],
            "line_items": [{"name": "Total", "format": "NUMBER"}],
        },
    ],
    "files": [
        {"name": "products.csv"},
        {"name": "sales.csv"},
        {"name": "latin.txt", "separator": ";", "encoding": "ISO-8859-1", "decimal_separator": ","},
        {"name": "unread.csv"},
        {"name": "shared.csv"},
        {"name": "figures.xlsx"},
        {"name": "orders.csv"},
        {"name": "bare.csv", "header_row": 0, "first_data_row": 1},
    ],
    "imports": [
        {
            "name": "Products from products.csv",
            "file": "products.csv",
            "target": {
                "list": "Products",
                "code": "Code",
                "name": "Name",
                "parent": "Parent",
                "properties": {
                    "Price": "Price",
                    "Active": "Active",
                    "Launch": "Launch",
                    "Region": "Region",
                },
            },
        },
        {
            "name": "Sales from sales.csv",
            "file": "sales.csv",
            "target": {
                "module": "Sales",
                "dimensions": {"Regions": "Regions"},
                "line_items": {name: name for name in ("Amount", "Sold", "Day", "Note", "Origin")},
            },
        },
        {
            "name": "Latin Notes",
            "file": "latin.txt",
            "target": {
                "module": "Sales",
                "dimensions": {"Regions": "Regions"},
                "line_items": {"Amount": "Amount", "Note": "Note"},
            },
        },
        {
            "name": "Regions from shared.csv",
            "file": "shared.csv",
            "target": {"list": "Regions", "name": "Name", "code": "Code"},
        },
        {
            "name": "Codes",
            "file": "shared.csv",
            "target": {"list": "Regions", "code": "Code"},
        },
        {
            "name": "Figures",
            "file": "figures.xlsx",
            "target": {"list": "Regions", "name": "Name", "code": "Code"},
        },
        {
            "name": "Order Facts from orders.csv",
            "file": "orders.csv",
            "target": {
                "module": "Order Facts",
                "dimensions": {"Orders": "Orders"},
                "line_items": {"Total": "Total"},
            },
        },
        {
            "name": "Bare",
            "file": "bare.csv",
            "target": {
                "module": "Sales",
                "dimensions": {"Regions": 1},
                "line_items": {"Amount": 2},
            },
        },
    ],
    "exports": [
        {"name": "Sales - tabular.csv", "module": "Sales", "omit_empty_rows": True},
    ],
    "processes": [{"name": "Load", "actions": ["Products from products.csv"]}],
}

(
    PRODUCTS,
    SALES_IMPORT,
    LATIN,
    SHARED,
    CODES,
    FIGURES,
    ORDERS,
    BARE,
) = range(112_000_000_000, 112_000_000_008)
(
    PRODUCTS_FILE,
    SALES_FILE,
    LATIN_FILE,
    UNREAD_FILE,
    SHARED_FILE,
    FIGURES_FILE,
    ORDERS_FILE,
) = range(113_000_000_000, 113_000_000_007)
REGIONS, PRODUCT_LIST, ORDER_LIST = range(101_000_000_000, 101_000_000_003)
SALES_MODULE, ORDER_MODULE = range(102_000_000_000, 102_000_000_002)
EXPORT, LOAD = 116_000_000_000, 118_000_000_000


def sent(anaplan: EmulatedAnaplan) -> list[str]:
    """The requests that changed something at Anaplan: chunks, counts of chunks, and starts."""
    return [
        f"{each.method} {each.path}"
        for each in anaplan.requests()
        if each.method != "GET" and "/models/" in each.path
    ]
