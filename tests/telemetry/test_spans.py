"""Which spans there are, and what they say."""

from __future__ import annotations

from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.trace import SpanKind, StatusCode
from tests.telemetry.conftest import Recorded, attributes

from anaplan_sdk import Client
from anaplan_sdk.exceptions import AnaplanActionError, AnaplanException, InvalidIdentifierException
from anaplan_sdk.testing import EmulatedAnaplan

FILE, IMPORT = 113000000000, 112000000001
PLAN_FILE, PLAN_IMPORT = 113000000003, 112000000005
EXPORT = 116000000000
AIRLINES = "carrier,name\nAA,American Airlines Inc.\nUA,United Air Lines Inc.\n"
PLAN = (
    "country,month,passengers,load_factor\n"
    "US,Mar 13,1000,0.5\nFR,Mar 13,junk,0.5\nXX,Mar 13,1000,0.5\n"
)
VERSION = [{"entityType": "Version", "entityName": "Forecast"}]
FILES = "/2/0/models/{id}/files"
TASKS = "/2/0/models/{id}/imports/{id}/tasks"


@pytest.fixture
def client(anaplan: EmulatedAnaplan) -> Client:
    return anaplan.client(backoff=0.01, upload_chunk_size=1_000_000)


def test_a_load(client: Client, recorded: Recorded) -> None:
    content = "carrier,name\n" + "AA,American Airlines Inc.\n" * 60_000
    client.upload_file(FILE, content.encode())
    task = client.run_action(IMPORT)
    assert recorded.children(None) == ["anaplan.upload", "anaplan.action"]

    upload = recorded.one("anaplan.upload")
    assert recorded.children(upload)[:3] == [
        "POST /token/authenticate",
        f"GET {FILES}",
        f"POST {FILES}/{{id}}",
    ]
    assert recorded.children(upload).count(f"PUT {FILES}/{{id}}/chunks/{{id}}") == 2
    assert attributes(upload)["anaplan.file.id"] == str(FILE)
    assert attributes(upload)["anaplan.transfer.size"] == len(content)
    assert attributes(upload)["anaplan.transfer.chunks"] == 2
    chunks = {
        (event.attributes or {})["anaplan.chunk.index"]: (event.attributes or {})[
            "anaplan.chunk.size"
        ]
        for event in upload.events
        if event.name == "anaplan.chunk"
    }
    assert chunks == {0: 1_000_000, 1: len(content) - 1_000_000}

    action = recorded.one("anaplan.action")
    assert recorded.children(action) == [f"POST {TASKS}", "anaplan.task.wait"]
    for span in (action, recorded.one("anaplan.task.wait")):
        described = attributes(span)
        assert described["anaplan.action.id"] == str(IMPORT)
        assert described["anaplan.action.type"] == "import"
        assert described["anaplan.task.id"] == task.id
        assert described["anaplan.task.state"] == "COMPLETE"
        assert described["anaplan.task.successful"] is True
        assert described["anaplan.task.recovered"] is False
        assert span.status.status_code is StatusCode.UNSET
    polls = recorded.children(recorded.one("anaplan.task.wait"))
    assert set(polls) == {f"GET {TASKS}/{{id}}"}


def test_a_request(anaplan: EmulatedAnaplan, client: Client, recorded: Recorded) -> None:
    client.get_files()
    request = recorded.one(f"GET {FILES}")
    model = anaplan.emulator.model_id
    assert request.kind is SpanKind.CLIENT
    assert request.instrumentation_scope is not None
    assert request.instrumentation_scope.name == "anaplan_sdk"
    described = dict(attributes(request))
    port = described.pop("server.port")
    assert described == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "network.protocol.version": "1.1",
        "server.address": "127.0.0.1",
        "url.full": f"http://127.0.0.1:{port}/2/0/models/{model}/files",
        "url.template": FILES,
    }


def test_a_retry(anaplan: EmulatedAnaplan, client: Client, recorded: Recorded) -> None:
    anaplan.fault(method="GET", path="*/files", status=503, times=2)
    with trace.get_tracer("test").start_as_current_span("caller"):
        client.get_files()
    requests = recorded.named(f"GET {FILES}")
    assert [attributes(each).get("http.request.resend_count") for each in requests] == [None, 1, 2]
    assert [attributes(each)["http.response.status_code"] for each in requests] == [503, 503, 200]
    assert [attributes(each).get("error.type") for each in requests] == ["503", "503", None]
    failed, _, sent = requests
    assert failed.status.status_code is StatusCode.ERROR
    assert sent.status.status_code is StatusCode.UNSET
    assert recorded.one("caller").events == ()


