"""The default tenant with the example data."""

import gzip
from collections import Counter
from csv import DictReader
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from anaplan_emulator.tenant.tenant_file import read_tenant

if TYPE_CHECKING:
    from tests.engine.conftest import ModelHarness

    from anaplan_emulator.tenant.tenant_description import TenantDescription

DATA = Path(__file__).parents[2] / "src/anaplan_emulator/sample_data"


@pytest.fixture
def tenant() -> "TenantDescription":
    return read_tenant(None)


def test_flights_are_loaded_except_those_to_unknown_airports(model: "ModelHarness") -> None:
    flights = gzip.decompress((DATA / "flights-2013-02.csv.gz").read_bytes())
    model.upload("airlines.csv", (DATA / "airlines.csv").read_bytes())
    model.upload("airports.csv", (DATA / "airports.csv").read_bytes())
    model.upload("flights.csv", flights[:2_000_000], flights[2_000_000:])
    result = model.run("Load flights")
    assert result.successful
    counters = [step.details[0].values for step in result.nested or ()]
    assert [counter["successRowCount"] for counter in counters] == [
        "9",
        "16",
        "1458",
        "24951",
        "24343",
    ]
    assert [step.failure_dump for step in result.nested or ()] == [False] * 4 + [True]
    rejected = Counter(row["_Error_1_"] for row in DictReader(model.dump()))
    assert rejected == {
        "Invalid item from list Airports: SJU": 434,
        "Invalid item from list Airports: BQN": 82,
        "Invalid item from list Airports: STT": 64,
        "Invalid item from list Airports: PSE": 28,
    }

    assert model.run("Flight Facts - tabular.csv").successful
    exported = list(DictReader(model.output("Flight Facts - tabular.csv").decode().splitlines()))
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

    assert model.run("Delete all flights").details[0].occurrences == 24951
