"""What tests of traces and metrics share: OpenTelemetry's SDK, which keeps everything in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, Metric, NumberDataPoint
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter


class Recorded:
    """What was recorded."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self._reader = InMemoryMetricReader()
        traces = TracerProvider()
        traces.add_span_processor(SimpleSpanProcessor(self._exporter))
        trace.set_tracer_provider(traces)
        metrics.set_meter_provider(MeterProvider([self._reader]))

    @property
    def spans(self) -> list[ReadableSpan]:
        """The spans that have ended, in the order in which they began."""
        return sorted(self._exporter.get_finished_spans(), key=lambda span: span.start_time or 0)

    def named(self, name: str) -> list[ReadableSpan]:
        """The spans of a name."""
        return [span for span in self.spans if span.name == name]

    def one(self, name: str) -> ReadableSpan:
        """The only span of a name."""
        (span,) = self.named(name)
        return span

    def children(self, parent: ReadableSpan | None) -> list[str]:
        """The names of the spans below another one; below none for None."""
        wanted = None if parent is None else id_of(parent)
        return [
            span.name
            for span in self.spans
            if (None if span.parent is None else span.parent.span_id) == wanted
        ]

    @property
    def metrics(self) -> list[Metric]:
        """The metrics so far."""
        data = self._reader.get_metrics_data()
        return [
            each
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            for each in scope.metrics
        ]

    def points(self, metric: str) -> dict[frozenset[tuple[str, Any]], float]:
        """A metric's values by attributes: sums of counters, counts of histograms."""
        return {
            frozenset((point.attributes or {}).items()): float(
                point.value if isinstance(point, NumberDataPoint) else point.count
            )
            for each in self.metrics
            if each.name == metric
            for point in each.data.data_points
        }

    def all_text(self) -> str:
        """Everything that was recorded, as text."""
        return "\n".join([self.metric_text(), *(span.to_json() for span in self.spans)])

    def metric_text(self) -> str:
        """All metrics, as text."""
        return "\n".join(each.to_json() for each in self.metrics)


def id_of(span: ReadableSpan) -> int:
    """The id of a span."""
    assert span.context is not None
    return int(span.context.span_id)


def attributes(span: ReadableSpan) -> Mapping[str, Any]:
    """The attributes of a span."""
    return span.attributes or {}


@pytest.fixture
def recorded(own_telemetry: None) -> Recorded:
    """OpenTelemetry, set up for this test."""
    return Recorded()


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Contexts are of the event loop, so each test runs on both."""
    name: str = request.param
    return name
