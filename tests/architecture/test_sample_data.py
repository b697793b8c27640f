"""The bundled sample data is what its script derives and what its README describes."""

import csv
import gzip
from collections import Counter
from pathlib import Path

import derive_flights


def rows(name: str) -> list[dict[str, str]]:
    content = derive_flights.read(derive_flights.DATA / name).decode()
    return list(csv.DictReader(content.splitlines()))


def test_the_bundled_files_are_the_derived_ones() -> None:
    assert derive_flights.differences(derive_flights.DATA) == []


def test_an_altered_and_a_missing_file_are_found(tmp_path: Path) -> None:
    for name in (derive_flights.FLIGHTS, "airlines.csv"):
        content = derive_flights.read(derive_flights.DATA / name)
        derive_flights.write(tmp_path / name, content.replace(b"United", b"Untied"))
    assert derive_flights.differences(tmp_path) == [
        "airlines.csv differs from what tools/derive_flights.py derives",
        "airports.csv differs from what tools/derive_flights.py derives",
    ]


def test_compressed_files_carry_no_time(tmp_path: Path) -> None:
    derive_flights.write(tmp_path / "a.gz", b"content")
    assert (tmp_path / "a.gz").read_bytes()[4:8] == bytes(4)
    assert gzip.decompress((tmp_path / "a.gz").read_bytes()) == b"content"


def test_february_has_the_errors_that_its_readme_describes() -> None:
    flights = rows(derive_flights.FLIGHTS)
    airports = {airport["faa"] for airport in rows("airports.csv")}
    unknown = Counter(flight["dest"] for flight in flights if flight["dest"] not in airports)

    assert len(flights) == len({flight["flight_id"] for flight in flights}) == 24_951
    assert unknown == {"SJU": 434, "BQN": 82, "STT": 64, "PSE": 28}
    assert sum(not flight["dep_delay"] for flight in flights) == 1_261
    assert sum(not flight["arr_delay"] for flight in flights) == 1_340
    assert {flight["month"] for flight in flights} == {"2"}
