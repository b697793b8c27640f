"""Listings with an odd row, and replies in the shapes of different sources."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from anaplan_sdk import AsyncClient, models
from anaplan_sdk.exceptions import (
    AnaplanRequestException,
    AnaplanResponseException,
    PartialFailureException,
    WriteInterruptedException,
    WriteRefusedException,
)
from anaplan_sdk.testing import EmulatedAnaplan

Row = dict[str, Any]
Call = Callable[[AsyncClient], Any]

HEX = "0123456789abcdef0123456789abcdef"
ACTION = {"id": "112000000001", "name": "A"}
RUN = {"id": HEX, "startDate": "2026-01-31T08:05:37.000Z", "success": True}


def cloud(row: Row, name: str = "id") -> Row:
    return {name: HEX, "name": "A", "creationDate": "2026-01-31T08:05:37.000Z", **row}


# The call, the end of its path, the key of the rows, a row, and its members of which one is missing
# and one has another type than in any source.
LISTINGS: dict[str, tuple[Call, str, str, Row]] = {
    "workspaces": (
        lambda client: client.get_workspaces(),
        "*/workspaces",
        "workspaces",
        {"id": HEX, "name": "A", "active": True, "sizeAllowance": 5, "currentSize": "3"},
    ),
    "models": (
        lambda client: client.get_models(),
        "*/models",
        "models",
        {"id": HEX, "name": "A", "activeState": "UNLOCKED", "currentWorkspaceId": HEX},
    ),
    "files": (lambda client: client.get_files(), "*/files", "files", {**ACTION, "chunkCount": 1}),
    "imports": (
        lambda client: client.get_imports(),
        "*/imports",
        "imports",
        {**ACTION, "importType": "USERS", "importDataSourceId": "113000000001"},
    ),
    "exports": (
        lambda client: client.get_exports(),
        "*/exports",
        "exports",
        {**ACTION, "exportType": "GRID_ALL_PAGES", "exportFormat": "text/csv", "encoding": "UTF-8"},
    ),
    "processes": (lambda client: client.get_processes(), "*/processes", "processes", ACTION),
    "actions": (
        lambda client: client.get_actions(),
        "*/actions",
        "actions",
        {**ACTION, "actionType": "BULK_COPY"},
    ),
    "lists": (lambda client: client.tr.get_lists(), "*/lists", "lists", ACTION),
    "list items": (
        lambda client: client.tr.get_list_items(101000000001),
        "*/items",
        "listItems",
        {"id": "1", "name": "A", "code": "a", "properties": {"P": "1"}, "parentId": "2"},
    ),
    "modules": (lambda client: client.tr.get_modules(), "*/modules", "modules", ACTION),
    "dashboards": (lambda client: client.tr.get_dashboards(), "*/dashboards", "dashboards", ACTION),
    "views": (lambda client: client.tr.get_views(), "*/views", "views", {**ACTION, "moduleId": 1}),
    "line items": (
        lambda client: client.tr.get_line_items(),
        "*/lineItems",
        "items",
        {
            **ACTION,
            "moduleId": "102000000001",
            "moduleName": "M",
            "formatMetadata": {"dataType": "NUMBER", "decimalPlaces": 2},
            "appliesTo": [{"id": "101000000001", "name": "L"}],
            "version": {"id": "16000000000", "name": "All"},
        },
    ),
    "versions": (
        lambda client: client.tr.get_versions(),
        "*/versions",
        "versionMetadata",
        {**ACTION, "isCurrent": True, "editFrom": {"periodText": "Jan 26", "date": "2026-01-01"}},
    ),
    "users": (
        lambda client: client.audit.get_users(),
        "*/users",
        "users",
        {"id": HEX, "email": "a@b.c", "active": True, "lastLoginDate": "2026-01-31"},
    ),
    "revisions": (
        lambda client: client.alm.get_revisions(),
        "*/revisions",
        "revisions",
        {"id": HEX, "name": "A", "createdOn": "2026-01-31T08:05:37Z", "createdBy": HEX},
    ),
    "connections": (
        lambda client: client.cw.get_connections(),
        "*/connections",
        "connections",
        cloud(
            {"connectionType": "AmazonS3", "body": {"name": "A", "bucketName": "B"}, "status": 1},
            "connectionId",
        ),
    ),
    "integrations": (
        lambda client: client.cw.get_integrations(),
        "*/integrations",
        "integrations",
        cloud(
            {
                "integrationType": "Import",
                "modelId": HEX,
                "workspaceId": HEX,
                "latestRun": {"message": "Success", "success": True},
                "schedule": {"name": "S", "type": "daily", "startDate": "2026-01-31T08:05:37Z"},
            },
            "integrationId",
        ),
    ),
    "flows": (
        lambda client: client.cw.flows.get_flows(),
        "*/integrationflows",
        "integrationFlows",
        cloud({"stepsCount": 2, "nuxVisible": True}),
    ),
    "SCIM users": (
        lambda client: client.scim.get_users(),
        "*/Users",
        "Resources",
        {
            "id": HEX,
            "userName": "a@b.c",
            "name": {"givenName": "A", "familyName": "B"},
            "active": True,
            "emails": [{"value": "a@b.c", "type": "work"}],
            "entitlements": [{"value": HEX, "type": "WORKSPACE"}],
            "meta": {"created": "2026-01-31"},
        },
    ),
    "resource types": (
        lambda client: client.scim.get_resource_types(),
        "*/ResourceTypes",
        "Resources",
        {"id": "User", "name": "User", "endpoint": "/Users"},
    ),
    "schemas": (
        lambda client: client.scim.get_resource_schemas(),
        "*/Schemas",
        "Resources",
        {"id": "User", "name": "User", "attributes": [{"name": "id", "type": "string"}]},
    ),
}
OTHER_TYPES: list[object] = [[], {}, {"x": 1}, ["x", 1], "x", 7, 1.5, False, None]
LISTING = pytest.mark.parametrize("listing", LISTINGS.values(), ids=list(LISTINGS))


def read(anaplan: EmulatedAnaplan, path: str, key: str, rows: list[object]) -> None:
    """Answer the next request for a listing with these rows."""
    body: Row = {
        "meta": {"paging": {"currentPageSize": len(rows), "totalSize": len(rows)}},
        key: rows,
    }
    if key == "Resources":
        body = {"totalResults": len(rows), key: rows}
    anaplan.fault(method="GET", path=path, body=body)


@LISTING
async def test_one_odd_row_fails_no_listing(
    anaplan: EmulatedAnaplan, listing: tuple[Call, str, str, Row]
) -> None:
    call, path, key, row = listing
    identity = next(name for name in row if name.lower().endswith("id"))
    async with anaplan.async_client() as client:
        read(anaplan, path, key, [row])
        (expected,) = await call(client)
        others = [name for name in row if name != identity]
        odd: list[Row] = [{other: row[other] for other in row if other != name} for name in others]
        odd += [{**row, name: value} for name in others for value in OTHER_TYPES]
        odd += [{**row, "moonPhase": value} for value in OTHER_TYPES]
        odd += [{identity: row[identity]}]
        anaplan.emulator.clear_requests()
        read(anaplan, path, key, [row, *odd, row])
        found = await call(client)
    assert len(anaplan.requests(path=path)) == 1
    assert len(found) == len(odd) + 2
    assert found[0] == found[-1] == expected
    assert {type(one) for one in found} == {type(expected)}
    field = next(
        name
        for name, one in type(expected).model_fields.items()
        if one.is_required() or name in ("id", "connection_id")
    )
    assert {getattr(one, field) for one in found} == {getattr(expected, field)}
    assert [one.model_dump() for one in found]  # Without warnings: fields have their types.


@LISTING
async def test_rows_without_an_id_are_left_out(
    anaplan: EmulatedAnaplan,
    listing: tuple[Call, str, str, Row],
    caplog: pytest.LogCaptureFixture,
) -> None:
    call, path, key, row = listing
    identity = next(name for name in row if name.lower().endswith("id"))
    nameless = {name: value for name, value in row.items() if name != identity}
    async with anaplan.async_client() as client:
        read(anaplan, path, key, [row, nameless, {**row, identity: []}, None, "x", row])
        anaplan.emulator.clear_requests()
        found = await call(client)
    assert found == [found[0]] * 2
    assert len(anaplan.requests(path=path)) == 1


async def test_the_positions_of_pages_count_rows_that_were_left_out(
    anaplan: EmulatedAnaplan,
) -> None:
    def page(*rows: Row) -> dict[str, Any]:
        return {"meta": {"paging": {"totalSize": 4}}, "lists": list(rows)}

    anaplan.fault(path="*/lists", body=page({"id": 1, "name": "A"}, {"name": "B"}))
    anaplan.fault(path="*/lists", body=page({"id": 3, "name": "C"}, {"id": 4, "name": "D"}))
    async with anaplan.async_client() as client:
        found = await client.tr.get_lists()
    assert [one.name for one in found] == ["A", "C", "D"]
    assert [request.query for request in anaplan.requests(path="*/lists")] == [
        "limit=5000&offset=0",
        "limit=2&offset=2",
    ]


async def test_an_odd_member_is_logged_once(
    anaplan: EmulatedAnaplan, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "anaplan_sdk")
    rows: list[object] = [{"id": number, "name": {"secret": "s3cret"}} for number in range(9)]
    async with anaplan.async_client() as client:
        for _ in range(3):
            read(anaplan, "*/dashboards", "dashboards", rows)
            assert [one.name for one in await client.tr.get_dashboards()] == [""] * 9
    assert caplog.text.count("dashboards[].name") <= 1
    assert "s3cret" not in caplog.text


async def test_a_chunk_is_never_left_out(anaplan: EmulatedAnaplan) -> None:
    body = {"chunks": [{"id": "0", "name": "Chunk 0"}, {"name": "Chunk 1"}]}
    async with anaplan.async_client() as client:
        file = (await client.get_files())[0]
        anaplan.fault(method="GET", path="*/chunks", body=body)
        with pytest.raises(AnaplanResponseException, match=r"chunks\.1\.id"):
            await client.get_file_chunks(file.id)


async def test_ids_that_are_no_numbers_are_kept(anaplan: EmulatedAnaplan) -> None:
    rows: list[object] = [{"id": "101000000001", "name": "A"}, {"id": "0xAB", "name": "B"}]
    async with anaplan.async_client() as client:
        read(anaplan, "*/lists", "lists", rows)
        assert [one.id for one in await client.tr.get_lists()] == [101000000001, "0xAB"]


async def test_users_and_processes_in_the_shapes_of_samples(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        anaplan.fault(path="*/users", body={"user": [{"id": HEX}]})
        assert [user.id for user in await client.audit.get_users()] == [HEX]
        anaplan.fault(path="*/processes", body=[{"id": "118000000001", "name": "P"}])
        assert [one.name for one in await client.get_processes()] == ["P"]


@pytest.mark.parametrize(
    ("calendar", "kind", "year", "quarters"),
    [
        ({}, models.BaseCalendar, None, None),
        (
            {"fiscalYear": {"year": "FY26", "startDate": "2026-01-01", "endDate": "2026-12-31"}},
            models.MonthsQuartersYearsCalendar,
            "FY26",
            False,
        ),
        (
            {
                "calendarType": "Calendar Months/Quarters/Years",
                "fiscalYear": {"fiscalYearLabel": "FY27"},
                "totalsSelection": {"quarterTotals": True},
            },
            models.MonthsQuartersYearsCalendar,
            "FY27",
            True,
        ),
        (
            {"fiscalYear": {"year": "FY26"}, "weekGrouping": "445", "weekFormat": "Numbered"},
            models.WeeksGroupingCalendar,
            "FY26",
            False,
        ),
        (
            {
                "fiscalYear": {"year": "FY26"},
                "extraWeekMonth": "12",
                "totalsSelection": {"isQuarterTotals": True},
            },
            models.WeeksPeriodsCalendar,
            "FY26",
            True,
        ),
        ({"startDate": "2026-01-01", "weeksCount": 9}, models.WeeksGeneralCalendar, None, None),
    ],
)
async def test_calendars(
    anaplan: EmulatedAnaplan,
    calendar: Row,
    kind: type[models.BaseCalendar],
    year: str | None,
    quarters: bool | None,
) -> None:
    async with anaplan.async_client() as client:
        anaplan.fault(path="*/modelCalendar", body={"modelCalendar": calendar})
        found: Any = await client.tr.get_model_calendar()
    assert type(found) is kind
    assert getattr(getattr(found, "fiscal_year", None), "year", None) == year
    totals = getattr(found, "totals_selection", None)
    assert getattr(totals, "quarter_totals", None) is quarters


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, None),
        ({"runs": {}}, None),
        ({"runs": []}, None),
        ({"runs": None}, None),
        ({"runs": [{"taskId": "T", "errorMessages": [{"errorMessage": [{}]}]}]}, ""),
        ({"runs": {"taskId": "T", "errorMessages": [{"actionId": 1}]}}, ""),
        (
            {"runs": {"errorMessages": {"errorMessage": [{"localMessageText": "no file"}]}}},
            "no file",
        ),
    ],
)
async def test_run_errors(anaplan: EmulatedAnaplan, body: Row, message: str | None) -> None:
    async with anaplan.async_client() as client:
        anaplan.fault(path="*/runerror/*", body=body)
        error = await client.cw.get_run_error(HEX)
    if message is None:
        assert error is None
    else:
        assert error is not None
        messages = [one for action in error.error_messages for one in action.error_message]
        assert "".join(one.local_message_text or "" for one in messages) == message


@pytest.mark.parametrize("body", [{}, {"schemas": "x", "patch": {"supported": "yes"}, "bulk": 1}])
async def test_a_provider_that_says_little(anaplan: EmulatedAnaplan, body: Row) -> None:
    async with anaplan.async_client() as client:
        anaplan.fault(path="*/ServiceProviderConfig", body=body)
        config = await client.scim.get_service_provider_config()
    assert not config.etag.supported
    assert config.bulk.max_operations == 0
    assert config.patch.supported is bool(body)


async def test_definitions_of_lists(anaplan: EmulatedAnaplan) -> None:
    metadata = {
        "id": "101000000001",
        "name": "L",
        "topLevelItem": "All",
        "parent": {"name": "Regions"},
        "category": {"name": "Main"},
        "itemCount": "12",
    }
    async with anaplan.async_client() as client:
        anaplan.fault(path="*/lists/*", body={"metadata": metadata})
        found = await client.tr.get_list_metadata(101000000001)
    assert (found.name, found.item_count) == ("L", 12)
    assert (found.top_level_item, found.parent, found.category) == (None, None, None)


async def test_connections_with_other_names_of_dates(anaplan: EmulatedAnaplan) -> None:
    dated = {"isoCreationDate": "2026-01-31T08:05:37Z", "isoModificationDate": "2026-02-01"}
    rows: list[object] = [{"connectionId": HEX, **dated}, {"connectionId": HEX}]
    async with anaplan.async_client() as client:
        read(anaplan, "*/connections", "connections", rows)
        first, second = await client.cw.get_connections()
    assert str(first.creation_date).startswith("2026-01-31")
    assert str(first.modification_date).startswith("2026-02-01")
    assert second.creation_date is None


@pytest.mark.parametrize("flat", [True, False])
async def test_connections_are_changed_by_flat_bodies(anaplan: EmulatedAnaplan, flat: bool) -> None:
    refusal = {"status": {"code": 400, "message": "Invalid request body"}}
    whole = {"name": "A", "bucketName": "B", "accessKeyId": "K", "secretAccessKey": "S"}
    async with anaplan.async_client() as client:
        if not flat:
            anaplan.fault(path="*/connections/*", status=400, body=refusal, times=1)
        anaplan.fault(path="*/connections/*", body={"status": {"code": 200}})
        await client.cw.update_connection(HEX, whole)
        if not flat:
            anaplan.fault(path="*/connections/*", status=400, body=refusal, times=1)
        anaplan.fault(path="*/connections/*", body={"status": {"code": 200}})
        await client.cw.patch_connection(HEX, {"bucketName": "C"})
    for method in ("PUT", "PATCH"):
        assert len(anaplan.requests(method, "*/connections/*")) == (1 if flat else 2)


async def test_a_page_of_events_that_is_too_large(anaplan: EmulatedAnaplan) -> None:
    anaplan.fault(method="GET", path="*/events", status=204, times=2)
    body = {"meta": {"paging": {"totalSize": 1}}, "response": [{"id": 1}, {"eventDate": 2}]}
    anaplan.fault(method="GET", path="*/events", body=body)
    async with anaplan.async_client() as client:
        found = [event async for event in client.audit.get_event_stream(0, 10)]
    assert [event.id for event in found] == [1]
    assert ["limit" in request.query for request in anaplan.requests(path="*/events")] == [True] * 3
    limits = [request.query.partition("limit=")[2] for request in anaplan.requests(path="*/events")]
    assert [limit.partition("&")[0] for limit in limits] == ["5000", "2500", "1250"]


async def test_a_resource_that_has_moved_is_read_again(anaplan: EmulatedAnaplan) -> None:
    anaplan.fault(method="GET", path="*/models", status=410)
    async with anaplan.async_client(backoff=0) as client:
        assert await client.get_models()


async def test_cells_of_a_request_that_is_refused_as_a_whole(anaplan: EmulatedAnaplan) -> None:
    failure = {
        "requestIndex": 1,
        "failureType": "missingRequiredField",
        "failureMessageDetails": "lineItemId is missing",
    }
    body: Row = {"status": {"code": 400, "message": "Bad request"}, "failures": [failure]}
    cells: list[Row] = [{"lineItemName": "L", "value": number} for number in range(6)]
    async with anaplan.async_client() as client:
        for raise_on_failure in (False, True):
            anaplan.fault(method="POST", path="*/data", status=400, body=body)
            with pytest.raises(WriteRefusedException, match="lineItemId is missing") as raised:
                await client.tr.write_cells(1, cells, raise_on_failure=raise_on_failure)
            (found,) = raised.value.failures
            assert (found.index, found.reason) == (1, "missingRequiredField")
            assert found.item == {"lineItemName": "L", "value": 1}
            assert raised.value.status_code == 400
            assert raised.value.not_performed
            assert isinstance(raised.value, AnaplanRequestException | PartialFailureException)
        anaplan.fault(method="POST", path="*/data", body={"numberOfCellsChanged": 3})
        anaplan.fault(method="POST", path="*/data", status=400, body=body)
        with pytest.raises(WriteInterruptedException) as interrupted:
            await client.tr.write_cells(1, cells, cells_per_request=3)
    cause = interrupted.value.__cause__
    assert isinstance(cause, WriteRefusedException)
    assert [one.index for one in cause.failures] == [4]
    assert interrupted.value.refused == [range(3, 6)]


@pytest.mark.parametrize("failures", ["some", 5, ["one"]])
async def test_failures_are_never_left_out(anaplan: EmulatedAnaplan, failures: object) -> None:
    async with anaplan.async_client() as client:
        body: Row = {"numberOfCellsChanged": 0, "failures": failures}
        anaplan.fault(method="POST", path="*/data", body=body)
        with pytest.raises(AnaplanResponseException, match="failures"):
            await client.tr.write_cells(1, [{"lineItemName": "L", "value": 1}])
        body["failures"] = {"requestIndex": "none", "failureMessageDetails": "no"}
        anaplan.fault(method="POST", path="*/data", body=body)
        result = await client.tr.write_cells(1, [{"lineItemName": "L", "value": 1}])
    assert [(one.index, one.details) for one in result.failures] == [(-1, "no")]
