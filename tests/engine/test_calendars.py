from datetime import date
from itertools import pairwise

import pytest
from pydantic import ValidationError

from anaplan_emulator.tenant.calendars import Calendar, Period, parse_fiscal_year

GROUPED = "Weeks: 4-4-5, 4-5-4 or 5-4-4"


def calendar_of_weeks(**more: object) -> Calendar:
    values = {"type": GROUPED, "start": "2026-01-05", **more}
    return Calendar.model_validate(values)


@pytest.mark.parametrize(
    ("start", "year"), [("2026-01-01", 2026), ("2025-04-01", 2026), ("2026-02-01", 2027)]
)
def test_years_of_months_are_named_after_their_end(start: str, year: int) -> None:
    assert Calendar(start=date.fromisoformat(start)).named_year == year


def test_past_and_future_years() -> None:
    scale = Calendar(start=date(2025, 4, 1), past_years=1, future_years=2).timescale
    assert (scale.first, scale.last) == (date(2024, 4, 1), date(2028, 3, 31))
    texts = [period.text for period in scale.periods()]
    assert (len(texts), texts[0], texts[-1]) == (48, "Apr 24", "Mar 28")


def test_years_of_weeks_have_52_or_53() -> None:
    calendar = calendar_of_weeks()
    begins = [calendar.begin_of(year) for year in range(2020, 2040)]
    assert begins[6] == date(2026, 1, 5)
    assert {begin.weekday() for begin in begins} == {0}
    lengths = {(following - begin).days // 7 for begin, following in pairwise(begins)}
    assert lengths == {52, 53}


@pytest.mark.parametrize(
    ("week_format", "text"),
    [
        ("Numbered", "Week 2 FY26"),
        ("Week Commencing", "12 Jan 26"),
        ("Week Ending", "18 Jan 26"),
    ],
)
def test_names_of_weeks(week_format: str, text: str) -> None:
    scale = calendar_of_weeks(week_format=week_format).timescale
    period = scale.period_of(date(2026, 1, 14))
    assert period == Period(text, date(2026, 1, 12), date(2026, 1, 18))


def test_the_last_week_of_the_previous_year() -> None:
    period = calendar_of_weeks().timescale.period_of(date(2026, 1, 4))
    assert (period.text, period.last) == ("Week 52 FY25", date(2026, 1, 4))


def test_periods_follow_each_other() -> None:
    periods = list(calendar_of_weeks(past_years=3, future_years=3).timescale.periods())
    assert len({period.text for period in periods}) == len(periods)
    assert len(periods) > 52
    for before, after in pairwise(periods):
        assert (after.first - before.last).days == 1


def test_general_weeks() -> None:
    calendar = Calendar(type="Weeks: General", start=date(2026, 1, 7), weeks=2)
    assert [period.text for period in calendar.timescale.periods()] == ["7 Jan 26", "14 Jan 26"]
    assert calendar.timescale.last == date(2026, 1, 20)


def test_a_start_on_a_leap_day_moves_in_other_years() -> None:
    calendar = calendar_of_weeks(start="2024-02-29", type="Weeks: 13 4-week Periods")
    assert calendar.begin_of(calendar.named_year) == date(2024, 2, 29)
    assert calendar.begin_of(calendar.named_year + 1).weekday() == date(2024, 2, 29).weekday()


@pytest.mark.parametrize(
    "values",
    [
        {"start": "2026-01-02"},
        {"current_period": "2031-01-01"},
        {"type": "Weeks: General", "months": 3},
        {"type": "Days"},
    ],
)
def test_invalid_calendars(values: object) -> None:
    with pytest.raises(ValidationError):
        Calendar.model_validate(values)


def test_names_of_years() -> None:
    assert parse_fiscal_year("FY26") == 2026
    assert [parse_fiscal_year(text) for text in ("FY51", "FY2026", "26", "fy26")] == [None] * 4
