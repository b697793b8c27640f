"""The same table as each library has it, with the types that are easily changed on the way."""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

NAMES = ["Code", "Label", "Group", "Units", "Price", "Active", "Since", "Reference"]
CODES = ["P1", "P2", "P9", "P3"]
LABELS = ["Äpfel, rot; 20 °C", 'Pears "B"\nin boxes', "Nobody", None]
GROUPS = ["Fruit", "Fruit", "Roots", "Roots"]
UNITS = [12, None, 1, 9_007_199_254_740_991]
PRICES = [Decimal("1.50"), Decimal("0.0000001"), Decimal("3.00"), None]
ACTIVE = [True, False, None, None]
SINCE = [date(2026, 1, 31), None, date(1969, 12, 31), date(2024, 2, 29)]
REFERENCES = [
    "0b6a7a52-6f0e-4e3a-9c56-8f1d3c2b1a00",
    "00000000-0000-0000-0000-000000000001",
    None,
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
]


class Polars:
    """Texts are string views here, and groups are categories."""

    @staticmethod
    def give():
        import polars as pl

        columns = [CODES, LABELS, GROUPS, UNITS, PRICES, ACTIVE, SINCE, REFERENCES]
        schema = {
            "Code": pl.String,
            "Label": pl.String,
            "Group": pl.Categorical,
            "Units": pl.Int64,
            "Price": pl.Decimal(12, 7),
            "Active": pl.Boolean,
            "Since": pl.Date,
            "Reference": pl.String,
        }
        return pl.DataFrame(dict(zip(NAMES, columns, strict=True)), schema=schema)

    @staticmethod
    def take(stream):
        return stream.to_polars().to_dicts()


class Pandas:
    """Integers with a gap are floats here, dates are timestamps, and filters leave an index."""

    @staticmethod
    def give():
        import pandas as pd

        prices = [None if price is None else float(price) for price in PRICES]
        return pd.DataFrame(
            {
                "Code": CODES,
                "Label": LABELS,
                "Group": pd.Categorical(GROUPS),
                "Units": UNITS,
                "Price": pd.array(prices, dtype="Float64"),
                "Active": pd.array(ACTIVE, dtype="boolean"),
                "Since": pd.to_datetime(pd.Series(SINCE)),
                "Reference": pd.array(REFERENCES, dtype="string"),
            },
        ).set_axis([5, 7, 8, 11])

    @staticmethod
    def take(stream):
        frame = stream.to_pandas()
        return frame.astype(object).where(frame.notna(), None).to_dict("records")


class DuckDB:
    """Sums of integers are hugeints here, and there are enums, decimals and UUIDs."""

    @staticmethod
    def give():
        import duckdb

        duckdb.execute("CREATE TYPE groups AS ENUM ('Fruit', 'Roots')")
        duckdb.execute(
            'CREATE TABLE units (place INT, "Code" VARCHAR, "Label" VARCHAR, "Group" groups, '
            '"Units" HUGEINT, "Price" DECIMAL(12, 7), "Active" BOOLEAN, "Since" DATE, '
            '"Reference" UUID)'
        )
        columns = [CODES, LABELS, GROUPS, UNITS, PRICES, ACTIVE, SINCE, REFERENCES]
        rows = list(zip(range(4), *columns, strict=True))
        duckdb.executemany("INSERT INTO units VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        return duckdb.sql("SELECT * EXCLUDE (place) FROM units ORDER BY place")

    @staticmethod
    def take(stream):
        import duckdb

        stock = stream  # noqa: F841 - duckdb finds it by its name
        result = duckdb.sql("SELECT * FROM stock")
        return [dict(zip(result.columns, row, strict=True)) for row in result.fetchall()]


class PyArrow:
    """The table consists of several chunks here, and a dictionary in each."""

    @staticmethod
    def give():
        import pyarrow as pa

        zone = ZoneInfo("Europe/Berlin")
        columns = [
            pa.array(CODES),
            pa.array(LABELS, pa.large_string()),
            pa.array(GROUPS).dictionary_encode(),
            pa.array(UNITS, pa.int64()),
            pa.array(PRICES, pa.decimal128(12, 7)),
            pa.array(ACTIVE),
            pa.array(
                [day and datetime(day.year, day.month, day.day, tzinfo=zone) for day in SINCE],
                pa.timestamp("ns", "Europe/Berlin"),
            ),
            pa.array(REFERENCES),
        ]
        whole = pa.table(columns, NAMES)
        return pa.concat_tables([whole.slice(0, 1), whole.slice(1, 0), whole.slice(1)])

    @staticmethod
    def take(stream):
        return stream.to_pyarrow().to_pylist()


FRAMES = {"polars": Polars, "pandas": Pandas, "duckdb": DuckDB, "pyarrow": PyArrow}
