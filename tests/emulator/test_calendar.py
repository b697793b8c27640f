from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

if TYPE_CHECKING:
    from tests.emulator.conftest import ClientFor, TenantClient

FORECAST, BUDGET = "107000000002", "107000000003"


@pytest.fixture(autouse=True)
def _live(client_for: "ClientFor") -> Iterator[None]:
    settings = client_for("ada").emulator.settings
    yield
    settings.dialect = "live"


def calendar(shop: "TenantClient", model: str = "Sales") -> dict[str, Any]:
    body: dict[str, Any] = shop.get("/modelCalendar", model).json()["modelCalendar"]
    return body


def put(shop: "TenantClient", path: str, model: str = "Sales", **request: Any) -> httpx2.Response:
    return shop.http.put(shop.path(path, model), **request)


def message(reply: httpx2.Response, status: int = 400) -> str:
    assert reply.status_code == status, reply.text
    text: str = reply.json()["status"]["message"]
    return text


def periods(shop: "TenantClient") -> list[str]:
    names = [f"{month} {year}" for year in (25, 26, 27) for month in ("Jan", "Feb")]
    reply = shop.http.post(shop.path("/dimensions/20000000003/items"), json={"names": names})
    return [item["name"] for item in reply.json().get("items", [])]


def test_a_calendar_of_months(shop: "TenantClient") -> None:
    assert calendar(shop) == {
        "calendarType": "Calendar Months/Quarters/Years",
        "fiscalYear": {
            "year": "FY26",
            "fiscalYearLabel": "FY26",
            "startDate": "2026-01-01",
            "endDate": "2026-12-31",
        },
        "pastYearsCount": 0,
        "futureYearsCount": 0,
        "currentPeriod": {"periodText": "", "lastDay": ""},
        "totalsSelection": {
            # Sources disagree about the names.
            "quarterTotals": True,
            "halfYearTotals": False,
            "yearToDateSummary": False,
            "yearToGoSummary": False,
            "totalOfAllPeriods": False,
            "isQuarterTotals": True,
            "isHalfYearTotals": False,
            "isYearToDateSummary": False,
            "isYearToGoSummary": False,
            "isTotalOfAllPeriods": False,
        },
    }
    shop.emulator.settings.dialect = "guide"
    assert calendar(shop).keys() == {"fiscalYear"}


def test_a_calendar_of_weeks_in_months(shop: "TenantClient") -> None:
    found = calendar(shop, "Locked")
    assert found["calendarType"] == "Weeks: 4-4-5, 4-5-4 or 5-4-4"
    assert found["fiscalYear"] == {
        "year": "FY26",
        "fiscalYearLabel": "FY26",
        "startDate": "2026-01-05",
        "endDate": "2027-01-03",
    }
    assert (found["weekFormat"], found["weekGrouping"]) == ("Week Ending", "454")
    assert (found["extraWeekMonth"], found["pastYearsCount"]) == (12, 1)
    assert found["currentPeriod"] == {"periodText": "8 Mar 26", "lastDay": "2026-03-08"}


def test_a_calendar_of_general_weeks_has_no_years(shop: "TenantClient") -> None:
    assert calendar(shop, "Live") == {
        "calendarType": "Weeks: General",
        "fiscalYear": {},
        "currentPeriod": {"periodText": "", "lastDay": ""},
        "startDate": "2026-01-05",
        "weeksCount": 6,
    }
    reply = put(shop, "/modelCalendar/fiscalYear", "Live", json={"year": "FY27"})
    assert "no fiscal year" in message(reply)


def test_changing_the_fiscal_year_changes_periods(shop: "TenantClient") -> None:
    assert periods(shop) == ["Jan 26", "Feb 26"]
    put(shop, "/currentPeriod", json={"date": "2026-02-10"})
    reply = put(shop, "/modelCalendar/fiscalYear", json={"year": "FY27"})
    moved = reply.json()["modelCalendar"]
    assert moved == calendar(shop)
    assert moved["fiscalYear"]["year"] == "FY27"
    assert moved["currentPeriod"] == {"periodText": "", "lastDay": ""}
    assert periods(shop) == ["Jan 27", "Feb 27"]
    put(shop, "/modelCalendar/fiscalYear", json={"year": "FY25"})
    assert periods(shop) == ["Jan 25", "Feb 25"]


@pytest.mark.parametrize(
    "body", [[], {}, {"year": 2027}, {"year": "2027"}, {"year": "FY40"}, {"year": "FY"}]
)
def test_invalid_fiscal_years(shop: "TenantClient", body: object) -> None:
    assert "FY26" in message(put(shop, "/modelCalendar/fiscalYear", json=body))
    assert calendar(shop)["fiscalYear"]["year"] == "FY26"


def test_the_fiscal_year_cannot_be_read_separately(shop: "TenantClient") -> None:
    assert shop.get("/modelCalendar/fiscalYear").status_code == 405


def test_the_current_period(shop: "TenantClient") -> None:
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
        reply = put(shop, "/currentPeriod", **request)
        assert reply.json()["currentPeriod"] == february
        assert shop.get("/currentPeriod").json()["currentPeriod"] == february
        # An empty date removes it.
        reply = put(shop, "/currentPeriod", params={"date": ""})
        assert reply.json()["currentPeriod"] == unset


def test_invalid_current_periods(shop: "TenantClient") -> None:
    def error_message(**request: Any) -> str:
        return message(put(shop, "/currentPeriod", **request))

    day = {"date": "2026-02-10"}
    assert "not in both" in error_message(params=day, json=day)
    assert "must be a string" in error_message()
    assert "must be a string" in error_message(json={"date": 20260210})
    for text in ("10.02.2026", "20260210", "2026-02-30"):
        expected = f"Invalid ISO date format '{text}'. Date should match format YYYY-MM-DD"
        assert error_message(json={"date": text}) == expected
    assert error_message(json={"date": "2026-03-01"}) == (
        "Specified date '2026-03-01' is out of timescale range 2026-01-01 - 2026-02-28"
    )


def test_versions(shop: "TenantClient") -> None:
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


def test_a_switchover(shop: "TenantClient") -> None:
    path = f"/versions/{FORECAST}/switchover"
    reply = put(shop, path, json={"date": "2026-02-10"})
    february = {"periodText": "Feb 26", "date": "2026-02-01"}
    kind = {"calendarType": "Calendar Months/Quarters/Years"}
    assert reply.json()["versionSwitchover"] == february | kind
    assert shop.get("/versions").json()["versionMetadata"][1]["switchover"] == february
    reply = put(shop, path, json={"date": ""})
    assert reply.json()["versionSwitchover"] == {"periodText": "", "date": ""} | kind
    assert "switchover" not in shop.get("/versions").json()["versionMetadata"][1]


def test_invalid_switchovers(shop: "TenantClient") -> None:
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
def test_permissions_and_model_states_for_changing_the_calendar(
    client_for: "ClientFor", path: str, body: object
) -> None:
    ada = client_for("ada")
    assert put(client_for("bob"), path, json=body).status_code == 403
    assert put(client_for("bob"), path, json={}).status_code == 400
    assert put(client_for("eve"), path, json=body).status_code == 404
    for model, status in (("Sales 2020", 422), ("Locked", 423), ("Away", 424)):
        assert put(ada, path, model, json=body).status_code == status
    assert ada.get("/modelCalendar", "Locked").status_code == 200
    assert client_for("bob").get("/modelCalendar").status_code == 200
