"""Items, cells and default contents in files beside the tenant's file."""

from __future__ import annotations

import sys
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.emulator.any_tenant import AdminClient, tenant_with

from anaplan_emulator import TenantError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anaplan_emulator import Emulator, TenantDescription

REGIONS = {"name": "Regions", "items": [{"name": "North", "code": "N"}, {"name": "South"}]}
PROPERTIES = [
    {"name": "Colour"},
    {"name": "Weight", "format": "NUMBER"},
    {"name": "Sold", "format": "BOOLEAN"},
    {"name": "Since", "format": "DATE"},
    {"name": "Origin", "format": "LIST", "list": "Regions"},
    {"name": "Code"},
]
LINE_ITEMS = [
    {"name": "Units"},
    {"name": "Best", "format": "BOOLEAN"},
    {"name": "Note", "format": "TEXT"},
]
ITEMS: list[dict[str, Any]] = [
    {
        "name": "Pear, green",
        "code": "P1",
        "parent": "North",
        "properties": {
            "Colour": 'a "light" green\nor yellow',
            "Weight": 12.5,
            "Sold": True,
            "Since": "2026-02-03",
            "Origin": "N",
            "Code": "own",
        },
        "subsets": ["Fruit"],
    },
    {"name": " Fig ", "parent": "South", "properties": {"Weight": -3, "Sold": False}},
    {"name": "Ünlü", "code": "U"},
]
CELLS = [
    {"Products": "P1", "Units": 4.25, "Best": True, "Note": " x "},
    {"Products": " Fig ", "Units": 1e6},
]
ITEMS_CSV = """\
name,code,parent,Colour,Weight,Sold,Since,Origin,property: Code,subset: Fruit
"Pear, green",P1,North,"a ""light"" green
or yellow",12.5,TRUE,2026-02-03,N,own,yes
 Fig ,,South,,-3,false,,,,
Ünlü,U
"""
CELLS_CSV = """\
Products,Units,Best,Note
P1,4.25,true, x 

 Fig ,"1,000,000",,
"""  # noqa: W291


def model(products: dict[str, Any], prices: dict[str, Any]) -> TenantDescription:
    products_list = {
        "name": "Products",
        "parent": "Regions",
        "properties": PROPERTIES,
        "subsets": ["Fruit"],
        **products,
    }
    module = {"name": "Prices", "dimensions": ["Products"], "line_items": LINE_ITEMS, **prices}
    return tenant_with(lists=[products_list, REGIONS], modules=[module])


def listed(emulator: Emulator) -> tuple[Any, Any]:
    """Return the items with their properties, and the cells."""
    with AdminClient(emulator) as client:
        items = client.get("/lists/101000000000/items?includeAll=true")["listItems"]
        return items, client.cells("102000000000")


def written(folder: Path, name: str, content: str | bytes) -> str:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


@pytest.fixture
def described(emulator: Emulator) -> tuple[Any, Any]:
    """The items and cells as they are when they are described inline."""
    emulator.load_tenant(model({"items": ITEMS}, {"cells": CELLS}))
    return listed(emulator)


def test_csv_means_the_same_as_a_description(
    emulator: Emulator, described: tuple[Any, Any], tmp_path: Path
) -> None:
    assert [item["name"] for item in described[0]] == ["Pear, green", " Fig ", "Ünlü"]
    assert described[0][0]["properties"]["Colour"] == ITEMS[0]["properties"]["Colour"]
    for mark in (b"", b"\xef\xbb\xbf"):
        items = written(tmp_path, "items.csv", mark + ITEMS_CSV.encode())
        cells = written(tmp_path, "cells.CSV", mark + CELLS_CSV.replace("\n", "\r\n").encode())
        emulator.load_tenant(model({"items_file": items}, {"cells_file": cells}))
        assert listed(emulator) == described


