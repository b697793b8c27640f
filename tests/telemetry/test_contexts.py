"""Requests belong to the work that caused them: in threads, in tasks, and in a caller's span."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

import anyio
import pytest
from opentelemetry import trace
from tests.telemetry.conftest import Recorded, id_of

from anaplan_sdk.testing import EmulatedAnaplan

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

FILE, OTHER_FILE = 113000000000, 113000000001
CONTENT = b"carrier,name\n" + b"AA,American\n" * 300_000
CHUNK = "/2/0/models/{id}/files/{id}/chunks/{id}"


def parents(spans: list[ReadableSpan]) -> set[int | None]:
    return {None if span.parent is None else span.parent.span_id for span in spans}


def test_chunks_in_threads(anaplan: EmulatedAnaplan, recorded: Recorded) -> None:
    client = anaplan.client(upload_chunk_size=1_000_000)
    with trace.get_tracer("test").start_as_current_span("nightly load"):
        client.upload_file(FILE, CONTENT)
        client.get_file(FILE)
    caller, upload = recorded.one("nightly load"), recorded.one("anaplan.upload")
    download = recorded.one("anaplan.download")
    assert parents([upload, download]) == {id_of(caller)}
    sent, fetched = recorded.named(f"PUT {CHUNK}"), recorded.named(f"GET {CHUNK}")
    assert len(sent) == len(fetched) == 4
    assert parents(sent) == {id_of(upload)}
    assert parents(fetched) == {id_of(download)}


async def test_chunks_in_tasks(anaplan: EmulatedAnaplan, recorded: Recorded) -> None:
    tracer = trace.get_tracer("test")
    async with anaplan.async_client(upload_chunk_size=1_000_000) as client:

        async def load(file_id: int) -> None:
            with tracer.start_as_current_span(f"load {file_id}"):
                await client.upload_file(file_id, CONTENT)
                await client.get_file(file_id)

        async with anyio.create_task_group() as group:
            group.start_soon(load, FILE)
            group.start_soon(load, OTHER_FILE)
    for file_id in (FILE, OTHER_FILE):
        caller = recorded.one(f"load {file_id}")
        assert recorded.children(caller) == ["anaplan.upload", "anaplan.download"]
    for method, name in (("PUT", "anaplan.upload"), ("GET", "anaplan.download")):
        requests = recorded.named(f"{method} {CHUNK}")
        assert len(requests) == 8
        assert parents(requests) == {id_of(span) for span in recorded.named(name)}


async def test_a_stream_leaves_its_caller_alone(
    anaplan: EmulatedAnaplan, recorded: Recorded, caplog: pytest.LogCaptureFixture
) -> None:
    tracer = trace.get_tracer("test")
    async with anaplan.async_client(upload_chunk_size=1_000_000) as client:
        await client.upload_file(FILE, CONTENT)
        before = trace.get_current_span()
        async with aclosing(client.get_file_stream(FILE, batch_size=2)) as chunks:
            async for _ in chunks:
                assert trace.get_current_span() is before
                with tracer.start_as_current_span("caller's own"):
                    pass
    assert parents(recorded.named("caller's own")) == {None}
    assert parents(recorded.named(f"GET {CHUNK}")) == {id_of(recorded.one("anaplan.download"))}
    assert caplog.records == []  # Such as "Failed to detach context".


async def test_a_stream_that_another_task_closes(
    anaplan: EmulatedAnaplan, recorded: Recorded, caplog: pytest.LogCaptureFixture
) -> None:
    async with anaplan.async_client(upload_chunk_size=1_000_000) as client:
        await client.upload_file(FILE, CONTENT)
        chunks = client.get_file_stream(FILE, batch_size=2)
        await anext(chunks)
        async with anyio.create_task_group() as group:
            group.start_soon(chunks.aclose)
    span = recorded.one("anaplan.download")
    assert span.events[-1].name == "anaplan.closed_early"
    assert caplog.records == []


async def test_a_table_that_is_closed_early(anaplan: EmulatedAnaplan, recorded: Recorded) -> None:
    async with anaplan.async_client() as client:
        stream = await client.export_table(116000000000)
        assert recorded.named("anaplan.table.export") == []
        await stream.aclose()
    assert len(recorded.named("anaplan.table.export")) == 1
    assert recorded.children(None)[-1] == "anaplan.table.export"


async def test_deadlines_run_in_the_same_context(
    anaplan: EmulatedAnaplan, recorded: Recorded
) -> None:
    client = anaplan.client(request_deadline=60)  # Each request has a thread of its own.
    with trace.get_tracer("test").start_as_current_span("caller"):
        client.get_files()
    async with anaplan.async_client(request_deadline=60) as async_client:
        with trace.get_tracer("test").start_as_current_span("async caller"):
            await async_client.get_files()
    for name in ("caller", "async caller"):
        assert recorded.children(recorded.one(name)) == [
            "POST /token/authenticate",
            "GET /2/0/models/{id}/files",
        ]