def test_a_retry_is_an_event_of_its_operation(
    anaplan: EmulatedAnaplan, client: Client, recorded: Recorded
) -> None:
    anaplan.fault(method="PUT", path="*/chunks/0", status=500)
    client.upload_file(FILE, AIRLINES)
    events = {event.name: event.attributes or {} for event in recorded.one("anaplan.upload").events}
    assert events["anaplan.retry"]["error.type"] == "500"


def test_a_connection_that_fails(
    anaplan: EmulatedAnaplan, client: Client, recorded: Recorded
) -> None:
    client.get_files()
    anaplan.fault(method="GET", path="*/files", lose_reply=True)
    client.get_files()
    _, lost, sent = recorded.named(f"GET {FILES}")
    assert attributes(lost)["error.type"].startswith("httpx2.")
    assert "http.response.status_code" not in attributes(lost)
    assert lost.status.status_code is StatusCode.ERROR
    assert attributes(sent)["http.request.resend_count"] == 1


def test_a_429(anaplan: EmulatedAnaplan, client: Client, recorded: Recorded) -> None:
    anaplan.fault(method="PUT", path="*/chunks/0", status=429, headers={"Retry-After": "0.1"})
    client.upload_file(FILE, AIRLINES)
    refused, sent = recorded.named(f"PUT {FILES}/{{id}}/chunks/{{id}}")
    assert attributes(refused)["http.response.status_code"] == 429
    assert attributes(sent)["http.request.resend_count"] == 1
    events = [event.name for event in recorded.one("anaplan.upload").events]
    assert "anaplan.rate_limit.pause" in events
    (pauses,) = recorded.points("anaplan.client.rate_limit.pauses").values()
    assert pauses == 1


def test_a_refused_token_is_renewed(
    anaplan: EmulatedAnaplan, client: Client, recorded: Recorded
) -> None:
    client.get_files()
    anaplan.fault(method="GET", path="*/files", status=401)
    client.get_files()
    assert recorded.children(None) == [
        "POST /token/authenticate",
        f"GET {FILES}",
        f"GET {FILES}",
        "POST /token/authenticate",
        f"GET {FILES}",
    ]
    _, refused, sent = recorded.named(f"GET {FILES}")
    assert attributes(refused)["error.type"] == "401"
    assert attributes(sent)["http.request.resend_count"] == 1
    assert recorded.points("anaplan.client.token.renewals") == {
        frozenset({("anaplan.token.renewal", "sign_in")}): 2
    }


def test_a_failed_task(client: Client, recorded: Recorded) -> None:
    with pytest.raises(AnaplanActionError) as failed:
        client.run_action(IMPORT)  # There is no content to import.
    for name in ("anaplan.action", "anaplan.task.wait"):
        span = recorded.one(name)
        assert span.status.status_code is StatusCode.ERROR
        assert attributes(span)["error.type"] == "anaplan_sdk.AnaplanActionError"
        event = span.events[-1]
        assert event.name == "exception"
        assert event.attributes == {
            "exception.type": "anaplan_sdk.AnaplanActionError",
            "exception.message": str(failed.value),
        }
    assert attributes(recorded.one("anaplan.task.wait"))["anaplan.task.successful"] is False
    assert recorded.points("anaplan.task.duration") == {
        frozenset(
            {
                ("anaplan.action.type", "import"),
                ("anaplan.task.outcome", "failed"),
                ("error.type", "anaplan_sdk.AnaplanActionError"),
            }
        ): 1
    }


def test_a_cancelled_task(anaplan: EmulatedAnaplan, client: Client, recorded: Recorded) -> None:
    anaplan.emulator.settings.hold_tasks = "IN_PROGRESS"
    client.upload_file(FILE, AIRLINES)
    task = client.run_action(IMPORT, wait_for_completion=False)
    assert recorded.points("anaplan.task.duration") == {}
    client.cancel_task(IMPORT, task.id)
    with pytest.raises(AnaplanActionError):
        client.wait_for_task(IMPORT, task.id)
    (labels,) = recorded.points("anaplan.task.duration")
    assert ("anaplan.task.outcome", "cancelled") in labels


