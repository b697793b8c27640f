"""The cost of traces and metrics, per request and per operation.

    python benchmarks/telemetry_cost.py

Each way runs in a process of its own: without OpenTelemetry, with its API only, and with its SDK,
which keeps what it records in memory. A request is a span and a measurement, an operation a span
that makes itself the current one and has an event. The figures are what the SDK of Anaplan adds to
each, in microseconds of processor time of the calling thread: medians of several runs.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median

import httpx2

from anaplan_sdk import _telemetry
from anaplan_sdk._http.attempt import Attempt
from anaplan_sdk._http.request_span import begin_request, record_reply
from anaplan_sdk._telemetry import names

WAYS = ("nothing", "api", "sdk")
_RUNS = 15
_CALLS = 2000
_URL = "https://api.anaplan.com/2/0/models/0123456789ABCDEF/files/113000000000/chunks/0"


def send_request() -> None:
    """Do what is done for each request."""
    with begin_request(_REQUEST, _ATTEMPT) as span:
        record_reply(span, _REPLY)


def operate() -> None:
    """Do what is done for each operation."""
    with _telemetry.begin(names.UPLOAD, {names.FILE_ID: "113000000000"}) as span:
        _telemetry.current().event(names.CHUNK, {names.CHUNK_INDEX: 0, names.CHUNK_SIZE: 1})
        span.set({names.SIZE: 1, names.CHUNK_COUNT: 1})


_REQUEST = httpx2.Request("PUT", _URL)
_REPLY = httpx2.Response(204, request=_REQUEST)
_ATTEMPT = Attempt(1)


def set_up(way: str) -> None:
    """Load what the way has of OpenTelemetry."""
    if way != "nothing":
        from opentelemetry import metrics, trace
    if way == "sdk":
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import InMemoryMetricReader
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

        provider = TracerProvider()
        provider.add_span_processor(BatchSpanProcessor(InMemorySpanExporter()))
        trace.set_tracer_provider(provider)
        metrics.set_meter_provider(MeterProvider([InMemoryMetricReader()]))


def measure(function: Callable[[], None]) -> float:
    """Return the microseconds of a call."""
    times: list[float] = []
    for _ in range(_RUNS):
        start = time.thread_time()
        for _ in range(_CALLS):
            function()
        times.append((time.thread_time() - start) / _CALLS * 1e6)
    return median(times)


def main() -> None:
    """Measure all ways, or the one that was named."""
    if len(sys.argv) > 1:
        set_up(sys.argv[1])
        print(f"{sys.argv[1]:>8} {measure(send_request):10.2f} {measure(operate):12.2f}")
        return
    print(f"{'':>8} {'a request':>10} {'an operation':>12}", flush=True)
    for way in WAYS:
        subprocess.run([sys.executable, __file__, way], check=True)


if __name__ == "__main__":
    main()
