"""Lists, views, exports and audit events arrive in duckdb, typed and complete."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import dlt
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed
from emulated import AIRLINES_FILE, AIRLINES_IMPORT, Pipelines, credentials_of, started

from anaplan_sdk.exceptions import AnaplanException
from anaplan_sdk.testing import EmulatedAnaplan
from dlt_anaplan import (
    AnaplanCredentials,
    anaplan_audit_events,
    anaplan_export,
    anaplan_list,
    anaplan_source,
    anaplan_view,
)

AUDITOR = "auditor@skyline.example"


def rows_of(pipeline: dlt.Pipeline, query: str) -> list[tuple[Any, ...]]:
    with pipeline.sql_client() as client:
        return list(client.execute_sql(query) or [])


def types_of(pipeline: dlt.Pipeline, table: str) -> dict[str, str]:
    columns = pipeline.default_schema.get_table_columns(table)
    return {
        name: str(column["data_type"])
        for name, column in columns.items()
        if not name.startswith("_dlt")
    }


def test_a_list_becomes_a_table_with_the_name_of_the_list(
    anaplan: EmulatedAnaplan, to_duckdb: Pipelines, credentials: AnaplanCredentials
) -> None:
    pipeline = to_duckdb()
    pipeline.run(
        anaplan_list("Countries", credentials=credentials, model_id=anaplan.emulator.model_id)
    )
    expected = anaplan.client().tr.list_table(101000000005).to_pyarrow().to_pylist()
    found = rows_of(pipeline, "SELECT name, code, parent, euro_area FROM countries")
    assert [tuple(row.values()) for row in expected] == found
    assert types_of(pipeline, "countries") == {
        "name": "text",
        "code": "text",
        "parent": "text",
        "euro_area": "bool",
    }


def test_a_view_has_its_line_items_types(
    anaplan: EmulatedAnaplan, to_duckdb: Pipelines, credentials: AnaplanCredentials
) -> None:
    pipeline = to_duckdb()
    pipeline.run(
        anaplan_view(
            102000000001,
            table_name="plan",
            credentials=credentials,
            model_id=anaplan.emulator.model_id,
        )
    )
    expected = anaplan.client().tr.view_table(102000000001).to_pyarrow()
    assert rows_of(pipeline, "SELECT count(*) FROM plan") == [(expected.num_rows,)]
    types = types_of(pipeline, "plan")
    assert types["passengers"] == types["load_factor"] == "double"
    assert types["approved"] == "bool"
    assert types["countries"] == "text"


def test_an_export_is_run_and_read(
    anaplan: EmulatedAnaplan, to_duckdb: Pipelines, credentials: AnaplanCredentials
) -> None:
    pipeline = to_duckdb()
    pipeline.run(
        anaplan_export(
            116000000003,
            batch_rows=7,
            credentials=credentials,
            model_id=anaplan.emulator.model_id,
        )
    )
    assert started(anaplan) == ["116000000003"]
    expected = anaplan.client().export_table(116000000003, run=False).to_pyarrow()
    assert expected.num_rows > 7
    count = rows_of(pipeline, "SELECT count(*) FROM export_116000000003")
    assert count == [(expected.num_rows,)]


def test_a_second_run_replaces_a_table(
    anaplan: EmulatedAnaplan, to_duckdb: Pipelines, credentials: AnaplanCredentials
) -> None:
    pipeline = to_duckdb()
    for _ in range(2):
        pipeline.run(
            anaplan_list("Regions", credentials=credentials, model_id=anaplan.emulator.model_id)
        )
    assert rows_of(pipeline, "SELECT name FROM regions WHERE code = 'EU'") == [("Europe",)]


def test_an_empty_list_becomes_an_empty_table_with_columns(
    anaplan: EmulatedAnaplan, to_duckdb: Pipelines, credentials: AnaplanCredentials
) -> None:
    pipeline = to_duckdb()
    pipeline.run(
        anaplan_list("Flights", credentials=credentials, model_id=anaplan.emulator.model_id)
    )
    assert rows_of(pipeline, "SELECT flight_number FROM flights") == []


def test_the_source_has_a_resource_for_each_object(
    anaplan: EmulatedAnaplan, to_duckdb: Pipelines
) -> None:
    source = anaplan_source(
        lists=["Airlines", 101000000004],
        views={"plan": 102000000001},
        exports=[116000000003],
        audit_events=True,
        credentials=credentials_of(anaplan, AUDITOR),
        model_id=anaplan.emulator.model_id,
    )
    assert list(source.resources) == [
        "Airlines",
        "list_101000000004",
        "plan",
        "export_116000000003",
        "audit_events",
    ]
    assert anaplan.requests() == [], "Nothing is sent before the source is read."


def test_credentials_come_from_the_configuration(
    anaplan: EmulatedAnaplan, to_duckdb: Pipelines, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator = anaplan.emulator
    for name, value in {
        "CREDENTIALS__USER_EMAIL": emulator.user_email,
        "CREDENTIALS__PASSWORD": emulator.password,
        "CREDENTIALS__BASE_URL": emulator.base_url,
        "MODEL_ID": emulator.model_id,
    }.items():
        monkeypatch.setenv(f"SOURCES__ANAPLAN__{name}", value)
    pipeline = to_duckdb()
    pipeline.run(anaplan_source(lists=["Regions"]))
    pipeline.run(anaplan_list("Countries"))
    assert rows_of(pipeline, "SELECT count(*) FROM regions")[0][0] > 0
    assert rows_of(pipeline, "SELECT count(*) FROM countries")[0][0] > 0


def test_an_error_of_anaplan_is_the_cause(
    anaplan: EmulatedAnaplan, to_duckdb: Pipelines, credentials: AnaplanCredentials
) -> None:
    with pytest.raises(PipelineStepFailed, match="Nowhere") as failure:
        to_duckdb().run(
            anaplan_list("Nowhere", credentials=credentials, model_id=anaplan.emulator.model_id)
        )
    causes: list[BaseException] = []
    error: BaseException | None = failure.value
    while error is not None:
        causes.append(error)
        error = error.__cause__
    assert any(isinstance(each, AnaplanException) for each in causes)


def make_events(anaplan: EmulatedAnaplan) -> None:
    """Let things happen that Anaplan audits."""
    client = anaplan.client()
    client.upload_file(AIRLINES_FILE, "carrier,name\nAA,American\n")
    client.run_action(AIRLINES_IMPORT)


def test_a_second_run_brings_only_new_events(
    anaplan: EmulatedAnaplan, to_duckdb: Pipelines
) -> None:
    auditor = credentials_of(anaplan, AUDITOR)
    pipeline = to_duckdb()
    make_events(anaplan)
    pipeline.run(anaplan_audit_events(credentials=auditor))
    first = rows_of(pipeline, "SELECT id FROM audit_events")
    assert len(first) > 3

    make_events(anaplan)
    pipeline.run(anaplan_audit_events(credentials=auditor))
    second = rows_of(pipeline, "SELECT id FROM audit_events")
    assert len(set(second)) == len(second)
    assert set(second) > set(first)
    (start,) = parse_qs(anaplan.requests("GET", "*/events")[-1].query)["dateFrom"]
    (newest,) = rows_of(pipeline, "SELECT max(event_date) FROM audit_events")[0]
    assert newest.timestamp() - int(start) / 1000 < 24 * 3600, "The second run reads a short span."
    everything = anaplan.client(user_email=AUDITOR).audit.events_table(end=newest).to_pyarrow()
    assert set(everything.column("id").to_pylist()) <= {row[0] for row in second}
    assert types_of(pipeline, "audit_events")["event_date"] == "timestamp"
    assert types_of(pipeline, "audit_events")["success"] == "bool"


def test_without_lag_events_can_be_appended(anaplan: EmulatedAnaplan, to_duckdb: Pipelines) -> None:
    auditor = credentials_of(anaplan, AUDITOR)
    pipeline = to_duckdb()
    for _ in range(3):
        make_events(anaplan)
        pipeline.run(
            anaplan_audit_events(dlt.sources.incremental("event_date", lag=0), credentials=auditor),
            write_disposition="append",
        )
    found = rows_of(pipeline, "SELECT id FROM audit_events")
    assert len(found) > 6
    assert len(set(found)) == len(found)


def test_a_start_before_the_retention_is_clamped_and_logged(
    anaplan: EmulatedAnaplan, to_duckdb: Pipelines, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("dlt").addHandler(caplog.handler)
    make_events(anaplan)
    pipeline = to_duckdb()
    long_ago = datetime.now(UTC) - timedelta(days=90)
    pipeline.run(
        anaplan_audit_events(
            dlt.sources.incremental("event_date", initial_value=long_ago),
            credentials=credentials_of(anaplan, AUDITOR),
        )
    )
    logging.getLogger("dlt").removeHandler(caplog.handler)
    assert rows_of(pipeline, "SELECT count(*) FROM audit_events")[0][0] > 3
    assert "keeps audit events for 30 days" in caplog.text


def test_a_reading_can_end_early(anaplan: EmulatedAnaplan, credentials: AnaplanCredentials) -> None:
    resource = anaplan_export(
        116000000003, batch_rows=1, credentials=credentials, model_id=anaplan.emulator.model_id
    )
    assert len(list(resource.add_limit(2))) == 2
