"""The default tenant on the data it was made for."""

import gzip
from collections import Counter
from csv import DictReader
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from anaplan_emulator.tenant.tenant_file import read_tenant

if TYPE_CHECKING:
    from tests.engine.conftest import Bench

    from anaplan_emulator.tenant.tenant_description import TenantDescription

DATA = Path(__file__).parents[2] / "examples" / "data"


@pytest.fixture
def tenant() -> "TenantDescription":
    return read_tenant(None)


def test_a_month_of_flights_loads_but_for_those_to_unknown_airports(bench: "Bench") -> None:
    flights = gzip.decompress((DATA / "flights-2013-02.csv.gz").read_bytes())
    bench.upload("airlines.csv", (DATA / "airlines.csv").read_bytes())
    bench.upload("airports.csv", (DATA / "airports.csv").read_bytes())
    bench.upload("flights.csv", flights[:2_000_000], flights[2_000_000:])
    outcome = bench.run("Load flights")
    assert outcome.successful
    counters = [result.details[0].values for result in outcome.nested or ()]
    assert [counter["successRowCount"] for counter in counters] == [
        "9",
        "16",
        "1458",
        "24951",
        "24343",
    ]
    assert [result.failure_dump for result in outcome.nested or ()] == [False] * 4 + [True]
    refused = Counter(row["_Error_1_"] for row in DictReader(bench.dump()))
    assert refused == {
        "Invalid item from list Airports: SJU": 434,
        "Invalid item from list Airports: BQN": 82,
        "Invalid item from list Airports: STT": 64,
        "Invalid item from list Airports: PSE": 28,
    }

    assert bench.run("Flight Facts - tabular.csv").successful
    exported = list(DictReader(bench.output("Flight Facts - tabular.csv").decode().splitlines()))
    unknown = {"SJU", "BQN", "STT", "PSE"}
    loaded = [
        row for row in DictReader(flights.decode().splitlines()) if row["dest"] not in unknown
    ]
    assert [row["Flights"] for row in exported] == [row["flight_id"] for row in loaded]
    for target, source in (
        ("Distance", "distance"),
        ("Air Time", "air_time"),
        ("Departure Delay", "dep_delay"),
        ("Arrival Delay", "arr_delay"),
    ):
        total = sum(float(row[source] or 0) for row in loaded)
        assert sum(float(row[target]) for row in exported) == total
    assert [row["Destination"] for row in exported] == [row["dest"] for row in loaded]

    assert bench.run("Delete all flights").details[0].occurrences == 24951
