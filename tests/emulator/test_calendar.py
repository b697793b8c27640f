from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

if TYPE_CHECKING:
    from tests.emulator.conftest import Shop

Visit = Callable[[str], "Shop"]
FORECAST, BUDGET = "107000000002", "107000000003"


@pytest.fixture(autouse=True)
def _live(visit: Visit) -> Iterator[None]:
    settings = visit("ada").emulator.settings
    yield
    settings.quirks = "live"


def calendar(shop: "Shop", model: str = "Sales") -> dict[str, Any]:
    body: dict[str, Any] = shop.get("/modelCalendar", model).json()["modelCalendar"]
    return body


def put(shop: "Shop", path: str, model: str = "Sales", **request: Any) -> httpx2.Response:
    return shop.http.put(shop.path(path, model), **request)


def message(answer: httpx2.Response, status: int = 400) -> str:
    assert answer.status_code == status, answer.text
    text: str = answer.json()["status"]["message"]
    return text


def periods(shop: "Shop") -> list[str]:
    names = [f"{month} {year}" for year in (25, 26, 27) for month in ("Jan", "Feb")]
    answer = shop.http.post(shop.path("/dimensions/20000000003/items"), json={"names": names})
    return [item["name"] for item in answer.json().get("items", [])]


def test_a_calendar_of_months(shop: "Shop") -> None:
    assert calendar(shop) == {
        "calendarType": "Calendar Months/Quarters/Years",
        "fiscalYear": {"year": "FY26", "startDate": "2026-01-01", "endDate": "2026-12-31"},
        "pastYearsCount": 0,
        "futureYearsCount": 0,
        "currentPeriod": {"periodText": "", "lastDay": ""},
        "totalsSelection": {
            "isQuarterTotals": True,
            "isHalfYearTotals": False,
            "isYearToDateSummary": False,
            "isYearToGoSummary": False,
            "isTotalOfAllPeriods": False,
        },
    }
    shop.emulator.settings.quirks = "docs"
    assert calendar(shop).keys() == {"fiscalYear"}


def test_a_calendar_of_weeks_in_months(shop: "Shop") -> None:
    found = calendar(shop, "Locked")
    assert found["calendarType"] == "Weeks: 4-4-5, 4-5-4 or 5-4-4"
    assert found["fiscalYear"] == {
        "year": "FY26",
        "startDate": "2026-01-05",
        "endDate": "2027-01-03",
    }
    assert (found["weekFormat"], found["weekGrouping"]) == ("Week Ending", "454")
    assert (found["extraWeekMonth"], found["pastYearsCount"]) == (12, 1)
    assert found["currentPeriod"] == {"periodText": "8 Mar 26", "lastDay": "2026-03-08"}


def test_a_calendar_of_general_weeks_has_no_years(shop: "Shop") -> None:
    assert calendar(shop, "Live") == {
        "calendarType": "Weeks: General",
        "fiscalYear": {},
        "currentPeriod": {"periodText": "", "lastDay": ""},
        "startDate": "2026-01-05",
        "weeksCount": 6,
    }
    refused = put(shop, "/modelCalendar/fiscalYear", "Live", json={"year": "FY27"})
    assert "no fiscal year" in message(refused)


def test_the_fiscal_year_takes_time_along(shop: "Shop") -> None:
    assert periods(shop) == ["Jan 26", "Feb 26"]
    put(shop, "/currentPeriod", json={"date": "2026-02-10"})
    answer = put(shop, "/modelCalendar/fiscalYear", json={"year": "FY27"})
    moved = answer.json()["modelCalendar"]
    assert moved == calendar(shop)
    assert moved["fiscalYear"]["year"] == "FY27"
    assert moved["currentPeriod"] == {"periodText": "", "lastDay": ""}
    assert periods(shop) == ["Jan 27", "Feb 27"]
    put(shop, "/modelCalendar/fiscalYear", json={"year": "FY25"})
    assert periods(shop) == ["Jan 25", "Feb 25"]


@pytest.mark.parametrize(
    "body", [[], {}, {"year": 2027}, {"year": "2027"}, {"year": "FY99"}, {"year": "FY"}]
)
def test_no_fiscal_year(shop: "Shop", body: object) -> None:
    assert "FY26" in message(put(shop, "/modelCalendar/fiscalYear", json=body))
    assert calendar(shop)["fiscalYear"]["year"] == "FY26"


def test_the_fiscal_year_is_read_with_the_calendar(shop: "Shop") -> None:
    assert shop.get("/modelCalendar/fiscalYear").status_code == 405