def parquet_items() -> pa.Table:
    return pa.table(
        {
            "name": [item["name"] for item in ITEMS],
            "code": pa.array(["P1", None, "U"]).dictionary_encode(),
            "parent": ["North", "South", None],
            "Colour": [ITEMS[0]["properties"]["Colour"], None, ""],
            "Weight": pa.array([Decimal("12.50"), Decimal(-3), None], pa.decimal128(10, 2)),
            "Sold": [True, False, None],
            "Since": [date(2026, 2, 3), None, None],
            "Origin": pa.array(["N", None, None]).dictionary_encode(),
            "property: Code": ["own", None, None],
            "subset: Fruit": [True, None, False],
        }
    )


def parquet_cells() -> pa.Table:
    return pa.table(
        {
            "Products": ["P1", " Fig "],
            "Units": [4.25, 1e6],
            "Best": [True, None],
            "Note": [" x ", None],
        }
    )


@pytest.mark.parametrize("library", ["arro3", "pyarrow"])
def test_parquet_means_the_same_as_a_description(
    emulator: Emulator,
    described: tuple[Any, Any],
    tmp_path: Path,
    library: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if library == "pyarrow":
        monkeypatch.setitem(sys.modules, "arro3.io", None)
    pq.write_table(parquet_items(), tmp_path / "items.parquet")
    pq.write_table(parquet_cells(), tmp_path / "cells.parquet")
    emulator.load_tenant(
        model(
            {"items_file": str(tmp_path / "items.parquet")},
            {"cells_file": str(tmp_path / "cells.parquet")},
        )
    )
    assert listed(emulator) == described


def test_typed_values_of_parquet_become_those_of_line_items(
    emulator: Emulator, tmp_path: Path
) -> None:
    pq.write_table(
        pa.table(
            {
                "Products": ["Ünlü", "Pear, green"],
                "Units": [float("nan"), 2.0],
                "Best": [1, 0],
                "Note": [datetime(2026, 1, 2, 3), None],  # noqa: DTZ001
            }
        ),
        tmp_path / "cells.parquet",
    )
    tenant = model({"items": ITEMS}, {"cells_file": str(tmp_path / "cells.parquet")})
    emulator.load_tenant(tenant)
    assert listed(emulator)[1][1:] == [
        ['"Pear', ' green"', "2", "false", ""],
        [" Fig ", "0", "false", ""],
        ["Ünlü", "0", "true", "2026-01-02T03:00:00"],
    ]


def test_without_a_library_the_error_names_the_extra(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("arro3.io", "pyarrow", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, module, None)
    tenant = model({"items_file": str(tmp_path / "x.parquet")}, {})
    with pytest.raises(TenantError, match="install the extra 'tables'"):
        emulator.load_tenant(tenant)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("items.csv", "", "items.csv: the file is empty"),
        ("items.csv", "name,nme\n", "column 'nme': the list has no such property"),
        ("items.csv", "name,subset: X\n", "column 'subset: X': the list has no such subset"),
        ("items.csv", "name,Colour,colour\n", "two columns are called"),
        ("items.csv", "name,Colour,property: Colour\n", "two columns are of the property"),
        ("items.csv", "parent\nNorth\n", "neither a column 'name' nor a column 'code'"),
        ("items.csv", "name\na,b\n", "line 2: it has 2 values, but the header has 1 columns"),
        ("items.csv", 'name\n"a\n', "Unmatched text delimiter in line 2"),
        ("items.csv", 'name\n"a"b\nc\n', "line 2: it isn't valid CSV"),
        ("items.csv", b"name\n\xff\n", "is not UTF-8 text"),
        ("items.csv", "name,code\na,1\n\nB,2\nb,3\n", "line 5: another item of the list has"),
        ("items.csv", "name,code\na,1\n,2\n", "line 3: items have names"),
        ("items.csv", "name,Weight\na,1\nb,x\n", "line 3, column 'Weight': Invalid number: x"),
        ("items.csv", "name,Origin\na,East\n", "column 'Origin': .*Regions.*: East"),
        ("items.csv", "name,parent\na,East\n", "line 2, column 'parent': .*Regions.*: East"),
        ("items.csv", "name,id\na,201\n", "line 2: '201' is no id of the list"),
        ("items.csv", "name,id\na,201000000001\nb,202000000001\n", "line 3: '202000000001' is no"),
        ("items.csv", "name,id\na,202000000001\nb,202000000001\n", "have the id 202000000001"),
        ("cells.csv", "Units\n1\n", "no column 'Products', which is a dimension of Prices"),
        ("cells.csv", "Products,Unit\nP1,1\n", "column 'Unit' is neither a dimension"),
        ("cells.csv", "Products,Units\nP1,1\nX,1\n", "line 3, column 'Products': .*: X"),
        ("cells.csv", "Products,Units\nP1,1\n,1\n", "line 3, column 'Products'"),
        ("cells.csv", "Products,Units\nP1,1\nU,1\nP1,2\n", "line 4: an earlier row has cells"),
        ("cells.parquet", b"PAR1 or not", "cells.parquet: it isn't a Parquet file"),
        (None, b"", "missing.csv: No such file"),
    ],
)
def test_errors_name_the_file_and_the_line(
    emulator: Emulator, tmp_path: Path, name: str | None, content: str | bytes, message: str
) -> None:
    path = written(tmp_path, name, content) if name else str(tmp_path / "missing.csv")
    tenant = (
        model({"items": ITEMS}, {"cells_file": path})
        if name and name.startswith("cells")
        else model({"items_file": path}, {})
    )
    before = emulator.tenant.description
    with pytest.raises(TenantError, match=message) as refused:
        emulator.load_tenant(tenant)
    assert path in str(refused.value)
    assert emulator.tenant.description is before
    with AdminClient(emulator):
        pass  # The tenant before can still be used.