def test_a_start_whose_reply_is_lost(
    anaplan: EmulatedAnaplan, client: Client, recorded: Recorded
) -> None:
    client.upload_file(FILE, AIRLINES)
    anaplan.fault(method="POST", path="*/tasks", lose_reply=True)
    task = client.run_action(IMPORT)
    assert task.recovered
    assert len(anaplan.requests("POST", "*/tasks")) == 1
    action = recorded.one("anaplan.action")
    assert attributes(action)["anaplan.task.recovered"] is True
    assert f"GET {TASKS}" in recorded.children(action)  # The list of tasks, where it was found.
    assert action.status.status_code is StatusCode.UNSET


def test_an_imported_table(client: Client, recorded: Recorded, tmp_path: Path) -> None:
    table = tmp_path / "plan.csv"
    table.write_text(PLAN)
    result = client.import_table(PLAN_IMPORT, table, mapping_parameters=VERSION, check="none")
    assert result.refused is not None
    assert len(result.refused) == 2
    span = recorded.one("anaplan.table.import")
    assert recorded.children(None) == ["anaplan.table.import"]
    work = [name for name in recorded.children(span) if name.startswith("anaplan.")]
    assert work == ["anaplan.upload", "anaplan.action", "anaplan.download"]
    assert attributes(span)["anaplan.table.rows"] == 3
    assert attributes(span)["anaplan.table.refused_rows"] == 2
    assert recorded.points("anaplan.table.refused_rows") == {frozenset(): 2}
    assert recorded.points("anaplan.table.rows") == {
        frozenset({("anaplan.transfer.direction", "upload")}): 3
    }


def test_an_exported_table(client: Client, recorded: Recorded) -> None:
    stream = client.export_table(EXPORT)
    assert recorded.named("anaplan.table.export") == []  # It goes on until the stream ends.
    stream.read_all()
    span = recorded.one("anaplan.table.export")
    work = [name for name in recorded.children(span) if name.startswith("anaplan.")]
    assert work == ["anaplan.action", "anaplan.download"]
    assert attributes(span)["anaplan.table.rows"] == 0


def test_an_exported_table_without_output(
    anaplan: EmulatedAnaplan, client: Client, recorded: Recorded
) -> None:
    anaplan.fault(method="POST", path="*/tasks", status=403)
    with pytest.raises(AnaplanException):
        client.export_table(EXPORT)
    for name in ("anaplan.table.export", "anaplan.action"):
        assert recorded.one(name).status.status_code is StatusCode.ERROR


def test_a_list_as_a_table(client: Client, recorded: Recorded) -> None:
    client.upload_and_import(FILE, AIRLINES, IMPORT)
    client.tr.list_table(101000000001).read_all()
    span = recorded.one("anaplan.table.read")
    assert attributes(span)["anaplan.list.id"] == "101000000001"
    assert attributes(span)["anaplan.table.rows"] == 2


def test_a_large_read(client: Client, recorded: Recorded) -> None:
    pages = list(client.tr.read_view_pages(102000000001))
    span = recorded.one("anaplan.large_read")
    requests = "/2/0/workspaces/{id}/models/{id}/views/{id}/readRequests"
    children = recorded.children(span)
    assert children[:2] == ["POST /token/authenticate", f"POST {requests}"]
    assert children[-1] == f"DELETE {requests}/{{id}}"
    assert children.count(f"GET {requests}/{{id}}/pages/{{id}}") == len(pages)
    assert len([event for event in span.events if event.name == "anaplan.chunk"]) == len(pages)
    assert attributes(span)["anaplan.transfer.size"] == sum(map(len, pages))


class Raising(SpanProcessor):
    def on_start(self, span: object, parent_context: object = None) -> None:
        if self.place == "start":
            raise RuntimeError("secret")

    def on_end(self, span: object) -> None:
        if self.place == "end":
            raise RuntimeError("secret")

    def __init__(self, place: str) -> None:
        self.place = place