def test_the_current_period(shop: "Shop") -> None:
    unset = {
        "periodText": "",
        "lastDay": "",
        "calendarType": "Calendar Months/Quarters/Years",
    }
    february = unset | {"periodText": "Feb 26", "lastDay": "2026-02-28"}
    assert shop.get("/currentPeriod").json()["currentPeriod"] == unset
    day = {"date": "2026-02-28"}
    requests: list[dict[str, Any]] = [{"json": day}, {"params": day}]
    for request in requests:
        answer = put(shop, "/currentPeriod", **request)
        assert answer.json()["currentPeriod"] == february
        assert shop.get("/currentPeriod").json()["currentPeriod"] == february
        # An empty one takes it away.
        answer = put(shop, "/currentPeriod", params={"date": ""})
        assert answer.json()["currentPeriod"] == unset


def test_no_current_period(shop: "Shop") -> None:
    def refused(**request: Any) -> str:
        return message(put(shop, "/currentPeriod", **request))

    day = {"date": "2026-02-10"}
    assert "not in both" in refused(params=day, json=day)
    assert "must be a string" in refused()
    assert "must be a string" in refused(json={"date": 20260210})
    for text in ("10.02.2026", "20260210", "2026-02-30"):
        expected = f"Invalid ISO date format '{text}'. Date should match format YYYY-MM-DD"
        assert refused(json={"date": text}) == expected
    assert refused(json={"date": "2026-03-01"}) == (
        "Specified date '2026-03-01' is out of timescale range 2026-01-01 - 2026-02-28"
    )


def test_versions(shop: "Shop") -> None:
    always = {
        "editFrom": {"periodText": "Start of Timescale", "date": "1900-01-01"},
        "editTo": {"periodText": "End of Timescale", "date": "2399-12-31"},
    }
    assert shop.get("/versions").json()["versionMetadata"] == [
        {"id": "107000000001", "name": "Actual", "isCurrent": False, "isActual": True} | always,
        {"id": FORECAST, "name": "Forecast", "isCurrent": True, "isActual": False} | always,
    ]
    actual, forecast, _ = shop.get("/versions", "Locked").json()["versionMetadata"]
    assert actual["editFrom"] == {"periodText": "11 Jan 26", "date": "2026-01-05"}
    assert actual["editTo"] == {"periodText": "5 Jul 26", "date": "2026-07-05"}
    assert forecast["switchover"] == {"periodText": "8 Mar 26", "date": "2026-03-02"}
    assert forecast["notes"] == "Rolls each week"
    page = shop.get("/versions?limit=1&offset=1").json()
    assert [each["name"] for each in page["versionMetadata"]] == ["Forecast"]


def test_a_switchover(shop: "Shop") -> None:
    path = f"/versions/{FORECAST}/switchover"
    answer = put(shop, path, json={"date": "2026-02-10"})
    february = {"periodText": "Feb 26", "date": "2026-02-01"}
    kind = {"calendarType": "Calendar Months/Quarters/Years"}
    assert answer.json()["versionSwitchover"] == february | kind
    assert shop.get("/versions").json()["versionMetadata"][1]["switchover"] == february
    answer = put(shop, path, json={"date": ""})
    assert answer.json()["versionSwitchover"] == {"periodText": "", "date": ""} | kind
    assert "switchover" not in shop.get("/versions").json()["versionMetadata"][1]


def test_no_switchover(shop: "Shop") -> None:
    day = {"date": "2026-02-10"}
    assert "actual version" in message(put(shop, "/versions/107000000001/switchover", json=day))
    path = f"/versions/{FORECAST}/switchover"
    assert "out of timescale range" in message(put(shop, path, json={"date": "2026-03-01"}))
    assert "Invalid ISO date" in message(put(shop, path, json={"date": "soon"}))
    assert put(shop, f"/versions/{BUDGET}/switchover", json=day).status_code == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/modelCalendar/fiscalYear", {"year": "FY27"}),
        ("/currentPeriod", {"date": "2026-02-10"}),
        (f"/versions/{FORECAST}/switchover", {"date": "2026-02-10"}),
    ],
)
def test_who_sets_time_and_when(visit: Visit, path: str, body: object) -> None:
    ada = visit("ada")
    assert put(visit("bob"), path, json=body).status_code == 403
    assert put(visit("bob"), path, json={}).status_code == 400
    assert put(visit("eve"), path, json=body).status_code == 404
    for model, status in (("Sales 2020", 422), ("Locked", 423), ("Away", 424)):
        assert put(ada, path, model, json=body).status_code == status
    assert ada.get("/modelCalendar", "Locked").status_code == 200
    assert visit("bob").get("/modelCalendar").status_code == 200