def test_errors_in_parquet_name_the_row(emulator: Emulator, tmp_path: Path) -> None:
    path = tmp_path / "cells.parquet"
    pq.write_table(pa.table({"Products": ["P1", "U"], "Units": ["1", "x"]}), path)
    with pytest.raises(TenantError, match="row 2, column 'Units': Invalid number: x"):
        emulator.load_tenant(model({"items": ITEMS}, {"cells_file": str(path)}))
    pq.write_table(pa.table({"Products": ["P1"], "Units": [[1, 2]]}), path)
    with pytest.raises(TenantError, match="column 'Units': list can't be a value"):
        emulator.load_tenant(model({"items": ITEMS}, {"cells_file": str(path)}))


def test_a_default_content_is_read_from_a_file(emulator: Emulator, tmp_path: Path) -> None:
    content = "Näme;1\r\n".encode("iso-8859-1") * 3
    path = written(tmp_path, "default.txt", content)
    file = {"name": "data.txt", "default_file": path, "encoding": "ISO-8859-1", "separator": ";"}
    emulator.load_tenant(tenant_with(files=[file]))
    with AdminClient(emulator) as client:
        chunks = client.get("/files/113000000000/chunks")["chunks"]
        assert len(chunks) == 1
        reply = client.http.get(f"{client.model}/files/113000000000/chunks/0")
        assert reply.content == content
    missing = {**file, "default_file": str(tmp_path / "none")}
    with pytest.raises(TenantError, match="none: No such file"):
        emulator.load_tenant(tenant_with(files=[missing]))


@pytest.fixture
def many(tmp_path: Path) -> Callable[[int], TenantDescription]:
    def tenant(count: int) -> TenantDescription:
        items = [f"{202000000000 + n},Item {n},{n % 7}\n" for n in range(count, 0, -1)]
        path = written(tmp_path, "items.csv", "".join(["id,name,Weight\n", *items]))
        return model({"items_file": path}, {})

    return tenant


def test_items_of_several_batches_keep_their_order_and_ids(
    emulator: Emulator, many: Callable[[int], TenantDescription]
) -> None:
    emulator.load_tenant(many(2500))
    items = listed(emulator)[0]
    assert [item["id"] for item in items] == [str(202000002500 - n) for n in range(2500)]
    assert items[-1]["properties"]["Weight"] == "1"
