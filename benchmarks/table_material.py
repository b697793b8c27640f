"""Tables as files for the jobs. `python table_material.py FOLDER ROWS ...`, the fewest rows first.

Each number of rows is a multiple of the first one, whose rows are repeated.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

# pyarrow's default, and so that of pandas.
_ROW_GROUP = 1 << 20


def main(folder: Path, lengths: list[int]) -> None:
    """Write a Parquet and a CSV file of each length, unless they exist."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [(folder / f"table-{rows}.parquet", folder / f"table-{rows}.csv") for rows in lengths]
    if all(path.is_file() for each in names for path in each):
        return
    table = make(lengths[0])
    for rows, (parquet, csv) in zip(lengths, names, strict=True):
        native = table.to_arrow()
        with pq.ParquetWriter(parquet, native.schema) as writer, csv.open("wb") as file:
            for number in range(rows // lengths[0]):
                writer.write_table(native, row_group_size=_ROW_GROUP)
                table.write_csv(file, include_header=number == 0)


def make(rows: int) -> pl.DataFrame:
    """Return a table of mixed columns, like the data that planning models load."""
    index = pl.int_range(rows, dtype=pl.Int64)
    some = index.hash(1)
    more = index.hash(2)
    start = pl.lit(date(2026, 1, 1))
    text = pl.format('Delivered, as "agreed", by {}', more % 977)
    return pl.select(
        Code=pl.format("F{}", index.cast(pl.String).str.zfill(8)),
        Product=pl.format("Product {}", (some % 997).cast(pl.String).str.zfill(4)),
        Region=pl.format("Region {}", more % 41),
        Account=pl.format("A{}", (some % 313).cast(pl.String).str.zfill(5)),
        Ordered=start + pl.duration(days=some % 365),
        Due=pl.when(more % 7 > 0).then(start + pl.duration(days=more % 400)),
        Units=(some % 1009).cast(pl.Int64),
        Number=(more % 10_000_000_000).cast(pl.Int64),
        Price=((more % 10_000_000).cast(pl.Int64) / 100),
        Rate=(some % (1 << 53)).cast(pl.Int64) / (1 << 53),
        Active=some % 3 == 0,
        Comment=pl.when(more % 5 > 2).then(text).when(more % 5 > 0).then(pl.lit("Delivered")),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), [int(each) for each in sys.argv[2:]])
