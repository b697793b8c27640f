"""The programs with tables that are measured. Only this release makes these calls."""

from __future__ import annotations

import io
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from anaplan_sdk import AsyncClient, Client
from measurement import Job, Measurement
from replies import EXPORT, FILE

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl


def _expect(found: object, expected: object) -> None:
    if found != expected:
        raise AssertionError(f"{found!r} instead of {expected!r}")


def _import_libraries(*names: str) -> None:
    """Import what is otherwise imported, and measured, at its first use."""
    for name in ("arro3.core", "arro3.io", *names):
        import_module(name)


def _file(job: Job) -> Path:
    return Path(job.data, f"table-{job.size}.parquet")


def _pandas_frame(job: Job) -> pd.DataFrame:
    import pandas as pd

    frame = pd.read_parquet(_file(job))
    # A column of dates that is read from a file has Python objects.
    dates = {name: pd.to_datetime(frame[name]) for name in ("Ordered", "Due")}
    return frame.assign(**dates)


def _polars_frame(job: Job) -> pl.DataFrame:
    import polars as pl

    return pl.read_parquet(_file(job))


def upload_table_pandas(job: Job, measured: Measurement) -> None:
    """Upload a pandas data frame."""
    client, frame = Client(**job.arguments()), _pandas_frame(job)
    client.get_files()
    _import_libraries()
    with measured.watch():
        _expect(client.upload_table(FILE, frame), job.size)


def upload_table_pandas_csv(job: Job, measured: Measurement) -> None:
    """Upload a pandas data frame as CSV that pandas makes."""
    client, frame = Client(**job.arguments()), _pandas_frame(job)
    client.get_files()
    with measured.watch():
        client.upload_file(FILE, frame.to_csv(index=False))


def upload_table_polars(job: Job, measured: Measurement) -> None:
    """Upload a polars data frame."""
    client, frame = Client(**job.arguments()), _polars_frame(job)
    client.get_files()
    _import_libraries()
    with measured.watch():
        _expect(client.upload_table(FILE, frame), job.size)


def upload_table_polars_csv(job: Job, measured: Measurement) -> None:
    """Upload a polars data frame as CSV that polars makes."""
    client, frame = Client(**job.arguments()), _polars_frame(job)
    client.get_files()
    with measured.watch():
        buffer = io.BytesIO()
        frame.write_csv(buffer)
        client.upload_file(FILE, buffer.getvalue())


def export_table_pandas(job: Job, measured: Measurement) -> None:
    """Read an export as a pandas data frame."""
    client = Client(**job.arguments())
    client.get_files()
    _import_libraries("pandas", "pyarrow")
    with measured.watch():
        frame = client.export_table(EXPORT, run=False).to_pandas()
    _expect(len(frame), job.size)


def export_table_pandas_csv(job: Job, measured: Measurement) -> None:
    """Download an export, and have pandas read the CSV."""
    import pandas as pd

    _import_libraries("pyarrow")  # It holds the texts.
    client = Client(**job.arguments())
    client.get_files()
    with measured.watch():
        frame = pd.read_csv(io.BytesIO(client.get_file(EXPORT)), parse_dates=["Ordered", "Due"])
    _expect(len(frame), job.size)


def export_table_polars(job: Job, measured: Measurement) -> None:
    """Read an export as a polars data frame."""
    client = Client(**job.arguments())
    client.get_files()
    _import_libraries("polars")
    with measured.watch():
        frame = client.export_table(EXPORT, run=False).to_polars()
    _expect(frame.height, job.size)


def export_table_polars_csv(job: Job, measured: Measurement) -> None:
    """Download an export, and have polars read the CSV."""
    import polars as pl

    client = Client(**job.arguments())
    client.get_files()
    with measured.watch():
        frame = pl.read_csv(client.get_file(EXPORT), try_parse_dates=True)
    _expect(frame.height, job.size)


def upload_table_file(job: Job, measured: Measurement) -> None:
    """Upload a Parquet file."""
    client = Client(**job.arguments())
    client.get_files()
    _import_libraries()
    with measured.watch():
        _expect(client.upload_table(FILE, _file(job)), job.size)


def export_table_batches(job: Job, measured: Measurement) -> None:
    """Read the record batches of an export one by one."""
    client, rows = Client(**job.arguments()), 0
    client.get_files()
    _import_libraries()
    with measured.watch(), client.export_table(EXPORT, run=False) as table:
        for batch in table:
            rows += batch.num_rows
    _expect(rows, job.size)


async def upload_table_file_async(job: Job, measured: Measurement) -> None:
    """Upload a Parquet file with the async client."""
    client = AsyncClient(**job.arguments())
    await client.get_files()
    _import_libraries()
    with measured.watch():
        _expect(await client.upload_table(FILE, _file(job)), job.size)


async def export_table_batches_async(job: Job, measured: Measurement) -> None:
    """Read the record batches of an export one by one with the async client."""
    client, rows = AsyncClient(**job.arguments()), 0
    await client.get_files()
    _import_libraries()
    with measured.watch():
        async with await client.export_table(EXPORT, run=False) as table:
            async for batch in table:
                rows += batch.num_rows
    _expect(rows, job.size)


TABLE_PROGRAMS = {
    program.__name__: program
    for program in (
        upload_table_pandas,
        upload_table_pandas_csv,
        upload_table_polars,
        upload_table_polars_csv,
        export_table_pandas,
        export_table_pandas_csv,
        export_table_polars,
        export_table_polars_csv,
        upload_table_file,
        export_table_batches,
        upload_table_file_async,
        export_table_batches_async,
    )
}