@pytest.mark.parametrize("place", ["start", "end"])
@pytest.mark.usefixtures("recorded")
def test_a_span_processor_that_raises(
    anaplan: EmulatedAnaplan, client: Client, caplog: pytest.LogCaptureFixture, place: str
) -> None:
    """What it raises ends no call: the action would have been started without a result."""
    provider = trace.get_tracer_provider()
    assert isinstance(provider, TracerProvider)
    provider.add_span_processor(Raising(place))
    client.upload_file(FILE, AIRLINES)
    assert client.run_action(IMPORT).result.successful
    assert len(anaplan.requests("POST", "*/tasks")) == 1
    assert "A span can't be recorded: RuntimeError" in caplog.text
    assert "secret" not in caplog.text


def test_parts_of_an_export(anaplan: EmulatedAnaplan, client: Client, recorded: Recorded) -> None:
    anaplan.emulator.settings.output_chunk_bytes = 200
    export = client.resolve.action("Passenger Plan - single column.txt")
    client.run_action(export)
    with client.export_table(export, run=False, part=(1, 4)) as stream:
        assert len(stream.read_all()) > 0
    span = recorded.one("anaplan.download")
    assert recorded.children(recorded.one("anaplan.table.export")).count("anaplan.download") == 1
    fetched = [int(each.path.rsplit("/", 1)[1]) for each in anaplan.requests("GET", "*/chunks/*")]
    events = [dict(event.attributes or {}) for event in span.events]
    assert sorted(fetched) == [event["anaplan.chunk.index"] for event in events]
    assert len(recorded.children(span)) == len(fetched) + 1  # And the list of chunks.
    assert attributes(span)["anaplan.transfer.chunks"] == len(fetched)
    key = frozenset({("anaplan.transfer.direction", "download")})
    size = attributes(span)["anaplan.transfer.size"]
    assert recorded.points("anaplan.transfer.bytes")[key] == size
    assert size == sum(int(str(event["anaplan.chunk.size"])) for event in events)


def test_parts_of_a_prepared_read(
    anaplan: EmulatedAnaplan, client: Client, recorded: Recorded
) -> None:
    anaplan.emulator.settings.read_request_page_rows = 10
    read = client.tr.prepare_view_read(102000000001)
    preparation = recorded.one("anaplan.large_read")
    assert attributes(preparation)["anaplan.view.id"] == "102000000001"
    assert attributes(preparation)["anaplan.transfer.chunks"] == 1
    with client.tr.read_table(read, (1, 2)) as stream:
        rows = len(stream.read_all())
    client.tr.end_read(read)
    table = recorded.one("anaplan.table.read")
    assert attributes(table)["anaplan.table.rows"] == rows > 0
    assert attributes(table)["anaplan.view.id"] == "102000000001"
    assert recorded.children(table) == ["anaplan.large_read"]
    span = recorded.named("anaplan.large_read")[1]
    pages = read.page_count - read.page_count // 2
    indexes = [dict(event.attributes or {})["anaplan.chunk.index"] for event in span.events]
    assert indexes == list(range(read.page_count - pages, read.page_count))
    assert len(recorded.children(span)) == pages


def test_a_download_that_is_abandoned(client: Client, recorded: Recorded) -> None:
    client.upload_file(FILE, b"carrier,name\n" + b"AA,American\n" * 200_000)
    chunks = client.get_file_stream(FILE)
    next(chunks)
    assert recorded.named("anaplan.download") == []
    chunks.close()
    span = recorded.one("anaplan.download")
    assert span.status.status_code is StatusCode.UNSET
    assert [event.name for event in span.events] == ["anaplan.chunk", "anaplan.closed_early"]


def test_a_download_of_what_is_not_there(client: Client, recorded: Recorded) -> None:
    with pytest.raises(InvalidIdentifierException):
        client.get_file(FILE)
    assert recorded.one("anaplan.download").status.status_code is StatusCode.ERROR


def test_small_files(client: Client, recorded: Recorded) -> None:
    client.upload_small_file(FILE, AIRLINES)
    client.get_small_file(FILE)
    for name, direction in (("anaplan.upload", "upload"), ("anaplan.download", "download")):
        assert attributes(recorded.one(name))["anaplan.transfer.size"] == len(AIRLINES)
        key = frozenset({("anaplan.transfer.direction", direction)})
        assert recorded.points("anaplan.transfer.bytes")[key] == len(AIRLINES)
