"""Times and numbers from which nothing could be calculated are refused, and change nothing."""

import json
import math
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from anaplan_emulator import Emulator, Settings, TenantDescription
from anaplan_emulator.tenant.schedules import Schedule

ADA = ("ada@example.com", "correct horse")
SHOP = Path(__file__).parents[1] / "tenants" / "shop.json"


@pytest.mark.parametrize(
    "body",
    [
        '{"set": "9999-12-31T23:59:59Z"}',
        '{"set": "9999-12-31T23:59:59-12:00"}',
        '{"set": "0001-01-01T00:00:00Z"}',
        '{"set": "1969-12-31T23:59:59Z"}',
        '{"set": "2030-01-01T00:00:00"}',
        '{"set": "2030-01-01T00:00:00Z", "advance_seconds": 1e11}',
        '{"advance_seconds": 1e11}',
        '{"advance_seconds": 1e300}',
        '{"advance_seconds": 1e999}',
        '{"advance_seconds": Infinity}',
        '{"advance_seconds": NaN}',
        '{"advance_seconds": -1}',
    ],
)
def test_a_far_clock_is_a_400(emulator: Emulator, http: httpx2.Client, body: str) -> None:
    reply = http.post("/_emulator/clock", content=body)

    assert reply.status_code == 400
    assert reply.json()["error"]
    assert emulator.tenant.clock.offset == timedelta()
    assert http.post("/token/authenticate", auth=ADA).status_code == 201


@pytest.mark.parametrize("amount", [math.inf, -math.inf, math.nan, 1e9, 1e300, -1])
def test_the_clock_cannot_be_advanced_by_any_number(emulator: Emulator, amount: float) -> None:
    with pytest.raises(ValueError, match="the clock can"):
        emulator.advance(hours=amount)

    assert emulator.tenant.clock.offset == timedelta()


@pytest.mark.parametrize(
    "moment",
    [
        datetime(9999, 12, 31, tzinfo=UTC),
        datetime(3000, 1, 2, tzinfo=UTC),
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(2030, 1, 1),  # noqa: DTZ001 (the error is that it has no time zone)
    ],
)
def test_the_clock_cannot_be_set_to_any_time(emulator: Emulator, moment: datetime) -> None:
    with pytest.raises(ValueError, match="the clock"):
        emulator.set_clock(moment)

    assert emulator.tenant.clock.offset == timedelta()


def test_everything_works_at_both_ends_of_the_clock(
    emulator: Emulator, http: httpx2.Client
) -> None:
    for moment in (datetime(1970, 1, 2, tzinfo=UTC), datetime(2999, 12, 31, tzinfo=UTC)):
        emulator.set_clock(moment)
        reply = http.post("/token/authenticate", auth=ADA)
        assert reply.status_code == 201
        token = reply.json()["tokenInfo"]["tokenValue"]
        headers = {"Authorization": f"AnaplanAuthToken {token}"}
        assert http.get("/2/0/workspaces", headers=headers).status_code == 200
        assert emulator.issue_certificate(ADA[0]).certificate
        assert http.get("/_emulator/requests").json()


@pytest.mark.parametrize("value", ["1e999", "NaN", "-1e999", "1e300"])
def test_settings_are_finite(http: httpx2.Client, value: str) -> None:
    for name, field in Settings.model_fields.items():
        if isinstance(field.get_default(), int | float) and "bool" not in str(field.annotation):
            reply = http.patch("/_emulator/settings", content=f'{{"{name}": {value}}}')
            assert reply.status_code == 400, name


def test_the_greatest_settings_are_used(emulator: Emulator, http: httpx2.Client) -> None:
    greatest = {
        name: 2**53 - 1
        for name, field in Settings.model_fields.items()
        if any(kind in str(field.annotation) for kind in ("int", "float"))
    }
    assert http.patch("/_emulator/settings", json=greatest).status_code == 200

    reply = http.post("/token/authenticate", auth=ADA)
    headers = {"Authorization": f"AnaplanAuthToken {reply.json()['tokenInfo']['tokenValue']}"}
    assert http.get("/2/0/users/me", headers=headers).status_code == 200
    client = (
        {"client_id": emulator.tenant.description.oauth_clients[0].id}
        if (emulator.tenant.description.oauth_clients)
        else {}
    )
    assert http.post("/oauth/device/code", json=client).status_code < 500


def test_faults_last_a_finite_time(http: httpx2.Client) -> None:
    for name in ("delay_seconds", "hold_seconds", "bytes_per_second"):
        for value in ("1e999", "NaN"):
            reply = http.post("/_emulator/faults", content=f'{{"{name}": {value}}}')
            assert reply.status_code == 400


HOURLY = {
    "name": "All day",
    "type": "hourly",
    "fromTime": "00:30",
    "toTime": "23:59",
    "repeatEvery": 1,
    "daysOfWeek": [0, 1, 2, 3, 4, 5, 6],
    "startDate": "2020-01-01",
    "timezone": "America/New_York",
}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"type": "daily", "time": "12:00"},
        {"type": "weekly", "time": "02:30"},
        {"type": "monthly_specific_day", "time": "01:00", "dayOfMonth": 31},
        {"type": "monthly_relative_weekday", "time": "01:00", "dayOfWeek": 1, "repeatEvery": 5},
        {"endDate": "2021-03-14"},
    ],
)
def test_the_last_times_of_a_schedule_are_those_found_one_by_one(
    changes: dict[str, object],
) -> None:
    schedule = Schedule.model_validate({**HOURLY, **changes})
    first = schedule.due_after(datetime(2021, 1, 1, tzinfo=UTC))
    until = datetime(2021, 11, 8, 12, tzinfo=UTC)  # After both changes to and from summer time.
    expected = []
    due = first
    while due is not None and due <= until:
        expected.append(due)
        due = schedule.due_after(due)

    assert first is not None
    assert schedule.last_due(first, until, most=10**6) == expected
    assert schedule.last_due(first, until, most=7) == expected[-7:]


def test_a_schedule_that_begins_in_the_last_year_of_the_calendar_is_never_due() -> None:
    far = Schedule.model_validate({**HOURLY, "startDate": "9999-12-31"})

    assert far.due_after(datetime(2026, 1, 1, tzinfo=UTC)) is None


def test_a_jump_of_centuries_starts_the_last_runs_of_a_schedule_at_once() -> None:
    description = json.loads(SHOP.read_text())
    for integration in description["cloud_works"]["integrations"]:
        integration["schedule"] = HOURLY
    with Emulator(TenantDescription.model_validate(description)) as emulator:
        began = time.monotonic()
        emulator.advance(hours=24 * 365 * 900)
        emulator.reset()

        assert time.monotonic() - began < 10
