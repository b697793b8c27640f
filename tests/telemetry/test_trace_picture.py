"""The picture in the documentation shows the spans of today."""

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

import trace_picture


def test_the_picture_has_the_spans_of_a_load(own_telemetry: None) -> None:
    provider = TracerProvider()
    trace.set_tracer_provider(provider)
    drawn = trace_picture.draw(trace_picture.record(provider))
    picture = trace_picture.PICTURE.read_text(encoding="utf-8")
    assert trace_picture.names_in(drawn) == trace_picture.names_in(picture)
    assert "nightly load" in trace_picture.names_in(picture)
    assert str(trace_picture.ROOT) not in picture
