"""The main job and every listing, whichever of the known shapes Anaplan's replies have."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import pytest

from anaplan_sdk import AsyncClient
from anaplan_sdk.testing import EmulatedAnaplan

Call = Callable[[AsyncClient], Any]
Dialect = Literal["live", "guide", "odd"]

DATA = Path(__file__).parents[3] / "src/anaplan_emulator/sample_data"
AIRLINES, AIRPORTS, FLIGHTS = 113000000000, 113000000001, 113000000002
IMPORT, EXPORT, PROCESS = 112000000001, 116000000000, 118000000000
ADMIN = {"user_email": "admin@skyline.example", "password": "Adm1nister!"}
AUDITOR = {"user_email": "auditor@skyline.example", "password": "Aud1ting!"}

BY_USER: list[Call] = [
    lambda client: client.get_workspaces(),
    lambda client: client.get_models(),
    lambda client: client.get_files(),
    lambda client: client.get_imports(),
    lambda client: client.get_exports(),
    lambda client: client.get_processes(),
    lambda client: client.get_actions(),
    lambda client: client.tr.get_lists(),
    lambda client: client.tr.get_list_items(101000000004),
    lambda client: client.tr.get_modules(),
    lambda client: client.tr.get_views(),
    lambda client: client.tr.get_line_items(),
    lambda client: client.tr.get_versions(),
    lambda client: client.tr.get_dashboards(),
    lambda client: client.alm.get_revisions(),
    lambda client: client.cw.get_connections(),
    lambda client: client.cw.get_integrations(),
    lambda client: client.cw.flows.get_flows(),
]
BY_ADMIN: list[Call] = [
    lambda client: client.audit.get_users(),
    lambda client: client.scim.get_users(),
    lambda client: client.scim.get_resource_types(),
    lambda client: client.scim.get_resource_schemas(),
]

DIALECTS = pytest.mark.parametrize("dialect", ["live", "guide", "odd"])


def ids_of(rows: list[Any]) -> list[object]:
    return [row.id for row in rows]


@DIALECTS
async def test_every_listing_has_all_rows(anaplan: EmulatedAnaplan, dialect: Dialect) -> None:
    async with anaplan.async_client() as user, anaplan.async_client(**ADMIN) as admin:
        for client, calls in ((user, BY_USER), (admin, BY_ADMIN)):
            for call in calls:
                anaplan.emulator.settings.dialect = "live"
                expected = ids_of(await call(client))
                anaplan.emulator.settings.dialect = dialect
                assert ids_of(await call(client)) == expected
                assert expected or call is BY_USER[14]


@DIALECTS
async def test_audit_events_are_listed(anaplan: EmulatedAnaplan, dialect: Dialect) -> None:
    anaplan.emulator.settings.dialect = dialect
    async with anaplan.async_client(**AUDITOR) as client:
        events = [event.id async for event in client.audit.get_event_stream(hours=1)]
    assert events


@DIALECTS
async def test_the_main_job(anaplan: EmulatedAnaplan, dialect: Dialect) -> None:
    anaplan.emulator.settings.dialect = dialect
    airlines = (DATA / "airlines.csv").read_bytes()
    with gzip.open(DATA / "flights-2013-02.csv.gz") as file:
        flights = b"".join(islice(file, 30))
    async with anaplan.async_client(upload_chunk_size=200) as client:
        await client.upload_small_file(AIRPORTS, (DATA / "airports.csv").read_bytes())
        await client.upload_file(FLIGHTS, flights)
        imported = await client.upload_and_import(AIRLINES, airlines, IMPORT)
        assert imported.result.successful
        await client.upload_file_stream(AIRLINES, iter([airlines]))
        again = await client.run_action(IMPORT)
        assert again.result.successful
        process = await client.run_action(PROCESS)
        assert process.result.successful
        assert (await client.export_and_download(EXPORT)).count(b"\n") == 29  # One was rejected.
        tasks = await client.get_task_summaries(IMPORT)
        assert {task.id for task in tasks} == {imported.id, again.id}
        await client.tr.get_model_calendar()
    starts = anaplan.requests("POST", "*/tasks")
    assert [request.path.split("/")[-2] for request in starts] == [
        str(IMPORT),
        str(IMPORT),
        str(PROCESS),
        str(EXPORT),
    ]


@DIALECTS
async def test_a_connection_is_made_once(anaplan: EmulatedAnaplan, dialect: Dialect) -> None:
    anaplan.emulator.settings.dialect = dialect
    connection = {
        "type": "AmazonS3",
        "body": {
            "name": "Landing zone",
            "accessKeyId": "AKIASKYLINEEXAMPLE01",
            "secretAccessKey": "skyline-s3-example-secret",
            "bucketName": "skyline-flight-data",
        },
    }
    async with anaplan.async_client() as client:
        made = await client.cw.create_connection(connection)
        assert made in [each.id for each in await client.cw.get_connections()]
    assert len(anaplan.requests("POST", "*/integrations/connections")) == 1
